//! Layer inventories and the packages of images in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, json_text, moment, row, rows, value};
use super::{additions, lineage};
use crate::{
    Error, ImageRecord, LayerOutcome, LayerRecord, PackageOwner, PackagePlace, PackageVersion,
    PackageVersionId, RecordedImage, ScannedImage, Scans,
};
use async_trait::async_trait;
use inventory::{Ecosystem, PackageKind, SourcePackage};
use oci::Digest;
use rusqlite::{Connection, Row, params};
use std::collections::{BTreeMap, HashMap};

#[async_trait]
impl Scans for SqliteStore {
    async fn put_layer(&self, layer: LayerRecord) -> Result<(), Error> {
        self.write(move |connection| put_layer(connection, &layer)).await
    }

    async fn layer(&self, digest: &Digest, indexer_version: u32) -> Result<Option<LayerRecord>, Error> {
        let digest = digest.clone();
        self.read(move |connection| {
            let sql = "SELECT * FROM layer_inventory WHERE digest = ?1 AND indexer_version = ?2";
            row(connection, sql, params![digest.as_str(), indexer_version], layer)
        })
        .await
    }

    async fn record_image(&self, image: ImageRecord) -> Result<RecordedImage, Error> {
        self.write(move |connection| record_image(connection, &image)).await
    }

    async fn image(&self, digest: &Digest) -> Result<Option<ScannedImage>, Error> {
        let digest = digest.clone();
        self.read(move |connection| {
            row(connection, "SELECT * FROM image WHERE digest = ?1", [digest.as_str()], image)
        })
        .await
    }

    async fn image_packages(&self, digest: &Digest) -> Result<Vec<PackagePlace>, Error> {
        let digest = digest.clone();
        self.read(move |connection| {
            rows(connection, IMAGE_PACKAGES, [digest.as_str()], |row| {
                Ok(PackagePlace {
                    package: package_version(row)?,
                    layer: row.parsed("layer")?,
                    path: row.plain("path")?,
                })
            })
        })
        .await
    }
}

/// The packages of an image. CROSS JOIN keeps the order: only the rows of this image are touched.
pub(super) const IMAGE_PACKAGES: &str = "SELECT p.*, l.layer, l.path
     FROM image i CROSS JOIN image_package ip ON ip.image = i.id
     CROSS JOIN package_version p ON p.id = ip.package_version
     CROSS JOIN place l ON l.id = ip.place
     WHERE i.digest = ?1
     ORDER BY p.kind, p.name, p.version, l.layer, l.path";

fn put_layer(connection: &Connection, layer: &LayerRecord) -> Result<(), Error> {
    let (outcome, content) = match &layer.outcome {
        LayerOutcome::Indexed(inventory) => ("indexed", json_text(inventory)?),
        LayerOutcome::Unreadable(why) => ("unreadable", why.clone()),
    };
    let sql = "INSERT INTO layer_inventory (digest, indexer_version, outcome, isolation, at, content)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (digest, indexer_version) DO UPDATE
               SET outcome = excluded.outcome, isolation = excluded.isolation, at = excluded.at,
                   content = excluded.content
               WHERE outcome = 'unreadable'";
    let isolation = json_text(&layer.isolation)?;
    let digest = layer.digest.as_str();
    change(
        connection,
        sql,
        params![digest, layer.indexer_version, outcome, isolation, moment(layer.at), content],
    )?;
    Ok(())
}

fn layer(row: &Row<'_>) -> Result<LayerRecord, Error> {
    let indexed = row.word("outcome", |word| match word {
        "indexed" => Some(true),
        "unreadable" => Some(false),
        _ => None,
    })?;
    Ok(LayerRecord {
        digest: row.parsed("digest")?,
        indexer_version: row.count("indexer_version")?,
        outcome: if indexed {
            LayerOutcome::Indexed(row.json("content")?)
        } else {
            LayerOutcome::Unreadable(row.plain("content")?)
        },
        isolation: row.json("isolation")?,
        at: row.moment("at")?,
    })
}

fn record_image(connection: &Connection, image: &ImageRecord) -> Result<RecordedImage, Error> {
    let id = put_image(connection, image)?;
    lineage::put(connection, id, &image.lineage)?;
    change(connection, "DELETE FROM image_package WHERE image = ?1", [id])?;
    let mut versions = BTreeMap::new();
    let mut counts: BTreeMap<PackageVersionId, u64> = BTreeMap::new();
    let mut places = HashMap::new();
    let mut known = HashMap::new();
    let sql = "INSERT INTO image_package (image, package_version, place) VALUES (?1, ?2, ?3)
               ON CONFLICT DO NOTHING";
    for PackagePlace { package, layer, path } in &image.packages {
        let version = match known.get(package) {
            Some(version) => *version,
            None => {
                let version = version_of(connection, package)?;
                known.insert(package, version);
                versions.insert(version, package.clone());
                version
            }
        };
        let place = match places.get(&(layer, path)) {
            Some(place) => *place,
            None => {
                let place = place_of(connection, layer, path)?;
                places.insert((layer, path), place);
                place
            }
        };
        *counts.entry(version).or_insert(0) += change(connection, sql, params![id, version.0, place])? as u64;
    }
    super::census::put_content(connection, id, counts)?;
    let sql = "INSERT INTO image_basis (image, basis) VALUES (?1, ?2)
               ON CONFLICT (image) DO UPDATE SET basis = excluded.basis";
    change(connection, sql, params![id, json_text(&image.basis)?])?;
    Ok(RecordedImage { versions: versions.into_iter().collect() })
}

