//! Syslog: one message for each change, in the form of RFC 5424, over UDP, TCP or TLS.
//!
//! * Over TCP (RFC 6587) and TLS (RFC 5425) messages are framed by their length. The protocol knows no receipt; so each
//!   batch has a connection of its own, which we end and then wait for the other side to end: a collector that breaks off
//!   before has not taken all of it, and gets it again.
//! * Over UDP (RFC 5426) nobody learns what arrived. It is there because many collectors have nothing else.
//!
//! A message is at most [`LONGEST`] bytes, so that it fits in what every collector takes; what does not fit is left out,
//! the longest texts first. All of it is ASCII: what follows the header is JSON with escapes, so that no name in an image
//! can begin a line of its own in somebody's log.

use crate::sender::{Reach, SendError, open_address};
use jiff::Timestamp;
use reqwest::Url;
use rustls::pki_types::ServerName;
use serde_json::{Map, Value};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// What every receiver should take, after RFC 5424, section 6.1.
pub(crate) const LONGEST: usize = 2048;
/// How long connecting and writing may take each.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the other side may take to end the connection. Some never do, though they took everything.
const FAREWELL: Duration = Duration::from_secs(3);
/// Facility *local0*.
const FACILITY: u8 = 16;

/// Where to, out of `udp://HOST[:514]`, `tcp://HOST[:514]` or `tls://HOST[:6514]`.
struct Target {
    transport: Transport,
    host: String,
    port: u16,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Udp,
    Tcp,
    Tls,
}

impl Target {
    fn parse(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok()?;
        let (transport, port) = match url.scheme() {
            "udp" => (Transport::Udp, 514),
            "tcp" => (Transport::Tcp, 514),
            "tls" => (Transport::Tls, 6514),
            _ => return None,
        };
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some(Self { transport, host, port: url.port().unwrap_or(port) })
    }
}

/// Sends messages to an address that somebody chose. All of them were taken, or none counts as taken.
///
/// # Errors
/// When the address is none or closed, or when the other side did not take everything.
pub(crate) async fn send(
    reach: &Reach,
    authorities: &Authorities,
    address: &str,
    messages: &[String],
) -> Result<(), String> {
    let target = Target::parse(address).ok_or("the address is no udp://, tcp:// or tls://")?;
    let to = open_address(reach, &target.host, target.port).await.map_err(|error| error.to_string())?;
    let failed = |error: std::io::Error| {
        let why = error.to_string();
        SendError::NoAnswer { host: target.host.clone(), why }.to_string()
    };
    match target.transport {
        Transport::Udp => send_datagrams(to, messages).await.map_err(failed),
        Transport::Tcp => {
            let stream = connect(to).await.map_err(failed)?;
            send_framed(stream, messages).await.map_err(failed)
        }
        Transport::Tls => {
            let name = ServerName::try_from(target.host.clone()).map_err(|error| error.to_string())?;
            let connector = TlsConnector::from(authorities.client()?);
            let stream = connect(to).await.map_err(failed)?;
            let stream = in_time(connector.connect(name, stream)).await.map_err(failed)?;
            send_framed(stream, messages).await.map_err(failed)
        }
    }
}

async fn in_time<T>(work: impl Future<Output = std::io::Result<T>>) -> std::io::Result<T> {
    timeout(PATIENCE, work).await.map_err(|_| std::io::Error::other("it took too long"))?
}

async fn connect(to: SocketAddr) -> std::io::Result<TcpStream> {
    in_time(TcpStream::connect(to)).await
}

async fn send_datagrams(to: SocketAddr, messages: &[String]) -> std::io::Result<()> {
    let from: SocketAddr = match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(from).await?;
    socket.connect(to).await?;
    for message in messages {
        in_time(socket.send(message.as_bytes())).await?;
    }
    Ok(())
}

