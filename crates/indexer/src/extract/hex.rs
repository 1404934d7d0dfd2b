//! Lock files of Elixir and Erlang: `mix.lock` and `rebar.lock`.
//!
//! Both are terms of their language, one package a line: `"name": {:hex, :name, "1.0", …}` and
//! `{<<"name">>,{pkg,<<"name">>,<<"1.0">>},0}`. Packages from git have other words in these places.

use super::{Action, Extractor, File, PackageList, Reading, is_project_file, lines};
use crate::Limits;
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Hex lock file",
    watched: &[],
    claims: |file| is_project_file(file.path, "mix.lock") || is_project_file(file.path, "rebar.lock"),
    magic: &[],
    action: Action::Read { limit: |limits| limits.manifest_bytes, read },
};

fn read(_: &File<'_>, content: &[u8], limits: &Limits) -> Result<Reading, SkipReason> {
    let mut list = PackageList::locked(PackageKind::Hex, limits);
    for line in lines(content) {
        if let Some((name, version)) = elixir(line).or_else(|| erlang(line)) {
            list.push(name, version)?;
        }
    }
    Ok(list.finish())
}

fn elixir(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = after(line, b"{:hex,")?.trim_ascii_start().strip_prefix(b":")?;
    let (name, rest) = rest.split_at_checked(memchr::memchr(b',', rest)?)?;
    let name = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name);
    Some((name, quoted(after(rest, b"\"")?)?))
}

fn erlang(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = after(line, b"{pkg,<<\"")?;
    let name = quoted(rest)?;
    Some((name, quoted(after(rest, b"<<\"")?)?))
}

fn after<'a>(text: &'a [u8], sign: &[u8]) -> Option<&'a [u8]> {
    text.get(memchr::memmem::find(text, sign)?.checked_add(sign.len())?..)
}

/// Up to the closing quote.
fn quoted(text: &[u8]) -> Option<&[u8]> {
    text.get(..memchr::memchr(b'"', text)?)
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::show;
    use super::*;
    use expect_test::expect;

    #[test]
    fn both_languages() {
        let text = "%{\n  \"plug\": {:hex, :plug, \"1.14.0\", \"ba4f\", [:mix], [{:mime, \"~> 1.0\", [hex: :mime]}], \"hexpm\", \"bf02\"},\n  \
            \"own\": {:git, \"https://example.com/own.git\", \"abc\", []},\n}\n\
            {\"1.2.0\",\n[{<<\"cowboy\">>,{pkg,<<\"cowboy\">>,<<\"2.9.0\">>},0},\n {<<\"x\">>,{git,\"https://x\",{ref,\"a\"}},0}]}.\n{:hex, :cut";
        let file = File { path: "mix.lock", size: 0, mode: 0 };
        expect![[r#"
            hex plug 1.14.0 locked
            hex cowboy 2.9.0 locked
        "#]]
        .assert_eq(&show(read(&file, text.as_bytes(), &Limits::default())));
    }
}