fn put_image(connection: &Connection, image: &ImageRecord) -> Result<i64, Error> {
    let sql = "INSERT INTO image (digest, platform, distribution, obstacles, indexer_version, isolation,
                                  indexed_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
               ON CONFLICT (digest) DO UPDATE
               SET platform = excluded.platform, distribution = excluded.distribution,
                   obstacles = excluded.obstacles, indexer_version = excluded.indexer_version,
                   isolation = excluded.isolation, indexed_at = excluded.indexed_at
               RETURNING id";
    let values = params![
        image.digest.as_str(),
        image.platform,
        json_text(&image.distribution)?,
        json_text(&image.obstacles)?,
        image.indexer_version,
        json_text(&image.isolation)?,
        moment(image.at),
    ];
    Ok(connection.prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
}

/// The number of a package version; it is given one if it has none.
fn version_of(connection: &Connection, package: &PackageVersion) -> Result<PackageVersionId, Error> {
    let kind = kind_word(package.kind)?;
    let ecosystem = package.ecosystem.as_ref().map_or("", Ecosystem::as_str);
    let (source, source_version) =
        package.source.as_ref().map_or(("", ""), |source| (&source.name, &source.version));
    let module = package.module.as_deref().unwrap_or_default();
    let (owner_ecosystem, owner) =
        package.owner.as_ref().map_or(("", ""), |owner| (owner.ecosystem.as_str(), &owner.name));
    let key = params![
        package.name,
        package.version,
        kind,
        ecosystem,
        source,
        source_version,
        module,
        owner_ecosystem,
        owner,
        package.architecture.as_deref().unwrap_or_default()
    ];
    let find = "SELECT id FROM package_version WHERE name = ?1 AND version = ?2 AND kind = ?3
                AND ecosystem = ?4 AND source_name = ?5 AND source_version = ?6
                AND module = ?7 AND owner_ecosystem = ?8 AND owner_name = ?9 AND architecture = ?10";
    if let Some(id) = value(connection, find, key)? {
        return Ok(PackageVersionId(id));
    }
    let insert = "INSERT INTO package_version (name, version, kind, ecosystem, source_name, source_version,
                      module, owner_ecosystem, owner_name, architecture)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    change(connection, insert, key)?;
    let id = PackageVersionId(connection.last_insert_rowid());
    additions::put_names(connection, id, package)?;
    Ok(id)
}

fn place_of(connection: &Connection, layer: &Digest, path: &str) -> Result<i64, Error> {
    let key = params![layer.as_str(), path];
    if let Some(id) = value(connection, "SELECT id FROM place WHERE layer = ?1 AND path = ?2", key)? {
        return Ok(id);
    }
    change(connection, "INSERT INTO place (layer, path) VALUES (?1, ?2)", key)?;
    Ok(connection.last_insert_rowid())
}

fn image(row: &Row<'_>) -> Result<ScannedImage, Error> {
    Ok(ScannedImage {
        digest: row.parsed("digest")?,
        distribution: row.json("distribution")?,
        platform: row.plain("platform")?,
        obstacles: row.json("obstacles")?,
        indexer_version: row.count("indexer_version")?,
        isolation: row.json("isolation")?,
        at: row.moment("indexed_at")?,
    })
}

/// The word of a kind, as `inventory` serialises it, so that a new kind needs no line here.
fn kind_word(kind: PackageKind) -> Result<String, Error> {
    let word = serde_json::to_value(kind)?;
    word.as_str().map(str::to_owned).ok_or_else(|| super::column::corrupt("kind", &word.to_string()))
}

/// The package version of a row that has its columns.
pub(super) fn package_version(row: &Row<'_>) -> Result<PackageVersion, Error> {
    let some = |text: String| if text.is_empty() { None } else { Some(text) };
    let source_version: String = row.plain("source_version")?;
    let owner_ecosystem = Ecosystem::new(row.plain::<String>("owner_ecosystem")?);
    Ok(PackageVersion {
        ecosystem: some(row.plain("ecosystem")?).map(Ecosystem::new),
        kind: row.word("kind", |word| serde_json::from_value(word.into()).ok())?,
        name: row.plain("name")?,
        version: row.plain("version")?,
        source: some(row.plain("source_name")?).map(|name| SourcePackage { name, version: source_version }),
        module: some(row.plain("module")?),
        owner: some(row.plain("owner_name")?).map(|name| PackageOwner { ecosystem: owner_ecosystem, name }),
        architecture: some(row.plain("architecture")?),
    })
}
