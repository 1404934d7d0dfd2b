//! Automations: who is told of changes, of which, and by what means.
//!
//! They are kept as their clients put them, with one difference: addresses are secrets, since whoever knows one may
//! write to it, and no answer shows them.

use access::ResourceId;
use assessment::automation::Source;
use jiff::Timestamp;
use oci::{Digest, RepositoryName};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{ImageKey, JobKind, KeptDocument, NewJob, RegistryId, Store, SubscriptionId};

/// The type.
pub const KIND: &str = "Microsoft.Security/automations";
/// The kind under which automations are kept.
pub const KEPT: &str = "automation";

/// An automation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Automation {
    /// The location that it claims.
    #[serde(default)]
    pub location: Option<String>,
    /// Tags.
    #[serde(default)]
    pub tags: Map<String, Value>,
    /// What it does.
    pub properties: Properties,
}

/// What an automation does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Properties {
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it tells anybody anything.
    #[serde(default)]
    pub is_enabled: bool,
    /// Where changes count; everywhere in the subscription where none are named.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// Which changes.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// By what means.
    #[serde(default)]
    pub actions: Vec<AutomationAction>,
}

/// Where changes count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// A resource id.
    pub scope_path: String,
}

/// By what means somebody is told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "actionType")]
pub enum AutomationAction {
    /// A request to an address, with the resource as its body: what starts a Logic App, and any webhook.
    LogicApp {
        /// The resource id of the Logic App. Kept and shown.
        #[serde(rename = "logicAppResourceId", default)]
        resource: Option<String>,
        /// The address. A secret.
        uri: String,
    },
    /// A CloudEvent in its structured form over HTTP.
    CloudEvents {
        /// The address. A secret.
        uri: String,
    },
    /// A line of JSON in a file of the server's folder `exports`.
    File {
        /// The name of the file.
        name: String,
    },
    /// A message of syslog (RFC 5424).
    Syslog {
        /// `udp://HOST[:514]`, `tcp://HOST[:514]` or `tls://HOST[:6514]`. A secret.
        address: String,
    },
    /// A mail now and then, with all that changed since the one before; none where nothing did.
    Email {
        /// To whom.
        recipients: Vec<String>,
        /// How often.
        #[serde(default)]
        period: Period,
    },
}

/// How often a mail is sent, at the latest: at the end of each hour, day or week in UTC in which something changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Period {
    /// Each hour.
    Hourly,
    /// Each day.
    #[default]
    Daily,
    /// Each week, which begins on Monday.
    Weekly,
}

impl Period {
    /// Which one a moment lies in. Numbers grow with time.
    pub fn of(self, at: Timestamp) -> i64 {
        const HOUR: i64 = 3600;
        // The first day of the epoch was a Thursday.
        let (length, before) = match self {
            Self::Hourly => (HOUR, 0),
            Self::Daily => (24 * HOUR, 0),
            Self::Weekly => (7 * 24 * HOUR, 3 * 24 * HOUR),
        };
        (at.as_second() + before).div_euclid(length)
    }

    /// The period as a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hourly => "Hourly",
            Self::Daily => "Daily",
            Self::Weekly => "Weekly",
        }
    }
}

impl std::fmt::Debug for AutomationAction {
    /// Leaves addresses out, so that they reach no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())
    }
}

impl AutomationAction {
    /// The kind as a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::LogicApp { .. } => "LogicApp",
            Self::CloudEvents { .. } => "CloudEvents",
            Self::File { .. } => "File",
            Self::Syslog { .. } => "Syslog",
            Self::Email { .. } => "Email",
        }
    }

    /// # Errors
    /// When it could never reach anybody.
    fn check(&self) -> Result<(), AutomationError> {
        let is_address = |address: &str, schemes: &[&str]| {
            address.len() <= 4096 && schemes.iter().any(|scheme| address.starts_with(scheme))
        };
        match self {
            Self::LogicApp { uri, .. } | Self::CloudEvents { uri } => {
                let is_web = is_address(uri, &["https://", "http://"]);
                is_web.then_some(()).ok_or(AutomationError::Address)
            }
            Self::File { name } => is_file_name(name).then_some(()).ok_or(AutomationError::FileName),
            Self::Syslog { address } => {
                let is_syslog = is_address(address, &["udp://", "tcp://", "tls://"]);
                is_syslog.then_some(()).ok_or(AutomationError::Syslog)
            }
            Self::Email { recipients, .. } => {
                let are_some = (1..=MOST).contains(&recipients.len());
                let wrong = recipients.iter().find(|recipient| !is_mailbox(recipient));
                match wrong {
                    Some(wrong) => Err(AutomationError::Recipient(wrong.chars().take(80).collect())),
                    None if are_some => Ok(()),
                    None => Err(AutomationError::Recipients),
                }
            }
        }
    }

    /// What an answer shows of it.
    fn shown(&self) -> Value {
        match self {
            Self::LogicApp { resource, .. } => {
                json!({"actionType": "LogicApp", "logicAppResourceId": resource})
            }
            Self::CloudEvents { .. } => json!({"actionType": "CloudEvents"}),
            Self::File { name } => json!({"actionType": "File", "name": name}),
            Self::Syslog { .. } => json!({"actionType": "Syslog"}),
            Self::Email { recipients, period } => {
                json!({"actionType": "Email", "recipients": recipients, "period": period})
            }
        }
    }
}

