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
        // Nobody said which version it is, and yet there is one.
        let patchable = fix_state == Some(FixState::Subscription);
        return Remediation { sentence, patchable, command: None };
    };
    let of_source =
        if source == package || !kind.is_os() { String::new() } else { format!(" (source {source})") };
    let mut sentence =
        format!("Upgrade {}{} to {} or later.", shown(package), shown(&of_source), shown(fixed));
    if fix_state == Some(FixState::Subscription) {
        // The ordinary command would find nothing to install.
        sentence += &format!(" {}", subscription(ecosystem));
        return Remediation { sentence, patchable: true, command: None };
    }
    let safe = is_harmless(package) && is_harmless(fixed);
    let command = safe.then(|| command(ecosystem, package, fixed)).flatten();
    Remediation { sentence, patchable: true, command }
}

/// Who gets a fix that not everybody gets.
fn subscription(ecosystem: &Ecosystem) -> &'static str {
    match ecosystem.base() {
        "Ubuntu" => {
            "It is in Ubuntu Pro alone: attach the build to a subscription, or move to a newer release."
        }
        "SUSE" => "It needs long-term support: register the build for it, or move to a newer service pack.",
        _ => "It needs a subscription of the vendor: register the build, or move to a newer release.",
    }
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
        Some(FixState::Subscription) => {
            format!("{ecosystem} has a fix for {package}. {}", subscription(ecosystem))
        }
        None => {
            format!("No fix exists yet for {package} in {ecosystem}. Remove it if it is not needed.")
        }
    }
}

/// The command of the ecosystem's own package manager; none where it has no command for one dependency.
fn command(ecosystem: &Ecosystem, package: &str, fixed: &str) -> Option<String> {
    let plain_version = fixed.trim_start_matches('v');
    Some(match ecosystem.base() {
        "Alpine" | "Wolfi" | "Chainguard" | "Alpaquita" | "BellSoft Hardened Containers" | "MinimOS" => {
            format!("apk add --upgrade '{package}>={fixed}'")
        }
        "Debian" | "Ubuntu" | "Echo" => {
            format!("apt-get update && apt-get install --only-upgrade {package}")
        }
        "SUSE" | "openSUSE" => format!("zypper --non-interactive update {package}"),
        "Photon OS" | "Azure Linux" => format!("tdnf --assumeyes update {package}"),
        "Red Hat" | "CentOS" | "Oracle Linux" | "Amazon Linux" if has_yum_alone(ecosystem) => {
            format!("yum --assumeyes update {package}")
        }
        "Red Hat" | "CentOS" | "Oracle Linux" | "Amazon Linux" | "AlmaLinux" | "Rocky Linux" | "Fedora"
        | "Mageia" | "openEuler" => format!("dnf upgrade {package}"),
        "OpenWrt" => format!("opkg update && opkg upgrade {package}"),
        // Arch does not support the upgrade of one package alone.
        "Arch Linux" => "pacman --sync --refresh --sysupgrade --noconfirm".to_owned(),
        "PyPI" => format!("pip install '{package}>={fixed}'"),
        "npm" => format!("npm install '{package}@>={fixed}'"),
        "RubyGems" => format!("gem install {package} --version '>={fixed}'"),
        "crates.io" => format!("cargo update --package {package} --precise {fixed}"),
        "Packagist" => format!("composer require '{package}:>={fixed}'"),
        "NuGet" => format!("dotnet add package {package} --version {fixed}"),
        "Hex" => format!("mix deps.update {package}"),
        "Pub" => format!("dart pub add '{package}:>={fixed}'"),
        "Go" if matches!(package, "stdlib" | "toolchain") => {
            format!("go get go@{} && go build ./...", plain_version.trim_start_matches("go"))
        }
        "Go" => format!("go get {package}@v{plain_version} && go mod tidy"),
        "Maven" => format!(
            "mvn versions:use-dep-version -Dincludes={package} -DdepVersion={fixed} -DforceVersion=true"
        ),
        _ => return None,
    })
}

