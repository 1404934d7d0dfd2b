//! `cargo xtask bench [NAME]`: the benchmarks, each printing its figures and what they stand beside.

mod inventory;

use crate::{debian, step};
use anyhow::{Result, bail};

/// `cargo xtask bench`.
pub(crate) const COMMAND: crate::Command =
    crate::Command { name: "bench", purpose: "run a benchmark, or list them", run };

/// A benchmark: the word for it, its package and target, and what it measures.
struct Benchmark {
    name: &'static str,
    package: &'static str,
    target: &'static str,
    measures: &'static str,
    /// What stands beside us, to be installed from Debian.
    beside: &'static [debian::Needed],
}

const BENCHMARKS: &[Benchmark] = &[
    Benchmark {
        name: "layer-walk",
        package: "indexer",
        target: "layer_walk",
        measures: "megabytes of tar per CPU-second, beside bare decompression of the same bytes",
        beside: &[],
    },
    Benchmark {
        name: "verdict",
        package: "cli",
        target: "verdict",
        measures: "milliseconds from the answer to the manifest until the verdict, and what scans cost a push",
        beside: &[],
    },
    Benchmark {
        name: "jail",
        package: "sandbox",
        target: "spawn",
        measures: "milliseconds from the start of a jailed worker to its end",
        beside: &[],
    },
    Benchmark {
        name: "snapshot",
        package: "advisory",
        target: "snapshot",
        measures: "advisory lookups per second, time to open and to build a snapshot",
        beside: &[],
    },
    Benchmark {
        name: "registry",
        package: "cli",
        target: "registry",
        measures: "pushes and pulls per second and peak memory, beside Debian's docker-registry",
        beside: &[debian::Needed {
            package: "docker-registry",
            program: "docker-registry",
            why: "stands beside our registry under the same load",
        }],
    },
    Benchmark {
        name: "graph",
        package: "graph",
        target: "graph",
        measures: "queries over 100 000 images with 10 000 000 findings, and a tenth of it",
        beside: &[],
    },
    Benchmark {
        name: "sub-assessments",
        package: "graph",
        target: "sub_assessments",
        measures: "time of a page and memory of lists of 100 000 and 1 000 000 sub-assessments",
        beside: &[],
    },
    Benchmark {
        name: "reevaluate",
        package: "server",
        target: "reevaluate",
        measures: "seconds until other advisories stand in the verdicts on 10 000 and 100 000 images (or NUMBERS)",
        beside: &[],
    },
];

fn run(words: &[String]) -> Result<()> {
    let Some(name) = words.first() else {
        for benchmark in BENCHMARKS {
            println!("cargo xtask bench {:<12} {}", benchmark.name, benchmark.measures);
        }
        println!("cargo xtask bench {:<12} {}", "inventory", inventory::MEASURES);
        return Ok(());
    };
    if name == "inventory" {
        return inventory::run();
    }
    let Some(benchmark) = BENCHMARKS.iter().find(|benchmark| benchmark.name == name) else {
        bail!("there is no benchmark `{name}`; `cargo xtask bench` lists them");
    };
    debian::install_all(benchmark.beside)?;
    let bench = ["bench", "--package", benchmark.package, "--bench", benchmark.target, "--"];
    let rest: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    step::run("cargo", &[bench.as_slice(), &rest].concat())
}
