//! The audit log.

use crate::scene::{Scene, second};
use std::sync::Arc;
use store::{AuditFilter, NewAuditEntry, PageRequest, Store};

fn entry(actor: &str, resource: &str, status: u16, at: i64) -> NewAuditEntry {
    NewAuditEntry {
        at: second(at),
        actor: (!actor.is_empty()).then(|| actor.to_owned()),
        actor_id: None,
        address: Some("10.0.0.1".to_owned()),
        face: "arm".to_owned(),
        method: "PUT".to_owned(),
        resource: resource.to_owned(),
        status,
        request: "r".to_owned(),
        agent: Some("test".to_owned()),
        detail: None,
    }
}

pub(crate) async fn entries_are_kept_in_order_and_filtered(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &scene.store;
    for (actor, resource, status, at) in [
        ("alice", "/subscriptions/S/a", 200, 1),
        ("", "/v2/app", 401, 2),
        ("bob", "/subscriptions/s/b", 403, 3),
        ("alice", "/subscriptions/s_x", 201, 4),
    ] {
        store.append_audit(entry(actor, resource, status, at)).await.unwrap();
    }
    let seen = async |filter: AuditFilter| {
        let mut sequences = Vec::new();
        let mut after = None;
        loop {
            let page = store.audit(&filter, PageRequest { after, limit: 1 }).await.unwrap();
            sequences.extend(page.items.iter().map(|entry| entry.sequence));
            match page.next {
                Some(next) => after = Some(next),
                None => return sequences,
            }
        }
    };
    let all = AuditFilter::default();
    assert_eq!(seen(all.clone()).await, [1, 2, 3, 4]);
    assert_eq!(seen(AuditFilter { actor: Some("alice".into()), ..all.clone() }).await, [1, 4]);
    let range = AuditFilter { since: Some(second(2)), until: Some(second(4)), ..all.clone() };
    assert_eq!(seen(range).await, [2, 3]);
    assert_eq!(seen(AuditFilter { resource: Some("/SUBSCRIPTIONS/s/".into()), ..all.clone() }).await, [1, 3]);
    assert_eq!(seen(AuditFilter { only_failures: true, ..all.clone() }).await, [2, 3]);
    let first = store.audit(&all, PageRequest::first(1)).await.unwrap().items;
    assert_eq!(first[0].entry, entry("alice", "/subscriptions/S/a", 200, 1));
}
