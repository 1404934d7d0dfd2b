//! The tables of routes: each refuses whoever has not the right that it names, wherever they ask, and tells nobody what
//! they may not know.

use crate::estate::{Answer, DEFINED, Estate, KEY, principal};
use arm::{DIRECTORY, RESOURCES, Right, Route};
use http::Method;
use serde_json::{Value, json};

/// Where somebody asks.
#[derive(Clone, Copy)]
struct Place {
    subscription: &'static str,
    registry: &'static str,
}

/// What the people of the estate have their roles at.
const OWN: Place = Place { subscription: "00000000-0000-0000-0000-000000000abc", registry: "Lazaretto" };
/// What somebody else has.
const FOREIGN: Place = Place { subscription: "00000000-0000-0000-0000-00000000beef", registry: "Foreign" };
/// What nobody has.
const ABSENT: Place = Place { subscription: "00000000-0000-0000-0000-00000000dead", registry: "Absent" };

/// An object id, the name of an assignment or of a role, that nothing has.
const NOTHING: &str = "00000000-0000-0000-0000-0000000000aa";

/// A kind of assessments that somebody defines.
const OWN_KIND: &str = "00000000-0000-0000-0000-0000000000bb";

impl Place {
    fn subscription(self) -> String {
        format!("/subscriptions/{}", self.subscription)
    }

    fn group(self) -> String {
        format!("{}/resourceGroups/rg", self.subscription())
    }

    fn registry(self) -> String {
        format!("{}/providers/Microsoft.ContainerRegistry/registries/{}", self.group(), self.registry)
    }

    /// What stands in a pattern for a scope and for names.
    fn fillings(self, route: &Route) -> (String, Vec<&'static str>) {
        let none = || (String::new(), Vec::new());
        match route.pattern {
            "/tenants" | "/subscriptions" | "/providers/Microsoft.Management/managementGroups" => none(),
            "/providers/Microsoft.Management/managementGroups/{name}" => {
                (String::new(), vec!["00000000-0000-0000-0000-000000000777"])
            }
            pattern if pattern.starts_with("/providers/Microsoft.ResourceGraph/") => none(),
            "/providers/Microsoft.Management/getEntities"
            | "/providers/Microsoft.Authorization/providerOperations" => none(),
            "/providers/Microsoft.Authorization/providerOperations/{namespace}" => {
                (String::new(), vec!["Microsoft.Security"])
            }
            "{scope}/providers/Microsoft.Resources/tags/default" => (self.registry(), Vec::new()),
            pattern if pattern.ends_with("Microsoft.Security/locations/{location}") => {
                (String::new(), vec![self.subscription, "local"])
            }
            "/providers/Microsoft.Subscription/aliases/{name}" => (String::new(), vec!["another"]),
            // What deletes is asked for what is not there, so that the others find what they need.
            "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}"
                if route.method == Method::DELETE =>
            {
                (self.group(), vec!["nothing"])
            }
            pattern
                if pattern.starts_with("{scope}/providers/Microsoft.ContainerRegistry/registries/{name}") =>
            {
                (self.group(), vec![self.registry, "nothing"])
            }
            pattern if pattern.starts_with("{scope}/providers/Microsoft.Authorization/") => {
                (self.subscription(), vec![NOTHING])
            }
            pattern
                if pattern.starts_with("{scope}/providers/Microsoft.Security/")
                    && pattern.contains("{name}") =>
            {
                self.fillings_of_security(route)
            }
            pattern if pattern.contains("/secureScores/{name}") => {
                (String::new(), vec![self.subscription, "ascScore"])
            }
            "/subscriptions/{id}/resourcegroups/{name}" if route.method == Method::DELETE => {
                (String::new(), vec![self.subscription, "nothing"])
            }
            pattern if pattern.starts_with("/subscriptions/{id}") => {
                let second = if pattern.contains("{namespace}") { "Microsoft.Security" } else { "rg" };
                (String::new(), vec![self.subscription, second, "mine"])
            }
            pattern if pattern.starts_with("{scope}/") && !pattern.contains("{name}") => {
                (self.subscription(), Vec::new())
            }
            pattern if pattern.starts_with("/graph/") => (String::new(), vec![NOTHING, NOTHING]),
            pattern => panic!("no test asks {pattern}: say here what stands in it"),
        }
    }

