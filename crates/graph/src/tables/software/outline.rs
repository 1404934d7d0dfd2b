//! The same rows without anything read of findings and images but which package versions each image has.
//!
//! Most queries ask for states, names and severities, and count. What such a row says depends on the software and its
//! worst severity alone, but for the ids that name the image: it is made once for each of the two, out of the very
//! document that a single row would be made of, and put together with the ids for every image.

use super::is_of_use;
use crate::documents::KnownRegistry;
use crate::documents::assessment::KIND;
use crate::documents::software::{self, metadata};
use crate::documents::sub_assessment::resource_of;
use crate::narrowed::Narrowed;
use crate::tables::security_resources::{as_shown, placed, row};
use crate::viewer::View;
use kql::{Batch, Need, ScanRequest, Value};
use std::collections::{BTreeMap, HashMap};
use store::{
    AffectedSoftware, ImageContent, ImageKey, ImageState, PackageVersionId, PageRequest, SummaryFilter,
};

/// Package versions that are read at a time.
const VERSIONS: usize = 5000;

/// Images that are read at a time, at first and at most.
const FEW: usize = 64;
const MANY: usize = 2000;

/// The severities, the worst first.
const SEVERITIES: [&str; 5] = ["Critical", "High", "Medium", "Low", "Unknown"];

/// What a value of a row depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The software and its severity.
    Line,
    /// The image, by the id of its assessment.
    Id,
    /// The image, in the form that readers take apart.
    Resource,
    /// The image, by its own id.
    Native,
    /// The repository.
    ResourceName,
    /// The registry.
    Group,
    Subscription,
}

impl Part {
    /// What a need depends on; none where more is to be read than is known here.
    fn of(need: &Need) -> Option<Self> {
        let path: Vec<&str> = need.path.iter().map(|name| &**name).collect();
        match (&*need.column, path.as_slice()) {
            ("id", _) => Some(Self::Id),
            ("resourceGroup", _) => Some(Self::Group),
            ("subscriptionId", _) => Some(Self::Subscription),
            ("properties", ["resourceDetails", "Id"]) => Some(Self::Resource),
            ("properties", ["resourceDetails", "NativeResourceId"]) => Some(Self::Native),
            ("properties", ["resourceDetails", "ResourceName"]) => Some(Self::ResourceName),
            (
                "properties",
                []
                | ["additionalData" | "resourceAdditionalData", ..]
                | ["status" | "resourceDetails"]
                | ["status", "firstEvaluationDate" | "statusChangeDate", ..],
            ) => None,
            _ => Some(Self::Line),
        }
    }
}

/// What rows of one software and severity say, whatever the image.
struct Line {
    key: String,
    /// One for each need; nothing where it depends on the image.
    values: Vec<Value>,
    is_of_use: bool,
}

/// Reads the rows of all images.
pub(in crate::tables) struct OutlineReading {
    parts: Vec<Part>,
    /// Of each package version in which something is found: the number of its software, and its worst severity by its
    /// place among [`SEVERITIES`].
    found: HashMap<PackageVersionId, (u32, u8)>,
    /// By the word of the kind and by name, as in the list of an image.
    software: Vec<AffectedSoftware>,
    lines: HashMap<(u32, u8), Line>,
    after: Option<ImageKey>,
    at_a_time: usize,
}

