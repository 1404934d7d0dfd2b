//! A fleet of images: the real inventories in many versions, the same for the same seed.
//!
//! An image is built on one of the real bases in one of its generations, as images are built week after week, and has
//! some packages of languages on top. A generation is the same list of packages in other versions.

use crate::advisories::NewAdvisory;
use crate::inventories::{self, Inventories};
use crate::now;
use crate::random::Random;
use oci::Digest;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use store::{
    ImageKey, ImageRecord, ImageState, ImageSummary, PackagePlace, PackageVersion, RegistryId, RepositoryKey,
    SqliteStore, Store, testing,
};

const IMAGES_OF_A_REPOSITORY: usize = 100;
/// Pushes that share a commit.
const TOGETHER: usize = 64;

/// The word by which the benchmark starts itself again to make a fleet.
pub(crate) const MAKE: &str = "make";
/// The shares of the images that new advisories are about.
const SHARES: [f64; 3] = [0.5, 0.1, 0.01];
/// Package versions that a fleet is made from. Some of the real images share packages, so that a little more than
/// 40 000 of them are distinct.
const PACKAGE_VERSIONS: usize = 42_500;
const SEED: u64 = 0x1a2a_8e77_0000_0005;

/// What the measurement has to know of a fleet.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Fleet {
    pub(crate) packages: usize,
    /// New advisories, and the images that have what they are about, ascending.
    pub(crate) advisories: Vec<(NewAdvisory, Vec<(String, String)>)>,
}

impl Fleet {
    /// The fleet in a folder; made by a process of its own, so that its memory is not counted here.
    pub(crate) fn open(folder: &Path, shared: &Path, images: usize) -> Self {
        if !folder.join("fleet.json").exists() {
            let made = std::process::Command::new(std::env::current_exe().unwrap())
                .arg(MAKE)
                .args([folder, shared])
                .arg(images.to_string())
                .status();
            assert!(made.unwrap().success(), "the fleet could not be made");
        }
        serde_json::from_slice(&std::fs::read(folder.join("fleet.json")).unwrap()).unwrap()
    }

    /// Makes a fleet, as the words of [`Fleet::open`] say.
    pub(crate) async fn make(words: &[String]) {
        let [folder, shared, images] = words else { panic!("three words are needed") };
        let (folder, images) = (Path::new(folder), images.parse().unwrap());
        std::fs::create_dir_all(folder).unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.join(RECORDS)).unwrap());
        let fleet = fill(&store, Path::new(shared), images).await;
        drop(store);
        std::fs::write(folder.join("fleet.json"), serde_json::to_vec(&fleet).unwrap()).unwrap();
    }
}

/// The file of the records.
pub(crate) const RECORDS: &str = "records.sqlite";

/// The image of a name and a digest.
pub(crate) fn key(registry: RegistryId, (name, digest): &(String, String)) -> ImageKey {
    let repository = RepositoryKey { registry, name: name.parse().unwrap() };
    ImageKey { repository, digest: digest.parse().unwrap() }
}

async fn fill(store: &Arc<dyn Store>, shared: &Path, images: usize) -> Fleet {
    let registry = install(store).await;
    let inventories = inventories::read(shared);
    let pool = Pool::new(&inventories, PACKAGE_VERSIONS);
    let mut random = Random::new(SEED);
    let (mut keys, mut packages, mut batch) = (Vec::with_capacity(images), 0, Vec::new());
    let mut having: Vec<Vec<usize>> = vec![Vec::new(); pool.versions.len()];
    for number in 0..images {
        let content = pool.image(&mut random);
        content.iter().for_each(|version| having[*version].push(number));
        packages += content.len();
        let name = format!("team-{:04}/app", number / IMAGES_OF_A_REPOSITORY).parse().unwrap();
        let repository = RepositoryKey { registry, name };
        let bytes = format!("image {number} of {SEED}");
        let image = ImageKey { repository, digest: Digest::of_sha256(bytes.as_bytes()) };
        keys.push(image.clone());
        let packages = content.into_iter().map(|version| pool.versions[version].clone()).collect();
        batch.push(push(store.clone(), image, bytes, packages));
        if batch.len() == TOGETHER || number + 1 == images {
            futures_util::future::join_all(batch.drain(..)).await;
        }
    }
    let advisories = SHARES.into_iter().enumerate().map(|(number, share)| {
        #[expect(clippy::cast_precision_loss, reason = "a share needs no precision")]
        let distance = |having: &Vec<usize>| (having.len() as f64 / images as f64 - share).abs();
        let nearest = having.iter().enumerate();
        let nearest = nearest.min_by(|(_, one), (_, other)| distance(one).total_cmp(&distance(other)));
        let (version, having) = nearest.unwrap();
        let mut affected: Vec<&ImageKey> = having.iter().map(|number| &keys[*number]).collect();
        affected.sort();
        let words = |key: &ImageKey| (key.repository.name.to_string(), key.digest.to_string());
        let affected = affected.into_iter().map(words).collect();
        (NewAdvisory::about(number, &pool.versions[version]), affected)
    });
    Fleet { packages, advisories: advisories.collect() }
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
        platform: Some("linux/amd64".into()),
        isolation: json!({ "landlock": 5, "seccomp": true }),
        assessed_at: Some(now()),
        ..ImageSummary::begun(image, ImageState::NotApplicable, now())
    };
    assert!(store.put_summary(summary).await.unwrap());
}
