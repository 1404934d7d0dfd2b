//! Assemblies of .NET and other portable executables, by the version that stands in each.
//!
//! Where `NAME.deps.json` is missing, as for what somebody copied and for .NET itself, the file is all there is. What it calls
//! itself is a name for people, `Json.NET`, and its version that of the file, `13.0.1.25517`, which grows with every build.
//! Neither is that of a package: they are listed and not judged, and the packages are those of `deps.json`.
//!
//! Name and version are chosen as other scanners choose them, so that the same file goes by the same words: Microsoft says in
//! `FileDescription` which assembly it is, and others in `ProductName`; of the version of the file and that of the product the
//! greater counts, and of equals the one that says more.

use super::{Action, Extractor, File, PackageList, Reading};
use crate::Limits;
use crate::body::{Body, Workspace};
use crate::pe;
use inventory::{PackageKind, SkipReason};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "portable executable",
    watched: &[],
    claims: |file| is_named(file.path),
    magic: &[pe::MAGIC],
    action: Action::Browse { limit: |limits| limits.binary_bytes, browse },
};

fn is_named(path: &str) -> bool {
    let ending = path.len().checked_sub(4).and_then(|start| path.as_bytes().get(start..));
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case(b".dll") || ending.eq_ignore_ascii_case(b".exe"))
}

fn browse(_: &File<'_>, body: Body<'_>, limits: &Limits, _: &Workspace) -> Result<Reading, SkipReason> {
    let Some(texts) = pe::version_texts(body) else { return Ok(Reading::Nothing) };
    let (Some(name), Some(version)) = (name(&texts), version(&texts)) else { return Ok(Reading::Nothing) };
    // What is no word for an inventory names nothing, as if it were not there.
    if super::word(name.as_bytes(), limits).is_none() || super::word(version.as_bytes(), limits).is_none() {
        return Ok(Reading::Nothing);
    }
    let mut list = PackageList::new(PackageKind::Assembly, limits);
    list.push(name.as_bytes(), version.as_bytes())?;
    Ok(list.finish())
}

type Texts = BTreeMap<String, String>;

fn text<'t>(texts: &'t Texts, key: &str) -> &'t str {
    texts.get(key).map_or("", |text| text.trim())
}

fn name(texts: &Texts) -> Option<String> {
    let is_microsoft = ["CompanyName", "ProductName"]
        .iter()
        .any(|key| text(texts, key).to_lowercase().contains("microsoft"));
    let keys = if is_microsoft {
        ["FileDescription", "InternalName", "OriginalFilename", "ProductName"]
    } else {
        ["ProductName", "FileDescription", "InternalName", "OriginalFilename"]
    };
    keys.iter().map(|key| plain(text(texts, key))).find(|name| !name.is_empty())
}

/// One blank between words, and no signs that cannot be seen.
fn plain(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|sign| if sign.is_whitespace() { ' ' } else { sign })
        .filter(|sign| !sign.is_control())
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn version(texts: &Texts) -> Option<String> {
    let product = numeric_part(text(texts, "ProductVersion"));
    let file = numeric_part(text(texts, "FileVersion"));
    let chosen = match (Release::parse(&product), Release::parse(&file)) {
        (Some(_), None) => &product,
        (Some(of_product), Some(of_file)) if of_file.compare(&of_product) == Ordering::Greater => &file,
        (Some(of_product), Some(of_file)) if of_file.compare(&of_product) == Ordering::Less => &product,
        (Some(_) | None, _) => more_telling(&product, &file),
    };
    (!chosen.is_empty()).then(|| chosen.clone())
}

/// Of two versions that are equal, or of which one is no number, the one that says more.
fn more_telling<'v>(product: &'v String, file: &'v String) -> &'v String {
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let detail = |text: &str| {
        let is_mark = |byte: &u8| matches!(byte, b'.' | b',');
        // Marks beside each other are one.
        text.as_bytes()
            .chunk_by(|a, b| is_mark(a) == is_mark(b))
            .filter(|run| run.first().is_some_and(is_mark))
            .count()
    };
    if has_digit(product) && detail(product) >= detail(file) {
        product
    } else if has_digit(file) && (detail(file) > 0 || !has_digit(product)) {
        file
    } else {
        product
    }
}

