//! Rules of the job queue.

use crate::scene::{job, second, subscription};
use jiff::SignedDuration;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{
    Claim, Enqueued, Failed, Holder, Job, JobKind, JobState, JobTicket, Lease, NewJob, PageRequest,
    RetryPolicy, Store,
};

const SCAN: JobKind = JobKind::new("scan");
const RETRY: RetryPolicy = RetryPolicy {
    first_pause: SignedDuration::from_secs(10),
    longest_pause: SignedDuration::from_secs(25),
    attempts: 4,
};

fn claim(holder: &str, limit: usize, at: i64) -> Claim {
    Claim {
        holder: Holder(holder.to_owned()),
        kinds: vec![SCAN],
        limit,
        lease: SignedDuration::from_secs(60),
        at: second(at),
    }
}

async fn claim_one(store: &Arc<dyn Store>, holder: &str, at: i64) -> Option<Job> {
    store.claim(claim(holder, 1, at)).await.unwrap().pop()
}

fn lease(job: &Job) -> &Lease {
    job.lease.as_ref().unwrap()
}

async fn ask(store: &Arc<dyn Store>, job: NewJob, at: i64) -> Enqueued {
    store.enqueue(vec![job], second(at)).await.unwrap()[0]
}

pub(crate) async fn job_runs_once_and_is_gone(store: Arc<dyn Store>) {
    assert!(claim_one(&store, "a", 0).await.is_none());
    let new = NewJob { payload: json!({ "repository": "app" }), ..job("scan", "x") };
    assert_eq!(ask(&store, new, 0).await, Enqueued::Created);
    let taken = claim_one(&store, "a", 1).await.unwrap();
    assert_eq!((taken.key.as_str(), taken.attempts, taken.state), ("x", 1, JobState::Running));
    assert_eq!((taken.due, taken.enqueued_at), (second(61), second(0)));
    assert_eq!(taken.payload, json!({ "repository": "app" }));
    assert!(claim_one(&store, "b", 1).await.is_none());
    assert!(store.complete(lease(&taken), second(2)).await.unwrap());
    assert!(!store.complete(lease(&taken), second(2)).await.unwrap());
    assert_eq!(store.job(&SCAN, "x").await.unwrap(), None);
    assert_eq!(store.job_counts().await.unwrap(), []);
}

/// By the moment at which it was asked for, an image is charged.
pub(crate) async fn asked_again_while_running_counts_from_then(store: Arc<dyn Store>) {
    ask(&store, job("scan", "x"), 0).await;
    let first = claim_one(&store, "a", 1).await.unwrap();
    ask(&store, job("scan", "x"), 2).await;
    ask(&store, job("scan", "x"), 3).await;
    assert_eq!(first.enqueued_at, second(0));
    store.complete(lease(&first), second(4)).await.unwrap();
    let next = claim_one(&store, "a", 5).await.unwrap();
    assert_eq!(next.enqueued_at, second(2), "the first time that it was asked for while it ran");
    // One that failed runs for all who asked, from the first of them on.
    ask(&store, job("scan", "x"), 6).await;
    store.fail(lease(&next), "no".into(), RETRY, second(7)).await.unwrap();
    let retry = claim_one(&store, "a", 60).await.unwrap();
    assert_eq!(retry.enqueued_at, second(2));
    assert!(store.complete(lease(&retry), second(61)).await.unwrap());
    assert_eq!(store.job(&SCAN, "x").await.unwrap(), None);
}

pub(crate) async fn same_key_coalesces_while_queued(store: Arc<dyn Store>) {
    let later = NewJob { not_before: Some(second(50)), priority: 3, ..job("scan", "x") };
    assert_eq!(ask(&store, later, 0).await, Enqueued::Created);
    let sooner = NewJob { not_before: Some(second(20)), payload: json!(2), ..job("scan", "x") };
    assert_eq!(ask(&store, sooner, 1).await, Enqueued::Coalesced);
    let found = store.job(&SCAN, "x").await.unwrap().unwrap();
    assert_eq!((found.priority, found.due, found.payload), (3, second(20), json!(2)));
    assert_eq!(store.next_due(&[SCAN]).await.unwrap(), Some(second(20)));
    assert!(claim_one(&store, "a", 19).await.is_none());
    assert!(claim_one(&store, "a", 20).await.is_some());
    assert!(claim_one(&store, "a", 20).await.is_none());
}

