//! `lazaretto scan TARGET`: one image, judged without a server: the same indexer, the same jail, the same judgement.

use crate::exit::Exit;
use crate::output::remark;
use crate::progress::steps;
use crate::report::{Report, form};
use crate::say;
use crate::target::{self, Image, Layer, LayerBytes};
use crate::terminal::{Terminal, clean};
use advisory::vex::VexSubject;
use advisory::{Severity, Snapshot, Verdict, VexStatement};
use anyhow::{Context, Result, bail};
use assessment::{Cause, ImageFacts, ImageVerdict, assess};
use clap::Args;
use indexer::LayerOutcome;
use inventory::{Ecosystem, ImageInventory, LayerInventory, coalesce, package_url};
use jiff::{SignedDuration, Timestamp};
use oci::ImageConfig;
use sandbox::{Input, Isolation};
use server::advisories::Shelf;
use server::api::view::{CauseView, Counts, FindingView};
use server::inspect::{Inspected, Inspector};
use server::judge;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use store::PackageVersion;

/// Judge one image without a server
#[derive(Debug, Args)]
pub(crate) struct ScanArguments {
    /// `oci:DIR[:TAG]`, oci-archive:FILE, docker-archive:FILE, dir:ROOTFS, sbom:FILE, or a reference to a registry
    target: String,
    /// table, json, sarif, cyclonedx, spdx, csv or markdown
    #[arg(long, default_value = "table")]
    format: String,
    /// Write the report to a file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Exit with code 3 if there is a finding of this severity or worse: low, medium, high, critical
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<String>,
    /// Show only findings that a newer version fixes
    #[arg(long)]
    only_fixed: bool,
    /// The image of an index to judge
    #[arg(long, default_value = "linux/amd64")]
    platform: String,
    /// A snapshot of advisories, instead of the one in the data folder
    #[arg(long, value_name = "FILE")]
    advisories: Option<PathBuf>,
    /// A VEX document (OpenVEX, CSAF or CycloneDX) that says what does not apply; may be repeated
    #[arg(long, value_name = "FILE")]
    vex: Vec<PathBuf>,
    /// Where the snapshot in force is kept
    #[arg(long, env = "LAZARETTO_DATA", value_name = "DIR", default_value = "./lazaretto-data")]
    data: PathBuf,
    /// Advisories older than this cannot call an image healthy
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    advisory_age_limit_days: i64,
    /// What the jail must achieve: `required` or `best-effort`
    #[arg(long, env = "LAZARETTO_JAIL", value_name = "LEVEL")]
    jail: Option<String>,
}

pub(crate) async fn run(arguments: ScanArguments, terminal: Terminal) -> Result<Exit> {
    let form = form(&arguments.format)?;
    let threshold = match arguments.fail_on.as_deref() {
        None => None,
        Some(word) => match judge::severity(word) {
            Some(severity) if severity != Severity::Unknown => Some(severity),
            _ => bail!("`{word}` is no severity; there are low, medium, high and critical"),
        },
    };
    let snapshot = match &arguments.advisories {
        Some(file) => {
            let snapshot = Snapshot::open(file)?;
            snapshot.verify()?;
            Some(Arc::new(snapshot))
        }
        None => Shelf::open(&arguments.data.join("advisories"))?.current(),
    };
    let inspector = Inspector::new(server::configured_jail(arguments.jail.as_deref())?);
    let reading = read(&arguments.target, &arguments.platform, &inspector, terminal).await?;
    let age_limit = SignedDuration::from_hours(arguments.advisory_age_limit_days.saturating_mul(24));
    let statements = statements(&arguments.vex)?;
    let basis = Basis { snapshot: snapshot.as_deref(), statements: &statements, age_limit };
    let report = report(arguments.target, reading, &basis, arguments.only_fixed, Timestamp::now());
    let text = (form.write)(&report, terminal)?;
    match &arguments.output {
        Some(path) => {
            std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?
        }
        None => say!("{text}"),
    }
    Ok(exit(&report, threshold))
}

/// What was found outweighs what could not be read; but what could not be read is never clean.
fn exit(report: &Report, threshold: Option<Severity>) -> Exit {
    let worst = report.findings.iter().filter_map(|finding| judge::severity(&finding.severity)).max();
    match (threshold, worst) {
        (Some(threshold), Some(worst)) if worst >= threshold => Exit::Found,
        _ if report.state == "NotApplicable" || report.cause.is_some() => {
            if let Some(cause) = &report.cause {
                remark(&format!(
                    "lazaretto: could not be assessed completely: {}",
                    clean(&cause.description)
                ));
            }
            Exit::NotAssessed
        }
        _ => Exit::Done,
    }
}

/// An image as it was read.
pub(crate) struct Reading {
    /// What is in it.
    pub(crate) inventory: ImageInventory,
    /// The digest of its manifest.
    pub(crate) digest: Option<String>,
    /// The names of its layers.
    pub(crate) layer_names: Vec<String>,
    /// The build steps of its layers, where the image says so.
    steps: Vec<Option<String>>,
    platform: Option<String>,
    causes: Vec<Cause>,
    isolation: Option<Isolation>,
}

