//! Workers that wait for their work. That they do it as the others do is shown by the other cases, which run both ways.

use crate::{Named, ample};
use sandbox::{Antechamber, Command, Input, Report, Requirement};
use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

/// The first argument of a process that keeps workers waiting, for a test to kill.
pub(crate) const KEEP_WAITING: &str = "keep-workers-waiting";

pub(crate) const CASES: &[Named] = &[
    ("waiting_workers_are_jailed_as_others_are", waiting_workers_are_jailed_as_others_are),
    ("each_waiting_worker_works_once", each_waiting_worker_works_once),
    ("waiting_workers_that_were_killed_are_passed_over", waiting_workers_that_were_killed_are_passed_over),
    ("a_command_too_long_for_a_message_runs", a_command_too_long_for_a_message_runs),
    ("a_worker_at_leisure_steps_back", a_worker_at_leisure_steps_back),
    ("waiting_workers_end_with_their_antechamber", waiting_workers_end_with_their_antechamber),
    ("a_killed_supervisor_leaves_no_waiting_worker", a_killed_supervisor_leaves_no_waiting_worker),
];

fn this_program() -> PathBuf {
    Command::this_program([""; 0]).program
}

fn filled(places: usize) -> Antechamber {
    let antechamber = Antechamber::new(this_program(), places);
    antechamber.fill().unwrap();
    antechamber
}

fn said(antechamber: &Antechamber, command: &Command) -> (String, Report) {
    let read = |output: &mut dyn io::Read| io::read_to_string(output).unwrap();
    sandbox::run(Some(antechamber), command, Input::bytes("x"), &ample(), Requirement::BestEffort, read)
        .unwrap()
}

/// The processes that a process has started and that have not been reaped.
fn children(of: &str) -> BTreeSet<u32> {
    let mut children = BTreeSet::new();
    for task in std::fs::read_dir(format!("/proc/{of}/task")).unwrap() {
        let Ok(listed) = std::fs::read_to_string(task.unwrap().path().join("children")) else { continue };
        children.extend(listed.split_whitespace().map(|id| id.parse::<u32>().unwrap()));
    }
    children
}

/// The workers behind these watches, each of which forks its own in a moment.
fn workers(watches: &BTreeSet<u32>) -> Vec<u32> {
    let before = Instant::now();
    let worker = |watch: &u32| loop {
        if let Some(worker) = children(&watch.to_string()).first() {
            return *worker;
        }
        assert!(before.elapsed() < Duration::from_secs(60), "a watch has no worker");
        std::thread::sleep(Duration::from_millis(1));
    };
    watches.iter().map(worker).collect()
}

fn waiting_workers_are_jailed_as_others_are() {
    let command = Command::this_program(["echo"]);
    let (_, waited) = said(&filled(1), &command);
    let (_, cold) =
        sandbox::run(None, &command, Input::Empty, &ample(), Requirement::BestEffort, |_| ()).unwrap();
    assert_eq!(waited.isolation, cold.isolation);
}

fn each_waiting_worker_works_once() {
    let antechamber = filled(2);
    assert_eq!(children("self").len(), 2);
    for number in 0..4 {
        let (text, _) = said(&antechamber, &Command::this_program(["arguments", &number.to_string()]));
        assert_eq!(text, format!(r#"["{number}"]"#));
        // The last two are started when they are needed.
        assert_eq!(children("self").len(), 2_usize.saturating_sub(number + 1));
    }
    antechamber.fill().unwrap();
    assert!(antechamber.is_full());
    assert_eq!(children("self").len(), 2);
}

fn waiting_workers_that_were_killed_are_passed_over() {
    let antechamber = filled(3);
    let watches = children("self");
    for worker in workers(&watches) {
        let worker = rustix::process::Pid::from_raw(i32::try_from(worker).unwrap()).unwrap();
        rustix::process::kill_process(worker, rustix::process::Signal::KILL).unwrap();
    }
    wait_until_gone(&watches.into_iter().collect::<Vec<_>>());
    let (text, _) = said(&antechamber, &Command::this_program(["first-byte"]));
    assert_eq!(text, "got it");
}

fn a_command_too_long_for_a_message_runs() {
    let antechamber = filled(1);
    let (text, _) = said(&antechamber, &Command::this_program(["arguments", &"long ".repeat(10_000)]));
    assert!(text.len() > 50_000);
    assert!(antechamber.is_full(), "the one that waits has not been told anything");
}

fn a_worker_at_leisure_steps_back() {
    let antechamber = filled(1);
    let (reader, mut writer) = io::pipe().unwrap();
    let command = Command { at_leisure: true, ..Command::this_program(["ready-then-wait"]) };
    let worker = workers(&children("self"))[0];
    let look = |output: &mut dyn io::Read| {
        output.read_exact(&mut [0; 6]).unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{worker}/stat")).unwrap();
        writer.write_all(b"x").unwrap();
        drop(writer);
        stat
    };
    let input = Input::File(std::fs::File::from(std::os::fd::OwnedFd::from(reader)));
    let (stat, _) =
        sandbox::run(Some(&antechamber), &command, input, &ample(), Requirement::BestEffort, look).unwrap();
    // The policy is the 41st field, counted from the name in parentheses, which is the second; 5 is that for idle processors.
    let policy = stat.rsplit_once(") ").unwrap().1.split(' ').nth(38).unwrap();
    assert_eq!(policy, "5", "{stat}");
}

fn waiting_workers_end_with_their_antechamber() {
    let antechamber = filled(3);
    let workers = workers(&children("self"));
    assert_eq!(workers.len(), 3);
    drop(antechamber);
    assert_eq!(children("self"), BTreeSet::new());
    wait_until_gone(&workers);
}

/// Fills an antechamber, says so, and waits to be killed.
pub(crate) fn keep_waiting() -> ExitCode {
    let antechamber = Antechamber::new(this_program(), 2);
    let told = antechamber.fill().is_ok() && io::stdout().write_all(b"ready\n").is_ok();
    let _ = io::stdin().read_line(&mut String::new());
    if told { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn a_killed_supervisor_leaves_no_waiting_worker() {
    let mut supervisor = std::process::Command::new("/proc/self/exe")
        .arg(KEEP_WAITING)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(supervisor.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    let watches = children(&supervisor.id().to_string());
    let workers = workers(&watches);
    assert_eq!(workers.len(), 2);
    // SIGKILL: nothing in the supervisor runs any more.
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    wait_until_gone(&workers);
    wait_until_gone(&watches.into_iter().collect::<Vec<_>>());
}

/// Waits until none of these processes is there, or all have ended and nobody has asked yet how.
fn wait_until_gone(processes: &[u32]) {
    let before = Instant::now();
    let is_there = |process: &u32| {
        let stat = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    };
    while processes.iter().any(is_there) {
        assert!(before.elapsed() < Duration::from_secs(60), "a worker is still there");
        std::thread::sleep(Duration::from_millis(5));
    }
}
