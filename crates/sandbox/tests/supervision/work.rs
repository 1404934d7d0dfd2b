//! The inside of these tests: what a worker does when it is asked for a kind of work by name.

use std::collections::HashMap;
use std::ffi::OsString;
use std::hint::black_box;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::process::ExitCode;

/// As a second argument: enter the jail without Landlock.
pub(crate) const WITHOUT_LANDLOCK: &str = "without-landlock";

#[expect(clippy::print_stdout, reason = "the standard output is the answer")]
pub(crate) fn work(arguments: &[OsString]) -> ExitCode {
    let name = arguments.first().and_then(|name| name.to_str()).unwrap_or_default();
    let done = match name {
        "echo" => io::copy(&mut io::stdin().lock(), &mut io::stdout()).map(drop),
        "honest" => honest(),
        "twice" => twice(),
        "scratch" => scratch(),
        "first-byte" => io::stdin().read_exact(&mut [0]).and_then(|()| io::stdout().write_all(b"got it")),
        "arguments" => io::stdout().write_all(format!("{:?}", &arguments[1..]).as_bytes()),
        "environment" => io::stdout().write_all(format!("{:?}", std::env::vars_os()).as_bytes()),
        "ready-then-wait" => io::stdout()
            .write_all(b"ready\n")
            .and_then(|()| io::stdout().flush())
            .and_then(|()| io::copy(&mut io::stdin().lock(), &mut io::sink()).map(drop)),
        "panic" => panic!("as it was asked to"),
        "fail" => return ExitCode::from(3),
        "grow" => grow(),
        "overflow" => io::stdout().write_all(&[recurse(0)]),
        "spin" => loop {
            black_box(());
        },
        "flood" => loop {
            if let Err(error) = io::stdout().write_all(&[b'x'; 4096]) {
                break Err(error);
            }
        },
        "forbidden" => std::fs::read("/etc/passwd").map(drop),
        other => {
            println!("no work is named {other}");
            return ExitCode::FAILURE;
        }
    };
    if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(4) }
}

/// What a reader of archives does: reads in pieces, hashes with random keys, holds a lot of memory, catches a panic.
fn honest() -> io::Result<()> {
    let mut words: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut window = vec![0_u8; 160 << 20];
    let mut length = 0;
    let mut piece = [0; 4096];
    loop {
        let read = io::stdin().read(&mut piece)?;
        if read == 0 {
            break;
        }
        window[length..length + read].copy_from_slice(&piece[..read]);
        length += read;
    }
    for byte in window.iter_mut().skip(length).step_by(4096) {
        *byte = 1;
    }
    for word in window[..length].split(|byte| *byte == b' ') {
        *words.entry(word.to_vec()).or_default() += 1;
    }
    let caught = std::panic::catch_unwind(|| {
        let pieces: Vec<u8> = black_box(Vec::new());
        pieces[0]
    });
    writeln!(io::stdout(), "{length} bytes, {} words, panic caught: {}", words.len(), caught.is_err())
}

/// Reads the input as a file, from its beginning, two times.
fn twice() -> io::Result<()> {
    let mut file = sandbox::input()?;
    let mut text = String::new();
    for _ in 0..2 {
        file.seek(SeekFrom::Start(0))?;
        file.read_to_string(&mut text)?;
    }
    io::stdout().write_all(text.as_bytes())
}

/// Writes as much to scratch as the input says, and tells what it reads there from the middle.
fn scratch() -> io::Result<()> {
    let size: usize = io::read_to_string(io::stdin())?.parse().map_err(io::Error::other)?;
    let Some(mut file) = sandbox::scratch() else { return io::stdout().write_all(b"no scratch") };
    let content: Vec<u8> = (0..size).map(|at| b'a' + u8::try_from(at % 26).unwrap_or(0)).collect();
    file.write_all(&content)?;
    file.seek(SeekFrom::Start(size as u64 / 2))?;
    let mut middle = [0; 3];
    file.read_exact(&mut middle)?;
    io::stdout().write_all(&middle)
}

/// Asks for more and more memory, and touches it.
fn grow() -> io::Result<()> {
    let mut all = Vec::new();
    for _ in 0..1024 {
        let mut piece = vec![0_u8; 1 << 20];
        for byte in piece.iter_mut().step_by(4096) {
            *byte = 1;
        }
        all.push(black_box(piece));
    }
    writeln!(io::stdout(), "{} MiB", all.len())
}

#[expect(unconditional_recursion, reason = "the end of the stack is what is looked for")]
fn recurse(depth: u64) -> u8 {
    let frame = black_box([depth; 512]);
    recurse(frame[511] + 1) + u8::from(black_box(frame)[0] == 0)
}
