//! What the process takes away from itself: descriptors, identity, capabilities, paths, resources, system calls.

use super::EnterError;
use crate::Limits;
use crate::policy::{self, Policy};
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::process::{Gid, Resource, Rlimit, Uid, getrlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};
use std::io;

/// The user and group that own nothing, by the custom of every distribution and of the kernel's overflow ids.
const NOBODY: u32 = 65534;

/// Room for the input, the output, scratch or /dev/null, and a few duplicates of the input.
const DESCRIPTORS: u64 = 8;

/// Closes everything but input, output and what stands in the place of the error output, whatever the supervisor was started with.
pub(super) fn close_descriptors() -> Result<(), EnterError> {
    // SAFETY: close_range takes three numbers and touches no memory. Nothing in this process owns a descriptor
    // above 2: `main` has called us first.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) };
    if closed == 0 {
        return Ok(());
    }
    Err(EnterError::at("closing the inherited descriptors")(io::Error::last_os_error()))
}

/// The shipped policy, compiled.
pub(super) fn policy() -> Result<Policy, EnterError> {
    Ok(policy::compile(&policy::parse(policy::SYSCALLS)?)?)
}

/// Gives up root. Without this a worker in a user namespace would still *own* root's files on the host.
pub(super) fn become_nobody() -> Result<(), EnterError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    rustix::thread::set_thread_groups(&[]).map_err(EnterError::at("giving up root's groups"))?;
    rustix::thread::set_thread_res_gid(group, group, group)
        .map_err(EnterError::at("giving up root's group"))?;
    rustix::thread::set_thread_res_uid(user, user, user).map_err(EnterError::at("giving up root"))
}

/// Gives up every capability, those over the new namespaces too.
pub(super) fn drop_capabilities() -> Result<(), EnterError> {
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    rustix::thread::set_capabilities(None, sets).map_err(EnterError::at("giving up capabilities"))
}

/// Lets Landlock refuse every path, every port and every scope it knows. Returns the level in force.
pub(super) fn restrict_paths() -> Option<u32> {
    // The highest level that the library knows; what the kernel does not know is left out by the library.
    let abi = ABI::V9;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.no_new_privs(true).restrict_self())
        .ok()?;
    match (status.ruleset, status.landlock) {
        (
            RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced,
            LandlockStatus::Available { effective_abi, .. },
        ) => u32::try_from(effective_abi as i32).ok(),
        _ => None,
    }
}

/// Lowers every limit, the hard one too, so that nothing inside can raise it again.
pub(super) fn limit_resources(limits: &Limits) -> Result<(), EnterError> {
    // The soft limit on processor time is answered with a signal of ours, the hard one kills.
    lower(Resource::Cpu, limits.cpu_seconds, limits.cpu_seconds.saturating_add(1))?;
    for (resource, most) in [
        (Resource::As, limits.memory_bytes),
        (Resource::Fsize, limits.scratch_bytes),
        (Resource::Nofile, DESCRIPTORS),
        (Resource::Nproc, 0),
        (Resource::Core, 0),
        (Resource::Memlock, 0),
        (Resource::Msgqueue, 0),
    ] {
        lower(resource, most, most)?;
    }
    Ok(())
}

fn lower(resource: Resource, soft: u64, hard: u64) -> Result<(), EnterError> {
    let inherited = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let new = Rlimit { current: Some(soft.min(inherited)), maximum: Some(hard.min(inherited)) };
    setrlimit(resource, new).map_err(EnterError::at("lowering a resource limit"))
}

/// Installs the system-call filters.
///
/// Not with the installer of `seccompiler`: it calls prctl each time, which our first filter already refuses.
pub(super) fn filter_calls(policy: &Policy) -> io::Result<()> {
    for filter in &policy.filters {
        let program = FilterProgram {
            length: u16::try_from(filter.len()).map_err(io::Error::other)?,
            instructions: filter.as_ptr(),
        };
        // SAFETY: the kernel copies the program before the call returns; pointer and length describe `filter`, whose
        // elements have the layout that the kernel defines.
        let installed =
            unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) };
        if installed != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// `struct sock_fprog` of the kernel.
#[repr(C)]
struct FilterProgram {
    length: u16,
    instructions: *const seccompiler::sock_filter,
}
