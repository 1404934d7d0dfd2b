//! Roles: defined, given, taken away.

use crate::estate::{Estate, group, principal, registry, subscription};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const VERSION: &str = "?api-version=2022-04-01";
const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";

/// A user of the directory, and their object id.
async fn user(estate: &Estate, name: &str) -> String {
    let body = json!({
        "accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": name,
        "passwordProfile": {"password": "correct horse", "forceChangePasswordNextSignIn": false},
    });
    let made = estate.ask("admin", Method::POST, "/graph/v1.0/users", body).await.expect(201).body;
    made["id"].as_str().unwrap().to_owned()
}

fn assignment(scope: &str, name: u128) -> String {
    format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{}{VERSION}", Uuid::from_u128(name))
}

fn giving(role: &str, principal: &str) -> Value {
    let role = format!("{}/providers/Microsoft.Authorization/roleDefinitions/{role}", subscription());
    json!({"properties": {"roleDefinitionId": role, "principalId": principal, "principalType": "User"}})
}

#[tokio::test]
async fn a_role_is_given_listed_and_taken_away() {
    let estate = Estate::new().await;
    let anna = user(&estate, "anna@example.com").await;
    let path = assignment(&registry(), 1);
    let made = estate.ask("owner", Method::PUT, &path, giving(ACR_PULL, &anna)).await.expect(201).body;
    assert_eq!(made["properties"]["principalId"], anna);
    assert_eq!(made["properties"]["scope"], registry());
    assert_eq!(made["properties"]["principalType"], "User");
    let again = estate.ask("owner", Method::PUT, &assignment(&registry(), 2), giving(ACR_PULL, &anna)).await;
    assert_eq!(again.expect(409).code(), "RoleAssignmentExists");
    estate.ask("owner", Method::PUT, &path, giving(ACR_PULL, &anna)).await.expect(200);
    let count = async |scope: &str, filter: &str| {
        let path = format!("{scope}/providers/Microsoft.Authorization/roleAssignments{VERSION}{filter}");
        estate.get("reader", &path).await.expect(200).body["value"].as_array().unwrap().len()
    };
    assert_eq!(count(&subscription(), "").await, 1);
    assert_eq!(count(&subscription(), "&$filter=atScope()").await, 0);
    assert_eq!(count(&registry(), "&$filter=atScope()").await, 1);
    assert_eq!(count(&subscription(), &format!("&$filter=principalId%20eq%20'{anna}'")).await, 1);
    assert_eq!(count(&subscription(), &format!("&$filter=principalId%20eq%20'{}'", Uuid::nil())).await, 0);
    // Asked for at another scope, it is not there (attack D1).
    estate.get("owner", &assignment(&group(), 1)).await.expect(404);
    estate.ask("owner", Method::DELETE, &assignment(&group(), 1), Value::Null).await.expect(204);
    estate.get("owner", &path).await.expect(200);
    estate.ask("reader", Method::DELETE, &path, Value::Null).await.expect(403);
    estate.ask("owner", Method::DELETE, &path, Value::Null).await.expect(200);
    estate.ask("owner", Method::DELETE, &path, Value::Null).await.expect(204);
}

#[tokio::test]
async fn a_role_is_given_under_a_condition_and_under_another_one() {
    const REPOSITORY_READER: &str = "b93aa761-3e63-49ed-ac28-beffa264f7ac";
    let estate = Estate::new().await;
    let anna = user(&estate, "anna").await;
    let path = assignment(&registry(), 1);
    let condition = |name: &str| {
        format!("@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals '{name}'")
    };
    let mut body = giving(REPOSITORY_READER, &anna);
    body["properties"]["condition"] = condition("team/app").into();
    let given = estate.ask("owner", Method::PUT, &path, body.clone()).await.expect(201).body;
    assert_eq!(given["properties"]["condition"], condition("team/app"));
    assert_eq!(given["properties"]["conditionVersion"], "2.0");
    body["properties"]["condition"] = condition("team/web").into();
    body["properties"]["conditionVersion"] = "2.0".into();
    estate.ask("owner", Method::PUT, &path, body.clone()).await.expect(200);
    let found = estate.get("owner", &path).await.expect(200).body;
    assert_eq!(found["properties"]["condition"], condition("team/web"));
    body["properties"]["condition"] = Value::Null;
    estate.ask("owner", Method::PUT, &path, body).await.expect(200);
    let found = estate.get("owner", &path).await.expect(200).body;
    assert_eq!(found["properties"]["conditionVersion"], Value::Null);
}