impl OutlineReading {
    /// A reading, if what is known without findings is enough for a request. Rules hide single findings, so that there
    /// must be none.
    pub(super) fn begin(view: &View, request: &ScanRequest) -> Result<Option<Self>, store::Error> {
        let needs = request.needs.iter().map(Part::of).collect::<Option<Vec<Part>>>();
        let Some(parts) = needs.filter(|_| view.book.is_empty()) else { return Ok(None) };
        let mut numbers: BTreeMap<(&'static str, String), Vec<(PackageVersionId, u8)>> = BTreeMap::new();
        let mut kinds = HashMap::new();
        let mut after = None;
        loop {
            let page = view.store.affected_versions(PageRequest { after, limit: VERSIONS });
            let page = view.runtime.block_on(page)?;
            for version in page.items {
                let Some(worst) = worst(&version.affected) else { continue };
                let word = version.package.kind.purl_type();
                kinds.insert(word, version.package.kind);
                numbers.entry((word, version.package.name)).or_default().push((version.id, worst));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let (mut found, mut software) = (HashMap::new(), Vec::new());
        for (number, ((word, name), versions)) in (0u32..).zip(numbers) {
            let Some(kind) = kinds.get(word) else { continue };
            found.extend(versions.into_iter().map(|(id, worst)| (id, (number, worst))));
            let (versions, affected) = (Vec::new(), BTreeMap::new());
            software.push(AffectedSoftware { kind: *kind, name, versions, affected });
        }
        Ok(Some(Self { parts, found, software, lines: HashMap::new(), after: None, at_a_time: FEW }))
    }

    /// The next rows, and whether they are the last.
    pub(super) fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<(Batch, bool), store::Error> {
        let filter = SummaryFilter {
            registries: Some(view.assessed.iter().map(|known| known.registry.id).collect()),
            states: vec![ImageState::Unhealthy],
            ..SummaryFilter::default()
        };
        let page = PageRequest { after: self.after.take(), limit: self.at_a_time };
        let page = view.runtime.block_on(view.store.contents(&filter, page))?;
        self.at_a_time = (self.at_a_time * 4).min(MANY);
        let mut batch = Batch::new(request.needs.len());
        for content in &page.items {
            self.of_image(view, request, content, &mut batch);
        }
        self.after = page.next;
        Ok((batch, self.after.is_none()))
    }

    fn of_image(&mut self, view: &View, request: &ScanRequest, content: &ImageContent, batch: &mut Batch) {
        let image = &content.image;
        let known = view.assessed.iter().find(|known| known.registry.id == image.repository.registry);
        let (Some(known), Some(packages)) = (known, &content.packages) else { return };
        let native = resource_of(known, image);
        let stem = format!("{native}/providers/{KIND}/");
        if !Narrowed(request).allows_registry(known, &stem) {
            return;
        }
        let mut here: Vec<(u32, u8)> =
            packages.iter().filter_map(|(id, _)| self.found.get(&id).copied()).collect();
        // Of several versions of one software the worst counts, which has the smallest number.
        here.sort_unstable();
        here.dedup_by_key(|(software, _)| *software);
        let own = |part: Part| match part {
            Part::Resource => Value::text(software::resource(known, image)),
            Part::Native => Value::text(&native),
            Part::ResourceName => Value::text(software::resource_name(image)),
            Part::Group => Value::text(&known.registry.resource_group),
            Part::Subscription => Value::text(known.registry.subscription.to_string()),
            Part::Line | Part::Id => Value::Null,
        };
        // The same in all rows of the image.
        let parts = self.parts.clone();
        let own: Vec<Value> = parts.iter().map(|part| own(*part)).collect();
        for place in here {
            let Some(line) = self.line(view, request, known, image, place) else { continue };
            if !line.is_of_use {
                continue;
            }
            let id = Value::text(format!("{stem}{}", line.key));
            let values = parts.iter().zip(&line.values).zip(&own);
            batch.push(values.map(|((part, line), own)| match part {
                Part::Line => line.clone(),
                Part::Id => id.clone(),
                Part::Resource | Part::Native | Part::ResourceName | Part::Group | Part::Subscription => {
                    own.clone()
                }
            }));
        }
    }

    /// What rows of a software in a severity say, made with the first image that has one.
    fn line(
        &mut self,
        view: &View,
        request: &ScanRequest,
        known: &KnownRegistry,
        image: &ImageKey,
        place: (u32, u8),
    ) -> Option<&Line> {
        if !self.lines.contains_key(&place) {
            let kind = self.software.get(usize::try_from(place.0).ok()?)?;
            let severity = SEVERITIES.get(usize::from(place.1)).copied().unwrap_or("Unknown");
            let affected = BTreeMap::from([(severity.to_owned(), 1)]);
            let software = AffectedSoftware { affected, ..kind.clone() };
            let document = software::outline(known, image, &software);
            let metadata = metadata(&document);
            let key = document.name.clone();
            let made = placed(known, row(view, as_shown(document, metadata)));
            let values = request.needs.iter().map(|need| made.value(need)).collect();
            let is_of_use = is_of_use(Narrowed(request), &software);
            self.lines.insert(place, Line { key, values, is_of_use });
        }
        self.lines.get(&place)
    }
}

/// The place of the worst severity among [`SEVERITIES`]; none where nothing is found.
fn worst(affected: &BTreeMap<String, u64>) -> Option<u8> {
    let has = |word: &str| affected.get(word).is_some_and(|count| *count > 0);
    let known = (0u8..).zip(SEVERITIES).find(|(_, word)| has(word)).map(|(place, _)| place);
    let unknown = affected.values().any(|count| *count > 0).then_some(4);
    known.or(unknown)
}
