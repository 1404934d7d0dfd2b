//! Versions of the API. Clients of every year ask for theirs: any date is taken from the first one on of which the forms
//! are known here.

use crate::error::ArmError;
use crate::resources::RESOURCES;

/// The first version of each provider of which the forms are known.
const FIRST: &[(&str, &str)] = &[
    ("Microsoft.Authorization", "2015-07-01"),
    ("Microsoft.ContainerRegistry", "2017-03-01"),
    ("Microsoft.Management", "2017-11-01"),
    ("Microsoft.ResourceGraph", "2018-09-01"),
    ("Microsoft.Resources", FIRST_OF_RESOURCES),
    ("Microsoft.Security", "2017-08-01"),
    ("Microsoft.Subscription", "2018-03-01"),
];

/// Types of Security Center that clients still ask for by its first preview.
const OF_FIRST_PREVIEW: &[&str] = &[
    "discoveredSecuritySolutions",
    "externalSecuritySolutions",
    "jitNetworkAccessPolicies",
    "locations",
    "securitySolutions",
    "tasks",
];
const FIRST_PREVIEW: &str = "2015-06-01";

/// The same of what stands below no provider: subscriptions, groups, resources.
const FIRST_OF_RESOURCES: &str = "2014-04-01";

/// # Errors
/// When a request for a route says no version, or one that is none, or one that is too old.
pub(crate) fn check(version: Option<&str>, pattern: &str) -> Result<(), ArmError> {
    let version = version.ok_or(ArmError::MissingApiVersion)?;
    let date = version.strip_suffix("-preview").unwrap_or(version);
    if date.len() != 10 || date.parse::<jiff::civil::Date>().is_err() {
        return Err(ArmError::InvalidApiVersion(version.chars().take(40).collect()));
    }
    let Some((namespace, kind)) = provider(pattern) else {
        return match date < FIRST_OF_RESOURCES {
            true => Err(ArmError::InvalidApiVersion(version.to_owned())),
            false => Ok(()),
        };
    };
    let known = FIRST.iter().find(|(known, _)| known.eq_ignore_ascii_case(namespace));
    let is_old = namespace.eq_ignore_ascii_case("Microsoft.Security")
        && OF_FIRST_PREVIEW.iter().any(|old| old.eq_ignore_ascii_case(kind));
    let first = if is_old { Some(FIRST_PREVIEW) } else { known.map(|(_, first)| *first) };
    match first.filter(|first| date < *first) {
        Some(first) => Err(ArmError::OldApiVersion {
            version: version.to_owned(),
            kind: format!("{namespace}/{kind}"),
            first,
        }),
        None => Ok(()),
    }
}

/// Namespace and type of what a path or a pattern is about: what follows the last `providers` of it.
fn provider(path: &str) -> Option<(&str, &str)> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let at = segments.iter().rposition(|segment| segment.eq_ignore_ascii_case("providers"))?;
    Some((segments.get(at + 1)?, segments.get(at + 2)?))
}

/// Why there is no such path: the resource manager tells a provider that is not there from a type that it has not.
pub(crate) fn missing(path: &str) -> ArmError {
    let Some((namespace, kind)) = provider(path) else { return ArmError::NoRoute(path.to_owned()) };
    let shown = |text: &str| text.chars().take(80).collect::<String>();
    let is_known = RESOURCES
        .iter()
        .filter_map(|resource| resource.kind.split_once('/'))
        .any(|(known, _)| known.eq_ignore_ascii_case(namespace));
    if is_known {
        ArmError::NoType { namespace: shown(namespace), kind: shown(kind) }
    } else {
        ArmError::NoNamespace(shown(namespace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICINGS: &str = "{scope}/providers/Microsoft.Security/pricings/{name}";

    #[test]
    fn any_date_is_a_version_from_the_first_one_on() {
        for good in ["2019-01-01-preview", "2026-09-01-preview", "2021-06-01", "2017-08-01"] {
            assert!(check(Some(good), PRICINGS).is_ok(), "{good}");
        }
        let tasks = "{scope}/providers/Microsoft.Security/tasks";
        assert!(check(Some("2015-06-01-preview"), tasks).is_ok());
        assert!(check(Some("2015-06-01-preview"), PRICINGS).is_err());
        for bad in ["", "latest", "2021-6-1", "2021-13-01", "2021-06-01-beta"] {
            let error = check(Some(bad), PRICINGS);
            assert!(matches!(error, Err(ArmError::InvalidApiVersion(_))), "{bad}");
        }
        assert!(matches!(check(None, PRICINGS), Err(ArmError::MissingApiVersion)));
        let old = check(Some("2016-01-01-preview"), PRICINGS);
        assert!(matches!(old, Err(ArmError::OldApiVersion { first: "2017-08-01", .. })));
        assert!(check(Some("2016-01-01"), "/subscriptions/{id}").is_ok());
        assert!(check(Some("2010-01-01"), "/subscriptions/{id}").is_err());
    }

    #[test]
    fn every_provider_of_the_table_has_a_first_version() {
        for resource in RESOURCES {
            for route in resource.routes {
                let Some((namespace, _)) = provider(route.pattern) else { continue };
                let is_known = FIRST.iter().any(|(known, _)| known.eq_ignore_ascii_case(namespace));
                assert!(is_known || namespace.starts_with('{'), "FIRST has no {namespace}");
            }
        }
    }

    #[test]
    fn what_is_missing_is_a_provider_a_type_or_a_path() {
        let code = |path: &str| {
            let error = missing(path);
            if matches!(error, ArmError::NoNamespace(_)) {
                "namespace"
            } else if matches!(error, ArmError::NoType { .. }) {
                "type"
            } else {
                assert!(matches!(error, ArmError::NoRoute(_)), "{error}");
                "path"
            }
        };
        assert_eq!(code("/subscriptions/s/providers/Microsoft.Nothing/things"), "namespace");
        assert_eq!(code("/subscriptions/s/providers/microsoft.security/things/one"), "type");
        assert_eq!(code("/subscriptions/s/nothing"), "path");
        assert_eq!(code("/subscriptions/s/providers/"), "path");
    }
}
