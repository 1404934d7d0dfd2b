//! A limit on how long the body of a request may be silent.
//!
//! Whoever reads a body waits for it; a client that stops in the middle would be waited for without end (attack C18).
//! A body may be as slow as its line. The registry has a limit of its own, which is shorter and answers in words.

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A body with a limit on silence.
pub(super) struct Patient {
    body: Incoming,
    silence: Duration,
    /// Runs while nothing comes.
    limit: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    pub(super) fn new(body: Incoming, silence: Duration) -> Self {
        Self { body, silence, limit: None }
    }
}

impl HttpBody for Patient {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.limit = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let silence = self.silence;
        let limit = self.limit.get_or_insert_with(|| Box::pin(tokio::time::sleep(silence)));
        match limit.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
