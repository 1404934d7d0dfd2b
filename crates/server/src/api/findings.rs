//! Findings over all images: `/api/findings`.

use super::error::ApiError;
use super::view::{FindingView, Page};
use super::{ApiState, Caller, Route};
use access::Action;
use advisory::Severity;
use axum::Json;
use axum::extract::{Query, State};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oci::{Digest, RepositoryName};
use serde::{Deserialize, Serialize};
use store::{
    FindingFilter, FindingKey, FindingVerdict, ImageKey, PackageVersionId, PageRequest, RegistryId,
    RepositoryKey,
};

pub(super) const LIST: Route =
    Route { path: "/api/findings", action: Some(Action::SUB_ASSESSMENT_READ), handler: || get(list) };

const LONGEST_PAGE: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    repository: Option<String>,
    vulnerability: Option<String>,
    severity: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

async fn list(
    caller: Caller,
    State(state): State<ApiState>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<FindingView>>, ApiError> {
    let registry = caller.default_registry(&state, Action::SUB_ASSESSMENT_READ).await?;
    let repository = match query.repository.as_deref() {
        None => None,
        Some(name) => {
            Some(name.parse().map_err(|error: oci::NameError| ApiError::Invalid(error.to_string()))?)
        }
    };
    let filter = FindingFilter {
        registries: Some(vec![registry]),
        repository,
        vulnerability: query.vulnerability,
        ..FindingFilter::default()
    };
    page_of_findings(&state, filter, query.severity.as_deref(), query.after.as_deref(), query.limit).await
}

/// A page of the findings that apply, at or above a severity.
pub(super) async fn page_of_findings(
    state: &ApiState,
    filter: FindingFilter,
    severity: Option<&str>,
    after: Option<&str>,
    limit: Option<usize>,
) -> Result<Json<Page<FindingView>>, ApiError> {
    let filter = FindingFilter {
        severities: at_or_above(severity)?,
        verdicts: vec![FindingVerdict::Affected],
        ..filter
    };
    let after = after.map(Place::decode).transpose()?;
    let request = PageRequest { after, limit: limit.unwrap_or(100).min(LONGEST_PAGE) };
    let page = state.store.findings(&filter, request).await?;
    let next = page.next.as_ref().map(Place::encode);
    Ok(Json(Page { value: page.items.iter().map(crate::judge::finding_view).collect(), next }))
}

/// The words of this severity and of all that are worse.
fn at_or_above(severity: Option<&str>) -> Result<Vec<String>, ApiError> {
    let Some(word) = severity else { return Ok(Vec::new()) };
    let least: Severity = crate::judge::severity(word).ok_or_else(|| {
        ApiError::Invalid(format!("`{word}` is no severity; there are low, medium, high and critical"))
    })?;
    let all = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    Ok(all.into_iter().filter(|severity| *severity >= least).map(|severity| severity.to_string()).collect())
}

/// The place after which the next page begins. It is no secret, and changing it shows nothing that the caller may
/// not see: rights are in the filter.
#[derive(Serialize, Deserialize)]
struct Place {
    registry: i64,
    repository: RepositoryName,
    digest: Digest,
    vulnerability: String,
    package_version: i64,
    place: i64,
}

impl Place {
    fn encode(key: &FindingKey) -> String {
        let place = Self {
            registry: key.image.repository.registry.0,
            repository: key.image.repository.name.clone(),
            digest: key.image.digest.clone(),
            vulnerability: key.vulnerability.clone(),
            package_version: key.package_version.0,
            place: key.place,
        };
        let json = serde_json::to_vec(&place).expect("a place has only strings and numbers");
        URL_SAFE_NO_PAD.encode(json)
    }

    fn decode(text: &str) -> Result<FindingKey, ApiError> {
        let place: Self = URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(|| ApiError::Invalid("`after` is not what `next` of the page before said".into()))?;
        Ok(FindingKey {
            image: ImageKey {
                repository: RepositoryKey { registry: RegistryId(place.registry), name: place.repository },
                digest: place.digest,
            },
            vulnerability: place.vulnerability,
            package_version: PackageVersionId(place.package_version),
            place: place.place,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_severity_means_itself_and_worse() {
        assert_eq!(at_or_above(Some("high")).unwrap(), ["High", "Critical"]);
        assert!(at_or_above(Some("awful")).is_err());
        assert!(at_or_above(None).unwrap().is_empty());
    }

    #[test]
    fn a_place_reads_its_own_writing() {
        let key = FindingKey {
            image: ImageKey {
                repository: RepositoryKey { registry: RegistryId(1), name: "team/app".parse().unwrap() },
                digest: Digest::of_sha256(b"x"),
            },
            vulnerability: "CVE-2021-28831".into(),
            package_version: PackageVersionId(7),
            place: 2,
        };
        assert_eq!(Place::decode(&Place::encode(&key)).unwrap(), key);
        assert!(Place::decode("nonsense!").is_err());
    }
}
