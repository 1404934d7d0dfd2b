//! Which plan holds for a registry.

use assessment::plan::{Effective, Setting, effective};
use store::{JobKind, NewJob, PlanSetting, PlanTier, Registry, Store};

/// The plan that holds for a registry: its own, or that of its subscription.
///
/// # Errors
/// When the records fail.
pub async fn of_registry(
    store: &dyn Store,
    registry: &Registry,
    name: &str,
) -> Result<Effective, store::Error> {
    let subscription = store.plan_setting(registry.subscription, None, name).await?;
    let own = store.plan_setting(registry.subscription, Some(registry.id), name).await?;
    Ok(effective(subscription.as_ref().map(setting), own.as_ref().map(setting)))
}

/// A plan as the decision sees it.
fn setting(plan: &PlanSetting) -> Setting {
    Setting { is_standard: plan.tier == PlanTier::Standard, is_enforced: plan.enforce }
}

/// The kind of the job that asks for the images of a registry that were pushed before its plan was switched on.
pub const BACKFILL: JobKind = JobKind::new("backfill");

/// The jobs that ask for the images of some registries that were pushed before. The queue serves subscriptions by
/// turns, so that nobody's images wait for all of another's.
pub fn backfill_jobs(registries: &[Registry]) -> Vec<NewJob> {
    let job = |registry: &Registry| NewJob {
        kind: BACKFILL,
        key: registry.id.0.to_string(),
        subscription: Some(registry.subscription),
        priority: BACKFILL_PRIORITY,
        payload: serde_json::json!({ "registry": registry.id }),
        not_before: None,
    };
    registries.iter().map(job).collect()
}

/// What is pushed now comes first.
pub const BACKFILL_PRIORITY: i32 = -5;
