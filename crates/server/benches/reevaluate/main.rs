//! What it costs to judge all images again when advisories change.
//!
//! Run it with `cargo xtask bench reevaluate`, with numbers of images behind it if others than 10 000 and 100 000 are
//! wanted. A seeded generator makes the fleet from the real inventories beside the project (or below
//! `LAZARETTO_SHARED`), and the advisories are the real ones; where they are missing, both are made up, and the
//! figures say so.
//!
//! Everything goes through the parts that the server is made of: the store on disk, the shelf with its files, the
//! watcher and one worker. What is measured is what an operator sees: the moment at which the new verdict of each
//! affected image can be read.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at the first surprise"
)]

mod advisories;
mod fleet;
mod inventories;
mod memory;
mod random;
mod rules;

use advisories::Names;
use fleet::Fleet;
use jiff::{SignedDuration, Timestamp};
use server::advisories::{Caution, Installed, Shelf, install_file};
use server::exports::Exports;
use server::inspect::Inspector;
use server::jobs::{JOBS, Readers, Workshop, reevaluate, work};
use server::sender::{Reach, Sender};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{FolderBlobs, Holder, ImageKey, ImageState, RegistryId, SqliteStore, Store};
use tokio::sync::watch;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some((word, rest)) = words.split_first()
        && word == advisories::COMPILE
    {
        return advisories::compile(rest);
    }
    if let Some((word, rest)) = words.split_first()
        && word == advisories::AMEND
    {
        return advisories::amend(rest);
    }
    if let Some((word, rest)) = words.split_first()
        && word == fleet::MAKE
    {
        return runtime().block_on(Fleet::make(rest));
    }
    let beside = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let shared = std::env::var_os("LAZARETTO_SHARED").map_or_else(|| beside.to_owned(), PathBuf::from);
    let mut sizes: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![10_000, 100_000];
    }
    let folder = tempfile::tempdir().unwrap();
    let (first, foreign) = (folder.path().join("first"), folder.path().join("foreign"));
    advisories::in_a_child(&shared, &first, Names::AsTheyAre, "2026-11-23T00:00:00Z");
    advisories::in_a_child(&shared, &foreign, Names::Foreign, "2026-11-23T00:00:00Z");
    // A fleet that is kept elsewhere is made once and copied; making 100 000 images takes minutes.
    let fleets = std::env::var_os("LAZARETTO_FLEETS");
    let fleets = fleets.map_or_else(|| folder.path().join("fleets"), PathBuf::from);
    let start = Start { shared: &shared, fleets: &fleets, first: &first };
    for images in sizes {
        runtime().block_on(measure(start, images));
        runtime().block_on(measure_sound(Start { first: &foreign, ..start }, images));
        runtime().block_on(measure_ruled(start, images));
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// What a measurement begins with.
#[derive(Clone, Copy)]
struct Start<'a> {
    /// Where the real inventories and advisories are.
    shared: &'a Path,
    /// Where fleets are kept.
    fleets: &'a Path,
    /// The first snapshot.
    first: &'a Path,
}

/// A fleet of which nearly all images have findings, as fleets are.
async fn measure(start: Start<'_>, images: usize) {
    let Start { shared, first, .. } = start;
    let site = Site::open(&start, images, reevaluate::FlipLimit::default()).await;
    println!("\n{images} images with {} packages", site.fleet.packages);
    all_again("everything for the first time", &site.workshop).await;
    // Without the snapshot of before there is no difference to go by: everything is matched and judged again.
    let second = site.folder.path().join("second");
    advisories::again(shared, first, &second);
    install(&site.advisories, &second);
    std::fs::remove_file(site.advisories.join(format!("{}.snapshot", version_of(first)))).unwrap();
    site.workshop.shelf.refresh().unwrap();
    all_again("everything again, new snapshot", &site.workshop).await;
    site.import_all(second).await;
}

/// The same images without any finding, so that each verdict that a new advisory is about becomes another one. As many
/// real advisories are loaded, about packages that nobody has.
async fn measure_sound(start: Start<'_>, images: usize) {
    // More than half of the images become unhealthy, which is held unless somebody wants it.
    let limit = reevaluate::FlipLimit { share: 1.0, ..reevaluate::FlipLimit::default() };
    let site = Site::open(&start, images, limit).await;
    println!("\n{images} images of which none has a finding");
    all_again("everything for the first time", &site.workshop).await;
    site.import_all(start.first.to_owned()).await;
}

