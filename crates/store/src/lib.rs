//! What the registry keeps: blobs, records, the job queue and history.
//!
//! Two interfaces stand here, and the floors above know nothing else of storage.
//!
//! * [`Store`] holds everything that has a key: repositories, manifests, tags, events, the job queue,
//!   inventories, package versions and findings. It is the sum of a trait per subject, so that a reader of one
//!   subject sees only its own operations. It is used as `Arc<dyn Store>`.
//! * [`Blobs`] holds what has only a digest: layers and configurations, as bytes. It is used as `Arc<dyn Blobs>`.
//!
//! [`SqliteStore`] and [`FolderBlobs`] are the embedded implementations; [`ObjectBlobs`] keeps blobs in S3 or Azure.
//! Any other implementation passes the same conformance suite.
//!
//! Three rules hold everywhere:
//!
//! 1. What was acknowledged is durable: when a call that writes returns, its effect survives a loss of power.
//! 2. One call is one transaction. A manifest, its tags, its event and its jobs appear together or not at all.
//! 3. Time is an argument. The store reads no clock and makes up no identifiers but row numbers.
//!
//! Findings are a join, not a copy: see [`Findings`].

mod blobs;
mod error;
mod identity;
mod page;
mod queue;
mod records;
mod sqlite;

pub use blobs::{
    AzureAccess, AzureCredentials, Blob, BlobError, Blobs, ByteStream, FolderBlobs, ObjectBlobs, Occupancy,
    OccupancyError, Occupant, S3Access, StaleUpload,
};
pub use error::Error;
pub use identity::{
    Actor, IdentityError, ImageKey, PackageVersionId, PrincipalId, RegistryId, RepositoryKey, RoleId,
    SnapshotVersion, SubscriptionId, TenantId, UploadId,
};
pub use page::{Page, PageRequest};
pub use queue::{
    Claim, Enqueued, Failed, Holder, Job, JobCount, JobId, JobKind, JobState, JobTicket, Lease, NewJob,
    Queue, RetryPolicy,
};
pub use records::Store;
pub use records::additions::{Additions, Ahead, MoreFindings, Ruling, ShownAhead, Undecided};
pub use records::attachments::{
    Attached, AttachedRepository, Attachment, AttachmentChange, AttachmentSettings, Attachments,
    NewAttachment, Sight,
};
pub use records::attributes::{
    AttributeChange, AttributeTarget, Attributes, ChangeableAttributes, Lock, QuarantineState, Removal,
    Switch,
};
pub use records::audit::{Audit, AuditEntry, AuditFilter, NewAuditEntry};
pub use records::authorization::{AssignmentOutcome, Authorization, NamedAssignment};
pub use records::catalog::{
    Catalog, DeletedRepository, ManifestDetails, Order, RepositoryDetails, RepositoryRemoval, TagDetails,
    TagFilter, TimedKey,
};
pub use records::census::{Census, ImageContent, ImageCount, Judgements, PackageFilter, PackageList, Rating};
pub use records::collection::{Collection, LinkKey};
pub use records::custom_assessments::{
    AssessmentKind, AssessmentKindPut, CustomAssessment, CustomAssessmentKey, CustomAssessmentPut,
    CustomAssessments, MOST_ASSESSMENT_KINDS, MOST_CUSTOM_ASSESSMENTS, NewAssessment,
};
pub use records::deleted::{Deleted, DeletedManifest, Restoration};
pub use records::digests::{DigestEntry, Digests, Waiting};
pub use records::directory::{Application, Credential, Group, Membership, Program, Proof};
pub use records::documents::{DocumentKey, DocumentPut, Documents, KeptDocument, MOST_DOCUMENTS};
pub use records::events::{Event, EventFilter, EventKind, EventStretch, Events, NewEvent};
pub use records::finding_rules::{FindingRules, Found, MOST_RULES, Rule, RuleClass, RuleKey, RulePut};
pub use records::findings::{
    Finding, FindingFilter, FindingKey, FindingRow, FindingVerdict, Findings, Origin, PackageFindings,
    Vulnerability,
};
pub use records::history::{FindingChange, FindingChangeKind, FindingReason, FindingStand, History};
pub use records::imports::{
    IMPORT_JOB, Import, ImportCredentials, ImportSource, ImportState, ImportTarget, ImportWish, Imports,
};
pub use records::lineage::{BaseImage, ClaimedBase, ImageLayer, Lineage, Lineages};
pub use records::management::{
    RegistrySettings, ResourceGroup, Retention, RoleDefinition, SubscriptionAlias, Tags,
};
pub use records::manifests::{
    Manifest, ManifestSummary, Manifests, PushOrigin, PutManifest, PutOutcome, Reference, ReferenceKind,
    Referrer, Tagged,
};
pub use records::meter::{Charge, Charged, Meter, UsageFilter, UsageRow};
pub use records::objects::{Object, Objects, StoredObject};
pub use records::plans::{PlanSetting, Plans};
pub use records::policies::{HoldSeverity, Policies, PullFacts, PullPass, PullPolicy, Standing};
pub use records::provisioning::{NewRegistry, Provisioning, RegistryRemoval};
pub use records::pulls::{PulledBlob, PulledManifest, Pulls};
pub use records::reevaluation::{
    ImageNumber, ImageToJudge, JudgedAgain, JudgedImage, PackageStanding, ParentJob, Reevaluated,
    Reevaluation,
};
pub use records::repositories::Repositories;
pub use records::ruled_census::{AffectedPackage, Distributions, RuledCensus};
pub use records::rules::{RegistryRules, Rules, Usage};
pub use records::saved_queries::{SavedQueries, SavedQuery, SavedQueryKey};
pub use records::scans::{
    ImageRecord, LayerOutcome, LayerRecord, PackageOwner, PackagePlace, PackageVersion, RecordedImage,
    RecordedScan, ScannedImage, Scans,
};
pub use records::scoped_tokens::{
    BUILT_IN_SCOPE_MAPS, PasswordSlot, ScopeMap, ScopeMapRemoval, ScopedAction, ScopedActionError,
    ScopedRight, ScopedToken, ScopedTokens, TokenPassword, TokenPut,
};
pub use records::software::{AffectedSoftware, Softwares};
pub use records::summaries::{
    Cause, Conclusion, ImageState, ImageSummary, RegistryStanding, Summaries, SummaryFilter,
};
pub use records::tenancy::{
    Account, AccountKind, Installation, Plan, PlanTier, Registry, RoleAssignment, Subscription, Tenancy,
};
pub use records::transients::{Transient, TransientBounds, TransientPut, Transients};
pub use records::upload_parts::{StoredParts, UploadParts};
pub use records::uploads::{UploadSession, Uploads};
pub use records::vex::{PendingVex, TrustedVex, VexReading, VexReadings};
pub use records::webhooks::{
    AttemptEnd, Delivery, DeliveryClaim, DeliveryExchange, DeliveryId, DeliveryState, DueDelivery, Webhook,
    WebhookAction, WebhookId, WebhookPut, WebhookScope, WebhookScopeError, WebhookSettings, Webhooks,
};
pub use sqlite::SqliteStore;

/// Objects as the types that they are.
pub mod objects {
    pub use crate::records::objects::{add, all, all_of, delete, find, put};
}

#[cfg(feature = "testing")]
pub mod testing;
