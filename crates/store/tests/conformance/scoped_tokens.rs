//! Tokens of a registry's own: they need a scope map, keep their principal, and have two passwords.

use crate::scene::{Scene, second};
use std::sync::Arc;
use store::{
    PasswordSlot, PrincipalId, ScopeMapRemoval, ScopedRight, ScopedToken, Store, TokenPassword, TokenPut,
};
use uuid::Uuid;

async fn token(scene: &Scene, name: &str, principal: u128, map: &str, enabled: bool) -> TokenPut {
    let principal = PrincipalId(Uuid::from_u128(principal));
    scene.store.put_scoped_token(scene.registry, name, principal, map, enabled, second(1)).await.unwrap()
}

fn kept(put: TokenPut) -> ScopedToken {
    match put {
        TokenPut::Kept(token) => *token,
        TokenPut::NoScopeMap => panic!("no scope map"),
    }
}

pub(crate) async fn scope_maps_are_kept_while_they_are_used(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let registry = scene.registry;
    let names = async || {
        let maps = store.scope_maps(registry).await.unwrap();
        maps.into_iter().filter(|map| !map.is_built_in).map(|map| map.name).collect::<Vec<_>>()
    };
    assert_eq!(store.scope_maps(registry).await.unwrap().len(), store::BUILT_IN_SCOPE_MAPS.len());
    let actions = |text: &str| text.split(' ').map(|action| action.parse().unwrap()).collect::<Vec<_>>();
    let read = actions("repositories/app/content/read");
    let map = store.put_scope_map(registry, "Readers", "read", read, second(1)).await.unwrap().unwrap();
    assert!(map.opens(&"app".parse().unwrap(), ScopedRight::ContentRead));
    let both = actions("repositories/app/content/read repositories/app/content/write");
    let map = store.put_scope_map(registry, "readers", "both", both, second(2)).await.unwrap().unwrap();
    assert_eq!((map.name.as_str(), map.created_at), ("Readers", Some(second(1))));
    assert!(map.opens(&"app".parse().unwrap(), ScopedRight::ContentWrite));
    let built_in =
        store.put_scope_map(registry, "_REPOSITORIES_PULL", "", Vec::new(), second(1)).await.unwrap();
    assert_eq!(built_in, None);
    assert_eq!(token(&scene, "ci", 1, "absent", true).await, TokenPut::NoScopeMap);
    kept(token(&scene, "ci", 1, "readers", true).await);
    let delete = async |name: &str| store.delete_scope_map(registry, name).await.unwrap();
    assert_eq!(delete("Readers").await, ScopeMapRemoval::InUse);
    assert_eq!(delete("_repositories_pull").await, ScopeMapRemoval::BuiltIn);
    assert!(store.delete_scoped_token(registry, "CI").await.unwrap());
    assert_eq!(delete("Readers").await, ScopeMapRemoval::Removed);
    assert_eq!(delete("Readers").await, ScopeMapRemoval::Absent);
    assert!(names().await.is_empty());
}

pub(crate) async fn tokens_keep_their_principal_and_two_passwords(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let registry = scene.registry;
    let first = kept(token(&scene, "CI", 1, "_repositories_pull", true).await);
    let password = |slot, hash: &str| TokenPassword {
        slot,
        hash: hash.to_owned(),
        created_at: second(1),
        expires_at: Some(second(10)),
    };
    for (slot, hash) in
        [(PasswordSlot::Password2, "b"), (PasswordSlot::Password1, "a"), (PasswordSlot::Password2, "c")]
    {
        assert!(store.set_token_password(registry, "ci", password(slot, hash)).await.unwrap());
    }
    assert!(!store.set_token_password(registry, "no", password(PasswordSlot::Password1, "a")).await.unwrap());
    let now = kept(token(&scene, "ci", 2, "_repositories_push", false).await);
    assert_eq!((now.principal, now.name.as_str(), now.enabled), (first.principal, "CI", false));
    assert_eq!(now.scope_map, "_repositories_push");
    let hashes: Vec<&str> = now.passwords.iter().map(|password| password.hash.as_str()).collect();
    assert_eq!(hashes, ["a", "c"]);
    assert!(!format!("{now:?}").contains("\"a\""), "{now:?}");
    assert!(now.passwords[0].holds(second(9)) && !now.passwords[0].holds(second(10)));
    assert_eq!(store.scoped_token_of(first.principal).await.unwrap(), Some(now.clone()));
    assert_eq!(store.scoped_token(registry, "cI").await.unwrap(), Some(now.clone()));
    assert_eq!(store.scoped_tokens(registry).await.unwrap(), [now]);
    assert!(store.clear_token_password(registry, "ci", PasswordSlot::Password1).await.unwrap());
    assert!(!store.clear_token_password(registry, "ci", PasswordSlot::Password1).await.unwrap());
    assert!(store.delete_scoped_token(registry, "ci").await.unwrap());
    assert_eq!(store.scoped_token_of(first.principal).await.unwrap(), None);
}
