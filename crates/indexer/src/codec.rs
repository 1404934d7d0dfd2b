//! The compression of a layer: plain, gzip or zstd.
//!
//! The media type says which, the first bytes must agree, and nothing else is tried: a layer that two tools
//! would open differently is not opened at all. Bombs end at a cap on bytes, on the ratio, on gzip members and on
//! the window of zstd. Other codecs (xz, bzip2, encrypted layers) are refused, not skipped.
//!
//! gzip: RFC 1952, all members, in a loop. zstd: RFC 8878, all frames.

use crate::{IndexError, Limits};
use flate2::bufread::GzDecoder;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

/// Bytes read at once from the source.
const INPUT_BUFFER: usize = 128 << 10;

/// Bytes that tell the codecs apart, and the longest header of a zstd frame.
const HEAD: usize = 18;

/// The window that frames of zstd may have if the first one has no larger one: what the tools of containers write at most.
const USUAL_WINDOW_LOG: u32 = 25;

/// How a layer is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    Plain,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// Every media type of a layer that this version reads.
///
/// Layers that may not be distributed are read like others if somebody pushed them nevertheless.
const MEDIA_TYPES: &[(&str, Codec)] = &[
    ("application/vnd.oci.image.layer.v1.tar", Codec::Plain),
    ("application/vnd.oci.image.layer.v1.tar+gzip", Codec::Gzip),
    ("application/vnd.oci.image.layer.v1.tar+zstd", Codec::Zstd),
    ("application/vnd.oci.image.layer.nondistributable.v1.tar", Codec::Plain),
    ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Codec::Gzip),
    ("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Codec::Zstd),
    ("application/vnd.docker.image.rootfs.diff.tar", Codec::Plain),
    ("application/vnd.docker.image.rootfs.diff.tar.gzip", Codec::Gzip),
    ("application/vnd.docker.image.rootfs.diff.tar.zstd", Codec::Zstd),
    ("application/vnd.docker.image.rootfs.foreign.diff.tar", Codec::Plain),
    ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Codec::Gzip),
    ("application/vnd.docker.image.rootfs.foreign.diff.tar.zstd", Codec::Zstd),
];

impl Codec {
    /// The codec that a media type names.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        MEDIA_TYPES.iter().find(|(known, _)| *known == media_type).map(|(_, codec)| *codec)
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain tar",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

/// What the first bytes of a stream look like.
///
/// The same signs that the runtimes look for, and those of the codecs that we must not take for a plain archive.
fn sniff(head: &[u8]) -> (&'static str, Option<Codec>) {
    const ZSTD_SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];
    match head {
        [] => ("an empty file", None),
        [0x1f, 0x8b, ..] => ("gzip", Some(Codec::Gzip)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => ("zstd", Some(Codec::Zstd)),
        [first, rest @ ..] if first & 0xf0 == 0x50 && rest.starts_with(&ZSTD_SKIPPABLE) => {
            ("zstd", Some(Codec::Zstd))
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => ("xz", None),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, ..] => ("bzip2", None),
        _ => ("plain tar", Some(Codec::Plain)),
    }
}

/// The codec that the media type of a layer promises, if the first bytes of the layer keep the promise.
///
/// Six bytes tell; more do no harm. The same bytes may be pushed under several media types, so that this is asked
/// again for each, also where the layer was read before.
///
/// # Errors
/// An unknown media type, or a contradiction.
pub fn agreed(media_type: &str, head: &[u8]) -> Result<Codec, IndexError> {
    let promised = Codec::of_media_type(media_type)
        .ok_or_else(|| IndexError::UnknownMediaType { media_type: abridged(media_type) })?;
    let (found, codec) = sniff(head);
    // An empty file is a plain archive without entries; it is no gzip and no zstd stream.
    let agrees = codec == Some(promised) || (head.is_empty() && promised == Codec::Plain);
    if agrees {
        Ok(promised)
    } else {
        Err(IndexError::Mismatch { promised: promised.to_string(), found: found.to_owned() })
    }
}

/// How many of the first bytes of a blob [`likely_layer`] wants to see: a header of tar.
pub const LAYER_HEAD: usize = 512;

/// The media type under which a blob can be read as a layer, if its first bytes look like one.
///
/// A blob arrives before the manifest that says what it is. Configurations and bills are JSON; whatever else is
/// packed with gzip or zstd is tried, which costs a worker and does no harm.
pub fn likely_layer(head: &[u8]) -> Option<&'static str> {
    match sniff(head).1? {
        Codec::Gzip => Some("application/vnd.oci.image.layer.v1.tar+gzip"),
        Codec::Zstd => Some("application/vnd.oci.image.layer.v1.tar+zstd"),
        Codec::Plain => {
            let magic = head.get(257..).is_some_and(|magic| magic.starts_with(b"ustar"));
            magic.then_some("application/vnd.oci.image.layer.v1.tar")
        }
    }
}

