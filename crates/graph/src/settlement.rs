//! Settling: bringing the summaries of images to what the rules in force make of them.
//!
//! A summary shows what counts. It is made again when the rules in force have changed: because somebody put or deleted
//! one, or because one has ended. Whoever reads summaries settles first, which costs nothing as long as nothing has
//! changed; so a rule is in force at the next read, and its end is honoured to the second.
//!
//! The rules that summaries were last made by are recorded at the end. A server that is killed half-way compares again
//! when it starts, and goes on.

mod counted;
mod hidden;

use crate::automations;
use crate::documents::KnownRegistry;
use crate::rulebook::{ImageRules, OsName, Rulebook, is_whole, sentence};
use access::ResourceId;
use advisory::Severity;
use assessment::rules::{Standing, rest};
use assessment::{Child, roll_up};
pub use counted::Counted;
use counted::Hidden;
pub(crate) use hidden::{each_hidden, os_of};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use store::{Cause, Found, ImageKey, ImageState, ImageSummary, PageRequest, Rule, Store, SummaryFilter};
use tokio::sync::Mutex;

/// Summaries that are made in one transaction.
const BATCH: usize = 200;
/// Indexes of indexes of indexes: deeper than this nobody nests them.
const DEPTH: usize = 8;

/// The code of what does not count because somebody decided so.
pub const EXEMPT: &str = "Exempt";

/// Knows until when the summaries are right.
pub struct Settlement {
    store: Arc<dyn Store>,
    turn: Mutex<()>,
    /// The state of the rules that the summaries were made by; 0 for none.
    generation: AtomicU64,
    from: AtomicI64,
    until: AtomicI64,
}

impl Settlement {
    /// Nothing is settled yet.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            turn: Mutex::new(()),
            generation: AtomicU64::new(0),
            from: AtomicI64::new(i64::MAX),
            until: AtomicI64::new(i64::MIN),
        }
    }

    /// Brings the summaries to what the rules in force make of them, if anything has changed.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn settle(&self, now: Timestamp) -> Result<(), store::Error> {
        if self.is_settled(now) {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        if self.is_settled(now) {
            return Ok(());
        }
        let generation = self.store.rules_generation();
        let book = Rulebook::load(&*self.store, now).await?;
        resettle(&*self.store, &book, now).await?;
        let end = book.next_change().map_or(i64::MAX, Timestamp::as_microsecond);
        self.from.store(now.as_microsecond(), Ordering::Release);
        self.until.store(end, Ordering::Release);
        self.generation.store(generation, Ordering::Release);
        Ok(())
    }

    /// When a rule in force ends, and summaries change by that.
    pub fn next_change(&self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.until.load(Ordering::Acquire)).ok()
    }

    /// A clock that went back brings rules back that had ended, so that the beginning counts as well.
    fn is_settled(&self, now: Timestamp) -> bool {
        let now = now.as_microsecond();
        self.generation.load(Ordering::Acquire) == self.store.rules_generation()
            && self.from.load(Ordering::Acquire) <= now
            && now < self.until.load(Ordering::Acquire)
    }
}

/// Brings the summaries to what these rules make of them. Returns how many changed.
///
/// # Errors
/// When the records fail.
pub async fn resettle(store: &dyn Store, book: &Rulebook, now: Timestamp) -> Result<usize, store::Error> {
    let before = store.settled_rules().await?;
    let after: Vec<Rule> = book.rules().cloned().collect();
    if before == after {
        return Ok(0);
    }
    let gone = before.iter().filter(|rule| !after.contains(rule));
    let changed: Vec<&Rule> = gone.chain(after.iter().filter(|rule| !before.contains(rule))).collect();
    let mut walk = Walk { store, book, now, counted: None, indexes: BTreeSet::new(), changed: 0 };
    for subscription in store.subscriptions().await? {
        for registry in store.registries(subscription.id).await? {
            if let Ok(known) = KnownRegistry::new(registry) {
                walk.registry(&known, &changed).await?;
            }
        }
    }
    walk.indexes().await?;
    tracing::info!(
        images = walk.changed,
        rules = changed.len(),
        "rules have changed, and the verdicts with them"
    );
    store.set_settled_rules(after).await?;
    Ok(walk.changed)
}

