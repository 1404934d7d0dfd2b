//! What the functions of hashes share: the bytes of a value, and the fast hash.

use super::to_text;
use crate::context::Context;
use crate::value::Value;

const PRIMES: [u64; 5] = [
    0x9e37_79b1_85eb_ca87,
    0xc2b2_ae3d_27d4_eb4f,
    0x1656_67b1_9e37_79f9,
    0x85eb_ca77_c2b2_ae63,
    0x27d4_eb2f_1656_67c5,
];

/// The hash of a value as `hash` gives it: of a number its eight bytes count, of everything else its text.
pub(crate) fn hash_of(value: &Value, context: &Context<'_>) -> i64 {
    match value {
        Value::Long(number) | Value::Datetime(number) | Value::Timespan(number) => {
            xxhash64(&number.to_le_bytes())
        }
        Value::Real(number) => xxhash64(&number.to_le_bytes()),
        Value::Bool(value) => xxhash64(&[u8::from(*value)]),
        Value::Null | Value::String(_) | Value::Guid(_) | Value::Array(_) | Value::Bag(_) => {
            xxhash64(to_text(value, context).as_bytes())
        }
    }
    .cast_signed()
}

/// Two hashes as one, which depends on their order.
pub(crate) fn combined(left: i64, right: i64) -> i64 {
    let (left, right) = (left.cast_unsigned(), right.cast_unsigned());
    let mixed = right.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_add(left << 6).wrapping_add(left >> 2);
    (left ^ mixed).cast_signed()
}

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

fn round(sum: u64, word: u64) -> u64 {
    sum.wrapping_add(word.wrapping_mul(PRIMES[1])).rotate_left(31).wrapping_mul(PRIMES[0])
}

/// The xxHash of 64 bits with a seed of zero (`doc/xxhash_spec.md` of its project).
pub(crate) fn xxhash64(bytes: &[u8]) -> u64 {
    let stripes = bytes.chunks_exact(32);
    let mut rest = stripes.remainder();
    let mut hash = if bytes.len() >= 32 {
        let mut lanes = [PRIMES[0].wrapping_add(PRIMES[1]), PRIMES[1], 0, PRIMES[0].wrapping_neg()];
        for stripe in stripes {
            for (lane, part) in lanes.iter_mut().zip(stripe.chunks_exact(8)) {
                *lane = round(*lane, word(part));
            }
        }
        let [a, b, c, d] = lanes;
        let sum = a
            .rotate_left(1)
            .wrapping_add(b.rotate_left(7))
            .wrapping_add(c.rotate_left(12))
            .wrapping_add(d.rotate_left(18));
        lanes
            .iter()
            .fold(sum, |hash, lane| (hash ^ round(0, *lane)).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]))
    } else {
        PRIMES[4]
    };
    hash = hash.wrapping_add(bytes.len() as u64);
    while let Some((part, more)) = rest.split_at_checked(8) {
        hash = (hash ^ round(0, word(part))).rotate_left(27).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]);
        rest = more;
    }
    if let Some((part, more)) = rest.split_at_checked(4) {
        hash = (hash ^ word(part).wrapping_mul(PRIMES[0]))
            .rotate_left(23)
            .wrapping_mul(PRIMES[1])
            .wrapping_add(PRIMES[2]);
        rest = more;
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte).wrapping_mul(PRIMES[4])).rotate_left(11).wrapping_mul(PRIMES[0]);
    }
    hash = (hash ^ hash >> 33).wrapping_mul(PRIMES[1]);
    hash = (hash ^ hash >> 29).wrapping_mul(PRIMES[2]);
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_hash_is_that_of_its_specification() {
        assert_eq!(xxhash64(b""), 0xef46_db37_51d8_e999);
        assert_eq!(xxhash64(b"World").cast_signed(), 1_846_988_464_401_551_951);
        assert_eq!(xxhash64(b"Nobody inspects the spammish repetition"), 0xfbce_a83c_8a37_8bf1);
    }
}
