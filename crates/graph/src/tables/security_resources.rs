//! `SecurityResources`: plans, scores, assessments and sub-assessments.
//!
//! Each finding is one row, in the form of 2020: a query that counts would count those of the newer forms once more, so
//! that a query has to ask for them.
//!
//! Assessments spell `properties.resourceDetails.Id` and `.Source` with capitals, and sub-assessments do not; published
//! queries rely on both. The last part of a sub-assessment's id is `subassessments` here.

use super::resource_row::{ResourceRow, batch, hidden, shown};
use super::software::{self, SoftwareReading};
use super::{Pulled, Reading, Table, asked_forms, custom_assessments, sub_assessments};
use crate::census::{CensusReading, Plan, Shape, is_narrow};
use crate::documents::metadata::{Metadata, Subject};
use crate::documents::pricing::KnownPlan;
use crate::documents::sub_assessment::{Form, Place};
use crate::documents::{Document, KnownRegistry, assessment, pricing, secure_score, sub_assessment};
use crate::governance::{self, Governance};
use crate::narrowed::Narrowed;
use crate::rulebook::image_id;
use crate::score::{self, Score};
use crate::viewer::View;
use jiff::civil::date;
use kql::ScanRequest;
use serde_json::{Value, json};
use store::{CustomAssessmentKey, ImageKey, ImageSummary, PageRequest, Subscription, SummaryFilter};

/// Images that are looked at at a time.
pub(super) const PAGE: usize = 500;

pub(super) const TABLE: Table = Table {
    name: "SecurityResources",
    about: "Plans, assessments of registries, images and their software, secure scores, and sub-assessments: one row for each image and vulnerability.",
    columns: shown,
    hidden,
    stem: Some("id"),
    read: |view, request| {
        let narrowed = Narrowed(request);
        let forms = wanted_forms(view, request);
        let newer = forms.iter().filter(|form| **form != Form::First);
        let newer = newer.map(|form| (true, Stage::Newer(*form, None)));
        let stages = [
            (forms.contains(&Form::First), Stage::SubAssessments(None)),
            (asked_forms::of_software(request) && software::is_wanted(narrowed), Stage::Software(None)),
            (narrowed.wants_type(assessment::KIND), Stage::Custom(None)),
            (wants_images(narrowed, assessment::KIND), Stage::Images(None)),
            (wants_images(narrowed, governance::KIND), Stage::GovernedImages(None)),
            (narrowed.wants_type(assessment::KIND), Stage::Assessments),
            (narrowed.wants_type(governance::KIND), Stage::Governance),
            (narrowed.wants_type(secure_score::CONTROL_KIND), Stage::Controls),
            (narrowed.wants_type(secure_score::KIND), Stage::Scores),
            (narrowed.wants_type(pricing::KIND), Stage::Plans),
        ];
        let stages = newer.chain(stages).filter(|(is_wanted, _)| *is_wanted).map(|(_, stage)| stage);
        Box::new(Security { stages: stages.collect() })
    },
    folds: |view, request| {
        let narrowed = Narrowed(request);
        wanted_forms(view, request) == [Form::First]
            && [
                assessment::KIND,
                governance::KIND,
                secure_score::CONTROL_KIND,
                secure_score::KIND,
                pricing::KIND,
            ]
            .iter()
            .all(|kind| !narrowed.wants_type(kind))
            && !is_narrow(Shape::SubAssessments, request)
            && Plan::of(Shape::SubAssessments, request).is_some()
    },
};

/// The forms of sub-assessments that are wanted, if any are.
fn wanted_forms(view: &View, request: &ScanRequest) -> Vec<Form> {
    if Narrowed(request).wants_type(sub_assessment::KIND) {
        asked_forms::of_sub_assessments(view, request)
    } else {
        Vec::new()
    }
}

/// What is still to be read; the last first.
struct Security {
    stages: Vec<Stage>,
}

enum Stage {
    Plans,
    Scores,
    Controls,
    Governance,
    Assessments,
    /// Assessments of images, from this one on.
    Images(Option<ImageKey>),
    /// Assessments of the software in images; once they have begun, how they go on.
    Software(Option<SoftwareReading>),
    /// Assessments that somebody made, behind this one.
    Custom(Option<CustomAssessmentKey>),
    /// Who is to resolve them.
    GovernedImages(Option<ImageKey>),
    /// Once they have begun, how they go on.
    SubAssessments(Option<Box<CensusReading>>),
    /// Those in a newer form, from this place on.
    Newer(Form, Option<Place>),
}

