//! Rules of objects, of registries that come and go, and of role assignments with names.

use crate::finding_rules::rule;
use crate::scene::{Scene, actor, second, subscription};
use serde_json::json;
use std::sync::Arc;
use store::{
    Actor, AssignmentOutcome, DocumentKey, Error, EventKind, NamedAssignment, NewRegistry, PageRequest,
    PrincipalId, RegistryRemoval, RoleAssignment, RoleId, Rule, Store, StoredObject, Subscription, TenantId,
};
use uuid::Uuid;

fn object(key: &str, owner: &str, number: i64) -> StoredObject {
    StoredObject { key: key.to_owned(), owner: owner.to_owned(), body: json!({ "number": number }) }
}

pub(crate) async fn objects_are_kept_by_kind_and_name(store: Arc<dyn Store>) {
    let put = async |kind, object| store.put_object(kind, object, second(0)).await.unwrap();
    put("group", object("One", "s1", 1)).await;
    put("group", object("two", "s2", 2)).await;
    put("role", object("one", "s1", 3)).await;
    assert_eq!(store.object("group", "ONE").await.unwrap(), Some(object("One", "s1", 1)));
    assert!(!store.add_object("group", object("one", "s9", 9), second(1)).await.unwrap());
    assert!(store.add_object("group", object("three", "S1", 3), second(1)).await.unwrap());
    put("group", object("TWO", "s2", 4)).await;
    let names = async |owner: Option<&str>| {
        let found = store.objects("group", owner).await.unwrap();
        found.into_iter().map(|object| object.key).collect::<Vec<_>>()
    };
    assert_eq!(names(None).await, ["One", "three", "TWO"]);
    assert_eq!(names(Some("s1")).await, ["One", "three"]);
    assert!(store.delete_object("group", "one").await.unwrap());
    assert!(!store.delete_object("group", "one").await.unwrap());
    assert!(store.object("role", "one").await.unwrap().is_some());
}

fn new(name: &str) -> NewRegistry {
    NewRegistry {
        subscription: subscription(1),
        resource_group: "rg".to_owned(),
        name: name.to_owned(),
        login_server: format!("{name}.test"),
        location: "local".to_owned(),
    }
}

pub(crate) async fn registry_comes_and_goes_with_everything_in_it(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (store, actor) = (&scene.store, Actor("owner".to_owned()));
    let kept = scene.push("app", "1", b"manifest").await;
    let second_one = store.create_registry(new("Second"), &actor, second(1)).await.unwrap().unwrap();
    assert_eq!(store.registry_by_name("second").await.unwrap().as_ref(), Some(&second_one));
    assert_eq!(store.create_registry(new("SECOND"), &actor, second(1)).await.unwrap(), None);
    let foreign = NewRegistry { subscription: subscription(9), ..new("third") };
    assert!(matches!(
        store.create_registry(foreign, &actor, second(1)).await,
        Err(Error::Unknown { what: "subscription", .. })
    ));
    store.set_registry_suffix("example.test:5000").await.unwrap();
    let moved = store.registry(second_one.id).await.unwrap().unwrap();
    assert_eq!(moved.login_server, "second.example.test:5000");
    let first = store.registry(scene.repository("app").registry).await.unwrap().unwrap();
    assert!(!first.login_server.ends_with("example.test:5000"), "the first one keeps the server's address");

    let other = scene.elsewhere(second_one.id);
    let gone = other.push("app", "1", b"manifest").await;
    assert_eq!(gone, kept);
    let setting = object("setting", &format!("registry/{}", second_one.id.0), 1);
    store.put_object("setting", setting, second(1)).await.unwrap();
    let removed = store.delete_registry(second_one.id, &actor, second(2)).await.unwrap();
    assert_eq!(removed, RegistryRemoval::Removed);
    assert_eq!(store.registry(second_one.id).await.unwrap(), None);
    assert_eq!(store.object("setting", "setting").await.unwrap(), None);
    assert_eq!(store.manifest(&other.repository("app"), &gone).await.unwrap(), None);
    assert!(store.manifest(&scene.repository("app"), &kept).await.unwrap().is_some());
    let again = store.delete_registry(second_one.id, &actor, second(2)).await.unwrap();
    assert_eq!(again, RegistryRemoval::Absent);
    let first = store.delete_registry(first.id, &actor, second(2)).await.unwrap();
    assert_eq!(first, RegistryRemoval::First);
    let reborn = store.create_registry(new("Second"), &actor, second(3)).await.unwrap().unwrap();
    assert_ne!(reborn.id, second_one.id, "a number is never given again");
    let events = store.events(PageRequest::first(100)).await.unwrap().items;
    let told = events.iter().filter(|event| event.event.kind.as_str().starts_with("registry-")).count();
    assert_eq!(told, 3);
}

