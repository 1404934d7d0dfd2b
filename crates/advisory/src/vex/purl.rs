//! Whether a package URL in a statement means a package: <https://github.com/package-url/purl-spec>.

use inventory::PackageKind;

/// Whether `wanted` means the package that `actual` names. What `wanted` leaves open, version or qualifiers, may be
/// anything; what it says must be so. A text that is no package URL means itself alone.
pub(super) fn covers(wanted: &str, actual: &str) -> bool {
    let (Some(wanted_parts), Some(actual_parts)) = (Parts::of(wanted), Parts::of(actual)) else {
        return wanted == actual;
    };
    let same_path = wanted_parts.path.eq_ignore_ascii_case(&actual_parts.path);
    let same_version = wanted_parts.version.is_none() || wanted_parts.version == actual_parts.version;
    let same_qualifiers = wanted_parts.qualifiers.iter().all(|pair| actual_parts.qualifiers.contains(pair));
    same_path && same_version && same_qualifiers
}

/// The same for an image: its digest says which it is, wherever the statement says that it lies.
pub(super) fn covers_image(wanted: &str, actual: &str) -> bool {
    let (Some(wanted_parts), Some(actual_parts)) = (Parts::of(wanted), Parts::of(actual)) else {
        return wanted.eq_ignore_ascii_case(actual);
    };
    let same_version = wanted_parts.version.is_none() || wanted_parts.version == actual_parts.version;
    wanted_parts.path.eq_ignore_ascii_case(&actual_parts.path) && same_version
}

/// The same for a package of the image that the statement is attached to. `actual` has no namespace where the package
/// is one of a distribution.
pub(super) fn covers_in_image(wanted: &str, actual: &str, kind: PackageKind) -> bool {
    let (Some(wanted_parts), Some(actual_parts)) = (Parts::of(wanted), Parts::of(actual)) else {
        return wanted == actual;
    };
    let outer = |path: &str| {
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let name = if kind.is_os() { rest.rsplit('/').next().unwrap_or_default() } else { rest };
        (first.to_ascii_lowercase(), name.to_ascii_lowercase())
    };
    let same_version = wanted_parts.version.is_none() || wanted_parts.version == actual_parts.version;
    outer(&wanted_parts.path) == outer(&actual_parts.path) && same_version
}

struct Parts {
    path: String,
    version: Option<String>,
    qualifiers: Vec<String>,
}

impl Parts {
    fn of(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("pkg:")?;
        let rest = rest.split('#').next()?;
        let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        // A scope of npm may be written with its own `@`, which stands at the beginning of a part.
        let (path, version) = match path.rsplit_once('@') {
            Some((path, version)) if !path.is_empty() && !path.ends_with('/') && !version.contains('/') => {
                (path, Some(decoded(version)))
            }
            Some(_) | None => (path, None),
        };
        let qualifiers = qualifiers.split('&').filter(|pair| !pair.is_empty()).map(decoded).collect();
        Some(Self { path: decoded(path), version, qualifiers })
    }
}

/// Percent-encoding undone. What is not encoded as it should stays as it is.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let code = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(part.as_bytes().get(2..).unwrap_or_default());
            }
            None => {
                bytes.push(b'%');
                bytes.extend(part.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_open_may_be_anything_and_what_is_said_must_be_so() {
        let package = "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64&distro=debian-12";
        for yes in [
            "pkg:deb/debian/openssl",
            "pkg:deb/debian/openssl@3.0.11-1~deb12u2",
            "pkg:deb/debian/openssl@3.0.11-1%7Edeb12u2?arch=amd64",
            package,
        ] {
            assert!(covers(yes, package), "{yes}");
        }
        for no in [
            "pkg:deb/debian/openssl@3.0.12",
            "pkg:deb/debian/openssl?arch=arm64",
            "pkg:deb/debian/open",
            "",
            "%",
        ] {
            assert!(!covers(no, package), "{no}");
        }
        assert!(covers("pkg:npm/@scope/a", "pkg:npm/%40scope/a@1.0.0"));
        assert!(covers("sha256:1", "sha256:1") && !covers("sha256:1", "sha256:2"));
    }
}
