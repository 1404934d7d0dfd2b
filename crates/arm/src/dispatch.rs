//! From a request to the route that answers it: the path is matched, the right is asked for, then the handler runs.

use crate::caller::Caller;
use crate::error::ArmError;
use crate::path::Path;
use crate::resources::{RESOURCES, Right, Route, management_lock};
use crate::{ArmState, DIRECTORY, directory, sign_in, throttle, version};
use access::{ResourceId, Trail};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use uuid::Uuid;

/// Bodies are a few settings; longer ones are refused unread.
const LONGEST_BODY: usize = 1 << 20;

/// What a handler gives back.
pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = Result<Response, ArmError>> + Send + 'a>>;

/// Answers one route.
pub(crate) type Handler = for<'a> fn(&'a ArmState, &'a Request) -> Answering<'a>;

/// A request that found its route, by somebody who may.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) caller: Caller,
    /// The caller's object id as text, for seals.
    pub(crate) subject: String,
    /// What the route speaks of: the resource id before its pattern.
    pub(crate) scope: ResourceId,
    /// The segments in the place of the names of the pattern.
    pub(crate) names: Vec<String>,
    /// The path as it was sent.
    pub(crate) path: String,
    /// The same in lower case.
    pub(crate) lower_path: String,
    query: BTreeMap<String, String>,
    pub(crate) body: Bytes,
}

impl Request {
    /// A parameter of the query. Names are compared without regard to case, as Azure does.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(&name.to_ascii_lowercase()).map(String::as_str)
    }

    /// The body, which must be an object in JSON.
    pub(crate) fn object(&self) -> Result<Value, ArmError> {
        match serde_json::from_slice(&self.body) {
            Ok(value @ Value::Object(_)) => Ok(value),
            Ok(_) | Err(_) => Err(ArmError::Invalid("The body must be an object in JSON.".into())),
        }
    }

    /// The name at a place of the pattern; empty if the pattern has fewer.
    pub(crate) fn name(&self, place: usize) -> &str {
        self.names.get(place).map_or("", String::as_str)
    }
}

/// Everything of Azure under one router: sign-in by its paths, and the resource manager for all paths that nothing
/// else answers, since its paths are no tree and have no case.
pub fn router(state: ArmState) -> Router {
    sign_in::routes().fallback(answer).with_state(state)
}

/// The headers by which a client and the server name one request, and those by which the client asks for its name back.
const REQUEST: HeaderName = HeaderName::from_static("x-ms-request-id");
const CORRELATION: HeaderName = HeaderName::from_static("x-ms-correlation-request-id");
const CLIENT: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const RETURN: HeaderName = HeaderName::from_static("x-ms-return-client-request-id");

async fn answer(State(state): State<ArmState>, request: axum::extract::Request) -> Response {
    let names = Names::of(request.headers());
    let mut left = None;
    let mut response = match respond(&state, request, &mut left).await {
        Ok(response) => response,
        Err(error) => error.answer(&format!("{}/{}", state.url, state.tenant())),
    };
    let headers = response.headers_mut();
    headers.extend(names.0);
    headers.extend(left);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The names of a request.
struct Names(Vec<(HeaderName, HeaderValue)>);

impl Names {
    /// The request's own, the one that joins it with others if the client says which, and the client's if it asks for it
    /// back. What is sent back is a GUID, or at least short and harmless.
    fn of(sent: &HeaderMap) -> Self {
        let own = Uuid::new_v4();
        let given = |name: &HeaderName| sent.get(name).and_then(|value| value.to_str().ok());
        let joined = given(&CORRELATION).and_then(|text| text.parse::<Uuid>().ok()).unwrap_or(own);
        let mut names = Vec::new();
        for (name, id) in [(REQUEST, own), (CORRELATION, joined)] {
            names.extend(HeaderValue::from_str(&id.to_string()).ok().map(|value| (name, value)));
        }
        let wants = given(&RETURN).is_some_and(|word| word.eq_ignore_ascii_case("true"));
        if let Some(value) = sent.get(CLIENT).filter(|value| wants && value.len() <= 128) {
            names.push((CLIENT, value.clone()));
        }
        Self(names)
    }
}

async fn respond(
    state: &ArmState,
    request: axum::extract::Request,
    left: &mut Option<(HeaderName, HeaderValue)>,
) -> Result<Response, ArmError> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let divided = Path::parse(&path).ok_or_else(|| ArmError::NoRoute(path.clone()))?;
    let (route, found) = find(&divided, &parts.method, &path)?;
    let address: Option<IpAddr> = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let (url, slashed, graph) = (&*state.url, format!("{}/", state.url), format!("{}/graph", state.url));
    let is_directory = matches!(route.pattern.get(..directory::PREFIX.len()), Some(directory::PREFIX));
    let audiences = if is_directory { [graph.as_str(), url] } else { [slashed.as_str(), url] };
    let caller = Caller::of(state, authorization(&parts.headers), address, &audiences).await?;
    if let Some(trail) = parts.extensions.get::<Trail>() {
        trail.identified(&caller.principal);
    }
    let query = parse_query(parts.uri.query().unwrap_or_default());
    if !is_directory {
        version::check(query.get("api-version").map(String::as_str), route.pattern)?;
    }
    let scope = scope(state, route, &found)?;
    if let Some(rates) = &state.rates {
        let who = caller.principal.id.to_string();
        *left = Some(throttle::admit(rates, &who, &parts.method, &scope, (state.clock)())?);
    }
    match route.right {
        Right::At(action) => caller.require(action, &scope)?,
        Right::On(action) => caller.require(action, &ResourceId::parse(&path)?)?,
        Right::Of(action) => {
            let resource = path.trim_end_matches('/').rsplit_once('/').map_or("", |(before, _)| before);
            caller.require(action, &ResourceId::parse(resource)?)?;
        }
        Right::Directory(right) => right.require(&caller)?,
        // The handler shows what the caller may see, and refuses where that is nothing.
        Right::SignedIn | Right::Within(_) => {}
    }
    if !is_directory {
        management_lock::hold(state, route, &divided.resource()).await?;
    }
    let body = to_bytes(body, LONGEST_BODY).await.map_err(|_| {
        ArmError::Invalid(format!(
            "The body cannot be read to its end, or has more than {LONGEST_BODY} bytes."
        ))
    })?;
    let lower_path = path.to_ascii_lowercase();
    let subject = caller.principal.id.to_string();
    let request = Request { caller, subject, scope, names: found.names, path, lower_path, query, body };
    (route.handler)(state, &request).await
}