/// The words up to the first without a digit behind one with: `4.7.4076.0` of `4.7.4076.0 built by: NET472REL1LAST_B`.
fn numeric_part(text: &str) -> String {
    let mut taken: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let has_digit = |word: &&str| word.bytes().any(|byte| byte.is_ascii_digit());
        if taken.iter().any(has_digit) && !has_digit(&word) {
            break;
        }
        taken.push(word);
    }
    taken.join(" ")
}

/// A version as a row of numbers with, perhaps, the name of what came before the release.
struct Release<'v> {
    numbers: Vec<u64>,
    before: &'v str,
}

impl<'v> Release<'v> {
    fn parse(text: &'v str) -> Option<Self> {
        let is_name = |text: &str| {
            text.split('.').all(|part| {
                !part.is_empty()
                    && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'~'))
            })
        };
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, build) = text.split_once('+').unwrap_or((text, "0"));
        let end = text.bytes().position(|byte| !byte.is_ascii_digit() && byte != b'.').unwrap_or(text.len());
        let (numbers, before) = text.split_at_checked(end)?;
        let numbers = numbers.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
        let before = before.strip_prefix('-').unwrap_or(before);
        (is_name(build) && (before.is_empty() || is_name(before))).then_some(Self { numbers, before })
    }

    fn compare(&self, other: &Self) -> Ordering {
        let most = self.numbers.len().max(other.numbers.len());
        let padded = |numbers: &[u64]| -> Vec<u64> {
            numbers.iter().copied().chain(std::iter::repeat(0)).take(most).collect()
        };
        let by_numbers = padded(&self.numbers).cmp(&padded(&other.numbers));
        by_numbers.then_with(|| match (self.before, other.before) {
            (one, two) if one == two => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (one, two) => one.cmp(two),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::browsed;
    use super::*;
    use crate::build::portable_executable;

    fn read(texts: &[(&str, &str)]) -> String {
        let file = File { path: "app/A.dll", size: 0, mode: 0o644 };
        browsed(browse, &file, &portable_executable(texts), &Limits::default())
    }

    #[test]
    fn names_of_microsoft_and_of_others() {
        let texts = [
            ("CompanyName", "Microsoft Corporation"),
            ("FileDescription", "System.Text.Json"),
            ("FileVersion", "8.0.123.58001"),
            ("ProductName", "Microsoft® .NET"),
            ("ProductVersion", "8.0.1+bf5e279d9239bfef5bb1b8d6212f1b971c434606"),
        ];
        assert_eq!(read(&texts), "nuget System.Text.Json 8.0.123.58001\n");
        let texts = [
            ("CompanyName", "Newtonsoft"),
            ("FileDescription", "Json.NET .NET Standard 2.0"),
            ("FileVersion", "13.0.1.25517"),
            ("ProductName", "Json.NET"),
            ("ProductVersion", "13.0.1"),
        ];
        assert_eq!(read(&texts), "nuget Json.NET 13.0.1.25517\n");
        assert_eq!(read(&[("FileVersion", "1.0")]), "nothing\n");
        assert_eq!(read(&[("ProductName", "A")]), "nothing\n");
        assert_eq!(read(&[]), "nothing\n");
    }

    #[test]
    fn versions_are_chosen_as_others_choose_them() {
        for (product, file, expected) in [
            ("1.0.0", "1.0.0.0", "1.0.0.0"),
            ("3.14.15.92", "1.2", "3.14.15.92"),
            ("1.2.3-beta", "1.2.3", "1.2.3"),
            ("1, 0, 0, 0", "2.0", "1, 0, 0, 0"),
            ("Release 73", "4.7.4076.0 built by: NET472REL1LAST_B", "4.7.4076.0"),
            ("", "5.1", "5.1"),
            ("7", "", "7"),
            ("none", "", "none"),
        ] {
            let texts = [("ProductName", "A"), ("ProductVersion", product), ("FileVersion", file)];
            assert_eq!(read(&texts), format!("nuget A {expected}\n"), "{product} {file}");
        }
    }

    #[test]
    fn offsets_that_lie_and_circles_end() {
        let whole = portable_executable(&[("ProductName", "A"), ("FileVersion", "1.0")]);
        let file = File { path: "a.exe", size: 0, mode: 0 };
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut broken = whole.clone();
                broken.iter_mut().skip(at).take(1).for_each(|byte| *byte = value);
                // Whatever comes out, it comes out the same on scratch, and it ends.
                browsed(browse, &file, &broken, &Limits::default());
            }
        }
    }
}
