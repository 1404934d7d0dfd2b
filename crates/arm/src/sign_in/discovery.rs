//! Where everything is: the cloud's endpoints (as `az cloud register` reads them), OpenID Connect discovery, and keys.

use super::is_tenant;
use crate::ArmState;
use crate::dispatch::parse_query;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

/// `GET /metadata/endpoints`. The document is an object since 2022, and was a list of clouds before.
pub(super) async fn cloud(State(state): State<ArmState>, RawQuery(query): RawQuery) -> Json<Value> {
    let url = &*state.url;
    let document = json!({
        "name": "Lazaretto",
        "portal": format!("{url}/portal"),
        "resourceManager": url,
        "authentication": {
            "loginEndpoint": url,
            "audiences": [url],
            "tenant": state.tenant().to_string(),
            "identityProvider": "AAD",
        },
        "graphAudience": format!("{url}/graph"),
        "microsoftGraphResourceId": format!("{url}/graph"),
        "suffixes": {"acrLoginServer": &*state.registry_suffix},
    });
    let version = parse_query(query.as_deref().unwrap_or_default());
    let version = version.get("api-version").map_or("", String::as_str);
    // Dates of this form are in the order of their texts.
    Json(if version < "2022" { json!([document]) } else { document })
}

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`.
pub(super) async fn configuration(State(state): State<ArmState>, Path(tenant): Path<String>) -> Response {
    if !is_tenant(&state, &tenant) {
        return unknown_tenant(&tenant);
    }
    let base = format!("{}/{tenant}", state.url);
    Json(json!({
        "issuer": &*state.issuer,
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": [
            "authorization_code",
            "client_credentials",
            "password",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
        "scopes_supported": ["openid", "profile", "offline_access"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "nbf", "oid", "tid", "preferred_username", "name", "nonce",
        ],
    }))
    .into_response()
}

/// `GET /common/discovery/instance`: which authority to trust; clients ask before they send a secret.
pub(super) async fn instance(State(state): State<ArmState>, Path(tenant): Path<String>) -> Response {
    if !is_tenant(&state, &tenant) {
        return unknown_tenant(&tenant);
    }
    let host = state.url.split_once("://").map_or(&*state.url, |(_, host)| host);
    Json(json!({
        "tenant_discovery_endpoint":
            format!("{}/{}/v2.0/.well-known/openid-configuration", state.url, state.tenant()),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }))
    .into_response()
}

/// `GET /{tenant}/discovery/v2.0/keys`.
pub(super) async fn keys(State(state): State<ArmState>, Path(tenant): Path<String>) -> Response {
    if !is_tenant(&state, &tenant) {
        return unknown_tenant(&tenant);
    }
    Json(state.entrance.jwks()).into_response()
}

pub(super) fn unknown_tenant(tenant: &str) -> Response {
    let description = format!(
        "AADSTS90002: Tenant '{}' not found. Check that the tenant id is the one that the server printed.",
        tenant.chars().take(80).collect::<String>()
    );
    let body = json!({"error": "invalid_tenant", "error_description": description});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
