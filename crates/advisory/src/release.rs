//! Releases: the names that feeds give to parts of a distribution, brought to the one name that an image goes by.
//!
//! An image says of itself that it is Red Hat Enterprise Linux 9, SUSE Linux Enterprise Server 15 SP4, Ubuntu 22.04.
//! Feeds speak of its repositories, modules and pockets: `Red Hat:enterprise_linux:9::baseos`, `SUSE:Linux Enterprise
//! Module for Basesystem 15 SP4`, `Ubuntu:Pro:22.04:LTS`. Nothing in an image says which of them were enabled, and a
//! package from any of them may be installed, so that what is said of a part is said of the release.
//!
//! What is another product with packages of its own stays under its own name: extended update support (`rhel_eus`), FIPS
//! and real-time pockets, SUSE's images for SAP. Their packages have version numbers of their own, and reading them against
//! a release would call fixed packages vulnerable. Images of Red Hat say from which products they were built
//! ([`Ecosystem::products`]); the others match nothing here.

use inventory::Ecosystem;

/// A release, and whether only those with a subscription get what its part publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) release: Ecosystem,
    pub(crate) needs_subscription: bool,
}

impl Part {
    fn open(release: impl Into<String>) -> Self {
        Self { release: Ecosystem::new(release), needs_subscription: false }
    }

    fn closed(release: impl Into<String>) -> Self {
        Self { release: Ecosystem::new(release), needs_subscription: true }
    }
}

/// The release that an ecosystem of OSV is a part of.
pub(crate) fn part_of(ecosystem: &str) -> Part {
    let (base, rest) = ecosystem.split_once(':').unwrap_or((ecosystem, ""));
    let part = match base {
        "Ubuntu" => ubuntu(rest),
        "Red Hat" => red_hat(rest),
        "SUSE" => suse(&format!("SUSE {rest}")),
        _ => None,
    };
    part.unwrap_or_else(|| Part::open(ecosystem))
}

/// `Pro:22.04:LTS` and `22.04`: images of long-term releases go by `22.04:LTS`.
fn ubuntu(rest: &str) -> Option<Part> {
    let (number, is_pro) = rest.strip_prefix("Pro:").map_or((rest, false), |rest| (rest, true));
    let number = number.strip_suffix(":LTS").unwrap_or(number);
    let release = ubuntu_release(number)?;
    Some(if is_pro { Part::closed(release) } else { Part::open(release) })
}

/// The ecosystem of an Ubuntu release by its number.
pub(crate) fn ubuntu_release(number: &str) -> Option<String> {
    let (year, month) = number.split_once('.')?;
    let long = month == "04" && year.parse::<u16>().ok()?.is_multiple_of(2);
    (month.len() == 2 && month.parse::<u8>().is_ok())
        .then(|| format!("Ubuntu:{number}{}", if long { ":LTS" } else { "" }))
}

/// The products of Red Hat, beside its releases, of which an image can say that it was built from their repositories.
const RED_HAT_PRODUCTS: &[&str] = &["rhel_eus", "rhel_aus", "rhel_tus", "rhel_e4s", "openshift"];

/// `enterprise_linux:9::baseos`, `rhel_eus:9.2::appstream`.
fn red_hat(rest: &str) -> Option<Part> {
    let mut fields = rest.split(':');
    let (product, version) = (fields.next()?, fields.next()?);
    let is_number = |text: &str| text.split('.').all(|part| part.parse::<u16>().is_ok());
    let version = if product == "enterprise_linux" { version.split('.').next()? } else { version };
    let is_known = product == "enterprise_linux" || RED_HAT_PRODUCTS.contains(&product);
    (is_known && is_number(version)).then(|| Part::open(format!("Red Hat:{product}:{version}")))
}

/// The release of Red Hat that a CPE speaks of: `cpe:/a:redhat:enterprise_linux:9::appstream`.
pub(crate) fn red_hat_cpe(cpe: &str) -> Option<Part> {
    let rest = cpe.strip_prefix("cpe:/o:redhat:").or_else(|| cpe.strip_prefix("cpe:/a:redhat:"))?;
    red_hat(rest)
}

