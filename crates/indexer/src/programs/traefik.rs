//! Traefik. Its version is set by the linker.

use super::Program;

/// The rule.
pub(super) const PROGRAM: Program = Program {
    name: "traefik",
    files: &["traefik"],
    // What the linker sets is a string between two NULs. Builds with `-trimpath` keep no flags, only that.
    signs: &[
        r"traefik/v[23]/pkg/version\.Version=v?([0-9]+\.[0-9]+\.[0-9]+(?:-(?:alpha|beta|rc)\.?[0-9]+)?)",
        r"\x00v?([23]\.[0-9]+\.[0-9]+(?:-(?:alpha|beta|rc)\.?[0-9]+)?)\x00",
        r"\x00v(1\.7\.[0-9]+)\x00",
        // Its build information, and what the linker set where numbers stand before it.
        r"traefik/v[23]\tv([0-9]+\.[0-9]+\.[0-9]+(?:-(?:alpha|beta|rc)\.?[0-9]+)?)\t",
        r"[^\x20-\x7e]v?([23]\.[0-9]+\.[0-9]+(?:-(?:alpha|beta|rc)\.?[0-9]+)?)\x00\x00",
    ],
    sample: (b"-X github.com/traefik/traefik/v2/pkg/version.Version=2.10.5 -X", "2.10.5"),
};
