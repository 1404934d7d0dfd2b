//! Findings over all images: `/api/findings`.

use super::error::{ApiError, Parameters};
use super::reference::Ground;
use super::view::{ExemptView, FindingView, Page};
use super::{ApiState, Caller, Route};
use access::Action;
use advisory::Severity;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use graph::documents::KnownRegistry;
use graph::rulebook::{OsName, Rulebook};
use jiff::Timestamp;
use oci::{Digest, RepositoryName};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use store::{
    Finding, FindingFilter, FindingKey, FindingVerdict, ImageKey, PackageVersionId, PageRequest, RegistryId,
    RepositoryKey,
};

pub(super) const LIST: Route = Route {
    method: Method::GET,
    path: "/api/findings",
    action: Some(Action::SUB_ASSESSMENT_READ),
    handler: || get(list),
};

const LONGEST_PAGE: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    repository: Option<String>,
    vulnerability: Option<String>,
    severity: Option<String>,
    exempt: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

async fn list(
    caller: Caller,
    State(state): State<ApiState>,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<FindingView>>, ApiError> {
    let ground = Ground::of(&caller, &state, Action::SUB_ASSESSMENT_READ).await?;
    let key = match query.repository.as_deref() {
        None => None,
        Some(name) => Some(ground.repository(&*state.store, name).await?),
    };
    let filter = FindingFilter {
        registries: Some(key.as_ref().map_or_else(|| ground.registries(), |key| vec![key.registry])),
        repository: key.map(|key| key.name),
        vulnerability: query.vulnerability,
        ..FindingFilter::default()
    };
    let wanted = Wanted {
        severity: query.severity.as_deref(),
        exempt: query.exempt.as_deref(),
        after: query.after.as_deref(),
        limit: query.limit,
    };
    page_of_findings(&state, filter, wanted).await
}

/// Which of the findings are wanted, in the words of a query.
pub(super) struct Wanted<'q> {
    pub(super) severity: Option<&'q str>,
    pub(super) exempt: Option<&'q str>,
    pub(super) after: Option<&'q str>,
    pub(super) limit: Option<usize>,
}

/// Whether findings are wanted that rules hide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exempt {
    Without,
    With,
    Only,
}

impl Exempt {
    fn parse(word: Option<&str>) -> Result<Self, ApiError> {
        match word {
            None | Some("exclude") => Ok(Self::Without),
            Some("include") => Ok(Self::With),
            Some("only") => Ok(Self::Only),
            Some(other) => Err(ApiError::Invalid(format!(
                "`exempt` cannot be `{other}`; there are exclude, include and only"
            ))),
        }
    }

    fn passes(self, is_hidden: bool) -> bool {
        match self {
            Self::Without => !is_hidden,
            Self::With => true,
            Self::Only => is_hidden,
        }
    }
}

/// A page of the findings that apply, at or above a severity. Those that rules hide are left out where they are not
/// wanted, so that a page may have fewer rows than it could.
pub(super) async fn page_of_findings(
    state: &ApiState,
    filter: FindingFilter,
    wanted: Wanted<'_>,
) -> Result<Json<Page<FindingView>>, ApiError> {
    let exempt = Exempt::parse(wanted.exempt)?;
    let filter = FindingFilter {
        severities: at_or_above(wanted.severity)?,
        verdicts: vec![FindingVerdict::Affected],
        ..filter
    };
    let after = wanted.after.map(Place::decode).transpose()?;
    let request = PageRequest { after, limit: wanted.limit.unwrap_or(100).min(LONGEST_PAGE) };
    let page = state.store.findings(&filter, request).await?;
    let next = page.next.as_ref().map(Place::encode);
    let book = Rulebook::load(&*state.store, Timestamp::now()).await?;
    let mut eyes = Eyes { state, book: &book, systems: HashMap::new(), registries: HashMap::new() };
    let mut value = Vec::with_capacity(page.items.len());
    for finding in &page.items {
        let hiding = eyes.hiding(finding).await?;
        if exempt.passes(hiding.is_some()) {
            let registry = eyes.elsewhere(finding.key.image.repository.registry);
            value.push(FindingView { exempt: hiding, registry, ..crate::judge::finding_view(finding) });
        }
    }
    Ok(Json(Page { value, next }))
}

/// Holds rules against findings, and looks up what they need once for each image.
struct Eyes<'a> {
    state: &'a ApiState,
    book: &'a Rulebook,
    systems: HashMap<Digest, Option<OsName>>,
    registries: HashMap<RegistryId, Option<KnownRegistry>>,
}

impl Eyes<'_> {
    /// The name of the registry of a finding that was looked at, if it is an attached one.
    fn elsewhere(&self, registry: RegistryId) -> Option<String> {
        let known = &self.registries.get(&registry)?.as_ref()?.registry;
        known.attached_to.map(|_| known.name.clone())
    }

    async fn hiding(&mut self, finding: &Finding) -> Result<Option<ExemptView>, ApiError> {
        let image = &finding.key.image;
        let registry = image.repository.registry;
        if !self.registries.contains_key(&registry) {
            let known = self.state.store.registry(registry).await?;
            self.registries.insert(registry, known.and_then(|known| KnownRegistry::new(known).ok()));
        }
        if self.book.needs_os() && !self.systems.contains_key(&image.digest) {
            let scanned = self.state.store.image(&image.digest).await?;
            let os = scanned.and_then(|scanned| OsName::of(&scanned.distribution));
            self.systems.insert(image.digest.clone(), os);
        }
        let Some(known) = self.registries.get(&registry).and_then(Option::as_ref) else { return Ok(None) };
        let os = self.systems.get(&image.digest).and_then(Option::as_ref);
        Ok(self.book.of_image(known, image).hides(finding, os).map(|rule| ExemptView {
            kind: rule.kind.to_string(),
            name: rule.name.clone(),
            scope: rule.scope.clone(),
            reason: rule.reason.clone(),
            author: rule.author.to_string(),
            expires_at: rule.expires_at,
        }))
    }
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