/// The first fleet under a rule that hides what is new in a tenth of the repositories.
async fn measure_ruled(start: Start<'_>, images: usize) {
    let mut site = Site::open(&start, images, reevaluate::FlipLimit::default()).await;
    println!("\n{images} images, and a rule that hides each new advisory in a tenth of the repositories");
    all_again("everything for the first time", &site.workshop).await;
    let began = Instant::now();
    site.is_quiet = rules::put(&*site.workshop.store, site.fleet.advisories.len()).await;
    println!("  the rule was in force after {:.2?}; {}", began.elapsed(), memory::now());
    site.import_all(start.first.to_owned()).await;
}

/// What a server is made of, with a fleet in it.
struct Site {
    folder: tempfile::TempDir,
    advisories: PathBuf,
    fleet: Fleet,
    registry: RegistryId,
    workshop: Arc<Workshop>,
    /// Whether a rule hides in a repository what is new.
    is_quiet: fn(&str) -> bool,
}

impl Site {
    async fn open(start: &Start<'_>, images: usize, flip_limit: reevaluate::FlipLimit) -> Self {
        let Start { shared, fleets, first } = *start;
        let folder = tempfile::tempdir().unwrap();
        let advisories = folder.path().join("advisories");
        let made = fleets.join(images.to_string());
        let fleet = Fleet::open(&made, shared, images);
        copy_records(&made, folder.path());
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.path().join(fleet::RECORDS)).unwrap());
        let registry = store.registry_by_name("benchmark").await.unwrap().unwrap().id;
        install_file(&advisories, first, Caution::Hold).unwrap();
        let (changes, _) = watch::channel(0);
        let reach = Arc::new(Reach::default());
        let workshop = Arc::new(Workshop {
            store,
            blobs: Arc::new(FolderBlobs::open(&folder.path().join("blobs")).unwrap()),
            inspector: Inspector::new(sandbox::Requirement::BestEffort),
            readers: Readers::new(1),
            errands: Readers::new(1),
            scratch: folder.path().to_owned(),
            shelf: Arc::new(Shelf::open(&advisories).unwrap()),
            advisory_age_limit: SignedDuration::from_hours(24 * 36_500),
            flip_limit,
            changes,
            sender: Sender::new(reach.clone()).unwrap(),
            reach,
            registry: None,
            url: "http://localhost".into(),
            exports: Exports::new(folder.path().join("exports")),
        });
        memory::begin();
        Self { folder, advisories, fleet, registry, workshop, is_quiet: |_| false }
    }

    /// Imports each new advisory behind a snapshot, and waits for the verdicts.
    async fn import_all(&self, mut latest: PathBuf) {
        let (stop, stopped) = watch::channel(false);
        advisories::forget_imports();
        let tasks = [
            tokio::spawn(reevaluate::watch_shelf(self.workshop.clone(), stopped.clone())),
            tokio::spawn(work(self.workshop.clone(), JOBS, Holder("bench".into()), stopped)),
        ];
        for (advisory, affected) in &self.fleet.advisories {
            let of = |image| fleet::key(self.registry, image);
            let (quiet, affected): (Vec<ImageKey>, Vec<ImageKey>) =
                affected.iter().map(of).partition(|image| (self.is_quiet)(image.repository.name.as_str()));
            let known = findings(&self.workshop, &quiet).await;
            let next = self.folder.path().join(format!("next-{}", advisory.number));
            let importing = || advisories::import(&self.advisories, &latest, &next, advisory);
            one_new(&self.workshop, &affected, &importing).await;
            assert_eq!(findings(&self.workshop, &quiet).await, known, "what a rule hides does not count");
            latest = next;
        }
        println!("  most memory: {} MB resident", memory::most());
        stop.send(true).unwrap();
        for task in tasks {
            task.await.unwrap();
        }
    }
}

/// Copies the records of a fleet. What a store has not yet taken into its file stands beside it.
fn copy_records(from: &Path, to: &Path) {
    for ending in ["", "-wal"] {
        let name = format!("{}{ending}", fleet::RECORDS);
        if from.join(&name).exists() {
            std::fs::copy(from.join(&name), to.join(&name)).unwrap();
        }
    }
}

fn version_of(file: &Path) -> String {
    advisory::Snapshot::open(file).unwrap().version().to_string()
}

