//! Who asks, and what they may see: looked up once before a query runs, so that every table starts from it.

use crate::documents::KnownRegistry;
use crate::documents::sub_assessment::Form;
use crate::rulebook::Rulebook;
use access::{Action, Assignment, Principal, ResourceId, decide, sees};
use jiff::Timestamp;
use std::sync::Arc;
use store::{Store, Subscription};
use tokio::runtime::Handle;

/// Somebody with their roles.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Who.
    pub principal: Principal,
    /// Their roles, at their scopes.
    pub assignments: Vec<Assignment>,
}

impl Viewer {
    fn may(&self, action: Action, scope: &ResourceId) -> bool {
        decide(&self.assignments, &self.principal, action, scope).is_allowed()
    }
}

/// What a query starts from: what the viewer may see of the store at this moment.
pub(crate) struct View {
    pub(crate) store: Arc<dyn Store>,
    /// Runs the store's operations for the thread that runs the query, which may wait.
    pub(crate) runtime: Handle,
    pub(crate) tenant: String,
    pub(crate) scan_plan: &'static str,
    pub(crate) now: Timestamp,
    /// Subscriptions in which the viewer has any role.
    pub(crate) subscriptions: Vec<Subscription>,
    /// Subscriptions whose plans the viewer may read.
    pub(crate) priced: Vec<Subscription>,
    /// Registries that the viewer may read as resources.
    pub(crate) registries: Vec<KnownRegistry>,
    /// Registries whose assessments the viewer may read.
    pub(crate) assessed: Vec<KnownRegistry>,
    /// Registries whose findings the viewer may read.
    pub(crate) inspected: Vec<KnownRegistry>,
    /// Where the viewer may read exemptions.
    pub(crate) exemptions: Vec<Subscription>,
    /// Where the viewer may read scores.
    pub(crate) scored: Vec<Subscription>,
    /// The rules in force.
    pub(crate) book: Rulebook,
    /// Whether the viewer may read somewhere what roles grant.
    pub(crate) reads_roles: bool,
    /// Only what happened between these moments is asked for.
    pub(crate) interval: Option<(Timestamp, Timestamp)>,
    /// The forms of findings whose keys the query names.
    pub(crate) named_forms: Vec<Form>,
    viewer: Viewer,
    /// Only these subscriptions are asked for.
    wanted: Option<Vec<String>>,
}

/// What is the same for all queries of an installation.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) tenant: String,
    pub(crate) scan_plan: &'static str,
    pub(crate) now: Timestamp,
}

impl View {
    /// What a viewer may see. Only these subscriptions, if any are named.
    pub(crate) async fn of(
        surroundings: Surroundings,
        viewer: &Viewer,
        wanted: Option<&[String]>,
    ) -> Result<Self, store::Error> {
        let Surroundings { store, tenant, scan_plan, now } = surroundings;
        let mut view = Self {
            store: store.clone(),
            runtime: Handle::current(),
            tenant,
            scan_plan,
            now,
            subscriptions: Vec::new(),
            priced: Vec::new(),
            registries: Vec::new(),
            assessed: Vec::new(),
            inspected: Vec::new(),
            exemptions: Vec::new(),
            scored: Vec::new(),
            book: Rulebook::load(&*store, now).await?,
            reads_roles: viewer
                .assignments
                .iter()
                .any(|assignment| viewer.may(Action::ROLE_DEFINITION_READ, &assignment.scope)),
            interval: None,
            named_forms: Vec::new(),
            viewer: viewer.clone(),
            wanted: wanted.map(<[String]>::to_vec),
        };
        for subscription in store.subscriptions().await? {
            let name = subscription.id.to_string();
            let is_wanted = wanted.is_none_or(|all| all.iter().any(|one| one.eq_ignore_ascii_case(&name)));
            let Ok(scope) = ResourceId::subscription_scope(&name) else { continue };
            if !is_wanted || !sees(&viewer.assignments, &viewer.principal, &scope) {
                continue;
            }
            for registry in store.registries(subscription.id).await? {
                view.add(viewer, registry);
            }
            for (action, list) in [
                (Action::PRICING_READ, &mut view.priced),
                (Action::POLICY_EXEMPTION_READ, &mut view.exemptions),
                (Action::SECURE_SCORE_READ, &mut view.scored),
            ] {
                if viewer.may(action, &scope) {
                    list.push(subscription.clone());
                }
            }
            view.subscriptions.push(subscription);
        }
        Ok(view)
    }

    /// Whether the viewer may read who has which role at a scope that is asked for.
    pub(crate) fn may_read_roles_at(&self, scope: &ResourceId) -> bool {
        let is_wanted = match (&self.wanted, scope.subscription()) {
            // What holds above all subscriptions holds in each of them.
            (None, _) | (Some(_), None) => true,
            (Some(wanted), Some(one)) => wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(one)),
        };
        is_wanted && self.viewer.may(Action::ROLE_ASSIGNMENT_READ, scope)
    }

    /// Whether the viewer may read the assessments of something that is asked for.
    pub(crate) fn may_read_assessments_at(&self, scope: &ResourceId) -> bool {
        // What is assessed lies in a subscription, and only those that are asked for are listed.
        let is_asked = scope.subscription().is_some_and(|one| {
            self.subscriptions.iter().any(|known| known.id.to_string().eq_ignore_ascii_case(one))
        });
        is_asked && self.viewer.may(Action::ASSESSMENT_READ, scope)
    }

    /// Whether the viewer may read what a registry and its images were found to be.
    pub(crate) fn may_read_assessments_of(&self, known: &KnownRegistry) -> bool {
        self.assessed.iter().any(|one| one.registry.id == known.registry.id)
    }

    fn add(&mut self, viewer: &Viewer, registry: store::Registry) {
        // A registry whose names make no resource id cannot have been given a role at.
        let Ok(known) = KnownRegistry::new(registry) else { return };
        for (action, list) in [
            (Action::REGISTRY_READ, &mut self.registries),
            (Action::ASSESSMENT_READ, &mut self.assessed),
            (Action::SUB_ASSESSMENT_READ, &mut self.inspected),
        ] {
            if viewer.may(action, &known.id) {
                list.push(known.clone());
            }
        }
    }
}
