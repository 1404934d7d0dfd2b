//! Installed packages of PEAR and PECL: the `.reg` files of PHP's own installer.
//!
//! `pecl install redis`, as images of PHP do it, leaves `.registry/.channel.pecl.php.net/redis.reg`, a PHP array in
//! PHP's own serialised form: `a:2:{s:4:"name";s:5:"redis";…}`. Of its members `name` and `version` are looked for.
//! In newer files the version is an array of two, for the package and for its interface, of which the first counts.
//!
//! Packages of the channel pear.php.net are also on Packagist as `pear/NAME`, which is how advisories know them, so they
//! are listed as such. Extensions of PHP, from pecl.php.net, are a kind of their own; other channels stand in the name.

use super::{Action, Extractor, File, PackageList, Reading};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

const MAIN: &str = "pear.php.net";
const EXTENSIONS: &str = "pecl.php.net";

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "PEAR package",
    watched: &[],
    claims: |file| channel(file.path).is_some(),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

/// The channel in whose registry a file stands.
fn channel(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    // Aliases and channels themselves have no such file; the installer's own marks begin with a dot.
    if !name.ends_with(".reg") || name.starts_with('.') {
        return None;
    }
    let (above, last) = folder.rsplit_once('/').unwrap_or(("", folder));
    match last.strip_prefix(".channel.") {
        Some(channel) if above == ".registry" || above.ends_with("/.registry") => Some(channel),
        Some(_) => None,
        None => (last == ".registry").then_some(MAIN),
    }
}

fn read(file: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let name = member(content, b"name").and_then(|value| Some(string(value)?.0));
    let version = member(content, b"version").and_then(|value| {
        let release = member(value, b"release").unwrap_or(value);
        Some(string(release)?.0)
    });
    let (Some(name), Some(version)) = (name, version) else {
        return Err(SkipReason::Malformed("a registration of PEAR without a name or a version".to_owned()));
    };
    let channel = channel(file.path).unwrap_or(MAIN);
    if channel == MAIN {
        let mut list = PackageList::new(PackageKind::Composer, limits);
        let name = [b"pear/", name.to_ascii_lowercase().as_slice()].concat();
        list.push(&name, version)?;
        return Ok(list.finish());
    }
    if channel == EXTENSIONS {
        let mut list = PackageList::new(PackageKind::Pecl, limits);
        list.push(name, version)?;
        return Ok(list.finish());
    }
    let mut list = PackageList::new(PackageKind::Pear, limits);
    list.push(&[channel.as_bytes(), b"/", name].concat(), version)?;
    Ok(list.finish())
}

/// Arrays in arrays deeper than this are no registration: real ones have six.
const DEPTH: u32 = 32;

/// Where the value of a member begins, in an array `a:COUNT:{KEY VALUE …}`. Members of inner arrays have the same names,
/// so the others are passed over whole.
fn member<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let mut rest = array(text)?;
    loop {
        let value = match string(rest) {
            Some((name, value)) if name == key => return Some(value),
            Some((_, value)) => value,
            None => scalar(rest)?,
        };
        rest = behind(value, DEPTH)?;
    }
}

/// What follows a whole value.
fn behind(text: &[u8], depth: u32) -> Option<&[u8]> {
    let Some(mut rest) = array(text) else {
        return string(text).map(|(_, rest)| rest).or_else(|| scalar(text));
    };
    let depth = depth.checked_sub(1)?;
    loop {
        if let Some(rest) = rest.strip_prefix(b"}") {
            return Some(rest);
        }
        // A key, and its value.
        rest = behind(behind(rest, depth)?, depth)?;
    }
}

/// What stands in the braces of an array, and behind them.
fn array(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"a:")?;
    let digits = rest.iter().take_while(|sign| sign.is_ascii_digit()).count();
    rest.get(digits..)?.strip_prefix(b":{")
}

/// A number, a truth or nothing: `i:1;`, `b:0;`, `d:0.5;`, `N;`.
fn scalar(text: &[u8]) -> Option<&[u8]> {
    let (value, rest) = text.split_at_checked(memchr::memchr(b';', text.get(..32).unwrap_or(text))?)?;
    matches!(value, [b'i' | b'b' | b'd', b':', ..] | b"N").then_some(())?;
    rest.strip_prefix(b";")
}

/// `s:5:"redis";` and what follows. The length is believed only if the quote stands where it says.
fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = text.strip_prefix(b"s:")?;
    let colon = memchr::memchr(b':', rest.get(..10).unwrap_or(rest))?;
    let length: usize = std::str::from_utf8(rest.get(..colon)?).ok()?.parse().ok()?;
    let rest = rest.get(colon.checked_add(1)?..)?.strip_prefix(b"\"")?;
    let (value, rest) = rest.split_at_checked(length)?;
    Some((value, rest.strip_prefix(b"\";")?))
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn both_forms_of_a_version() {
        // The form of the file itself has a version too, and comes first.
        let text = r#"a:5:{s:7:"attribs";a:2:{s:7:"version";s:3:"2.0";i:0;N;}s:4:"name";s:5:"redis";s:3:"old";b:1;s:7:"version";a:2:{s:7:"release";s:5:"5.3.7";s:3:"api";s:5:"5.3.0";}s:4:"date";d:0.5;}"#;
        assert_eq!(
            shown(read, "usr/local/lib/php/.registry/.channel.pecl.php.net/redis.reg", text),
            "pecl redis 5.3.7\n"
        );
        let text = r#"a:3:{s:8:"provides";a:0:{}s:4:"name";s:11:"Archive_Tar";s:7:"version";s:5:"1.4.9";}"#;
        assert_eq!(
            shown(read, "usr/share/php/.registry/archive_tar.reg", text),
            "composer pear/archive_tar 1.4.9\n"
        );
        // Every beginning of it is cut somewhere, and the last of them in front of the closing brace alone.
        for length in 0..text.len() - 2 {
            assert!(shown(read, "a/.registry/x.reg", &text[..length]).starts_with("malformed"), "{length}");
        }
    }

    #[test]
    fn arrays_that_lie_or_nest_are_no_registration() {
        let deep = format!("a:1:{{s:1:\"x\";{}", "a:1:{i:0;".repeat(100_000));
        for broken in [
            r#"a:1:{s:4:"name";s:999999999:"x";}"#,
            r#"a:2:{s:4:"name";s:3:"redis";s:7:"version";s:1:"1";}"#,
            "a:9:{i:0;i:1;}",
            "a::{",
            &deep,
        ] {
            assert!(shown(read, "a/.registry/x.reg", broken).starts_with("malformed"), "{broken}");
        }
    }

    #[test]
    fn registries_and_their_channels() {
        assert_eq!(channel(".registry/a.reg"), Some("pear.php.net"));
        assert_eq!(channel("usr/share/php/.registry/.channel.pecl.php.net/xdebug.reg"), Some("pecl.php.net"));
        for path in [
            "usr/a.reg",
            "x/.registry/.lock",
            "x/.channel.pecl.php.net/a.reg",
            "x/.registry/y/a.reg",
            "x/.registry/.x.reg",
        ] {
            assert_eq!(channel(path), None, "{path}");
        }
    }
}
