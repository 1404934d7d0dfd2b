//! Who somebody becomes whom a provider knows, and who they never become.

use super::super::rules::Gift;
use super::*;
use access::{ResourceId, RoleId};
use serde_json::{Map, json};
use store::{Membership, SqliteStore, Tenancy};

const ISSUER: &str = "https://login.example.com";

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + hours * 3600).unwrap()
}

fn settings(rules: &[(&str, &str, Gift)]) -> ProviderSettings {
    let rules = rules.iter().map(|(claim, value, gives)| ClaimRule {
        claim: (*claim).to_owned(),
        value: (*value).to_owned(),
        gives: gives.clone(),
    });
    ProviderSettings::for_tests("corp", ISSUER, rules.collect())
}

fn identity(subject: &str, claims: &Value) -> ProvidedIdentity {
    let claims: Map<String, Value> = claims.as_object().unwrap().clone();
    ProvidedIdentity { subject: subject.to_owned(), claims }
}

fn store() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("records.sqlite")).unwrap();
    (folder, store)
}

fn reader() -> Gift {
    Gift::Role(RoleId::SECURITY_READER, ResourceId::tenant())
}

fn local(name: &str) -> Account {
    Account {
        principal: PrincipalId(Uuid::new_v5(&Uuid::NAMESPACE_DNS, name.as_bytes())),
        name: name.to_owned(),
        secret_hash: "a hash".into(),
        kind: AccountKind::User,
        created_at: at(0),
        display_name: String::new(),
        enabled: true,
        generation: 0,
    }
}

#[tokio::test]
async fn a_person_is_the_same_whatever_they_are_called() {
    let (_folder, store) = store();
    let settings = settings(&[("groups", "security", reader())]);
    let claims = |name: &str| json!({ "preferred_username": name, "groups": ["security"], "name": "Jane" });
    let first = admit(&store, &settings, &identity("7", &claims("jane")), at(0)).await.unwrap();
    assert_eq!((&*first.name, first.kind), ("jane#corp", PrincipalKind::User));
    let later = admit(&store, &settings, &identity("7", &claims("jane.doe")), at(1)).await.unwrap();
    assert_eq!((later.id, &*later.name), (first.id, "jane#corp"), "the account keeps its name");
    let other = admit(&store, &settings, &identity("8", &claims("jane")), at(1)).await.unwrap();
    assert_ne!(other.id, first.id);
    assert!(other.name.starts_with("jane#corp-"), "{}", other.name);
    let case = admit(&store, &settings, &identity("a", &claims("x")), at(1)).await.unwrap();
    let another = admit(&store, &settings, &identity("A", &claims("y")), at(1)).await.unwrap();
    assert_ne!(case.id, another.id, "subjects have a case");
    let roles = ProvidedRoles::new(std::slice::from_ref(&settings));
    assert_eq!(roles.of(&store, case.id, at(1)).await.unwrap().0.len(), 1, "neither takes the other's place");
    let account = store.account_of(PrincipalId(first.id)).await.unwrap().unwrap();
    assert_eq!((&*account.display_name, &*account.secret_hash), ("Jane", ""));
}

#[tokio::test]
async fn nobody_becomes_an_account_by_being_called_like_it() {
    let (_folder, store) = store();
    store.put_account(local("admin")).await.unwrap();
    store.put_account(local("admin#corp")).await.unwrap();
    let settings = settings(&[("sub", "*", Gift::Entry)]);
    let claims = json!({ "preferred_username": "admin", "sub": "evil" });
    let found = admit(&store, &settings, &identity("evil", &claims), at(0)).await.unwrap();
    assert!(found.name.starts_with("admin#corp-"));
    assert_eq!(store.account("admin#corp").await.unwrap().unwrap().secret_hash, "a hash");
    let odd = json!({ "preferred_username": "../\u{7}<b>#\u{202e}", "sub": "odd" });
    let found = admit(&store, &settings, &identity("odd", &odd), at(0)).await.unwrap();
    assert_eq!(found.name, "..b#corp");
}

#[tokio::test]
async fn whoever_matches_no_rule_stays_outside() {
    let (_folder, store) = store();
    let settings = settings(&[("groups", "security", reader())]);
    let claims = json!({ "preferred_username": "jane", "groups": ["dev"] });
    let refused = admit(&store, &settings, &identity("7", &claims), at(0)).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "corp knows you as jane, but no rule of this server lets you in; ask its operator for one"
    );
    assert_eq!(store.accounts().await.unwrap(), []);
}

#[tokio::test]
async fn a_rule_may_say_which_account_it_is() {
    let (_folder, store) = store();
    let settings = settings(&[("email", "jane@example.com", Gift::Account("admin".into()))]);
    let jane = identity("7", &json!({ "email": "jane@example.com", "email_verified": true }));
    let missing = admit(&store, &settings, &jane, at(0)).await.unwrap_err();
    assert!(matches!(missing, ProviderError::Disabled(name) if name == "admin"));
    let admin = store.put_account(local("admin")).await.unwrap();
    assert_eq!(admit(&store, &settings, &jane, at(0)).await.unwrap().id, admin.principal.0);
    let unverified = identity("7", &json!({ "email": "jane@example.com" }));
    assert!(admit(&store, &settings, &unverified, at(0)).await.is_err());
    store.put_account(Account { enabled: false, ..admin }).await.unwrap();
    assert!(matches!(admit(&store, &settings, &jane, at(0)).await, Err(ProviderError::Disabled(_))));
}

#[tokio::test]
async fn what_claims_give_ends_with_the_session_and_with_the_rule() {
    let (_folder, store) = store();
    let group = Group {
        id: Uuid::from_u128(5),
        display_name: "Auditors".into(),
        description: None,
        mail_nickname: "auditors".into(),
        owners: Vec::new(),
        created_at: at(0),
    };
    objects::put(&store, &group, at(0)).await.unwrap();
    let rules = [("groups", "security", reader()), ("groups", "audit", Gift::Group("Auditors".into()))];
    let settings = settings(&rules);
    let claims = json!({ "groups": ["security", "audit"] });
    let person = admit(&store, &settings, &identity("7", &claims), at(0)).await.unwrap();
    let roles = ProvidedRoles::new(&[settings]);
    let (given, groups) = roles.of(&store, person.id, at(7)).await.unwrap();
    assert_eq!(given, [Assignment::new(person.id, RoleId::SECURITY_READER, ResourceId::tenant())]);
    assert_eq!(groups, [group.id]);
    assert_eq!(objects::all::<Membership, _>(&store).await.unwrap(), [], "nothing stays behind");
    assert_eq!(roles.of(&store, person.id, at(8)).await.unwrap(), (Vec::new(), Vec::new()));
    // The rule is another one now: what it gave is gone at once.
    let changed = self::settings(&[("groups", "admins", reader()), rules[1].clone()]);
    let (given, groups) = ProvidedRoles::new(&[changed]).of(&store, person.id, at(1)).await.unwrap();
    assert_eq!((given, groups), (Vec::new(), vec![group.id]));
    // Another provider under the same name is another one.
    let mut elsewhere = self::settings(&rules);
    elsewhere.issuer = "https://other.example.com".into();
    let none =
        ProvidedRoles::new(std::slice::from_ref(&elsewhere)).of(&store, person.id, at(1)).await.unwrap();
    assert_eq!(none, (Vec::new(), Vec::new()));
    let stranger = admit(&store, &elsewhere, &identity("7", &claims), at(1)).await.unwrap();
    assert_ne!(stranger.id, person.id);
}