/// The uncompressed bytes of a layer, counted and bounded.
pub struct Decoded<R> {
    stream: Stream<R>,
    uncompressed: u64,
    window: u64,
    limits: Limits,
}

type Source<R> = BufReader<Counted<R>>;

enum Stream<R> {
    Plain(Source<R>),
    Gzip(Box<Members<R>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Source<R>>>),
}

impl<R: Read> Decoded<R> {
    /// Opens a layer, if its media type is known and its first bytes agree.
    ///
    /// # Errors
    /// An unknown media type, a contradiction, or a source that cannot be read.
    pub fn open(mut input: R, media_type: &str, limits: &Limits) -> Result<Self, IndexError> {
        let head = read_head(&mut input)?;
        let promised = agreed(media_type, &head)?;
        let window_log = match frame_window(&head) {
            Some(window) if window <= 1 << USUAL_WINDOW_LOG => limits.zstd_window_log.min(USUAL_WINDOW_LOG),
            Some(_) | None => limits.zstd_window_log,
        };
        let counted = Counted { inner: io::Cursor::new(head).chain(input), count: 0 };
        let source = BufReader::with_capacity(INPUT_BUFFER, counted);
        let stream = match promised {
            Codec::Plain => Stream::Plain(source),
            Codec::Gzip => Stream::Gzip(Box::new(Members::new(source, limits.gzip_members))),
            Codec::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(source)
                    .map_err(|error| damaged("zstd", &error))?;
                decoder.window_log_max(window_log).map_err(|error| damaged("zstd", &error))?;
                Stream::Zstd(Box::new(decoder))
            }
        };
        let window =
            if promised == Codec::Zstd { 1_u64.checked_shl(window_log).unwrap_or(u64::MAX) } else { 0 };
        Ok(Self { stream, uncompressed: 0, window, limits: *limits })
    }

    /// The most memory that the window of the decompressor can take.
    pub fn window_bytes(&self) -> u64 {
        self.window
    }

    /// Bytes that were read from the source.
    pub fn compressed_bytes(&self) -> u64 {
        match &self.stream {
            Stream::Plain(source) => source.get_ref().count,
            Stream::Gzip(members) => members.compressed_bytes(),
            Stream::Zstd(decoder) => decoder.get_ref().get_ref().count,
        }
    }

    /// Bytes that were handed out.
    pub fn uncompressed_bytes(&self) -> u64 {
        self.uncompressed
    }

    fn check_limits(&self) -> Result<(), IndexError> {
        let Limits { uncompressed_bytes, ratio, ratio_floor, .. } = self.limits;
        if self.uncompressed > uncompressed_bytes {
            return Err(IndexError::limit("uncompressed bytes", uncompressed_bytes));
        }
        let allowed = self.compressed_bytes().max(1).saturating_mul(ratio).max(ratio_floor);
        if self.uncompressed > allowed {
            return Err(IndexError::limit("times its compressed size", ratio));
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.stream {
            Stream::Plain(source) => source.read(buffer)?,
            Stream::Gzip(members) => members.read(buffer)?,
            Stream::Zstd(decoder) => decoder.read(buffer).map_err(|error| classified("zstd", error))?,
        };
        self.uncompressed = self.uncompressed.saturating_add(count as u64);
        self.check_limits().map_err(io::Error::other)?;
        Ok(count)
    }
}

/// The members of a gzip stream, one after the other.
///
/// flate2 has a decoder for many members, but it does not tell their number, and a file can hold fifty million
/// empty ones.
struct Members<R> {
    // None after the last member.
    decoder: Option<GzDecoder<Source<R>>>,
    members: u64,
    limit: u64,
    compressed_bytes: u64,
}

impl<R: Read> Members<R> {
    fn new(source: Source<R>, limit: u64) -> Self {
        Self { decoder: Some(GzDecoder::new(source)), members: 1, limit, compressed_bytes: 0 }
    }

    fn compressed_bytes(&self) -> u64 {
        self.decoder.as_ref().map_or(self.compressed_bytes, |decoder| decoder.get_ref().get_ref().count)
    }

