//! One image: the verdict, the recommendation, and each finding with its evidence.

use crate::frame::{digest as short, frame, severity, state as badge};
use crate::overview::elsewhere;
use crate::session::{Visitor, ids};
use crate::{Page, PageError, PortalState};
use access::Action;
use axum::extract::{Path, Query, State};
use axum::routing::{MethodRouter, get};
use graph::documents::KnownRegistry;
use graph::rulebook::{OsName, Rulebook, sentence};
use jiff::Timestamp;
use maud::{Markup, html};
use oci::{Reference, RepositoryName};
use serde::Deserialize;
use store::{
    Finding, FindingFilter, ImageKey, ImageSummary, PageRequest, Registry, RegistryId, RepositoryKey,
    ScannedImage, VexReading,
};

pub(crate) const PAGE: Page =
    Page { path: "/portal/images/{*image}", action: Some(Action::SUB_ASSESSMENT_READ), handler };

/// More findings than this of one image nobody reads on a page.
const ROWS: usize = 2000;

fn handler() -> MethodRouter<PortalState> {
    get(image)
}

/// In which registry an image is: the same may be in several.
#[derive(Deserialize)]
struct Which {
    registry: Option<String>,
}

async fn image(
    visitor: Visitor,
    State(state): State<PortalState>,
    Path(path): Path<String>,
    Query(which): Query<Which>,
) -> Result<Markup, PageError> {
    let mut allowed = visitor.registries(&state, Action::SUB_ASSESSMENT_READ).await?;
    if let Some(name) = which.registry.as_deref().filter(|name| !name.is_empty()) {
        allowed.retain(|registry| registry.name.eq_ignore_ascii_case(name));
    }
    let unknown = || PageError::NotFound("such image".into());
    let (name, wanted) = reference(&path).ok_or_else(unknown)?;
    let summary = find(&state, ids(&allowed), &name, &wanted).await?.ok_or_else(unknown)?;
    let digest = summary.image.digest.clone();
    let filter = FindingFilter::affecting(&summary.image);
    let page = state.store.findings(&filter, PageRequest::first(ROWS)).await?;
    let scanned = state.store.image(&digest).await?;
    let os = scanned.as_ref().and_then(|scanned| OsName::of(&scanned.distribution));
    let book = Rulebook::load(&*state.store, Timestamp::now()).await?;
    let registry = allowed.iter().find(|registry| registry.id == summary.image.repository.registry);
    let known = registry.and_then(|registry| KnownRegistry::new(registry.clone()).ok());
    let rules = known.map(|known| book.of_image(&known, &summary.image)).unwrap_or_default();
    let hiding = |finding: &Finding| rules.hides(finding, os.as_ref()).map(sentence);
    let mut findings: Vec<Shown> =
        page.items.into_iter().map(|finding| (hiding(&finding), finding)).collect();
    // What counts stands first.
    findings.sort_by(|(one_hidden, one), (other_hidden, other)| {
        let by_rule = one_hidden.is_some().cmp(&other_hidden.is_some());
        by_rule.then(rank(other).total_cmp(&rank(one)))
    });
    let name_of =
        |scanned: &ScannedImage| Some(scanned.distribution.get("pretty_name")?.as_str()?.to_owned());
    let distribution = scanned.as_ref().and_then(name_of);
    let packages = state.store.image_packages(&digest).await?.len();
    let there = place(&state, &summary, registry).await?;
    let attached = documents(&state.store.vex(&summary.image).await?);
    let body = html! {
        section {
            (head(&summary, distribution.as_deref(), packages, registry.map_or("", |registry| &registry.name)))
            (there)
        }
        (attached)
        @if !findings.is_empty() {
            section {
                h1 { "Findings" }
                div.scroll { (table(&findings)) }
                @if page.next.is_some() { p.faint { "Only the first " (ROWS) " findings are shown." } }
            }
        }
    };
    Ok(frame(name.as_str(), Some(visitor.name()), &body))
}

/// When an image elsewhere was last seen as it stands here. The verdict speaks of then.
fn seen(sight: Option<store::Sight>) -> Markup {
    let sight = sight.unwrap_or_default();
    html! {
        p.faint {
            @match sight.seen_at {
                Some(at) => { "Last seen there " (at.strftime("%Y-%m-%d %H:%M:%S UTC")) "." }
                None => { "Not yet seen there as a whole." }
            }
            @if let Some((at, why)) = &sight.failure {
                " It could not be looked at since, last " (at.strftime("%Y-%m-%d %H:%M:%S UTC")) ": " (why)
            }
        }
    }
}

