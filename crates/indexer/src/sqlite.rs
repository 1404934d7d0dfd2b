//! The rows of one table of an SQLite database.
//!
//! <https://www.sqlite.org/fileformat2.html>, as much as reading one rowid table needs: b-tree pages of tables,
//! overflow pages, records. There is no SQL, no index, no write-ahead log; whoever calls must see to the latter.
//!
//! A page is visited once, and all payloads together are no larger than the file, so loops and shared pages end.

use crate::body::Body;
use std::borrow::Cow;

const MAGIC: &[u8] = b"SQLite format 3\0";
const INTERIOR: u8 = 0x05;
const LEAF: u8 = 0x0d;

/// A database.
#[derive(Debug)]
pub(crate) struct Database<'a> {
    body: Body<'a>,
    page_size: u64,
    /// Bytes of a page without those that are reserved at its end.
    usable: usize,
}

/// A value of a row, as far as anyone asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A whole number.
    Integer(u64),
    /// A blob or a text.
    Bytes(&'a [u8]),
    /// Nothing, or a number with a point.
    Other,
}

/// The database is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the SQLite database is damaged: {0}")]
pub(crate) struct Damage(&'static str);

impl<'a> Database<'a> {
    pub(crate) fn open(body: Body<'a>) -> Result<Self, Damage> {
        const HEADER: Damage = Damage("its header");
        let header = body.bytes(0, 100).ok_or(HEADER)?;
        if !header.starts_with(MAGIC) {
            return Err(HEADER);
        }
        let page_size = match number(&header, 16, 2).ok_or(HEADER)? {
            1 => 65_536,
            size => size,
        };
        let reserved = number(&header, 20, 1).ok_or(HEADER)?;
        let usable = page_size.checked_sub(reserved).filter(|usable| *usable >= 480).ok_or(HEADER)?;
        let usable = usize::try_from(usable).map_err(|_| HEADER)?;
        if !page_size.is_power_of_two() {
            return Err(HEADER);
        }
        Ok(Self { body, page_size, usable })
    }

    /// Hands the payload of each row of a table to `row`, until that returns an error.
    pub(crate) fn rows<E: From<Damage>>(
        &self,
        table: &str,
        row: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut root = None;
        self.walk(1, &mut |payload| {
            let values = record(payload).ok_or(Damage("a record of its schema"))?;
            if let [Value::Bytes(b"table"), Value::Bytes(name), _, Value::Integer(page), ..] = values[..]
                && name == table.as_bytes()
            {
                root = Some(page);
            }
            Ok::<(), Damage>(())
        })?;
        self.walk(root.ok_or(Damage("the table is missing"))?, row)
    }

    fn walk<E: From<Damage>>(&self, root: u64, row: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        const PAGE: Damage = Damage("a page of a table");
        let pages = self.body.len().checked_div(self.page_size).unwrap_or_default();
        let pages = usize::try_from(pages).map_err(|_| PAGE)?;
        let mut seen = vec![false; pages.saturating_add(1)];
        let mut budget = self.body.len();
        let mut pending = Vec::new();
        // In a sound tree each page has one parent, so a second mention is damage.
        let mut mention = |pending: &mut Vec<u64>, page: u64| {
            let seen = usize::try_from(page).ok().and_then(|index| seen.get_mut(index)).ok_or(PAGE)?;
            pending.push(page);
            if std::mem::replace(seen, true) { Err(PAGE) } else { Ok(()) }
        };
        mention(&mut pending, root)?;
        while let Some(page_number) = pending.pop() {
            let page = self.page(page_number).ok_or(PAGE)?;
            // The first page begins with the header of the file.
            let start = if page_number == 1 { 100 } else { 0 };
            let header = page.get(start..).ok_or(PAGE)?;
            let kind = *header.first().ok_or(PAGE)?;
            let cells = number(header, 3, 2).and_then(|cells| usize::try_from(cells).ok()).ok_or(PAGE)?;
            let pointers = header.get(if kind == INTERIOR { 12 } else { 8 }..).ok_or(PAGE)?;
            for pointer in pointers.chunks_exact(2).take(cells) {
                let at = number(pointer, 0, 2).and_then(|at| usize::try_from(at).ok()).ok_or(PAGE)?;
                let cell = page.get(at..).ok_or(PAGE)?;
                match kind {
                    INTERIOR => mention(&mut pending, number(cell, 0, 4).ok_or(PAGE)?)?,
                    LEAF => row(&self.payload(cell, &mut budget)?)?,
                    _ => return Err(PAGE.into()),
                }
            }
            if kind == INTERIOR {
                mention(&mut pending, number(header, 8, 4).ok_or(PAGE)?)?;
            }
        }
        Ok(())
    }

    /// Pages are numbered from 1.
    fn page(&self, number: u64) -> Option<Cow<'a, [u8]>> {
        let start = number.checked_sub(1)?.checked_mul(self.page_size)?;
        self.body.bytes(start, self.usable as u64)
    }

    /// The payload of a cell of a leaf, put together from its overflow pages.
    fn payload(&self, cell: &[u8], budget: &mut u64) -> Result<Vec<u8>, Damage> {
        const PAYLOAD: Damage = Damage("a row");
        let (size, rest) = varint(cell).ok_or(PAYLOAD)?;
        let (_, rest) = varint(rest).ok_or(PAYLOAD)?;
        let size = usize::try_from(size).map_err(|_| PAYLOAD)?;
        *budget = budget.checked_sub(size as u64).ok_or(PAYLOAD)?;
        let local = self.local_size(size).ok_or(PAYLOAD)?;
        let (local, rest) = rest.split_at_checked(local).ok_or(PAYLOAD)?;
        let mut payload = local.to_vec();
        let mut next = number(rest, 0, 4);
        while payload.len() < size {
            let page = self.page(next.ok_or(PAYLOAD)?).ok_or(PAYLOAD)?;
            let (link, content) = page.split_at_checked(4).ok_or(PAYLOAD)?;
            let missing = size.saturating_sub(payload.len());
            payload.extend_from_slice(content.get(..missing).unwrap_or(content));
            next = number(link, 0, 4);
        }
        Ok(payload)
    }

    /// How much of a payload stands in its cell; the formula of "B-tree Cell Format".
    fn local_size(&self, size: usize) -> Option<usize> {
        let most = self.usable.checked_sub(35)?;
        if size <= most {
            return Some(size);
        }
        let least = self.usable.checked_sub(12)?.checked_mul(32)?.checked_div(255)?.checked_sub(23)?;
        let per_page = self.usable.checked_sub(4)?;
        let fitting = least.checked_add(size.checked_sub(least)?.checked_rem(per_page)?)?;
        Some(if fitting <= most { fitting } else { least })
    }
}

