//! Tar archives of documents, read as a stream: <https://www.gnu.org/software/tar/manual/html_node/Standard.html>.
//!
//! Only what an archive of documents needs: regular files, the long names of GNU and of PAX, sizes in octal and in
//! base 256. Links, devices and folders are passed over. Nothing is written anywhere, so that a name is a label.
//!
//! An archive that does not end with a block of zeros was cut off, and is an error: half an export must not pass for
//! a whole one.

use std::io::{self, Read};

const BLOCK: usize = 512;

/// The longest name and the largest extended header that are read.
const NAME_BYTES: u64 = 64 << 10;

/// Where in the first block the mark of a tar archive stands.
const MARK_AT: usize = 257;

/// The first bytes that tell whether it is a tar archive.
pub(super) const HEAD_BYTES: usize = BLOCK;

/// Whether a stream with these first bytes is a tar archive.
pub(super) fn is_tar(head: &[u8]) -> bool {
    head.get(MARK_AT..MARK_AT + 5) == Some(b"ustar") && head.first_chunk().is_some_and(checksum_holds)
}

/// An archive while it is read.
pub(super) struct Archive<R> {
    input: R,
    /// Bytes of the current entry that were not read, and the padding behind them.
    left: u64,
    padding: u64,
}

/// A regular file.
pub(super) struct Entry {
    /// Its name; a label.
    pub(super) name: String,
    /// Its length.
    pub(super) size: u64,
}

impl<R: Read> Archive<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, left: 0, padding: 0 }
    }

    /// The next regular file; `None` at the end.
    pub(super) fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        let (mut long_name, mut long_size) = (None, None);
        loop {
            self.pass_over()?;
            let mut block = [0; BLOCK];
            self.input.read_exact(&mut block)?;
            if block.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            if !checksum_holds(&block) {
                return Err(broken("the checksum of a header does not hold"));
            }
            let stated =
                number(block.get(124..136).unwrap_or_default()).ok_or_else(|| broken("a size is none"))?;
            let kind = block.get(156).copied().unwrap_or_default();
            let size = long_size.filter(|_| !matches!(kind, b'x' | b'g' | b'L' | b'K')).unwrap_or(stated);
            self.left = size;
            self.padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
            match kind {
                b'L' => long_name = Some(text(&self.small()?)),
                b'x' => {
                    let records = self.small()?;
                    long_name = pax(&records, "path").map(str::to_owned).or(long_name);
                    long_size = pax(&records, "size").and_then(|size| size.parse().ok()).or(long_size);
                }
                b'0' | 0 | b'7' => {
                    let name = long_name.unwrap_or_else(|| short_name(&block));
                    return Ok(Some(Entry { name, size }));
                }
                // What describes the next entry stays; anything else has had its description.
                b'g' | b'K' => {}
                _ => (long_name, long_size) = (None, None),
            }
        }
    }

    /// The content of the current entry.
    pub(super) fn content(&mut self) -> impl Read + '_ {
        Content { archive: self }
    }

    /// Reads what stands behind the last entry, so that a packing that ends with a checksum is held to it.
    pub(super) fn finish(mut self) -> io::Result<()> {
        io::copy(&mut self.input, &mut io::sink()).map(|_| ())
    }

    fn small(&mut self) -> io::Result<Vec<u8>> {
        if self.left > NAME_BYTES {
            return Err(broken("a name or an extended header is too long"));
        }
        let mut bytes = Vec::new();
        self.content().read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn pass_over(&mut self) -> io::Result<()> {
        let rest = self.left.saturating_add(self.padding);
        (self.left, self.padding) = (0, 0);
        if io::copy(&mut self.input.by_ref().take(rest), &mut io::sink())? == rest {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

struct Content<'a, R> {
    archive: &'a mut Archive<R>,
}

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.archive.left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(part) = buffer.get_mut(..most).filter(|part| !part.is_empty()) else { return Ok(0) };
        let count = self.archive.input.read(part)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.archive.left = self.archive.left.saturating_sub(count as u64);
        Ok(count)
    }
}

fn broken(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// The sum of all bytes of a header, its own field counted as spaces.
fn checksum_holds(block: &[u8; BLOCK]) -> bool {
    let field = 148..156;
    let sum: u64 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| if field.contains(&at) { u64::from(b' ') } else { u64::from(*byte) })
        .sum();
    number(block.get(field).unwrap_or_default()) == Some(sum)
}

/// A number in octal, or in base 256 where its first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    if let [first, rest @ ..] = field
        && first & 0x80 != 0
    {
        return rest.iter().try_fold(u64::from(first & 0x7f), |value, byte| {
            value.checked_mul(256)?.checked_add(u64::from(*byte))
        });
    }
    let digits = text(field);
    let digits = digits.trim();
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}

fn short_name(block: &[u8; BLOCK]) -> String {
    let part = |from: usize, to: usize| text(block.get(from..to).unwrap_or_default());
    match part(345, 500) {
        prefix if prefix.is_empty() => part(0, 100),
        prefix => format!("{prefix}/{}", part(0, 100)),
    }
}

/// The value of a key in PAX records, which are lines of `length key=value`.
fn pax<'r>(records: &'r [u8], wanted: &str) -> Option<&'r str> {
    let lines = records.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    lines
        .filter_map(|line| line.split_once(' ')?.1.split_once('='))
        .find(|(key, _)| *key == wanted)
        .map(|(_, value)| value)
}
