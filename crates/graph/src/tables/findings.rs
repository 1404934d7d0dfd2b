//! `Findings`: each vulnerability in each package of each image, in plain columns.

use super::{Pulled, Reading, Table, columns};
use crate::documents::KnownRegistry;
use crate::source::{datetime, json_value, text_or_null};
use crate::viewer::View;
use kql::{Batch, Column, Kind, ScanRequest, Value};
use store::{Finding, FindingFilter, FindingKey, FindingVerdict, PageRequest};

const PAGE: usize = 1000;

pub(super) const TABLE: Table = Table {
    name: "Findings",
    about: "Each vulnerability in each package of each image.",
    columns: shown,
    hidden: Vec::new,
    read: |narrowed| {
        let filter = FindingFilter {
            repository: narrowed.exactly("repository").and_then(|name| name.parse().ok()),
            digest: narrowed.exactly("digest").and_then(|digest| digest.parse().ok()),
            vulnerability: narrowed.exactly("vulnerability").map(str::to_owned),
            severities: narrowed.any_of("severity"),
            verdicts: vec![FindingVerdict::Affected],
            ..FindingFilter::default()
        };
        Box::new(FindingsReading { filter, after: None })
    },
};

fn shown() -> Vec<Column> {
    columns(&[
        ("registry", Kind::String),
        ("repository", Kind::String),
        ("digest", Kind::String),
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
    filter: FindingFilter,
    after: Option<FindingKey>,
}

impl Reading for FindingsReading {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        self.filter.registries = Some(view.inspected.iter().map(|known| known.registry.id).collect());
        let page = PageRequest { after: self.after.take(), limit: PAGE };
        let page = view.runtime.block_on(view.store.findings(&self.filter, page))?;
        let mut batch = Batch::new(request.needs.len());
        for finding in &page.items {
            let registry = finding.key.image.repository.registry;
            let Some(known) = view.inspected.iter().find(|known| known.registry.id == registry) else {
                continue;
            };
            batch.push(request.needs.iter().map(|need| value(&need.column, known, finding)));
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