/// The release of SUSE that a product's name speaks of.
pub(crate) fn suse(product: &str) -> Option<Part> {
    if product == "openSUSE Tumbleweed" {
        return Some(Part::open("openSUSE:Tumbleweed"));
    }
    if let Some(number) = product.strip_prefix("openSUSE Leap ") {
        return Some(Part::open(format!("openSUSE:Leap {number}")));
    }
    let rest = product.strip_prefix("SUSE Linux Enterprise ")?;
    let release = match rest.strip_prefix("Server ") {
        Some(release) => release,
        // `Module for Basesystem 15 SP4`: the name of a module may have any words in it.
        None => after_words(rest.strip_prefix("Module for ")?)?,
    };
    let (number, is_long) = match release.strip_suffix("-LTSS") {
        Some(number) => (number, true),
        None => (release, false),
    };
    let release = suse_number(number)?;
    Some(if is_long { Part::closed(release) } else { Part::open(release) })
}

/// `15 SP4` of `Basesystem 15 SP4`.
fn after_words(text: &str) -> Option<&str> {
    let at = text.find(|sign: char| sign.is_ascii_digit())?;
    text.get(at..)
}

fn suse_number(number: &str) -> Option<String> {
    let (major, pack) = number.split_once(" SP").unwrap_or((number, "0"));
    let whole = major.parse::<u16>().is_ok() && pack.parse::<u16>().is_ok();
    whole.then(|| format!("SUSE:Linux Enterprise Server {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_go_by_the_name_of_their_release() {
        let check = |part: &str, release: &str, needs_subscription: bool| {
            let expected = Part { release: Ecosystem::new(release), needs_subscription };
            assert_eq!(part_of(part), expected, "{part}");
        };
        check("Red Hat:enterprise_linux:9::baseos", "Red Hat:enterprise_linux:9", false);
        check("Red Hat:enterprise_linux:8.10::appstream", "Red Hat:enterprise_linux:8", false);
        check("Red Hat:rhel_eus:9.2::appstream", "Red Hat:rhel_eus:9.2", false);
        check("Red Hat:openshift:4.12::el8", "Red Hat:openshift:4.12", false);
        check("Red Hat:rhel_sap:9::x", "Red Hat:rhel_sap:9::x", false);
        check("SUSE:Linux Enterprise Server 15 SP4", "SUSE:Linux Enterprise Server 15 SP4", false);
        check("SUSE:Linux Enterprise Server 15 SP4-LTSS", "SUSE:Linux Enterprise Server 15 SP4", true);
        check("SUSE:Linux Enterprise Module for Public Cloud 12", "SUSE:Linux Enterprise Server 12", false);
        check("SUSE:Linux Enterprise Desktop 12", "SUSE:Linux Enterprise Desktop 12", false);
        check("Ubuntu:Pro:22.04:LTS", "Ubuntu:22.04:LTS", true);
        check("Ubuntu:20.04", "Ubuntu:20.04:LTS", false);
        check("Ubuntu:24.10", "Ubuntu:24.10", false);
        check("Ubuntu:Pro:FIPS:22.04:LTS", "Ubuntu:Pro:FIPS:22.04:LTS", false);
        check("Debian:12", "Debian:12", false);
        check("", "", false);
    }

    #[test]
    fn products_of_vendors_are_known_by_cpe_and_name() {
        let cpe = |text: &str| red_hat_cpe(text).map(|part| part.release.to_string());
        assert_eq!(
            cpe("cpe:/a:redhat:enterprise_linux:9::appstream").as_deref(),
            Some("Red Hat:enterprise_linux:9")
        );
        assert_eq!(cpe("cpe:/a:redhat:jboss_core_services:1"), None);
        let named = |text: &str| suse(text).map(|part| part.release.to_string());
        assert_eq!(named("openSUSE Leap 15.5").as_deref(), Some("openSUSE:Leap 15.5"));
        assert_eq!(named("SUSE Linux Enterprise Server for SAP Applications 15 SP4"), None);
        assert_eq!(named("SUSE Linux Enterprise Micro 6.0"), None);
    }
}
