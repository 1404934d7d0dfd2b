//! Conditions on findings: all that are given must hold, and of a list one.

use super::facts::spelled;
use super::{FindingFacts, FixStatus, ImageTraits, Pattern};
use advisory::Severity;
use oci::Digest;
use serde::{Deserialize, Serialize};

/// A list is at most this long: a rule is compared with every finding.
const LONGEST_LIST: usize = 1000;
/// A text is at most this long.
const LONGEST_TEXT: usize = 300;

/// Why conditions are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionsError {
    /// There are none.
    #[error("a rule needs at least one condition; to waive everything of a scope, make an exemption there")]
    None,
    /// A pattern covers everything.
    #[error("{what} {text:?} covers everything, so that it is no condition; write a part of a name")]
    Everything {
        /// Which list.
        what: &'static str,
        /// The pattern.
        text: String,
    },
    /// A list is too long.
    #[error("{what} has {count} entries; at most {LONGEST_LIST} are allowed, make several rules")]
    TooMany {
        /// Which list.
        what: &'static str,
        /// How many.
        count: usize,
    },
    /// A text is too long, or empty.
    #[error("an entry of {0} is empty or longer than {LONGEST_TEXT} characters")]
    Length(&'static str),
    /// Nothing is below the lowest severity.
    #[error("nothing is below `Low` or `Unknown`; write Medium, High or Critical")]
    NothingBelow,
    /// A score is outside of its range.
    #[error("a CVSS score lies between 0 and 10")]
    Score,
}