impl Reading {
    /// An inventory of which nothing else is known.
    fn of(inventory: ImageInventory) -> Self {
        Self {
            inventory,
            digest: None,
            layer_names: Vec::new(),
            steps: Vec::new(),
            platform: None,
            causes: Vec::new(),
            isolation: None,
        }
    }

    /// Whether the inventory can be trusted to be the whole truth.
    pub(crate) fn is_complete(&self) -> bool {
        self.causes.is_empty() && self.inventory.obstacles.is_empty()
    }

    /// Why it cannot.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let obstacles = self.inventory.obstacles.iter().cloned().map(|obstacle| Cause::Obstacle { obstacle });
        self.causes.iter().cloned().chain(obstacles).map(|cause| cause.to_string()).collect()
    }
}

/// Reads an image in the jail, wherever it is.
pub(crate) async fn read(
    target: &str,
    platform: &str,
    inspector: &Inspector,
    terminal: Terminal,
) -> Result<Reading> {
    if let Some(path) = target.strip_prefix(target::bill::PREFIX) {
        let (inventory, isolation) = target::bill::open(path, inspector)?;
        return Ok(Reading { isolation: Some(isolation), ..Reading::of(inventory) });
    }
    let image = target::open(target, platform, inspector, terminal).await?;
    let inspector = inspector.clone();
    tokio::task::spawn_blocking(move || read_image(image, &inspector, terminal))
        .await
        .context("the scan was interrupted")?
}

