//! Registries, people and roles that come and go while the server runs: every face follows with the next request.

use crate::support::image::alpine;
use crate::support::push::push;
use crate::support::server::{PASSWORD, Server};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// A server, and a client that knows the hosts of its registries.
struct Harbour {
    server: Server,
    http: Client,
    _folder: tempfile::TempDir,
}

impl Harbour {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path(), &["--plan", "free"]);
        let address: SocketAddr = server.host().parse().unwrap();
        let http =
            Client::builder().resolve("second.localhost", address).resolve("absent.localhost", address);
        Self { http: http.build().unwrap(), server, _folder: folder }
    }

    /// The address of a registry by its own host.
    fn url_of(&self, name: &str) -> String {
        let port = self.server.host().rsplit_once(':').unwrap().1;
        format!("http://{name}.localhost:{port}")
    }

    async fn ask(&self, who: (&str, &str), method: Method, url: &str, body: Value) -> (StatusCode, Value) {
        let request = self.http.request(method, url).basic_auth(who.0, Some(who.1));
        let answer = request.json(&body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    async fn own(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.server.url);
        let (status, answer) = self.ask(("admin", PASSWORD), method, &url, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// A person; answers with their object id.
    async fn person(&self, name: &str, word: &str) -> String {
        let body =
            json!({"displayName": name, "userPrincipalName": name, "passwordProfile": {"password": word}});
        let made = self.own(Method::POST, "/graph/v1.0/users", body).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Whether somebody may read a manifest.
    async fn may_pull(&self, who: (&str, &str), host: &str, repository: &str) -> bool {
        let url = format!("{host}/v2/{repository}/manifests/1");
        let answer = self.http.get(url).basic_auth(who.0, Some(who.1)).send().await.unwrap();
        answer.status().is_success()
    }

    #[track_caller]
    fn run(&self, words: &[&str]) -> String {
        let output = self.server.client(words);
        let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{words:?}: {out}{error}");
        out.into_owned()
    }

    async fn form(&self, url: &str, pairs: &[(&str, &str)]) -> (StatusCode, Value) {
        let body: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace(' ', "+").replace('@', "%40")))
            .collect();
        let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body.join("&")).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_is_served_at_once_and_its_own_account_signs_in() {
    let harbour = Harbour::open();
    let made =
        harbour.run(&["registry", "create", "second", "--resource-group", "quay", "--admin", "on", "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let second = harbour.url_of("second");
    assert_eq!(made["properties"]["loginServer"], second.strip_prefix("http://").unwrap());
    push(&harbour.http, &second, "app", "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    // What is in one registry is not in the other.
    assert!(harbour.may_pull(("admin", PASSWORD), &second, "app").await);
    assert!(!harbour.may_pull(("admin", PASSWORD), &harbour.server.url, "app").await);
    let (status, _) = harbour
        .ask(("admin", PASSWORD), Method::GET, &format!("{}/v2/", harbour.url_of("absent")), Value::Null)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let passwords = harbour.run(&["registry", "credentials", "second", "--json"]);
    let passwords: Value = serde_json::from_str(&passwords).unwrap();
    let [first, other] =
        [0, 1].map(|slot| passwords["passwords"][slot]["value"].as_str().unwrap().to_owned());
    assert!(harbour.may_pull(("second", &first), &second, "app").await);
    assert!(harbour.may_pull(("second", &other), &second, "app").await);
    assert!(!harbour.may_pull(("second", "wrong"), &second, "app").await);
    assert!(
        !harbour.may_pull(("second", &first), &harbour.server.url, "app").await,
        "it is known nowhere else"
    );
    let arm = format!("{}/subscriptions?api-version=2022-12-01", harbour.server.url);
    assert_eq!(
        harbour.ask(("second", &first), Method::GET, &arm, Value::Null).await.0,
        StatusCode::UNAUTHORIZED
    );
    harbour.run(&["registry", "credentials", "second", "--renew", "password"]);
    assert!(!harbour.may_pull(("second", &first), &second, "app").await);
    assert!(harbour.may_pull(("second", &other), &second, "app").await);
    harbour.run(&["registry", "update", "second", "--admin", "off"]);
    assert!(!harbour.may_pull(("second", &other), &second, "app").await);

    harbour.run(&["registry", "delete", "second", "--yes"]);
    assert!(!harbour.may_pull(("admin", PASSWORD), &second, "app").await);
    assert!(!harbour.run(&["registry", "list"]).contains("second"));
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_reach_the_registry_with_the_next_request() {
    let harbour = Harbour::open();
    let url = harbour.server.url.clone();
    for repository in ["team/app", "other"] {
        push(&harbour.http, &url, repository, "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    }
    let anna = ("anna@example.com", "correct horse");
    let id = harbour.person(anna.0, anna.1).await;
    let pulls = async || {
        (harbour.may_pull(anna, &url, "team/app").await, harbour.may_pull(anna, &url, "other").await)
    };
    assert_eq!(pulls().await, (false, false));
    // At one repository, whose name has a slash.
    harbour.run(&["roles", "assign", "AcrPull", anna.0, "--scope", "lazaretto/team/app"]);
    assert_eq!(pulls().await, (true, false));
    assert!(harbour.run(&["roles", "show", "--of", anna.0]).contains("AcrPull"));
    harbour.run(&["roles", "revoke", "AcrPull", anna.0, "--scope", "lazaretto/team/app"]);
    assert_eq!(pulls().await, (false, false));
    // By a group, and by a data action of a role of one's own.
    let group = json!({"displayName": "team", "mailNickname": "team"});
    let group = harbour.own(Method::POST, "/graph/v1.0/groups", group).await;
    let members = format!("/graph/v1.0/groups/{}/members/$ref", group["id"].as_str().unwrap());
    let reference = json!({"@odata.id": format!("x/directoryObjects/{id}")});
    let (status, _) =
        harbour.ask(("admin", PASSWORD), Method::POST, &format!("{url}{members}"), reference).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let file = tempfile::NamedTempFile::new().unwrap();
    let role = json!({"roleName": "Content Reader", "permissions": [{
        "dataActions": ["Microsoft.ContainerRegistry/registries/repositories/content/read"],
    }]});
    std::fs::write(file.path(), role.to_string()).unwrap();
    harbour.run(&["roles", "define", file.path().to_str().unwrap()]);
    harbour.run(&["roles", "assign", "Content Reader", "team", "--scope", "lazaretto"]);
    assert_eq!(pulls().await, (true, true));
    let member = format!("{url}{}", members.replace("/$ref", &format!("/{id}/$ref")));
    harbour.ask(("admin", PASSWORD), Method::DELETE, &member, Value::Null).await;
    assert_eq!(pulls().await, (false, false));
    // Security Reader alone sees findings and no content; with AcrPull both.
    let findings = format!("{url}/api/images");
    assert_eq!(harbour.ask(anna, Method::GET, &findings, Value::Null).await.0, StatusCode::FORBIDDEN);
    harbour.run(&["roles", "assign", "Security Reader", anna.0]);
    assert_eq!(harbour.ask(anna, Method::GET, &findings, Value::Null).await.0, StatusCode::OK);
    assert_eq!(pulls().await, (false, false));
    harbour.run(&["roles", "assign", "AcrPull", anna.0]);
    assert_eq!(pulls().await, (true, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_every_session() {
    let harbour = Harbour::open();
    let url = harbour.server.url.clone();
    let anna = ("anna@example.com", "correct horse");
    harbour.person(anna.0, anna.1).await;
    harbour.run(&["roles", "assign", "Reader", anna.0]);
    let endpoint = format!("{url}/common/oauth2/v2.0/token");
    let sign_in = [
        ("grant_type", "password"),
        ("username", anna.0),
        ("password", anna.1),
        ("scope", "openid"),
        ("client_id", "test"),
    ];
    let (status, tokens) = harbour.form(&endpoint, &sign_in).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let [access, refresh] =
        ["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap().to_owned());
    let exchange = [("grant_type", "access_token"), ("service", "any"), ("access_token", access.as_str())];
    let (status, exchanged) = harbour.form(&format!("{url}/oauth2/exchange"), &exchange).await;
    assert_eq!(status, StatusCode::OK, "{exchanged}");
    let registry = exchanged["refresh_token"].as_str().unwrap().to_owned();
    let holds = async || {
        let list = format!("{url}/subscriptions?api-version=2022-12-01");
        let arm = harbour.http.get(&list).bearer_auth(&access).send().await.unwrap().status();
        let again = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let renewed = harbour.form(&endpoint, &again).await.0;
        let scoped = [
            ("grant_type", "refresh_token"),
            ("service", "any"),
            ("scope", "registry:catalog:*"),
            ("refresh_token", registry.as_str()),
        ];
        let opened = harbour.form(&format!("{url}/oauth2/token"), &scoped).await.0;
        [arm, renewed, opened].map(|status| status.is_success())
    };
    assert_eq!(holds().await, [true; 3]);
    let change = json!({"passwordProfile": {"password": "another horse"}});
    let path = format!("{url}/graph/v1.0/users/{}", anna.0);
    harbour.ask(("admin", PASSWORD), Method::PATCH, &path, change).await;
    assert_eq!(holds().await, [false; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_has_become_known_ends_the_sessions_of_everybody() {
    let harbour = Harbour::open();
    let url = harbour.server.url.clone();
    let endpoint = format!("{url}/common/oauth2/v2.0/token");
    let (_, tokens) = harbour
        .form(&endpoint, &[("grant_type", "password"), ("username", "admin"), ("password", PASSWORD)])
        .await;
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let list = format!("{url}/subscriptions?api-version=2022-12-01");
    let status = async || harbour.http.get(&list).bearer_auth(&access).send().await.unwrap().status();
    assert_eq!(status().await, StatusCode::OK);
    harbour.run(&["keys", "rotate"]);
    assert_eq!(status().await, StatusCode::OK);
    harbour.run(&["keys", "rotate", "--revoke"]);
    assert_eq!(status().await, StatusCode::UNAUTHORIZED);
    let keys: Value = harbour
        .http
        .get(format!("{url}/common/discovery/v2.0/keys"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(keys["keys"].as_array().unwrap().len() >= 2, "{keys}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_themselves_what_they_have_not() {
    let harbour = Harbour::open();
    let url = harbour.server.url.clone();
    let anna = ("anna@example.com", "correct horse");
    let id = harbour.person(anna.0, anna.1).await;
    // Rights at one registry are no rights over people, and not over the subscription.
    harbour.run(&["roles", "assign", "Owner", anna.0, "--scope", "lazaretto"]);
    let subscription = harbour.own(Method::GET, "/subscriptions?api-version=2022-12-01", Value::Null).await;
    let subscription = subscription["value"][0]["id"].as_str().unwrap().to_owned();
    let refused = async |method: Method, path: String, body: Value| {
        let (status, answer) = harbour.ask(anna, method, &format!("{url}{path}"), body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {answer}");
    };
    let owner = format!(
        "{subscription}/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    );
    let give = json!({"properties": {"roleDefinitionId": owner, "principalId": id}});
    let name = "00000000-0000-0000-0000-000000000001?api-version=2022-04-01";
    for scope in ["", subscription.as_str()] {
        let path = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
        refused(Method::PUT, path, give.clone()).await;
    }
    let word = json!({"passwordProfile": {"password": "mine from now on"}});
    refused(Method::PATCH, "/graph/v1.0/users/admin".into(), word.clone()).await;
    refused(Method::DELETE, "/graph/v1.0/users/admin".into(), Value::Null).await;
    refused(Method::POST, "/graph/v1.0/users".into(), json!({"userPrincipalName": "x"})).await;
    refused(Method::POST, "/api/keys/rotate".into(), json!({})).await;
    let role = json!({"properties": {"roleName": "All", "assignableScopes": ["/"], "permissions": [{"actions": ["*"]}]}});
    let path = format!("{subscription}/providers/Microsoft.Authorization/roleDefinitions/{name}");
    refused(Method::PUT, path, role).await;
}
