//! Installed Ruby gems: the `.gemspec` files in a `specifications` folder.
//!
//! RubyGems writes them itself, as `NAME-VERSION.gemspec`, in Ruby that we do not run. Lines such as
//! `s.name = "rack".freeze` are looked for; where they are not found, the file's name tells.

use super::{Action, Extractor, File, PackageList, Reading, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Ruby gem",
    watched: &[],
    claims: |file| is_specification(file.path),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn is_specification(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let is_gemspec = parts.next().is_some_and(|name| name.ends_with(".gemspec"));
    is_gemspec
        && match parts.next() {
            Some("specifications") => true,
            Some("default") => parts.next() == Some("specifications"),
            Some(_) | None => false,
        }
}

fn read(file: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let (mut name, mut version) = (None, None);
    for line in lines(content) {
        name = name.or_else(|| assigned(line, b"name"));
        version = version.or_else(|| assigned(line, b"version"));
    }
    let (file_name, file_version) = split_file_name(file.name());
    let mut list = PackageList::new(PackageKind::Gem, limits);
    list.push(name.unwrap_or(file_name.as_bytes()), version.unwrap_or(file_version.as_bytes()))?;
    Ok(list.finish())
}

/// The string in `s.KEY = "…".freeze`, also in the forms `%q{…}`, `'…'` and `Gem::Version.new("…")`.
fn assigned<'a>(line: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let line = line.trim_ascii_start();
    let dot = memchr::memchr(b'.', line)?;
    let value = line.get(dot.checked_add(1)?..)?.strip_prefix(key)?.trim_ascii_start().strip_prefix(b"=")?;
    let value = value.trim_ascii_start();
    let value = value.strip_prefix(b"Gem::Version.new(").unwrap_or(value);
    let (value, end) = match value {
        [b'"', rest @ ..] => (rest, b'"'),
        [b'\'', rest @ ..] => (rest, b'\''),
        [b'%', b'q', b'{', rest @ ..] => (rest, b'}'),
        _ => return None,
    };
    value.get(..memchr::memchr(end, value)?)
}

/// `rack-2.2.3.gemspec` and `nokogiri-1.15.0-x86_64-linux.gemspec`: the version begins at the first digit after a
/// hyphen.
fn split_file_name(name: &str) -> (&str, &str) {
    let stem = name.strip_suffix(".gemspec").unwrap_or(name);
    for (hyphen, _) in stem.match_indices('-') {
        if let Some((name, rest)) = stem.split_at_checked(hyphen) {
            let rest = rest.trim_start_matches('-');
            if rest.starts_with(|first: char| first.is_ascii_digit()) {
                return (name, rest.split('-').next().unwrap_or(rest));
            }
        }
    }
    (stem, "")
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;
    use expect_test::expect;

    #[test]
    fn names_and_versions_in_all_their_forms() {
        let read = |path: &str, text: &str| shown(read, path, text);
        expect![[r#"
            gem rack 2.2.3
        "#]]
        .assert_eq(&read(
            "specifications/x.gemspec",
            "  s.name = \"rack\".freeze\n  s.version = \"2.2.3\"\n",
        ));
        expect![[r#"
            gem rake 10.0
        "#]]
        .assert_eq(&read(
            "x.gemspec",
            "s.name = %q{rake}\ns.version = Gem::Version.new('10.0')\ns.name='other'",
        ));
        expect![[r#"
            gem net-http 1.15.0
        "#]]
        .assert_eq(&read("specifications/net-http-1.15.0-x86_64-linux.gemspec", "generated"));
        assert!(read("specifications/odd.gemspec", "").contains("malformed"));
    }

    #[test]
    fn only_installed_specifications_are_claimed() {
        assert!(is_specification("usr/lib/ruby/gems/3.2.0/specifications/rack-2.gemspec"));
        assert!(is_specification("usr/lib/ruby/gems/3.2.0/specifications/default/json-2.gemspec"));
        assert!(!is_specification("usr/lib/ruby/gems/3.2.0/gems/rack-2/rack.gemspec"));
    }
}
