//! The token service with the server's own authority: tokens of a registry's own, anonymous pull, exchange.

use crate::harness::{PASSWORD, Server};
use access::{RoleId, password};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::Value;
use store::{PasswordSlot, PrincipalId, RegistryRules, TokenPassword, TokenPut};
use uuid::Uuid;

async fn scoped(server: &Server, name: &str, map: &str) {
    let principal = PrincipalId(Uuid::new_v4());
    let now = Timestamp::now();
    let put =
        server.store.put_scoped_token(server.registry.id, name, principal, map, true, now).await.unwrap();
    assert!(matches!(put, TokenPut::Kept(_)));
    give_password(server, name, PasswordSlot::Password1, PASSWORD, None).await;
}

async fn give_password(
    server: &Server,
    name: &str,
    slot: PasswordSlot,
    word: &str,
    expires_at: Option<Timestamp>,
) {
    let password = TokenPassword {
        slot,
        hash: password::hash(word, &[9; 16]).unwrap().as_str().to_owned(),
        created_at: Timestamp::now(),
        expires_at,
    };
    assert!(server.store.set_token_password(server.registry.id, name, password).await.unwrap());
}

async fn status(server: &Server, user: &str, word: &str, method: Method, path: &str) -> u16 {
    let request = server.request(method, path).basic_auth(user, Some(word));
    request.send().await.unwrap().status().as_u16()
}

