//! Where queries are handed in: how many somebody may ask, and answers that are kept for their next pages.
//!
//! A page is a part of a whole result. Whoever reads all pages of a result has its query run once, as long as the answer
//! is still kept; when it is not, the query runs again. What is kept belongs to one caller with the rights they had when
//! they asked: whoever lost a role meanwhile is not given what they may see no more.

use crate::query::Answer;
use access::Assignment;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Queries that somebody may begin in a [`WINDOW`]. Each costs one, and one more for each second that it runs.
const QUOTA: u32 = 15;

/// The time after which a quota is whole again: Resource Graph's.
const WINDOW: Duration = Duration::from_secs(5);

/// How long an answer is kept after it was last read.
const KEPT_FOR: Duration = Duration::from_secs(300);

/// How many bytes of answers are kept for everybody together.
const KEPT_BYTES: usize = 192 << 20;

/// Principals whose quotas are remembered; those of others are whole.
const PRINCIPALS: usize = 10_000;

/// What is left of somebody's quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// So many queries.
    pub remaining: u32,
    /// The time after which it is whole again.
    pub resets_after: Duration,
}

/// Whom an answer was made for, and for what.
#[derive(Debug, Clone, PartialEq)]
pub struct Occasion {
    /// Who asked.
    pub principal: Uuid,
    /// With these roles.
    pub assignments: Vec<Assignment>,
    /// What was asked: query, scope, and whatever else the answer depends on.
    pub question: String,
}

struct Kept {
    occasion: Occasion,
    answer: Arc<Answer>,
    read_at: Instant,
}

struct Spent {
    since: Instant,
    units: u32,
}

/// The desk. One serves the whole installation.
#[derive(Default)]
pub struct Desk {
    spent: Mutex<HashMap<Uuid, Spent>>,
    kept: Mutex<HashMap<u64, Kept>>,
}

impl Desk {
    /// Lets somebody begin a query, and says what is then left.
    ///
    /// # Errors
    /// What is left, where that is nothing.
    pub fn admit(&self, principal: Uuid, now: Instant) -> Result<Quota, Quota> {
        self.with_spent(principal, now, |spent| {
            if spent.units >= QUOTA {
                return Err(());
            }
            spent.units += 1;
            Ok(())
        })
    }

    /// What is left for somebody, without a query.
    pub fn quota(&self, principal: Uuid, now: Instant) -> Quota {
        self.with_spent(principal, now, |_| Ok(())).unwrap_or_else(|quota| quota)
    }

    /// Charges the time that a query ran.
    pub fn charge(&self, principal: Uuid, ran: Duration, now: Instant) -> Quota {
        let seconds = u32::try_from(ran.as_secs()).unwrap_or(u32::MAX);
        let charged = self.with_spent(principal, now, |spent| {
            spent.units = spent.units.saturating_add(seconds);
            Ok(())
        });
        charged.unwrap_or_else(|quota| quota)
    }

    fn with_spent(
        &self,
        principal: Uuid,
        now: Instant,
        change: impl FnOnce(&mut Spent) -> Result<(), ()>,
    ) -> Result<Quota, Quota> {
        let mut all = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= PRINCIPALS {
            all.retain(|_, spent| now.duration_since(spent.since) < WINDOW);
        }
        let spent = all.entry(principal).or_insert(Spent { since: now, units: 0 });
        let windows = now.duration_since(spent.since).as_millis() / WINDOW.as_millis();
        if windows > 0 {
            // Each window gives a whole quota back: who ran a query of a minute waits for some of them.
            let back = u32::try_from(windows).unwrap_or(u32::MAX).saturating_mul(QUOTA);
            spent.units = spent.units.saturating_sub(back);
            spent.since = now;
        }
        let outcome = change(spent);
        let debts = spent.units.saturating_sub(1) / QUOTA;
        let whole = WINDOW.saturating_mul(debts + 1).saturating_sub(now.duration_since(spent.since));
        let quota = Quota { remaining: QUOTA.saturating_sub(spent.units), resets_after: whole };
        outcome.map(|()| quota).map_err(|()| quota)
    }

