//! Makes layers: for tests, the demo and benchmarks, never in the jail.
//!
//! Everything is streamed, so a layer of many GiB costs no memory, and nothing depends on the clock: the same calls
//! give the same bytes. Ordinary calls make what an image builder would; [`HeaderBlock`] and [`LayerBuilder::raw`]
//! make what only an attacker would.

mod executables;

use crate::codec::Codec;
pub use executables::{FIRST_SECTION, elf, native_image, note, portable_executable};
use flate2::write::GzEncoder;
use std::io::{self, Read, Write};

const BLOCK: usize = 512;

/// Writes one layer to `W`.
pub struct LayerBuilder<W: Write> {
    sink: Sink<W>,
    long_names: LongNames,
}

/// How names that do not fit in a header are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LongNames {
    /// In a PAX header, as Go and Python do.
    #[default]
    Pax,
    /// In an `L` entry, as GNU tar does.
    Gnu,
}

enum Sink<W: Write> {
    Plain(W),
    Gzip(Box<GzEncoder<W>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, W>>),
}

/// The media type of OCI for a layer of this codec.
pub fn media_type(codec: Codec) -> &'static str {
    match codec {
        Codec::Plain => "application/vnd.oci.image.layer.v1.tar",
        Codec::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
        Codec::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
    }
}

impl<W: Write> LayerBuilder<W> {
    /// Begins a layer.
    ///
    /// # Errors
    /// When the encoder cannot be made.
    pub fn new(output: W, codec: Codec) -> io::Result<Self> {
        let sink = match codec {
            Codec::Plain => Sink::Plain(output),
            Codec::Gzip => Sink::Gzip(Box::new(GzEncoder::new(output, flate2::Compression::default()))),
            Codec::Zstd => Sink::Zstd(Box::new(zstd::stream::write::Encoder::new(output, 3)?)),
        };
        Ok(Self { sink, long_names: LongNames::default() })
    }

    /// The same, with another way to write long names.
    #[must_use]
    pub fn with_long_names(self, long_names: LongNames) -> Self {
        Self { long_names, ..self }
    }

    /// A regular file.
    ///
    /// # Errors
    /// As every method: when the output cannot be written.
    pub fn file(&mut self, path: &str, content: impl AsRef<[u8]>) -> io::Result<&mut Self> {
        let content = content.as_ref();
        self.streamed_file(path, content.len() as u64, content)
    }

    /// A file that may be executed.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn executable(&mut self, path: &str, content: impl AsRef<[u8]>) -> io::Result<&mut Self> {
        let content = content.as_ref();
        self.streamed_executable(path, content.len() as u64, content)
    }

    /// A regular file of any size; `content` must give at least `size` bytes.
    ///
    /// # Errors
    /// When the output cannot be written, or the content ends too early.
    pub fn streamed_file(&mut self, path: &str, size: u64, content: impl Read) -> io::Result<&mut Self> {
        self.streamed(path, HeaderBlock::new(path, b'0', size), size, content)
    }

    /// A file of any size that may be executed.
    ///
    /// # Errors
    /// As [`Self::streamed_file`].
    pub fn streamed_executable(
        &mut self,
        path: &str,
        size: u64,
        content: impl Read,
    ) -> io::Result<&mut Self> {
        self.streamed(path, HeaderBlock::new(path, b'0', size).mode(0o755), size, content)
    }

    fn streamed(
        &mut self,
        path: &str,
        header: HeaderBlock,
        size: u64,
        content: impl Read,
    ) -> io::Result<&mut Self> {
        self.long_name(b'L', path)?;
        self.raw(header.sealed())?;
        let copied = io::copy(&mut content.take(size), &mut self.sink)?;
        if copied != size {
            let detail = format!("the content of {path} ends early");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, detail));
        }
        self.pad(size)
    }

    /// A folder.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn folder(&mut self, path: &str) -> io::Result<&mut Self> {
        let path = format!("{}/", path.trim_end_matches('/'));
        self.long_name(b'L', &path)?;
        self.raw(HeaderBlock::new(&path, b'5', 0).mode(0o755).sealed())
    }

    /// A symbolic link.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn symbolic_link(&mut self, path: &str, target: &str) -> io::Result<&mut Self> {
        self.link(path, b'2', target)
    }

    /// A hard link to an earlier path of the layer.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn hard_link(&mut self, path: &str, target: &str) -> io::Result<&mut Self> {
        self.link(path, b'1', target)
    }

    /// A whiteout of a path of the layers below.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn whiteout(&mut self, path: &str) -> io::Result<&mut Self> {
        let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
        let slash = if folder.is_empty() { "" } else { "/" };
        self.file(&format!("{folder}{slash}.wh.{name}"), [])
    }

    /// An opaque whiteout: what the layers below have in the folder is gone.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn opaque(&mut self, folder: &str) -> io::Result<&mut Self> {
        self.file(&format!("{folder}/.wh..wh..opq"), [])
    }

    /// Any bytes, at the place where a header is expected.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn raw(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<&mut Self> {
        self.sink.write_all(bytes.as_ref())?;
        Ok(self)
    }

    /// A PAX header (`x`, or `g` for a global one) with these records.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn pax(&mut self, flag: u8, records: &[(&str, &str)]) -> io::Result<&mut Self> {
        let content: Vec<u8> = records.iter().flat_map(|(key, value)| pax_record(key, value)).collect();
        self.extension("././@PaxHeader", flag, &content)
    }

    /// Ends the archive and the compressed stream.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.raw([0; BLOCK])?.raw([0; BLOCK])?;
        self.finish_without_end()
    }

    /// Ends the compressed stream, but not the archive.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish_without_end(self) -> io::Result<W> {
        match self.sink {
            Sink::Plain(output) => Ok(output),
            Sink::Gzip(encoder) => encoder.finish(),
            Sink::Zstd(encoder) => encoder.finish(),
        }
    }

    fn link(&mut self, path: &str, flag: u8, target: &str) -> io::Result<&mut Self> {
        match self.long_names {
            LongNames::Pax if path.len() > 100 && target.len() > 100 => {
                self.pax(b'x', &[("path", path), ("linkpath", target)])?;
            }
            LongNames::Pax | LongNames::Gnu => {
                self.long_name(b'K', target)?.long_name(b'L', path)?;
            }
        }
        self.raw(HeaderBlock::new(path, flag, 0).mode(0o777).link(target).sealed())
    }

    /// Announces a name (`L`) or a target (`K`) that does not fit in a header.
    fn long_name(&mut self, flag: u8, name: &str) -> io::Result<&mut Self> {
        if name.len() <= 100 {
            return Ok(self);
        }
        match self.long_names {
            LongNames::Gnu => {
                let content = [name.as_bytes(), &[0]].concat();
                self.extension("././@LongLink", flag, &content)
            }
            LongNames::Pax => self.pax(b'x', &[(if flag == b'K' { "linkpath" } else { "path" }, name)]),
        }
    }

    fn extension(&mut self, name: &str, flag: u8, content: &[u8]) -> io::Result<&mut Self> {
        self.raw(HeaderBlock::new(name, flag, content.len() as u64).sealed())?;
        self.raw(content)?;
        self.pad(content.len() as u64)
    }

    fn pad(&mut self, size: u64) -> io::Result<&mut Self> {
        let padding = size.wrapping_neg() & (BLOCK as u64).saturating_sub(1);
        io::copy(&mut io::repeat(0).take(padding), &mut self.sink)?;
        Ok(self)
    }
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(output) => output.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(output) => output.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