#[tokio::test]
async fn what_makes_no_assignment_is_refused() {
    let estate = Estate::new().await;
    let anna = user(&estate, "anna").await;
    let path = assignment(&registry(), 1);
    let code = async |who: &str, path: &str, body: Value| {
        let answer = estate.ask(who, Method::PUT, path, body).await;
        format!("{} {}", answer.status.as_u16(), answer.code())
    };
    let nobody = Uuid::from_u128(99).to_string();
    assert_eq!(code("owner", &path, giving(ACR_PULL, &nobody)).await, "400 PrincipalNotFound");
    assert_eq!(code("owner", &path, giving(ACR_PULL, "anna")).await, "400 InvalidPrincipalId");
    assert_eq!(code("owner", &path, giving(&nobody, &anna)).await, "404 RoleDefinitionDoesNotExist");
    let named = path.replace(&Uuid::from_u128(1).to_string(), "mine");
    assert_eq!(code("owner", &named, giving(ACR_PULL, &anna)).await, "400 InvalidRoleAssignmentId");
    let mut conditional = giving(ACR_PULL, &anna);
    conditional["properties"]["condition"] = "@Resource[...] StringEquals 'a'".into();
    assert_eq!(code("owner", &path, conditional.clone()).await, "400 InvalidCondition");
    conditional["properties"]["condition"] = "'a' StringEquals 'a'".into();
    conditional["properties"]["conditionVersion"] = "1.0".into();
    assert_eq!(code("owner", &path, conditional).await, "400 InvalidConditionVersion");
    // Nobody gives what they may not give, and nobody gives above where they may.
    assert_eq!(code("security-admin", &path, giving(ACR_PULL, &anna)).await, "403 AuthorizationFailed");
    let above = assignment("", 1);
    assert_eq!(code("owner", &above, giving(ACR_PULL, &anna)).await, "403 AuthorizationFailed");
    assert_eq!(code("admin", &above, giving(ACR_PULL, &anna)).await, "201 ");
}

#[tokio::test]
async fn roles_go_with_the_registry_they_were_given_at() {
    let estate = Estate::new().await;
    let anna = user(&estate, "anna").await;
    let second = registry().replace("Lazaretto", "Second");
    let path = format!("{second}?api-version=2025-11-01");
    estate.ask("owner", Method::PUT, &path, json!({"location": "local"})).await.expect(201);
    let given = assignment(&second.to_lowercase(), 1);
    estate.ask("owner", Method::PUT, &given, giving(ACR_PULL, &anna)).await.expect(201);
    estate.ask("owner", Method::DELETE, &path, Value::Null).await.expect(200);
    // Whoever makes a registry of the same name begins without the old one's people.
    estate.ask("owner", Method::PUT, &path, json!({"location": "local"})).await.expect(201);
    estate.get("owner", &given).await.expect(404);
}

#[tokio::test]
async fn built_in_roles_are_found_by_name() {
    let estate = Estate::new().await;
    let path = |filter: &str| {
        format!(
            "{}/providers/Microsoft.Authorization/roleDefinitions{VERSION}&$filter={filter}",
            subscription()
        )
    };
    let found = estate.get("reader", &path("roleName%20eq%20'acrpull'")).await.expect(200).body;
    assert_eq!(found["value"][0]["name"], ACR_PULL);
    assert_eq!(found["value"][0]["properties"]["type"], "BuiltInRole");
    let id = found["value"][0]["id"].as_str().unwrap();
    let one = estate.get("reader", &format!("{id}{VERSION}")).await.expect(200).body;
    assert_eq!(one["properties"]["roleName"], "AcrPull");
    let custom = estate.get("reader", &path("type%20eq%20'CustomRole'")).await.expect(200).body;
    assert_eq!(custom["value"], json!([]));
    estate.get("reader", &path("color%20eq%20'red'")).await.expect(400);
    estate.get("puller", &path("roleName%20eq%20'Owner'")).await.expect(403);
}

