//! The scratch file of a worker.

use crate::{Named, ample, run, run_command};
use sandbox::{Command, Input, JailError};

pub(crate) const CASES: &[Named] = &[
    ("scratch_is_written_and_read_anywhere", scratch_is_written_and_read_anywhere),
    ("scratch_ends_at_its_limit", scratch_ends_at_its_limit),
    ("without_a_folder_there_is_no_scratch", without_a_folder_there_is_no_scratch),
];

fn command(folder: &std::path::Path) -> Command {
    Command { scratch: Some(folder.to_owned()), ..Command::this_program(["scratch"]) }
}

fn scratch_is_written_and_read_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let (text, _) =
        run_command(&command(folder.path()), Input::bytes("1048576".as_bytes()), &ample()).unwrap();
    // 524 288 is 24 more than a multiple of 26.
    assert_eq!(text, "yza");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a file was left behind");
}

fn scratch_ends_at_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let error =
        run_command(&command(folder.path()), Input::bytes("1048577".as_bytes()), &ample()).unwrap_err();
    assert!(matches!(error, JailError::Crashed { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a file was left behind");
}

fn without_a_folder_there_is_no_scratch() {
    let (text, _) = run("scratch", Input::bytes("10".as_bytes()), &ample()).unwrap();
    assert_eq!(text, "no scratch");
    let missing = std::path::Path::new("/nowhere/at/all");
    let (text, _) = run_command(&command(missing), Input::bytes("10".as_bytes()), &ample()).unwrap();
    assert_eq!(text, "no scratch");
}
