//! WordPress: itself and its plugins.
//!
//! A plugin names itself in the comment at the head of a PHP file directly in its folder, `Plugin Name: …` and
//! `Version: …`; WordPress looks into the first 8 KiB for it, and so do we. The name that the directory of plugins
//! knows is that of the folder. WordPress itself has its version in `wp-includes/version.php`.

use super::{Action, Extractor, File, PackageList, Reading, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

/// How far WordPress reads for the head.
const HEAD: usize = 8192;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "WordPress",
    watched: &[],
    claims: |file| file.path.ends_with(".php") && (plugin(file.path).is_some() || is_itself(file.path)),
    magic: &[b"<?php"],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn is_itself(path: &str) -> bool {
    path == "wp-includes/version.php" || path.ends_with("/wp-includes/version.php")
}

/// The folder of the plugin that this file lies directly in.
fn plugin(path: &str) -> Option<&str> {
    let (_, rest) = path.split_once("wp-content/plugins/")?;
    let (folder, name) = rest.split_once('/')?;
    (!name.contains('/')).then_some(folder)
}

fn read(file: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let head = content.get(..HEAD).unwrap_or(content);
    if is_itself(file.path) {
        let Some(version) = lines(head).find_map(|line| quoted(line.strip_prefix(b"$wp_version")?)) else {
            return Ok(Reading::Nothing);
        };
        let mut list = PackageList::new(PackageKind::Binary, limits);
        list.push(b"wordpress", version)?;
        return Ok(list.finish());
    }
    let (Some(_), Some(folder)) = (field(head, b"Plugin Name:"), plugin(file.path)) else {
        return Ok(Reading::Nothing);
    };
    let mut list = PackageList::new(PackageKind::WordPress, limits);
    list.push(folder.as_bytes(), field(head, b"Version:").unwrap_or_default())?;
    Ok(list.finish())
}

/// ` = '6.4.2';`
fn quoted(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start().strip_prefix(b"'")?;
    rest.get(..memchr::memchr(b'\'', rest)?)
}

/// The value of a line of the comment, such as ` * Version: 1.0`.
fn field<'a>(head: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    lines(head).find_map(|line| {
        let start = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'*' | b'/' | b'#' | b'@'))?;
        Some(line.get(start..)?.strip_prefix(key)?.trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;

    #[test]
    fn plugins_and_wordpress_itself() {
        let read = |path, text: &str| shown(read, path, text);
        let head = "<?php\n/**\n * Plugin Name: Contact Form 7\n * Version: 5.1\n */\n";
        let path = "var/www/html/wp-content/plugins/contact-form-7/wp-contact-form-7.php";
        assert_eq!(read(path, head), "wordpress-plugin contact-form-7 5.1\n");
        assert_eq!(read(path, "<?php\n// Version: 5.1\n"), "nothing\n");
        assert!(read(path, "<?php\n/* Plugin Name: x */").contains("malformed"));
        let version = "<?php\n/**\n * @global string $wp_version\n */\n$wp_version = '6.4.2';\n";
        assert_eq!(read("wp-includes/version.php", version), "generic wordpress 6.4.2\n");
        assert_eq!(plugin("wp-content/plugins/a/inc/b.php"), None);
    }
}