fn role(id: u128) -> String {
    format!(
        "{}/providers/Microsoft.Authorization/roleDefinitions/{}{VERSION}",
        subscription(),
        Uuid::from_u128(id)
    )
}

fn defining(name: &str, scopes: &[String]) -> Value {
    json!({"properties": {
        "roleName": name, "description": "Mine", "assignableScopes": scopes,
        "permissions": [{"actions": ["Microsoft.ContainerRegistry/registries/read"], "notActions": null}],
    }})
}

#[tokio::test]
async fn a_role_of_ones_own_is_defined_used_and_deleted() {
    let estate = Estate::with_foreign().await;
    let anna = user(&estate, "anna").await;
    let (own, foreign) = (subscription(), subscription().replace("0abc", "beef"));
    let define = async |who: &str, id, body: Value, status| {
        estate.ask(who, Method::PUT, &role(id), body).await.expect(status).body
    };
    let made = define("owner", 1, defining("Mine", std::slice::from_ref(&own)), 201).await;
    assert_eq!(made["properties"]["type"], "CustomRole");
    define("owner", 1, defining("Mine too", std::slice::from_ref(&own)), 201).await;
    define("owner", 2, defining("mine TOO", std::slice::from_ref(&own)), 409).await;
    define("owner", 2, defining("Owner", std::slice::from_ref(&own)), 400).await;
    define("owner", 2, defining("Other", &[]), 400).await;
    // Nobody defines a role for where they have no rights, and nobody changes one that holds there.
    define("owner", 2, defining("Other", &[own.clone(), foreign.clone()]), 403).await;
    define("admin", 2, defining("Other", &[own.clone(), foreign]), 201).await;
    define("owner", 2, defining("Other", std::slice::from_ref(&own)), 403).await;
    define("reader", 3, defining("Third", std::slice::from_ref(&own)), 403).await;
    let given = assignment(&registry(), 1);
    let body = giving(&Uuid::from_u128(1).to_string(), &anna);
    estate.ask("owner", Method::PUT, &given, body).await.expect(201);
    let delete =
        async |status| estate.ask("owner", Method::DELETE, &role(1), Value::Null).await.expect(status);
    assert_eq!(delete(400).await.code(), "RoleDefinitionHasAssignments");
    estate.ask("owner", Method::DELETE, &given, Value::Null).await.expect(200);
    delete(200).await;
    delete(204).await;
}

#[tokio::test]
async fn rights_are_in_force_with_the_next_request() {
    let estate = Estate::new().await;
    // The estate's own people are known to sign-in; the directory has to know this one too.
    let who = principal("puller");
    let account = store::Account {
        principal: store::PrincipalId(who.id),
        name: who.name,
        secret_hash: String::new(),
        kind: store::AccountKind::User,
        created_at: crate::estate::now(),
        display_name: String::new(),
        enabled: true,
        generation: 0,
    };
    estate.store.put_account(account).await.unwrap();
    let whole = format!("{}?api-version=2025-11-01", registry());
    estate.get("puller", &whole).await.expect(403);
    let reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
    let given = assignment(&registry(), 1);
    estate.ask("owner", Method::PUT, &given, giving(reader, &who.id.to_string())).await.expect(201);
    estate.get("puller", &whole).await.expect(200);
    estate.ask("owner", Method::DELETE, &given, Value::Null).await.expect(200);
    estate.get("puller", &whole).await.expect(403);
}