pub(crate) async fn asked_for_while_running_runs_once_more(store: Arc<dyn Store>) {
    ask(&store, job("scan", "x"), 0).await;
    let first = claim_one(&store, "a", 1).await.unwrap();
    let again = NewJob { payload: json!("new"), ..job("scan", "x") };
    assert_eq!(ask(&store, again.clone(), 2).await, Enqueued::Again);
    assert_eq!(ask(&store, again, 2).await, Enqueued::Again);
    assert!(claim_one(&store, "b", 2).await.is_none());
    assert!(store.complete(lease(&first), second(3)).await.unwrap());
    let second_run = claim_one(&store, "b", 3).await.unwrap();
    assert_eq!((second_run.attempts, second_run.payload.clone()), (1, json!("new")));
    assert!(store.complete(lease(&second_run), second(4)).await.unwrap());
    assert_eq!(store.job(&SCAN, "x").await.unwrap(), None);
}

pub(crate) async fn failed_job_waits_longer_each_time_and_dies(store: Arc<dyn Store>) {
    ask(&store, job("scan", "x"), 0).await;
    let mut at = 0;
    for pause in [10, 20, 25] {
        let taken = claim_one(&store, "a", at).await.unwrap();
        let failed = store.fail(lease(&taken), format!("broke at {at}"), RETRY, second(at)).await.unwrap();
        assert_eq!(failed, Failed::Retry(second(at + pause)));
        assert!(claim_one(&store, "a", at + pause - 1).await.is_none());
        at += pause;
    }
    let last = claim_one(&store, "a", at).await.unwrap();
    assert_eq!(last.attempts, 4);
    assert_eq!(last.last_error.as_deref(), Some("broke at 30"));
    let failed = store.fail(lease(&last), "broke for good".to_owned(), RETRY, second(at)).await.unwrap();
    assert_eq!(failed, Failed::Dead);
    assert!(claim_one(&store, "a", 100_000).await.is_none());
    let dead = store.dead_jobs(PageRequest::first(5)).await.unwrap().items;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].last_error.as_deref(), Some("broke for good"));
    assert!(store.forget_dead_job(dead[0].id).await.unwrap());
    assert!(!store.forget_dead_job(dead[0].id).await.unwrap());
}

pub(crate) async fn buried_job_is_dead_at_once_and_can_be_revived(store: Arc<dyn Store>) {
    ask(&store, job("scan", "x"), 0).await;
    let taken = claim_one(&store, "a", 0).await.unwrap();
    assert!(store.bury(lease(&taken), "no such manifest".to_owned(), second(1)).await.unwrap());
    assert_eq!(store.job(&SCAN, "x").await.unwrap().unwrap().state, JobState::Dead);
    assert_eq!(store.next_due(&[SCAN]).await.unwrap(), None);
    assert_eq!(ask(&store, job("scan", "x"), 2).await, Enqueued::Revived);
    assert_eq!(claim_one(&store, "a", 2).await.unwrap().attempts, 1);
}

pub(crate) async fn lost_lease_changes_nothing(store: Arc<dyn Store>) {
    ask(&store, job("scan", "x"), 0).await;
    let slow = claim_one(&store, "a", 0).await.unwrap();
    assert_eq!(store.reclaim_expired(RETRY, second(59)).await.unwrap(), 0);
    assert_eq!(store.reclaim_expired(RETRY, second(60)).await.unwrap(), 1);
    // The same holder takes it anew; its old lease is lost all the same.
    let fresh = claim_one(&store, "a", 70).await.unwrap();
    assert_eq!(fresh.attempts, 2);
    assert!(!store.heartbeat(lease(&slow), second(500)).await.unwrap());
    assert!(!store.complete(lease(&slow), second(71)).await.unwrap());
    assert!(!store.bury(lease(&slow), String::new(), second(71)).await.unwrap());
    let failed = store.fail(lease(&slow), String::new(), RETRY, second(71)).await.unwrap();
    assert_eq!(failed, Failed::LeaseLost);
    assert!(store.complete(lease(&fresh), second(72)).await.unwrap());
}

