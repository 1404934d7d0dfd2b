//! Package names, as each ecosystem compares them.

use inventory::Ecosystem;
use std::borrow::Cow;

/// The form of a package name in which the ecosystem compares it.
///
/// * PyPI: runs of `-`, `_` and `.` are one `-`, letters are small
///   (<https://packaging.python.org/en/latest/specifications/name-normalization/>).
/// * NuGet and Packagist: letters are small.
/// * Bitnami: programs go by the names of its own components, which are not those that everybody else calls them by.
/// * All others: as written. An npm scope, a Go module path and a Maven group belong to the name.
pub fn normalised_name<'n>(ecosystem: &Ecosystem, name: &'n str) -> Cow<'n, str> {
    match ecosystem.base() {
        "PyPI" => pep_503(name),
        "NuGet" | "Packagist" => small(name),
        "Bitnami" => Cow::Borrowed(component(name)),
        _ => Cow::Borrowed(name),
    }
}

/// The component of Bitnami that a program is, or is a part of.
fn component(program: &str) -> &str {
    match program {
        "go" => "golang",
        "httpd" => "apache",
        "jdk" | "jre" | "openjdk" | "zulu" => "java",
        "libphp" | "php-cli" | "php-fpm" => "php",
        _ => program,
    }
}

fn pep_503(name: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if name.bytes().all(plain) {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    let mut separated = false;
    for character in name.chars() {
        if matches!(character, '-' | '_' | '.') {
            separated = true;
            continue;
        }
        if separated {
            out.push('-');
            separated = false;
        }
        out.push(character.to_ascii_lowercase());
    }
    if separated {
        out.push('-');
    }
    Cow::Owned(out)
}

fn small(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_their_ecosystem_does() {
        let check = |ecosystem: &str, name: &str, expected: &str| {
            assert_eq!(normalised_name(&Ecosystem::new(ecosystem), name), expected, "{ecosystem} {name}");
        };
        check("PyPI", "Zope.Interface", "zope-interface");
        check("PyPI", "ruamel-._yaml", "ruamel-yaml");
        check("PyPI", "django", "django");
        check("PyPI", "a-", "a-");
        check("NuGet", "Newtonsoft.Json", "newtonsoft.json");
        check("npm", "@Scope/Name", "@Scope/Name");
        check("Bitnami", "httpd", "apache");
        check("Bitnami", "php-fpm", "php");
        check("Bitnami", "nginx", "nginx");
        check("Go", "github.com/Azure/go-autorest", "github.com/Azure/go-autorest");
        check("Debian:12", "libstdc++6", "libstdc++6");
    }
}