    /// What stands in a pattern of what Security Center knows by a name.
    fn fillings_of_security(self, route: &Route) -> (String, Vec<&'static str>) {
        match route.pattern {
            // The plan of a subscription is never deleted, that of a registry is.
            "{scope}/providers/Microsoft.Security/pricings/{name}" if route.method == Method::DELETE => {
                (self.registry(), vec!["ContainerRegistry"])
            }
            pattern if pattern.starts_with("{scope}/providers/Microsoft.Security/automations/{name}") => {
                (self.group(), vec!["one"])
            }
            pattern if pattern.starts_with("{scope}/providers/Microsoft.Security/governanceRules/{name}") => {
                (self.subscription(), vec![NOTHING, NOTHING])
            }
            "{scope}/providers/Microsoft.Security/pricings/{name}" => {
                (self.subscription(), vec!["ContainerRegistry"])
            }
            // What is built in can be read, and only other names can be put and deleted.
            "{scope}/providers/Microsoft.Security/assessmentMetadata/{name}"
                if route.method != Method::GET =>
            {
                (self.subscription(), vec![OWN_KIND])
            }
            "{scope}/providers/Microsoft.Security/assessments/{name}" if route.method != Method::GET => {
                (self.subscription(), vec![DEFINED])
            }
            "{scope}/providers/Microsoft.Security/assessmentMetadata/{name}" => {
                (self.subscription(), vec![KEY])
            }
            pattern if pattern.starts_with("{scope}/providers/Microsoft.Security/assessments/{name}") => {
                (self.registry(), vec![KEY, "00000000-0000-8000-8000-000000000000"])
            }
            pattern => panic!("no test asks {pattern}: say here what stands in it"),
        }
    }

    /// A path of a route.
    fn path(self, route: &Route) -> String {
        let (scope, names) = self.fillings(route);
        let mut names = names.iter();
        let segments = route.pattern.trim_start_matches("{scope}").split('/').map(|segment| {
            if segment.starts_with('{') { names.next().unwrap().to_string() } else { segment.to_owned() }
        });
        let path = segments.collect::<Vec<_>>().join("/");
        // Graph knows no versions of that kind.
        let version = if path.starts_with("/graph/") { "" } else { "?api-version=2021-06-01" };
        format!("{scope}{path}{version}")
    }
}

/// A body that the route takes.
fn body(route: &Route) -> Value {
    let is = |text: &str| route.pattern.contains(text);
    let role = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7";
    match &route.method {
        method if *method == Method::GET || *method == Method::HEAD || *method == Method::DELETE => {
            Value::Null
        }
        method if is("ResourceGraph") && *method == Method::POST => json!({"query": "Resources"}),
        _ if is("ResourceGraph") => json!({"properties": {"query": "Resources"}}),
        _ if is("automations") => json!({"properties": {
            "sources": [{"eventSource": "Assessments"}],
            "actions": [{"actionType": "File", "name": "one"}],
        }}),
        _ if is("governanceAssignments") => {
            json!({"properties": {"remediationDueDate": "2026-02-01T00:00:00Z"}})
        }
        _ if is("governanceRules/{name}/execute") => json!({"override": true}),
        _ if is("governanceRules") => json!({"properties": {
            "displayName": "All", "remediationTimeframe": "7.00:00:00", "rulePriority": 1,
            "ruleType": "Integrated", "sourceResourceType": "Assessments",
            "conditionSets": [{"conditions": [
                {"property": "$.Severity", "operator": "Equals", "value": "High"},
            ]}],
            "ownerSource": {"type": "Manually", "value": "anna"},
        }}),
        _ if is("policyExemptions") => json!({"properties": {"exemptionCategory": "Waiver"}}),
        _ if is("assessmentMetadata") => json!({"properties": {
            "displayName": "Mine", "severity": "Low", "assessmentType": "CustomerManaged",
        }}),
        _ if is("assessments/{name}") => json!({"properties": {"status": {"code": "Healthy"}}}),
        _ if is("pricings") => json!({"properties": {"pricingTier": "Standard"}}),
        _ if is("roleAssignments") => {
            let reader = principal("reader").id.to_string();
            json!({"properties": {"roleDefinitionId": role, "principalId": reader}})
        }
        _ if is("roleDefinitions") => json!({"properties": {
            "roleName": "Mine", "assignableScopes": [OWN.subscription()], "permissions": [{"actions": ["*/read"]}],
        }}),
        _ if is("tags/default") => json!({"operation": "Merge", "properties": {"tags": {"a": "b"}}}),
        _ if is("locks") => json!({"properties": {"level": "CanNotDelete"}}),
        _ if is("regenerateCredential") => json!({"name": "password"}),
        _ => json!({"location": "local", "name": "fresh", "displayName": "Fresh"}),
    }
}

