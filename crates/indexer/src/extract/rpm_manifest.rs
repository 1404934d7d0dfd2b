//! The list of rpm packages in images of Azure Linux that were built without a database.
//!
//! `container-manifest-2` has a package a line, ten fields parted by tabs: name, version and release, times of
//! installation and build, vendor, epoch, size, machine, epoch again, and the file of the source package.

use super::{Action, Extractor, File, PackageList, Reading, lines, rpm};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

const PATH: &str = "var/lib/rpmmanifest/container-manifest-2";

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "rpm manifest",
    watched: &[PATH],
    claims: |file| file.path == PATH,
    magic: &[],
    action: Action::Read { limit: |limits| limits.database_bytes, read },
};

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::new(PackageKind::Rpm, limits);
    for line in lines(content).filter(|line| !line.trim_ascii().is_empty()) {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b'\t').take(11).collect();
        let [name, version, _, _, _, epoch, _, architecture, _, source] = fields[..] else {
            list.fault("a line that does not have ten fields");
            continue;
        };
        let epoch = match epoch {
            b"(none)" | b"" => None,
            number => std::str::from_utf8(number).ok().and_then(|number| number.parse().ok()),
        };
        rpm::push_manifest(&mut list, name, version, epoch, architecture, source)?;
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;
    use expect_test::expect;

    #[test]
    fn lines_of_ten_fields() {
        let text = "openssl-libs\t1.1.1k-21.cm2\t1676\t1675\tMicrosoft Corporation\t(none)\t5\tx86_64\t0\topenssl-1.1.1k-21.cm2.src.rpm\n\
                    bind-libs\t9.16.33-1.cm2\t1676\t1675\tM\t32\t5\tx86_64\t32\tbind-9.16.33-1.cm2.src.rpm\n\
                    short\t1-1\n";
        let file = File { path: PATH, size: 0, mode: 0 };
        expect![[r#"
            rpm openssl-libs 1.1.1k-21.cm2 x86_64 from openssl 1.1.1k-21.cm2
            rpm bind-libs 32:9.16.33-1.cm2 x86_64 from bind 32:9.16.33-1.cm2
            malformed: a line that does not have ten fields
        "#]]
        .assert_eq(&show(read(&file, text.as_bytes(), &Limits::default())));
    }
}