fn install(advisories: &Path, file: &Path) {
    let installed = install_file(advisories, file, Caution::Hold).unwrap();
    assert!(matches!(installed, Installed::InForce(_)), "{installed:?}");
}

async fn all_again(what: &str, workshop: &Workshop) {
    memory::step();
    let began = Instant::now();
    let outcome = reevaluate::run(workshop).await.unwrap();
    println!(
        "  {what:<32} {:>7.2?}: {} package versions matched, {} changed, {} verdicts changed; {}",
        began.elapsed(),
        outcome.matched,
        outcome.changed_packages,
        outcome.images.changed,
        memory::now()
    );
}

/// From the moment at which the import begins to that at which each affected image says what is new.
async fn one_new(workshop: &Workshop, affected: &[ImageKey], import: &dyn Fn()) {
    let before = findings(workshop, affected).await;
    let changing = changing(workshop, affected).await;
    let flips = changing.len() as u64;
    let unhealthy_before = unhealthy_now(workshop).await;
    println!("  the verdicts on {} images were asked for; {}", affected.len(), memory::now());
    memory::step();
    let began = Instant::now();
    tokio::task::block_in_place(import);
    let in_force = began.elapsed();
    // Asking for 50 000 images one by one takes longer than what is measured. So some are watched, from the first to
    // the last in the order in which verdicts are written, those that become others are counted, and all are looked at
    // afterwards.
    let mut waiting: Vec<usize> = sample(0..affected.len());
    waiting.extend(sample(changing));
    let unhealthy = unhealthy_before + flips;
    loop {
        while let Some(&last) = waiting.last()
            && total(workshop, &affected[last]).await > before[last]
        {
            waiting.pop();
        }
        // Others may have the same package version from elsewhere, and flip with these.
        if waiting.is_empty() && unhealthy_now(workshop).await >= unhealthy {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(began.elapsed() < Duration::from_secs(120), "{} verdicts are missing", waiting.len());
    }
    let visible = began.elapsed();
    let seen = findings(workshop, affected).await;
    assert!(before.iter().zip(&seen).all(|(before, seen)| before < seen), "verdicts are missing");
    println!(
        "  one new advisory, {:>6} images   {visible:>7.2?} from the import until all verdicts could be read, of it {in_force:.2?} until it was in force; {flips} verdicts become others",
        affected.len(),
    );
    let settling = Instant::now();
    settle(workshop).await;
    println!("    all summaries were written {:.2?} later; {}", settling.elapsed(), memory::now());
    let after = findings(workshop, affected).await;
    assert_eq!(seen, after, "what is written is what could be read before");
}

/// Some of many, with the last one.
fn sample(places: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let places: Vec<usize> = places.into_iter().collect();
    let step = (places.len() / WATCHED).max(1);
    places.iter().step_by(step).chain(places.last()).copied().collect()
}

async fn unhealthy_now(workshop: &Workshop) -> u64 {
    let counts = workshop.store.state_counts(None).await.unwrap();
    counts.into_iter().find(|(state, _)| *state == ImageState::Unhealthy).map_or(0, |(_, count)| count)
}

/// The places of the images whose state becomes another one.
async fn changing(workshop: &Workshop, images: &[ImageKey]) -> Vec<usize> {
    let mut places = Vec::new();
    for (place, image) in images.iter().enumerate() {
        let summary = workshop.store.summary(image).await.unwrap().unwrap();
        if summary.state != ImageState::Unhealthy {
            places.push(place);
        }
    }
    places
}

/// Images that are watched while a new advisory spreads.
const WATCHED: usize = 100;

async fn findings(workshop: &Workshop, images: &[ImageKey]) -> Vec<u64> {
    let mut counts = Vec::with_capacity(images.len());
    for image in images {
        counts.push(total(workshop, image).await);
    }
    counts
}

async fn total(workshop: &Workshop, image: &ImageKey) -> u64 {
    workshop.store.summary(image).await.unwrap().unwrap().counts.values().sum()
}

/// Until the verdicts that did not change say so too.
async fn settle(workshop: &Workshop) {
    let began = Instant::now();
    let wanted = workshop.shelf.folder().join("current");
    let wanted = std::fs::read_to_string(wanted).unwrap();
    loop {
        let done = workshop.store.reevaluated().await.unwrap().unwrap();
        let left = workshop.store.uncounted().await.unwrap();
        if done.snapshot.0 == wanted.trim() && left.is_empty() {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "the verdicts did not settle");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn now() -> Timestamp {
    Timestamp::now()
}
