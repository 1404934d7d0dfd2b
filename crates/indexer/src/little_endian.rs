//! Numbers of formats that have the least byte first.

/// A little-endian number of at most 8 bytes; none where it does not lie in `bytes`.
pub(crate) fn number(bytes: &[u8], offset: usize, width: usize) -> Option<u64> {
    let field = bytes.get(offset..)?.get(..width)?;
    Some(field.iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}
