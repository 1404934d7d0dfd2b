//! All resources of a subscription or group in one list, as `az` looks registries up by their name.
//!
//! The filter is understood as far as clients use it: `resourceType`, `name`, `resourceGroup`, `location`, `tagName` and
//! `tagValue`, compared by `eq` and joined by `and`. Any other filter is an error, since a filter that was passed over would show what was not
//! asked for.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::Action;
use axum::response::Response;
use graph::documents;
use http::Method;
use store::Tags;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Resources/resources",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/resources",
            right: Right::Within(Action::REGISTRY_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/subscriptions/{id}/resourcegroups/{name}/resources",
            right: Right::Within(Action::REGISTRY_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
    ],
};

/// What a filter asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    kind: Option<String>,
    name: Option<String>,
    group: Option<String>,
    location: Option<String>,
    tag: Option<String>,
    tag_value: Option<String>,
}

/// What a filter is held against.
pub(super) struct Filtered<'a> {
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    pub(super) group: &'a str,
    pub(super) location: &'a str,
    pub(super) tags: &'a Tags,
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, ArmError> {
        let wrong = || {
            ArmError::Invalid(format!(
                "The $filter '{text}' is not understood; write resourceType eq 'TYPE', name, resourceGroup, location, tagName or tagValue, joined by and."
            ))
        };
        let mut filter = Self::default();
        for part in text.split(" and ") {
            let (field, value) = part.trim().split_once(" eq ").ok_or_else(wrong)?;
            let value = value.trim().strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
            let value = value.filter(|value| !value.contains('\'')).ok_or_else(wrong)?.to_owned();
            match field.trim().to_ascii_lowercase().as_str() {
                "resourcetype" => filter.kind = Some(value),
                "name" => filter.name = Some(value),
                "resourcegroup" => filter.group = Some(value),
                "location" => filter.location = Some(value),
                "tagname" => filter.tag = Some(value),
                "tagvalue" => filter.tag_value = Some(value),
                _ => return Err(wrong()),
            }
        }
        Ok(filter)
    }

    pub(super) fn passes(&self, here: &Filtered<'_>) -> bool {
        let same = |wanted: &Option<String>, here: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(here))
        };
        // Names of tags have no case, their values have.
        let has_tag = here.tags.iter().any(|(name, value)| {
            same(&self.tag, name) && self.tag_value.as_ref().is_none_or(|wanted| wanted == value)
        });
        same(&self.kind, here.kind)
            && same(&self.name, here.name)
            && same(&self.group, here.group)
            && same(&self.location, here.location)
            && (has_tag || (self.tag.is_none() && self.tag_value.is_none()))
    }
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let filter = request.query("$filter").map(Filter::parse).transpose()?.unwrap_or_default();
    let scope = match request.names.get(1) {
        Some(group) => request.scope.joined(&["resourceGroups", group])?,
        None => request.scope.clone(),
    };
    let mut found = registries::within(state, &request.caller, &scope, Action::REGISTRY_READ).await?;
    // What is attached has images and verdicts, but is none of Azure's registries: nothing can be done with it there.
    found.retain(|known| known.registry.attached_to.is_none());
    let mut value = Vec::new();
    for known in &found {
        let settings = super::registry::settings(state, known.registry.id).await?;
        let here = Filtered {
            kind: documents::registry::KIND,
            name: &known.registry.name,
            group: &known.registry.resource_group,
            location: &known.registry.location,
            tags: &settings.tags,
        };
        if filter.passes(&here) {
            value.push(documents::registry::brief(known, &settings));
        }
    }
    Ok(page::whole(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_understood_or_refused() {
        let tags = Tags::from([("Team".to_owned(), "harbour".to_owned())]);
        let passes = |filter: &str, name: &str| {
            let kind = documents::registry::KIND;
            let here = Filtered { kind, name, group: "Quay", location: "local", tags: &tags };
            Filter::parse(filter).unwrap().passes(&here)
        };
        assert!(passes("tagName eq 'team'", "any"));
        assert!(passes("tagname eq 'team' and tagvalue eq 'harbour'", "any"));
        assert!(!passes("tagName eq 'team' and tagValue eq 'Harbour'", "any"));
        assert!(!passes("tagName eq 'cost'", "any"));
        assert!(passes("resourceType eq 'Microsoft.ContainerRegistry/registries'", "any"));
        assert!(!passes("resourceType eq 'Microsoft.Web/sites'", "any"));
        assert!(passes("resourceGroup eq 'quay' and location eq 'local'", "any"));
        assert!(!passes("resourceGroup eq 'pier'", "any"));
        assert!(!passes("location eq 'elsewhere'", "any"));
        let both = "resourceType eq 'microsoft.containerregistry/REGISTRIES' and name eq 'One'";
        assert!(passes(both, "one"));
        assert!(!passes(both, "two"));
        for wrong in ["", "name", "name eq one", "tag eq 'x'", "name eq 'a' or name eq 'b'", "name ne 'a'"] {
            assert!(Filter::parse(wrong).is_err(), "{wrong}");
        }
    }
}
