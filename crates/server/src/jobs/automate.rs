//! The job `automate`: tells those who asked of what changed in an image and its registry.
//!
//! The job is asked for in the transaction in which a verdict changes, so that no change is lost. It compares what is
//! with what was told last, and remembers only what was taken: whoever is told is told at least once, and seldom twice.
//! Who cannot be reached is tried again, each time after a longer pause, for about a day.

use super::{JobError, Kind, Workshop};
use crate::digests::Change;
use crate::installation::SCAN_PLAN;
use crate::sender::{Letter, Sender, headers};
use crate::syslog;
use access::ResourceId;
use assessment::automation::EventSource;
use graph::automations::{self, AUTOMATE, Automation, AutomationAction, KEPT, Order};
use graph::documents::metadata::KINDS;
use graph::documents::sub_assessment::{Form, Reader};
use graph::documents::{Document, KnownRegistry, assessment as assessments};
use graph::governance::Governance;
use graph::rulebook::{Rulebook, image_id};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{ImageKey, Job, KeptDocument, RepositoryKey};

/// The kind of this job.
pub const KIND: Kind = Kind {
    name: AUTOMATE,
    run: |workshop, job, now| Box::pin(run(workshop, job, now)),
    gave_up: |_, _, _, _| Box::pin(async { Ok(()) }),
};

/// The first pause before somebody is tried again; it doubles up to the longest.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(10);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(4);
/// With these pauses, the last try is some thirty hours after the first.
const TRIES: u32 = 18;
/// What was taken is remembered after so many, so that a stop in the middle repeats few.
const REMEMBERED_AT_A_TIME: usize = 50;

async fn run(workshop: &Workshop, job: &Job, now: Timestamp) -> Result<(), JobError> {
    let Ok(order) = serde_json::from_value::<Order>(job.payload.clone()) else {
        tracing::error!(key = job.key, "a job names no image; it is dropped");
        return Ok(());
    };
    let Some(registry) = workshop.store.registry(order.registry).await? else { return Ok(()) };
    let subscription = registry.subscription;
    let Ok(known) = KnownRegistry::new(registry) else { return Ok(()) };
    let repository = RepositoryKey { registry: order.registry, name: order.repository.clone() };
    let image = ImageKey { repository, digest: order.digest.clone() };
    let mut unreachable = None;
    for (kept, automation) in concerned(workshop, &known, &image).await? {
        let changes = changes(workshop, &known, &image, &automation, now).await?;
        if let Err(why) = tell(workshop, &kept, &known, &automation, changes, now).await? {
            tracing::warn!(automation = kept.name, why, "an automation could not tell of a change");
            unreachable = Some(kept.name);
        }
    }
    let Some(name) = unreachable else { return Ok(()) };
    if order.tries >= TRIES {
        tracing::error!(automation = name, %image.digest, "an automation is given up for an image");
        return Ok(());
    }
    let pause = FIRST_PAUSE.saturating_mul(1 << order.tries.min(20)).min(LONGEST_PAUSE);
    let again = automations::again(&order, subscription, now.checked_add(pause).unwrap_or(now));
    workshop.store.enqueue(vec![again], now).await?;
    Ok(())
}

/// The automations that are on and reach the image.
async fn concerned(
    workshop: &Workshop,
    known: &KnownRegistry,
    image: &ImageKey,
) -> Result<Vec<(KeptDocument, Automation)>, JobError> {
    let Some(id) = image_id(known, image) else { return Ok(Vec::new()) };
    let mut concerned = Vec::new();
    for kept in workshop.store.documents(KEPT).await? {
        let Ok(automation) = serde_json::from_value::<Automation>(kept.body.clone()) else { continue };
        let own = ResourceId::parse(&kept.scope).ok();
        let same = own.is_some_and(|own| {
            own.subscription().map(str::to_lowercase) == id.subscription().map(str::to_lowercase)
        });
        if automation.properties.is_enabled && same && automation.reaches(&id) {
            concerned.push((kept, automation));
        }
    }
    Ok(concerned)
}

/// What the sources of an automation are about, as it is now.
async fn changes(
    workshop: &Workshop,
    known: &KnownRegistry,
    image: &ImageKey,
    automation: &Automation,
    now: Timestamp,
) -> Result<Vec<Document>, JobError> {
    let store = &*workshop.store;
    let book = Rulebook::load(store, now).await?;
    let mut wanted = Vec::new();
    for source in &automation.properties.sources {
        let documents = match source.event_source {
            EventSource::Assessments => {
                let Some(kind) = KINDS.first() else { continue };
                let assessed = assessments::assess(store, known, SCAN_PLAN, &book).await?;
                let governance = Governance::load(store).await?;
                let mut document = assessments::of_registry(known, kind, &assessed, &governance, now);
                document.properties["metadata"] = kind.properties();
                vec![document]
            }
            EventSource::SubAssessments => {
                let registries = std::slice::from_ref(known);
                Reader::new(store, registries, &book, Form::First).of_image(image).await?
            }
        };
        wanted.extend(documents.into_iter().filter(|document| source.wants(&document.to_rest())));
    }
    Ok(wanted)
}

