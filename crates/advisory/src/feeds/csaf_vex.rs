//! CSAF VEX of Red Hat and SUSE: <https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>,
//! <https://security.access.redhat.com/data/csaf/v2/vex/>, <https://ftp.suse.com/pub/projects/security/csaf-vex/>.
//!
//! One document is one vulnerability. A tree of products and a list of relationships say what a product identifier means:
//! a component of a release, or a component of a module stream of a release. Then each status lists products.
//!
//! * `fixed`, `first_fixed`, `recommended`: the version in the product is fixed. Of several versions of one package the
//!   first counts, because each is said to be fixed; of versions of module streams that are not told apart the
//!   last counts.
//! * `known_affected`: no version is fixed; the remediation says whether one will be.
//! * `known_not_affected` without a version: never affected. With a version it says no more than silence does.
//! * `under_investigation`: not known.
//!
//! Where a document speaks of a package in module streams and outside of them, what it says of the one is not said of the
//! others.
//!
//! Surprises: Red Hat names unfixed components by the source package and fixed ones by each binary package; both kinds
//! have documents of several megabytes for the kernel; SUSE's oldest documents have no products at all.

use super::{Emit, Feed, FeedError, Record, Skip, broken, shows};
use crate::advisory::{OF_NO_MODULE, instant};
use crate::{Advisory, AdvisoryId, AffectedPackage, Extent, FixState, Rating, Reference};
use inventory::version::{VersionKey, scheme_of};
use std::collections::{BTreeMap, BTreeSet};

mod document;
mod product;

use document::{Document, Status, Vulnerability};
use product::{Component, Product, Products, Publisher};

/// CSAF VEX of vendors.
pub(super) const FEED: Feed = Feed { name: "csaf_vex", recognise, parse };

fn recognise(_name: &str, head: &[u8]) -> bool {
    shows(head, "\"csaf_vex\"") || shows(head, "\"csaf_version\"")
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    let document: Document = serde_json::from_slice(document).map_err(broken(FEED.name))?;
    let namespace = &document.document.publisher.namespace;
    let publisher = Publisher::of(namespace).ok_or_else(|| FeedError {
        feed: FEED.name,
        why: format!("its publisher {namespace:?} is not one whose products are known"),
    })?;
    let products = Products::of(&document.product_tree);
    for vulnerability in &document.vulnerabilities {
        let record = advisory(publisher, &document, &products, vulnerability);
        let place = vulnerability.cve.clone().unwrap_or_default();
        emit(record.map(|read| Record::Advisory(Box::new(read))).map_err(|why| Skip { place, why }));
    }
    if document.vulnerabilities.is_empty() {
        // A vulnerability that concerns none of the vendor's products; its document says no more than that it exists.
        let id = &document.document.tracking.id;
        let read = AdvisoryId::new(format!("{}-{id}", publisher.prefix())).map(Advisory::new);
        emit(
            read.map(|read| Record::Advisory(Box::new(read)))
                .map_err(|error| Skip { place: id.clone(), why: error.to_string() }),
        );
    }
    Ok(())
}

fn advisory(
    publisher: Publisher,
    document: &Document,
    products: &Products<'_>,
    vulnerability: &Vulnerability,
) -> Result<Advisory, String> {
    let cve = vulnerability.cve.as_deref().unwrap_or(&document.document.tracking.id);
    let id = AdvisoryId::new(format!("{}-{cve}", publisher.prefix())).map_err(|error| error.to_string())?;
    let mut advisory = Advisory::new(id);
    advisory.upstream.push(cve.to_owned());
    advisory.summary = vulnerability.title.clone().unwrap_or_default();
    let description = vulnerability.notes.iter().find(|note| note.category == "description");
    advisory.details = description.map(|note| note.text.clone()).unwrap_or_default();
    let tracking = &document.document.tracking;
    let released = vulnerability.release_date.as_deref().unwrap_or(&tracking.initial_release_date);
    (advisory.published, advisory.modified) = (instant(released), instant(&tracking.current_release_date));
    advisory.references = references(vulnerability);
    let name = publisher.name();
    let vectors = vulnerability.scores.iter().filter_map(|score| score.vector());
    for rating in vectors.filter_map(|vector| Rating::from_vector(vector, name)) {
        if !advisory.ratings.contains(&rating) {
            advisory.ratings.push(rating);
        }
    }
    let general =
        vulnerability.threats.iter().find(|threat| threat.is_impact() && threat.product_ids.is_empty());
    advisory.ratings.extend(general.and_then(|threat| Rating::from_word(&threat.details, name)));
    advisory.affected = affected(publisher, products, vulnerability);
    Ok(advisory)
}

fn references(vulnerability: &Vulnerability) -> Vec<Reference> {
    let links = vulnerability.references.iter().map(|link| ("WEB", &link.url));
    // The errata are told once for each package; they are few.
    let errata: BTreeSet<&String> = vulnerability
        .remediations
        .iter()
        .filter(|remediation| remediation.category == "vendor_fix")
        .filter_map(|remediation| remediation.url.as_ref())
        .collect();
    links
        .chain(errata.into_iter().map(|url| ("ADVISORY", url)))
        .map(|(kind, url)| Reference { kind: kind.to_owned(), url: url.clone() })
        .collect()
}

/// A package of a release, as statements are collected about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    ecosystem: inventory::Ecosystem,
    name: String,
    module: Option<String>,
    is_source: bool,
}