    /// Goes on to the next member; false at the end of the source.
    fn next_member(&mut self) -> io::Result<bool> {
        let Some(decoder) = self.decoder.take() else { return Ok(false) };
        let mut source = decoder.into_inner();
        if source.fill_buf()?.is_empty() {
            self.compressed_bytes = source.get_ref().count;
            return Ok(false);
        }
        self.members = self.members.saturating_add(1);
        if self.members > self.limit {
            return Err(io::Error::other(IndexError::limit("gzip members", self.limit)));
        }
        self.decoder = Some(GzDecoder::new(source));
        Ok(true)
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let Some(decoder) = self.decoder.as_mut() else { return Ok(0) };
            let count = decoder.read(buffer).map_err(|error| classified("gzip", error))?;
            if count > 0 {
                return Ok(count);
            }
            if !self.next_member()? {
                return Ok(0);
            }
        }
    }
}

/// Counts what is read from the source.
struct Counted<R> {
    inner: io::Chain<io::Cursor<Vec<u8>>, R>,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = loop {
            match self.inner.read(buffer) {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A source that fails is not a damaged stream, so the decoders must not take it for one.
                Err(error) => return Err(io::Error::other(IndexError::Input { detail: error.to_string() })),
            }
        };
        self.count = self.count.saturating_add(count as u64);
        Ok(count)
    }
}

/// The window that the first frame of a zstd stream asks for; none if the stream begins with something else.
///
/// RFC 8878, 3.1.1.1. A frame in a single segment has a window as large as its content.
fn frame_window(head: &[u8]) -> Option<u64> {
    const SINGLE_SEGMENT: u8 = 0x20;
    let (descriptor, fields) = head.strip_prefix(&[0x28, 0xb5, 0x2f, 0xfd])?.split_first()?;
    if descriptor & SINGLE_SEGMENT == 0 {
        let window = u64::from(*fields.first()?);
        // At most 10 + 31 bits.
        let base = 1_u64.checked_shl(u32::try_from(window >> 3).ok()?.checked_add(10)?)?;
        return Some(base.saturating_add((base >> 3).saturating_mul(window & 7)));
    }
    let dictionary = [0, 1, 2, 4].get(usize::from(descriptor & 3))?;
    let width = [1, 2, 4, 8].get(usize::from(descriptor >> 6))?;
    let size = fields.get(*dictionary..)?.get(..*width)?;
    let size = size.iter().rev().fold(0, |size, byte| (size << 8) | u64::from(*byte));
    // Two bytes count from 256.
    Some(if *width == 2 { size.saturating_add(256) } else { size })
}

/// Reads as many of the first bytes as `sniff` looks at, fewer only at the end of the source.
fn read_head(input: &mut impl Read) -> Result<Vec<u8>, IndexError> {
    let mut head = Vec::with_capacity(HEAD);
    input.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(IndexError::from_io)?;
    Ok(head)
}

/// Keeps our own errors, which may come up through a decoder, and calls the others damage.
fn classified(codec: &str, error: io::Error) -> io::Error {
    if error.get_ref().is_some_and(|inner| inner.is::<IndexError>()) {
        return error;
    }
    io::Error::other(damaged(codec, &error))
}

fn damaged(codec: &str, error: &io::Error) -> IndexError {
    IndexError::Compression { codec: codec.to_owned(), detail: error.to_string() }
}

/// A foreign string that is repeated in an error.
fn abridged(text: &str) -> String {
    text.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_window_of_the_first_frame_is_known() {
        let compressed = |level: i32, long: Option<u32>, size: Option<u64>| {
            let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), level).unwrap();
            if let Some(log) = long {
                encoder.long_distance_matching(true).unwrap();
                encoder.window_log(log).unwrap();
            }
            encoder.set_pledged_src_size(size).unwrap();
            encoder.write_all(&[7; 70_000]).unwrap();
            encoder.finish().unwrap()
        };
        let window = |bytes: &[u8]| frame_window(bytes.get(..HEAD).unwrap_or(bytes));
        assert_eq!(window(&compressed(3, None, None)), Some(2 << 20));
        assert_eq!(window(&compressed(3, Some(27), None)), Some(128 << 20));
        assert_eq!(window(&compressed(3, None, Some(70_000))), Some(70_000));
        assert_eq!(window(&[0x50, 0x2a, 0x4d, 0x18, 0, 0]), None);
        assert_eq!(window(&[0x28, 0xb5, 0x2f, 0xfd]), None);
        // The largest that the format can say.
        assert_eq!(window(&[0x28, 0xb5, 0x2f, 0xfd, 0, 0xff]), Some((1 << 41) + 7 * (1 << 38)));
    }
}
