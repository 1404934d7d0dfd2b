//! The database of opkg: OpenWrt and other small systems.
//!
//! The same stanzas as those of dpkg, from which it descends.

use super::{Action, Extractor, File, Reading, dpkg};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

const PATHS: &[&str] = &["usr/lib/opkg/status", "var/lib/opkg/status"];

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "opkg database",
    watched: PATHS,
    claims: |file| PATHS.contains(&file.path),
    magic: &[],
    action: Action::Read { limit: |limits| limits.database_bytes, read },
};

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    dpkg::stanzas(PackageKind::Opkg, content, limits)
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;
    use expect_test::expect;

    #[test]
    fn packages_of_a_router() {
        let text = "Package: busybox\nVersion: 1.35.0-5\nDepends: libc\nStatus: install user installed\n\
                    Architecture: mips_24kc\nConffiles:\n /etc/syslog.conf 0123\nInstalled-Time: 1666\n\n\
                    Package: gone\nVersion: 1\nStatus: deinstall ok not-installed\n";
        let file = File { path: "usr/lib/opkg/status", size: 0, mode: 0 };
        expect![[r#"
            opkg busybox 1.35.0-5 mips_24kc
        "#]]
        .assert_eq(&show(read(&file, text.as_bytes(), &Limits::default())));
    }
}