pub(crate) async fn heartbeat_keeps_a_lease(store: Arc<dyn Store>) {
    ask(&store, job("scan", "x"), 0).await;
    let taken = claim_one(&store, "a", 0).await.unwrap();
    assert!(store.heartbeat(lease(&taken), second(120)).await.unwrap());
    assert_eq!(store.next_due(&[SCAN]).await.unwrap(), Some(second(120)));
    assert_eq!(store.reclaim_expired(RETRY, second(100)).await.unwrap(), 0);
    assert!(store.complete(lease(&taken), second(101)).await.unwrap());
}

pub(crate) async fn holder_that_is_gone_gives_its_jobs_back(store: Arc<dyn Store>) {
    for key in ["x", "y"] {
        ask(&store, job("scan", key), 0).await;
    }
    claim_one(&store, "a", 0).await.unwrap();
    claim_one(&store, "b", 0).await.unwrap();
    // However often a process is killed, that is not the job's fault.
    for round in 1..20 {
        assert_eq!(store.release_holder(&Holder("a".to_owned()), second(round)).await.unwrap(), 1);
        assert_eq!(claim_one(&store, "a", round).await.unwrap().attempts, 1);
    }
}

pub(crate) async fn claims_go_round_robin_over_subscriptions(store: Arc<dyn Store>) {
    let of = |number: u128, key: String| NewJob {
        subscription: (number > 0).then(|| subscription(number)),
        priority: if number == 1 { 100 } else { 0 },
        ..job("scan", &key)
    };
    let flood = (0..50).map(|index| of(1, format!("flood-{index}"))).collect();
    store.enqueue(flood, second(0)).await.unwrap();
    assert_eq!(store.claim(claim("a", 3, 1)).await.unwrap().len(), 3);
    store.enqueue(vec![of(2, "late".to_owned()), of(0, "own".to_owned())], second(2)).await.unwrap();
    let next = store.claim(claim("a", 3, 3)).await.unwrap();
    let served: BTreeSet<_> = next.iter().map(|job| job.subscription).collect();
    assert_eq!(served, BTreeSet::from([None, Some(subscription(1)), Some(subscription(2))]));
}

pub(crate) async fn priority_then_due_time_decide_within_a_subscription(store: Arc<dyn Store>) {
    let jobs = [("slow", 0, 0), ("urgent", 5, 3), ("early", 1, 1), ("late", 1, 2)];
    let jobs = jobs.map(|(key, priority, due)| NewJob {
        priority,
        not_before: Some(second(due)),
        ..job("scan", key)
    });
    store.enqueue(jobs.to_vec(), second(0)).await.unwrap();
    let keys: Vec<_> = store.claim(claim("a", 9, 10)).await.unwrap().into_iter().map(|job| job.key).collect();
    assert_eq!(keys, ["urgent", "early", "late", "slow"]);
}

pub(crate) async fn only_claimed_kinds_are_given(store: Arc<dyn Store>) {
    ask(&store, job("rematch", "x"), 0).await;
    ask(&store, job("scan", "x"), 0).await;
    let jobs = store.claim(claim("a", 9, 1)).await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), ["scan"]);
    assert_eq!(store.next_due(&[JobKind::new("other")]).await.unwrap(), None);
    let counts = store.job_counts().await.unwrap();
    let counts: BTreeMap<_, _> = counts
        .into_iter()
        .map(|count| ((count.kind.as_str().to_owned(), count.state), count.count))
        .collect();
    let expected =
        [(("rematch".to_owned(), JobState::Queued), 1), (("scan".to_owned(), JobState::Running), 1)];
    assert_eq!(counts, BTreeMap::from(expected));
}

pub(crate) async fn waiting_misses_no_job(store: Arc<dyn Store>) {
    let seen = JobTicket::default();
    let waiter = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.wait_for_jobs(seen).await }
    });
    ask(&store, job("scan", "x"), 0).await;
    let ticket = waiter.await.unwrap();
    // Asked for before the wait: it returns at once.
    ask(&store, job("scan", "y"), 0).await;
    let later = store.wait_for_jobs(ticket).await;
    assert_ne!(later, ticket);
    // Nothing new: it waits.
    let waiting = store.wait_for_jobs(later);
    tokio::pin!(waiting);
    let idle =
        std::future::poll_fn(|context| std::task::Poll::Ready(waiting.as_mut().poll(context).is_pending()));
    assert!(idle.await);
}

