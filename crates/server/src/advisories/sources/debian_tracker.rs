//! Debian's security tracker, <https://security-tracker.debian.org/tracker/data/json>: also what is not fixed.

use super::PublicSource;

pub(super) const SOURCE: PublicSource = PublicSource {
    name: "debian-tracker",
    purpose: "what Debian has fixed, has not fixed, and will not fix",
    base: "https://security-tracker.debian.org/tracker/data",
    files: &["json"],
    pointer: false,
    by_default: true,
};