/// What a token opens, as its claims say.
fn access(token: &str) -> Value {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["access"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_registry_opens_what_its_scope_map_lists() {
    let server = Server::start().await;
    server.push_image("app", "one", b"app").await;
    server.push_image("other", "one", b"other").await;
    let actions = ["repositories/app/content/read", "repositories/app/metadata/read"];
    let actions = actions.iter().map(|action| action.parse().unwrap()).collect();
    let registry = server.registry.id;
    server.store.put_scope_map(registry, "app", "", actions, Timestamp::now()).await.unwrap().unwrap();
    scoped(&server, "ci", "app").await;
    let get = async |path: &str| status(&server, "ci", PASSWORD, Method::GET, path).await;
    assert_eq!(get("/v2/").await, 200);
    assert_eq!(get("/v2/app/manifests/one").await, 200);
    assert_eq!(get("/acr/v1/app").await, 200);
    assert_eq!(get("/v2/other/manifests/one").await, 403);
    assert_eq!(get("/v2/_catalog").await, 403);
    assert_eq!(status(&server, "ci", PASSWORD, Method::DELETE, "/v2/app/manifests/one").await, 403);
    assert_eq!(status(&server, "ci", PASSWORD, Method::POST, "/v2/app/blobs/uploads/").await, 403);
    // It is nobody outside of its registry's data.
    assert_eq!(get("/api/images").await, 401);
    let path = "/oauth2/token?scope=repository:app:pull,push,delete&scope=repository:other:pull";
    let answer = server.request(Method::GET, path).basic_auth("CI", Some(PASSWORD)).send().await.unwrap();
    let token = answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned();
    let opened = access(&token);
    assert_eq!(opened, serde_json::json!([{ "type": "repository", "name": "app", "actions": ["pull"] }]));
    let bearer = async || {
        let request = server.request(Method::GET, "/v2/app/manifests/one").bearer_auth(&token);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(bearer().await, 200);
    // What is taken out of the map closes tokens that were given before; so does switching the token off.
    let less = vec!["repositories/app/metadata/read".parse().unwrap()];
    server.store.put_scope_map(registry, "app", "", less, Timestamp::now()).await.unwrap().unwrap();
    assert_eq!(bearer().await, 403);
    let token = server.store.scoped_token(registry, "ci").await.unwrap().unwrap();
    let off = server.store.put_scoped_token(registry, "ci", token.principal, "app", false, Timestamp::now());
    off.await.unwrap();
    assert_eq!(bearer().await, 401);
    assert_eq!(get("/v2/").await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_passwords_of_a_token_open_until_they_end() {
    let server = Server::start().await;
    scoped(&server, "ci", "_repositories_pull").await;
    let soon = Timestamp::now() + SignedDuration::from_hours(1);
    let past = Timestamp::now() - SignedDuration::from_secs(1);
    give_password(&server, "ci", PasswordSlot::Password2, "second", Some(soon)).await;
    let opens = async |word: &str| status(&server, "ci", word, Method::GET, "/v2/").await;
    assert_eq!((opens(PASSWORD).await, opens("second").await, opens("third").await), (200, 200, 401));
    give_password(&server, "ci", PasswordSlot::Password2, "second", Some(past)).await;
    assert_eq!((opens(PASSWORD).await, opens("second").await), (200, 401));
    give_password(&server, "ci", PasswordSlot::Password1, "new", None).await;
    assert_eq!((opens(PASSWORD).await, opens("new").await), (401, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_cannot_take_the_name_of_an_account() {
    let server = Server::start().await;
    scoped(&server, "admin", "_repositories_pull").await;
    give_password(&server, "admin", PasswordSlot::Password1, "other", None).await;
    assert_eq!(status(&server, "admin", "other", Method::GET, "/v2/").await, 401);
    assert_eq!(status(&server, "admin", PASSWORD, Method::GET, "/v2/").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_pulls_where_the_registry_allows_it() {
    let server = Server::start().await;
    server.push_image("app", "one", b"app").await;
    let scope = "repository:app:pull,push,delete registry:catalog:*";
    let ask = async || {
        let form = format!("grant_type=password&service=x&scope={}", scope.replace(' ', "+"));
        let request = server.request(Method::POST, "/oauth2/token");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        request.send().await.unwrap()
    };
    let plain =
        async || server.request(Method::GET, "/oauth2/token?scope=repository:app:pull").send().await.unwrap();
    assert_eq!(
        (ask().await.status(), plain().await.status()),
        (401.try_into().unwrap(), 401.try_into().unwrap())
    );
    let set = async |open| {
        let rules = RegistryRules { anonymous_pull: open, ..RegistryRules::default() };
        let actor = store::Actor("test".into());
        server.store.set_registry_rules(server.registry.id, rules, &actor, Timestamp::now()).await.unwrap();
    };
    set(true).await;
    assert_eq!(plain().await.status(), 200);
    let token = ask().await.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        access(&token),
        serde_json::json!([{ "type": "repository", "name": "app", "actions": ["pull"] }])
    );
    let pull = async || {
        let request = server.request(Method::GET, "/v2/app/manifests/one").bearer_auth(&token);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(pull().await, 200);
    let challenge = server.request(Method::GET, "/v2/").send().await.unwrap();
    assert_eq!(challenge.status(), 401, "clients look for the challenge here");
    set(false).await;
    assert_eq!(pull().await, 401, "a token of nobody ends with the permission");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_not_nobody() {
    let server = Server::start().await;
    let rules = RegistryRules { anonymous_pull: true, ..RegistryRules::default() };
    let actor = store::Actor("test".into());
    server.store.set_registry_rules(server.registry.id, rules, &actor, Timestamp::now()).await.unwrap();
    for authorization in ["Basic !", "Basic YWRtaW46d3Jvbmc=", "Bearer x"] {
        let request = server.request(Method::GET, "/oauth2/token").header("authorization", authorization);
        assert_eq!(request.send().await.unwrap().status(), 401, "{authorization}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_the_sign_in_are_exchanged_in_every_way() {
    let server = Server::start().await;
    server.account("pusher", Some(RoleId::ACR_PUSH)).await;
    let tenant = server.store.installation().await.unwrap().unwrap().tenant;
    let post = async |path: &str, form: String| {
        let request = server.request(Method::POST, path);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default())
    };
    let sign_in = format!(
        "grant_type=password&client_id=x&username=pusher&password={}&scope={}",
        PASSWORD.replace(' ', "+"),
        "https%3A%2F%2Fcontainerregistry.azure.net%2F.default+offline_access"
    );
    let (status, tokens) = post(&format!("/{tenant}/oauth2/v2.0/token"), sign_in).await;
    assert_eq!(status, 200, "{tokens}");
    let (access, refresh) =
        (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let exchange = async |form: String| post("/oauth2/exchange", format!("service=x&{form}")).await;
    for form in [
        format!("grant_type=access_token&access_token={access}"),
        format!("grant_type=access_token_refresh_token&access_token={access}&refresh_token={refresh}"),
        format!("grant_type=access_token_refresh_token&refresh_token={refresh}"),
        format!("grant_type=refresh_token&refresh_token={refresh}"),
    ] {
        let (status, answer) = exchange(form.clone()).await;
        assert_eq!(status, 200, "{form}: {answer}");
        let token = answer["refresh_token"].as_str().unwrap();
        let path = "/oauth2/token?scope=repository:app:pull,push,delete";
        let user = "00000000-0000-0000-0000-000000000000";
        let answer = server.request(Method::GET, path).basic_auth(user, Some(token)).send().await.unwrap();
        let opened =
            super::tokens::access(answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap());
        assert_eq!(opened[0]["actions"], serde_json::json!(["pull", "push"]));
    }
    for (form, expected) in [
        (format!("grant_type=access_token&access_token={refresh}"), 401),
        (format!("grant_type=refresh_token&refresh_token={access}"), 401),
        ("grant_type=access_token&access_token=x".to_owned(), 401),
        ("grant_type=access_token".to_owned(), 400),
        ("grant_type=password&access_token=x".to_owned(), 400),
    ] {
        assert_eq!(exchange(form.clone()).await.0, expected, "{form}");
    }
}
