//! Our own API does what its OpenAPI document says: schemathesis asks it thousands of things, sensible and not.

use crate::states::import;
use crate::support::image::alpine;
use crate::support::push::push;
use crate::support::server::{PASSWORD, Server};
use reqwest::Client;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where `cargo xtask test` installs it, or the search path.
fn schemathesis() -> Option<PathBuf> {
    let installed =
        Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("test-clients/python/bin/schemathesis");
    if installed.is_file() {
        return Some(installed);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("schemathesis")).find(|program| program.is_file())
}

/// Examples of each operation and kind of input: some two thousand requests, which take a few minutes.
const EXAMPLES: &str = "30";
/// A longer run: `LAZARETTO_SCHEMA_EXAMPLES=300` asks some fifteen thousand times.
const MORE: &str = "LAZARETTO_SCHEMA_EXAMPLES";
/// The seed of a longer run, `random` for another one each time. The short one is the same every time.
const SEED: &str = "LAZARETTO_SCHEMA_SEED";

/// Nothing fails inside, and every answer is one that the document promises, in its form.
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_undocumented() {
    let Some(program) = schemathesis() else {
        println!("skipped: schemathesis is not installed (`cargo xtask test` installs it)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &["--price-per-image", "0.25 EUR"]);
    push(&Client::new(), &server.url, "app", "1", &alpine("3.99.0", "1.36.1-r1")).await.unwrap();
    server.verdict("app:1");
    let rule = ["rules", "put", "one", "--id", "CVE-2099-0002", "--reason", "not used"];
    assert!(server.client(&rule).status.success());
    let said = |variable: &str, default: &str| std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    let (examples, seed) = (said(MORE, EXAMPLES), said(SEED, "1"));
    let output = Command::new(program)
        .arg("run")
        .arg(format!("{}/api/openapi.json", server.url))
        .args(["--auth", &format!("admin:{PASSWORD}")])
        .args(["--checks", CHECKS])
        .args(["--phases", "examples,coverage,fuzzing", "--mode", "all"])
        .args(["--max-examples", &examples])
        .args(if seed == "random" { vec![] } else { vec!["--seed", &seed] })
        // A busy machine makes examples slowly and answers late; neither is a fault.
        .args(["--suppress-health-check", "all", "--request-timeout", "120"])
        .args(["--no-color", "--generation-database", "none"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    // Of a run in which nothing was asked, nothing is known.
    let cases = said.lines().find_map(|line| line.trim().split_once(" generated, ")?.0.parse::<u64>().ok());
    assert!(cases > Some(1_000), "{said}");
    println!("schemathesis: {} requests", cases.unwrap_or_default());
}
