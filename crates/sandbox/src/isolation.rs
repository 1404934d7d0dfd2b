//! How far a worker was locked in: what it reports before it reads the first byte.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What was in force around one worker. It is reported, stored and shown; it is never assumed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Isolation {
    /// No user of the host, no capability over anything.
    pub user_namespace: bool,
    /// A mount table of its own.
    pub mount_namespace: bool,
    /// No network interface but a loopback that is down.
    pub network_namespace: bool,
    /// No shared memory or message queue of the host.
    pub ipc_namespace: bool,
    /// A host name of its own.
    pub uts_namespace: bool,
    /// No process to see but itself.
    pub pid_namespace: bool,
    /// The level of Landlock in force, with every right of that level taken away. `None` where there is none.
    pub landlock_abi: Option<u32>,
    /// Whether the system-call filter is in force.
    pub seccomp: bool,
    /// How many system calls the filter still allows. 0 where there is none.
    pub seccomp_calls: u32,
    /// Whether no new privileges can be gained by executing a file.
    pub no_new_privs: bool,
    /// Whether memory, processor time, files and processes are limited.
    pub resource_limits: bool,
    /// Whether the root folder is an empty, read-only one.
    pub empty_root: bool,
}

/// The sum of an [`Isolation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Neither Landlock nor seccomp is in force.
    None,
    /// Something of the jail is missing.
    Partial,
    /// Everything this crate can build is in force.
    Full,
}

impl Isolation {
    /// The sum: full only if nothing is missing.
    pub fn level(&self) -> Level {
        if self.missing().is_empty() {
            Level::Full
        } else if self.landlock_abi.is_none() && !self.seccomp {
            Level::None
        } else {
            Level::Partial
        }
    }

    /// Whether this satisfies [`Requirement::Required`](crate::Requirement::Required).
    pub fn is_sufficient(&self) -> bool {
        self.landlock_abi.is_some() && self.seccomp
    }

    /// What is not in force, in words for people.
    pub fn missing(&self) -> Vec<&'static str> {
        let parts = [
            (self.user_namespace, "user namespace"),
            (self.mount_namespace, "mount namespace"),
            (self.network_namespace, "network namespace"),
            (self.ipc_namespace, "ipc namespace"),
            (self.uts_namespace, "uts namespace"),
            (self.pid_namespace, "pid namespace"),
            (self.empty_root, "empty root"),
            (self.landlock_abi.is_some(), "Landlock"),
            (self.seccomp, "seccomp"),
            (self.no_new_privs, "no_new_privs"),
            (self.resource_limits, "resource limits"),
        ];
        parts.into_iter().filter(|(in_force, _)| !in_force).map(|(_, name)| name).collect()
    }

    /// How many of the six namespaces the worker has for itself.
    pub fn namespaces(&self) -> usize {
        [
            self.user_namespace,
            self.mount_namespace,
            self.network_namespace,
            self.ipc_namespace,
            self.uts_namespace,
            self.pid_namespace,
        ]
        .into_iter()
        .filter(|own| *own)
        .count()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Partial => "partial",
            Self::Full => "full",
        })
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespaces = self.namespaces();
        let plural = if namespaces == 1 { "" } else { "s" };
        write!(f, "{}: {namespaces} namespace{plural}", self.level())?;
        if let Some(abi) = self.landlock_abi {
            write!(f, ", Landlock ABI {abi}")?;
        }
        if self.seccomp {
            write!(f, ", seccomp {} calls", self.seccomp_calls)?;
        }
        let missing = self.missing();
        if !missing.is_empty() {
            write!(f, "; missing: {}", missing.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Isolation {
        Isolation {
            user_namespace: true,
            mount_namespace: true,
            network_namespace: true,
            ipc_namespace: true,
            uts_namespace: true,
            pid_namespace: true,
            landlock_abi: Some(7),
            seccomp: true,
            seccomp_calls: 28,
            no_new_privs: true,
            resource_limits: true,
            empty_root: true,
        }
    }

    #[test]
    fn nothing_missing_is_full() {
        assert_eq!(full().level(), Level::Full);
        assert_eq!(full().to_string(), "full: 6 namespaces, Landlock ABI 7, seccomp 28 calls");
    }

    #[test]
    fn without_namespaces_it_is_partial_and_sufficient() {
        let isolation = Isolation {
            user_namespace: false,
            mount_namespace: false,
            network_namespace: false,
            ipc_namespace: false,
            pid_namespace: false,
            empty_root: false,
            ..full()
        };
        assert_eq!(isolation.level(), Level::Partial);
        assert!(isolation.is_sufficient());
        assert_eq!(
            isolation.to_string(),
            "partial: 1 namespace, Landlock ABI 7, seccomp 28 calls; missing: user namespace, mount namespace, \
             network namespace, ipc namespace, pid namespace, empty root"
        );
    }

    #[test]
    fn without_landlock_and_seccomp_namespaces_do_not_count() {
        let isolation = Isolation { landlock_abi: None, seccomp: false, ..full() };
        assert_eq!(isolation.level(), Level::None);
        assert!(!isolation.is_sufficient());
    }

    #[test]
    fn one_of_the_two_is_not_sufficient() {
        assert!(!Isolation { landlock_abi: None, ..full() }.is_sufficient());
        assert!(!Isolation { seccomp: false, ..full() }.is_sufficient());
    }
}
