//! From a package URL back to the package.

use super::{epoch_and_version, program_namespace};
use crate::{Package, PackageKind, SourcePackage};

/// All kinds, each with the type word of its URLs.
const KINDS: &[PackageKind] = &[
    PackageKind::Apk,
    PackageKind::Deb,
    PackageKind::Rpm,
    PackageKind::Alpm,
    PackageKind::Portage,
    PackageKind::Opkg,
    PackageKind::Npm,
    PackageKind::PyPi,
    PackageKind::Golang,
    PackageKind::Cargo,
    PackageKind::Maven,
    PackageKind::Gem,
    PackageKind::Composer,
    PackageKind::NuGet,
    PackageKind::Conda,
    PackageKind::Pub,
    PackageKind::Hex,
    PackageKind::Swift,
    PackageKind::Hackage,
    PackageKind::Cran,
    PackageKind::Conan,
    PackageKind::Julia,
    PackageKind::Nix,
    PackageKind::Otp,
    PackageKind::Pear,
    PackageKind::Pecl,
    PackageKind::LuaRocks,
    PackageKind::Opam,
    PackageKind::Cpan,
    PackageKind::Bitnami,
    PackageKind::WordPress,
    PackageKind::Binary,
    // Their types are those of others before them, so that a URL does not lead back to them.
    PackageKind::Noted,
    PackageKind::Kernel,
    PackageKind::Assembly,
];

/// The package that a package URL names; `None` if it is no such URL, or of a type that the product does not know.
///
/// The namespace of a distribution's package is the distribution and no part of its name. A URL without a version
/// names no package that could be judged.
///
/// # Examples
///
/// ```
/// use inventory::{package_url, parse_package_url};
/// let url = "pkg:npm/%40babel/core@7.0.0";
/// let package = parse_package_url(url).unwrap();
/// assert_eq!((&*package.name, &*package.version), ("@babel/core", "7.0.0"));
/// assert_eq!(package_url(&package, None), url);
/// ```
pub fn parse_package_url(url: &str) -> Option<Package> {
    let rest = url.strip_prefix("pkg:")?;
    let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    let (path, version) = rest.rsplit_once('@')?;
    let (kind, path) = path.trim_start_matches('/').split_once('/')?;
    let kind = KINDS.iter().copied().find(|known| known.purl_type().eq_ignore_ascii_case(kind))?;
    let parts: Vec<String> =
        path.split('/').filter(|part| !part.is_empty()).map(decoded).collect::<Option<_>>()?;
    let last = parts.last().filter(|name| !name.is_empty())?;
    let name = match parts.split_last() {
        Some((artifact, group)) if kind == PackageKind::Maven && !group.is_empty() => {
            format!("{}:{artifact}", group.join("."))
        }
        Some((program, namespace))
            if kind == PackageKind::Binary
                && program_namespace(program).is_some_and(|known| namespace == [known]) =>
        {
            program.clone()
        }
        Some(_) if !kind.is_os() || kind == PackageKind::Portage => parts.join("/"),
        Some(_) | None => last.clone(),
    };
    let qualifier = |key: &str| {
        let found =
            qualifiers.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key);
        found.and_then(|(_, value)| decoded(value)).filter(|value| !value.is_empty())
    };
    let mut version = decoded(version).filter(|version| !version.is_empty())?;
    if let (PackageKind::Rpm, Some(epoch)) = (kind, qualifier("epoch")) {
        version = format!("{epoch}:{version}");
    }
    let mut package = Package {
        kind,
        name,
        version,
        architecture: qualifier("arch"),
        source: None,
        module: qualifier("rpmmod"),
    };
    // The source package is named where it differs; a distribution's package always has one.
    let upstream = qualifier("upstream").or_else(|| kind.is_os().then(|| package.name.clone()));
    package.source = upstream.map(|upstream| source(&package, &upstream));
    Some(package)
}

/// `name`, `name@version`, or the file of a source package, as other tools write it for an rpm.
fn source(package: &Package, upstream: &str) -> SourcePackage {
    let named =
        |name: &str, version: &str| SourcePackage { name: name.to_owned(), version: version.to_owned() };
    if let Some(stem) = upstream.strip_suffix(".src.rpm") {
        let mut parts = stem.rsplitn(3, '-');
        if let (Some(release), Some(version), Some(name)) = (parts.next(), parts.next(), parts.next()) {
            let (epoch, _) = epoch_and_version(package);
            let epoch = if epoch.is_empty() { String::new() } else { format!("{epoch}:") };
            return named(name, &format!("{epoch}{version}-{release}"));
        }
    }
    match upstream.split_once('@') {
        Some((name, version)) => named(name, version),
        None => named(upstream, &package.version),
    }
}

/// Takes `%NN` back; `None` if what comes out is no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let (digits, tail) = tail.split_at_checked(2)?;
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        bytes.push(digit(*digits.first()?)? << 4 | digit(*digits.get(1)?)?);
        rest = tail;
    }
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}
