//! One server at a time uses a storage.

use crate::place::Place;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use store::{Occupancy, OccupancyError, Occupant};

fn node(installation: &str, node: &str) -> Occupant {
    Occupant { installation: installation.into(), node: node.into() }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

pub(crate) async fn one_server_at_a_time_uses_a_storage(place: &Place) {
    let take =
        async |occupant, seconds| Occupancy::take(Arc::new(place.objects()), occupant, at(seconds)).await;
    let first = take(node("here", "one"), 0).await.unwrap();
    assert!(first.holds(at(0)) && first.holds(at(59)));
    assert!(!first.holds(at(60)), "nothing is deleted by who has not looked for a while");

    // Another node waits, another installation is refused for good, and who was killed goes on at once.
    assert!(matches!(take(node("here", "two"), 100).await, Err(OccupancyError::InUse { wait: 20, .. })));
    for seconds in [100, 100_000] {
        let refused = take(node("elsewhere", "one"), seconds).await;
        assert!(matches!(refused, Err(OccupancyError::OtherInstallation(name)) if name == "here"));
    }
    let again = take(node("here", "one"), 100).await.unwrap();
    again.renew(at(110)).await.unwrap();
    assert!(again.holds(at(110) + SignedDuration::from_secs(59)));

    // Who was silent for too long is overtaken, learns it, and may delete nothing any more.
    let second = take(node("here", "two"), 230).await.unwrap();
    assert!(second.holds(at(230)));
    assert!(matches!(again.renew(at(231)).await, Err(OccupancyError::InUse { .. })));
    assert!(!again.holds(at(231)));
    again.leave().await.unwrap();
    assert!(second.renew(at(232)).await.is_ok(), "whoever was overtaken takes nothing back");

    // Who leaves lets the next one in.
    second.leave().await.unwrap();
    assert!(!second.holds(at(233)));
    take(node("here", "three"), 233).await.unwrap();
}
