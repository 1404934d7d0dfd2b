//! Programs that no package manager put there: what stands in them tells which they are.
//!
//! Whoever copies an upstream program into an image leaves no package behind, and yet it has versions and advisories.
//! One program is one file in `programs/`, which is nothing but data, and one line in [`PROGRAMS`]; a test fails if the
//! line is missing. A rule says under which names the program goes, and by which signs its version is told.
//!
//! The signs are regular expressions of an engine that takes time in proportion to the bytes, over a window of a
//! file that was chosen by its name. A program that goes by another name is not recognised: searching every file for
//! every sign would cost more than all other reading together.
//!
//! What a package of the distribution owns is dropped later, when layers are laid over each other.

mod arangodb;
mod aws_lc;
mod bash;
mod bind;
mod busybox;
mod chrome;
mod composer;
mod consul;
mod coturn;
mod curl;
mod dart;
mod deno;
mod dnsmasq;
mod elixir;
mod envoy;
mod erlang;
mod expat;
mod ffmpeg;
mod fluent_bit;
mod gcc;
mod git;
mod glibc;
mod gnupg;
mod gnutls;
mod go;
mod grafana;
mod gzip;
mod haproxy;
mod haskell_cabal;
mod haskell_ghc;
mod haskell_stack;
mod helm;
mod httpd;
mod imagemagick;
mod jq;
mod julia;
mod kubectl;
mod libpcap;
mod libphp;
mod libpng;
mod libssh;
mod libssh2;
mod libtiff;
mod lighttpd;
mod lua;
mod mariadb;
mod memcached;
mod mongodb;
mod mosquitto;
mod musl;
mod mysql;
mod nghttp2;
mod nginx;
mod nginx_ingress_controller;
mod node;
mod openjdk;
mod openldap;
mod openssh;
mod openssl;
mod percona_server;
mod percona_xtrabackup;
mod percona_xtradb_cluster;
mod perl;
mod pgbouncer;
mod php;
mod php_cli;
mod php_fpm;
mod pilot_agent;
mod pilot_discovery;
mod postfix;
mod postgresql;
mod proftpd;
mod pypy;
mod python;
mod qtbase;
mod redis;
mod ruby;
mod rust;
mod sqlcipher;
mod sqlite;
mod sudo;
mod swipl;
mod tor;
mod traefik;
mod unbound;
mod util_linux;
mod valkey;
mod varnish;
mod vault;
mod vsftpd;
mod wget;
mod wp_cli;
mod xz;
mod zlib;
mod zstd;

use crate::body::Body;
use regex::bytes::{Regex, RegexBuilder};
use std::sync::OnceLock;

/// Longer than anything that a sign matches, so that it is whole in one of two pieces that overlap by this.
const OVERLAP: u64 = 4096;

/// What a compiled sign may take.
const SIGN_BYTES: usize = 1 << 20;

/// The rule by which one program is recognised.
#[derive(Debug)]
pub(crate) struct Program {
    /// The name of the package, by which the table of CPE names knows it: the one by which others list it too. A file is
    /// called by it, with `_` for other signs.
    pub(crate) name: &'static str,
    /// Names of its files, in which `*` stands for anything. One with a slash is the end of a path.
    pub(crate) files: &'static [&'static str],
    /// Regular expressions over bytes, the best first; the first group is the version.
    pub(crate) signs: &'static [&'static str],
    /// Bytes as they stand in a real one, and the version they tell.
    #[cfg_attr(not(test), expect(dead_code, reason = "it stands beside the signs that tests try on it"))]
    pub(crate) sample: (&'static [u8], &'static str),
}

