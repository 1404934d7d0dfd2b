//! Rules of assessments that somebody made.

use crate::scene::{Scene, actor, second, subscription};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{
    AssessmentKindPut, CustomAssessment, CustomAssessmentPut, NewAssessment, NewRegistry, PageRequest,
    RegistryRemoval, Removal, Store,
};

const KIND: &str = "8f211ea8-777b-45c4-8631-776d535afd62";

fn said(scope: &str, name: &str, code: &str) -> NewAssessment {
    NewAssessment {
        subscription: subscription(1),
        scope: scope.to_owned(),
        name: name.to_owned(),
        code: code.to_owned(),
        cause: "Late".to_owned(),
        description: String::new(),
        additional: BTreeMap::from([("build".to_owned(), "7".to_owned())]),
        author: actor(),
    }
}

async fn put(store: &dyn Store, scope: &str, name: &str, code: &str, at: i64) -> CustomAssessmentPut {
    store.put_custom_assessment(said(scope, name, code), second(at)).await.unwrap()
}

async fn put_kind(store: &dyn Store, name: &str, at: i64) -> AssessmentKindPut {
    let body = json!({"displayName": name, "at": at});
    store.put_assessment_kind(subscription(1), name, body, actor(), second(at)).await.unwrap()
}

async fn scopes(store: &dyn Store, scope: &str) -> Vec<String> {
    let (mut scopes, mut after) = (Vec::new(), None);
    loop {
        let page = store.custom_assessments(scope, PageRequest { after, limit: 1 }).await.unwrap();
        scopes.extend(page.items.into_iter().map(|one| one.said.scope));
        match page.next {
            Some(next) => after = Some(next),
            None => return scopes,
        }
    }
}

pub(crate) async fn kinds_are_put_replaced_and_deleted_with_their_assessments(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &*scene.store;
    assert_eq!(put_kind(store, KIND, 1).await, AssessmentKindPut::Created);
    assert_eq!(put_kind(store, &KIND.to_uppercase(), 2).await, AssessmentKindPut::Replaced);
    assert_eq!(put_kind(store, "other", 3).await, AssessmentKindPut::Created);
    let found = store.assessment_kind(subscription(1), KIND).await.unwrap().unwrap();
    assert_eq!((&found.body["at"], found.created_at, found.changed_at), (&json!(2), second(1), second(2)));
    assert_eq!(store.assessment_kind(subscription(2), KIND).await.unwrap(), None);
    assert_eq!(store.assessment_kinds(subscription(1)).await.unwrap().len(), 2);
    for (scope, name) in [("/subscriptions/s", KIND), ("/subscriptions/s/resourceGroups/g", KIND)] {
        assert!(matches!(put(store, scope, name, "Healthy", 4).await, CustomAssessmentPut::Created(_)));
    }
    put(store, "/subscriptions/s", "other", "Healthy", 4).await;
    assert!(!store.delete_assessment_kind(subscription(2), KIND).await.unwrap());
    assert!(store.delete_assessment_kind(subscription(1), KIND).await.unwrap());
    assert!(!store.delete_assessment_kind(subscription(1), KIND).await.unwrap());
    let left = store.custom_assessments("/", PageRequest::first(10)).await.unwrap().items;
    assert_eq!(left.iter().map(|one| one.said.name.as_str()).collect::<Vec<_>>(), ["other"]);
}

pub(crate) async fn an_assessment_needs_a_kind_and_keeps_its_moments(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &*scene.store;
    assert_eq!(put(store, "/subscriptions/s", KIND, "Healthy", 1).await, CustomAssessmentPut::NoKind);
    put_kind(store, KIND, 1).await;
    let first = CustomAssessment {
        said: said("/subscriptions/s", KIND, "Unhealthy"),
        first_at: second(2),
        status_at: second(2),
        changed_at: second(2),
    };
    let made = put(store, "/subscriptions/s", KIND, "Unhealthy", 2).await;
    assert_eq!(made, CustomAssessmentPut::Created(first.clone()));
    // The code stays, and so does the moment of its change.
    let again = CustomAssessment { changed_at: second(3), ..first.clone() };
    let made = put(store, "/SUBSCRIPTIONS/s", &KIND.to_uppercase(), "Unhealthy", 3).await;
    assert_eq!(made, CustomAssessmentPut::Replaced(again));
    put(store, "/subscriptions/s", KIND, "Healthy", 4).await;
    let found = store.custom_assessment("/Subscriptions/S", KIND).await.unwrap().unwrap();
    assert_eq!((found.first_at, found.status_at, found.changed_at), (second(2), second(4), second(4)));
    assert_eq!((found.said.code.as_str(), found.said.scope), ("Healthy", first.said.scope));
    assert!(store.delete_custom_assessment("/subscriptions/S", KIND).await.unwrap());
    assert!(!store.delete_custom_assessment("/subscriptions/S", KIND).await.unwrap());
    assert_eq!(store.custom_assessment("/subscriptions/s", KIND).await.unwrap(), None);
}

pub(crate) async fn assessments_are_listed_below_a_scope(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &*scene.store;
    put_kind(store, KIND, 1).await;
    let (group, registry) =
        ("/subscriptions/s/resourceGroups/g", "/subscriptions/s/resourceGroups/g/providers/r");
    for scope in
        [registry, "/subscriptions/s", group, "/subscriptions/s2", "/subscriptions/s/resourceGroups/g-2"]
    {
        put(store, scope, KIND, "Healthy", 1).await;
    }
    assert_eq!(scopes(store, "/subscriptions/S/resourcegroups/G").await, [group, registry]);
    assert_eq!(scopes(store, "/subscriptions/s").await.len(), 4);
    assert_eq!(scopes(store, "/").await.len(), 5);
    assert_eq!(scopes(store, "").await.len(), 5);
    assert_eq!(scopes(store, "/subscriptions/none").await, [""; 0]);
}

pub(crate) async fn assessments_go_with_their_image_and_their_registry(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &*scene.store;
    put_kind(store, KIND, 1).await;
    let new = NewRegistry {
        subscription: subscription(1),
        resource_group: "quay".to_owned(),
        name: "Second".to_owned(),
        login_server: "second.test".to_owned(),
        location: "local".to_owned(),
    };
    let second_one = store.create_registry(new, &actor(), second(1)).await.unwrap().unwrap();
    let scene = scene.elsewhere(second_one.id);
    let digest = scene.push("team/app", "1", b"one").await;
    let registry = format!(
        "/subscriptions/{}/resourceGroups/quay/providers/Microsoft.ContainerRegistry/registries/Second",
        second_one.subscription
    );
    let image = format!("{registry}/repositories/team:app/images/{digest}");
    for scope in [image.as_str(), &registry, "/subscriptions/s"] {
        put(store, scope, KIND, "Unhealthy", 2).await;
    }
    let repository = scene.repository("team/app");
    let removed = store.delete_manifest(&repository, &digest, &actor(), second(3)).await.unwrap();
    assert_eq!(removed, Removal::Removed);
    assert_eq!(scopes(store, "/").await, [registry.as_str(), "/subscriptions/s"]);
    let removed = store.delete_registry(second_one.id, &actor(), second(4)).await.unwrap();
    assert_eq!(removed, RegistryRemoval::Removed);
    assert_eq!(scopes(store, "/").await, ["/subscriptions/s"]);
}
