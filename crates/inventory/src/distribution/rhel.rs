//! Red Hat Enterprise Linux. OSV names the product and its repository, `Red Hat:enterprise_linux:9::baseos`;
//! what is given here is the beginning that all repositories of a release share.
//!
//! Some repositories are those of other products, with versions of packages of their own: extended update support for a
//! minor release, or a product on top. Images say from which they were built, by content sets such as
//! `rhel-9-for-x86_64-baseos-eus-rpms__9_DOT_2`. Red Hat publishes a map from these names to products; they are regular
//! enough to be read. What is not understood is no other product.

use super::{EndOfLife, KnownDistribution, RPM_DATABASES, by_major, end, version_id};
use crate::{Ecosystem, PackageKind};
use std::collections::BTreeSet;

/// What the product knows of it.
pub(super) const DISTRIBUTION: KnownDistribution = KnownDistribution {
    name: "rhel",
    title: "Red Hat Enterprise Linux",
    ids: &["rhel"],
    release_line: Some("Red Hat Enterprise Linux"),
    version_file: None,
    packages: Some(PackageKind::Rpm),
    package_manager: "dnf",
    databases: RPM_DATABASES,
    version: version_id,
    ecosystem,
    end_of_life: ENDS,
};

/// See <https://access.redhat.com/support/policy/updates/errata>.
const ENDS: &[EndOfLife] = &[
    end("5", "2017-03-31"),
    end("6", "2020-11-30"),
    end("7", "2024-06-30"),
    end("8", "2029-05-31"),
    end("9", "2032-05-31"),
    end("10", "2035-05-31"),
];

fn ecosystem(version: &str) -> Option<String> {
    by_major("Red Hat:enterprise_linux", version)
}

/// Streams that go on mending a minor release: extended, advanced and telecommunications update support, and the one for SAP.
const STREAMS: &[&str] = &["eus", "aus", "tus", "e4s"];

/// More products than an image is built from.
const PRODUCTS: usize = 8;

/// The ecosystem of an image that was built from these repositories; `None` where they are those of the release alone.
pub(crate) fn by_content_sets(version: &str, sets: &[String]) -> Option<Ecosystem> {
    let release = ecosystem(version)?;
    let (base, release) = release.split_once(':')?;
    let products: BTreeSet<String> = sets.iter().filter_map(|set| product(set, version)).collect();
    // Sorted: products on top first, and then the streams of the release, `openshift` before `rhel_eus`.
    let mut products: Vec<String> = products.into_iter().take(PRODUCTS).collect();
    if products.is_empty() {
        return None;
    }
    products.push(release.to_owned());
    Some(Ecosystem::new(format!("{base}:{}", products.join("+"))))
}

/// The product, other than the release itself, whose repository a content set is.
fn product(set: &str, version: &str) -> Option<String> {
    let (repository, minor) = set.split_once("-rpms")?;
    let is_number =
        |text: &str| text.split('.').count() == 2 && text.split('.').all(|part| part.parse::<u16>().is_ok());
    let on_top = match repository.strip_prefix("rhocp-") {
        Some(rest) => rest.split_once("-for-").map(|(number, _)| number),
        None => repository.split_once("-ose-").map(|(_, number)| number),
    };
    if let Some(number) = on_top.filter(|number| is_number(number)) {
        return Some(format!("openshift:{number}"));
    }
    let stream = STREAMS.iter().find(|stream| repository.rsplit('-').next() == Some(**stream))?;
    // Without a minor release of its own the set follows that of the image.
    let minor =
        minor.strip_prefix("__").map_or_else(|| version.to_owned(), |minor| minor.replace("_DOT_", "."));
    let is_of_release = is_number(&minor) && minor.split('.').next() == version.split('.').next();
    is_of_release.then(|| format!("rhel_{stream}:{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_tell_the_products() {
        let of = |version: &str, sets: &[&str]| {
            let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
            by_content_sets(version, &sets).map(|ecosystem| ecosystem.to_string())
        };
        let main =
            ["rhel-9-for-x86_64-baseos-rpms", "ubi-9-appstream-rpms", "rhel-9-for-x86_64-baseos-eus-source"];
        assert_eq!(of("9.2", &main), None);
        assert_eq!(
            of(
                "9.2",
                &["rhel-9-for-x86_64-baseos-eus-rpms__9_DOT_2", "rhel-9-for-x86_64-appstream-eus-rpms"]
            )
            .as_deref(),
            Some("Red Hat:rhel_eus:9.2+enterprise_linux:9")
        );
        assert_eq!(
            of("8.6", &["rhocp-4.12-for-rhel-8-x86_64-rpms", "rhel-8-for-x86_64-baseos-aus-rpms"]).as_deref(),
            Some("Red Hat:openshift:4.12+rhel_aus:8.6+enterprise_linux:8")
        );
        assert_eq!(
            of("7.9", &["rhel-7-server-ose-4.4-rpms"]).as_deref(),
            Some("Red Hat:openshift:4.4+enterprise_linux:7")
        );
        for other in [
            "rhel-9-for-x86_64-baseos-eus-rpms__8_DOT_2",
            "rhocp-latest-for-rhel-8-x86_64-rpms",
            "eus",
            "-eus-rpms__x",
        ] {
            assert_eq!(of("9", &[other]), None, "{other}");
        }
        // However many sets an image names, it goes by few products.
        let many: Vec<String> =
            (0..500).map(|minor| format!("rhel-9-for-x86_64-baseos-eus-rpms__9_DOT_{minor}")).collect();
        assert_eq!(by_content_sets("9.2", &many).unwrap().products().len(), PRODUCTS + 1);
    }
}