/// All programs.
pub(crate) const PROGRAMS: &[&Program] = &[
    &arangodb::PROGRAM,
    &aws_lc::PROGRAM,
    &bash::PROGRAM,
    &bind::PROGRAM,
    &busybox::PROGRAM,
    &chrome::PROGRAM,
    &composer::PROGRAM,
    &consul::PROGRAM,
    &coturn::PROGRAM,
    &curl::PROGRAM,
    &dart::PROGRAM,
    &deno::PROGRAM,
    &dnsmasq::PROGRAM,
    &elixir::PROGRAM,
    &envoy::PROGRAM,
    &erlang::PROGRAM,
    &expat::PROGRAM,
    &ffmpeg::PROGRAM,
    &fluent_bit::PROGRAM,
    &gcc::PROGRAM,
    &git::PROGRAM,
    &glibc::PROGRAM,
    &gnupg::PROGRAM,
    &gnutls::PROGRAM,
    &go::PROGRAM,
    &grafana::PROGRAM,
    &gzip::PROGRAM,
    &haproxy::PROGRAM,
    &haskell_cabal::PROGRAM,
    &haskell_ghc::PROGRAM,
    &haskell_stack::PROGRAM,
    &helm::PROGRAM,
    &httpd::PROGRAM,
    &imagemagick::PROGRAM,
    &jq::PROGRAM,
    &julia::PROGRAM,
    &kubectl::PROGRAM,
    &libpcap::PROGRAM,
    &libphp::PROGRAM,
    &libpng::PROGRAM,
    &libssh::PROGRAM,
    &libssh2::PROGRAM,
    &libtiff::PROGRAM,
    &lighttpd::PROGRAM,
    &lua::PROGRAM,
    &mariadb::PROGRAM,
    &memcached::PROGRAM,
    &mongodb::PROGRAM,
    &mosquitto::PROGRAM,
    &musl::PROGRAM,
    &mysql::PROGRAM,
    &nghttp2::PROGRAM,
    &nginx::PROGRAM,
    &nginx_ingress_controller::PROGRAM,
    &node::PROGRAM,
    &openjdk::PROGRAM,
    &openldap::PROGRAM,
    &openssh::PROGRAM,
    &openssl::PROGRAM,
    &percona_server::PROGRAM,
    &percona_xtrabackup::PROGRAM,
    &percona_xtradb_cluster::PROGRAM,
    &perl::PROGRAM,
    &pgbouncer::PROGRAM,
    &php::PROGRAM,
    &php_cli::PROGRAM,
    &php_fpm::PROGRAM,
    &pilot_agent::PROGRAM,
    &pilot_discovery::PROGRAM,
    &postfix::PROGRAM,
    &postgresql::PROGRAM,
    &proftpd::PROGRAM,
    &pypy::PROGRAM,
    &python::PROGRAM,
    &qtbase::PROGRAM,
    &redis::PROGRAM,
    &ruby::PROGRAM,
    &rust::PROGRAM,
    &sqlcipher::PROGRAM,
    &sqlite::PROGRAM,
    &sudo::PROGRAM,
    &swipl::PROGRAM,
    &tor::PROGRAM,
    &traefik::PROGRAM,
    &unbound::PROGRAM,
    &util_linux::PROGRAM,
    &valkey::PROGRAM,
    &varnish::PROGRAM,
    &vault::PROGRAM,
    &vsftpd::PROGRAM,
    &wget::PROGRAM,
    &wp_cli::PROGRAM,
    &xz::PROGRAM,
    &zlib::PROGRAM,
    &zstd::PROGRAM,
];

/// The compiled signs, each when it is first needed.
static COMPILED: [OnceLock<Vec<Regex>>; PROGRAMS.len()] = [const { OnceLock::new() }; PROGRAMS.len()];

/// The first bytes of all names of files, so that most files are passed over at a glance.
const FIRST: [bool; 256] = first_bytes();

const fn first_bytes() -> [bool; 256] {
    let mut first = [false; 256];
    let mut rest = PROGRAMS;
    while let [program, others @ ..] = rest {
        let mut files = program.files;
        while let [file, more @ ..] = files {
            let mut bytes = file.as_bytes();
            // Of the end of a path the part behind the last slash counts.
            let mut scan = bytes;
            while let [byte, tail @ ..] = scan {
                if *byte == b'/' {
                    bytes = tail;
                }
                scan = tail;
            }
            if let [byte, ..] = bytes {
                // An index of eight bits lies in 256 places; `get_mut` is not for constants.
                #[expect(clippy::indexing_slicing, reason = "a constant that panics does not compile")]
                {
                    first[*byte as usize] = true;
                }
            }
            files = more;
        }
        rest = others;
    }
    first
}

/// Whether a file of this path may be one of the programs.
pub(crate) fn is_named(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let may = name.bytes().next().is_some_and(|byte| FIRST.get(usize::from(byte)).is_some_and(|may| *may));
    may && PROGRAMS.iter().any(|program| program.is_named(path, name))
}

/// The programs that a file is, with their versions. One file can be several, such as BusyBox with a library in it.
pub(crate) fn recognise(path: &str, body: Body<'_>) -> Vec<(&'static str, Vec<u8>)> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let mut searches: Vec<Search> = PROGRAMS
        .iter()
        .zip(&COMPILED)
        .filter(|(program, _)| program.is_named(path, name))
        .map(|(program, compiled)| {
            let signs = compiled.get_or_init(|| program.compile());
            Search { name: program.name, signs, best: None }
        })
        .collect();
    for (offset, piece) in body.pieces(OVERLAP) {
        let is_last = offset.saturating_add(piece.len() as u64) >= body.len();
        searches.iter_mut().for_each(|search| search.look_into(&piece, is_last));
        if searches.iter().all(Search::is_settled) {
            break;
        }
    }
    searches.into_iter().filter_map(|search| Some((search.name, search.best?.1))).collect()
}

