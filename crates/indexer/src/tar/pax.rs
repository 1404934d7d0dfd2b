//! PAX extension headers: lines of `LENGTH KEY=VALUE`.

use super::Fault;

/// For what a PAX header speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// For the next entry.
    Local,
    /// For all entries that follow. GNU tar obeys it, Go ignores it.
    Global,
}

/// The records that bear on where an entry ends and what it is called.
#[derive(Debug, Default)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) sparse: bool,
    pub(super) sparse_name: Option<Vec<u8>>,
}

impl Pax {
    pub(super) fn parse(mut content: &[u8], scope: Scope) -> Result<Self, Fault> {
        let mut pax = Self::default();
        while !content.is_empty() {
            let (record, rest) = split_record(content)?;
            let (key, value) = split_key(record)?;
            pax.take(key, value, scope)?;
            content = rest;
        }
        if pax.sparse_name.is_some() && !pax.sparse {
            return Err(Fault::Ambiguous("a name of a sparse file without a version"));
        }
        Ok(pax)
    }

    fn take(&mut self, key: &[u8], value: &[u8], scope: Scope) -> Result<(), Fault> {
        let decisive = matches!(key, b"path" | b"linkpath" | b"size") || key.starts_with(b"GNU.sparse.");
        if !decisive {
            return Ok(());
        }
        if scope == Scope::Global {
            return Err(Fault::Ambiguous("a global PAX header that sets paths or sizes"));
        }
        match key {
            b"path" => self.path = name(value)?,
            b"linkpath" => self.link = name(value)?,
            b"size" => self.size = decimal(value)?,
            b"GNU.sparse.name" => self.sparse_name = name(value)?,
            // Format 1.0 has its map in the body, 0.x in the header. The body ends at the same place in both.
            b"GNU.sparse.major" => match value {
                b"0" | b"1" => self.sparse = true,
                _ => return Err(Fault::Ambiguous("an unknown version of sparse files")),
            },
            b"GNU.sparse.minor" => match value {
                b"0" | b"1" => {}
                _ => return Err(Fault::Ambiguous("an unknown version of sparse files")),
            },
            b"GNU.sparse.map" | b"GNU.sparse.numblocks" | b"GNU.sparse.size" => self.sparse = true,
            _ => {}
        }
        Ok(())
    }
}

/// Splits `LENGTH KEY=VALUE\n`, where the length counts itself and the line end, from what follows.
fn split_record(content: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let space = memchr::memchr(b' ', content.get(..24).unwrap_or(content))
        .ok_or(Fault::Extension("a record without a length"))?;
    let digits = content.get(..space).unwrap_or_default();
    let length = decimal(digits)?
        .and_then(|length| usize::try_from(length).ok())
        .ok_or(Fault::Extension("a record without a length"))?;
    let (record, rest) =
        content.split_at_checked(length).ok_or(Fault::Extension("a record longer than its header"))?;
    let record = record
        .get(space.saturating_add(1)..)
        .and_then(|record| record.strip_suffix(b"\n"))
        .ok_or(Fault::Extension("a record that does not end where it says"))?;
    Ok((record, rest))
}

fn split_key(record: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let equals = memchr::memchr(b'=', record).ok_or(Fault::Extension("a record without a key"))?;
    let key = record.get(..equals).unwrap_or_default();
    let value = record.get(equals.saturating_add(1)..).unwrap_or_default();
    if key.is_empty() || key.contains(&0) {
        return Err(Fault::Extension("a record without a key"));
    }
    Ok((key, value))
}

/// An empty value takes a record back.
fn name(value: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    if value.contains(&0) {
        return Err(Fault::Ambiguous("a NUL in a PAX name"));
    }
    Ok(if value.is_empty() { None } else { Some(value.to_vec()) })
}

fn decimal(value: &[u8]) -> Result<Option<u64>, Fault> {
    if value.is_empty() {
        return Ok(None);
    }
    let number = value.iter().try_fold(0_u64, |number, digit| match digit {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u64::from(digit & 15)),
        _ => None,
    });
    // Go reads sizes as signed 64-bit numbers.
    match number.filter(|number| i64::try_from(*number).is_ok()) {
        Some(number) => Ok(Some(number)),
        None => Err(Fault::Extension("a length or size that is no number")),
    }
}
