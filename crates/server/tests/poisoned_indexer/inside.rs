//! The malicious side.

use indexer::{IndexError, LayerOutcome};
use inventory::LayerInventory;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Write};
use std::net::TcpStream;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// Does what it was taken over for, and answers.
pub(crate) fn behave(behaviour: &str) -> ExitCode {
    let (word, detail) = behaviour.split_once(':').unwrap_or((behaviour, ""));
    let answer = match word {
        "hide" => whole(&LayerOutcome::Indexed(LayerInventory::empty())),
        "say-nothing" => Vec::new(),
        "say-half" => b"{\"indexed\":{\"data".to_vec(),
        "say-html" => b"<script>alert(1)</script>".to_vec(),
        "climbing-path" => database(json!({"path": "../../etc/passwd"})),
        "terminal-codes" => database(json!({"packages": [package("musl\u{1b}[2J", "1")]})),
        "long-name" => database(json!({"packages": [package(&"n".repeat(1 << 20), "1")]})),
        "many-fields" => releases(),
        "burn" => loop {
            std::hint::spin_loop();
        },
        "sleep" => loop {
            std::thread::sleep(Duration::from_secs(3600));
        },
        "allocate" => {
            let mut kept: Vec<Vec<u8>> = Vec::new();
            loop {
                kept.push(vec![1; 16 << 20]);
                std::hint::black_box(&kept);
            }
        }
        "flood" => loop {
            if io::stdout().write_all(&[b' '; 1 << 16]).is_err() {
                return ExitCode::FAILURE;
            }
        },
        "fill-scratch" => match sandbox::scratch() {
            Some(mut scratch) => loop {
                if scratch.write_all(&[b' '; 1 << 16]).is_err() {
                    return ExitCode::FAILURE;
                }
            },
            None => told(Err(io::Error::other("there is no scratch"))),
        },
        "stay" => {
            say(&whole(&LayerOutcome::Indexed(LayerInventory::empty())));
            loop {
                std::hint::spin_loop();
            }
        }
        way => told(attempt(way, detail)),
    };
    say(&answer);
    ExitCode::SUCCESS
}

fn say(answer: &[u8]) {
    let mut output = io::stdout();
    // If nobody listens any more there is nobody to tell.
    let _ = output.write_all(answer).and_then(|()| output.flush());
}

/// One way out.
fn attempt(way: &str, detail: &str) -> io::Result<()> {
    match way {
        "open" => File::open("/etc/passwd").map(|_| ()),
        "create" => File::create("/tmp/poisoned-indexer").map(|_| ()),
        "environment" => match std::env::vars_os().next() {
            Some(_) => Ok(()),
            None => std::fs::read("/proc/self/environ").map(|_| ()),
        },
        "connect" => TcpStream::connect(detail).map(|_| ()),
        "execute" => Command::new("/bin/true").status().map(|_| ()),
        "thread" => std::thread::Builder::new().spawn(|| ()).map(|_| ()),
        "signal" => rustix::process::kill_process(rustix::process::Pid::INIT, rustix::process::Signal::TERM)
            .map_err(io::Error::from),
        other => Err(io::Error::other(format!("there is no way `{other}`"))),
    }
}

fn told(attempt: io::Result<()>) -> Vec<u8> {
    let why = match attempt {
        Ok(()) => "escaped".to_owned(),
        Err(error) => format!("held: {error}"),
    };
    let error = IndexError::UnknownMediaType { media_type: String::new() };
    whole(&LayerOutcome::Unreadable { why, error })
}

fn whole(outcome: &LayerOutcome) -> Vec<u8> {
    serde_json::to_vec(outcome).unwrap_or_default()
}

/// A valid answer as JSON, to be bent.
fn valid() -> Value {
    serde_json::to_value(LayerOutcome::Indexed(LayerInventory::empty())).unwrap_or_default()
}

fn package(name: &str, version: &str) -> Value {
    json!({"kind": "apk", "name": name, "version": version})
}

/// An inventory with one database that is as it should be but for these members.
fn database(members: Value) -> Vec<u8> {
    let mut database =
        json!({"kind": "apk", "path": "lib/apk/db/installed", "packages": [package("musl", "1")]});
    if let (Some(database), Value::Object(members)) = (database.as_object_mut(), members) {
        database.extend(members);
    }
    let mut answer = valid();
    if let Some(list) = answer.pointer_mut("/indexed/databases").and_then(Value::as_array_mut) {
        list.push(database);
    }
    serde_json::to_vec(&answer).unwrap_or_default()
}

fn releases() -> Vec<u8> {
    let fields: Vec<Value> = (0..5000).map(|number| json!([format!("KEY{number}"), "value"])).collect();
    let mut answer = valid();
    if let Some(list) = answer.pointer_mut("/indexed/release_files").and_then(Value::as_array_mut) {
        list.push(json!({"path": "etc/os-release", "fields": fields}));
    }
    serde_json::to_vec(&answer).unwrap_or_default()
}