fn routes() -> impl Iterator<Item = &'static Route> {
    RESOURCES.iter().chain(DIRECTORY).flat_map(|resource| resource.routes)
}

async fn ask(estate: &Estate, who: &str, route: &Route, place: Place) -> Answer {
    let answer = estate.ask(who, route.method.clone(), &place.path(route), body(route)).await;
    assert!(answer.status.as_u16() < 500, "{who} {route:?}: {answer:?}");
    answer
}

#[tokio::test]
async fn every_route_asks_who_is_there() {
    let estate = Estate::furnished().await;
    for route in routes() {
        let nobody = ask(&estate, "", route, OWN).await.expect(401);
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
    let people = [
        "admin",
        "owner",
        "reader",
        "security-reader",
        "security-admin",
        "registry-reader",
        "puller",
        "foreigner",
    ];
    let mut table = String::new();
    for route in routes() {
        let mut row = String::new();
        for who in people {
            let answer = ask(&estate, who, route, OWN).await;
            if !matches!(route.right, Right::SignedIn | Right::Directory(_)) && who == "foreigner" {
                assert_eq!(answer.status.as_u16(), 403, "{route:?}");
            }
            row.push_str(&format!("{} ", answer.status.as_u16()));
        }
        table.push_str(&format!("{row}{} {}\n", route.method, route.pattern));
    }
    expect_test::expect_file!["golden/authorization.txt"].assert_eq(&table);
}

/// What an answer tells, without the words in which it names where somebody asked.
fn told(answer: &Answer, place: Place) -> String {
    let text = format!("{} {}", answer.status.as_u16(), answer.body);
    text.replace(place.subscription, "SUBSCRIPTION").replace(place.registry, "REGISTRY")
}

#[tokio::test]
async fn foreign_and_absent_look_alike_on_every_route() {
    let estate = Estate::with_foreign().await;
    for who in ["owner", "reader", "security-reader", "security-admin", "registry-reader", "puller"] {
        for route in routes() {
            let foreign = ask(&estate, who, route, FOREIGN).await;
            let absent = ask(&estate, who, route, ABSENT).await;
            assert_eq!(foreign.status, absent.status, "{who} {route:?}");
            if FOREIGN.path(route) == ABSENT.path(route) {
                continue;
            }
            assert_eq!(told(&foreign, FOREIGN), told(&absent, ABSENT), "{who} {route:?}");
            if !matches!(route.right, Right::SignedIn) {
                assert_eq!(foreign.status.as_u16(), 403, "{who} {route:?}");
            }
        }
    }
}

#[tokio::test]
async fn security_reader_sees_findings_and_nothing_of_the_registry() {
    let estate = Estate::furnished().await;
    let findings = format!(
        "{}/providers/Microsoft.Security/subAssessments?api-version=2019-01-01-preview",
        OWN.registry()
    );
    let page = estate.get("security-reader", &findings).await.expect(200).body;
    assert!(page["value"].as_array().unwrap().len() > 2);
    let whole = format!("{}?api-version=2025-11-01", OWN.registry());
    estate.get("security-reader", &whole).await.expect(403);
    estate.get("puller", &findings).await.expect(403);
}

#[tokio::test]
async fn tokens_for_the_directory_open_nothing_else() {
    let estate = Estate::new().await;
    let with = |token: &str, path: &str| {
        let request = http::Request::builder().uri(path).header("authorization", format!("Bearer {token}"));
        request.body(axum::body::Body::empty()).unwrap()
    };
    let list = "/subscriptions?api-version=2022-12-01";
    estate.send(with("access-owner", list)).await.expect(200);
    estate.send(with("graph-access-owner", list)).await.expect(401);
    estate.send(with("graph-access-owner", "/graph/v1.0/users")).await.expect(200);
}
