//! Documents that are attached to an image: whom their statements mean there.
//!
//! Such a document is about its image, so that less has to be said in it than in one that lies in a file: a statement
//! without products means the image, and a package is meant by type, name and version. Whose packages they are, and for
//! which machine, the image says itself; tools write these qualifiers in different ways, and they are not compared.

use super::{VexStatement, VexStatus, purl};
use inventory::{Package, PackageKind, package_url};

/// A vulnerability in a package of an image.
#[derive(Debug, Clone, Copy)]
pub struct AttachedSubject<'s> {
    /// The vulnerability.
    pub vulnerability: &'s str,
    /// Its other names.
    pub aliases: &'s [String],
    /// Which package manager knows the package.
    pub kind: PackageKind,
    /// The name of the package.
    pub package: &'s str,
    /// Its version, as it is installed.
    pub version: &'s str,
    /// The names of the image: digests, references, package URLs.
    pub image: &'s [String],
}

/// The statement that decides about a vulnerability in a package of an image: the newest, and of the same age the last.
/// None if nobody says anything of it.
pub fn decisive<'v>(
    statements: impl IntoIterator<Item = &'v VexStatement>,
    subject: &AttachedSubject<'_>,
) -> Option<&'v VexStatement> {
    let url = url_of(subject);
    statements
        .into_iter()
        .filter(|statement| statement.names(subject) && statement.means(subject, &url))
        .max_by_key(|statement| statement.said)
}

fn url_of(subject: &AttachedSubject<'_>) -> String {
    let package = Package {
        kind: subject.kind,
        name: subject.package.to_owned(),
        version: subject.version.to_owned(),
        architecture: None,
        source: None,
        module: None,
    };
    package_url(&package, None)
}

/// Which packages of an image a statement means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// None.
    Nobody,
    /// All of them.
    Everybody,
    /// These, by name, and where it says so by version.
    Packages(Vec<(String, Option<String>)>),
}

impl VexStatement {
    /// Which packages it means in an image that goes by these names.
    pub fn meant(&self, image: &[String]) -> Meant {
        if self.products.is_empty() {
            return Meant::Everybody;
        }
        let mut named = Vec::new();
        for product in &self.products {
            let is_image = image.iter().any(|name| purl::covers_image(&product.id, name));
            match (is_image, product.parts.is_empty()) {
                (true, true) => return Meant::Everybody,
                (true, false) => named.extend(product.parts.iter().filter_map(|part| purl::package(part))),
                (false, true) => named.extend(purl::package(&product.id)),
                (false, false) => {}
            }
        }
        if named.is_empty() { Meant::Nobody } else { Meant::Packages(named) }
    }

    /// Whether it says that something does not apply, or is repaired.
    pub fn silences(&self) -> bool {
        match self.status {
            VexStatus::NotAffected | VexStatus::Fixed => true,
            VexStatus::Affected | VexStatus::UnderInvestigation => false,
        }
    }

    fn names(&self, subject: &AttachedSubject<'_>) -> bool {
        let is_named = |name: &str| self.vulnerabilities.iter().any(|known| known.eq_ignore_ascii_case(name));
        is_named(subject.vulnerability) || subject.aliases.iter().any(|alias| is_named(alias))
    }

