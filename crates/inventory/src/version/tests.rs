//! The recorded answers of the real tools, the laws of order, and hostile input, for every scheme.

mod differential;
mod laws;
mod oracles;
mod recorded;
mod tools;

use super::{LENGTH_LIMIT, SCHEMES, Scheme, VersionError, scheme_of};
use crate::Ecosystem;
use std::cmp::Ordering;

/// The scheme with this name.
fn scheme(name: &str) -> &'static Scheme {
    SCHEMES.iter().copied().find(|scheme| scheme.name == name).unwrap()
}

/// Checks lines `a < b`, `a = b`, `a > b`, both ways round.
fn check(name: &str, lines: &str) {
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let [left, sign, right] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("not a case: {line}");
        };
        let expected = order(sign).unwrap();
        assert_eq!(scheme(name).compare(left, right), Ok(expected), "{name}: {line}");
        assert_eq!(scheme(name).compare(right, left), Ok(expected.reverse()), "{name}: {line}, reversed");
    }
}

fn order(sign: &str) -> Option<Ordering> {
    match sign {
        "<" => Some(Ordering::Less),
        "=" => Some(Ordering::Equal),
        ">" => Some(Ordering::Greater),
        _ => None,
    }
}

#[test]
fn every_scheme_file_is_registered() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/version");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .filter(|name| !["evr", "key", "tests"].contains(&name.as_str()))
        .collect();
    files.sort();
    let names: Vec<&str> = SCHEMES.iter().map(|scheme| scheme.name).collect();
    assert_eq!(names, files);
}

#[test]
fn no_ecosystem_has_two_schemes() {
    let mut bases: Vec<&str> = SCHEMES.iter().flat_map(|scheme| scheme.ecosystems).copied().collect();
    bases.sort_unstable();
    assert!(bases.is_sorted_by(|a, b| a < b), "twice in {bases:?}");
}

#[test]
fn base_of_the_ecosystem_decides_the_scheme() {
    let name = |ecosystem: &str| scheme_of(&Ecosystem::new(ecosystem)).map(|scheme| scheme.name);
    assert_eq!(name("Alpine:v3.18"), Some("apk"));
    assert_eq!(name("Ubuntu:Pro:22.04:LTS"), Some("deb"));
    assert_eq!(name("Red Hat:enterprise_linux:9::baseos"), Some("rpm"));
    assert_eq!(name("crates.io"), Some("semver"));
    assert_eq!(name("Nonsense"), None);
}

#[test]
fn empty_and_long_and_control_are_refused() {
    for scheme in SCHEMES {
        assert_eq!((scheme.key)(" "), Err(VersionError::Empty), "{}", scheme.name);
        let long = "1".repeat(LENGTH_LIMIT + 1);
        assert_eq!((scheme.key)(&long), Err(VersionError::TooLong { length: LENGTH_LIMIT + 1 }));
        assert!(matches!((scheme.key)("1\u{0}2"), Err(VersionError::Unreadable { .. })), "{}", scheme.name);
    }
}

#[test]
fn errors_name_the_version() {
    let error = scheme("deb").compare("a:1", "1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"a:1\" is not a version in the order of deb: what stands before its colon is not a number"
    );
}

#[test]
fn apk_cases() {
    check(
        "apk",
        "1.36.1-r7 > 1.36.1-r6
         1.36.1-r9 < 1.36.1-r10
         1.0_rc1 < 1.0
         1.0_p1 > 1.0
         1.0_alpha < 1.0_beta
         1.0_git20200101 > 1.0
         1.1.1a-r0 < 1.1.1b-r0
         1.1.1 < 1.1.1a
         2.0.0 < 2.0.00
         1.010 < 1.09
         1.09 < 1.10
         1.09 < 1.9
         1.2 < 1.2~0123abc
         1.2~0123abc-r0 > 1.2-r9
         1.2~0 < 1.2.1
         0.r1 < 0r2
         0..8 > 0...8
         1.2_rc1~abc < 1.2
         1-r = 1-r0
         1-r-0 < 1-r0
         1-r0-1 = 1-r-2
         1-ruff < 1
         1.05 < 1.5
         3.0.0 < 10.0.0",
    );
}

/// <https://www.debian.org/doc/debian-policy/ch-controlfields.html#version>
#[test]
fn deb_cases() {
    check(
        "deb",
        "1.0~~ < 1.0~~a
         1.0~~a < 1.0~
         1.0~ < 1.0
         1.0 < 1.0a
         1.0a < 1.0+b
         1:0.1 > 9.9
         1.0 = 1.0-0
         1.0-1 < 1.0-1+deb12u1
         1.2-3-4 > 1.2-3-3
         007 = 7",
    );
}

/// <https://github.com/rpm-software-management/rpm/blob/master/tests/rpmvercmp.at>
#[test]
fn rpm_cases() {
    check(
        "rpm",
        "1.0~rc1 < 1.0
         1.0 < 1.0^git1
         1.0^git1 < 1.0.1
         2.0 = 2_0
         1.0a < 1.0.1
         0:1-1 = 1-1
         1:1-1 > 2-1
         5.1.8-4.el9 < 5.1.8-4.el9_1",
    );
}

/// <https://semver.org/#spec-item-11>
#[test]
fn semver_cases() {
    check(
        "semver",
        "1.0.0-alpha < 1.0.0-alpha.1
         1.0.0-alpha.beta < 1.0.0-beta
         1.0.0-beta.2 < 1.0.0-beta.11
         1.0.0-rc.1 < 1.0.0
         1.0.0+a = 1.0.0+b
         1.2 = 1.2.0
         0 < 0.0.1
         18446744073709551616.0.0 > 18446744073709551615.0.0",
    );
}