/// Conditions on findings: all that are given must hold, and of a list one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Conditions {
    /// Names of vulnerabilities: a CVE, or any other that the finding has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// Categories: a distribution or a language.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// A severity; those below it are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity_below: Option<Severity>,
    /// A CVSS score; those below it are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvss_below: Option<f64>,
    /// Those without a fix.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub not_patchable: bool,
    /// Whether there is a fix.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fix_statuses: Vec<FixStatus>,
    /// Images.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<Digest>,
    /// Patterns of repositories.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<String>,
    /// Patterns of operating systems: `debian 10`, `ubuntu_linux_20.04`, `alpine *`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub os_versions: Vec<String>,
    /// Patterns of packages, with or without version: `openssl`, `linux-*`, `log4j-core@2.14.*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<String>,
    /// A part of the title or of the description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Conditions {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether any is about the finding itself and not about the image that it stands in.
    pub fn is_about_findings(&self) -> bool {
        let about_images = Self {
            digests: self.digests.clone(),
            repositories: self.repositories.clone(),
            os_versions: self.os_versions.clone(),
            ..Self::default()
        };
        *self != about_images
    }

    /// # Errors
    /// When a list is too long, a text is too long or empty, or a condition holds for everything or nothing.
    pub fn check(&self) -> Result<(), ConditionsError> {
        let texts: [(&'static str, &[String]); 5] = [
            ("ids", &self.ids),
            ("categories", &self.categories),
            ("repositories", &self.repositories),
            ("osVersions", &self.os_versions),
            ("packages", &self.packages),
        ];
        for (what, list) in texts {
            if list.len() > LONGEST_LIST {
                return Err(ConditionsError::TooMany { what, count: list.len() });
            }
            if list.iter().any(|text| text.trim().is_empty() || text.chars().count() > LONGEST_TEXT) {
                return Err(ConditionsError::Length(what));
            }
            if let Some(text) = list.iter().find(|text| Pattern::new(text).is_anything()) {
                return Err(ConditionsError::Everything { what, text: text.clone() });
            }
        }
        if self.digests.len() > LONGEST_LIST {
            return Err(ConditionsError::TooMany { what: "digests", count: self.digests.len() });
        }
        if self
            .text
            .as_ref()
            .is_some_and(|text| text.trim().is_empty() || text.chars().count() > LONGEST_TEXT)
        {
            return Err(ConditionsError::Length("text"));
        }
        if self.severity_below.is_some_and(|severity| severity <= Severity::Low) {
            return Err(ConditionsError::NothingBelow);
        }
        if self.cvss_below.is_some_and(|score| !(0.0..=10.0).contains(&score)) {
            return Err(ConditionsError::Score);
        }
        Ok(())
    }

    /// Whether a finding in an image is meant.
    pub fn cover(&self, image: &ImageTraits<'_>, finding: &FindingFacts<'_>) -> bool {
        self.cover_image(image) && self.cover_finding(finding)
    }

    /// Whether findings in an image are meant, as far as conditions are about the image.
    pub fn cover_image(&self, image: &ImageTraits<'_>) -> bool {
        let os = || image.os.map(|os| os.spelled());
        (self.digests.is_empty() || self.digests.contains(image.digest))
            && self.cover_repository(image.repository)
            && any(&self.os_versions, |pattern| {
                os().is_some_and(|os| Pattern::new(&spelled(pattern)).covers(&os))
            })
    }

    /// Whether images of a repository are meant, as far as conditions are about its name.
    pub fn cover_repository(&self, name: &str) -> bool {
        any(&self.repositories, |pattern| Pattern::new(pattern).covers(name))
    }

    /// Whether any tells images of one repository apart.
    pub fn is_about_single_images(&self) -> bool {
        !self.digests.is_empty() || !self.os_versions.is_empty()
    }

    /// Whether a finding is meant, as far as conditions are about the finding. It is the same in every image.
    pub fn cover_finding(&self, facts: &FindingFacts<'_>) -> bool {
        let named = |name: &String| {
            name.eq_ignore_ascii_case(facts.id)
                || facts.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
        };
        any(&self.ids, named)
            && any(&self.categories, |category| category.eq_ignore_ascii_case(facts.category))
            && self
                .severity_below
                .is_none_or(|limit| facts.severity != Severity::Unknown && facts.severity < limit)
            && self.cvss_below.is_none_or(|limit| facts.score.is_some_and(|score| score < limit))
            && (!self.not_patchable
                || matches!(facts.fix, FixStatus::NoFixAvailable | FixStatus::WontFix | FixStatus::Scheduled))
            && (self.fix_statuses.is_empty() || self.fix_statuses.contains(&facts.fix))
            && any(&self.packages, |pattern| is_package(pattern, facts))
            && self.text.as_ref().is_none_or(|text| {
                let text = text.to_lowercase();
                [facts.title, facts.description].iter().any(|said| said.to_lowercase().contains(&text))
            })
    }
}

/// Whether a list asks for nothing, or one of its entries holds.
fn any(list: &[String], holds: impl Fn(&String) -> bool) -> bool {
    list.is_empty() || list.iter().any(holds)
}

