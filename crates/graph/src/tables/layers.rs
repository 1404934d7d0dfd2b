//! `Layers`: each layer of each image, in the order in which they lie on each other.

use super::absent::Nothing;
use super::images::images;
use super::{Pulled, Reading, Table, columns, image_text};
use crate::documents::KnownRegistry;
use crate::narrowed::Narrowed;
use crate::source::text_or_null;
use crate::viewer::View;
use kql::{Batch, Column, Kind, ScanRequest, Value};
use oci::{Descriptor, Manifest, ManifestContent, MediaType};
use std::collections::BTreeMap;
use store::{ImageKey, ImageSummary, PageRequest, SummaryFilter};

/// Images that are read at a time.
const PAGE: usize = 64;

pub(super) const TABLE: Table = Table {
    name: "Layers",
    about: "Each layer of each image, the lowest first, with how many packages it brought in.",
    columns: shown,
    hidden: Vec::new,
    stem: None,
    read: |view, request| {
        let Some((known, filter)) = images(view, Narrowed(request)) else { return Box::new(Nothing) };
        let counts = request.needs.iter().any(|need| &*need.column == "packages");
        Box::new(Layers { known, filter, counts, after: None })
    },
    folds: |_, _| false,
};

fn shown() -> Vec<Column> {
    columns(&[
        ("registry", Kind::String),
        ("repository", Kind::String),
        ("digest", Kind::String),
        ("image", Kind::String),
        ("layer", Kind::String),
        ("position", Kind::Long),
        ("mediaType", Kind::String),
        ("size", Kind::Long),
        ("packages", Kind::Long),
        ("platform", Kind::String),
        ("subscriptionId", Kind::String),
    ])
}

struct Layers {
    known: Vec<KnownRegistry>,
    filter: SummaryFilter,
    /// Whether packages are counted, which reads them.
    counts: bool,
    after: Option<ImageKey>,
}

/// A layer in its image.
struct Layer<'a> {
    known: &'a KnownRegistry,
    summary: &'a ImageSummary,
    descriptor: &'a Descriptor,
    position: usize,
    packages: i64,
}

impl Reading for Layers {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let page = PageRequest { after: self.after.take(), limit: PAGE };
        let page = view.runtime.block_on(view.store.summaries(&self.filter, page))?;
        let mut batch = Batch::new(request.needs.len());
        for summary in &page.items {
            let registry = summary.image.repository.registry;
            let Some(known) = self.known.iter().find(|known| known.registry.id == registry) else { continue };
            let image = &summary.image;
            let kept = view.runtime.block_on(view.store.manifest(&image.repository, &image.digest))?;
            // What was pushed was read before it was kept; what can be read no more has no layers to show.
            let parsed = kept.and_then(|kept| {
                Manifest::parse(&kept.media_type.parse::<MediaType>().ok()?, &kept.bytes).ok()
            });
            let Some(ManifestContent::Image(content)) = parsed.as_ref().map(Manifest::content) else {
                continue;
            };
            let packages = if self.counts { self.packages(view, image)? } else { BTreeMap::new() };
            for (position, descriptor) in content.layers.iter().enumerate() {
                let packages = packages.get(descriptor.digest.as_str()).copied().unwrap_or(0);
                let layer = Layer { known, summary, descriptor, position, packages };
                batch.push(request.needs.iter().map(|need| value(&need.column, &layer)));
            }
        }
        self.after = page.next;
        Ok(Pulled { batch, is_last: self.after.is_none() })
    }
}

impl Layers {
    /// How many packages each layer brought in.
    fn packages(&self, view: &View, image: &ImageKey) -> Result<BTreeMap<String, i64>, store::Error> {
        let places = view.runtime.block_on(view.store.image_packages(&image.digest))?;
        let mut counts = BTreeMap::new();
        for place in places {
            *counts.entry(place.layer.to_string()).or_insert(0) += 1;
        }
        Ok(counts)
    }
}

fn value(column: &str, layer: &Layer<'_>) -> Value {
    let image = &layer.summary.image;
    let long = |number: u64| Value::Long(i64::try_from(number).unwrap_or(i64::MAX));
    match column {
        "registry" => Value::text(&layer.known.registry.login_server),
        "repository" => Value::text(image.repository.name.as_str()),
        "digest" => Value::text(image.digest.to_string()),
        "image" => Value::from(image_text(layer.known, image)),
        "layer" => Value::text(layer.descriptor.digest.to_string()),
        "position" => long(layer.position as u64),
        "mediaType" => Value::text(layer.descriptor.media_type.as_str()),
        "size" => long(layer.descriptor.size),
        "packages" => Value::Long(layer.packages),
        "platform" => text_or_null(layer.summary.platform.as_deref()),
        "subscriptionId" => Value::text(layer.known.registry.subscription.to_string()),
        _ => Value::Null,
    }
}