fn read_image(image: Image, inspector: &Inspector, terminal: Terminal) -> Result<Reading> {
    let mut reading = Reading {
        digest: image.digest,
        layer_names: image.layers.iter().map(|layer| layer.name.clone()).collect(),
        ..Reading::of(coalesce(&[]))
    };
    if let Some(bytes) = &image.configuration {
        match ImageConfig::parse(bytes) {
            Ok(configuration) if configuration.is_windows() => {
                reading.causes.push(Cause::WindowsImage);
                return Ok(reading);
            }
            Ok(configuration) => {
                reading.platform =
                    Some(format!("{}/{}", configuration.operating_system, configuration.architecture));
                let step = |layer| configuration.step_of_layer(layer)?.created_by.clone();
                reading.steps = (0..image.layers.len()).map(step).collect();
            }
            Err(error) => reading.causes.push(Cause::InvalidImage { detail: error.to_string() }),
        }
    }
    if image.layers.is_empty() {
        reading.causes.push(Cause::EmptyImage);
        return Ok(reading);
    }
    let bar = steps(terminal, u64::try_from(image.layers.len())?, "reading layers");
    let mut inventories = Vec::new();
    for (number, layer) in (1..).zip(image.layers) {
        inventories.push(read_layer(layer, number, inspector, &mut reading)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    reading.inventory = coalesce(&inventories);
    Ok(reading)
}

fn read_layer(
    layer: Layer,
    number: usize,
    inspector: &Inspector,
    reading: &mut Reading,
) -> Result<LayerInventory> {
    let (input, part) = match layer.bytes {
        LayerBytes::Part { file, offset, length } => (Input::File(file), Some((offset, length))),
        LayerBytes::Folder(folder) => (Input::Stream(target::stream_folder(&folder)?), None),
        LayerBytes::Foreign => {
            reading.causes.push(Cause::LayerNotDistributable { layer: number });
            return Ok(LayerInventory::empty());
        }
    };
    let Inspected { outcome, report, .. } = match inspector.layer(input, &layer.media_type, part, false) {
        Ok(inspected) => inspected,
        Err(error) if error.is_the_inputs_fault() => {
            reading.causes.push(Cause::LayerUnreadable { layer: number, detail: error.to_string() });
            return Ok(LayerInventory::empty());
        }
        Err(error) => return Err(error.into()),
    };
    reading.isolation = Some(report.isolation);
    match outcome {
        LayerOutcome::Indexed(inventory) => Ok(inventory),
        LayerOutcome::Unreadable { why, .. } => {
            reading.causes.push(Cause::LayerUnreadable { layer: number, detail: why });
            Ok(LayerInventory::empty())
        }
    }
}

/// Judges what was read.
fn report(target: String, reading: Reading, basis: &Basis<'_>, only_fixed: bool, now: Timestamp) -> Report {
    let (verdict, mut findings, excused) = judge_reading(&target, &reading, basis, now);
    findings.retain(|finding| !only_fixed || finding.fixed.is_some());
    let of = |severity: Severity| verdict.counts.get(&severity).copied().unwrap_or(0);
    Report {
        target,
        digest: reading.digest,
        platform: reading.platform,
        state: verdict.state.as_str().to_owned(),
        cause: verdict
            .causes
            .first()
            .map(|cause| CauseView { code: cause.code().into(), description: cause.to_string() }),
        notes: verdict.causes.iter().skip(1).map(ToString::to_string).chain(excused).collect(),
        counts: Counts {
            critical: of(Severity::Critical),
            high: of(Severity::High),
            medium: of(Severity::Medium),
            low: of(Severity::Low),
            unknown: of(Severity::Unknown),
        },
        findings,
        snapshot: basis.snapshot.map(|snapshot| snapshot.version().to_string()),
        isolation: reading.isolation.map(|isolation| isolation.to_string()),
        scanned_at: now,
        inventory: reading.inventory,
    }
}

fn judge_reading(
    target: &str,
    reading: &Reading,
    basis: &Basis<'_>,
    now: Timestamp,
) -> (ImageVerdict, Vec<FindingView>, Vec<String>) {
    let ImageInventory { distribution, packages, obstacles, .. } = &reading.inventory;
    let mut judged = Judged::default();
    for installed in packages {
        let package = judge::package_version(installed, distribution.as_ref());
        let layer = reading.layer_names.get(installed.layer).map(String::as_str).unwrap_or_default();
        let digest = reading.digest.as_deref().unwrap_or_default();
        let place = judge::Place {
            repository: target,
            digest,
            path: installed.path.as_str(),
            layer,
            layer_number: installed.layer + 1,
            step: reading.steps.get(installed.layer).and_then(Option::as_deref),
        };
        let url = package_url(&installed.package, distribution.as_ref());
        judged.add(&package, &url, &place, basis);
    }
    let mut findings = judged.findings;
    findings.sort_by(|one, other| {
        judge::severity(&other.severity)
            .cmp(&judge::severity(&one.severity))
            .then_with(|| one.vulnerability.cmp(&other.vulnerability))
    });
    let facts = ImageFacts {
        causes: reading.causes.clone(),
        // A Windows or empty image was not read at all; that nothing was found in it says nothing more.
        obstacles: if reading.causes.is_empty() { obstacles.clone() } else { Vec::new() },
        distribution_without_feed: judge::without_feed(distribution.as_ref(), judged.unplaced),
        out_of_support: judge::out_of_support(
            distribution.as_ref(),
            packages.iter().map(|installed| installed.package.kind),
            now,
        ),
        feeds: judge::standing(basis.snapshot, &judged.ecosystems, basis.age_limit, now),
        affected: judged.affected,
        undetermined: judged.undetermined,
    };
    (assess(&facts), findings, judged.excused)
}

/// What an image is judged by.
struct Basis<'a> {
    snapshot: Option<&'a Snapshot>,
    statements: &'a [VexStatement],
    age_limit: SignedDuration,
}

/// What the user's own documents say. One that cannot be read is an error: silence would hide findings, or show some
/// that the user knows to be none.
fn statements(files: &[PathBuf]) -> Result<Vec<VexStatement>> {
    let mut statements = Vec::new();
    for file in files {
        let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let document = advisory::vex::read_document(&bytes)
            .with_context(|| format!("{} is no VEX document that can be used", file.display()))?;
        for skip in document.skips {
            remark(&format!(
                "{}: {} was not taken: {}",
                file.display(),
                clean(&skip.place),
                clean(&skip.why)
            ));
        }
        statements.extend(document.statements);
    }
    Ok(statements)
}

/// What the advisories say of the packages of an image, as far as they were looked up.
#[derive(Default)]
struct Judged {
    findings: Vec<FindingView>,
    affected: BTreeMap<Severity, u64>,
    undetermined: (u64, String),
    ecosystems: BTreeSet<Ecosystem>,
    /// There are packages that no ecosystem speaks for.
    unplaced: bool,
    /// What is no finding because the user says so, with the reason.
    excused: Vec<String>,
}

impl Judged {
    fn add(&mut self, package: &PackageVersion, url: &str, place: &judge::Place<'_>, basis: &Basis<'_>) {
        let Some(ecosystem) = &package.ecosystem else {
            self.unplaced = true;
            return;
        };
        self.ecosystems.insert(ecosystem.clone());
        let Some(snapshot) = basis.snapshot else { return };
        let mut matches = judge::matches(snapshot, package);
        let image = [place.repository, place.digest];
        let image: Vec<&str> = image.into_iter().filter(|name| !name.is_empty()).collect();
        advisory::vex::apply(&mut matches, &VexSubject { package: url, image: &image }, basis.statements);
        let upgrade = judge::Upgrade::of(&matches);
        for found in matches {
            match &found.verdict {
                Verdict::Affected => {
                    let view = judge::match_view(snapshot, package, &found, &upgrade, place);
                    let severity = judge::severity(&view.severity).unwrap_or(Severity::Unknown);
                    *self.affected.entry(severity).or_default() += 1;
                    self.findings.push(view);
                }
                Verdict::Undetermined { why } => {
                    let (count, first) = &mut self.undetermined;
                    *count += 1;
                    if first.is_empty() {
                        *first =
                            format!("{} in {} {}: {why}", found.vulnerability, package.name, package.version);
                    }
                }
                Verdict::NotAffected { why } => {
                    if found.vex.is_some() {
                        self.excused.push(format!(
                            "{} in {} {} does not apply: {why}.",
                            found.vulnerability, package.name, package.version
                        ));
                    }
                }
            }
        }
    }
}
