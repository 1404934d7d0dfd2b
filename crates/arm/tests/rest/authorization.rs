//! The table of routes: each refuses whoever has not the right that it names.

use crate::estate::{Estate, KEY, group, registry, subscription};
use arm::{RESOURCES, Right, Route};
use http::Method;
use serde_json::json;

/// A path of a route that exists in the estate.
fn path(route: &Route) -> String {
    let (scope, names): (String, &[&str]) = match route.pattern {
        "{scope}/providers/Microsoft.ContainerRegistry/registries" => (subscription(), &[]),
        "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}" => (group(), &["lazaretto"]),
        "{scope}/providers/Microsoft.Security/pricings" => (subscription(), &[]),
        "{scope}/providers/Microsoft.Security/pricings/{name}" => (subscription(), &["ContainerRegistry"]),
        "{scope}/providers/Microsoft.Security/assessments/{name}" => (registry(), &[KEY]),
        "{scope}/providers/Microsoft.Security/assessmentMetadata/{name}" => (subscription(), &[KEY]),
        "{scope}/providers/Microsoft.Security/assessments/{name}/subAssessments" => (registry(), &[KEY]),
        "{scope}/providers/Microsoft.Security/assessments/{name}/subAssessments/{sub}" => {
            (registry(), &[KEY, "00000000-0000-8000-8000-000000000000"])
        }
        "/tenants" | "/subscriptions" => (String::new(), &[]),
        pattern if pattern.starts_with("/providers/Microsoft.ResourceGraph/") => (String::new(), &[]),
        "/subscriptions/{id}/resourcegroups/{group}/providers/Microsoft.ResourceGraph/queries/{name}" => {
            (String::new(), &["00000000-0000-0000-0000-000000000abc", "rg", "mine"])
        }
        pattern if pattern.starts_with("/subscriptions/{id}") => (
            String::new(),
            &[
                "00000000-0000-0000-0000-000000000abc",
                if pattern.contains("providers") { "Microsoft.Security" } else { "rg" },
            ],
        ),
        pattern if pattern.starts_with("{scope}") => (subscription(), &[]),
        pattern => panic!("no test asks {pattern}: give it a path here"),
    };
    let mut names = names.iter();
    let segments = route.pattern.trim_start_matches("{scope}").split('/').map(|segment| {
        if segment.starts_with('{') { names.next().unwrap().to_string() } else { segment.to_owned() }
    });
    format!("{scope}{}?api-version=2021-06-01", segments.collect::<Vec<_>>().join("/"))
}

fn body(route: &Route) -> serde_json::Value {
    match route.method {
        Method::POST if route.pattern.contains("ResourceGraph") => json!({"query": "Resources"}),
        Method::PUT | Method::PATCH if route.pattern.contains("ResourceGraph") => {
            json!({"properties": {"query": "Resources"}})
        }
        Method::PUT => json!({"properties": {"pricingTier": "Standard"}}),
        _ => serde_json::Value::Null,
    }
}

#[tokio::test]
async fn every_route_asks_who_is_there() {
    let estate = Estate::furnished().await;
    for route in RESOURCES.iter().flat_map(|resource| resource.routes) {
        let nobody = estate.ask("", route.method.clone(), &path(route), body(route)).await.expect(401);
        let challenge = nobody.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Bearer authorization_uri=\"https://lazaretto.test/"), "{challenge}");
        if route.method != Method::HEAD {
            assert_eq!(nobody.code(), "AuthenticationFailed", "{route:?}");
        }
    }
}