/// A header block, field by field.
#[derive(Debug, Clone)]
pub struct HeaderBlock([u8; BLOCK]);

impl HeaderBlock {
    /// A header of GNU tar, whose names are cut at 100 bytes.
    pub fn new(path: &str, flag: u8, size: u64) -> Self {
        let mut header = Self([0; BLOCK]);
        header.put(0, path.as_bytes().get(..100).unwrap_or(path.as_bytes()));
        header.put(108, b"0000000\x000000000\0");
        header.put(136, b"00000000000\0");
        header.put(156, &[flag]);
        header.put(257, b"ustar  \0");
        header.size(size).mode(0o644)
    }

    /// The size; beyond 8 GiB in base 256.
    #[must_use]
    pub fn size(mut self, size: u64) -> Self {
        if size < 1 << 33 {
            self.put(124, format!("{size:011o}\0").as_bytes());
        } else {
            self.put(124, &[0x80, 0, 0, 0]);
            self.put(128, &size.to_be_bytes());
        }
        self
    }

    /// The permission bits.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.put(100, format!("{mode:07o}\0").as_bytes());
        self
    }

    /// The target of a link, cut at 100 bytes.
    #[must_use]
    pub fn link(mut self, target: &str) -> Self {
        self.put(157, target.as_bytes().get(..100).unwrap_or(target.as_bytes()));
        self
    }

    /// A header of POSIX instead of GNU tar, with a prefix before the path.
    #[must_use]
    pub fn posix(mut self, prefix: &str) -> Self {
        self.put(257, b"ustar\x0000");
        self.put(345, prefix.as_bytes());
        self
    }

    /// Any bytes at any offset.
    #[must_use]
    pub fn with(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.put(offset, bytes);
        self
    }

    /// The block with its checksum.
    pub fn sealed(mut self) -> [u8; BLOCK] {
        self.put(148, b"        ");
        let sum: u32 = self.0.iter().map(|byte| u32::from(*byte)).sum();
        self.put(148, format!("{sum:06o}\0 ").as_bytes());
        self.0
    }

    fn put(&mut self, offset: usize, bytes: &[u8]) {
        for (place, byte) in self.0.iter_mut().skip(offset).zip(bytes) {
            *place = *byte;
        }
    }
}

/// `LENGTH KEY=VALUE\n`, where the length counts itself.
pub fn pax_record(key: &str, value: &str) -> Vec<u8> {
    let bare = key.len().saturating_add(value.len()).saturating_add(3);
    let mut length = bare.saturating_add(1);
    loop {
        let actual = bare.saturating_add(length.to_string().len());
        if actual == length {
            return format!("{length} {key}={value}\n").into_bytes();
        }
        length = actual;
    }
}
