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
    ("arangodb", "arangodb", "arangodb"),
    ("aws-lc", "amazon", "aws_libcrypto"),
    ("bash", "gnu", "bash"),
    ("bind", "isc", "bind"),
    ("busybox", "busybox", "busybox"),
    ("chrome", "google", "chrome"),
    ("composer", "getcomposer", "composer"),
    ("consul", "hashicorp", "consul"),
    ("coturn", "coturn_project", "coturn"),
    ("curl", "haxx", "curl"),
    ("dart", "dart", "dart_software_development_kit"),
    ("deno", "deno", "deno"),
    ("dnsmasq", "thekelleys", "dnsmasq"),
    ("elixir", "elixir-lang", "elixir"),
    ("envoy", "envoyproxy", "envoy"),
    ("erlang", "erlang", "erlang/otp"),
    ("expat", "libexpat_project", "libexpat"),
    ("ffmpeg", "ffmpeg", "ffmpeg"),
    ("fluent-bit", "treasuredata", "fluent_bit"),
    ("gcc", "gnu", "gcc"),
    ("git", "git-scm", "git"),
    ("glibc", "gnu", "glibc"),
    ("gnupg", "gnupg", "gnupg"),
    ("gnutls", "gnu", "gnutls"),
    ("go", "golang", "go"),
    ("grafana", "grafana", "grafana"),
    ("gzip", "gnu", "gzip"),
    ("haproxy", "haproxy", "haproxy"),
    ("haskell/cabal", "haskell", "cabal"),
    ("haskell/ghc", "haskell", "ghc"),
    ("haskell/stack", "haskell", "stack"),
    ("helm", "helm", "helm"),
    ("httpd", "apache", "http_server"),
    ("imagemagick", "imagemagick", "imagemagick"),
    ("jdk", "oracle", "jdk"),
    ("jq", "jqlang", "jq"),
    ("jre", "oracle", "jre"),
    ("julia", "julialang", "julia"),
    ("kubectl", "kubernetes", "kubectl"),
    ("libpcap", "tcpdump", "libpcap"),
    ("libphp", "php", "php"),
    ("libpng", "libpng", "libpng"),
    ("libssh", "libssh", "libssh"),
    ("libssh2", "libssh2", "libssh2"),
    ("libtiff", "libtiff", "libtiff"),
    ("lighttpd", "lighttpd", "lighttpd"),
    ("lua", "lua", "lua"),
    ("mariadb", "mariadb", "mariadb"),
    ("memcached", "memcached", "memcached"),
    ("mongodb", "mongodb", "mongodb"),
    ("mosquitto", "eclipse", "mosquitto"),
    ("musl", "musl-libc", "musl"),
    ("mysql", "oracle", "mysql"),
    ("nghttp2", "nghttp2", "nghttp2"),
    ("nginx", "f5", "nginx"),
    ("nginx-ingress-controller", "kubernetes", "ingress-nginx"),
    ("node", "nodejs", "node.js"),
    ("openjdk", "oracle", "openjdk"),
    ("openldap", "openldap", "openldap"),
    ("openssh", "openbsd", "openssh"),
    ("openssl", "openssl", "openssl"),
    ("percona-server", "percona", "percona_server"),
    ("percona-xtrabackup", "percona", "xtrabackup"),
    ("percona-xtradb-cluster", "percona", "xtradb_cluster"),
    ("perl", "perl", "perl"),
    ("pgbouncer", "pgbouncer", "pgbouncer"),
    ("php", "php", "php"),
    ("php-cli", "php", "php"),
    ("php-fpm", "php", "php"),
    ("pilot-agent", "istio", "istio"),
    ("pilot-discovery", "istio", "istio"),
    ("postfix", "postfix", "postfix"),
    ("postgresql", "postgresql", "postgresql"),
    ("proftpd", "proftpd", "proftpd"),
    ("pypy", "pypy", "pypy"),
    ("python", "python", "python"),
    ("qtbase", "qt", "qtbase"),
    ("redis", "redis", "redis"),
    ("ruby", "ruby-lang", "ruby"),
    ("rust", "rust-lang", "rust"),
    ("sqlcipher", "zetetic", "sqlcipher"),
    ("sqlite", "sqlite", "sqlite"),
    ("sudo", "sudo_project", "sudo"),
    ("swipl", "swi-prolog", "swi-prolog"),
    ("tor", "torproject", "tor"),
    ("traefik", "traefik", "traefik"),
    ("unbound", "nlnetlabs", "unbound"),
    ("util-linux", "kernel", "util-linux"),
    ("valkey", "lfprojects", "valkey"),
    ("varnish", "varnish-software", "varnish_cache"),
    ("vault", "hashicorp", "vault"),
    ("vsftpd", "vsftpd_project", "vsftpd"),
    ("wget", "gnu", "wget"),
    ("wordpress", "wordpress", "wordpress"),
    ("wp-cli", "wp-cli", "wp-cli"),
    ("xz", "tukaani", "xz"),
    ("zlib", "zlib", "zlib"),
    ("zstd", "facebook", "zstandard"),
    ("zulu", "azul", "zulu"),
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
    let (name, vendor, product) = PROGRAMS.iter().find(|(name, ..)| *name == package.name)?;
    let (version, update) = match *name {
        "jdk" | "jre" | "openjdk" | "zulu" => release_and_update(&package.version),
        _ => (&*package.version, String::new()),
    };
    let update = if update.is_empty() { "*".to_owned() } else { quoted(&update) };
    let version = quoted(version);
    Some(format!("cpe:2.3:a:{vendor}:{product}:{version}:{update}:*:*:*:*:*:*"))
}

/// A version of Java without its build, and the update of it: `17.0.9` of `17.0.9+9-LTS`, and `1.8.0` with `update422` of
/// `1.8.0_422-b05`.
fn release_and_update(version: &str) -> (&str, String) {
    let version = version.split(['+', '-']).next().unwrap_or(version);
    match version.split_once('_') {
        Some((release, update)) => (release, format!("update{}", update.trim_start_matches('0'))),
        None => (version, String::new()),
    }
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
        let java = |version| cpe(&package(PackageKind::Binary, "openjdk", version)).unwrap();
        assert_eq!(java("17.0.9+9-LTS"), "cpe:2.3:a:oracle:openjdk:17.0.9:*:*:*:*:*:*:*");
        assert_eq!(java("1.8.0_045-b05"), "cpe:2.3:a:oracle:openjdk:1.8.0:update45:*:*:*:*:*:*");
        assert_eq!(of(PackageKind::Binary, "nobody"), None);
        assert_eq!(of(PackageKind::Deb, "openssl"), None);
    }

    #[test]
    fn programs_are_sorted() {
        assert!(PROGRAMS.is_sorted());
    }
}