async fn send_framed(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    messages: &[String],
) -> std::io::Result<()> {
    let mut framed = Vec::new();
    for message in messages {
        framed.extend_from_slice(format!("{} ", message.len()).as_bytes());
        framed.extend_from_slice(message.as_bytes());
    }
    in_time(stream.write_all(&framed)).await?;
    in_time(stream.shutdown()).await?;
    let mut nothing = [0; 256];
    loop {
        match timeout(FAREWELL, stream.read(&mut nothing)).await {
            // It ended the connection as we did, or never will.
            Ok(Ok(0)) | Err(_) => return Ok(()),
            Ok(Ok(_)) => {}
            // Over TLS, many end without saying so first: then everything had arrived.
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            Ok(Err(error)) => return Err(error),
        }
    }
}

/// The authorities whose certificates are trusted by what is not spoken over HTTP: those of the system, and those that the
/// operator named.
#[derive(Debug, Clone, Default)]
pub(crate) struct Authorities {
    /// Certificates in PEM.
    pub(crate) further: Option<Arc<[u8]>>,
}

impl Authorities {
    fn client(&self) -> Result<Arc<rustls::ClientConfig>, String> {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject;
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in CertificateDer::pem_slice_iter(self.further.as_deref().unwrap_or_default()) {
            let certificate = certificate.map_err(|error| format!("outbound-ca: {error}"))?;
            roots.add(certificate).map_err(|error| format!("outbound-ca: {error}"))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
    }
}

/// A change as a message.
pub(crate) fn message(host: &str, document: &Value, at: Timestamp) -> String {
    let status = &document["properties"]["status"];
    let level = level(status["code"].as_str(), status["severity"].as_str());
    let last = document["type"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let head = format!(
        "<{}>1 {} {} lazaretto - {} [origin software=\"lazaretto\" swVersion=\"{}\"] ",
        FACILITY * 8 + level,
        at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        name(host, 255),
        name(last, 32),
        env!("CARGO_PKG_VERSION"),
    );
    let room = LONGEST - head.len().min(LONGEST);
    head + &content(document, room)
}

/// How bad it is, in the words of RFC 5424, section 6.2.1.
fn level(code: Option<&str>, severity: Option<&str>) -> u8 {
    match (code, severity) {
        (Some("Unhealthy"), Some("Critical")) => 2,
        (Some("Unhealthy"), Some("High")) => 3,
        (Some("Unhealthy"), Some("Medium")) => 4,
        (Some("Unhealthy" | "NotApplicable"), _) => 5,
        _ => 6,
    }
}

/// A field of the header: visible ASCII, or `-` for none.
fn name(text: &str, longest: usize) -> String {
    let text: String = text.chars().filter(char::is_ascii_graphic).take(longest).collect();
    if text.is_empty() { "-".to_owned() } else { text }
}

/// The texts that a message may do without, the first one first.
const DISPENSABLE: [&str; 5] = ["remediation", "displayName", "category", "description", "resource"];

fn content(document: &Value, room: usize) -> String {
    let properties = &document["properties"];
    let further = &properties["additionalData"];
    let mut said = Map::new();
    let mut say = |name: &str, value: &Value| {
        if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
            // Nobody reads more in a line of a log.
            said.insert(name.to_owned(), text.chars().take(400).collect::<String>().into());
        }
    };
    say("id", &document["id"]);
    say("type", &document["type"]);
    say("vulnerability", &properties["id"]);
    say("displayName", &properties["displayName"]);
    say("category", &properties["category"]);
    say("remediation", &properties["remediation"]);
    say("resource", &properties["resourceDetails"]["id"]);
    for field in ["code", "severity", "cause", "description"] {
        say(field, &properties["status"][field]);
    }
    for field in
        ["repositoryName", "imageDigest", "registryHost", "owner", "remediationDueDate", "remediationStatus"]
    {
        say(field, &further[field]);
    }
    let mut text = ascii(&said);
    for field in DISPENSABLE {
        if text.len() <= room {
            break;
        }
        said.remove(field);
        text = ascii(&said);
    }
    text
}

/// JSON in ASCII alone.
fn ascii(said: &Map<String, Value>) -> String {
    use std::fmt::Write;
    let json = serde_json::to_string(said).unwrap_or_default();
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() && letter != '\u{7f}' {
            text.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // Writing into a text cannot fail.
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

#[cfg(test)]
mod tests;
