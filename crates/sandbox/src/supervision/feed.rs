//! The input of a worker: handed over as a file, or streamed through a pipe by a thread of its own.

use std::fs::File;
use std::io::{self, BufReader, Cursor, PipeWriter, Read};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// What the worker reads on its descriptor 0.
pub enum Input {
    /// A file, handed over as it is, at its present offset: nothing is copied and the worker may seek.
    File(File),
    /// A stream, copied through a pipe while the worker reads. If it fails, the run fails.
    Stream(Box<dyn Read + Send>),
    /// Nothing.
    Empty,
}

impl Input {
    /// Bytes in memory, streamed.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Stream(Box::new(Cursor::new(bytes.into())))
    }

    /// The descriptor for the worker, and the thread's work if there is any.
    pub(super) fn open(self) -> io::Result<(OwnedFd, Option<Feed>)> {
        match self {
            Self::File(file) => Ok((file.into(), None)),
            Self::Empty => Ok((File::open("/dev/null")?.into(), None)),
            Self::Stream(source) => {
                let (reader, writer) = io::pipe()?;
                // Fewer turns between the two processes; where it is refused, the usual size does.
                let _ = rustix::pipe::fcntl_setpipe_size(&writer, CHUNK_BYTES);
                Ok((reader.into(), Some(Feed { source, writer })))
            }
        }
    }
}

/// The largest pipe that an ordinary user may have.
const CHUNK_BYTES: usize = 1 << 20;

/// A stream on its way to a worker.
pub(super) struct Feed {
    source: Box<dyn Read + Send>,
    writer: PipeWriter,
}

impl Feed {
    /// Starts the thread. An error of the source arrives in the receiver *before* the worker can see the end of
    /// its input, so that a truncated input is never taken for a whole one.
    pub(super) fn start(self) -> io::Result<Receiver<io::Error>> {
        let (sender, receiver) = channel();
        // The thread is never joined: a source may block for longer than the worker lives. It ends at its next
        // write, when nobody reads any more.
        thread::Builder::new().name("jail-feed".to_owned()).spawn(move || self.copy(&sender))?;
        Ok(receiver)
    }

    fn copy(self, failed: &Sender<io::Error>) {
        let Self { source, mut writer } = self;
        let mut source = Faithful { source, failed };
        // An error that is not the source's is the pipe's: the worker is gone, and says itself why.
        let _ = io::copy(&mut BufReader::with_capacity(CHUNK_BYTES / 4, &mut source), &mut writer);
    }
}

/// A source that reports its errors before it passes them on.
struct Faithful<'a> {
    source: Box<dyn Read + Send>,
    failed: &'a Sender<io::Error>,
}

impl Read for Faithful<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.source.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                let kind = error.kind();
                // The receiver lives as long as the run; after it nobody asks.
                let _ = self.failed.send(error);
                Err(kind.into())
            }
            other => other,
        }
    }
}
