//! The directory, as Azure's command line asks it.

use crate::estate::Estate;
use http::Method;
use serde_json::{Value, json};

async fn post(estate: &Estate, who: &str, path: &str, body: Value, status: u16) -> Value {
    estate.ask(who, Method::POST, &format!("/graph/v1.0{path}"), body).await.expect(status).body
}

async fn list(estate: &Estate, path: &str) -> Vec<Value> {
    let page = estate.get("reader", &format!("/graph/v1.0{path}")).await.expect(200).body;
    page["value"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_program_is_registered_and_gets_a_secret() {
    let estate = Estate::new().await;
    let app = post(&estate, "owner", "/applications", json!({"displayName": "robot"}), 201).await;
    let (id, app_id) = (app["id"].as_str().unwrap(), app["appId"].as_str().unwrap());
    assert_eq!(app["passwordCredentials"], json!([]));
    let wanted =
        json!({"passwordCredential": {"displayName": "rbac", "endDateTime": "2027-01-02T03:04:05.123Z"}});
    let secret = post(&estate, "owner", &format!("/applications/{id}/addPassword"), wanted, 200).await;
    assert!(secret["secretText"].as_str().unwrap().len() >= 40);
    let shown = estate.get("reader", &format!("/graph/v1.0/applications/{id}")).await.expect(200).body;
    assert_eq!(shown["passwordCredentials"][0]["secretText"], Value::Null, "a secret is shown once");
    assert_eq!(shown["passwordCredentials"][0]["endDateTime"], "2027-01-02T03:04:05.123Z");
    let program = post(&estate, "owner", "/servicePrincipals", json!({"appId": app_id}), 201).await;
    post(&estate, "owner", "/servicePrincipals", json!({"appId": app_id}), 409).await;
    let unknown = json!({"appId": "00000000-0000-0000-0000-000000000001"});
    let refusal = post(&estate, "owner", "/servicePrincipals", unknown, 400).await;
    assert!(refusal["error"]["message"].as_str().unwrap().contains("does not reference a valid application"));
    let filter =
        format!("/servicePrincipals?$filter=servicePrincipalNames%2Fany%28c%3Ac%20eq%20%27{app_id}%27%29");
    assert_eq!(list(&estate, &filter).await[0]["id"], program["id"]);
    let ids = json!({"ids": [program["id"], "00000000-0000-0000-0000-000000000001"], "types": ["user"]});
    let stubs = post(&estate, "reader", "/directoryObjects/getByIds", ids, 200).await;
    assert_eq!(stubs["value"][0]["@odata.type"], "#microsoft.graph.servicePrincipal");
    assert_eq!(stubs["value"].as_array().unwrap().len(), 1);
    let key = json!({"keyId": secret["keyId"]});
    post(&estate, "owner", &format!("/applications/{id}/removePassword"), key.clone(), 204).await;
    post(&estate, "owner", &format!("/applications/{id}/removePassword"), key, 400).await;
    estate
        .ask("owner", Method::DELETE, &format!("/graph/v1.0/applications/{id}"), Value::Null)
        .await
        .expect(204);
    assert_eq!(list(&estate, "/servicePrincipals").await, [] as [Value; 0], "the program goes too");
    assert!(estate.store.account(app_id).await.unwrap().is_none());
}

#[tokio::test]
async fn only_owners_change_what_is_theirs() {
    let estate = Estate::new().await;
    let app = post(&estate, "admin", "/applications", json!({"displayName": "robot"}), 201).await;
    let path = format!("/applications/{}", app["id"].as_str().unwrap());
    let add = format!("{path}/addPassword");
    // An owner of a subscription may register, and has no say over what others registered.
    let refused = post(&estate, "owner", &add, json!({}), 403).await;
    assert_eq!(refused["error"]["code"], "Authorization_RequestDenied");
    estate.ask("owner", Method::DELETE, &format!("/graph/v1.0{path}"), Value::Null).await.expect(403);
    post(&estate, "owner", "/servicePrincipals", json!({"appId": app["appId"]}), 403).await;
    post(&estate, "reader", "/applications", json!({"displayName": "x"}), 403).await;
    post(&estate, "owner", "/users", json!({}), 403).await;
    post(&estate, "owner", "/groups", json!({"displayName": "x"}), 403).await;
    // A secret of one application is not taken away through another one.
    let secret = post(&estate, "admin", &add, json!({}), 200).await;
    let own = post(&estate, "owner", "/applications", json!({"displayName": "own"}), 201).await;
    let remove = format!("/applications/{}/removePassword", own["id"].as_str().unwrap());
    post(&estate, "owner", &remove, json!({"keyId": secret["keyId"]}), 400).await;
    // Who only pulls learns no names.
    estate.get("puller", "/graph/v1.0/users").await.expect(403);
}

#[tokio::test]
async fn certificates_are_read_before_they_are_kept() {
    let estate = Estate::new().await;
    let pem = include_str!("../../../access/tests/fixtures/assertion/certificate.pem");
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let with = |key: &str| {
        json!({"displayName": "robot", "keyCredentials": [{
            "type": "AsymmetricX509Cert", "usage": "Verify", "key": key,
            "startDateTime": "2026-11-27T03:00:00Z", "endDateTime": "2027-11-27T03:00:00Z",
        }]})
    };
    let app = post(&estate, "owner", "/applications", with(&body), 201).await;
    assert_eq!(app["keyCredentials"][0]["key"], Value::Null);
    assert_eq!(app["keyCredentials"][0]["endDateTime"], "2027-11-27T03:00:00Z");
    for wrong in ["AAAA", "no base64!"] {
        post(&estate, "owner", "/applications", with(wrong), 400).await;
    }
    let path = format!("/graph/v1.0/applications/{}", app["id"].as_str().unwrap());
    let keep = json!({"keyCredentials": app["keyCredentials"]});
    estate.ask("owner", Method::PATCH, &path, keep).await.expect(204);
    let kept = estate.get("reader", &path).await.expect(200).body;
    assert_eq!(kept["keyCredentials"], app["keyCredentials"]);
    estate.ask("owner", Method::PATCH, &path, json!({"keyCredentials": []})).await.expect(204);
    let gone = estate.get("reader", &path).await.expect(200).body;
    assert_eq!(gone["keyCredentials"], json!([]));
}

#[tokio::test]
async fn people_come_change_and_go() {
    let estate = Estate::new().await;
    let person = |name: &str, word: &str| json!({"displayName": "Anna", "userPrincipalName": name, "accountEnabled": true, "passwordProfile": {"password": word}});
    let anna = post(&estate, "admin", "/users", person("anna@example.com", "correct horse"), 201).await;
    post(&estate, "admin", "/users", person("anna@example.com", "correct horse"), 409).await;
    for (name, word) in [("b b", "correct horse"), ("ben", "short"), ("", "correct horse")] {
        post(&estate, "admin", "/users", person(name, word), 400).await;
    }
    post(&estate, "admin", "/users", person("00000000-0000-0000-0000-000000000001", "correct horse"), 400)
        .await;
    let by_name = estate.get("reader", "/graph/v1.0/users/anna@example.com").await.expect(200).body;
    assert_eq!(by_name, anna);
    assert_eq!(list(&estate, "/users?$filter=startswith(displayName,'an')").await.len(), 1);
    estate.get("reader", "/graph/v1.0/users?$filter=displayName%20ne%20'x'").await.expect(400);
    let path = "/graph/v1.0/users/anna@example.com";
    let before = estate.store.account("anna@example.com").await.unwrap().unwrap();
    let change = json!({"passwordProfile": {"password": "another horse"}});
    estate.ask("admin", Method::PATCH, path, change).await.expect(204);
    let after = estate.store.account("anna@example.com").await.unwrap().unwrap();
    assert_ne!((before.secret_hash, before.generation), (after.secret_hash, after.generation));
    estate.ask("admin", Method::DELETE, path, Value::Null).await.expect(204);
    estate.ask("admin", Method::DELETE, path, Value::Null).await.expect(404);
}

#[tokio::test]
async fn groups_have_members_and_owners() {
    let estate = Estate::new().await;
    let person = json!({"displayName": "Anna", "userPrincipalName": "anna", "passwordProfile": {"password": "correct horse"}});
    let anna = post(&estate, "admin", "/users", person, 201).await;
    let group =
        post(&estate, "admin", "/groups", json!({"displayName": "team", "mailNickname": "team"}), 201).await;
    let path = format!("/groups/{}", group["id"].as_str().unwrap());
    let reference = |id: &Value| json!({"@odata.id": format!("https://any/v1.0/directoryObjects/{}", id.as_str().unwrap())});
    post(&estate, "admin", &format!("{path}/members/$ref"), reference(&anna["id"]), 204).await;
    post(&estate, "admin", &format!("{path}/members/$ref"), reference(&anna["id"]), 400).await;
    post(&estate, "admin", &format!("{path}/members/$ref"), reference(&group["id"]), 400).await;
    assert_eq!(list(&estate, &format!("{path}/members")).await[0]["id"], anna["id"]);
    let mine = post(&estate, "reader", "/users/anna/getMemberGroups", json!({}), 200).await;
    assert_eq!(mine["value"], json!([group["id"]]));
    let check = format!("/directoryObjects/{}/checkMemberGroups", anna["id"].as_str().unwrap());
    let checked = post(&estate, "reader", &check, json!({"groupIds": [group["id"]]}), 200).await;
    assert_eq!(checked["value"], json!([group["id"]]));
    post(&estate, "owner", &format!("{path}/members/$ref"), reference(&anna["id"]), 403).await;
    let member = format!("/graph/v1.0{path}/members/{}/$ref", anna["id"].as_str().unwrap());
    estate.ask("admin", Method::DELETE, &member, Value::Null).await.expect(204);
    estate.ask("admin", Method::DELETE, &member, Value::Null).await.expect(404);
    estate.ask("admin", Method::DELETE, &format!("/graph/v1.0{path}"), Value::Null).await.expect(204);
}