/// The first of these registries that has the image.
async fn find(
    state: &PortalState,
    registries: Vec<RegistryId>,
    name: &RepositoryName,
    wanted: &Reference,
) -> Result<Option<ImageSummary>, PageError> {
    for registry in registries {
        let repository = RepositoryKey { registry, name: name.clone() };
        let digest = match wanted {
            Reference::Digest(digest) => digest.clone(),
            Reference::Tag(tag) => match state.store.resolve_tag(&repository, tag).await? {
                Some(digest) => digest,
                None => continue,
            },
        };
        let found = state.store.summary(&ImageKey { repository, digest }).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Where an image is that is not here; nothing for one that is.
async fn place(
    state: &PortalState,
    summary: &ImageSummary,
    registry: Option<&Registry>,
) -> Result<Markup, PageError> {
    let Some(there) = registry.and_then(elsewhere) else { return Ok(html! {}) };
    let repository = state.store.attached_repository(&summary.image.repository).await?;
    Ok(html! {
        p { "External: " (there) ". It is not kept here." }
        (seen(repository.map(|repository| repository.sight)))
    })
}

/// What a path names: `REPOSITORY@DIGEST` or `REPOSITORY:TAG`.
fn reference(path: &str) -> Option<(RepositoryName, Reference)> {
    if let Some((name, digest)) = path.rsplit_once('@') {
        return Some((name.parse().ok()?, Reference::Digest(digest.parse().ok()?)));
    }
    let (name, tag) = path.rsplit_once(':')?;
    Some((name.parse().ok()?, Reference::Tag(tag.parse().ok()?)))
}

/// By score, and where there is none by the word.
fn rank(finding: &Finding) -> f64 {
    let word = match &*finding.vulnerability.severity {
        "Critical" => 9.0,
        "High" => 7.0,
        "Medium" => 4.0,
        "Low" => 1.0,
        _ => 0.0,
    };
    finding.vulnerability.score.unwrap_or(word)
}

fn head(summary: &ImageSummary, distribution: Option<&str>, packages: usize, registry: &str) -> Markup {
    let same = format!("?registry={}", crate::frame::encode(registry));
    let digest = summary.image.digest.to_string();
    html! {
        h1 { (summary.image.repository.name) " " (badge(summary.state.as_str())) }
        @if let Some(cause) = &summary.cause { p { (cause.sentence) } }
        dl {
            dt { "Digest" } dd { code { (digest) } }
            @if let Some(platform) = &summary.platform { dt { "Platform" } dd { (platform) } }
            @if let Some(distribution) = distribution { dt { "Distribution" } dd { (distribution) } }
            dt { "Packages" } dd { (packages) }
            dt { "First seen" } dd { (summary.first_seen.strftime("%Y-%m-%d %H:%M:%S UTC")) }
            @if let Some(at) = summary.assessed_at { dt { "Assessed" } dd { (at.strftime("%Y-%m-%d %H:%M:%S UTC")) } }
            @if let Some(snapshot) = &summary.snapshot { dt { "Advisories" } dd { code { (snapshot.0) } } }
        }
        @if !summary.children.is_empty() {
            h2 { "Images of this index" }
            ul { @for child in &summary.children {
                li { a href={ "/portal/images/" (crate::frame::encode(summary.image.repository.name.as_str())) "@" (child) (same) } { (child) } }
            } }
        }
    }
}

/// The documents about its vulnerabilities that are attached to an image.
fn documents(attached: &[VexReading]) -> Markup {
    if attached.is_empty() {
        return html! {};
    }
    html! { section {
        h1 { "Attached VEX documents" }
        table {
            thead { tr { th { "Document" } th { "Believed" } th { "Says" } } }
            tbody {
                @for reading in attached {
                    tr {
                        td { (reading.form) br; code.faint { (short(&reading.document.to_string())) } }
                        td {
                            @if let Some(signer) = &reading.signer { "Signed by " b { (signer) } } @else { "No" }
                            @if !reading.remark.is_empty() { br; span.faint { (reading.remark) } }
                        }
                        td { (reading.statements.len()) " statements" }
                    }
                }
            }
        }
    } }
}

/// A finding, and why it does not count if it does not.
type Shown = (Option<String>, Finding);

fn table(findings: &[Shown]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Severity" } th scope="col" { "Vulnerability" }
                th scope="col" { "Package" } th scope="col" { "How to fix it" }
            } }
            tbody {
                @for (hidden, finding) in findings {
                    @let record = &finding.vulnerability.record;
                    tr {
                        td {
                            (severity(&finding.vulnerability.severity))
                            @if let Some(score) = finding.vulnerability.score { " " span.faint { (format!("{score:.1}")) } }
                        }
                        td.text {
                            b { (finding.vulnerability.id) }
                            @if let Some(why) = hidden { br; span.faint { "Does not count. " (why) } }
                            @if let Some(title) = record.get("title").and_then(|title| title.as_str()) { br; (title) }
                            @if let Some(text) = finding.evidence.get("rule").and_then(|rule| rule.as_str()) {
                                br; span.faint { (text) }
                            }
                        }
                        td {
                            (finding.package.name) " " code { (finding.package.version) }
                            br; span.faint { "/" (finding.path) " in layer " (short(&finding.layer.to_string())) }
                            @if finding.origin.inherited == Some(true) { span.faint { " of the base image" } }
                            @if let Some(step) = &finding.origin.step { br; code.faint { (step) } }
                        }
                        td {
                            @if let Some(fixed) = &finding.fixed { "Fixed in " code { (fixed) } br; }
                            @if let Some(how) = finding.evidence.get("remediation").and_then(|how| how.as_str()) {
                                @if finding.fixed.is_some() { code { (how) } } @else { span.faint { (how) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
