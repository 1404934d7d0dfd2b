//! What a worker may use, and how much of the jail is required. All of it is handed in by the caller.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What one worker may use. Reaching a limit is an error, never a quiet end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Address space in bytes (`RLIMIT_AS`): program, heap and stack together.
    pub memory_bytes: u64,
    /// Processor time in whole seconds.
    pub cpu_seconds: u64,
    /// Time by the clock on the wall, from start to end, reading of the output included.
    pub wall: Duration,
    /// Bytes of output that the caller is willing to read.
    pub output_bytes: u64,
    /// Bytes that it may write to its scratch file, if [`Command::scratch`](crate::Command::scratch) gives it one.
    pub scratch_bytes: u64,
}

/// Whether the worker may read its input in an incomplete jail: `--jail required|best-effort`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requirement {
    /// Landlock and seccomp must both be in force, else the worker refuses. Namespaces are taken where the kernel
    /// gives them, and reported.
    #[default]
    Required,
    /// The worker takes what the kernel gives, reports it, and reads its input in any case.
    BestEffort,
}

impl Requirement {
    /// Every requirement, in the order of strictness.
    pub const ALL: [Self; 2] = [Self::Required, Self::BestEffort];
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "required",
            Self::BestEffort => "best-effort",
        })
    }
}

impl FromStr for Requirement {
    type Err = UnknownRequirement;

    fn from_str(text: &str) -> Result<Self, UnknownRequirement> {
        Self::ALL
            .into_iter()
            .find(|requirement| requirement.to_string() == text)
            .ok_or_else(|| UnknownRequirement(text.to_owned()))
    }
}

/// The text names no [`Requirement`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a jail requirement; say `required` or `best-effort`")]
pub struct UnknownRequirement(String);

/// Which independent layers of the jail to build. For the escape tests alone, which prove each layer by leaving
/// the others out; a worker that starts with [`worker_arguments`](crate::worker_arguments) always has all.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layers {
    /// Namespaces and the empty root.
    pub namespaces: bool,
    /// Landlock.
    pub landlock: bool,
    /// The system-call filter.
    pub seccomp: bool,
    /// Resource limits.
    pub limits: bool,
}

impl Layers {
    /// The whole jail.
    pub const ALL: Self = Self { namespaces: true, landlock: true, seccomp: true, limits: true };
    /// No jail.
    pub const NONE: Self = Self { namespaces: false, landlock: false, seccomp: false, limits: false };
}

/// What the supervisor tells the worker: its second argument, as JSON, or a part of its summons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Orders {
    pub(crate) limits: Limits,
    pub(crate) requirement: Requirement,
    /// Whether it steps back behind everything else that wants a processor.
    pub(crate) at_leisure: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_read_as_it_is_written() {
        for requirement in Requirement::ALL {
            assert_eq!(requirement.to_string().parse(), Ok(requirement));
        }
        let error = "full".parse::<Requirement>().unwrap_err();
        assert_eq!(error.to_string(), "`full` is not a jail requirement; say `required` or `best-effort`");
    }

    #[test]
    fn orders_survive_the_way_into_the_worker() {
        let orders = Orders {
            limits: Limits {
                memory_bytes: 512 << 20,
                cpu_seconds: 60,
                wall: Duration::from_millis(90_500),
                output_bytes: 64 << 20,
                scratch_bytes: 0,
            },
            requirement: Requirement::BestEffort,
            at_leisure: false,
        };
        let text = serde_json::to_string(&orders).unwrap();
        assert_eq!(serde_json::from_str::<Orders>(&text).unwrap(), orders);
    }
}