/// The search for one program in one file.
struct Search {
    name: &'static str,
    signs: &'static [Regex],
    /// The version by the best sign that was found so far, with the number of that sign.
    best: Option<(usize, Vec<u8>)>,
}

impl Search {
    fn look_into(&mut self, piece: &[u8], is_last: bool) {
        let better = self.best.as_ref().map_or(self.signs.len(), |(sign, _)| *sign);
        for (number, sign) in self.signs.iter().enumerate().take(better) {
            let Some(found) = sign.captures(piece) else { continue };
            // What reaches the end of a piece may go on behind it, and is whole in the next one.
            let is_whole = is_last || found.get(0).is_some_and(|whole| whole.end() < piece.len());
            if let (true, Some(version)) = (is_whole, found.get(1)) {
                self.best = Some((number, version.as_bytes().to_vec()));
                return;
            }
        }
    }

    /// Whether nothing better can be found.
    fn is_settled(&self) -> bool {
        self.best.as_ref().is_some_and(|(sign, _)| *sign == 0)
    }
}

impl Program {
    fn is_named(&self, path: &str, name: &str) -> bool {
        self.files.iter().any(|pattern| {
            // Nearly all are told apart by this. The first sign of a path's end is not that of a name.
            if name.as_bytes().first() != pattern.as_bytes().first() && !pattern.contains('/') {
                return false;
            }
            if pattern.contains('/') {
                return path.strip_suffix(pattern).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
            }
            is_like(name, pattern)
        })
    }

    /// A sign that does not compile is no sign; a test sees to it that each does.
    fn compile(&self) -> Vec<Regex> {
        let compiled = self.signs.iter().map(|sign| {
            RegexBuilder::new(sign).unicode(false).size_limit(SIGN_BYTES).dfa_size_limit(SIGN_BYTES).build()
        });
        compiled.filter_map(Result::ok).collect()
    }
}