/// Releases of the Red Hat kind before dnf.
fn has_yum_alone(ecosystem: &Ecosystem) -> bool {
    let release = ecosystem.as_str().rsplit(':').next().unwrap_or_default();
    matches!(release, "5" | "6" | "7") || (ecosystem.base() == "Amazon Linux" && matches!(release, "1" | "2"))
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
    use proptest::prelude::*;

    const ECOSYSTEMS: [(&str, PackageKind); 22] = [
        ("Alpine:v3.18", PackageKind::Apk),
        ("Wolfi", PackageKind::Apk),
        ("Debian:12", PackageKind::Deb),
        ("Ubuntu:22.04:LTS", PackageKind::Deb),
        ("Red Hat:enterprise_linux:9", PackageKind::Rpm),
        ("Red Hat:enterprise_linux:7", PackageKind::Rpm),
        ("Oracle Linux:8", PackageKind::Rpm),
        ("SUSE:Linux Enterprise Server 15 SP4", PackageKind::Rpm),
        ("openSUSE:Tumbleweed", PackageKind::Rpm),
        ("Photon OS:5.0", PackageKind::Rpm),
        ("Azure Linux:3", PackageKind::Rpm),
        ("Amazon Linux:2023", PackageKind::Rpm),
        ("Arch Linux", PackageKind::Rpm),
        ("PyPI", PackageKind::PyPi),
        ("npm", PackageKind::Npm),
        ("RubyGems", PackageKind::Gem),
        ("crates.io", PackageKind::Cargo),
        ("Packagist", PackageKind::Composer),
        ("NuGet", PackageKind::NuGet),
        ("Go", PackageKind::Golang),
        ("Maven", PackageKind::Maven),
        ("Nowhere", PackageKind::Npm),
    ];

    proptest! {
        /// The sentence, the command and `patchable` never say different things about the same fix.
        #[test]
        fn a_remediation_never_contradicts_the_fix_state(
            (ecosystem, kind) in prop::sample::select(ECOSYSTEMS.to_vec()),
            package in "[a-z][a-z0-9._+/:@;$ -]{0,20}",
            fixed in prop::option::of("[0-9][0-9a-z.~+:;' -]{0,12}"),
            state in prop::sample::select(vec![
                None,
                Some(FixState::WillNotFix),
                Some(FixState::Postponed),
                Some(FixState::EndOfLife),
                Some(FixState::Subscription),
            ]),
        ) {
            let read = remediation(
                &Ecosystem::new(ecosystem), kind, &package, &package, fixed.as_deref(), state,
            );
            let is_there = fixed.is_some() || state == Some(FixState::Subscription);
            prop_assert_eq!(read.patchable, is_there);
            prop_assert_eq!(read.sentence.contains("No fix"), !is_there);
            prop_assert!(read.command.is_none() || read.patchable);
            if let Some(fixed) = &fixed {
                let wanted = format!("to {fixed} or later");
                prop_assert!(read.sentence.contains(&wanted));
            }
            if state == Some(FixState::Subscription) {
                prop_assert!(read.command.is_none());
                prop_assert!(read.sentence.contains("subscription") || read.sentence.contains("support"));
            }
            if let Some(command) = &read.command {
                prop_assert!(!command.contains(';') && !command.contains('$'), "{}", command);
            }
        }
    }

    #[test]
    fn every_known_ecosystem_has_a_command() {
        for (ecosystem, kind) in ECOSYSTEMS {
            let read = remediation(&Ecosystem::new(ecosystem), kind, "a", "a", Some("1"), None);
            assert_eq!(read.command.is_none(), ecosystem == "Nowhere", "{ecosystem}");
        }
        let of = |ecosystem: &str| {
            let ecosystem = Ecosystem::new(ecosystem);
            remediation(&ecosystem, PackageKind::Rpm, "a", "a", Some("1"), None).command.unwrap()
        };
        assert_eq!(of("Red Hat:enterprise_linux:7"), "yum --assumeyes update a");
        assert_eq!(of("Red Hat:enterprise_linux:9"), "dnf upgrade a");
        assert_eq!(of("SUSE:Linux Enterprise Server 15 SP4"), "zypper --non-interactive update a");
        assert_eq!(of("Azure Linux:3"), "tdnf --assumeyes update a");
    }

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
