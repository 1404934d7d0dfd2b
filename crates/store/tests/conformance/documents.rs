//! Documents, and what was told of changes.

use crate::scene::{Scene, actor, second};
use serde_json::json;
use std::sync::Arc;
use store::{DocumentKey, DocumentPut, Store};

fn key(name: &str) -> DocumentKey {
    DocumentKey { kind: "note", scope: "/subscriptions/S".to_owned(), name: name.to_owned() }
}

pub(crate) async fn documents_are_put_replaced_and_deleted(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &scene.store;
    let put = async |name: &str, at: i64| {
        store.put_document(key(name), json!({"at": at}), actor(), second(at)).await.unwrap()
    };
    assert_eq!(put("one", 1).await, DocumentPut::Created);
    assert_eq!(put("ONE", 2).await, DocumentPut::Replaced);
    assert_eq!(put("two", 3).await, DocumentPut::Created);
    let other = DocumentKey { kind: "other", scope: "/SUBSCRIPTIONS/s".to_owned(), ..key("one") };
    assert_eq!(store.document(&other).await.unwrap(), None);
    let lower = DocumentKey { scope: "/SUBSCRIPTIONS/s".to_owned(), ..key("one") };
    let found = store.document(&lower).await.unwrap().unwrap();
    assert_eq!((found.body, found.created_at, found.changed_at), (json!({"at": 2}), second(1), second(2)));
    assert_eq!(store.documents("note").await.unwrap().len(), 2);
    assert!(store.delete_document(&lower).await.unwrap());
    assert!(!store.delete_document(&lower).await.unwrap());
}

pub(crate) async fn what_was_told_is_remembered_and_forgotten(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &scene.store;
    let pair = |resource: &str, fingerprint: &str| (resource.to_owned(), fingerprint.to_owned());
    store.remember_told("/a", vec![pair("x", "1"), pair("y", "1")], second(1)).await.unwrap();
    store.remember_told("/a", vec![pair("x", "2")], second(2)).await.unwrap();
    assert_eq!(store.told("/A", "x").await.unwrap().as_deref(), Some("2"));
    assert_eq!(store.told("/a", "y").await.unwrap().as_deref(), Some("1"));
    assert_eq!(store.told("/b", "x").await.unwrap(), None);
    store.forget_told("/a").await.unwrap();
    assert_eq!(store.told("/a", "x").await.unwrap(), None);
}
