//! A file of a layer, as extractors are asked about it.

/// A file of the layer.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Its normalised path.
    pub path: &'a str,
    /// Its size.
    pub size: u64,
    /// Its permission bits.
    pub mode: u64,
}

impl File<'_> {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether anyone may execute it.
    pub fn is_executable(&self) -> bool {
        self.mode & 0o111 != 0
    }

    /// Whether it may be a program or a library of one, by its mode and its name.
    ///
    /// A library needs no permission to be loaded, and what somebody copied may have lost its own. Programs have no ending.
    pub fn may_be_program(&self) -> bool {
        /// Where files without an ending are documents and settings. Programs there can at least be executed.
        const DOCUMENTS: &[&str] = &["usr/share/", "etc/", "var/", "usr/include/"];
        if self.is_executable() {
            return true;
        }
        let name = self.name();
        if name.contains('.') {
            return name.contains(".so") || name.ends_with(".node");
        }
        // `RECORD`, `LICENSE` and the like are written large.
        name.bytes().any(|sign| sign.is_ascii_lowercase())
            && !DOCUMENTS.iter().any(|folder| self.path.starts_with(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_program() {
        let may = |path, mode| File { path, size: 0, mode }.may_be_program();
        for path in [
            "app",
            "usr/lib/docker/cli-plugins/docker-buildx",
            "usr/lib/libx.so.1.2",
            "node_modules/a/b.node",
        ] {
            assert!(may(path, 0o644), "{path}");
        }
        for path in [
            "usr/share/doc/a/copyright",
            "etc/passwd",
            "var/lib/dpkg/status",
            "a/LICENSE",
            "a.txt",
            "",
            "usr/bin/",
        ] {
            assert!(!may(path, 0o644), "{path}");
            assert!(may(path, 0o755), "{path}");
        }
    }
}