fn find(path: &Path, method: &Method, text: &str) -> Result<(&'static Route, crate::path::Found), ArmError> {
    let mut is_known = false;
    let table = if is_below_graph(text) { DIRECTORY } else { RESOURCES };
    for route in table.iter().flat_map(|resource| resource.routes) {
        if let Some(found) = path.find(route.pattern) {
            if route.method == *method {
                return Ok((route, found));
            }
            is_known = true;
        }
    }
    Err(if is_known { ArmError::Method(text.to_owned()) } else { version::missing(text) })
}

/// Whether a path is one of the directory.
fn is_below_graph(path: &str) -> bool {
    let path = path.trim_start_matches('/');
    let prefix = directory::PREFIX.trim_start_matches('/');
    path.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// What the route speaks of. The root management group of a tenant stands for the tenant.
fn scope(state: &ArmState, route: &Route, found: &crate::path::Found) -> Result<ResourceId, ArmError> {
    if !route.pattern.starts_with("{scope}") {
        return match (route.pattern.starts_with("/subscriptions/{"), found.names.first()) {
            (true, Some(id)) => Ok(ResourceId::subscription_scope(id)?),
            _ => Ok(ResourceId::tenant()),
        };
    }
    let scope = found.scope()?;
    let group =
        scope.kind().filter(|kind| kind.eq_ignore_ascii_case("Microsoft.Management/managementGroups"));
    match (group, scope.name()) {
        (Some(_), Some(name)) if name.eq_ignore_ascii_case(&state.tenant().to_string()) => {
            Ok(ResourceId::tenant())
        }
        (Some(_), _) => Err(ArmError::ResourceNotFound(scope.to_string())),
        (None, _) => Ok(scope),
    }
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok())
}

/// The parameters, their names in lower case. Of several of one name, the last counts.
pub(crate) fn parse_query(query: &str) -> BTreeMap<String, String> {
    form_pairs(query).map(|(name, value)| (name.to_ascii_lowercase(), value)).collect()
}

/// The pairs of a form: `+` is a space, and percent signs are resolved; what cannot be resolved stays as it is.
pub(crate) fn form_pairs(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    crate::path::decode(&spaced).unwrap_or(spaced)
}

/// An answer without a body.
pub(crate) fn empty(status: http::StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_no_case_and_are_resolved() {
        let query =
            parse_query("API-Version=2021-06-01&$filter=name%20eq+'a%2Bb'&$skiptoken=x&empty&bad=%zz");
        assert_eq!(query["api-version"], "2021-06-01");
        assert_eq!(query["$filter"], "name eq 'a+b'");
        assert_eq!((&*query["empty"], &*query["bad"]), ("", "%zz"));
    }
}