/// What is said about a package of a release.
#[derive(Debug, Default)]
struct Said {
    fixed: Vec<String>,
    is_affected: bool,
    is_never: bool,
    is_investigated: bool,
    fix_state: Option<FixState>,
    impact: Option<String>,
    needs_subscription: bool,
}

fn affected(
    publisher: Publisher,
    products: &Products<'_>,
    vulnerability: &Vulnerability,
) -> Vec<AffectedPackage> {
    let states = fix_states(vulnerability);
    let impacts: BTreeMap<&str, &str> = vulnerability
        .threats
        .iter()
        .filter(|threat| threat.is_impact())
        .flat_map(|threat| threat.product_ids.iter().map(|id| (&**id, &*threat.details)))
        .collect();
    let mut subjects: BTreeMap<Subject, Said> = BTreeMap::new();
    for (status, ids) in vulnerability.product_status.lists() {
        for id in ids {
            let Some(Product { release, component }) = products.resolve(publisher, id) else { continue };
            for subject in subjects_of(&release.release, &component) {
                let said = subjects.entry(subject).or_default();
                said.hear(status, &component);
                said.needs_subscription |= release.needs_subscription;
                said.fix_state = said.fix_state.or_else(|| states.get(&**id).copied());
                said.impact =
                    said.impact.take().or_else(|| impacts.get(&**id).map(|word| (*word).to_owned()));
            }
        }
    }
    let of_modules: BTreeSet<_> = subjects
        .keys()
        .filter(|subject| subject.module.is_some())
        .map(|subject| (subject.ecosystem.clone(), subject.name.clone()))
        .collect();
    let conclude = |(mut subject, said): (Subject, Said)| {
        let is_told_apart = of_modules.contains(&(subject.ecosystem.clone(), subject.name.clone()));
        if is_told_apart && subject.module.is_none() && !said.is_of_module() {
            subject.module = Some(OF_NO_MODULE.to_owned());
        }
        said.conclude(publisher, subject)
    };
    subjects.into_iter().filter_map(conclude).collect()
}

/// A component without a version is named by its source package, which may have a binary package of the same name.
fn subjects_of(ecosystem: &inventory::Ecosystem, component: &Component) -> Vec<Subject> {
    let subject = |is_source| Subject {
        ecosystem: ecosystem.clone(),
        name: component.name.clone(),
        module: component.module.clone(),
        is_source,
    };
    match (&component.version, component.is_source) {
        (None, _) => vec![subject(false), subject(true)],
        (Some(_), is_source) => vec![subject(is_source)],
    }
}

impl Said {
    fn hear(&mut self, status: Status, component: &Component) {
        match (status, &component.version) {
            (Status::Fixed, Some(version)) => self.fixed.push(version.clone()),
            // Fixed, and in which version is not said: nothing can be compared.
            (Status::Fixed, None) | (Status::UnderInvestigation, _) => self.is_investigated = true,
            (Status::Affected, _) => self.is_affected = true,
            (Status::NotAffected, None) => self.is_never = true,
            (Status::NotAffected, Some(_)) => {}
        }
    }

    fn conclude(self, publisher: Publisher, subject: Subject) -> Option<AffectedPackage> {
        let fixed = self.fixed_version(&subject);
        let extent = if let Some(fixed) = fixed {
            Extent::before(fixed)
        } else if self.is_affected {
            Extent::every_version()
        } else if self.is_investigated {
            Extent::Unknown { why: "the vendor is still investigating".to_owned() }
        } else if self.is_never {
            Extent::Never
        } else {
            return None;
        };
        let has_fix = matches!(&extent, Extent::Versions { .. }) && !self.fixed.is_empty();
        let fix_state = match (has_fix, self.needs_subscription) {
            (true, true) => Some(FixState::Subscription),
            (true, false) => None,
            (false, _) => self.fix_state,
        };
        let rating = self.impact.and_then(|word| Rating::from_word(&word, publisher.name()));
        Some(AffectedPackage {
            ratings: rating.into_iter().collect(),
            fix_state,
            module: subject.module,
            architectures: if subject.is_source { vec!["src".to_owned()] } else { Vec::new() },
            ..AffectedPackage::new(subject.ecosystem, subject.name, extent)
        })
    }

    /// Whether a version says by itself that it is one of a module stream, whichever.
    fn is_of_module(&self) -> bool {
        self.fixed.iter().any(|version| version.contains(".module"))
    }

    fn fixed_version(&self, subject: &Subject) -> Option<&String> {
        let key = |version: &&String| -> Option<VersionKey> {
            scheme_of(&subject.ecosystem).and_then(|scheme| (scheme.key)(version).ok())
        };
        let mixes_streams = subject.module.is_none() && self.is_of_module();
        if mixes_streams { self.fixed.iter().max_by_key(key) } else { self.fixed.iter().min_by_key(key) }
    }
}

/// Why there is no fix, by product.
fn fix_states(vulnerability: &Vulnerability) -> BTreeMap<&str, FixState> {
    let mut states = BTreeMap::new();
    for remediation in &vulnerability.remediations {
        let state = match (&*remediation.category, &*remediation.details) {
            ("no_fix_planned", "Out of support scope") => FixState::EndOfLife,
            ("no_fix_planned", _) => FixState::WillNotFix,
            ("none_available", "Will not fix") => FixState::WillNotFix,
            ("none_available", "Out of support scope") => FixState::EndOfLife,
            ("none_available", "Fix deferred" | "Deferred") => FixState::Postponed,
            _ => continue,
        };
        states.extend(remediation.product_ids.iter().map(|id| (&**id, state)));
    }
    states
}

#[cfg(test)]
mod tests;
