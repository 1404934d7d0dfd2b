//! `Findings`: each vulnerability in each package of each image, in plain columns.

use super::absent::Nothing;
use super::images::images;
use super::{Pulled, Reading, Table, columns, image_text};
use crate::census::{CensusReading, Plan, Shape, is_narrow};
use crate::documents::KnownRegistry;
use crate::narrowed::Narrowed;
use crate::rulebook::OsName;
use crate::source::{datetime, json_value, text_or_null};
use crate::viewer::View;
use kql::{Batch, Column, Kind, ScanRequest, Value};
use oci::Digest;
use std::collections::HashMap;
use store::{Finding, FindingFilter, FindingKey, FindingVerdict, PageRequest};

const PAGE: usize = 1000;

pub(super) const TABLE: Table = Table {
    name: "Findings",
    about: "Each vulnerability in each package of each image, without those that a rule or an exemption hides.",
    columns: shown,
    hidden: Vec::new,
    stem: None,
    read: |view, request| {
        let narrowed = Narrowed(request);
        // What rests on no evidence is counted.
        let is_counted = request.fold.is_some() || !is_narrow(Shape::Findings, request);
        if let Some(plan) = Plan::of(Shape::Findings, request).filter(|_| is_counted) {
            return Box::new(CensusReading::new(view, plan, request));
        }
        let Some((known, images)) = images(view, narrowed) else { return Box::new(Nothing) };
        let severities = match narrowed.equal_to(&["severity"]) {
            Some((texts, true)) => texts.into_iter().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let filter = FindingFilter {
            registries: images.registries,
            repository: images.repository,
            digest: images.digest,
            vulnerability: narrowed.exactly(&["vulnerability"]).map(str::to_owned),
            severities,
            verdicts: vec![FindingVerdict::Affected],
        };
        Box::new(FindingsReading { known, filter, after: None, systems: HashMap::new() })
    },
    folds: |_, request| !is_narrow(Shape::Findings, request) && Plan::of(Shape::Findings, request).is_some(),
};

fn shown() -> Vec<Column> {
    columns(&[
        ("registry", Kind::String),
        ("repository", Kind::String),
        ("digest", Kind::String),
        ("image", Kind::String),
        ("vulnerability", Kind::String),
        ("severity", Kind::String),
        ("score", Kind::Real),
        ("title", Kind::String),
        ("package", Kind::String),
        ("version", Kind::String),
        ("ecosystem", Kind::String),
        ("fixedVersion", Kind::String),
        ("patchable", Kind::Bool),
        ("remediation", Kind::String),
        ("category", Kind::String),
        ("aliases", Kind::Dynamic),
        ("path", Kind::String),
        ("layer", Kind::String),
        ("layerNumber", Kind::Long),
        ("buildStep", Kind::String),
        ("inherited", Kind::Bool),
        ("firstSeen", Kind::Datetime),
        ("subscriptionId", Kind::String),
    ])
}

struct FindingsReading {
    known: Vec<KnownRegistry>,
    filter: FindingFilter,
    after: Option<FindingKey>,
    /// The operating systems of images, as far as rules look at them.
    systems: HashMap<Digest, Option<OsName>>,
}

impl FindingsReading {
    /// Whether a rule hides a finding, so that it does not count.
    fn is_hidden(
        &mut self,
        view: &View,
        known: &KnownRegistry,
        finding: &Finding,
    ) -> Result<bool, store::Error> {
        let image = &finding.key.image;
        let rules = view.book.of_image(known, image);
        if rules.is_empty() {
            return Ok(false);
        }
        if view.book.needs_os() && !self.systems.contains_key(&image.digest) {
            let scanned = view.runtime.block_on(view.store.image(&image.digest))?;
            let os = scanned.and_then(|scanned| OsName::of(&scanned.distribution));
            self.systems.insert(image.digest.clone(), os);
        }
        let os = self.systems.get(&image.digest).and_then(Option::as_ref);
        Ok(rules.hides(finding, os).is_some())
    }
}

impl Reading for FindingsReading {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let page = PageRequest { after: self.after.take(), limit: PAGE };
        let page = view.runtime.block_on(view.store.findings(&self.filter, page))?;
        let mut batch = Batch::new(request.needs.len());
        for finding in &page.items {
            let registry = finding.key.image.repository.registry;
            let Some(known) = self.known.iter().find(|known| known.registry.id == registry).cloned() else {
                continue;
            };
            if !self.is_hidden(view, &known, finding)? {
                batch.push(request.needs.iter().map(|need| value(&need.column, &known, finding)));
            }
        }
        self.after = page.next;
        Ok(Pulled { batch, is_last: self.after.is_none() })
    }
}

fn value(column: &str, known: &KnownRegistry, finding: &Finding) -> Value {
    let of_evidence = |name: &str| finding.evidence.get(name).map_or(Value::Null, json_value);
    match column {
        "registry" => Value::text(&known.registry.login_server),
        "repository" => Value::text(finding.key.image.repository.name.as_str()),
        "digest" => Value::text(finding.key.image.digest.to_string()),
        "image" => Value::from(image_text(known, &finding.key.image)),
        "vulnerability" => Value::text(&finding.vulnerability.id),
        "severity" => Value::text(&finding.vulnerability.severity),
        "score" => finding.vulnerability.score.map_or(Value::Null, Value::Real),
        "title" => finding.vulnerability.record.get("title").map_or(Value::Null, json_value),
        "package" => Value::text(&finding.package.name),
        "version" => Value::text(&finding.package.version),
        "ecosystem" => text_or_null(finding.package.ecosystem.as_ref().map(|ecosystem| ecosystem.as_str())),
        "fixedVersion" => text_or_null(finding.fixed.as_deref()),
        "patchable" | "remediation" | "category" | "aliases" => of_evidence(column),
        "path" => Value::text(&finding.path),
        "layer" => Value::text(finding.layer.to_string()),
        "layerNumber" => finding
            .origin
            .layer_number
            .and_then(|number| i64::try_from(number).ok())
            .map_or(Value::Null, Value::Long),
        "buildStep" => text_or_null(finding.origin.step.as_deref()),
        "inherited" => finding.origin.inherited.map_or(Value::Null, Value::Bool),
        "firstSeen" => datetime(Some(finding.first_seen)),
        "subscriptionId" => Value::text(known.registry.subscription.to_string()),
        _ => Value::Null,
    }
}
