//! Remediation: one sentence that says what repairs a finding, and the command that does it.
//!
//! Names and versions come out of images and feeds, and people paste commands into a shell. A command is made only
//! of characters that mean nothing to a shell, and versions stand in quotes; with any other character there is a
//! sentence and no command.

use crate::FixState;
use inventory::{Ecosystem, PackageKind};
use serde::{Deserialize, Serialize};

/// How to repair a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remediation {
    /// One sentence.
    pub sentence: String,
    /// Whether a fixed version exists.
    pub patchable: bool,
    /// A command for the image's build, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// How to repair a finding in an installed package: `source` is the name under which the feed knows it, and
/// `fixed` the first version without the vulnerability, in the feed's counting.
pub fn remediation(
    ecosystem: &Ecosystem,
    kind: PackageKind,
    package: &str,
    source: &str,
    fixed: Option<&str>,
    fix_state: Option<FixState>,
) -> Remediation {
    let Some(fixed) = fixed else {
        let sentence = unfixed(ecosystem, package, fix_state);
        return Remediation { sentence, patchable: false, command: None };
    };
    let of_source =
        if source == package || !kind.is_os() { String::new() } else { format!(" (source {source})") };
    let package_text = shown(package);
    let sentence = format!("Upgrade {package_text}{of_source} to {} or later.", shown(fixed));
    let safe = is_harmless(package) && is_harmless(fixed);
    Remediation { sentence, patchable: true, command: safe.then(|| command(kind, package, fixed)).flatten() }
}

fn unfixed(ecosystem: &Ecosystem, package: &str, fix_state: Option<FixState>) -> String {
    let package = shown(package);
    match fix_state {
        Some(FixState::WillNotFix) => {
            format!(
                "No fix exists: {ecosystem} has decided not to fix {package}. Remove it, or move to a newer release."
            )
        }
        Some(FixState::Postponed) => {
            format!(
                "No fix exists yet: {ecosystem} has put off a fix for {package}. Remove it if it is not needed."
            )
        }
        Some(FixState::EndOfLife) => format!(
            "No fix will come: {package} is no longer supported in {ecosystem}. Move to a supported release."
        ),
        None => format!("No fix exists yet for {package} in {ecosystem}. Remove it if it is not needed."),
    }
}

fn command(kind: PackageKind, package: &str, fixed: &str) -> Option<String> {
    let plain_version = fixed.trim_start_matches('v');
    Some(match kind {
        PackageKind::Apk => format!("apk add --upgrade '{package}>={fixed}'"),
        PackageKind::Deb => format!("apt-get update && apt-get install --only-upgrade {package}"),
        PackageKind::Rpm => format!("dnf upgrade {package}"),
        PackageKind::PyPi => format!("pip install '{package}>={fixed}'"),
        PackageKind::Npm => format!("npm install '{package}@>={fixed}'"),
        PackageKind::Gem => format!("gem install {package} --version '>={fixed}'"),
        PackageKind::Cargo => format!("cargo update --package {package} --precise {fixed}"),
        PackageKind::Composer => format!("composer require '{package}:>={fixed}'"),
        PackageKind::NuGet => format!("dotnet add package {package} --version {fixed}"),
        PackageKind::Golang if matches!(package, "stdlib" | "toolchain") => {
            format!("go get go@{} && go build ./...", plain_version.trim_start_matches("go"))
        }
        PackageKind::Golang => format!("go get {package}@v{plain_version} && go mod tidy"),
        PackageKind::Alpm => "pacman -Syu".to_owned(),
        PackageKind::Opkg => format!("opkg update && opkg upgrade {package}"),
        PackageKind::Conda => format!("conda install '{package}>={fixed}'"),
        PackageKind::Pub => format!("dart pub upgrade {package}"),
        PackageKind::Hex => format!("mix deps.update {package}"),
        // Maven, Gradle and these others have no command that changes the version of a dependency.
        PackageKind::Maven
        | PackageKind::Swift
        | PackageKind::Hackage
        | PackageKind::Cran
        | PackageKind::Conan
        | PackageKind::Julia
        | PackageKind::Nix
        | PackageKind::WordPress
        // Whoever put a program there by hand replaces it by hand.
        | PackageKind::Binary => return None,
    })
}

/// Whether a text means nothing to a shell and is no option.
fn is_harmless(text: &str) -> bool {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"@/._+:~-^".contains(&byte);
    !text.is_empty() && !text.starts_with('-') && text.len() <= 200 && text.bytes().all(harmless)
}

/// A foreign text for a sentence: short, and without control characters.
fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        ecosystem: &str,
        kind: PackageKind,
        package: &str,
        source: &str,
        fixed: &str,
        expected: [&str; 2],
    ) {
        let read = remediation(&Ecosystem::new(ecosystem), kind, package, source, Some(fixed), None);
        assert_eq!([&*read.sentence, read.command.as_deref().unwrap_or_default()], expected);
    }

    #[test]
    fn each_distribution_has_its_command() {
        check(
            "Alpine:v3.10",
            PackageKind::Apk,
            "busybox",
            "busybox",
            "1.31.1-r11",
            ["Upgrade busybox to 1.31.1-r11 or later.", "apk add --upgrade 'busybox>=1.31.1-r11'"],
        );
        check(
            "Debian:12",
            PackageKind::Deb,
            "libssl3",
            "openssl",
            "3.0.15-1~deb12u1",
            [
                "Upgrade libssl3 (source openssl) to 3.0.15-1~deb12u1 or later.",
                "apt-get update && apt-get install --only-upgrade libssl3",
            ],
        );
        check(
            "PyPI",
            PackageKind::PyPi,
            "Django",
            "django",
            "2.2.1",
            ["Upgrade Django to 2.2.1 or later.", "pip install 'Django>=2.2.1'"],
        );
        check(
            "Go",
            PackageKind::Golang,
            "golang.org/x/net",
            "golang.org/x/net",
            "0.7.0",
            ["Upgrade golang.org/x/net to 0.7.0 or later.", "go get golang.org/x/net@v0.7.0 && go mod tidy"],
        );
    }

    #[test]
    fn foreign_characters_make_no_command() {
        for package in ["a;reboot", "$(reboot)", "a b", "--option", "a'b", "é", "a\nb", ""] {
            let read = remediation(
                &Ecosystem::new("Debian:12"),
                PackageKind::Deb,
                package,
                package,
                Some("1"),
                None,
            );
            assert_eq!(read.command, None, "{package:?}");
            assert!(!read.sentence.contains('\n'));
        }
        let read = remediation(&Ecosystem::new("npm"), PackageKind::Npm, "a", "a", Some("1';reboot"), None);
        assert_eq!(read.command, None);
    }

    #[test]
    fn without_a_fix_the_sentence_is_honest() {
        let sentence = |fix_state| {
            let read =
                remediation(&Ecosystem::new("Debian:12"), PackageKind::Deb, "tar", "tar", None, fix_state);
            assert!(!read.patchable);
            read.sentence
        };
        assert_eq!(sentence(None), "No fix exists yet for tar in Debian:12. Remove it if it is not needed.");
        assert!(sentence(Some(FixState::WillNotFix)).contains("decided not to fix"));
        assert!(sentence(Some(FixState::EndOfLife)).contains("no longer supported"));
    }
}