/// Random numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % bound as u64).unwrap()
    }
}

/// What the test believes of the queue.
#[derive(Default)]
struct Belief {
    at: i64,
    /// Keys that were asked for and not yet done since.
    wanted: BTreeSet<String>,
    /// Keys that were asked for while they ran.
    again: BTreeSet<String>,
    /// Who runs what by a lease that has not expired: at most one per key.
    running: BTreeMap<String, Job>,
    /// Leases whose holders hung; they come back at a bad moment.
    hung: Vec<Job>,
}

pub(crate) async fn no_job_is_lost_or_run_by_two(store: Arc<dyn Store>) {
    let mut dice = Dice(20_200_616);
    let mut belief = Belief::default();
    for _ in 0..1_500 {
        belief.at += i64::try_from(dice.below(3)).unwrap();
        step(&store, &mut dice, &mut belief).await;
    }
    // Everything that hangs comes to its end, and everything that was asked for is done.
    for round in 0..500 {
        belief.at += 100 + round;
        belief.running.clear();
        store.reclaim_expired(patient(), second(belief.at)).await.unwrap();
        belief.at += 100;
        for job in store.claim(claim("last", 256, belief.at)).await.unwrap() {
            assert!(store.complete(lease(&job), second(belief.at)).await.unwrap());
            belief.wanted.remove(&job.key);
        }
        if belief.wanted.is_empty() {
            break;
        }
    }
    assert_eq!(belief.wanted, BTreeSet::new());
    assert_eq!(store.job_counts().await.unwrap(), []);
}

/// Attempts without end, since this test looks for lost jobs, not for dead ones.
fn patient() -> RetryPolicy {
    RetryPolicy { attempts: u32::MAX, ..RETRY }
}

async fn step(store: &Arc<dyn Store>, dice: &mut Dice, belief: &mut Belief) {
    let now = second(belief.at);
    match dice.below(10) {
        0..=2 => {
            let key = format!("key-{}", dice.below(12));
            let owner = subscription(1 + dice.below(3) as u128);
            let new = NewJob { subscription: Some(owner), ..job("scan", &key) };
            store.enqueue(vec![new], now).await.unwrap();
            if belief.running.contains_key(&key) {
                belief.again.insert(key.clone());
            }
            belief.wanted.insert(key);
        }
        3..=5 => {
            let holder = format!("holder-{}", dice.below(4));
            for job in store.claim(claim(&holder, 1 + dice.below(3), belief.at)).await.unwrap() {
                assert!(belief.wanted.contains(&job.key), "nobody asked for {job:?}");
                let other = belief.running.insert(job.key.clone(), job);
                assert!(other.is_none(), "two holders run {other:?}");
            }
        }
        6 | 7 => end_one(store, dice, belief).await,
        8 => {
            if let Some((_, job)) = belief.running.pop_first() {
                belief.hung.push(job);
            }
            belief.at += 61;
            belief.hung.extend(std::mem::take(&mut belief.running).into_values());
            belief.again.clear();
            store.reclaim_expired(patient(), second(belief.at)).await.unwrap();
        }
        _ => {
            if let Some(job) = belief.hung.pop() {
                assert!(!store.complete(lease(&job), now).await.unwrap(), "an expired lease ended {job:?}");
            }
        }
    }
}

async fn end_one(store: &Arc<dyn Store>, dice: &mut Dice, belief: &mut Belief) {
    let Some((key, job)) = belief.running.pop_first() else { return };
    let now = second(belief.at);
    let again = belief.again.remove(&key);
    if dice.below(3) == 0 {
        let failed = store.fail(lease(&job), "dice".to_owned(), patient(), now).await.unwrap();
        // An unexpired lease is only lost by expiry, which this test does itself.
        assert!(matches!(failed, Failed::Retry(_)));
        return;
    }
    assert!(store.complete(lease(&job), now).await.unwrap());
    let left = store.job(&SCAN, &key).await.unwrap();
    assert_eq!(left.is_some(), again, "{key} is left only if it was asked for while it ran");
    if !again {
        belief.wanted.remove(&key);
    }
}
