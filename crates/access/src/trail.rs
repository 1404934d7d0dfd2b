//! The trail of a request: who it turned out to be, told on the way to whoever writes the audit log at its end.
//!
//! The audit log is written in one place, around all faces; who asks is found out in each of them. So the request
//! carries a trail, and a face tells it the name as soon as it knows it.

use crate::Principal;
use std::sync::{Arc, Mutex, PoisonError};

/// What is known of who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asker {
    /// The name.
    pub name: String,
    /// The id.
    pub id: String,
}

/// Carried by a request; all copies are one trail.
#[derive(Debug, Clone, Default)]
pub struct Trail(Arc<Mutex<Option<Asker>>>);

impl Trail {
    /// Tells who asks.
    pub fn identified(&self, principal: &Principal) {
        let asker = Asker { name: principal.name.clone(), id: principal.id.to_string() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(asker);
    }

    /// Who asks, if anybody has told.
    pub fn asker(&self) -> Option<Asker> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PrincipalKind;

    #[test]
    fn copies_are_one_trail() {
        let trail = Trail::default();
        let copy = trail.clone();
        assert_eq!(copy.asker(), None);
        let principal = Principal { id: uuid::Uuid::nil(), name: "alice".into(), kind: PrincipalKind::User };
        trail.identified(&principal);
        assert_eq!(copy.asker().unwrap().name, "alice");
    }
}
