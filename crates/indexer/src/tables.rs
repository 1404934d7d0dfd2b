//! The tables of lock files in TOML, as the tools that own them write them: `[[package]]`, then `key = "value"`.
//!
//! Lock files are written by programs, one key a line, so no parser of the whole language is needed, and with none of
//! its nesting there is nothing to exhaust. A value is kept as it stands; [`string`] takes the quotes away.

use crate::extract::lines;

/// More keys than a table of any lock file has.
const FIELDS: usize = 64;

/// One table.
#[derive(Debug, Default)]
pub(crate) struct Table<'a> {
    /// What stands between the brackets, single or double.
    pub(crate) name: &'a [u8],
    fields: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Table<'a> {
    /// The value of a key, as it stands.
    pub(crate) fn raw(&self, key: &str) -> Option<&'a [u8]> {
        self.fields.iter().find(|(name, _)| *name == key.as_bytes()).map(|(_, value)| *value)
    }

    /// The value of a key, if it is a string.
    pub(crate) fn string(&self, key: &str) -> Option<&'a [u8]> {
        string(self.raw(key)?)
    }
}

/// The text between the quotes.
pub(crate) fn string(value: &[u8]) -> Option<&[u8]> {
    let quote = *value.first().filter(|quote| matches!(quote, b'"' | b'\''))?;
    let rest = value.get(1..)?;
    rest.get(..memchr::memchr(quote, rest)?)
}

/// The tables in their order.
pub(crate) fn tables(content: &[u8]) -> impl Iterator<Item = Table<'_>> {
    let mut lines = lines(content);
    let mut next: Option<Table<'_>> = None;
    let mut is_over = false;
    std::iter::from_fn(move || {
        while !is_over {
            let Some(line) = lines.next() else {
                is_over = true;
                return next.take();
            };
            let line = line.trim_ascii();
            if let Some(name) = header(line) {
                let done = next.replace(Table { name, fields: Vec::new() });
                if done.is_some() {
                    return done;
                }
            } else if let (Some(table), Some((key, value))) = (&mut next, split(line))
                && table.fields.len() < FIELDS
            {
                table.fields.push((key, value));
            }
        }
        None
    })
}

fn header(line: &[u8]) -> Option<&[u8]> {
    let inner = line.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let inner = inner.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(inner);
    // A line of an array can look like one.
    (!inner.is_empty() && !inner.iter().any(|byte| matches!(byte, b'[' | b']' | b','))).then_some(inner)
}

fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key, value) = line.split_at_checked(memchr::memchr(b'=', line)?)?;
    Some((key.trim_ascii(), value.strip_prefix(b"=")?.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_their_strings() {
        let text = b"# x\nversion = 3\n[[package]]\nname = \"a\"\nversion='1'\ndeps = [\n \"b\",\n]\n\n[metadata]\nx=1\n[[package]]\nname = \"c\"";
        let word = |text: Option<&[u8]>| {
            text.map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default()
        };
        let found: Vec<String> = tables(text)
            .map(|table| {
                let fields = [Some(table.name), table.string("name"), table.string("version")];
                fields.map(word).join(" ")
            })
            .collect();
        assert_eq!(found, ["package a 1", "metadata  ", "package c "]);
        assert_eq!(tables(b"").count(), 0);
        assert_eq!(tables(b"[]\n[[]]\n[,]\n[[a").count(), 0);
    }
}
