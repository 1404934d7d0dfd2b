//! Roles under conditions, and registries whose repositories are opened by data actions alone.

use crate::harness::{MANIFEST, Server};
use access::{Role, RoleId};
use reqwest::Method;
use serde_json::json;
use store::{NamedAssignment, PrincipalId, RoleAssignment};
use uuid::Uuid;

fn role(name: &str) -> RoleId {
    Role::named(name).unwrap().id
}

/// As Azure's manual writes it.
fn only(repository: &str) -> String {
    format!(
        "((!(ActionMatches{{'Microsoft.ContainerRegistry/registries/repositories/content/read'}}) AND \
         !(ActionMatches{{'Microsoft.ContainerRegistry/registries/repositories/content/write'}})) OR \
         (@Request[Microsoft.ContainerRegistry/registries/repositories:name] \
         StringStartsWithIgnoreCase '{repository}'))"
    )
}

/// Gives somebody a role at the registry, under a condition if there is one.
async fn give(server: &Server, name: &str, role: RoleId, condition: Option<String>) {
    server.account(name, None).await;
    let account = server.store.account(name).await.unwrap().unwrap();
    let registry = &server.registry;
    let scope = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerRegistry/registries/{}",
        registry.subscription, registry.resource_group, registry.name
    );
    let given = NamedAssignment {
        id: Uuid::new_v4(),
        assignment: RoleAssignment {
            principal: PrincipalId(account.principal.0),
            role: store::RoleId(role.0),
            scope,
        },
        principal_kind: "User".into(),
        condition,
        description: None,
        created_at: None,
        created_by: None,
    };
    server.store.put_role_assignment(given).await.unwrap();
}

async fn status(server: &Server, who: &str, method: Method, path: &str) -> u16 {
    let request = server.as_user(who, method, path).header("accept", MANIFEST);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_opens_its_repositories_and_no_others() {
    let server = Server::start().await;
    server.push_image("team/app", "1", b"layer").await;
    server.push_image("other", "1", b"layer").await;
    give(&server, "reader", role("Container Registry Repository Reader"), Some(only("team/"))).await;
    give(&server, "writer", role("Container Registry Repository Writer"), Some(only("team/"))).await;
    give(&server, "broken", role("Container Registry Repository Reader"), Some("no condition".into())).await;
    for (who, team, other) in [("reader", 200, 403), ("writer", 200, 403), ("broken", 403, 403)] {
        assert_eq!(status(&server, who, Method::GET, "/v2/team/app/manifests/1").await, team, "{who}");
        assert_eq!(status(&server, who, Method::GET, "/v2/other/manifests/1").await, other, "{who}");
    }
    assert_eq!(status(&server, "writer", Method::POST, "/v2/team/new/blobs/uploads/").await, 202);
    assert_eq!(status(&server, "writer", Method::POST, "/v2/other/blobs/uploads/").await, 403);
    assert_eq!(status(&server, "reader", Method::POST, "/v2/team/app/blobs/uploads/").await, 403);
    // Nobody lists what they may not read, and the condition speaks of no catalog.
    assert_eq!(status(&server, "reader", Method::GET, "/v2/_catalog").await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_with_repository_permissions_knows_no_other_rights() {
    let server = Server::start().await;
    server.push_image("team/app", "1", b"layer").await;
    give(&server, "puller", RoleId::ACR_PULL, None).await;
    give(&server, "reader", role("Container Registry Repository Reader"), None).await;
    give(&server, "lister", role("Container Registry Repository Catalog Lister"), None).await;
    let pull = "/v2/team/app/manifests/1";
    for who in ["admin", "puller", "reader"] {
        assert_eq!(status(&server, who, Method::GET, pull).await, 200, "{who}");
    }
    let path = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerRegistry/registries/{}?api-version=2025-11-01",
        server.registry.subscription, server.registry.resource_group, server.registry.name
    );
    let body = json!({ "properties": { "roleAssignmentMode": "AbacRepositoryPermissions" } });
    let changed = server.as_user("admin", Method::PATCH, &path).json(&body).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    for (who, expected) in [("admin", 403), ("puller", 403), ("reader", 200)] {
        assert_eq!(status(&server, who, Method::GET, pull).await, expected, "{who}");
    }
    assert_eq!(status(&server, "lister", Method::GET, "/v2/_catalog").await, 200);
    assert_eq!(status(&server, "reader", Method::GET, "/v2/_catalog").await, 403);
    // Managing the registry is as it was.
    assert_eq!(server.json(&path).await["properties"]["roleAssignmentMode"], "AbacRepositoryPermissions");
}
