//! Keys that sort as versions do, and the writer that builds them.
//!
//! A key is a row of tokens. Each token is prefix-free: no token is the beginning of another that may stand in the
//! same place. So the first byte in which two keys differ decides, as it should.

/// A version as bytes that sort as the versions of its scheme do.
///
/// Keys of different schemes must not be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionKey(Vec<u8>);

impl VersionKey {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, given away.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Writes the tokens of a key one after the other.
#[derive(Debug, Default)]
pub(super) struct KeyWriter(Vec<u8>);

impl KeyWriter {
    /// A writer with room for the key of an ordinary version.
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(32))
    }

    /// One byte. Its place in the alphabet of the scheme is its meaning.
    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// A number of any size, given as its decimal digits; none at all are zero.
    ///
    /// Written as the count of its digits without leading zeros, and then the digits: a longer number is greater.
    pub(super) fn number(&mut self, digits: &[u8]) {
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let significant = digits.get(zeros..).unwrap_or_default();
        self.count(significant.len());
        self.0.extend_from_slice(significant);
    }

    /// A count: in one byte below 240, and in two up to the limit of a version's length.
    pub(super) fn count(&mut self, count: usize) {
        let [high, low] = u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes();
        if count < 0xF0 {
            self.0.push(low);
        } else {
            self.0.push(high.saturating_add(0xF0));
            self.0.push(low);
        }
    }

    /// A count that sorts the other way round: the greater, the earlier.
    pub(super) fn count_down(&mut self, count: usize) {
        let rest = u16::MAX - u16::try_from(count).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&rest.to_be_bytes());
    }

    /// Text that sorts by its bytes, a beginning before the whole. The text must not hold a NUL.
    pub(super) fn text(&mut self, text: &[u8]) {
        self.0.extend_from_slice(text);
        self.0.push(0);
    }

    /// The finished key.
    pub(super) fn finish(self) -> VersionKey {
        VersionKey(self.0)
    }
}
