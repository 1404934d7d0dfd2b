//! One connection that speaks as little HTTP/1.1 as the load needs, so that the load itself costs little.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A kept connection to a server.
pub(crate) struct Line {
    stream: BufReader<TcpStream>,
    buffer: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub location: String,
    pub length: u64,
    /// The body, unless it was to be dropped.
    pub body: Vec<u8>,
}

/// What becomes of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Body,
    Nothing,
}

impl Line {
    pub(crate) async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::with_capacity(64 << 10, stream), buffer: vec![0; 1 << 20] }
    }

    /// Sends a head that was written before, which ends with an empty line, and a body; and reads the answer.
    pub(crate) async fn exchange(&mut self, head: &[u8], body: &[u8], keep: Keep) -> Answer {
        if body.len() < 16 << 10 {
            self.stream.get_mut().write_all(&[head, body].concat()).await.unwrap();
        } else {
            self.stream.get_mut().write_all(head).await.unwrap();
            self.stream.get_mut().write_all(body).await.unwrap();
        }
        let is_head = head.starts_with(b"HEAD ");
        let mut answer = self.read_head().await;
        if is_head || answer.status == 204 || answer.status == 304 {
            return answer;
        }
        let mut left = answer.length;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
            let count = self.stream.read(&mut self.buffer[..most]).await.unwrap();
            assert!(count > 0, "the connection broke off with {left} bytes to come");
            if keep == Keep::Body {
                answer.body.extend_from_slice(&self.buffer[..count]);
            }
            left -= count as u64;
        }
        answer
    }

    async fn read_head(&mut self) -> Answer {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.unwrap();
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no answer, but {line:?}"));
        let mut answer = Answer { status, location: String::new(), length: 0, body: Vec::new() };
        loop {
            line.clear();
            self.stream.read_line(&mut line).await.unwrap();
            let Some((name, value)) = line.trim_end().split_once(':') else { return answer };
            if name.eq_ignore_ascii_case("content-length") {
                answer.length = value.trim().parse().unwrap();
            } else if name.eq_ignore_ascii_case("location") {
                value.trim().clone_into(&mut answer.location);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                panic!("this load reads no chunked answers");
            }
        }
    }
}

/// The head of a request.
pub(crate) fn head(method: &str, path: &str, authorization: &str, further: &str, length: usize) -> Vec<u8> {
    let body = if length > 0 || matches!(method, "POST" | "PUT") {
        format!("Content-Length: {length}\r\n")
    } else {
        String::new()
    };
    format!("{method} {path} HTTP/1.1\r\nHost: registry.test\r\n{authorization}{further}{body}\r\n")
        .into_bytes()
}
