//! What a product identifier of a CSAF document means: a component of a release.
//!
//! Identifiers are free text. What they mean is said by the tree and the relationships; only where a component has no
//! package URL is its identifier read, as `name-epoch:version-release.architecture`.

use super::document::{Branch, FullProduct, Tree};
use crate::release::{Part, red_hat_cpe, suse};
use std::collections::HashMap;

/// How many relationships are followed from a product to its release: a component, its module, and one to spare.
const DEPTH: usize = 4;

/// A vendor whose products are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Publisher {
    RedHat,
    Suse,
}

impl Publisher {
    /// The vendor with this namespace.
    pub(super) fn of(namespace: &str) -> Option<Self> {
        let host = namespace.split("://").nth(1).unwrap_or(namespace).split('/').next().unwrap_or_default();
        let is_of = |domain: &str| {
            host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
        };
        if is_of("redhat.com") {
            Some(Self::RedHat)
        } else if is_of("suse.com") {
            Some(Self::Suse)
        } else {
            None
        }
    }

    /// Its name, as the source of ratings.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::RedHat => "Red Hat",
            Self::Suse => "SUSE",
        }
    }

    /// What stands before the identifiers of its advisories.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::RedHat => "REDHAT",
            Self::Suse => "SUSE",
        }
    }

    fn release(self, platform: &FullProduct) -> Option<Part> {
        match self {
            Self::RedHat => red_hat_cpe(platform.helper.cpe.as_deref()?),
            Self::Suse => suse(&platform.name),
        }
    }
}

/// A package, as a product identifier means it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) name: String,
    /// With its epoch; none where the identifier names no version.
    pub(super) version: Option<String>,
    pub(super) is_source: bool,
    pub(super) module: Option<String>,
}

/// A component of a release.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Product {
    pub(super) release: Part,
    pub(super) component: Component,
}

/// All products of a document.
pub(super) struct Products<'d> {
    products: HashMap<&'d str, &'d FullProduct>,
    /// From a product to the component and to what it is a part of.
    parts: HashMap<&'d str, (&'d str, &'d str)>,
}

impl<'d> Products<'d> {
    pub(super) fn of(tree: &'d Tree) -> Self {
        let mut products = HashMap::new();
        let mut open: Vec<&Branch> = tree.branches.iter().collect();
        while let Some(branch) = open.pop() {
            products.extend(branch.product.as_ref().map(|product| (&*product.product_id, product)));
            open.extend(&branch.branches);
        }
        let parts = tree.relationships.iter().map(|relationship| {
            let whole = &*relationship.full_product_name.product_id;
            (whole, (&*relationship.product_reference, &*relationship.relates_to_product_reference))
        });
        Self { products, parts: parts.collect() }
    }

    /// The component and the release that an identifier means; `None` for products that are no release.
    pub(super) fn resolve(&self, publisher: Publisher, id: &str) -> Option<Product> {
        let (component, mut whole) = *self.parts.get(id)?;
        let mut module = None;
        for _ in 0..DEPTH {
            match self.parts.get(whole) {
                Some((part, above)) => {
                    module = module.or_else(|| self.module(part));
                    whole = above;
                }
                None => break,
            }
        }
        let release = publisher.release(self.products.get(whole)?)?;
        let mut component = self.component(component)?;
        component.module = component.module.or(module);
        Some(Product { release, component })
    }

    /// `nodejs:18` of `pkg:rpmmod/redhat/nodejs@18:8090020231031`.
    fn module(&self, id: &str) -> Option<String> {
        let purl = self.products.get(id).and_then(|product| product.helper.purl.as_deref());
        let text = purl.and_then(|purl| purl.strip_prefix("pkg:rpmmod/")).map_or(id, after_slash);
        let text = text.split('?').next()?.replacen('@', ":", 1);
        let mut fields = text.split(':');
        Some(format!("{}:{}", fields.next()?, fields.next()?))
    }

    fn component(&self, id: &str) -> Option<Component> {
        let purl = self.products.get(id).and_then(|product| product.helper.purl.as_deref());
        purl.and_then(of_purl).or_else(|| of_identifier(id))
    }
}

fn after_slash(text: &str) -> &str {
    text.rsplit_once('/').map_or(text, |(_, rest)| rest)
}

