//! A source of advisories on this machine, that behaves well or badly, and remembers what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// How a file is served.
#[derive(Clone, Default)]
pub(crate) struct Served {
    pub content: Vec<u8>,
    pub etag: Option<&'static str>,
    /// The connection is cut after so many bytes of the first answer.
    pub cut_after: Option<usize>,
    /// Each connection is cut after so many bytes.
    pub cut_each: Option<usize>,
    /// The length that is announced, if not the real one.
    pub announced: Option<u64>,
    /// Where a redirect leads.
    pub redirect: Option<String>,
    /// Its type.
    pub content_type: Option<String>,
}

/// One request: the first line, and the headers by their names in lower case.
pub(crate) type Asked = (String, BTreeMap<String, String>);

/// The source.
pub(crate) struct FeedServer {
    pub url: String,
    files: Arc<Mutex<BTreeMap<String, Served>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl FeedServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (files, asked) = (Arc::default(), Arc::default());
        let server = Self { url, files, asked };
        let (files, asked) = (server.files.clone(), server.asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A client that hangs up early is what some of these tests are about.
                let _ = answer(stream, &files, &asked);
            }
        });
        server
    }

    pub(crate) fn serve(&self, path: &str, served: Served) {
        self.files.lock().unwrap().insert(path.to_owned(), served);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn answer(
    stream: TcpStream,
    files: &Mutex<BTreeMap<String, Served>>,
    asked: &Mutex<Vec<Asked>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().unwrap().push((line.trim_end().to_owned(), headers.clone()));
    let mut files = files.lock().unwrap();
    let mut stream = stream;
    let Some(served) = files.get_mut(&path) else {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    if let Some(to) = &served.redirect {
        let head =
            format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return stream.write_all(head.as_bytes());
    }
    let kind =
        served.content_type.as_ref().map(|kind| format!("Content-Type: {kind}\r\n")).unwrap_or_default();
    let tag = served.etag.map(|tag| format!("ETag: {tag}\r\n")).unwrap_or_default();
    if served.etag.is_some() && headers.get("if-none-match").map(String::as_str) == served.etag {
        return stream
            .write_all(format!("HTTP/1.1 304 Not Modified\r\n{tag}Connection: close\r\n\r\n").as_bytes());
    }
    let same = headers.get("if-range").map(String::as_str) == served.etag;
    let range = headers.get("range").filter(|_| same && served.etag.is_some());
    let from = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    let whole = served.content.len();
    let (status, begin) = match from {
        Some(from) => {
            (format!("206 Partial Content\r\nContent-Range: bytes {from}-{}/{whole}", whole - 1), from)
        }
        None => ("200 OK".to_owned(), 0),
    };
    let body = &served.content[begin..];
    let length = served.announced.unwrap_or(body.len() as u64);
    let head =
        format!("HTTP/1.1 {status}\r\n{kind}{tag}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let sent = served.cut_after.take().or(served.cut_each).unwrap_or(body.len()).min(body.len());
    stream.write_all(&body[..sent])
}
