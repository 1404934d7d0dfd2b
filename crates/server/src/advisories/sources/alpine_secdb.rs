//! Alpine's own database of fixes, a file for each release and repository, <https://secdb.alpinelinux.org>.
//!
//! OSV has the same with a delay, and leaves out what was never affected.

use super::PublicSource;

pub(super) const SOURCE: PublicSource = PublicSource {
    name: "alpine-secdb",
    purpose: "fixes of Alpine, and what it was never affected by",
    base: "https://secdb.alpinelinux.org",
    files: &[
        "edge/main.json",
        "edge/community.json",
        "v3.18/main.json",
        "v3.18/community.json",
        "v3.19/main.json",
        "v3.19/community.json",
        "v3.20/main.json",
        "v3.20/community.json",
        "v3.21/main.json",
        "v3.21/community.json",
        "v3.22/main.json",
        "v3.22/community.json",
        "v3.23/main.json",
        "v3.23/community.json",
    ],
    pointer: false,
    by_default: true,
};