/// `pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=x86_64&epoch=1`.
fn of_purl(purl: &str) -> Option<Component> {
    let rest = purl.strip_prefix("pkg:rpm/")?;
    let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    let (name, version) = match path.rsplit_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (path, None),
    };
    let qualifier = |wanted: &str| {
        qualifiers.split('&').find_map(|pair| pair.strip_prefix(wanted)?.strip_prefix('=')).map(decoded)
    };
    let epoch = qualifier("epoch").map(|epoch| format!("{epoch}:")).unwrap_or_default();
    let module = qualifier("rpmmod").and_then(|module| {
        let mut fields = after_slash(&module).split(':');
        Some(format!("{}:{}", fields.next()?, fields.next()?))
    });
    Some(Component {
        name: decoded(after_slash(name)),
        version: version.map(|version| format!("{epoch}{}", decoded(version))),
        is_source: qualifier("arch").as_deref() == Some("src"),
        module,
    })
}

/// Percent-encoding undone for the signs that versions have; anything else stays.
fn decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    [
        ("%2B", "+"),
        ("%2b", "+"),
        ("%3A", ":"),
        ("%3a", ":"),
        ("%7E", "~"),
        ("%7e", "~"),
        ("%5E", "^"),
        ("%5e", "^"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (code, sign)| text.replace(code, sign))
}

/// `openssl-1:3.0.7-27.el9.aarch64`, `samba-libs-4.19.4-1.22`, `nodejs:18/nodejs`, `kernel`.
fn of_identifier(id: &str) -> Option<Component> {
    const ARCHITECTURES: [&str; 9] =
        ["src", "noarch", "x86_64", "aarch64", "i686", "i386", "ppc64le", "s390x", "ppc64"];
    let (module, rest) = match id.split_once('/') {
        Some((module, rest)) if module.contains(':') => (Some(module.to_owned()), rest),
        _ => (None, id),
    };
    let (rest, architecture) = match rest.rsplit_once('.') {
        Some((rest, last)) if ARCHITECTURES.contains(&last) => (rest, Some(last)),
        _ => (rest, None),
    };
    let is_source = architecture == Some("src");
    let bare = |name: &str| {
        (!name.is_empty()).then(|| Component {
            name: name.to_owned(),
            version: None,
            is_source,
            module: module.clone(),
        })
    };
    let Some((before, release)) = rest.rsplit_once('-') else { return bare(rest) };
    let Some((name, version)) = before.rsplit_once('-') else { return bare(rest) };
    let begins_with_digit = |text: &str| text.starts_with(|sign: char| sign.is_ascii_digit());
    // `python3-six` has hyphens and no version; a release and a version begin with digits.
    if !begins_with_digit(version) || !begins_with_digit(release) || name.is_empty() {
        return bare(rest);
    }
    let version = Some(format!("{version}-{release}"));
    Some(Component { name: name.to_owned(), version, is_source, module })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(
        name: &str,
        version: Option<&str>,
        is_source: bool,
        module: Option<&str>,
    ) -> Option<Component> {
        let owned = |text: &str| text.to_owned();
        Some(Component {
            name: owned(name),
            version: version.map(owned),
            is_source,
            module: module.map(owned),
        })
    }

    #[test]
    fn components_are_read_from_their_purl_or_their_identifier() {
        assert_eq!(
            of_purl("pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=src&epoch=1"),
            component("openssl", Some("1:3.0.7-27.el9"), true, None)
        );
        assert_eq!(
            of_purl("pkg:rpm/suse/libstdc%2B%2B6@1%2B2?arch=x86_64"),
            component("libstdc++6", Some("1+2"), false, None)
        );
        assert_eq!(
            of_identifier("openssl-1:3.0.7-27.el9.aarch64"),
            component("openssl", Some("1:3.0.7-27.el9"), false, None)
        );
        assert_eq!(
            of_identifier("samba-client-libs-4.19.4+git.339-1.22"),
            component("samba-client-libs", Some("4.19.4+git.339-1.22"), false, None)
        );
        assert_eq!(of_identifier("python3-six"), component("python3-six", None, false, None));
        assert_eq!(of_identifier("kernel"), component("kernel", None, false, None));
        assert_eq!(of_identifier("nodejs:18/nodejs"), component("nodejs", None, false, Some("nodejs:18")));
        assert_eq!(of_identifier(""), None);
    }

    #[test]
    fn only_the_vendors_own_hosts_are_known() {
        assert_eq!(Publisher::of("https://www.redhat.com"), Some(Publisher::RedHat));
        assert_eq!(Publisher::of("https://www.suse.com/"), Some(Publisher::Suse));
        assert_eq!(Publisher::of("https://notredhat.com"), None);
        assert_eq!(Publisher::of("https://redhat.com.example.org"), None);
    }
}
