//! `Packages`: each package of each image, in plain columns.

use super::absent::Nothing;
use super::images::images;
use super::{Pulled, Reading, Table, columns, image_text};
use crate::documents::KnownRegistry;
use crate::narrowed::Narrowed;
use crate::source::text_or_null;
use crate::viewer::View;
use kql::{Batch, Column, Kind, ScanRequest, Value};
use store::{ImageKey, PackageFilter, PackagePlace, PageRequest};

/// Images that are read at a time; one has some hundred packages.
const PAGE: usize = 32;

pub(super) const TABLE: Table = Table {
    name: "Packages",
    about: "Each package of each image, with the file and the layer it was found in.",
    columns: shown,
    hidden: Vec::new,
    stem: None,
    read: |view, request| {
        let narrowed = Narrowed(request);
        let Some((known, images)) = images(view, narrowed) else { return Box::new(Nothing) };
        let name = narrowed.exactly(&["package"]).map(str::to_owned);
        Box::new(Packages { known, filter: PackageFilter { images, name }, after: None })
    },
    folds: |_, _| false,
};

fn shown() -> Vec<Column> {
    columns(&[
        ("registry", Kind::String),
        ("repository", Kind::String),
        ("digest", Kind::String),
        ("image", Kind::String),
        ("package", Kind::String),
        ("version", Kind::String),
        ("kind", Kind::String),
        ("ecosystem", Kind::String),
        ("sourcePackage", Kind::String),
        ("sourceVersion", Kind::String),
        ("module", Kind::String),
        ("installedBy", Kind::String),
        ("path", Kind::String),
        ("layer", Kind::String),
        ("subscriptionId", Kind::String),
    ])
}

struct Packages {
    known: Vec<KnownRegistry>,
    filter: PackageFilter,
    after: Option<ImageKey>,
}

impl Reading for Packages {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let page = PageRequest { after: self.after.take(), limit: PAGE };
        let page = view.runtime.block_on(view.store.packages(&self.filter, page))?;
        let mut batch = Batch::new(request.needs.len());
        for (image, places) in &page.items {
            let registry = image.repository.registry;
            let Some(known) = self.known.iter().find(|known| known.registry.id == registry) else { continue };
            for place in places {
                batch.push(request.needs.iter().map(|need| value(&need.column, known, image, place)));
            }
        }
        self.after = page.next;
        Ok(Pulled { batch, is_last: self.after.is_none() })
    }
}

fn value(column: &str, known: &KnownRegistry, image: &ImageKey, place: &PackagePlace) -> Value {
    let package = &place.package;
    match column {
        "registry" => Value::text(&known.registry.login_server),
        "repository" => Value::text(image.repository.name.as_str()),
        "digest" => Value::text(image.digest.to_string()),
        "image" => Value::from(image_text(known, image)),
        "package" => Value::text(&package.name),
        "version" => Value::text(&package.version),
        "kind" => Value::text(package.kind.purl_type()),
        "ecosystem" => text_or_null(package.ecosystem.as_ref().map(|ecosystem| ecosystem.as_str())),
        "sourcePackage" => text_or_null(package.source.as_ref().map(|source| source.name.as_str())),
        "sourceVersion" => text_or_null(package.source.as_ref().map(|source| source.version.as_str())),
        "module" => text_or_null(package.module.as_deref()),
        "installedBy" => text_or_null(package.owner.as_ref().map(|owner| owner.name.as_str())),
        "path" => Value::text(&place.path),
        "layer" => Value::text(place.layer.to_string()),
        "subscriptionId" => Value::text(known.registry.subscription.to_string()),
        _ => Value::Null,
    }
}
