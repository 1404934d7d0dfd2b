//! The audit log, written in one place around all faces: what was asked for, by whom, from where, with what result.
//!
//! Everything that may change something is written down, also where it was refused; what is not is listed in
//! [`UNRECORDED`] with the reason. Reading changes nothing and is not written down. A failed sign-in is, whatever it was
//! for: that is done where passwords are compared.
//!
//! An entry is durable before the answer is sent.

use access::Trail;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use std::net::SocketAddr;
use std::sync::Arc;
use store::{NewAuditEntry, Store};
use uuid::Uuid;

/// What changes nothing although its method could, or is written down elsewhere.
pub struct Unrecorded {
    /// The method; none for all.
    pub method: Option<Method>,
    /// How the path begins.
    pub prefix: &'static str,
    /// What else the path must hold.
    pub part: &'static str,
    /// Why.
    pub why: &'static str,
}

/// All of them.
pub const UNRECORDED: &[Unrecorded] = &[
    Unrecorded {
        method: None,
        prefix: "/v2/",
        part: "/blobs/uploads",
        why: "a layer on its way changes nothing that anybody sees; its manifest does, and is written down",
    },
    Unrecorded {
        method: Some(Method::POST),
        prefix: "/oauth2/",
        part: "",
        why: "a token is made, and failed sign-ins are written down where passwords are compared",
    },
    Unrecorded {
        method: Some(Method::POST),
        prefix: "/",
        part: "/oauth2/",
        why: "the same at the sign-in endpoints of Azure",
    },
    Unrecorded {
        method: Some(Method::POST),
        prefix: "/api/notifications/",
        part: "",
        why: "it only says that something may have changed elsewhere; what has is found there, and told in history",
    },
    Unrecorded {
        method: Some(Method::POST),
        prefix: "/providers/microsoft.resourcegraph/",
        part: "",
        why: "a query",
    },
];

/// Longer paths and program names are cut: the log is for people.
const LONGEST: usize = 2000;

/// Whether a request is written down.
pub fn is_recorded(method: &Method, path: &str) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE) {
        return false;
    }
    // Some clients write two slashes where one ends and the next begins, and paths of Azure have no case.
    let path = path.replace("//", "/").to_ascii_lowercase();
    !UNRECORDED.iter().any(|one| {
        one.method.as_ref().is_none_or(|wanted| wanted == method)
            && path.starts_with(one.prefix)
            && path.contains(one.part)
    })
}

/// The layer around all faces.
pub(crate) async fn record(
    State(store): State<Arc<dyn Store>>,
    mut request: Request,
    next: Next,
) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if !is_recorded(&method, &path) {
        return next.run(request).await;
    }
    let trail = Trail::default();
    request.extensions_mut().insert(trail.clone());
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string());
    let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let agent = agent.map(cut);
    let response = next.run(request).await;
    let given = response.headers().get("x-ms-request-id").and_then(|id| id.to_str().ok());
    let asker = trail.asker();
    let entry = NewAuditEntry {
        at: Timestamp::now(),
        actor: asker.as_ref().map(|asker| asker.name.clone()),
        actor_id: asker.map(|asker| asker.id),
        address,
        face: face(&path).to_owned(),
        method: method.to_string(),
        resource: cut(&path),
        status: response.status().as_u16(),
        request: given.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned),
        agent,
        detail: None,
    };
    if let Err(error) = store.append_audit(entry).await {
        // What was asked for is done, and saying otherwise would be a lie.
        tracing::error!(%error, %method, path, "the audit log could not be written");
    }
    response
}

