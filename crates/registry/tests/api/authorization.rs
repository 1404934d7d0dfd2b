//! The table of routes: each refuses whoever has not what it names.

use crate::harness::{Answer, Harness, basic};
use axum::body::Body;
use http::{Method, Request};
use oci::Digest;
use registry::{EndpointKind, Need, Permission, ROUTES, Route};

/// A path of an endpoint. Adding an endpoint without a path here does not compile.
fn path(endpoint: EndpointKind) -> String {
    let digest = Digest::of_sha256(b"layer");
    match endpoint {
        EndpointKind::Base => "/v2/".into(),
        EndpointKind::Catalog => "/v2/_catalog".into(),
        EndpointKind::Tags => "/v2/team/app/tags/list".into(),
        EndpointKind::Manifest => "/v2/team/app/manifests/1.0".into(),
        EndpointKind::Blob => format!("/v2/team/app/blobs/{digest}"),
        EndpointKind::Uploads => "/v2/team/app/blobs/uploads/".into(),
        EndpointKind::Upload => "/v2/team/app/blobs/uploads/0123456789abcdef0123456789abcdef".into(),
        EndpointKind::MetadataCatalog => "/acr/v1/_catalog".into(),
        EndpointKind::MetadataRepository => "/acr/v1/team/app".into(),
        EndpointKind::MetadataTags => "/acr/v1/team/app/_tags".into(),
        EndpointKind::MetadataTag => "/acr/v1/team/app/_tags/1.0".into(),
        EndpointKind::MetadataManifests => "/acr/v1/team/app/_manifests".into(),
        EndpointKind::MetadataManifest => format!("/acr/v1/team/app/_manifests/{digest}"),
        EndpointKind::DeletedCatalog => "/acr/v1/_deleted/_catalog".into(),
        EndpointKind::DeletedManifests => "/acr/v1/_deleted/team/app/_manifests".into(),
        EndpointKind::DeletedTags => "/acr/v1/_deleted/team/app/_tags".into(),
        EndpointKind::DeletedManifest => format!("/acr/v1/_deleted/team/app/_manifests/{digest}"),
        EndpointKind::Referrers => format!("/v2/team/app/referrers/{digest}"),
    }
}

async fn send(harness: &Harness, route: &Route, authorization: Option<&str>) -> Answer {
    let request = Request::builder().method(route.method.clone()).uri(path(route.endpoint));
    let request = match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    };
    harness.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_route_asks_who_is_there() {
    let harness = Harness::new().await;
    harness.push_image("team/app", "1.0", b"layer").await;
    for route in ROUTES {
        let scope = match route.need {
            Need::SignedIn => "",
            Need::Catalog => ",scope=\"registry:catalog:*\"",
            Need::Repository(Permission::Pull) => ",scope=\"repository:team/app:pull\"",
            Need::Repository(Permission::Push) => ",scope=\"repository:team/app:pull,push\"",
            Need::Repository(Permission::Delete) => ",scope=\"repository:team/app:delete\"",
            Need::Repository(Permission::MetadataRead) => ",scope=\"repository:team/app:metadata_read\"",
            Need::Repository(Permission::MetadataWrite) => {
                ",scope=\"repository:team/app:metadata_read,metadata_write\""
            }
            Need::DeletedCatalog => ",scope=\"registry:deleted_catalog:*\"",
            Need::Repository(Permission::DeletedRead) => ",scope=\"repository:team/app:deleted_read\"",
            Need::Repository(Permission::DeletedRestore) => {
                ",scope=\"repository:team/app:deleted_read,deleted_restore\""
            }
            Need::Repository(
                Permission::Catalog
                | Permission::DeletedCatalog
                | Permission::QuarantineRead
                | Permission::QuarantineWrite,
            ) => panic!("no route needs this of a repository"),
        };
        let challenge =
            format!("Bearer realm=\"http://registry.test/oauth2/token\",service=\"registry.test\"{scope}");
        let nobody = send(&harness, route, None).await.expect(401);
        assert_eq!(nobody.header("www-authenticate"), challenge, "{route:?}");
        assert_eq!(nobody.header("docker-distribution-api-version"), "registry/2.0");
        for wrong in ["Basic !", "Basic b3duZXI6d3Jvbmc=", "Digest x", "Bearer", "Basic b3duZXI="] {
            let answer = send(&harness, route, Some(wrong)).await.expect(401);
            assert_eq!(answer.header("www-authenticate"), challenge, "{route:?} {wrong}");
        }
        let stale = send(&harness, route, Some("Bearer none")).await.expect(401);
        assert_eq!(stale.header("www-authenticate"), format!("{challenge},error=\"invalid_token\""));
    }
}

#[tokio::test]
async fn every_route_refuses_those_without_its_right() {
    let harness = Harness::new().await;
    harness.push_image("team/app", "1.0", b"layer").await;
    // Somebody who has every right but the one that is needed, and every right elsewhere.
    for route in ROUTES {
        let needed = match route.need {
            Need::SignedIn => {
                send(&harness, route, Some(&basic("stranger"))).await.expect(200);
                continue;
            }
            Need::Catalog => Permission::Catalog,
            Need::DeletedCatalog => Permission::DeletedCatalog,
            Need::Repository(permission) => permission,
        };
        for permission in Permission::OF_REPOSITORY {
            harness.roll.give("almost", "other", permission);
            harness.roll.give("almost", "team/app", permission);
        }
        harness.roll.give("almost", "", Permission::Catalog);
        harness.roll.give("almost", "", Permission::DeletedCatalog);
        harness.roll.take("almost", "team/app", needed);
        harness.roll.take("almost", "", needed);
        let answer = send(&harness, route, Some(&basic("almost"))).await.expect(403);
        if route.method != Method::HEAD {
            assert_eq!(answer.code(), "DENIED");
        }
        // A repository that is not there is refused in the same way.
        harness.roll.take("almost", "absent", needed);
        let absent = path(route.endpoint).replace("team/app", "absent");
        let there = answer;
        let answer = harness.call("almost", route.method.clone(), &absent, &[], "").await;
        assert_eq!((answer.status, answer.body), (there.status, there.body), "{route:?}");
    }
}

#[tokio::test]
async fn the_owner_passes_every_route() {
    let harness = Harness::new().await;
    harness.push_image("team/app", "1.0", b"layer").await;
    for route in ROUTES {
        let answer = send(&harness, route, Some(&basic("owner"))).await;
        assert!(!matches!(answer.status.as_u16(), 401 | 403 | 405), "{route:?} {answer:?}");
    }
}

#[tokio::test]
async fn two_headers_are_no_sign_in() {
    let harness = Harness::new().await;
    let request = Request::builder()
        .uri("/v2/")
        .header("authorization", basic("owner"))
        .header("authorization", "Bearer none")
        .body(Body::empty())
        .unwrap();
    harness.send(request).await.expect(401);
}

#[tokio::test]
async fn too_many_attempts_have_to_wait() {
    use base64::Engine;
    let harness = Harness::new().await;
    let encoded = base64::engine::general_purpose::STANDARD.encode("owner:too often");
    for path in ["/v2/", "/oauth2/token"] {
        let request = Request::builder().uri(path).header("authorization", format!("Basic {encoded}"));
        let answer = harness.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.refusal(), "429 TOOMANYREQUESTS");
        assert_eq!(answer.header("retry-after"), "7");
    }
}