impl Reading for Security {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let rows = match self.stages.pop() {
            None => Vec::new(),
            Some(Stage::Plans) => plans(view)?,
            Some(Stage::Scores) => scores(view, secure_score::of_subscription)?,
            Some(Stage::Controls) => scores(view, |subscription, score| {
                secure_score::control_of_subscription(subscription, score, true)
            })?,
            Some(Stage::Governance) => governed(view)?,
            Some(Stage::Assessments) => assessments(view, request)?,
            Some(Stage::Newer(form, place)) => {
                let (rows, next) = sub_assessments::newer_rows(view, request, form, place)?;
                self.stages.extend(next.map(|next| Stage::Newer(form, Some(next))));
                rows
            }
            Some(Stage::Images(after)) => {
                let (rows, next) = images(view, after, |known, summary, governance| {
                    assessment::of_image(known, summary, governance, view.now).map(of_image)
                })?;
                self.stages.extend(next.map(|next| Stage::Images(Some(next))));
                rows
            }
            Some(Stage::Software(begun)) => return self.pull_software(begun, view, request),
            Some(Stage::Custom(after)) => {
                let (rows, next) = custom_assessments::rows(view, after)?;
                self.stages.extend(next.map(|next| Stage::Custom(Some(next))));
                rows
            }
            Some(Stage::GovernedImages(_))
                if view.runtime.block_on(Governance::load(&*view.store))?.is_empty() =>
            {
                Vec::new()
            }
            Some(Stage::GovernedImages(after)) => {
                let (rows, next) = images(view, after, |known, summary, governance| {
                    let resource = image_id(known, &summary.image)?;
                    let unhealthy = assessment::unhealthy_image(known, summary, resource.as_str())?;
                    governance.of(&unhealthy).map(|assigned| assigned.document(view.now))
                })?;
                self.stages.extend(next.map(|next| Stage::GovernedImages(Some(next))));
                rows
            }
            Some(Stage::SubAssessments(begun)) => {
                let mut reading =
                    begun.unwrap_or_else(|| Box::new(CensusReading::new(view, plan(request), request)));
                let pulled = reading.pull(view, request)?;
                if !pulled.is_last {
                    self.stages.push(Stage::SubAssessments(Some(reading)));
                }
                return Ok(Pulled { is_last: self.stages.is_empty(), ..pulled });
            }
        };
        Ok(Pulled { batch: batch(&rows, request), is_last: self.stages.is_empty() })
    }
}

impl Security {
    /// The next assessments of software, which go on at this stage until they end.
    fn pull_software(
        &mut self,
        begun: Option<SoftwareReading>,
        view: &View,
        request: &ScanRequest,
    ) -> Result<Pulled, store::Error> {
        let mut reading = match begun {
            Some(reading) => reading,
            None => SoftwareReading::begin(view, request)?,
        };
        let (batch, is_last) = reading.pull(view, request)?;
        if !is_last {
            self.stages.push(Stage::Software(Some(reading)));
        }
        Ok(Pulled { batch, is_last: self.stages.is_empty() })
    }
}

/// How the rows of sub-assessments are made.
fn plan(request: &ScanRequest) -> Plan {
    let counted = Plan::of(Shape::SubAssessments, request);
    let counted = counted.filter(|_| request.fold.is_some() || !is_narrow(Shape::SubAssessments, request));
    counted.unwrap_or_else(|| Plan::of_documents(Shape::SubAssessments, request))
}

fn plans(view: &View) -> Result<Vec<ResourceRow>, store::Error> {
    let mut rows = Vec::new();
    for subscription in &view.priced {
        let plan = KnownPlan::of_subscription(&*view.store, subscription, view.scan_plan);
        let plan = view.runtime.block_on(plan)?;
        for name in pricing::NAMES {
            let newest = date(2024, 1, 1);
            let document = pricing::of_subscription(subscription, name, &plan, newest, view.now);
            rows.push(ResourceRow { subscription: subscription.id.to_string(), ..row(view, document) });
        }
    }
    Ok(rows)
}

/// Who is to resolve the assessments of registries that the viewer may read.
fn governed(view: &View) -> Result<Vec<ResourceRow>, store::Error> {
    let governance = view.runtime.block_on(Governance::load(&*view.store))?;
    let mut rows = Vec::new();
    for known in view.assessed.iter().filter(|_| !governance.is_empty()) {
        let assessed = assessment::assess(&*view.store, known, view.scan_plan, &view.book);
        let assessed = view.runtime.block_on(assessed)?;
        for kind in Metadata::of(Subject::Registry) {
            for assigned in governance.all_of(known.id.as_str(), kind, assessed.unhealthy(known, kind)) {
                rows.push(placed(known, row(view, assigned.document(view.now))));
            }
        }
    }
    Ok(rows)
}