/// What makes a change of a document one: a new time of evaluation is none.
fn fingerprint(document: &Document) -> String {
    let status = &document.properties["status"];
    let word = |name: &str| status[name].as_str().unwrap_or_default();
    format!("{}|{}|{}", word("code"), word("severity"), word("cause"))
}

/// Tells of what was not told, and remembers what was taken. The reason why somebody could not be told.
async fn tell(
    workshop: &Workshop,
    kept: &KeptDocument,
    known: &KnownRegistry,
    automation: &Automation,
    changes: Vec<Document>,
    now: Timestamp,
) -> Result<Result<(), String>, JobError> {
    let id = automations::id(kept);
    let mut news = Vec::new();
    for document in changes {
        let mark = fingerprint(&document);
        if workshop.store.told(&id, &document.id).await?.as_deref() != Some(&mark) {
            news.push((document, mark));
        }
    }
    for batch in news.chunks(REMEMBERED_AT_A_TIME) {
        let documents: Vec<&Document> = batch.iter().map(|(document, _)| document).collect();
        for (number, action) in automation.properties.actions.iter().enumerate() {
            let telling = Telling { workshop, kept, known, action, number, now };
            if let Err(why) = telling.act(&documents).await? {
                return Ok(Err(why));
            }
        }
        let told = batch.iter().map(|(document, mark)| (document.id.clone(), mark.clone())).collect();
        workshop.store.remember_told(&id, told, now).await?;
    }
    Ok(Ok(()))
}

/// One means by which an automation tells of changes.
struct Telling<'a> {
    workshop: &'a Workshop,
    kept: &'a KeptDocument,
    known: &'a KnownRegistry,
    action: &'a AutomationAction,
    /// Which of its automation's actions it is.
    number: usize,
    now: Timestamp,
}

impl Telling<'_> {
    /// Tells of some changes. The reason why they were not all taken.
    async fn act(&self, documents: &[&Document]) -> Result<Result<(), String>, JobError> {
        let Workshop { sender, exports, store, .. } = self.workshop;
        match self.action {
            AutomationAction::LogicApp { uri, .. } => {
                for document in documents {
                    let sent = post(sender, uri, "application/json", &document.to_rest()).await;
                    if sent.is_err() {
                        return Ok(sent);
                    }
                }
                Ok(Ok(()))
            }
            AutomationAction::CloudEvents { uri } => {
                for document in documents {
                    let event =
                        cloud_event(&automations::id(self.kept), document, &document.to_rest(), self.now);
                    let kind = "application/cloudevents+json; charset=utf-8";
                    let sent = post(sender, uri, kind, &event).await;
                    if sent.is_err() {
                        return Ok(sent);
                    }
                }
                Ok(Ok(()))
            }
            AutomationAction::File { name } => {
                let lines: Vec<Value> = documents.iter().map(|document| document.to_rest()).collect();
                let written = exports.append(name, &lines).await;
                Ok(written.map_err(|error| format!("the file cannot be written: {error}")))
            }
            AutomationAction::Syslog { address } => {
                let host = &self.known.registry.login_server;
                let messages: Vec<String> = documents
                    .iter()
                    .map(|document| syslog::message(host, &document.to_rest(), self.now))
                    .collect();
                Ok(sender.log(address, &messages).await)
            }
            AutomationAction::Email { .. } => {
                let mut changes = Vec::new();
                for document in documents {
                    let change = serde_json::to_value(Change::of(document, self.known)).unwrap_or_default();
                    changes.push((document.id.clone(), change));
                }
                let sink = automations::sink(self.kept, self.number);
                store.note_for_digest(&sink, changes, self.now).await?;
                Ok(Ok(()))
            }
        }
    }
}

/// A CloudEvent, version 1.0. Its id is the same for the same change, so that receivers can tell a repetition.
fn cloud_event(automation: &str, document: &Document, rest: &Value, now: Timestamp) -> Value {
    let change = format!("{}#{}", document.id, fingerprint(document));
    json!({
        "specversion": "1.0",
        "id": uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, change.as_bytes()).to_string(),
        "source": automation,
        "type": format!("{}.changed", document.kind),
        "subject": document.id,
        "time": now.to_string(),
        "datacontenttype": "application/json",
        "data": rest,
    })
}

async fn post(sender: &Sender, address: &str, content_type: &str, body: &Value) -> Result<(), String> {
    let given = BTreeMap::from([("content-type".to_owned(), content_type.to_owned())]);
    let headers = headers(&given).map_err(|error| error.to_string())?;
    let body = serde_json::to_vec(body).map_err(|error| error.to_string())?;
    let letter = Letter { address: address.to_owned(), headers, body: body.into() };
    let answer = sender.post(letter).await.map_err(|error| error.to_string())?;
    if answer.is_success() { Ok(()) } else { Err(format!("it answered {}", answer.status)) }
}