/// Scoped packages of npm begin with `@`, so that the last one divides.
fn is_package(pattern: &str, facts: &FindingFacts<'_>) -> bool {
    match pattern.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() => {
            Pattern::new(name).covers(facts.package) && Pattern::new(version).covers(facts.version)
        }
        _ => Pattern::new(pattern).covers(facts.package),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Os;
    use super::*;

    fn conditions(json: &str) -> Conditions {
        serde_json::from_str(json).unwrap()
    }

    /// One line per condition: whether it covers one finding of high severity without a fix.
    #[test]
    fn what_is_covered() {
        let digest = Digest::of_sha256(b"image");
        let os = Some(Os { id: "alpine", version: "3.13" });
        let image = ImageTraits { digest: &digest, repository: "team/app", os };
        let aliases = ["GHSA-aaaa-bbbb-cccc".to_owned()];
        let facts = FindingFacts {
            id: "CVE-2021-36159",
            aliases: &aliases,
            severity: Severity::High,
            score: Some(7.5),
            category: "Alpine",
            fix: FixStatus::NoFixAvailable,
            package: "@scope/apk-tools",
            version: "2.12.5-r0",
            title: "Out of bounds read",
            description: "libfetch before 2021-07-26 mishandles numeric strings.",
        };
        let own_digest = format!(r#"{{"digests": ["{digest}"]}}"#);
        let other_digest = format!(r#"{{"digests": ["{}"]}}"#, Digest::of_sha256(b"other"));
        for (json, expected) in [
            (r#"{"ids": ["cve-2021-36159"]}"#, true),
            (r#"{"ids": ["GHSA-AAAA-bbbb-cccc"]}"#, true),
            (r#"{"ids": ["CVE-2021-3615"]}"#, false),
            (r#"{"categories": ["alpine", "Debian"]}"#, true),
            (r#"{"categories": ["Debian"]}"#, false),
            (r#"{"severityBelow": "Critical"}"#, true),
            (r#"{"severityBelow": "High"}"#, false),
            (r#"{"cvssBelow": 7.6}"#, true),
            (r#"{"cvssBelow": 7.5}"#, false),
            (r#"{"notPatchable": true}"#, true),
            (r#"{"fixStatuses": ["NoFixAvailable"]}"#, true),
            (r#"{"fixStatuses": ["WontFix", "Unknown"]}"#, false),
            (&own_digest, true),
            (&other_digest, false),
            (r#"{"repositories": ["team/*"]}"#, true),
            (r#"{"repositories": ["app"]}"#, false),
            (r#"{"osVersions": ["Alpine:v3.13"]}"#, true),
            (r#"{"osVersions": ["alpine *"]}"#, true),
            (r#"{"osVersions": ["alpine 3.1"]}"#, false),
            (r#"{"packages": ["@scope/apk-tools"]}"#, true),
            (r#"{"packages": ["@scope/apk-*@2.12.*"]}"#, true),
            (r#"{"packages": ["*@2.13*"]}"#, false),
            (r#"{"text": "LIBFETCH"}"#, true),
            (r#"{"text": "bounds READ"}"#, true),
            (r#"{"text": "overflow"}"#, false),
            (r#"{"ids": ["CVE-2021-36159"], "severityBelow": "High"}"#, false),
            ("{}", true),
        ] {
            assert_eq!(conditions(json).cover(&image, &facts), expected, "{json}");
            assert_eq!(conditions(json).check(), Ok(()), "{json}");
        }
        let nobody = ImageTraits { os: None, ..image };
        let unknown =
            FindingFacts { severity: Severity::Unknown, score: None, fix: FixStatus::Unknown, ..facts };
        for json in [
            r#"{"severityBelow": "Critical"}"#,
            r#"{"cvssBelow": 10}"#,
            r#"{"notPatchable": true}"#,
            r#"{"osVersions": ["alpine *"]}"#,
        ] {
            assert!(!conditions(json).cover(&nobody, &unknown), "what is unknown is not hidden: {json}");
        }
    }

    #[test]
    fn what_holds_for_everything_or_nothing_is_refused() {
        let many = serde_json::to_string(&serde_json::json!({"ids": vec!["x"; 1001]})).unwrap();
        let long = serde_json::to_string(&serde_json::json!({"text": "x".repeat(301)})).unwrap();
        for json in [
            r#"{"repositories": ["*"]}"#,
            r#"{"packages": ["***"]}"#,
            r#"{"ids": [""]}"#,
            r#"{"text": " "}"#,
            r#"{"severityBelow": "Low"}"#,
            r#"{"severityBelow": "Unknown"}"#,
            r#"{"cvssBelow": 11}"#,
            &many,
            &long,
        ] {
            assert!(conditions(json).check().is_err(), "{json}");
        }
        assert!(serde_json::from_str::<Conditions>(r#"{"cve": ["x"]}"#).is_err());
    }

    #[test]
    fn images_and_findings_are_told_apart() {
        assert!(!conditions(r#"{"repositories": ["a"], "osVersions": ["b"]}"#).is_about_findings());
        assert!(conditions(r#"{"repositories": ["a"], "notPatchable": true}"#).is_about_findings());
        assert!(conditions("{}").is_empty());
    }
}
