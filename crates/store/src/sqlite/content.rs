//! The package versions of an image as one value: ascending numbers, each as its distance from the one before, in
//! seven bits a byte. A hundred packages are some two hundred bytes, and are read with the image's row.

use super::column::corrupt;
use crate::{Error, PackageVersionId};

/// The value of package versions in ascending order.
pub(super) fn packed(packages: impl IntoIterator<Item = PackageVersionId>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut before = 0_i64;
    for PackageVersionId(id) in packages {
        let mut distance = id.saturating_sub(before).cast_unsigned();
        before = id;
        while distance >= 0x80 {
            bytes.push((distance & 0x7f) as u8 | 0x80);
            distance >>= 7;
        }
        bytes.push((distance & 0x7f) as u8);
    }
    bytes
}

/// The package versions of a value.
pub(super) fn unpacked(bytes: &[u8]) -> Result<Vec<PackageVersionId>, Error> {
    let mut packages = Vec::new();
    let (mut before, mut distance, mut shift) = (0_i64, 0_u64, 0_u32);
    for byte in bytes {
        let part = u64::from(byte & 0x7f).checked_shl(shift).ok_or_else(damaged)?;
        distance |= part;
        if byte & 0x80 != 0 {
            shift += 7;
            continue;
        }
        before = before.checked_add_unsigned(distance).ok_or_else(damaged)?;
        packages.push(PackageVersionId(before));
        (distance, shift) = (0, 0);
    }
    if shift == 0 { Ok(packages) } else { Err(damaged()) }
}

fn damaged() -> Error {
    corrupt("packages", "numbers that cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        for numbers in [vec![], vec![1], vec![1, 2, 129, 130, 40_000, 1 << 40, i64::MAX]] {
            let ids: Vec<_> = numbers.into_iter().map(PackageVersionId).collect();
            assert_eq!(unpacked(&packed(ids.clone())).unwrap(), ids);
        }
    }

    #[test]
    fn damaged_values_are_errors() {
        assert!(unpacked(&[0x80]).is_err(), "cut off");
        assert!(unpacked(&[0xff; 20]).is_err(), "too large");
        assert!(unpacked(&packed([PackageVersionId(5)])).is_ok());
    }
}
