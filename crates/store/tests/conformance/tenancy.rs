//! Rules of the installation, plans, accounts and secrets.

use crate::scene::{Scene, installation, second, subscription};
use std::sync::Arc;
use store::{Account, AccountKind, Error, Plan, PlanTier, PrincipalId, RoleAssignment, RoleId, Store};
use uuid::Uuid;

pub(crate) async fn installation_keeps_its_first_ids(store: Arc<dyn Store>) {
    assert_eq!(store.installation().await.unwrap(), None);
    let first = store.install(installation(1), second(0)).await.unwrap();
    assert_eq!(first, installation(1));
    let mut later = installation(2);
    later.login_server = "registry.example:443".to_owned();
    let kept = store.install(later, second(9)).await.unwrap();
    assert_eq!((kept.tenant, kept.subscription), (first.tenant, first.subscription));
    assert_eq!(kept.login_server, "registry.example:443");
    assert_eq!(store.installation().await.unwrap(), Some(kept));
    let subscriptions = store.subscriptions().await.unwrap();
    assert_eq!(subscriptions.len(), 1);
    let registries = store.registries(subscriptions[0].id).await.unwrap();
    assert_eq!(registries.len(), 1);
    assert_eq!(registries[0].login_server, "registry.example:443");
    assert_eq!(registries[0].created_at, second(0));
}

pub(crate) async fn registry_is_found_by_name_in_any_case(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    for name in ["Lazaretto", "lazaretto", "LAZARETTO"] {
        let registry = scene.store.registry_by_name(name).await.unwrap().unwrap();
        assert_eq!(registry.name, "Lazaretto");
        assert_eq!(scene.store.registry(registry.id).await.unwrap(), Some(registry));
    }
    assert_eq!(scene.store.registry_by_name("other").await.unwrap(), None);
    assert_eq!(scene.store.registries(subscription(99)).await.unwrap(), []);
}

pub(crate) async fn plan_remembers_since_when_it_is_on(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &scene.store;
    let set = async |tier, at| {
        store.set_plan(subscription(1), "ContainerRegistry", tier, second(at)).await.unwrap()
    };
    assert_eq!(store.plan(subscription(1), "ContainerRegistry").await.unwrap(), None);
    let on = set(PlanTier::Standard, 1).await;
    assert_eq!(set(PlanTier::Standard, 2).await, on);
    assert_eq!(on.enabled_at, Some(second(1)));
    let off = set(PlanTier::Free, 3).await;
    assert_eq!((off.enabled_at, off.changed_at), (None, second(3)));
    let again = set(PlanTier::Standard, 4).await;
    assert_eq!(again.enabled_at, Some(second(4)));
    let expected = Plan {
        subscription: subscription(1),
        name: "ContainerRegistry".to_owned(),
        tier: PlanTier::Standard,
        enabled_at: Some(second(4)),
        changed_at: second(4),
    };
    assert_eq!(store.plan(subscription(1), "containerregistry").await.unwrap().as_ref(), Some(&expected));
    assert_eq!(store.plans(subscription(1)).await.unwrap(), [expected]);
    let unknown = store.set_plan(subscription(7), "ContainerRegistry", PlanTier::Free, second(1)).await;
    assert!(matches!(unknown, Err(Error::Unknown { what: "subscription", .. })));
}

pub(crate) async fn accounts_and_their_roles_come_and_go(store: Arc<dyn Store>) {
    let account = Account {
        principal: PrincipalId(Uuid::from_u128(5)),
        name: "admin".to_owned(),
        secret_hash: "$argon2id$first".to_owned(),
        kind: AccountKind::User,
        created_at: second(0),
        display_name: "The owner".to_owned(),
        enabled: true,
        generation: 0,
    };
    assert_eq!(store.put_account(account.clone()).await.unwrap(), account);
    let other = Account {
        principal: PrincipalId(Uuid::from_u128(6)),
        secret_hash: "$argon2id$second".to_owned(),
        created_at: second(5),
        ..account.clone()
    };
    let kept = store.put_account(other).await.unwrap();
    assert_eq!(
        kept,
        Account { secret_hash: "$argon2id$second".to_owned(), generation: 1, ..account.clone() }
    );
    assert_eq!(store.put_account(kept.clone()).await.unwrap(), kept, "the same secret ends no session");
    let disabled = store.put_account(Account { enabled: false, ..kept.clone() }).await.unwrap();
    assert_eq!(disabled.generation, 2, "disabling ends all sessions");
    let kept = store.put_account(Account { enabled: true, ..kept }).await.unwrap();
    assert_eq!((kept.enabled, kept.generation), (true, 2));
    assert_eq!(store.account("admin").await.unwrap().as_ref(), Some(&kept));
    assert_eq!(store.account_of(account.principal).await.unwrap().as_ref(), Some(&kept));
    assert_eq!(store.accounts().await.unwrap(), [kept]);
    assert!(!format!("{account:?}").contains("argon2"));

    let role = RoleAssignment {
        principal: account.principal,
        role: RoleId(Uuid::from_u128(9)),
        scope: "/subscriptions/1".to_owned(),
    };
    store.assign_role(role.clone()).await.unwrap();
    store.assign_role(role.clone()).await.unwrap();
    assert_eq!(store.role_assignments(account.principal).await.unwrap(), std::slice::from_ref(&role));
    assert!(store.revoke_role(&role).await.unwrap());
    assert!(!store.revoke_role(&role).await.unwrap());
    store.assign_role(role).await.unwrap();
    assert!(store.delete_account("admin").await.unwrap());
    assert!(!store.delete_account("admin").await.unwrap());
    assert_eq!(store.role_assignments(account.principal).await.unwrap(), []);
}

pub(crate) async fn first_secret_stays(store: Arc<dyn Store>) {
    assert_eq!(store.secret("signing-key").await.unwrap(), None);
    let put = async |bytes: &[u8]| store.put_secret_if_absent("signing-key", bytes.to_vec()).await.unwrap();
    assert_eq!(put(b"first").await, b"first");
    assert_eq!(put(b"second").await, b"first");
    assert_eq!(store.secret("signing-key").await.unwrap().as_deref(), Some(&b"first"[..]));
}
