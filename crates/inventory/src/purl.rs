//! Package URLs: one line of text that names a package across all ecosystems.
//!
//! `pkg:apk/alpine/busybox@1.36.1-r7?arch=x86_64&distro=alpine-3.18.9`. The qualifiers stand in the order of the
//! alphabet, as the specification has it. `upstream` names the source package where it differs from the package, with
//! its version where that differs too; it is how other tools write it, and what they match source packages by.
//!
//! See <https://github.com/package-url/purl-spec>.

mod parse;

use crate::{Distribution, Package, PackageKind};
pub use parse::parse_package_url;
use std::fmt::Write as _;

/// The package URL of a package. The distribution says whose package it is, if it is a package of a distribution.
///
/// # Examples
///
/// ```
/// use inventory::{Package, PackageKind, package_url};
/// let package = Package {
///     kind: PackageKind::Npm,
///     name: "@babel/core".to_owned(),
///     version: "7.0.0".to_owned(),
///     architecture: None,
///     source: None,
///     module: None,
/// };
/// assert_eq!(package_url(&package, None), "pkg:npm/%40babel/core@7.0.0");
/// ```
pub fn package_url(package: &Package, distribution: Option<&Distribution>) -> String {
    // Bitnami says for which distribution it built, but the component is its own.
    let distribution = distribution.filter(|_| package.kind.is_os() || package.kind == PackageKind::Bitnami);
    let mut url = format!("pkg:{}/", package.purl_type());
    // The namespace of an ebuild is its category.
    if let Some(distribution) =
        distribution.filter(|_| package.kind.is_os() && package.kind != PackageKind::Portage)
    {
        encode(&mut url, &distribution.id);
        url.push('/');
    }
    write_name(&mut url, package);
    let (epoch, version) = epoch_and_version(package);
    if !version.is_empty() {
        url.push('@');
        encode(&mut url, version);
    }
    let mut qualifiers = vec![
        ("arch", package.architecture.clone().unwrap_or_default()),
        ("distro", distribution.map(distro).unwrap_or_default()),
        ("epoch", epoch.to_owned()),
        (
            "rpmmod",
            package
                .module
                .as_deref()
                .filter(|_| package.kind == PackageKind::Rpm)
                .map(stream)
                .unwrap_or_default(),
        ),
        ("upstream", upstream(package).unwrap_or_default()),
    ];
    qualifiers.retain(|(_, value)| !value.is_empty());
    for (index, (key, value)) in qualifiers.iter().enumerate() {
        url.push(if index == 0 { '?' } else { '&' });
        url.push_str(key);
        url.push('=');
        encode(&mut url, value);
    }
    url
}

/// The name with its namespace: slashes part it, and for Maven the colon between group and artifact.
fn write_name(url: &mut String, package: &Package) {
    let name = match package.kind {
        PackageKind::Maven => package.name.replacen(':', "/", 1),
        PackageKind::PyPi => package.name.to_ascii_lowercase().replace('_', "-"),
        PackageKind::Composer => package.name.to_ascii_lowercase(),
        PackageKind::Apk
        | PackageKind::Deb
        | PackageKind::Rpm
        | PackageKind::Npm
        | PackageKind::Golang
        | PackageKind::Cargo
        | PackageKind::Gem
        | PackageKind::NuGet
        | PackageKind::Alpm
        | PackageKind::Portage
        | PackageKind::Opkg
        | PackageKind::Conda
        | PackageKind::Pub
        | PackageKind::Hex
        | PackageKind::Swift
        | PackageKind::Hackage
        | PackageKind::Cran
        | PackageKind::Conan
        | PackageKind::Julia
        | PackageKind::Nix
        | PackageKind::Otp
        | PackageKind::Pear
        | PackageKind::Pecl
        | PackageKind::LuaRocks
        | PackageKind::Opam
        | PackageKind::Cpan
        | PackageKind::Bitnami
        | PackageKind::WordPress
        | PackageKind::Noted
        | PackageKind::Kernel
        | PackageKind::Assembly => package.name.clone(),
        PackageKind::Binary => match program_namespace(&package.name) {
            Some(namespace) => format!("{namespace}/{}", package.name),
            None => package.name.clone(),
        },
    };
    for (index, part) in name.split('/').filter(|part| !part.is_empty()).enumerate() {
        if index > 0 {
            url.push('/');
        }
        encode(url, part);
    }
}

/// The namespace under which a program is known, where one name would be too short for the whole world.
fn program_namespace(name: &str) -> Option<&'static str> {
    match name {
        "jdk" | "jre" | "openjdk" => Some("oracle"),
        "zulu" => Some("azul"),
        _ => None,
    }
}

/// An rpm keeps its epoch apart from its version.
fn epoch_and_version(package: &Package) -> (&str, &str) {
    match package.version.split_once(':') {
        Some((epoch, version)) if package.kind == PackageKind::Rpm => (epoch, version),
        Some(_) | None => ("", &package.version),
    }
}

/// `nodejs:18` of a whole label.
fn stream(module: &str) -> String {
    let parts: Vec<&str> = module.splitn(3, ':').take(2).collect();
    parts.join(":")
}

fn distro(distribution: &Distribution) -> String {
    if distribution.version.is_empty() {
        return distribution.id.clone();
    }
    format!("{}-{}", distribution.id, distribution.version)
}

fn upstream(package: &Package) -> Option<String> {
    let source = package.source.as_ref()?;
    let is_same_version = source.version.is_empty() || source.version == package.version;
    match (source.name == package.name, is_same_version || package.kind == PackageKind::Apk) {
        (true, true) => None,
        (false, true) => Some(source.name.clone()),
        (_, false) => Some(format!("{}@{}", source.name, source.version)),
    }
}

/// Writes text with all signs but the unreserved ones and the colon as `%NN`.
fn encode(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':') {
            url.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests;