/// The values of a record.
pub(crate) fn record(payload: &[u8]) -> Option<Vec<Value<'_>>> {
    let (header_size, _) = varint(payload)?;
    let (header, mut body) = payload.split_at_checked(usize::try_from(header_size).ok()?)?;
    let (_, mut header) = varint(header)?;
    let mut values = Vec::new();
    while !header.is_empty() {
        let (serial, rest) = varint(header)?;
        header = rest;
        let size = match serial {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(serial).ok()?,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => usize::try_from(serial.checked_sub(12)? >> 1).ok()?,
        };
        let (content, rest) = body.split_at_checked(size)?;
        body = rest;
        values.push(match serial {
            1..=6 => Value::Integer(number(content, 0, size)?),
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            0 | 7 => Value::Other,
            _ => Value::Bytes(content),
        });
    }
    Some(values)
}

/// A number in base 128, the high digits first; the ninth byte counts whole.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(9).enumerate() {
        let rest = bytes.get(index.checked_add(1)?..)?;
        if index == 8 {
            return Some(((value << 8) | u64::from(*byte), rest));
        }
        value = (value << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, rest));
        }
    }
    None
}

/// A big-endian number of at most 8 bytes.
fn number(bytes: &[u8], offset: usize, width: usize) -> Option<u64> {
    let field = bytes.get(offset..)?.get(..width)?;
    Some(field.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_lengths() {
        assert_eq!(varint(&[0x7f]), Some((0x7f, &[][..])));
        assert_eq!(varint(&[0x81, 0x00, 9]), Some((0x80, &[9][..])));
        assert_eq!(varint(&[0xff; 10]), Some((u64::MAX, &[0xff][..])));
        assert_eq!(varint(&[0x80; 8]), None);
    }

    #[test]
    fn records_that_claim_too_much_are_none() {
        let sound = [4, 0, 1, 15, 7, b'x'];
        assert_eq!(record(&sound), Some(vec![Value::Other, Value::Integer(7), Value::Bytes(b"x")]));
        for length in 0..sound.len() {
            assert_eq!(record(sound.get(..length).unwrap()), None, "{length}");
        }
    }

    #[test]
    fn pages_in_circles_are_damage() {
        // The first page is an interior one whose right child is itself.
        let mut file = MAGIC.to_vec();
        file.extend([2, 0]);
        file.resize(100, 0);
        file.extend([INTERIOR, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        file.resize(1024, 0);
        let database = Database::open(file.as_slice().into()).unwrap();
        let result = database.rows("Packages", &mut |_| Ok::<(), Damage>(()));
        assert_eq!(result, Err(Damage("a page of a table")));
    }
}
