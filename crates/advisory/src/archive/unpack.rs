//! Packed streams: which packing a source has, by its first bytes, and the reader that undoes it.
//!
//! Every reader works in a bounded window. What a window may be is asked of the stream's own header and limited here,
//! because a header of a few bytes can ask for gigabytes.

use std::io::{self, BufRead, Read};

/// A packing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// None.
    Plain,
    /// gzip, RFC 1952.
    Gzip,
    /// Zstandard, RFC 8878.
    Zstd,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
}

/// How many first bytes tell the packing.
pub(super) const MAGIC_BYTES: usize = 6;

/// The largest window of a Zstandard stream, as a power of two: 128 MB, what the tool itself takes by default.
const ZSTD_WINDOW_LOG: u32 = 27;

/// The most memory for unpacking xz, in KiB: its strongest preset needs 65 MB.
const XZ_KIBIBYTES: u32 = 128 << 10;

/// The endings of names of packed files.
const ENDINGS: [&str; 4] = [".gz", ".zst", ".bz2", ".xz"];

impl Packing {
    /// The packing of a stream that begins with these bytes.
    pub(super) fn of(magic: &[u8]) -> Self {
        match magic {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            _ => Self::Plain,
        }
    }

    /// The unpacked stream.
    pub(super) fn reader<'r>(self, input: impl BufRead + 'r) -> io::Result<Box<dyn Read + 'r>> {
        Ok(match self {
            Self::Plain => Box::new(input),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Box::new(decoder)
            }
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(input)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(input, true, XZ_KIBIBYTES)),
        })
    }
}

/// The name of a file without the ending of its packing.
pub(super) fn unpacked_name(name: &str) -> &str {
    ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}
