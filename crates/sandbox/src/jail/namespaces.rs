//! Namespaces and the empty root, as far as the kernel gives them.
//!
//! Nothing here is an error: a container runtime, a sysctl or a security module may refuse any of these calls.
//! What was had is written down, and the two layers that need no privilege (Landlock and seccomp) do not rest on it.

use crate::Isolation;
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount};
use rustix::process::{chdir, pivot_root};
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// Takes each namespace that is not yet had, one by one, so that one refusal does not cost the others.
pub(super) fn unshare_all(isolation: &mut Isolation) {
    for (had, flag) in [
        (&mut isolation.mount_namespace, UnshareFlags::NEWNS),
        (&mut isolation.network_namespace, UnshareFlags::NEWNET),
        (&mut isolation.ipc_namespace, UnshareFlags::NEWIPC),
        (&mut isolation.uts_namespace, UnshareFlags::NEWUTS),
        (&mut isolation.pid_namespace, UnshareFlags::NEWPID),
    ] {
        *had = *had || unshare(flag);
    }
    if isolation.mount_namespace && !isolation.empty_root {
        isolation.empty_root = empty_root().is_ok();
    }
}

/// Takes the user namespace. No identity is mapped into it: the worker is nobody, inside and outside.
pub(super) fn unshare_user(isolation: &mut Isolation) {
    isolation.user_namespace = unshare(UnshareFlags::NEWUSER);
}

fn unshare(flag: UnshareFlags) -> bool {
    // SAFETY: the one danger of unshare is `UnshareFlags::FILES`, which is not passed here.
    unsafe { unshare_unsafe(flag) }.is_ok()
}

/// Makes an empty, read-only file system the root and lets go of the old one.
fn empty_root() -> rustix::io::Result<()> {
    // Nothing that happens here may travel back to the host's mount table.
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    // Any folder would do as the mount point; /proc is there, since we were executed through it.
    let flags = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("none", "/proc", "tmpfs", flags, c"size=4096,nr_inodes=2,mode=0555")?;
    chdir("/proc")?;
    // With the same folder for both, the old root ends up mounted over the new one, and is then taken off.
    pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    chdir("/")
}
