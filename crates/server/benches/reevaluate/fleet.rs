//! A fleet of images: the real inventories in many versions, the same for the same seed.
//!
//! An image is built on one of the real bases in one of its generations, as images are built week after week, and has
//! some packages of languages on top. A generation is the same list of packages in other versions.

use crate::advisories::NewAdvisory;
use crate::inventories::{self, Inventories};
use crate::now;
use crate::random::Random;
use oci::Digest;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use store::{
    ImageKey, ImageRecord, ImageState, ImageSummary, PackagePlace, PackageVersion, RegistryId, RepositoryKey,
    Store, testing,
};

const IMAGES_OF_A_REPOSITORY: usize = 100;
/// Pushes that share a commit.
const TOGETHER: usize = 64;

pub(crate) struct Fleet {
    pub(crate) packages: usize,
    images: Vec<ImageKey>,
    /// The images of each package version, ascending.
    having: Vec<(PackageVersion, Vec<u32>)>,
}

impl Fleet {
    pub(crate) async fn make(
        store: &Arc<dyn Store>,
        shared: &Path,
        images: usize,
        package_versions: usize,
        seed: u64,
    ) -> Self {
        let registry = install(store).await;
        let inventories = inventories::read(shared);
        let pool = Pool::new(&inventories, package_versions);
        let mut random = Random::new(seed);
        let mut fleet = Self {
            packages: 0,
            images: Vec::with_capacity(images),
            having: pool.versions.iter().map(|version| (version.clone(), Vec::new())).collect(),
        };
        let mut batch = Vec::new();
        for number in 0..images {
            let content = pool.image(&mut random);
            for version in &content {
                fleet.having[*version].1.push(u32::try_from(number).unwrap());
            }
            fleet.packages += content.len();
            let name = format!("team-{:04}/app", number / IMAGES_OF_A_REPOSITORY).parse().unwrap();
            let repository = RepositoryKey { registry, name };
            let bytes = format!("image {number} of {seed}");
            let image = ImageKey { repository, digest: Digest::of_sha256(bytes.as_bytes()) };
            fleet.images.push(image.clone());
            let packages = content.into_iter().map(|version| pool.versions[version].clone()).collect();
            batch.push(push(store.clone(), image, bytes, packages));
            if batch.len() == TOGETHER || number + 1 == images {
                futures_util::future::join_all(batch.drain(..)).await;
            }
        }
        fleet
    }

    /// A new advisory about the package version that so large a share of the images has.
    pub(crate) fn advisory_about(&self, number: usize, share: f64) -> NewAdvisory {
        #[expect(clippy::cast_precision_loss, reason = "a share needs no precision")]
        let distance = |images: usize| (images as f64 / self.images.len() as f64 - share).abs();
        let nearest =
            self.having.iter().min_by(|one, other| distance(one.1.len()).total_cmp(&distance(other.1.len())));
        let (version, _) = nearest.unwrap();
        NewAdvisory { number, package: version.clone() }
    }

    /// The images that a new advisory affects, ascending.
    pub(crate) fn having(&self, advisory: &NewAdvisory) -> Vec<ImageKey> {
        let (_, images) = self.having.iter().find(|(version, _)| *version == advisory.package).unwrap();
        let mut images: Vec<_> =
            images.iter().map(|number| self.images[usize::try_from(*number).unwrap()].clone()).collect();
        images.sort();
        images
    }
}

/// All package versions, and how images are made of them.
struct Pool {
    versions: Vec<PackageVersion>,
    /// For each base the first version of each of its packages; the generations follow one another.
    bases: Vec<Vec<usize>>,
    languages: Vec<usize>,
    generations: usize,
}

impl Pool {
    fn new(inventories: &Inventories, package_versions: usize) -> Self {
        let distinct: usize =
            inventories.bases.iter().map(Vec::len).sum::<usize>() + inventories.languages.len();
        let generations = package_versions.div_ceil(distinct.max(1));
        let mut versions: Vec<PackageVersion> = Vec::new();
        let mut add = |package: &PackageVersion| {
            let first = versions.len();
            versions.extend((0..generations).map(|generation| older(package, generation)));
            first
        };
        let bases = inventories.bases.iter().map(|base| base.iter().map(&mut add).collect()).collect();
        let languages = inventories.languages.iter().map(&mut add).collect();
        Self { versions, bases, languages, generations }
    }

    /// The package versions of an image.
    fn image(&self, random: &mut Random) -> Vec<usize> {
        let base = &self.bases[random.below(self.bases.len())];
        let generation = random.below(self.generations);
        let mut content: Vec<usize> = base
            .iter()
            .enumerate()
            // Most packages change seldom: neighbouring generations share them. The first ones never change.
            .map(|(place, first)| if place % 20 == 0 { *first } else { first + generation })
            .collect();
        // What every second image has, whatever it is built on.
        content.extend((random.below(2) == 0).then_some(self.languages[0]));
        for _ in 0..random.below(90) {
            let language = self.languages[random.popular(self.languages.len())];
            content.push(language + random.popular(self.generations));
        }
        content.sort_unstable();
        content.dedup();
        content
    }
}

/// A package some generations ago: the last number of its version is another one.
fn older(package: &PackageVersion, generation: usize) -> PackageVersion {
    if generation == 0 {
        return package.clone();
    }
    let other = |version: &str| {
        let end = version.rfind(|letter: char| letter.is_ascii_digit()).map_or(version.len(), |at| at + 1);
        let (head, tail) = version.split_at(end);
        let start = head.rfind(|letter: char| !letter.is_ascii_digit()).map_or(0, |at| at + 1);
        format!("{}{generation}{tail}", &head[..start])
    };
    let mut older = package.clone();
    older.version = other(&package.version);
    if older.version == package.version {
        older.version = format!("{}.{generation}", package.version);
    }
    if let Some(source) = &mut older.source {
        source.version.clone_from(&older.version);
    }
    older
}

async fn install(store: &Arc<dyn Store>) -> RegistryId {
    store.install(testing::installation("benchmark"), now()).await.unwrap();
    store.registry_by_name("benchmark").await.unwrap().unwrap().id
}

async fn push(store: Arc<dyn Store>, image: ImageKey, bytes: String, packages: Vec<PackageVersion>) {
    let RepositoryKey { registry, name } = &image.repository;
    let manifest = testing::push(*registry, name.as_str(), bytes, now());
    let _ = store.put_manifest(manifest).await.unwrap();
    let layer = Digest::of_sha256(b"layer");
    let place = |package| PackagePlace { package, layer: layer.clone(), path: "packages".into() };
    let record = ImageRecord {
        digest: image.digest.clone(),
        distribution: json!(null),
        platform: Some("linux/amd64".into()),
        obstacles: json!([]),
        basis: json!({ "causes": [] }),
        indexer_version: 1,
        isolation: json!({ "landlock": 5, "seccomp": true }),
        at: now(),
        lineage: store::Lineage::default(),
        packages: packages.into_iter().map(place).collect(),
    };
    store.record_image(record).await.unwrap();
    let summary = ImageSummary {
        image,
        state: ImageState::NotApplicable,
        cause: None,
        counts: BTreeMap::new(),
        platform: Some("linux/amd64".into()),
        isolation: json!({ "landlock": 5, "seccomp": true }),
        first_seen: now(),
        changed_at: now(),
        assessed_at: Some(now()),
        snapshot: None,
        children: Vec::new(),
    };
    assert!(store.put_summary(summary).await.unwrap());
}
