//! Changes that wait for the next mail.

use crate::scene::second;
use serde_json::json;
use std::sync::Arc;
use store::Store;

pub(crate) async fn changes_wait_once_for_each_resource(store: Arc<dyn Store>) {
    let note = async |sink: &str, resource: &str, text: &str, at| {
        let change = (resource.to_owned(), json!(text));
        store.note_for_digest(sink, vec![change], second(at)).await.unwrap();
    };
    assert_eq!(store.digest_waits_since("one").await.unwrap(), None);
    note("one", "/b", "first", 1).await;
    note("ONE", "/a", "second", 2).await;
    note("one", "/b", "third", 9).await;
    note("two", "/b", "other", 3).await;
    assert_eq!(store.digest_waits_since("one").await.unwrap(), Some(second(1)));
    let store::Waiting { entries, count, seen: first } = store.digest_entries("one", 10).await.unwrap();
    let seen: Vec<_> = entries.iter().map(|entry| (entry.resource.as_str(), entry.body.as_str())).collect();
    assert_eq!(seen, [("/a", Some("second")), ("/b", Some("third"))]);
    assert_eq!(count, 2);
    assert_eq!(store.digest_entries("one", 1).await.unwrap().entries.len(), 1);
    note("one", "/a", "changed meanwhile", 10).await;
    store.forget_digest("one", first).await.unwrap();
    assert_eq!(store.digest_waits_since("one").await.unwrap(), Some(second(2)));
    let left = store.digest_entries("one", 10).await.unwrap().entries;
    assert_eq!((left.len(), left[0].body.as_str()), (1, Some("changed meanwhile")));
    store.keep_digests_of(&["ONE".to_owned()]).await.unwrap();
    assert_eq!(store.digest_waits_since("two").await.unwrap(), None);
    assert!(store.digest_waits_since("one").await.unwrap().is_some());
}
