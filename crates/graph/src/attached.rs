//! Signed VEX documents that are attached to an image, as rules of that image.
//!
//! What such a document silences is treated as what a rule hides: shown, with the statement as the reason, and not
//! counted. So it goes wherever rules go, and is gone when the document is.

use access::ResourceId;
use advisory::vex::{AttachedSubject, decisive};
use assessment::rules::{Conditions, RuleKind};
use oci::Digest;
use serde_json::json;
use store::{Actor, Finding, ImageKey, Rule, VexReading};

/// What the documents of an image say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attached {
    said: Vec<(advisory::VexStatement, Rule)>,
    image: Vec<String>,
}

impl Attached {
    /// The documents of an image, with the resource id of the image and the host of its registry.
    pub(crate) fn new(id: &ResourceId, host: &str, image: &ImageKey, readings: &[VexReading]) -> Self {
        let said = readings.iter().flat_map(|reading| {
            reading.statements.iter().map(|statement| (statement.clone(), rule(id, reading, statement)))
        });
        let name = image.repository.name.as_str();
        let mut digests: Vec<&Digest> =
            readings.iter().map(|reading| &reading.subject).chain([&image.digest]).collect();
        digests.sort();
        digests.dedup();
        let image = digests.into_iter().flat_map(|digest| names(host, name, digest)).collect();
        Self { said: said.collect(), image }
    }

    /// Whether nobody says anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    /// The statement that silences a finding, as a rule.
    pub(crate) fn hides(&self, finding: &Finding, aliases: &[String]) -> Option<&Rule> {
        if self.is_empty() {
            return None;
        }
        let subject = AttachedSubject {
            vulnerability: &finding.vulnerability.id,
            aliases,
            kind: finding.package.kind,
            package: &finding.package.name,
            version: &finding.package.version,
            image: &self.image,
        };
        let statement = decisive(self.said.iter().map(|(statement, _)| statement), &subject)?;
        let rule = self.said.iter().find(|(said, _)| std::ptr::eq(said, statement)).map(|(_, rule)| rule);
        rule.filter(|_| statement.silences())
    }
}

/// What documents may call an image, or an index that it is part of.
fn names(host: &str, name: &str, digest: &Digest) -> Vec<String> {
    let short = name.rsplit('/').next().unwrap_or(name);
    let encoded = digest.as_str().replace(':', "%3A");
    vec![
        digest.to_string(),
        format!("{name}@{digest}"),
        format!("{host}/{name}@{digest}"),
        format!("{host}/{name}"),
        format!("pkg:oci/{short}@{encoded}?repository_url={host}/{name}"),
        format!("pkg:docker/{name}@{encoded}"),
    ]
}

fn rule(id: &ResourceId, reading: &VexReading, statement: &advisory::VexStatement) -> Rule {
    let document = if statement.document.is_empty() { &reading.form } else { &statement.document };
    let mut reason = statement.status.as_str().to_owned();
    for more in [&statement.justification, &statement.remark].into_iter().flatten() {
        reason.push_str(": ");
        reason.push_str(more);
    }
    Rule {
        kind: RuleKind::Vex,
        scope: id.to_string(),
        name: reading.document.to_string(),
        display_name: document.clone(),
        conditions: Conditions { ids: statement.vulnerabilities.clone(), ..Conditions::default() },
        reason,
        author: Actor(reading.signer.clone().unwrap_or_default()),
        created_at: reading.read_at,
        updated_at: statement.said.unwrap_or(reading.read_at),
        expires_at: None,
        details: json!({ "author": statement.author, "form": reading.form }),
    }
}