/// Whether rows about images can be of use among those of a type: each kind has its own name, by which published queries
/// ask for one kind or the other.
fn wants_images(narrowed: Narrowed<'_>, of_type: &str) -> bool {
    let is_assessment = of_type == assessment::KIND;
    narrowed.wants_type(of_type)
        && assessment::kind_of_images().is_some_and(|kind| {
            !is_assessment
                || (narrowed.allows(&["name"], kind.key)
                    && narrowed.allows(&["properties", "displayName"], kind.name))
        })
}

/// The next rows about images that the viewer may read.
fn images(
    view: &View,
    after: Option<ImageKey>,
    document: impl Fn(&KnownRegistry, &ImageSummary, &Governance) -> Option<Document>,
) -> Result<(Vec<ResourceRow>, Option<ImageKey>), store::Error> {
    let governance = view.runtime.block_on(Governance::load(&*view.store))?;
    let filter = SummaryFilter {
        registries: Some(view.assessed.iter().map(|known| known.registry.id).collect()),
        ..SummaryFilter::default()
    };
    let page = view.store.summaries(&filter, PageRequest { after, limit: PAGE });
    let page = view.runtime.block_on(page)?;
    let rows = page.items.iter().filter_map(|summary| {
        let registry = summary.image.repository.registry;
        let known = view.assessed.iter().find(|known| known.registry.id == registry)?;
        document(known, summary, &governance).map(|document| placed(known, row(view, document)))
    });
    Ok((rows.collect(), page.next))
}

/// The assessment of a registry as the table shows it.
pub(super) fn of_registry(known: &KnownRegistry, kind: &Metadata, mut document: Document) -> Document {
    document.properties["resourceDetails"] = json!({
        "Id": known.id.as_str(),
        "Source": "Azure",
        "ResourceType": "microsoft.containerregistry/registries",
        "ResourceName": known.registry.name,
        "ResourceProvider": "Microsoft.ContainerRegistry",
    });
    as_shown(document, kind.properties())
}

/// The assessment of an image as the table shows it.
pub(super) fn of_image(document: Document) -> Document {
    let kind = assessment::kind_of_images().map_or(Value::Null, Metadata::properties);
    as_shown(document, kind)
}

/// An assessment as the table shows it: with capitals in what it is about, and with what its kind is.
pub(super) fn as_shown(mut document: Document, metadata: Value) -> Document {
    if let Some(details) = document.properties["resourceDetails"].as_object_mut() {
        let named = |(name, value): (String, Value)| {
            let mut letters = name.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            (first.into_iter().chain(letters).collect::<String>(), value)
        };
        *details = std::mem::take(details).into_iter().map(named).collect();
    }
    document.properties["metadata"] = metadata;
    document.properties["links"] = json!({"azurePortal": ""});
    document
}

/// One document for each subscription whose score the viewer may read.
fn scores(
    view: &View,
    document: impl Fn(&Subscription, &Score) -> Document,
) -> Result<Vec<ResourceRow>, store::Error> {
    let mut rows = Vec::new();
    for subscription in &view.scored {
        let score = score::of_subscription(&*view.store, subscription.id, view.scan_plan, &view.book);
        let score = view.runtime.block_on(score)?;
        let made = row(view, document(subscription, &score));
        rows.push(ResourceRow { subscription: subscription.id.to_string(), ..made });
    }
    Ok(rows)
}

fn assessments(view: &View, request: &ScanRequest) -> Result<Vec<ResourceRow>, store::Error> {
    let narrowed = Narrowed(request);
    let kinds = asked_forms::of_registries(view, request);
    let governance = view.runtime.block_on(Governance::load(&*view.store))?;
    let mut rows = Vec::new();
    for known in &view.assessed {
        let stem = format!("{}/providers/Microsoft.Security/assessments/", known.id);
        if kinds.is_empty() || !narrowed.allows_registry(known, &stem) {
            continue;
        }
        let assessed = assessment::assess(&*view.store, known, view.scan_plan, &view.book);
        let assessed = view.runtime.block_on(assessed)?;
        rows.extend(kinds.iter().map(|kind| {
            let document = assessment::of_registry(known, kind, &assessed, &governance, view.now);
            placed(known, row(view, of_registry(known, kind, document)))
        }));
    }
    Ok(rows)
}

pub(super) fn placed(known: &KnownRegistry, row: ResourceRow) -> ResourceRow {
    ResourceRow {
        resource_group: known.registry.resource_group.clone(),
        subscription: known.registry.subscription.to_string(),
        ..row
    }
}

pub(super) fn row(view: &View, document: Document) -> ResourceRow {
    ResourceRow {
        id: document.id,
        name: document.name,
        kind: document.kind.to_ascii_lowercase(),
        tenant: view.tenant.clone(),
        location: "global".to_owned(),
        properties: document.properties,
        sku: Value::Null,
        tags: Value::Null,
        ..ResourceRow::default()
    }
}