/// Writes a failed sign-in down.
pub(crate) async fn record_failed_sign_in(
    store: &dyn Store,
    name: &str,
    address: Option<std::net::IpAddr>,
    at: Timestamp,
) {
    let entry = NewAuditEntry {
        at,
        actor: Some(cut(name)),
        actor_id: None,
        address: address.map(|address| address.to_string()),
        face: "sign-in".to_owned(),
        method: "POST".to_owned(),
        resource: "/sign-in".to_owned(),
        status: 401,
        request: Uuid::new_v4().to_string(),
        agent: None,
        detail: Some("name or password is wrong".to_owned()),
    };
    if let Err(error) = store.append_audit(entry).await {
        tracing::error!(%error, "the audit log could not be written");
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// Which face a path belongs to.
pub(crate) fn face(path: &str) -> &'static str {
    let is = |prefix: &str| path.starts_with(prefix);
    match () {
        () if is("/v2") || is("/acr/") || is("/oauth2/") => "registry",
        () if is("/api/") => "api",
        () if is("/portal") => "portal",
        () if is("/graph/") => "directory",
        () => "arm",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::any;
    use store::{AuditFilter, PageRequest, SqliteStore};
    use tower::ServiceExt;

    /// A path as a pattern of any face writes it, with names in the place of what stands in braces.
    fn filled(pattern: &str) -> String {
        let scope = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r";
        let pattern = pattern.replacen("{scope}", scope, 1);
        let segments = pattern.split('/').map(|part| if part.starts_with('{') { "name" } else { part });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Each route that may change something is written down, or stands here with its reason above.
    #[test]
    fn what_may_change_something_is_written_down() {
        let mut silent = Vec::new();
        let arm = arm::RESOURCES.iter().chain(arm::DIRECTORY).flat_map(|resource| resource.routes);
        let mut routes: Vec<(Method, String)> =
            arm.map(|route| (route.method.clone(), filled(route.pattern))).collect();
        for route in crate::api::ROUTES {
            routes.push((route.method.clone(), filled(route.path)));
        }
        for page in portal::PAGES {
            routes.push((Method::POST, filled(page.path)));
        }
        for route in registry::ROUTES {
            let part = match format!("{:?}", route.endpoint).as_str() {
                "Uploads" => "blobs/uploads/".to_owned(),
                "Upload" => "blobs/uploads/0".to_owned(),
                other => other.to_owned(),
            };
            routes.push((route.method.clone(), format!("/v2/app/{part}")));
        }
        for (method, path) in routes {
            let reads = [Method::GET, Method::HEAD].contains(&method);
            if !reads && !is_recorded(&method, &path) {
                silent.push(format!("{method} {path}"));
            }
        }
        silent.sort();
        expect_test::expect![[r#"
            DELETE /v2/app/blobs/uploads/0
            PATCH /v2/app/blobs/uploads/0
            POST /api/notifications/name
            POST /providers/Microsoft.ResourceGraph/resources
            POST /providers/Microsoft.ResourceGraph/resourcesHistory
            POST /v2/app/blobs/uploads/
            PUT /v2/app/blobs/uploads/0"#]]
        .assert_eq(&silent.join("\n"));
    }

    #[tokio::test]
    async fn an_entry_is_there_before_the_answer() {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&folder.path().join("records.sqlite")).unwrap());
        let answer = |request: Request| async move {
            let trail = request.extensions().get::<Trail>().cloned();
            if let Some(trail) = trail {
                trail.identified(&access::Principal {
                    id: Uuid::nil(),
                    name: "alice".into(),
                    kind: access::PrincipalKind::User,
                });
            }
            http::StatusCode::FORBIDDEN
        };
        let router = Router::new().fallback(any(answer)).layer(from_fn_with_state(store.clone(), record));
        for (method, uri) in [
            ("PUT", "/subscriptions/s?secret=1"),
            ("GET", "/subscriptions/s"),
            ("DELETE", "/v2/app/manifests/1"),
            ("PATCH", "/v2/app/blobs/uploads/1"),
        ] {
            let request = Request::builder().method(method).uri(uri).header("user-agent", "test");
            router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        }
        let page = store.audit(&AuditFilter::default(), PageRequest::first(10)).await.unwrap();
        let lines: Vec<String> = page
            .items
            .iter()
            .map(|one| {
                let entry = &one.entry;
                let actor = entry.actor.as_deref().unwrap_or_default();
                format!("{actor} {} {} {} {}", entry.face, entry.method, entry.resource, entry.status)
            })
            .collect();
        assert_eq!(
            lines,
            ["alice arm PUT /subscriptions/s 403", "alice registry DELETE /v2/app/manifests/1 403"]
        );
    }
}
