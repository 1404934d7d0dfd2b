//! Rules of what is kept for a moment.

use crate::scene::second;
use serde_json::json;
use std::sync::Arc;
use store::{Store, Transient, TransientBounds, TransientPut};

const BOUNDS: TransientBounds = TransientBounds { all: 3, of_owner: 2 };

fn code(key: &str, owner: &str, expires: i64) -> Transient {
    Transient {
        key: key.to_owned(),
        owner: owner.to_owned(),
        body: json!({ "for": key }),
        expires_at: second(expires),
    }
}

pub(crate) async fn what_is_kept_for_a_moment_is_taken_once(store: Arc<dyn Store>) {
    let put = store.add_transient("code", code("A", "one", 10), BOUNDS, second(0)).await.unwrap();
    assert_eq!(put, TransientPut::Kept);
    let again = Transient { body: json!(null), ..code("A", "two", 20) };
    let again = store.add_transient("code", again, BOUNDS, second(1)).await.unwrap();
    assert_eq!(again, TransientPut::Exists);
    assert_eq!(store.transient("code", "A", second(9)).await.unwrap(), Some(code("A", "one", 10)));
    for (kind, key) in [("mark", "A"), ("code", "a"), ("code", "")] {
        assert_eq!(store.transient(kind, key, second(9)).await.unwrap(), None);
        assert_eq!(store.take_transient(kind, key, second(9)).await.unwrap(), None);
    }
    let takes = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.take_transient("code", "A", second(9)).await.unwrap().is_some() })
    });
    let mut taken = 0;
    for take in takes.collect::<Vec<_>>() {
        taken += usize::from(take.await.unwrap());
    }
    assert_eq!(taken, 1);
    assert_eq!(store.transient("code", "A", second(9)).await.unwrap(), None);
}

pub(crate) async fn moments_end(store: Arc<dyn Store>) {
    let add = async |transient| store.add_transient("code", transient, BOUNDS, second(0)).await.unwrap();
    add(code("A", "one", 10)).await;
    add(code("B", "one", 20)).await;
    assert_eq!(store.transient("code", "A", second(10)).await.unwrap(), None);
    assert_eq!(store.take_transient("code", "A", second(10)).await.unwrap(), None);
    store.add_transient("mark", code("A", "", 10), BOUNDS, second(0)).await.unwrap();
    assert_eq!(store.forget_transients(second(10)).await.unwrap(), 1, "the code was taken away too late");
    assert!(store.transient("code", "B", second(10)).await.unwrap().is_some());
    assert_eq!(store.forget_transients(second(30)).await.unwrap(), 1);
}

pub(crate) async fn strangers_keep_only_so_much(store: Arc<dyn Store>) {
    let add = async |key: &str, owner: &str, now: i64| {
        store.add_transient("code", code(key, owner, now + 10), BOUNDS, second(now)).await.unwrap()
    };
    assert_eq!(add("A", "one", 0).await, TransientPut::Kept);
    assert_eq!(add("B", "one", 0).await, TransientPut::Kept);
    assert_eq!(add("C", "one", 0).await, TransientPut::Full, "of one owner");
    assert_eq!(add("C", "two", 5).await, TransientPut::Kept);
    assert_eq!(add("D", "three", 5).await, TransientPut::Full, "in all");
    let other = store.add_transient("mark", code("D", "three", 10), BOUNDS, second(5)).await.unwrap();
    assert_eq!(other, TransientPut::Kept, "kinds are counted apart");
    assert_eq!(add("D", "one", 10).await, TransientPut::Kept, "what is over counts no more");
}