/// Whether a name is like a pattern, in which `*` stands for anything.
fn is_like(name: &str, pattern: &str) -> bool {
    let Some((start, mut pattern)) = pattern.split_once('*') else { return name == pattern };
    let Some(mut rest) = name.strip_prefix(start) else { return false };
    // Each piece in the middle is taken where it comes first, which leaves the most for the others.
    while let Some((piece, behind)) = pattern.split_once('*') {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        (rest, pattern) = (after, behind);
    }
    rest.ends_with(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_file_is_registered() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/programs");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
            .collect();
        files.sort();
        let names = PROGRAMS.iter().map(|program| program.name.replace(['-', '/'], "_"));
        assert_eq!(names.collect::<Vec<_>>(), files);
    }

    #[test]
    fn every_program_has_a_cpe_name() {
        let known: Vec<&str> = inventory::PROGRAM_CPES.iter().map(|(name, ..)| *name).collect();
        for program in PROGRAMS {
            assert!(known.contains(&program.name), "inventory::cpe does not know {}", program.name);
        }
        // Those have extractors of their own.
        let others: Vec<&&str> =
            known.iter().filter(|name| PROGRAMS.iter().all(|program| program.name != **name)).collect();
        assert_eq!(others, [&"jdk", &"jre", &"wordpress", &"zulu"]);
    }

    #[test]
    fn every_sample_tells_its_version_and_noise_tells_none() {
        for program in PROGRAMS {
            assert_eq!(program.compile().len(), program.signs.len(), "{}", program.name);
            let file = program.files.first().unwrap().replace('*', "");
            let (sample, version) = program.sample;
            assert!(is_named(&format!("opt/{file}")), "{}", program.name);
            let found = recognise(&format!("opt/{file}"), sample.into());
            assert!(found.contains(&(program.name, version.into())), "{}: {found:?}", program.name);
            assert_eq!(
                recognise(&file, b"\x7fELF nothing of interest 1.2 \0"[..].into()),
                [],
                "{}",
                program.name
            );
        }
    }

    #[test]
    fn what_the_linker_set_is_found_without_its_flags() {
        for (path, content, expected) in [
            ("usr/local/bin/helm", &b"text\x00v3.14.2\x00v1.29.0\x00"[..], ("helm", "3.14.2")),
            ("usr/bin/kubectl", b"archive\x00v1.29.3\x00archive", ("kubectl", "1.29.3")),
            ("traefik", b"\x003.0.4\x00", ("traefik", "3.0.4")),
        ] {
            assert_eq!(recognise(path, content.into()), [(expected.0, expected.1.into())], "{path}");
        }
    }

    #[test]
    fn forms_of_older_and_newer_releases() {
        for (path, content, expected) in [
            ("vault", &b"x.txn0.0.0.00x%016x1.14.3123-abc"[..], ("vault", "1.14.3")),
            ("vault", b"%016x1.14.101.49.22123-abc1953125", ("vault", "1.14.10")),
            ("vault", b"secondsindex_state1.20.0-rc1 x", ("vault", "1.20.0-rc1")),
            ("vault", b"\x00\x001.11.6\x00\x00", ("vault", "1.11.6")),
            ("consul", b"-X x.GitDescribe=1.12.9\" -s", ("consul", "1.12.9")),
            ("consul", b"\x00\x00v1.7.14\x00\x00", ("consul", "1.7.14")),
            ("helm", b"\x00v4.0.1\x00", ("helm", "4.0.1")),
            ("traefik", b"\x00v1.7.34\x00", ("traefik", "1.7.34")),
            ("traefik", b"traefik/traefik/v3\tv3.7.15\t\n", ("traefik", "3.7.15")),
            ("traefik", b"\x1c3.7.15\x00\x00$a", ("traefik", "3.7.15")),
            ("traefik", b"\x003.0.0-beta3\x00", ("traefik", "3.0.0-beta3")),
            ("mysql", b"shutdown\x008.0.37\x00\x00\x00\x00\x00mysql_real_esc", ("mysql", "8.0.37")),
            ("node", b"\x00node v0.10.48\x00", ("node", "0.10.48")),
            ("node", b"\x00v4.9.1\x00", ("node", "4.9.1")),
            ("ruby", b"ruby 3.4.0preview1 (2024-05-16 master 9d69619623)", ("ruby", "3.4.0preview1")),
            ("ruby", b"ruby 2.7.7p221 (2022-11-24 revision 168ec2b1e5)", ("ruby", "2.7.7p221")),
            ("postgres", b"postgres (PostgreSQL) 15beta4\n", ("postgresql", "15beta4")),
            ("dart", b"\x003.6.0-216.1.beta (beta) (Tue", ("dart", "3.6.0-216.1.beta")),
            ("ldapsearch", b"@(#) $OpenLDAP: ldapsearch 2.4.45 (", ("openldap", "2.4.45")),
            ("java", b"\x000.0\x00\x00\x0011.0.22+7\x00\x00openjdk\x00java\x00", ("openjdk", "11.0.22+7")),
            ("java", b"\x00openjdk\x00java\x001.8\x001.8.0_352-b08\x00", ("openjdk", "1.8.0_352-b08")),
        ] {
            assert_eq!(recognise(path, content.into()), [(expected.0, expected.1.into())], "{path}");
        }
    }

    #[test]
    fn builds_of_redis_on_all_kinds_of_machines() {
        for (build, version) in [
            (&b"A7.0.151790282056000000000\x00"[..], "7.0.15"),
            (b"\x008.0.21789404730000000000\x00", "8.0.2"),
            (b"\x00\x006.2.14912196-d8565-1701469167040305114\x00", "6.2.14"),
            (b"\x00\x007.2.4buildkitsandbox-1704826452000000000\x00", "7.2.4"),
            (b"\x00\x006.2.58f1bd3b4a99c-1728373341000000000\x00", "6.2.5"),
        ] {
            let content = [b"\x002.8.9\x003.2.1\x00", build].concat();
            assert_eq!(recognise("redis-server", content.as_slice().into()), [("redis", version.into())]);
        }
    }

    #[test]
    fn names_are_matched_whole() {
        for path in [
            "usr/bin/python3.11",
            "usr/lib/libssl.so.3",
            "usr/lib/libpython3.11.so.1.0",
            "usr/lib/libruby-3.1.so.3.1.2",
            "usr/lib/libphp8.2.so",
            "bin/[",
            "usr/local/go/VERSION",
            "busybox.static",
        ] {
            assert!(is_named(path), "{path}");
        }
        for path in [
            "usr/bin/pythonic",
            "usr/lib/libssl.a",
            "usr/lib/libpython3.11.a",
            "usr/share/release-notes",
            "VERSIONS",
            "",
        ] {
            assert!(!is_named(path), "{path}");
        }
    }

    #[test]
    fn a_long_file_of_near_matches_is_searched_in_linear_time() {
        let content = b"\x003.1".repeat(1 << 20);
        assert_eq!(recognise("python3", content.as_slice().into()), []);
        let content = b"OpenSSL 1.1.1".repeat(1 << 18);
        assert_eq!(recognise("libssl.so", content.as_slice().into()), []);
    }
}
