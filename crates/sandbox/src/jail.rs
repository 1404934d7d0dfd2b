//! Inside: how the re-executed binary locks itself in before it reads the first byte.
//!
//! The order matters and each step says why it stands where it stands. Nothing here reads descriptor 0.

mod namespaces;
mod rights;
mod watch;

use crate::exit;
use crate::greeting::Greeting;
use crate::limits::Orders;
use crate::policy::{Policy, PolicyError};
use crate::summons::{self, Summoned};
use crate::{Isolation, Layers, Requirement};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

/// The first argument of a worker. A command line that begins with it is never a person's.
pub const WORKER_ARGUMENT: &str = "jailed-worker";

/// Stands in the place of the orders of a worker that waits for them.
pub(crate) const WAITS: &str = "waits";

/// Says whether this process is a worker, and locks it in if it is.
///
/// Call it first thing in `main`, before any thread is started and any file opened. In an ordinary process it
/// returns `None` and changes nothing. In a worker it returns the arguments that the caller of [`run`](crate::run)
/// gave, with the jail in force and the report on its way to the supervisor; if the jail cannot be had, it does
/// not return.
pub fn worker_arguments() -> Option<Vec<OsString>> {
    worker_arguments_within(Layers::ALL)
}

/// As [`worker_arguments`], with layers of the jail left out. For the escape tests alone.
#[doc(hidden)]
pub fn worker_arguments_within(layers: Layers) -> Option<Vec<OsString>> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != WORKER_ARGUMENT {
        return None;
    }
    let orders = arguments.next().unwrap_or_default();
    let entered = if orders == WAITS {
        enter_when_summoned(layers)
    } else {
        enter_now(&orders, layers).map(|isolation| (isolation, arguments.collect()))
    };
    let refused = match entered {
        Ok((isolation, arguments)) => match Greeting::Jailed(isolation).write(io::stdout()) {
            Ok(()) => return Some(arguments),
            Err(_) => exit::ABANDONED,
        },
        Err(why) => match Greeting::Refused(why.to_string()).write(io::stdout()) {
            Ok(()) => exit::REFUSED,
            Err(_) => exit::ABANDONED,
        },
    };
    std::process::exit(refused)
}

/// The input of the worker as a file: seekable if the supervisor handed over a regular file.
///
/// # Errors
///
/// If the descriptor cannot be duplicated.
pub fn input() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// The scratch file of the worker, if it was given one: it can be written and read at any place, and nobody else has it.
///
/// It stands in the place of the error output, to which nothing may be written in a worker that has one.
pub fn scratch() -> Option<File> {
    let place = io::stderr().as_fd().try_clone_to_owned().ok()?;
    // Otherwise it is /dev/null.
    let is_file = rustix::fs::fstat(&place)
        .is_ok_and(|place| rustix::fs::FileType::from_raw_mode(place.st_mode).is_file());
    is_file.then(|| File::from(place))
}

/// Why a process did not lock itself in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnterError {
    #[error("the worker was started without limits; it is started by its supervisor, not by hand")]
    Orders,
    #[error("the worker already has {0} threads; it must enter the jail before it starts one")]
    Threads(usize),
    #[error("the supervisor has no work for this worker")]
    NotNeeded,
    #[error("{step} failed: {source}")]
    Step { step: &'static str, source: io::Error },
    #[error(
        "Landlock is not in force: this kernel has none, or it is not enabled (boot parameter lsm=landlock,...). \
         Enable it, or accept an incomplete jail with `best-effort`"
    )]
    NoLandlock,
    #[error(
        "seccomp is not in force ({0}). Allow seccomp filters here, or accept an incomplete jail with `best-effort`"
    )]
    NoSeccomp(io::Error),
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

impl EnterError {
    /// Names the step that failed.
    fn at<E: Into<io::Error>>(step: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Step { step, source: source.into() }
    }
}

fn parse_orders(text: &OsStr) -> Result<Orders, EnterError> {
    text.to_str().and_then(|text| serde_json::from_str(text).ok()).ok_or(EnterError::Orders)
}

/// Locks in a process that has its orders from the beginning.
fn enter_now(orders: &OsStr, layers: Layers) -> Result<Isolation, EnterError> {
    let orders = parse_orders(orders)?;
    let (isolation, policy) = prepare(layers, Some(orders.limits.wall))?;
    complete(isolation, &policy, &orders, layers)
}