/// <https://go.dev/ref/mod#pseudo-versions>
#[test]
fn go_cases() {
    check(
        "go",
        "v0.0.0-20170915032832-14c0d48ead0c < v0.0.0-20180904163835-0709b304e793
         v2.0.0+incompatible = 2.0.0
         go1.21.3 = 1.21.3
         go1.21rc2 < 1.21.0
         go1.21rc2 > 1.21.0-0
         go1.21beta1 < go1.21rc1
         go1.9 < go1.10",
    );
}

#[test]
fn npm_cases() {
    check("npm", "=v1.2.3 = 1.2.3\nv1.2.3 = =1.2.3\n1.2.3-beta < 1.2.3\n4.17.20 < 4.17.21");
}

/// <https://peps.python.org/pep-0440/#summary-of-permitted-suffixes-and-relative-ordering>
#[test]
fn pep440_cases() {
    check(
        "pep440",
        "1.0.dev456 < 1.0a1
         1.0a2.dev456 < 1.0a12.dev456
         1.0b2.post345.dev456 < 1.0b2.post345
         1.0rc1 < 1.0
         1.0 < 1.0+abc.5
         1.0+abc.7 < 1.0+5
         1.0+5 < 1.0.post456.dev34
         1.0.post456 < 1.1.dev1
         1.0.0 = 1
         v1.0-ALPHA.1 = 1.0a1
         1.0a.-r1 = 1.0a0.post1
         1!0.1 > 2026.1
         no-version-at-all < 0.0.dev0",
    );
}

/// <https://maven.apache.org/pom.html#version-order-specification>
#[test]
fn maven_cases() {
    check(
        "maven",
        "1-1.foo-bar1baz-.1 = 1-1.foo-bar-1-baz-0.1
         1.0.0 = 1
         1.ga = 1
         1.0-sp > 1.0-ga
         1-sp-1 < 1-ga-1
         1-a1 = 1-alpha-1
         1-snapshot < 1
         1-foo2 < 1-foo10
         1.foo = 1-foo
         1-foo < 1-1
         1-1 < 1.1
         2.14.1 < 2.15.0
         2.15.0-rc1 < 2.15.0
         1.0.1 > 1-1",
    );
}

/// <https://docs.ruby-lang.org/en/master/Gem/Version.html>
#[test]
fn gem_cases() {
    check(
        "gem",
        "1.0 = 1
         1.0.a < 1
         1.0.a.0 = 1.a
         1.a.0.b < 1.a
         1.a.0.1 > 1.a
         1.a.b < 1.a.0.a
         1.a.1 > 1.a.0.9
         5.2.4.rc1 < 5.2.4
         1-1 < 1",
    );
}

/// <https://www.php.net/manual/function.version-compare.php>
#[test]
fn composer_cases() {
    check(
        "composer",
        "5.2 < 5.10
         1.0-dev < 1.0-alpha
         1.0-RC1 < 1.0
         1.0 < 1.0.0
         1.0 < 1.0-patch1
         dev-main < 0.0.1",
    );
}

#[test]
fn nuget_pub_cran_and_hackage_cases() {
    check("nuget", "1.0.0.1 > 1.0.0\n1.0.0-RC = 1.0.0-rc\n13.0.1 < 13.0.3");
    check("pub_dev", "1.2.3+1 < 1.2.3+2\n1.2.3 < 1.2.3+1\n1.2.3-a+1 < 1.2.3");
    check("cran", "1.0-10 > 1.0.9\n1.0 < 1.0.0");
    check("hackage", "1.0 < 1.0.0\n0.10 > 0.9");
}

/// <https://gitlab.archlinux.org/pacman/pacman/-/blob/master/test/util/vercmptest.sh>
#[test]
fn arch_cases() {
    check(
        "arch",
        "1.5.0 = 1.5.0
         1.5.1 > 1.5.0
         1.5.1 > 1.5
         1.5.0-1 < 1.5.0-2
         1.5.0-1 < 1.5.1-1
         1.5.0-2 < 1.5.1-1
         1.5-1 = 1.5
         1.5 < 1.5.1-1
         1.5.b > 1.5
         1.5b < 1.5
         1.5b < 1.5.1
         1.5b-1 < 1.5-1
         1.0a < 1.0alpha
         1.0alpha < 1.0b
         1.0b < 1.0beta
         1.0beta < 1.0rc
         1.0rc < 1.0
         1.5.a < 1.5.1
         1.5.b < 1.5.1
         2.0 < 2.0.0
         2.0. > 2.0
         2.0.a < 2.0.
         2..0 > 2.0
         2.0.. = 2.0.
         2.0.0 = 2.0_0
         0:1.0 = 1.0
         1:1.0 > 2.0
         1.001 = 1.1",
    );
}

/// <https://docs.conan.io/2/tutorial/versioning/version_ranges.html>
#[test]
fn conan_cases() {
    check(
        "conan",
        "1.1.1k > 1.1.1j
         1.1.1 < 1.1.1a
         1.0 = 1
         1.0-pre < 1.0
         1.0-pre.2 < 1.0-pre.10
         1.0 < 1.0+1
         1.2.3 < 1.2.10
         3.0.0 > 1.1.1w
         cci.20210801 > cci.20200101
         cci.20210801 > 9.9",
    );
}