/// Why an automation is refused.
#[derive(Debug, thiserror::Error)]
pub enum AutomationError {
    /// There is nothing that it could do.
    #[error("an automation needs at least one of `{0}`")]
    Missing(&'static str),
    /// There is too much of something.
    #[error("an automation has at most {MOST} of `{0}`")]
    TooMany(&'static str),
    /// A scope lies elsewhere.
    #[error("the scope `{0}` is not in the automation's subscription")]
    Scope(String),
    /// A source could never do what it says.
    #[error(transparent)]
    Source(#[from] assessment::automation::SourceError),
    /// An address is none.
    #[error("an address begins with https:// or http://")]
    Address,
    /// An address of syslog is none.
    #[error("an address of syslog is udp://HOST[:PORT], tcp://HOST[:PORT] or tls://HOST[:PORT]")]
    Syslog,
    /// A recipient is none.
    #[error("`{0}` is no address of mail, such as anna@example.com")]
    Recipient(String),
    /// There are too few or too many recipients.
    #[error("a mail has 1 to {MOST} `recipients`")]
    Recipients,
    /// A file has a name that could lead elsewhere.
    #[error("a file is named by letters, digits, `-` and `_`, at most 64")]
    FileName,
}

const MOST: usize = 50;

impl Automation {
    /// # Errors
    /// When it could never do what it says, or reaches out of its subscription.
    pub fn check(&self, subscription: &ResourceId) -> Result<(), AutomationError> {
        let Properties { scopes, sources, actions, .. } = &self.properties;
        for (what, count) in
            [("scopes", scopes.len()), ("sources", sources.len()), ("actions", actions.len())]
        {
            if count > MOST {
                return Err(AutomationError::TooMany(what));
            }
        }
        if sources.is_empty() {
            return Err(AutomationError::Missing("sources"));
        }
        if actions.is_empty() {
            return Err(AutomationError::Missing("actions"));
        }
        for scope in scopes {
            let is_within =
                ResourceId::parse(&scope.scope_path).is_ok_and(|path| path.is_within(subscription));
            if !is_within {
                return Err(AutomationError::Scope(scope.scope_path.clone()));
            }
        }
        for source in sources {
            source.check()?;
        }
        for action in actions {
            action.check()?;
        }
        Ok(())
    }

    /// Whether a change of this resource counts.
    pub fn reaches(&self, resource: &ResourceId) -> bool {
        let scopes = &self.properties.scopes;
        scopes.is_empty()
            || scopes
                .iter()
                .any(|scope| ResourceId::parse(&scope.scope_path).is_ok_and(|path| resource.is_within(&path)))
    }
}

/// Whether a text is an address of mail, as far as can be seen without asking: one sign divides it, and nothing in it
/// could end a header.
fn is_mailbox(text: &str) -> bool {
    let is_plain = text
        .chars()
        .all(|letter| letter.is_ascii_graphic() && !matches!(letter, '<' | '>' | ',' | ';' | '"'));
    let halves = text.split_once('@').filter(|(_, host)| !host.contains('@'));
    let (name, host) = halves.unwrap_or_default();
    is_plain && !name.is_empty() && !host.is_empty() && text.len() <= 254
}

fn is_file_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The id of an automation.
pub fn id(kept: &KeptDocument) -> String {
    format!("{}/providers/{KIND}/{}", kept.scope, kept.name)
}

/// The place where changes wait for a mail of an automation: its id, and the number of the action.
pub fn sink(kept: &KeptDocument, action: usize) -> String {
    format!("{}/{action}", id(kept))
}

/// An automation as a resource; none for a record that this program did not write.
pub fn shown(kept: &KeptDocument) -> Option<Value> {
    let automation: Automation = serde_json::from_value(kept.body.clone()).ok()?;
    let properties = &automation.properties;
    Some(json!({
        "id": id(kept),
        "name": kept.name,
        "type": KIND,
        "location": automation.location,
        "tags": automation.tags,
        "etag": format!("\"{}\"", kept.changed_at.as_microsecond()),
        "properties": {
            "description": properties.description,
            "isEnabled": properties.is_enabled,
            "scopes": properties.scopes,
            "sources": properties.sources,
            "actions": properties.actions.iter().map(AutomationAction::shown).collect::<Vec<_>>(),
        },
    }))
}

/// The kind of the job that tells of changes.
pub const AUTOMATE: JobKind = JobKind::new("automate");

/// Which image has changed, and how often somebody was tried in vain.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// The registry.
    pub registry: RegistryId,
    /// The repository.
    pub repository: RepositoryName,
    /// The image.
    pub digest: Digest,
    /// How often somebody was tried in vain.
    #[serde(default)]
    pub tries: u32,
}

/// The jobs that tell of changes in images of a subscription; none where there are no automations.
///
/// # Errors
/// When the records fail.
pub async fn jobs<'a>(
    store: &dyn Store,
    images: impl Iterator<Item = &'a ImageKey>,
    subscription: SubscriptionId,
) -> Result<Vec<NewJob>, store::Error> {
    if store.documents(KEPT).await?.is_empty() {
        return Ok(Vec::new());
    }
    let order = |image: &ImageKey| Order {
        registry: image.repository.registry,
        repository: image.repository.name.clone(),
        digest: image.digest.clone(),
        tries: 0,
    };
    Ok(images.map(|image| job(&order(image), subscription, None)).collect())
}

/// The same job once more, later.
pub fn again(order: &Order, subscription: SubscriptionId, at: Timestamp) -> NewJob {
    job(&Order { tries: order.tries + 1, ..order.clone() }, subscription, Some(at))
}

fn job(order: &Order, subscription: SubscriptionId, not_before: Option<Timestamp>) -> NewJob {
    let Order { registry, repository, digest, tries } = order;
    NewJob {
        kind: AUTOMATE,
        // Each try has a key of its own: asked for under the key of the one that runs, it would follow without a pause.
        key: format!("{}/{repository}@{digest} {tries}", registry.0),
        subscription: Some(subscription),
        priority: 0,
        payload: serde_json::to_value(order).unwrap_or_default(),
        not_before,
    }
}
