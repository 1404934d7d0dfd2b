//! Red Hat's VEX documents, an archive that is made anew now and then, named by a text beside it.
//!
//! It is several hundred megabytes, and OSV has the fixes of Red Hat already; so it is read where it is asked for.

use super::PublicSource;

pub(super) const SOURCE: PublicSource = PublicSource {
    name: "red-hat-vex",
    purpose: "what Red Hat says of each product, also where there is no fix",
    base: "https://security.access.redhat.com/data/csaf/v2/vex",
    files: &["archive_latest.txt"],
    pointer: true,
    by_default: false,
};
