//! What a query is asked with.

use crate::ArmState;
use crate::error::ArmError;
use jiff::Timestamp;
use serde::Deserialize;

/// Rows of a page, where the client names no number, and at most.
const DEFAULT_PAGE: usize = 100;
const LONGEST_PAGE: usize = 1000;

/// Values of a facet, where the client names no number, and at most.
const DEFAULT_FACET: usize = 10;
const LONGEST_FACET: usize = 1000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    pub(super) query: String,
    #[serde(default)]
    subscriptions: Option<Vec<String>>,
    #[serde(default)]
    management_groups: Option<Vec<String>>,
    #[serde(default)]
    management_group_id: Option<String>,
    #[serde(default)]
    pub(super) options: Option<Options>,
    #[serde(default)]
    pub(super) facets: Option<Vec<Facet>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Options {
    #[serde(default, rename = "$top")]
    top: Option<usize>,
    #[serde(default, rename = "$skip")]
    pub(super) skip: Option<usize>,
    #[serde(default, rename = "$skipToken")]
    pub(super) skip_token: Option<String>,
    #[serde(default, rename = "resultFormat")]
    pub(super) format: Option<String>,
    #[serde(default)]
    pub(super) interval: Option<Interval>,
}

/// A part of the past.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct Interval {
    #[serde(default)]
    pub(super) start: Option<Timestamp>,
    #[serde(default)]
    pub(super) end: Option<Timestamp>,
}

#[derive(Deserialize)]
pub(super) struct Facet {
    pub(super) expression: String,
    #[serde(default)]
    options: Option<FacetOptions>,
}

#[derive(Default, Deserialize)]
pub(super) struct FacetOptions {
    #[serde(default, rename = "sortBy")]
    sort_by: Option<String>,
    #[serde(default, rename = "sortOrder")]
    sort_order: Option<String>,
    #[serde(default)]
    filter: Option<String>,
    #[serde(default, rename = "$top")]
    top: Option<usize>,
    /// The same as `sortBy` and `sortOrder` in one, as clients of 2018 send it.
    #[serde(default, rename = "$orderBy")]
    order_by: Option<String>,
}

impl Facet {
    /// What is counted.
    pub(super) fn wanted(&self) -> graph::Facet {
        let options = self.options.as_ref();
        let order_by = options.and_then(|options| options.order_by.as_deref()).map(str::trim);
        let (by, order) = match order_by.map(|text| text.rsplit_once(' ').unwrap_or((text, ""))) {
            Some((by, order)) if ["asc", "desc"].contains(&order.to_ascii_lowercase().as_str()) => {
                (Some(by), Some(order))
            }
            _ => (order_by, None),
        };
        let sort_by = options.and_then(|options| options.sort_by.clone()).or(by.map(str::to_owned));
        let order = options.and_then(|options| options.sort_order.as_deref()).or(order);
        graph::Facet {
            expression: self.expression.clone(),
            filter: options.and_then(|options| options.filter.clone()),
            sort_by,
            is_ascending: order.is_some_and(|order| order.eq_ignore_ascii_case("asc")),
            top: options.and_then(|options| options.top).unwrap_or(DEFAULT_FACET).clamp(1, LONGEST_FACET),
        }
    }
}

impl Body {
    /// # Errors
    /// When it is not the JSON of a query.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ArmError> {
        serde_json::from_slice(bytes).map_err(|error| {
            ArmError::Invalid(format!(
                "The body must be {{\"query\": \"...\"}} with optional subscriptions and options: {error}."
            ))
        })
    }

    /// The subscriptions that are asked for; all, where none are named.
    ///
    /// # Errors
    /// When subscriptions and management groups are both named, or a group that is not there.
    pub(super) fn scope(&self, state: &ArmState) -> Result<Option<Vec<String>>, ArmError> {
        let groups = self.management_groups.iter().flatten().chain(&self.management_group_id);
        let groups: Vec<&String> = groups.collect();
        let subscriptions = self.subscriptions.clone().filter(|all| !all.is_empty());
        if groups.is_empty() {
            return Ok(subscriptions);
        }
        if subscriptions.is_some() {
            return Err(ArmError::Invalid("Name subscriptions or managementGroups, not both.".into()));
        }
        let tenant = state.tenant().to_string();
        match groups.into_iter().find(|group| !group.eq_ignore_ascii_case(&tenant)) {
            Some(unknown) => Err(ArmError::ResourceNotFound(unknown.clone())),
            None => Ok(None),
        }
    }
}

impl Options {
    /// Rows of a page. More than a page may have are not given.
    pub(super) fn top(&self) -> usize {
        self.top.unwrap_or(DEFAULT_PAGE).clamp(1, LONGEST_PAGE)
    }
}
