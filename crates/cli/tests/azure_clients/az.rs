//! Runs the table of commands with the real `az`.

use crate::commands::{self, Covered};
use crate::world::{World, clients, has};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

/// Runs all commands. `false` if `az` is not there, or something else that a command needs.
pub(crate) fn run(world: &mut World) -> bool {
    if !has("az") {
        return false;
    }
    // A query needs the extension for it.
    let mut ran_all = has("az-extensions");
    for covered in commands::all() {
        let has_extension = !covered.command.starts_with("graph ") || has("az-extensions");
        if !has_extension || !covered.needs.is_none_or(is_on_the_path) {
            eprintln!(
                "skipped: az {}, which needs {}",
                covered.command,
                covered.needs.unwrap_or("an extension")
            );
            ran_all = false;
            continue;
        }
        let began = std::time::Instant::now();
        let answer = one(world, covered);
        (covered.check)(world, &answer);
        eprintln!("{:>5.1} s  az {}", began.elapsed().as_secs_f32(), covered.command);
    }
    ran_all
}

fn is_on_the_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Makes the cloud known and signs in.
pub(crate) fn sign_in(world: &mut World) {
    for covered in commands::begin::COMMANDS {
        let answer = one(world, covered);
        (covered.check)(world, &answer);
    }
}

/// The JSON that a command prints, which has to succeed.
pub(crate) fn answer(world: &World, words: &str) -> Value {
    let output = command(world, words).output().unwrap();
    assert!(output.status.success(), "az {words}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn command(world: &World, words: &str) -> Command {
    let mut command = Command::new(clients().join("az/bin/az"));
    for word in split(words) {
        command.arg(world.filled(&word));
    }
    command.args(["--output", "json"]).envs(world.environment()).stdin(Stdio::null());
    // What signs in to the registry, and where it keeps what it is given.
    command.env("DOCKER_COMMAND", "podman").env("REGISTRY_AUTH_FILE", world.folder.path().join("auth.json"));
    command.env("BROWSER", browser()).env("LAZARETTO_PASSWORD", world.name("password"));
    command
}

/// The command that opens an address as a person's browser does; the sign behind it says that nobody waits for its end.
fn browser() -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/azure_clients/browser.py");
    format!("{} {script} %s &", clients().join("az/bin/python3").display())
}

fn one(world: &mut World, covered: &Covered) -> Value {
    if covered.command.contains("--use-device-code") {
        return with_device_code(world, covered);
    }
    let output = command(world, covered.arguments).output().unwrap();
    read(covered, &output)
}

/// The JSON that a command printed, or the text that it refused with.
fn read(covered: &Covered, output: &Output) -> Value {
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let refused = covered.is_refused;
    assert_eq!(output.status.success(), !refused, "az {}\n{out}\n{error}", covered.arguments);
    if refused {
        return Value::String(error.into_owned());
    }
    if out.trim().is_empty() {
        return Value::Null;
    }
    // What signs in to the registry prints a sentence of its own.
    serde_json::from_str(&out).unwrap_or_else(|_| Value::String(out.into_owned()))
}

/// Reads the code that `az` shows, and enters it as a person does in a browser.
fn with_device_code(world: &mut World, covered: &Covered) -> Value {
    let mut child =
        command(world, covered.arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let code = lines.by_ref().find_map(|line| {
        let (_, rest) = line.split_once("enter the code ")?;
        rest.split_whitespace().next().map(str::to_owned)
    });
    let code = code.unwrap_or_else(|| panic!("az shows no code"));
    let form = format!("code={code}&name=admin&password={}", world.name("password").replace(' ', "+"));
    let request = world.http.post(format!("{}/devicelogin", world.server.url)).body(form);
    let handle = tokio::runtime::Handle::current();
    let entered = tokio::task::block_in_place(|| handle.block_on(request.send())).unwrap();
    assert!(entered.status().is_success(), "{entered:?}");
    let rest: Vec<String> = lines.collect();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", rest.join("\n"));
    read(covered, &output)
}

/// The words of a command; quotes keep what stands between them together.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut is_quoted, mut is_open) = (false, false);
    for c in text.chars() {
        match c {
            '\'' => {
                is_quoted = !is_quoted;
                is_open = true;
            }
            ' ' if !is_quoted => {
                if is_open || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                is_open = false;
            }
            c => word.push(c),
        }
    }
    if is_open || !word.is_empty() {
        words.push(word);
    }
    words
}
