//! A limit on how long a client may take to say which HTTP it speaks.
//!
//! Before the first bytes there is no request whose headers could be late: a client that connects and says nothing, or
//! begins the greeting of HTTP/2 and stops in it, would be waited for without end.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// What a client of HTTP/2 says first (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A line with a limit until the greeting is over.
pub(super) struct Greeting<S> {
    stream: S,
    heard: usize,
    limit: Option<Pin<Box<Sleep>>>,
}

impl<S> Greeting<S> {
    /// A line on which nothing was heard yet.
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self { stream, heard: 0, limit: Some(Box::pin(tokio::time::sleep(patience))) }
    }

    /// Looks at what was heard: the greeting is over when it is complete, or turns out to be none.
    fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if PREFACE.get(self.heard) != Some(byte) {
                self.limit = None;
                return;
            }
            self.heard += 1;
        }
        if self.heard == PREFACE.len() {
            self.limit = None;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Greeting<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(read) => {
                if self.limit.is_some() {
                    let heard = buffer.filled().get(before..).unwrap_or_default().to_vec();
                    self.hear(&heard);
                }
                Poll::Ready(read)
            }
            Poll::Pending => {
                let is_over =
                    self.limit.as_mut().is_some_and(|limit| limit.as_mut().poll(context).is_ready());
                if is_over { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { Poll::Pending }
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Greeting<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }
}