/// Brings the summary of one image, and of the indexes that it is part of, to what the rules and the documents that are
/// attached to it make of it.
///
/// # Errors
/// When the records fail.
pub async fn resettle_image(
    store: &dyn Store,
    book: &Rulebook,
    known: &KnownRegistry,
    image: &ImageKey,
    now: Timestamp,
) -> Result<(), store::Error> {
    let mut walk = Walk { store, book, now, counted: None, indexes: BTreeSet::new(), changed: 0 };
    let Some(summary) = store.summary(image).await? else { return Ok(()) };
    if summary.children.is_empty() {
        // For one image its findings are read, and not what all of them come to.
        let judged = walk.again(known, summary, None).await?;
        walk.keep(judged.into_iter().collect()).await?;
    } else {
        walk.indexes.insert(summary.image);
    }
    walk.indexes().await
}

struct Walk<'a> {
    store: &'a dyn Store,
    book: &'a Rulebook,
    now: Timestamp,
    /// Read when some image needs it.
    counted: Option<Counted>,
    /// Indexes whose images may have changed.
    indexes: BTreeSet<ImageKey>,
    changed: usize,
}

impl Walk<'_> {
    /// Goes through the images of a registry that one of the rules may concern.
    async fn registry(&mut self, known: &KnownRegistry, changed: &[&Rule]) -> Result<(), store::Error> {
        let concerning: Vec<&&Rule> = changed.iter().filter(|rule| concerns(rule, known)).collect();
        if concerning.is_empty() {
            return Ok(());
        }
        let about_findings =
            concerning.iter().all(|rule| !rule.kind.is_exemption() || rule.conditions.is_about_findings());
        // A rule about findings changes nothing where there are none.
        let states = if about_findings { vec![ImageState::Unhealthy] } else { Vec::new() };
        let filter =
            SummaryFilter { registries: Some(vec![known.registry.id]), states, ..SummaryFilter::default() };
        let mut after = None;
        loop {
            let page = self.store.images_under_rules(PageRequest { after, limit: BATCH }).await?;
            let mut summaries = Vec::new();
            for image in &page.items {
                if image.repository.registry == known.registry.id {
                    summaries.extend(self.store.summary(image).await?);
                }
            }
            self.images(known, summaries).await?;
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let mut after = None;
        loop {
            let page = self.store.summaries(&filter, PageRequest { after, limit: BATCH }).await?;
            self.images(known, page.items).await?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn images(
        &mut self,
        known: &KnownRegistry,
        summaries: Vec<ImageSummary>,
    ) -> Result<(), store::Error> {
        let hidden = self.hidden(known, &summaries).await?;
        let mut judged = Vec::new();
        for (summary, hidden) in summaries.into_iter().zip(hidden) {
            if summary.children.is_empty() {
                judged.extend(self.again(known, summary, hidden).await?);
            } else {
                self.indexes.insert(summary.image);
            }
        }
        self.keep(judged).await
    }

    /// What rules hide in each of some images, as far as it can be counted.
    async fn hidden(
        &mut self,
        known: &KnownRegistry,
        summaries: &[ImageSummary],
    ) -> Result<Vec<Option<Hidden>>, store::Error> {
        // What documents that are attached to an image say is looked at finding by finding.
        let is_apart = |summary: &ImageSummary| self.book.has_attached(&summary.image);
        if summaries.iter().all(is_apart) || self.book.rules().all(is_whole) {
            return Ok(vec![None; summaries.len()]);
        }
        if self.counted.is_none() {
            self.counted = Some(Counted::load(self.store, self.book).await?);
        }
        let Some(counted) = &mut self.counted else { return Ok(vec![None; summaries.len()]) };
        counted.in_images(self.store, self.book, known, summaries).await
    }

    /// The summary as these rules make it, if that is another than before.
    async fn again(
        &self,
        known: &KnownRegistry,
        summary: ImageSummary,
        hidden: Option<Hidden>,
    ) -> Result<Option<(ImageSummary, Found)>, store::Error> {
        let Some(found) = self.store.found(&summary.image).await? else { return Ok(None) };
        let as_found = found.clone().within(summary.clone());
        let mut shown = shown_without(self.store, self.book, known, as_found, hidden).await?;
        if shown.state != summary.state {
            shown.changed_at = self.now;
        }
        Ok((shown != summary).then_some((shown, found)))
    }

    async fn keep(&mut self, judged: Vec<(ImageSummary, Found)>) -> Result<(), store::Error> {
        for (summary, _) in &judged {
            let image = &summary.image;
            for parent in self.store.parents(&image.repository, &image.digest).await? {
                self.indexes.insert(ImageKey { repository: image.repository.clone(), digest: parent });
            }
        }
        self.changed += judged.len();
        let Some((first, _)) = judged.first() else { return Ok(()) };
        // A batch is of one registry.
        let registry = self.store.registry(first.image.repository.registry).await?;
        let images = judged.iter().map(|(summary, _)| &summary.image);
        let jobs = match registry {
            Some(registry) => automations::jobs(self.store, images, registry.subscription).await?,
            None => Vec::new(),
        };
        self.store.put_judged(judged, jobs, self.now).await
    }

    /// Indexes follow their images, and indexes of indexes theirs.
    async fn indexes(&mut self) -> Result<(), store::Error> {
        for _ in 0..DEPTH {
            let indexes = std::mem::take(&mut self.indexes);
            if indexes.is_empty() {
                return Ok(());
            }
            for image in indexes {
                let Some(registry) = self.store.registry(image.repository.registry).await? else { continue };
                let Ok(known) = KnownRegistry::new(registry) else { continue };
                let Some(summary) = self.store.summary(&image).await? else { continue };
                let judged = self.again(&known, summary, None).await?;
                self.keep(judged.into_iter().collect()).await?;
            }
        }
        Ok(())
    }
}

/// Whether a rule holds somewhere in a registry.
fn concerns(rule: &Rule, known: &KnownRegistry) -> bool {
    ResourceId::parse(&rule.scope).is_ok_and(|scope| known.id.is_within(&scope) || scope.is_within(&known.id))
}

/// What rules make of a summary as it was found.
///
/// # Errors
/// When the records fail.
pub async fn shown(
    store: &dyn Store,
    book: &Rulebook,
    known: &KnownRegistry,
    found: ImageSummary,
) -> Result<ImageSummary, store::Error> {
    shown_without(store, book, known, found, None).await
}

/// The same of many images of one registry, with what rules hide in package versions counted before.
///
/// # Errors
/// When the records fail.
pub async fn shown_each(
    store: &dyn Store,
    book: &Rulebook,
    known: &KnownRegistry,
    counted: &mut Counted,
    found: Vec<ImageSummary>,
) -> Result<Vec<ImageSummary>, store::Error> {
    let hidden = counted.in_images(store, book, known, &found).await?;
    let mut shown = Vec::with_capacity(found.len());
    for (found, hidden) in found.into_iter().zip(hidden) {
        shown.push(shown_without(store, book, known, found, hidden).await?);
    }
    Ok(shown)
}

/// The same where it is known already what rules hide.
async fn shown_without(
    store: &dyn Store,
    book: &Rulebook,
    known: &KnownRegistry,
    found: ImageSummary,
    counted: Option<Hidden>,
) -> Result<ImageSummary, store::Error> {
    if !matches!(found.state, ImageState::Healthy | ImageState::Unhealthy | ImageState::NotApplicable) {
        return Ok(found);
    }
    let image = found.image.clone();
    let rules = book.of_image(known, &image);
    let os = os_of(store, book, &rules, &image).await?;
    if let Some(rule) = rules.whole(os.as_ref()) {
        let cause = Cause { code: EXEMPT.to_owned(), sentence: format!("{}.", sentence(rule)) };
        let counts = BTreeMap::new();
        return Ok(ImageSummary { state: ImageState::NotApplicable, cause: Some(cause), counts, ..found });
    }
    if !found.children.is_empty() {
        return of_index(store, found).await;
    }
    if found.state != ImageState::Unhealthy || !rules.has_partial() {
        return Ok(found);
    }
    let (hidden, by) = match counted {
        Some(hidden) => hidden,
        None => hidden(store, &rules, &image, os.as_ref()).await?,
    };
    if hidden.is_empty() {
        return Ok(found);
    }
    let before = Standing { state: assessment::ImageState::Unhealthy, counts: in_severities(&found.counts) };
    let left = rest(&before, found.cause.is_some(), &hidden);
    let cause = match left.state {
        assessment::ImageState::Healthy => {
            let count: u64 = hidden.values().sum();
            let names = by.into_iter().collect::<Vec<_>>().join("`, `");
            let sentence = format!("{count} findings do not count, because of `{names}`.");
            Some(Cause { code: EXEMPT.to_owned(), sentence })
        }
        assessment::ImageState::Unhealthy | assessment::ImageState::NotApplicable => found.cause.clone(),
    };
    Ok(ImageSummary {
        state: in_the_words_of_the_store(left.state),
        cause,
        counts: in_words(left.counts),
        ..found
    })
}

/// The findings of an image that rules hide, by severity, and the names of the rules. As in its verdict, each
/// vulnerability of a package version counts once.
async fn hidden(
    store: &dyn Store,
    rules: &ImageRules<'_>,
    image: &ImageKey,
    os: Option<&OsName>,
) -> Result<Hidden, store::Error> {
    let (mut hidden, mut names) = Hidden::default();
    each_hidden(store, rules, image, os, |finding, rule| {
        let severity = Severity::from_word(&finding.vulnerability.severity).unwrap_or(Severity::Unknown);
        *hidden.entry(severity).or_insert(0) += 1;
        names.insert(rule.display_name.clone());
    })
    .await?;
    Ok((hidden, names))
}

/// What is shown of an index: what is shown of its images. Those that are exempt count neither way.
async fn of_index(store: &dyn Store, found: ImageSummary) -> Result<ImageSummary, store::Error> {
    let (mut children, mut exempt, mut changed) = (Vec::new(), None, false);
    for digest in &found.children {
        let key = ImageKey { repository: found.image.repository.clone(), digest: digest.clone() };
        let Some(summary) = store.summary(&key).await? else {
            children.push(missing(digest));
            continue;
        };
        changed |= store.found(&key).await? != Some(Found::of(&summary));
        match summary.cause.as_ref() {
            Some(cause) if summary.state == ImageState::NotApplicable && cause.code == EXEMPT => {
                exempt = Some(cause.clone());
            }
            _ => match child(&summary) {
                Some(child) => children.push(child),
                // Its verdict is on its way, and with it the one of the index.
                None => return Ok(found),
            },
        }
    }
    if !changed {
        return Ok(found);
    }
    if let (true, Some(cause)) = (children.is_empty(), exempt) {
        let counts = BTreeMap::new();
        return Ok(ImageSummary { state: ImageState::NotApplicable, cause: Some(cause), counts, ..found });
    }
    let verdict = roll_up(&children);
    let cause = verdict.causes.first();
    Ok(ImageSummary {
        state: in_the_words_of_the_store(verdict.state),
        cause: cause.map(|cause| Cause { code: cause.code().to_owned(), sentence: cause.to_string() }),
        counts: in_words(verdict.counts),
        ..found
    })
}

/// The verdict on an image of an index, if it is there.
pub fn child(summary: &ImageSummary) -> Option<Child> {
    let state = match summary.state {
        ImageState::Queued | ImageState::Scanning | ImageState::Unscanned => return None,
        ImageState::Healthy => assessment::ImageState::Healthy,
        ImageState::Unhealthy => assessment::ImageState::Unhealthy,
        ImageState::NotApplicable => assessment::ImageState::NotApplicable,
    };
    let name = summary.platform.clone().unwrap_or_else(|| summary.image.digest.to_string());
    let cause = summary.cause.as_ref().map(|cause| cause.sentence.clone());
    Some(Child { name, state, cause, counts: in_severities(&summary.counts) })
}

/// An image of an index that is not here; nobody can say anything of it.
pub fn missing(digest: &oci::Digest) -> Child {
    Child {
        name: digest.to_string(),
        state: assessment::ImageState::NotApplicable,
        cause: Some("it is not in this registry.".into()),
        counts: BTreeMap::new(),
    }
}

fn in_severities(counts: &BTreeMap<String, u64>) -> BTreeMap<Severity, u64> {
    let mut severities = BTreeMap::new();
    for (word, count) in counts {
        *severities.entry(Severity::from_word(word).unwrap_or(Severity::Unknown)).or_insert(0) += count;
    }
    severities
}

fn in_words(counts: BTreeMap<Severity, u64>) -> BTreeMap<String, u64> {
    counts.into_iter().map(|(severity, count)| (severity.to_string(), count)).collect()
}

fn in_the_words_of_the_store(state: assessment::ImageState) -> ImageState {
    match state {
        assessment::ImageState::Healthy => ImageState::Healthy,
        assessment::ImageState::Unhealthy => ImageState::Unhealthy,
        assessment::ImageState::NotApplicable => ImageState::NotApplicable,
    }
}