/// Rules, documents and what was told of a registry: another one of the same name begins without them.
pub(crate) async fn what_was_set_at_a_registry_goes_with_it(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &scene.store;
    let second_one = store.create_registry(new("Second"), &actor(), second(1)).await.unwrap().unwrap();
    let own = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerRegistry/registries/Second",
        second_one.subscription, second_one.resource_group
    );
    let further = format!("{own}Other");
    let scopes = [own.to_uppercase(), format!("{own}/repositories/app"), further.clone()];
    let at = |scope: &str| Rule { scope: scope.to_owned(), ..rule("one") };
    for scope in &scopes {
        store.put_rule(at(scope)).await.unwrap();
        let key = DocumentKey { kind: "owner", scope: scope.clone(), name: "anna".into() };
        store.put_document(key, json!({"secret": "x"}), actor(), second(1)).await.unwrap();
        let told = vec![(format!("{scope}/finding"), "bad".to_owned())];
        store.remember_told("/automation", told, second(1)).await.unwrap();
    }
    let generation = store.rules_generation();
    store.delete_registry(second_one.id, &actor(), second(2)).await.unwrap();
    assert!(store.rules_generation() > generation, "whoever reads verdicts looks at the rules again");
    let left: Vec<String> = store.rules().await.unwrap().into_iter().map(|rule| rule.scope).collect();
    assert_eq!(left, std::slice::from_ref(&further), "a name that begins alike is another's");
    let left: Vec<String> =
        store.documents("owner").await.unwrap().into_iter().map(|kept| kept.scope).collect();
    assert_eq!(left, std::slice::from_ref(&further));
    assert_eq!(store.told("/automation", &format!("{}/finding", scopes[1])).await.unwrap(), None);
    assert!(store.told("/automation", &format!("{further}/finding")).await.unwrap().is_some());
    let events = store.events(PageRequest::first(100)).await.unwrap().items;
    let count = |kind| events.iter().filter(|event| event.event.kind == kind).count();
    assert_eq!((count(EventKind::RULE_DELETED), count(EventKind::SETTING_DELETED)), (2, 2));
    assert!(!format!("{events:?}").contains("secret"), "what a document says may be a secret");
    assert_eq!(store.forget_scope(&further, &actor(), second(3)).await.unwrap(), 2);
    assert!(store.rules().await.unwrap().is_empty());
}

pub(crate) async fn subscription_is_created_once(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let new =
        Subscription { id: subscription(5), name: "Fifth".to_owned(), tenant: TenantId(Uuid::from_u128(7)) };
    assert!(scene.store.create_subscription(new.clone()).await.unwrap());
    assert!(
        !scene.store.create_subscription(Subscription { name: "Other".into(), ..new.clone() }).await.unwrap()
    );
    assert!(scene.store.subscriptions().await.unwrap().contains(&new));
}

pub(crate) async fn assignments_have_names(store: Arc<dyn Store>) {
    let named = |id: u128, principal: u128, scope: &str| NamedAssignment {
        id: Uuid::from_u128(id),
        assignment: RoleAssignment {
            principal: PrincipalId(Uuid::from_u128(principal)),
            role: RoleId(Uuid::from_u128(1)),
            scope: scope.to_owned(),
        },
        principal_kind: "Group".to_owned(),
        condition: None,
        description: None,
        created_at: Some(second(1)),
        created_by: Some(PrincipalId(Uuid::from_u128(9))),
    };
    let put = async |assignment| store.put_role_assignment(assignment).await.unwrap();
    let first = named(1, 5, "/subscriptions/S");
    assert_eq!(put(first.clone()).await, AssignmentOutcome::Created);
    let told = NamedAssignment {
        description: Some("because".to_owned()),
        condition: Some("'a' StringEquals 'a'".to_owned()),
        ..first.clone()
    };
    assert_eq!(put(told.clone()).await, AssignmentOutcome::Updated);
    assert_eq!(put(named(2, 5, "/SUBSCRIPTIONS/s")).await, AssignmentOutcome::Exists(first.id));
    assert_eq!(put(named(1, 6, "/subscriptions/S")).await, AssignmentOutcome::NameTaken);
    assert_eq!(store.role_assignment(first.id).await.unwrap().as_ref(), Some(&told));
    // What was given without a name has one of its own, the same each time.
    let unnamed = named(0, 6, "/").assignment;
    store.assign_role(unnamed.clone()).await.unwrap();
    store.assign_role(unnamed.clone()).await.unwrap();
    let all = store.named_assignments(None).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].assignment, unnamed);
    let of_five = store.named_assignments(Some(PrincipalId(Uuid::from_u128(5)))).await.unwrap();
    assert_eq!(of_five, [told]);
    assert!(store.delete_role_assignment(all[0].id).await.unwrap());
    assert!(!store.delete_role_assignment(all[0].id).await.unwrap());
    assert_eq!(store.delete_role_assignments_of(PrincipalId(Uuid::from_u128(5))).await.unwrap(), 1);
    assert_eq!(store.named_assignments(None).await.unwrap(), []);
}
