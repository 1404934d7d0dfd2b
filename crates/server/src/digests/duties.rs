//! Who is to resolve what until when: the recommendations of a subscription that have an owner.
//!
//! Those of registries are named one by one. A repository may have thousands of images with one and the same owner, so
//! images are told by repository and owner, with their number and the day that comes first.

use crate::installation::SCAN_PLAN;
use graph::documents::KnownRegistry;
use graph::documents::assessment::{assess, unhealthy_image};
use graph::documents::metadata::{Metadata, Subject};
use graph::governance::{Assigned, Governance};
use graph::rulebook::{Rulebook, image_id};
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::{ImageState, KeptDocument, PageRequest, Store, SummaryFilter};

/// Duties that one mail names, the first ones that are due. What is beyond is left to the portal.
const MOST: usize = 100;
/// Images that are read at once.
const AT_A_TIME: usize = 500;

/// Recommendations with somebody to resolve them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Duty {
    /// `registry.example.com`, or `registry.example.com/team/app`.
    pub(crate) place: String,
    /// How many images; none for a registry.
    pub(crate) images: u64,
    pub(crate) owner: String,
    /// The day that comes first.
    pub(crate) due: Timestamp,
    pub(crate) is_overdue: bool,
    pub(crate) is_in_grace: bool,
}

impl Duty {
    fn of(place: String, images: u64, assigned: &Assigned, now: Timestamp) -> Self {
        Self {
            place,
            images,
            owner: owner(assigned),
            due: assigned.assignment.remediation_due_date,
            is_overdue: assigned.is_overdue(now),
            is_in_grace: assigned.is_in_grace(now),
        }
    }
}

fn owner(assigned: &Assigned) -> String {
    assigned.assignment.owner.clone().unwrap_or_else(|| "nobody".to_owned())
}

/// The duties in the subscription of an automation, the first ones that are due.
///
/// # Errors
/// When the records fail.
pub(super) async fn of(
    store: &dyn Store,
    kept: &KeptDocument,
    now: Timestamp,
) -> Result<Vec<Duty>, store::Error> {
    let governance = Governance::load(store).await?;
    let mut duties = Vec::new();
    if governance.is_empty() {
        return Ok(duties);
    }
    let book = Rulebook::load(store, now).await?;
    let own = kept.scope.split('/').nth(2).unwrap_or_default();
    for subscription in store.subscriptions().await? {
        if !subscription.id.to_string().eq_ignore_ascii_case(own) {
            continue;
        }
        for registry in store.registries(subscription.id).await? {
            let Ok(known) = KnownRegistry::new(registry) else { continue };
            let assessed = assess(store, &known, SCAN_PLAN, &book).await?;
            let first = Metadata::of(Subject::Registry)
                .filter_map(|kind| governance.of(&assessed.unhealthy(&known, kind)?))
                .min_by_key(|assigned| assigned.assignment.remediation_due_date);
            let host = known.registry.login_server.clone();
            duties.extend(first.map(|assigned| Duty::of(host, 0, &assigned, now)));
            duties.extend(of_images(store, &known, &governance, now).await?);
        }
    }
    duties.sort_by_key(|duty| duty.due);
    duties.truncate(MOST);
    Ok(duties)
}

/// The images of a registry, by repository and owner.
async fn of_images(
    store: &dyn Store,
    known: &KnownRegistry,
    governance: &Governance,
    now: Timestamp,
) -> Result<Vec<Duty>, store::Error> {
    let filter = SummaryFilter {
        registries: Some(vec![known.registry.id]),
        states: vec![ImageState::Unhealthy],
        ..SummaryFilter::default()
    };
    let mut found: BTreeMap<(String, String), Duty> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.summaries(&filter, PageRequest { after, limit: AT_A_TIME }).await?;
        for summary in &page.items {
            let Some(resource) = image_id(known, &summary.image).map(|id| id.to_string()) else { continue };
            let unhealthy = unhealthy_image(known, summary, &resource);
            let Some(assigned) = unhealthy.and_then(|unhealthy| governance.of(&unhealthy)) else { continue };
            let repository = summary.image.repository.name.to_string();
            let place = format!("{}/{repository}", known.registry.login_server);
            let duty = Duty::of(place, 1, &assigned, now);
            found
                .entry((repository, owner(&assigned)))
                .and_modify(|present| {
                    let images = present.images + 1;
                    if duty.due < present.due {
                        *present = duty.clone();
                    }
                    present.images = images;
                })
                .or_insert(duty);
        }
        after = page.next;
        if after.is_none() {
            return Ok(found.into_values().collect());
        }
    }
}