/// Locks the process in as far as that goes without orders, waits for them, and does the rest. Nothing of a stranger's has
/// been read until then, and the socket is let go of with the summons.
fn enter_when_summoned(layers: Layers) -> Result<(Isolation, Vec<OsString>), EnterError> {
    // Who waits does not know how long it will have; its supervisor and its own alarm do.
    let (isolation, policy) = prepare(layers, None)?;
    let summoned = summons::receive(io::stdin()).map_err(EnterError::at("waiting for orders"))?;
    let Summoned { summons, input, scratch } = summoned.ok_or(EnterError::NotNeeded)?;
    rustix::stdio::dup2_stdin(&input).map_err(EnterError::at("taking the input"))?;
    if let Some(scratch) = &scratch {
        rustix::stdio::dup2_stderr(scratch).map_err(EnterError::at("taking the scratch file"))?;
    }
    drop((input, scratch));
    let isolation = complete(isolation, &policy, &summons.orders, layers)?;
    Ok((isolation, summons.arguments.into_iter().map(Into::into).collect()))
}

/// What needs no orders. Returns in the worker only; the process that called stays behind as the watch, for as long as
/// `wall` says.
fn prepare(layers: Layers, wall: Option<Duration>) -> Result<(Isolation, Policy), EnterError> {
    let mut isolation = Isolation::default();
    rights::close_descriptors()?;
    require_one_thread()?;
    // The policy is parsed first: what is wrong with it is said before anything has changed.
    let policy = rights::policy()?;
    rustix::thread::set_no_new_privs(true).map_err(EnterError::at("setting no_new_privs"))?;
    isolation.no_new_privs = true;

    // Twice: root makes the namespaces of the host's tree with its own rights and then gives up its user; anybody
    // else gets the right to make them from the user namespace.
    if layers.namespaces {
        namespaces::unshare_all(&mut isolation);
    }
    rights::become_nobody()?;
    if layers.namespaces {
        namespaces::unshare_user(&mut isolation);
        namespaces::unshare_all(&mut isolation);
    }
    rights::drop_capabilities()?;

    // A process enters the pid namespace that it made only by its children.
    watch::fork_worker(wall)?;

    watch::die_with_the_watch()?;
    // No ptrace of us and no look into our memory by others of the same user.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .map_err(EnterError::at("making the process not dumpable"))?;
    if layers.landlock {
        isolation.landlock_abi = rights::restrict_paths();
    }
    Ok((isolation, policy))
}

/// What needs orders. After it the worker may do nothing but read, compute and answer.
fn complete(
    mut isolation: Isolation,
    policy: &Policy,
    orders: &Orders,
    layers: Layers,
) -> Result<Isolation, EnterError> {
    watch::answer_signals(orders.limits.wall)?;
    if orders.at_leisure {
        // Where it is refused, the work is done nevertheless.
        let _ = crate::step_back();
    }
    // After Landlock, which needs a descriptor for a moment.
    if layers.limits {
        rights::limit_resources(&orders.limits)?;
        isolation.resource_limits = true;
    }
    if orders.requirement == Requirement::Required && isolation.landlock_abi.is_none() {
        return Err(EnterError::NoLandlock);
    }
    // Last: hardly any of the calls above is allowed after it.
    let filtered =
        if layers.seccomp { rights::filter_calls(policy) } else { Err(io::ErrorKind::Unsupported.into()) };
    match filtered {
        Ok(()) => {
            isolation.seccomp = true;
            isolation.seccomp_calls = policy.allowed;
        }
        Err(why) if orders.requirement == Requirement::Required => return Err(EnterError::NoSeccomp(why)),
        Err(_) => {}
    }
    Ok(isolation)
}

/// A forked child has only the thread that forked, with whatever the others had locked; and a user namespace is
/// refused to a process with threads.
fn require_one_thread() -> Result<(), EnterError> {
    // Where /proc is not mounted there is nothing to count; unshare would refuse by itself.
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return Ok(()) };
    match threads.count() {
        0 | 1 => Ok(()),
        many => Err(EnterError::Threads(many)),
    }
}