    fn means(&self, subject: &AttachedSubject<'_>, url: &str) -> bool {
        let is_image = |id: &str| subject.image.iter().any(|name| purl::covers_image(id, name));
        self.products.is_empty()
            || self.products.iter().any(|product| {
                if is_image(&product.id) {
                    product.parts.is_empty()
                        || product.parts.iter().any(|part| purl::covers_in_image(part, url, subject.kind))
                } else {
                    product.parts.is_empty() && purl::covers_in_image(&product.id, url, subject.kind)
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vex::VexProduct;

    fn statement(status: VexStatus, product: Option<(&str, &[&str])>, said: &str) -> VexStatement {
        let products = product.map(|(id, parts)| VexProduct {
            id: id.to_owned(),
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        });
        VexStatement {
            vulnerabilities: vec!["CVE-1".to_owned()],
            products: products.into_iter().collect(),
            status,
            justification: Some("component_not_present".to_owned()),
            remark: None,
            said: said.parse().ok(),
            author: "me".to_owned(),
            document: "1".to_owned(),
        }
    }

    fn is_silent(statements: &[VexStatement]) -> bool {
        let image = ["sha256:1".to_owned(), "pkg:oci/app@sha256%3A1".to_owned()];
        let subject = AttachedSubject {
            vulnerability: "cve-1",
            aliases: &[],
            kind: PackageKind::Apk,
            package: "busybox",
            version: "1.36.1-r7",
            image: &image,
        };
        decisive(statements, &subject).is_some_and(VexStatement::silences)
    }

    #[test]
    fn the_image_or_the_package_in_it_is_meant() {
        const DAY: &str = "2026-11-01T00:00:00Z";
        let says = |product| is_silent(&[statement(VexStatus::NotAffected, product, DAY)]);
        assert!(says(None), "what names no product means the image");
        for (id, parts) in [
            ("sha256:1", &[][..]),
            ("pkg:oci/app@sha256:1?repository_url=registry.example/app", &[]),
            ("pkg:oci/app", &["pkg:apk/alpine/busybox"]),
            ("pkg:apk/alpine/busybox@1.36.1-r7?arch=x86_64&distro=3.18.4", &[]),
            ("sha256:1", &["pkg:apk/alpine/busybox@1.36.1-r7?distro=alpine-3.18"]),
        ] {
            assert!(says(Some((id, parts))), "{id} {parts:?}");
        }
        for (id, parts) in [
            ("sha256:2", &[][..]),
            ("pkg:oci/app@sha256:2", &[]),
            ("pkg:oci/other", &[]),
            ("pkg:apk/alpine/busybox@1.36.1-r6", &[]),
            ("pkg:deb/debian/busybox@1.36.1-r7", &[]),
            ("pkg:oci/app", &["pkg:apk/alpine/musl"]),
            ("pkg:oci/other", &["pkg:apk/alpine/busybox"]),
        ] {
            assert!(!says(Some((id, parts))), "{id} {parts:?}");
        }
    }

    #[test]
    fn packages_are_meant_by_the_names_of_their_ecosystems() {
        let image = ["sha256:1".to_owned(), "pkg:oci/app@sha256%3A1".to_owned()];
        let meant = |product: Option<(&str, &[&str])>| {
            statement(VexStatus::Fixed, product, "2026-11-01T00:00:00Z").meant(&image)
        };
        assert_eq!((meant(None), meant(Some(("pkg:oci/app", &[])))), (Meant::Everybody, Meant::Everybody));
        assert_eq!(meant(Some(("pkg:oci/other", &[]))), Meant::Nobody);
        for (url, name, version) in [
            ("pkg:apk/alpine/busybox@1.36.1-r7?arch=x86_64", "busybox", Some("1.36.1-r7")),
            ("pkg:npm/%40scope/a", "@scope/a", None),
            ("pkg:maven/org.apache/log4j@2", "org.apache:log4j", Some("2")),
            ("pkg:golang/github.com/x/y@v1", "github.com/x/y", Some("v1")),
        ] {
            let expected = Meant::Packages(vec![(name.to_owned(), version.map(str::to_owned))]);
            assert_eq!(meant(Some((url, &[]))), expected);
            assert_eq!(meant(Some(("sha256:1", &[url]))), expected);
        }
    }

    #[test]
    fn the_newest_statement_counts() {
        let (old, new) = ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
        let not = |said| statement(VexStatus::NotAffected, None, said);
        let is = |said| statement(VexStatus::Affected, None, said);
        assert!(is_silent(&[not(new), is(old)]));
        assert!(!is_silent(&[not(old), is(new)]));
        assert!(!is_silent(&[not(old), is(old)]), "of the same age the last");
        assert!(!is_silent(&[]));
    }
}
