//! Lineages in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, row, rows};
use crate::{
    BaseImage, ClaimedBase, Error, ImageKey, ImageLayer, Lineage, Lineages, RegistryId, RepositoryKey,
};
use async_trait::async_trait;
use oci::Digest;
use rusqlite::{Connection, Row, params};

#[async_trait]
impl Lineages for SqliteStore {
    async fn lineage(&self, image: &Digest) -> Result<Lineage, Error> {
        let image = image.clone();
        self.read(move |connection| {
            let layers = layers(connection, &image)?;
            let claimed_base = row(connection, CLAIMED, [image.as_str()], |row| {
                Ok(ClaimedBase { name: row.plain("name")?, digest: row.maybe_parsed("digest")? })
            })?;
            Ok(Lineage { layers, claimed_base })
        })
        .await
    }

    async fn base_image(&self, registry: RegistryId, image: &Digest) -> Result<Option<BaseImage>, Error> {
        let image = image.clone();
        self.read(move |connection| base_image(connection, registry, &image)).await
    }
}

pub(super) fn layers(connection: &Connection, image: &Digest) -> Result<Vec<ImageLayer>, Error> {
    rows(connection, LAYERS, [image.as_str()], layer)
}

pub(super) fn base_image(
    connection: &Connection,
    registry: RegistryId,
    image: &Digest,
) -> Result<Option<BaseImage>, Error> {
    row(connection, BASE, params![image.as_str(), registry.0], |row| {
        let repository = RepositoryKey { registry, name: row.parsed("name")? };
        let image = ImageKey { repository, digest: row.parsed("digest")? };
        Ok(BaseImage { image, layers: row.count("layers")? })
    })
}

pub(super) const LAYERS: &str = "SELECT l.* FROM image i CROSS JOIN image_layer l ON l.image = i.id
     WHERE i.digest = ?1 ORDER BY l.number";

const CLAIMED: &str = "SELECT c.name, c.digest FROM image i CROSS JOIN image_claimed_base c ON c.image = i.id
     WHERE i.digest = ?1";

/// From the layers of the image to the images that end with one of them, and to where these are.
pub(super) const BASE: &str = "SELECT l.number + 1 AS layers, r.name, b.digest
     FROM image i
     CROSS JOIN image_layer l ON l.image = i.id
     CROSS JOIN image_layer t ON t.chain = l.chain AND t.top = 1 AND t.chain <> ''
     CROSS JOIN image b ON b.id = t.image
     CROSS JOIN manifest m ON m.digest = b.digest
     CROSS JOIN repository r ON r.id = m.repository
     LEFT JOIN image_claimed_base c ON c.image = i.id
     WHERE i.digest = ?1 AND r.registry = ?2 AND b.id <> i.id AND (l.top = 0 OR c.digest = b.digest)
     ORDER BY l.number DESC, c.digest = b.digest DESC, m.pushed_at, r.name LIMIT 1";

/// Records a lineage in place of what was recorded before.
pub(super) fn put(connection: &Connection, image: i64, lineage: &Lineage) -> Result<(), Error> {
    change(connection, "DELETE FROM image_layer WHERE image = ?1", [image])?;
    change(connection, "DELETE FROM image_claimed_base WHERE image = ?1", [image])?;
    let sql =
        "INSERT INTO image_layer (image, number, layer, chain, top, step) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let last = i64::try_from(lineage.layers.len()).unwrap_or(i64::MAX) - 1;
    for (number, layer) in (0_i64..).zip(&lineage.layers) {
        let chain = layer.chain.as_ref().map_or("", Digest::as_str);
        change(
            connection,
            sql,
            params![image, number, layer.digest.as_str(), chain, number == last, layer.step],
        )?;
    }
    if let Some(ClaimedBase { name, digest }) = &lineage.claimed_base {
        let sql = "INSERT INTO image_claimed_base (image, name, digest) VALUES (?1, ?2, ?3)";
        change(connection, sql, params![image, name, digest.as_ref().map(Digest::as_str)])?;
    }
    Ok(())
}

fn layer(row: &Row<'_>) -> Result<ImageLayer, Error> {
    let chain: String = row.plain("chain")?;
    Ok(ImageLayer {
        digest: row.parsed("layer")?,
        chain: if chain.is_empty() { None } else { Some(row.parsed("chain")?) },
        step: row.plain("step")?,
    })
}