    /// Keeps an answer for its next pages, under a number that the pages name. Older ones make room.
    pub fn keep(&self, number: u64, occasion: Occasion, answer: Arc<Answer>, now: Instant) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, one| now.duration_since(one.read_at) < KEPT_FOR);
        kept.insert(number, Kept { occasion, answer, read_at: now });
        while kept.values().map(|one| one.answer.bytes()).sum::<usize>() > KEPT_BYTES {
            let oldest = kept.iter().min_by_key(|(_, one)| one.read_at).map(|(number, _)| *number);
            let Some(oldest) = oldest else { return };
            kept.remove(&oldest);
        }
    }

    /// The answer of a number, if it was made for this occasion and is still kept.
    pub fn find(&self, number: u64, occasion: &Occasion, now: Instant) -> Option<Arc<Answer>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let one = kept.get_mut(&number)?;
        if one.occasion != *occasion || now.duration_since(one.read_at) >= KEPT_FOR {
            return None;
        }
        one.read_at = now;
        Some(one.answer.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn a_quota_is_spent_and_comes_back() {
        let (desk, start) = (Desk::default(), Instant::now());
        for left in (0..QUOTA).rev() {
            assert_eq!(desk.admit(who(1), start).unwrap().remaining, left);
        }
        let spent = desk.admit(who(1), start + Duration::from_secs(1)).unwrap_err();
        assert_eq!(spent, Quota { remaining: 0, resets_after: Duration::from_secs(4) });
        assert!(desk.admit(who(2), start).is_ok(), "everybody has their own");
        assert_eq!(desk.admit(who(1), start + WINDOW).unwrap().remaining, QUOTA - 1);
    }

    #[test]
    fn time_is_charged() {
        let (desk, start) = (Desk::default(), Instant::now());
        desk.admit(who(1), start).unwrap();
        assert_eq!(desk.charge(who(1), Duration::from_secs(10), start).remaining, 4);
        assert_eq!(desk.charge(who(1), Duration::from_secs(19), start).remaining, 0);
        // Thirty units are two windows.
        assert!(desk.admit(who(1), start + WINDOW - Duration::from_millis(1)).is_err());
        let next = desk.admit(who(1), start + WINDOW).unwrap_err();
        assert_eq!(next, Quota { remaining: 0, resets_after: WINDOW });
        assert!(desk.admit(who(1), start + WINDOW + WINDOW).is_ok());
    }

    fn occasion(principal: u128, question: &str) -> Occasion {
        Occasion { principal: who(principal), assignments: Vec::new(), question: question.to_owned() }
    }

    fn answer(bytes: usize) -> Arc<Answer> {
        Arc::new(Answer::of_bytes(bytes))
    }

    #[test]
    fn an_answer_belongs_to_its_occasion() {
        let (desk, start) = (Desk::default(), Instant::now());
        desk.keep(7, occasion(1, "q"), answer(1), start);
        assert!(desk.find(7, &occasion(1, "q"), start).is_some());
        assert!(desk.find(7, &occasion(2, "q"), start).is_none());
        assert!(desk.find(7, &occasion(1, "other"), start).is_none());
        assert!(desk.find(8, &occasion(1, "q"), start).is_none());
        let role = Assignment::new(who(1), access::RoleId::READER, access::ResourceId::tenant());
        let more = Occasion { assignments: vec![role], ..occasion(1, "q") };
        assert!(desk.find(7, &more, start).is_none(), "rights have changed");
        assert!(desk.find(7, &occasion(1, "q"), start + KEPT_FOR).is_none());
    }

    #[test]
    fn older_answers_make_room() {
        let (desk, start) = (Desk::default(), Instant::now());
        for number in 0..4 {
            let at = start + Duration::from_secs(number);
            desk.keep(number, occasion(1, "q"), answer(KEPT_BYTES / 3), at);
        }
        let end = start + Duration::from_secs(9);
        let found: Vec<bool> =
            (0..4).map(|number| desk.find(number, &occasion(1, "q"), end).is_some()).collect();
        assert_eq!(found, [false, true, true, true]);
    }
}
