//! `Gemfile.lock`: what Bundler should install for a Ruby program.
//!
//! Sections at the margin; in `GEM` and `GIT` each gem is a line four blanks deep, `name (1.0-platform)`, and what it
//! needs stands deeper. `PATH` is the program's own code.

use super::{Action, Extractor, File, PackageList, Reading, is_project_file, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Bundler lock file",
    watched: &[],
    claims: |file| is_project_file(file.path, "Gemfile.lock") || is_project_file(file.path, "gems.locked"),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::locked(PackageKind::Gem, limits);
    let mut is_inside = false;
    for line in lines(content) {
        if line.first().is_some_and(u8::is_ascii_uppercase) {
            is_inside = matches!(line.trim_ascii(), b"GEM" | b"GIT");
            continue;
        }
        let Some(gem) = line.strip_prefix(b"    ").filter(|gem| is_inside && !gem.starts_with(b" ")) else {
            continue;
        };
        let Some((name, version)) = memchr::memchr(b'(', gem).and_then(|open| gem.split_at_checked(open))
        else {
            list.fault("a gem without a version");
            continue;
        };
        let version = version.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")")).unwrap_or_default();
        // `1.15.0-x86_64-linux` is the version for one platform.
        list.push(name, version.split(|byte| *byte == b'-').next().unwrap_or_default())?;
    }
    Ok(list.finish())
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;
    use expect_test::expect;

    #[test]
    fn gems_without_what_they_need() {
        let text = "PATH\n  remote: .\n  specs:\n    own (0.1)\n\nGEM\n  remote: https://example.com/\n  specs:\n    nokogiri (1.15.0-x86_64-linux)\n      racc (~> 1.4)\n    rack (2.2.3)\n    broken\n\nDEPENDENCIES\n    rake (1)\n";
        let file = File { path: "Gemfile.lock", size: 0, mode: 0 };
        expect![[r#"
            gem nokogiri 1.15.0 locked
            gem rack 2.2.3 locked
            malformed: a gem without a version
        "#]]
        .assert_eq(&show(read(&file, text.as_bytes(), &Limits::default())));
    }
}
