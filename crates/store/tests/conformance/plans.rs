//! Plans of subscriptions and registries, and their trial.

use crate::scene::{Scene, second, subscription};
use serde_json::json;
use std::sync::Arc;
use store::{PlanSetting, PlanTier, Store};

fn setting(scene: &Scene, at_registry: bool, tier: PlanTier) -> PlanSetting {
    PlanSetting {
        subscription: subscription(1),
        registry: at_registry.then_some(scene.registry),
        name: "ContainerRegistry".to_owned(),
        tier,
        enforce: false,
        sub_plan: None,
        extensions: json!([{"name": "x"}]),
        enabled_at: None,
        changed_at: second(0),
    }
}

pub(crate) async fn registry_has_a_plan_of_its_own_until_it_is_deleted(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (store, name) = (&scene.store, "containerregistry");
    let own = Some(scene.registry);
    store.put_plan(setting(&scene, false, PlanTier::Standard), second(1)).await.unwrap();
    assert_eq!(store.plan(subscription(1), name).await.unwrap().unwrap().tier, PlanTier::Standard);
    assert_eq!(store.plan_setting(subscription(1), own, name).await.unwrap(), None);
    store.put_plan(setting(&scene, true, PlanTier::Free), second(2)).await.unwrap();
    let found = store.plan_setting(subscription(1), own, name).await.unwrap().unwrap();
    assert_eq!((found.tier, found.changed_at, found.enabled_at), (PlanTier::Free, second(2), None));
    let again = store.put_plan(setting(&scene, true, PlanTier::Free), second(3)).await.unwrap();
    assert_eq!(again.changed_at, second(2), "the same tier again changes nothing");
    assert_eq!(store.registry_plans(subscription(1), name).await.unwrap(), [found]);
    assert!(store.delete_registry_plan(subscription(1), scene.registry, name).await.unwrap());
    assert!(!store.delete_registry_plan(subscription(1), scene.registry, name).await.unwrap());
    let above = store.plan_setting(subscription(1), None, name).await.unwrap().unwrap();
    assert_eq!((above.tier, above.enabled_at), (PlanTier::Standard, Some(second(1))));
    assert_eq!(above.extensions, json!([{"name": "x"}]));
}

pub(crate) async fn trial_begins_once(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &scene.store;
    let began = async || store.trial_began(subscription(1), "ContainerRegistry").await.unwrap();
    store.set_plan(subscription(1), "ContainerRegistry", PlanTier::Free, second(1)).await.unwrap();
    assert_eq!(began().await, None);
    for (tier, at) in [(PlanTier::Standard, 2), (PlanTier::Free, 3), (PlanTier::Standard, 4)] {
        store.set_plan(subscription(1), "ContainerRegistry", tier, second(at)).await.unwrap();
        assert_eq!(began().await, Some(second(2)));
    }
    store.put_plan(setting(&scene, true, PlanTier::Standard), second(5)).await.unwrap();
    assert_eq!(began().await, Some(second(2)));
}
