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

/// Bytes that tell the codecs apart.
const HEAD: usize = 6;

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
        let counted = Counted { inner: io::Cursor::new(head).chain(input), count: 0 };
        let source = BufReader::with_capacity(INPUT_BUFFER, counted);
        let stream = match promised {
            Codec::Plain => Stream::Plain(source),
            Codec::Gzip => Stream::Gzip(Box::new(Members::new(source, limits.gzip_members))),
            Codec::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(source)
                    .map_err(|error| damaged("zstd", &error))?;
                decoder.window_log_max(limits.zstd_window_log).map_err(|error| damaged("zstd", &error))?;
                Stream::Zstd(Box::new(decoder))
            }
        };
        Ok(Self { stream, uncompressed: 0, limits: *limits })
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