/// One line for each route, one column for each person: the status that they get.
#[tokio::test]
async fn every_route_refuses_those_without_its_right() {
    let estate = Estate::furnished().await;
    let people =
        ["owner", "reader", "security-reader", "security-admin", "registry-reader", "puller", "foreigner"];
    let mut table = String::new();
    for route in RESOURCES.iter().flat_map(|resource| resource.routes) {
        let mut row = String::new();
        for who in people {
            let answer = estate.ask(who, route.method.clone(), &path(route), body(route)).await;
            assert!(answer.status.as_u16() < 500, "{who} {route:?}: {answer:?}");
            if route.right != Right::SignedIn && who == "foreigner" {
                assert_eq!(answer.status.as_u16(), 403, "{route:?}");
            }
            row.push_str(&format!("{} ", answer.status.as_u16()));
        }
        table.push_str(&format!("{row}{} {}\n", route.method, route.pattern));
    }
    expect_test::expect![[r#"
        200 200 200 200 200 200 200 GET /tenants
        200 200 200 200 200 200 200 GET /subscriptions
        200 200 200 200 200 200 403 GET /subscriptions/{id}
        200 200 200 200 200 200 403 GET /subscriptions/{id}/locations
        200 200 200 200 200 200 403 GET /subscriptions/{id}/resourcegroups
        200 200 200 200 403 403 403 GET /subscriptions/{id}/resourcegroups/{name}
        204 204 204 204 403 403 403 HEAD /subscriptions/{id}/resourcegroups/{name}
        200 200 403 403 200 403 403 GET /subscriptions/{id}/resources
        200 200 403 403 200 403 403 GET /subscriptions/{id}/resourcegroups/{name}/resources
        200 200 200 200 200 200 403 GET /subscriptions/{id}/providers
        200 200 200 200 200 200 403 GET /subscriptions/{id}/providers/{namespace}
        200 200 200 200 200 200 403 POST /subscriptions/{id}/providers/{namespace}/register
        200 200 403 403 200 403 403 GET {scope}/providers/Microsoft.ContainerRegistry/registries
        200 200 403 403 200 403 403 GET {scope}/providers/Microsoft.ContainerRegistry/registries/{name}
        200 200 200 200 403 403 403 GET {scope}/providers/Microsoft.Security/pricings
        200 200 200 200 403 403 403 GET {scope}/providers/Microsoft.Security/pricings/{name}
        200 403 403 200 403 403 403 PUT {scope}/providers/Microsoft.Security/pricings/{name}
        200 200 200 200 403 403 403 GET {scope}/providers/Microsoft.Security/assessmentMetadata
        200 200 200 200 403 403 403 GET {scope}/providers/Microsoft.Security/assessmentMetadata/{name}
        200 200 200 200 200 403 403 GET {scope}/providers/Microsoft.Security/assessments
        200 200 200 200 200 403 403 GET {scope}/providers/Microsoft.Security/assessments/{name}
        200 200 200 200 200 403 403 GET {scope}/providers/Microsoft.Security/subAssessments
        200 200 200 200 200 403 403 GET {scope}/providers/Microsoft.Security/assessments/{name}/subAssessments
        404 404 404 404 404 403 403 GET {scope}/providers/Microsoft.Security/assessments/{name}/subAssessments/{sub}
        200 200 200 200 200 200 200 POST /providers/Microsoft.ResourceGraph/resources
        200 200 200 200 200 200 200 POST /providers/Microsoft.ResourceGraph/resourcesHistory
        200 200 200 200 200 200 200 GET /providers/Microsoft.ResourceGraph/operations
        200 200 403 403 403 403 403 GET {scope}/providers/Microsoft.ResourceGraph/queries
        404 404 403 403 403 403 403 GET /subscriptions/{id}/resourcegroups/{group}/providers/Microsoft.ResourceGraph/queries/{name}
        201 403 403 403 403 403 403 PUT /subscriptions/{id}/resourcegroups/{group}/providers/Microsoft.ResourceGraph/queries/{name}
        200 403 403 403 403 403 403 PATCH /subscriptions/{id}/resourcegroups/{group}/providers/Microsoft.ResourceGraph/queries/{name}
        200 403 403 403 403 403 403 DELETE /subscriptions/{id}/resourcegroups/{group}/providers/Microsoft.ResourceGraph/queries/{name}
    "#]].assert_eq(&table);
}

#[tokio::test]
async fn absent_and_forbidden_look_alike() {
    let estate = Estate::furnished().await;
    let absent = registry().replace("Lazaretto", "absent");
    for scope in [registry(), absent] {
        let path =
            format!("{scope}/providers/Microsoft.Security/subAssessments?api-version=2019-01-01-preview");
        let answer = estate.get("foreigner", &path).await.expect(403);
        assert_eq!(answer.code(), "AuthorizationFailed");
        assert!(answer.body["error"]["message"].as_str().unwrap().contains("or the scope is invalid"));
    }
}
