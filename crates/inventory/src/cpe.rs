//! CPE names: how the National Vulnerability Database names products.
//!
//! A CPE needs a vendor, and an inventory seldom knows one. A guessed vendor makes false findings, so a name is given
//! only where it is certain: for the programs that are recognised by what stands in them.
//! They have no advisories of a package manager, and the name is what other tools look them up by.
//!
//! See <https://nvlpubs.nist.gov/nistpubs/Legacy/IR/nistir7695.pdf>.

use crate::{Package, PackageKind};

/// The programs, each with its vendor and product.
pub const PROGRAMS: &[(&str, &str, &str)] = &[
    ("apache", "apache", "http_server"),
    ("bash", "gnu", "bash"),
    ("bind", "isc", "bind"),
    ("busybox", "busybox", "busybox"),
    ("consul", "hashicorp", "consul"),
    ("coturn", "coturn_project", "coturn"),
    ("curl", "haxx", "curl"),
    ("dart", "dart", "dart_software_development_kit"),
    ("deno", "deno", "deno"),
    ("dnsmasq", "thekelleys", "dnsmasq"),
    ("erlang", "erlang", "erlang/otp"),
    ("expat", "libexpat_project", "libexpat"),
    ("ffmpeg", "ffmpeg", "ffmpeg"),
    ("git", "git-scm", "git"),
    ("glibc", "gnu", "glibc"),
    ("gnupg", "gnupg", "gnupg"),
    ("gnutls", "gnu", "gnutls"),
    ("golang", "golang", "go"),
    ("haproxy", "haproxy", "haproxy"),
    ("helm", "helm", "helm"),
    ("imagemagick", "imagemagick", "imagemagick"),
    ("java", "oracle", "openjdk"),
    ("kubectl", "kubernetes", "kubectl"),
    ("libpcap", "tcpdump", "libpcap"),
    ("libpng", "libpng", "libpng"),
    ("libssh", "libssh", "libssh"),
    ("libssh2", "libssh2", "libssh2"),
    ("libtiff", "libtiff", "libtiff"),
    ("lighttpd", "lighttpd", "lighttpd"),
    ("lua", "lua", "lua"),
    ("mariadb", "mariadb", "mariadb"),
    ("memcached", "memcached", "memcached"),
    ("mosquitto", "eclipse", "mosquitto"),
    ("musl", "musl-libc", "musl"),
    ("mysql", "oracle", "mysql"),
    ("nghttp2", "nghttp2", "nghttp2"),
    ("nginx", "f5", "nginx"),
    ("node", "nodejs", "node.js"),
    ("openldap", "openldap", "openldap"),
    ("openssh", "openbsd", "openssh"),
    ("openssl", "openssl", "openssl"),
    ("perl", "perl", "perl"),
    ("pgbouncer", "pgbouncer", "pgbouncer"),
    ("php", "php", "php"),
    ("postfix", "postfix", "postfix"),
    ("postgresql", "postgresql", "postgresql"),
    ("proftpd", "proftpd", "proftpd"),
    ("python", "python", "python"),
    ("redis", "redis", "redis"),
    ("ruby", "ruby-lang", "ruby"),
    ("rust", "rust-lang", "rust"),
    ("sqlite", "sqlite", "sqlite"),
    ("sudo", "sudo_project", "sudo"),
    ("tor", "torproject", "tor"),
    ("traefik", "traefik", "traefik"),
    ("unbound", "nlnetlabs", "unbound"),
    ("valkey", "lfprojects", "valkey"),
    ("varnish", "varnish-software", "varnish_cache"),
    ("vault", "hashicorp", "vault"),
    ("vsftpd", "vsftpd_project", "vsftpd"),
    ("wget", "gnu", "wget"),
    ("wordpress", "wordpress", "wordpress"),
    ("xz", "tukaani", "xz"),
    ("zlib", "zlib", "zlib"),
    ("zstd", "facebook", "zstandard"),
];

/// The CPE 2.3 name of a package; `None` where it would have to be guessed.
///
/// # Examples
///
/// ```
/// use inventory::{Package, PackageKind, cpe};
/// let package = Package {
///     kind: PackageKind::Binary,
///     name: "node".to_owned(),
///     version: "18.19.0".to_owned(),
///     architecture: None,
///     source: None,
///     module: None,
/// };
/// assert_eq!(cpe(&package).unwrap(), "cpe:2.3:a:nodejs:node.js:18.19.0:*:*:*:*:*:*:*");
/// ```
pub fn cpe(package: &Package) -> Option<String> {
    if package.kind != PackageKind::Binary {
        return None;
    }
    let (_, vendor, product) = PROGRAMS.iter().find(|(name, ..)| *name == package.name)?;
    let version = quoted(&package.version);
    Some(format!("cpe:2.3:a:{vendor}:{product}:{version}:*:*:*:*:*:*:*"))
}

/// Signs other than letters, digits, `.`, `-` and `_` stand behind a backslash.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for sign in text.chars() {
        if !(sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_')) {
            quoted.push('\\');
        }
        quoted.push(sign.to_ascii_lowercase());
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_certain_or_absent() {
        let package = |kind, name: &str, version: &str| Package {
            kind,
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: None,
            source: None,
            module: None,
        };
        let of = |kind, name| cpe(&package(kind, name, "1.1.1w+quic"));
        assert_eq!(
            of(PackageKind::Binary, "openssl").unwrap(),
            r"cpe:2.3:a:openssl:openssl:1.1.1w\+quic:*:*:*:*:*:*:*"
        );
        assert_eq!(of(PackageKind::Binary, "nobody"), None);
        assert_eq!(of(PackageKind::Deb, "openssl"), None);
    }

    #[test]
    fn programs_are_sorted() {
        assert!(PROGRAMS.is_sorted());
    }
}
