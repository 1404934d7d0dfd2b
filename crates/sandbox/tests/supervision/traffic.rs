//! Bytes in and bytes out.

use crate::{Named, ample, run, supervise};
use sandbox::{Command, Input, JailError, Level, Requirement};
use std::io::{self, Read, Seek, SeekFrom, Write};

pub(crate) const CASES: &[Named] = &[
    ("a_stream_goes_through", a_stream_goes_through),
    ("a_file_is_handed_over_and_seekable", a_file_is_handed_over_and_seekable),
    ("no_input_is_an_empty_input", no_input_is_an_empty_input),
    ("honest_work_runs_under_the_policy", honest_work_runs_under_the_policy),
    ("arguments_arrive_and_the_environment_does_not", arguments_arrive_and_the_environment_does_not),
    ("what_is_not_read_is_no_error", what_is_not_read_is_no_error),
    ("a_failing_source_fails_the_run", a_failing_source_fails_the_run),
    ("the_report_says_what_was_in_force", the_report_says_what_was_in_force),
    ("many_workers_at_once_do_not_mix", many_workers_at_once_do_not_mix),
];

fn a_stream_goes_through() {
    let bytes: Vec<u8> = (0..300_000_u32).map(|number| b'a' + u8::try_from(number % 26).unwrap()).collect();
    let (text, _) = run("echo", Input::bytes(bytes.clone()), &ample()).unwrap();
    assert!(text.as_bytes() == bytes, "{} bytes came back", text.len());
}

fn a_file_is_handed_over_and_seekable() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"again ").unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    let (text, _) = run("twice", Input::File(file), &ample()).unwrap();
    assert_eq!(text, "again again ");
}

fn no_input_is_an_empty_input() {
    let (text, _) = run("echo", Input::Empty, &ample()).unwrap();
    assert_eq!(text, "");
}

fn honest_work_runs_under_the_policy() {
    let text = "to be or not to be ".repeat(1000);
    let (answer, report) = run("honest", Input::bytes(text), &ample()).unwrap();
    assert_eq!(answer, "19000 bytes, 5 words, panic caught: true\n");
    assert!(report.max_resident_bytes > 160 << 20, "{}", report.max_resident_bytes);
    assert!(report.max_resident_bytes < 256 << 20, "{}", report.max_resident_bytes);
}

fn arguments_arrive_and_the_environment_does_not() {
    let command = Command::this_program(["arguments", "a b", "", "--c"]);
    let read = |output: &mut dyn Read| io::read_to_string(output).unwrap();
    let (text, _) = supervise(&command, Input::Empty, &ample(), Requirement::BestEffort, read).unwrap();
    assert_eq!(text, r#"["a b", "", "--c"]"#);
    let (text, _) = run("environment", Input::Empty, &ample()).unwrap();
    assert_eq!(text, "VarsOs { inner: [] }");
}

fn what_is_not_read_is_no_error() {
    let command = Command::this_program(["echo"]);
    let read = |output: &mut dyn Read| output.read(&mut [0; 10]).unwrap();
    let input = Input::bytes(vec![7; 500_000]);
    let (read, _) = supervise(&command, input, &ample(), Requirement::BestEffort, read).unwrap();
    assert!(read > 0);
}

fn a_failing_source_fails_the_run() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is on fire"))
        }
    }
    let source = io::Cursor::new(b"the beginning").chain(Broken);
    let error = run("echo", Input::Stream(Box::new(source)), &ample()).unwrap_err();
    let JailError::Input(source) = error else { panic!("{error}") };
    assert_eq!(source.to_string(), "the disk is on fire");
}

#[expect(clippy::print_stderr, reason = "says what this machine cannot show")]
fn the_report_says_what_was_in_force() {
    let (_, report) = run("echo", Input::Empty, &ample()).unwrap();
    let isolation = &report.isolation;
    assert!(isolation.no_new_privs && isolation.resource_limits && isolation.seccomp, "{isolation}");
    assert!(report.wall >= report.cpu / 2, "{report:?}");
    if isolation.level() != Level::Full {
        eprintln!("skipped: this machine gives no full jail ({isolation})");
    }
}

fn many_workers_at_once_do_not_mix() {
    std::thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || {
                let bytes = format!("worker {number} ").repeat(10_000);
                let (text, _) = run("echo", Input::bytes(bytes.clone()), &ample()).unwrap();
                assert!(text == bytes, "worker {number} gave {} bytes", text.len());
            });
        }
    });
}
