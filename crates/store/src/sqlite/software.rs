//! Findings by software, in SQLite.

use super::SqliteStore;
use super::column::rows;
use super::findings::of_packages;
use super::reevaluation::{package_standing, standings};
use crate::{
    AffectedSoftware, Error, Finding, ImageKey, PackageStanding, PackageVersionId, Page, PageRequest,
    Softwares,
};
use async_trait::async_trait;
use oci::Digest;
use rusqlite::Connection;

#[async_trait]
impl Softwares for SqliteStore {
    async fn affected_software(&self, image: &Digest) -> Result<Vec<AffectedSoftware>, Error> {
        let image = image.clone();
        self.read(move |connection| affected(connection, &image)).await
    }

    async fn affected_versions(
        &self,
        page: PageRequest<PackageVersionId>,
    ) -> Result<Page<PackageStanding, PackageVersionId>, Error> {
        self.read(move |connection| standings(connection, VERSIONS, &page)).await
    }

    async fn findings_of_packages(
        &self,
        image: &ImageKey,
        packages: &[PackageVersionId],
    ) -> Result<Vec<Finding>, Error> {
        let (image, packages) = (image.clone(), packages.to_vec());
        self.read(move |connection| of_packages(connection, &image, &packages)).await
    }
}

/// The package versions of an image in which something is found or undetermined.
pub(super) const AFFECTED: &str = "SELECT DISTINCT p.* FROM image i
     CROSS JOIN image_package ip ON ip.image = i.id
     CROSS JOIN package_version p ON p.id = ip.package_version
     WHERE i.digest = ?1 AND p.standing <> ''";

/// All package versions in which something is found or undetermined.
pub(super) const VERSIONS: &str =
    "SELECT * FROM package_version WHERE id > ?1 AND standing <> '' ORDER BY id LIMIT ?2";

fn affected(connection: &Connection, image: &Digest) -> Result<Vec<AffectedSoftware>, Error> {
    let mut found = rows(connection, AFFECTED, [image.as_str()], package_standing)?;
    found.retain(|standing| !standing.affected.is_empty());
    found.sort_by(|one, other| {
        let key = |package: &crate::PackageVersion| (package.kind.purl_type(), package.name.clone());
        (key(&one.package), one.id).cmp(&(key(&other.package), other.id))
    });
    let mut all: Vec<AffectedSoftware> = Vec::new();
    for standing in found {
        let package = standing.package;
        let version = (standing.id, package.version);
        match all.last_mut() {
            Some(last) if last.kind == package.kind && last.name == package.name => {
                last.versions.push(version);
                for (severity, count) in standing.affected {
                    *last.affected.entry(severity).or_insert(0) += count;
                }
            }
            _ => all.push(AffectedSoftware {
                kind: package.kind,
                name: package.name,
                versions: vec![version],
                affected: standing.affected,
            }),
        }
    }
    Ok(all)
}
