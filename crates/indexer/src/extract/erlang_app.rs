//! Installed applications of Erlang and Elixir: the `NAME.app` in the `ebin` folder of each.
//!
//! A release, which is how such programs come into images, has no lock file: `lib/NAME-VERSION/ebin/NAME.app` is all
//! that tells what it is made of. The file is one term, `{application, NAME, [{vsn, "1.2.3"}, …]}`, of which only these
//! two are looked for. What belongs to Erlang and to Elixir themselves comes from no registry and is a kind of its own.
//!
//! <https://www.erlang.org/doc/apps/kernel/app.html>

use super::{Action, Extractor, File, PackageList, Reading};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Erlang application",
    watched: &[],
    claims: |file| is_installed(file.path),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

/// The applications that Erlang/OTP itself and Elixir itself are made of, sorted.
const OWN: &[&str] = &[
    "asn1",
    "common_test",
    "compiler",
    "crypto",
    "debugger",
    "dialyzer",
    "diameter",
    "edoc",
    "eex",
    "eldap",
    "elixir",
    "erl_docgen",
    "erl_interface",
    "erts",
    "et",
    "eunit",
    "ex_unit",
    "ftp",
    "hipe",
    "iex",
    "inets",
    "jinterface",
    "kernel",
    "logger",
    "megaco",
    "mix",
    "mnesia",
    "observer",
    "odbc",
    "os_mon",
    "parsetools",
    "public_key",
    "reltool",
    "runtime_tools",
    "sasl",
    "snmp",
    "ssh",
    "ssl",
    "stdlib",
    "syntax_tools",
    "tftp",
    "tools",
    "wx",
    "xmerl",
];

/// The folder above has the name of the application, but for distributions that name it as their package.
fn is_installed(path: &str) -> bool {
    path.strip_suffix(".app").and_then(|path| path.rsplit_once('/')).is_some_and(|(folder, name)| {
        !name.is_empty() && folder.strip_suffix("/ebin").is_some_and(|above| !above.is_empty())
    })
}

fn read(file: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let name = file.name().strip_suffix(".app").unwrap_or_default();
    let kind = if OWN.binary_search(&name).is_ok() { PackageKind::Otp } else { PackageKind::Hex };
    let Some(version) = version(content) else {
        return Err(SkipReason::Malformed("an application of Erlang without a version".to_owned()));
    };
    // What a build leaves empty has no version that anybody could look up.
    if version.is_empty() {
        return Ok(Reading::Nothing);
    }
    let mut list = PackageList::new(kind, limits);
    list.push(name.as_bytes(), version)?;
    Ok(list.finish())
}

/// The string in `{vsn, "…"}`. Blanks and lines may stand between all signs.
fn version(content: &[u8]) -> Option<&[u8]> {
    memchr::memmem::find_iter(content, b"vsn").find_map(|at| {
        let before = content.get(..at)?.trim_ascii_end();
        before.strip_suffix(b"'").unwrap_or(before).trim_ascii_end().strip_suffix(b"{")?;
        let rest = content.get(at.checked_add(3)?..)?;
        let rest = rest.strip_prefix(b"'").unwrap_or(rest).trim_ascii_start().strip_prefix(b",")?;
        let rest = rest.trim_ascii_start().strip_prefix(b"\"")?;
        rest.get(..memchr::memchr(b'"', rest)?)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::shown;
    use super::*;
    use expect_test::expect;

    #[test]
    fn applications_of_a_release() {
        expect![[r#"
            hex plug 1.14.0
        "#]]
        .assert_eq(&shown(
            read,
            "app/lib/plug-1.14.0/ebin/plug.app",
            "{application,plug,\n    [{modules,['Elixir.Plug',vsn_helper]},{optional_applications,[]},\n     {description,\"{vsn} of it\"},\n     {vsn,\"1.14.0\"}]}.\n",
        ));
        expect![[r#"
            otp ssl 11.0.3
        "#]]
        .assert_eq(&shown(
            read,
            "usr/lib/erlang/lib/ssl-11.0.3/ebin/ssl.app",
            "%% -*- erlang -*-\n{application, ssl,\n [ {description, \"Erlang/OTP SSL application\"},\n  { 'vsn' ,\n \"11.0.3\" }]}.",
        ));
        assert_eq!(shown(read, "a/ebin/a.app", "{application,a,[{vsn,\"\"}]}."), "nothing\n");
        assert!(shown(read, "a/ebin/a.app", "{application,a,[{vsn,git}]}.").starts_with("malformed"));
    }

    #[test]
    fn only_what_erlang_finds_is_claimed() {
        for path in [
            "lib/plug-1.14.0/ebin/plug.app",
            "usr/lib/elixir/lib/mix/ebin/mix.app",
            "lib/p1_xml-1/ebin/fast_xml.app",
        ] {
            assert!(is_installed(path), "{path}");
        }
        for path in [
            "plug.app",
            "ebin/plug.app",
            "lib/plug/ebin/.app",
            "lib/plug/src/plug.app",
            "lib/plug/ebin/plug.app.src",
        ] {
            assert!(!is_installed(path), "{path}");
        }
    }

    #[test]
    fn own_applications_are_sorted() {
        assert!(OWN.is_sorted());
    }
}
