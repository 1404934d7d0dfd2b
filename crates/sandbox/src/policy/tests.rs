//! The table is complete, true and small.

use super::*;
use std::collections::BTreeSet;

/// The ratchet: how many calls a worker may make. It may shrink. To raise it, argue in a decision record.
const MOST_ALLOWED: u32 = 28;

/// Calls that would open a way out; they may never be allowed, whatever the reason.
const NEVER: &[&str] = &[
    "bpf",
    "chroot",
    "clone",
    "clone3",
    "connect",
    "execve",
    "execveat",
    "fork",
    "io_uring_setup",
    "kill",
    "memfd_create",
    "mount",
    "open",
    "open_by_handle_at",
    "openat",
    "openat2",
    "pidfd_getfd",
    "pivot_root",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "sendmsg",
    "setns",
    "setuid",
    "shmat",
    "socket",
    "socketpair",
    "umount2",
    "unlink",
    "unlinkat",
    "unshare",
    "userfaultfd",
    "vfork",
];

fn shipped() -> Vec<Call> {
    parse(SYSCALLS).unwrap()
}

#[test]
fn every_call_has_its_own_line_and_a_reason() {
    let calls = shipped();
    let names: BTreeSet<&str> = calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names.len(), calls.len(), "a call stands twice in the table");
    for call in &calls {
        assert!(
            call.reason.ends_with('.') && call.reason.split(' ').count() >= 3,
            "{}: {}",
            call.name,
            call.reason
        );
    }
}

#[test]
fn the_list_only_shrinks() {
    let policy = compile(&shipped()).unwrap();
    assert!(policy.allowed <= MOST_ALLOWED, "{} calls are allowed", policy.allowed);
}

#[test]
fn no_call_that_opens_a_way_out_is_allowed() {
    for call in shipped().iter().filter(|call| call.action == Action::Allow) {
        assert!(!NEVER.contains(&call.name.as_str()), "{} is a way out", call.name);
    }
}

#[test]
fn memory_is_never_executable() {
    let refuse_execution = vec![vec![Term { argument: 2, mask: 4, value: 0 }]];
    for name in ["mmap", "mprotect"] {
        let call = shipped().into_iter().find(|call| call.name == name).unwrap();
        assert_eq!(call.condition, refuse_execution, "{name}");
    }
    assert_eq!(libc::PROT_EXEC, 4);
}

#[test]
fn numbers_are_those_of_the_c_library() {
    let numbers: &[(&str, libc::c_long)] = &[
        ("read", libc::SYS_read),
        ("readv", libc::SYS_readv),
        ("pread64", libc::SYS_pread64),
        ("lseek", libc::SYS_lseek),
        ("write", libc::SYS_write),
        ("writev", libc::SYS_writev),
        ("close", libc::SYS_close),
        ("fstat", libc::SYS_fstat),
        ("fcntl", libc::SYS_fcntl),
        ("mmap", libc::SYS_mmap),
        ("mprotect", libc::SYS_mprotect),
        ("munmap", libc::SYS_munmap),
        ("mremap", libc::SYS_mremap),
        ("madvise", libc::SYS_madvise),
        ("brk", libc::SYS_brk),
        ("futex", libc::SYS_futex),
        ("sched_yield", libc::SYS_sched_yield),
        ("getrandom", libc::SYS_getrandom),
        ("clock_gettime", libc::SYS_clock_gettime),
        ("getpid", libc::SYS_getpid),
        ("gettid", libc::SYS_gettid),
        ("tgkill", libc::SYS_tgkill),
        ("rt_sigaction", libc::SYS_rt_sigaction),
        ("rt_sigprocmask", libc::SYS_rt_sigprocmask),
        ("rt_sigreturn", libc::SYS_rt_sigreturn),
        ("sigaltstack", libc::SYS_sigaltstack),
        ("exit", libc::SYS_exit),
        ("exit_group", libc::SYS_exit_group),
        ("ioctl", libc::SYS_ioctl),
        ("statx", libc::SYS_statx),
        ("newfstatat", libc::SYS_newfstatat),
        ("copy_file_range", libc::SYS_copy_file_range),
        ("sendfile", libc::SYS_sendfile),
        ("splice", libc::SYS_splice),
        ("prctl", libc::SYS_prctl),
    ];
    let calls = shipped();
    assert_eq!(calls.len(), numbers.len());
    for call in &calls {
        let here = if cfg!(target_arch = "x86_64") { call.x86_64 } else { call.aarch64 };
        let known = numbers.iter().find(|(name, _)| *name == call.name).map(|(_, number)| *number);
        assert_eq!(here, known, "{}", call.name);
    }
}

#[test]
fn a_broken_line_is_named() {
    let cases = [
        ("read 0 63 allow -", "a call needs a reason"),
        ("read 0 63", "a line has six columns"),
        ("read zero 63 allow - Why not.", "the number of a call is a number or -"),
        ("read 0 63 permit - Why not.", "an action is allow or errno(N)"),
        ("read 0 63 allow fd=0 Why not.", "a term is argN=VALUE or argN&MASK=VALUE"),
        (
            "read 0 63 errno(1) arg0=0 Why not.",
            "only an allowed call has a condition; what it does not allow kills",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(
            parse(&format!("# first\n{text}")).unwrap_err().to_string(),
            format!("line 2 of the system-call table: {expected}")
        );
    }
}
