//! Bodies of requests and responses, piece by piece.
//!
//! A request's body may be as slow as its line, but not silent for ever: each piece has to arrive in time (attack C18).
//! A response's body is read from its blob while it is sent, one piece at a time.

use crate::error::RegistryError;
use crate::range::Part;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream;
use std::io;
use std::time::Duration;
use store::{Blob, ByteStream};

/// The body of a request, with a limit on silence.
pub(crate) fn incoming(body: Body, idle: Duration) -> ByteStream<'static> {
    let pieces = body.into_data_stream();
    stream::unfold(Some(pieces), move |pieces| async move {
        let mut pieces = pieces?;
        match tokio::time::timeout(idle, pieces.next()).await {
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(pieces))),
            Ok(Some(Err(error))) => Some((Err(io::Error::other(error)), None)),
            Ok(None) => None,
            Err(_) => Some((Err(io::ErrorKind::TimedOut.into()), None)),
        }
    })
    // Who asks again after the end is told again that it is the end.
    .fuse()
    .boxed()
}

/// Reads a whole body into memory, up to a limit. `None` if there is more.
///
/// Of what is more, as much again is read and dropped: many clients write a body to its end before they look at the
/// answer, and would see a broken line instead of it.
pub(crate) async fn read(body: Body, idle: Duration, limit: usize) -> Result<Option<Bytes>, RegistryError> {
    let mut pieces = incoming(body, idle);
    let (mut whole, mut seen) = (BytesMut::new(), 0_usize);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| {
            let is_silent = error.kind() == io::ErrorKind::TimedOut;
            if is_silent { RegistryError::BodyIdle } else { RegistryError::BodyBroken }
        })?;
        seen = seen.saturating_add(piece.len());
        if seen <= limit {
            whole.extend_from_slice(&piece);
        } else if seen / 2 > limit {
            break;
        }
    }
    Ok((seen <= limit).then(|| whole.freeze()))
}

/// How much of a body is read and dropped whose request is refused: two chunks of Azure's library.
const REFUSED_BYTES: usize = 8 << 20;

/// Reads what a refused request has sent, up to a limit, and drops it.
///
/// Azure's library sends its first chunk without a token and expects to be asked for one. It writes the chunk to its end
/// before it looks, and would see a broken line instead of the answer.
pub(crate) async fn drain(body: Body, idle: Duration) {
    let (mut pieces, mut left) = (incoming(body, idle), REFUSED_BYTES);
    while let Some(Ok(piece)) = pieces.next().await {
        match left.checked_sub(piece.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// A part of a blob as the body of a response.
pub(crate) async fn outgoing(blob: Blob, part: Part) -> io::Result<Body> {
    Ok(Body::from_stream(blob.stream(part.first..part.first + part.length()).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_over_the_limit_is_not_read_to_its_end() {
        let endless = stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from_static(&[0; 64])));
        let read = read(Body::from_stream(endless), Duration::from_secs(5), 1000).await;
        assert!(read.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_refused_body_is_not_read_for_ever() {
        let piece = || Ok::<_, io::Error>(Bytes::from_static(&[0; 1 << 16]));
        drain(Body::from_stream(stream::repeat_with(piece)), Duration::from_secs(5)).await;
        drain(Body::from("short"), Duration::from_secs(5)).await;
    }

    #[tokio::test]
    async fn a_silent_body_ends() {
        let silent = stream::pending::<io::Result<Bytes>>();
        let read = read(Body::from_stream(silent), Duration::from_millis(5), 1000).await;
        assert!(matches!(read, Err(RegistryError::BodyIdle)));
    }
}
