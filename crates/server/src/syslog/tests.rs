//! Messages, and collectors that take them or do not.

use super::*;
use crate::sender::Reach;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

fn finding() -> Value {
    json!({
        "id": "/subscriptions/s/registries/r/assessments/k/subAssessments/n",
        "type": "Microsoft.Security/assessments/subAssessments",
        "properties": {
            "id": "CVE-2021-1",
            "displayName": "Größe\nfalsch",
            "remediation": "apk add",
            "status": {"code": "Unhealthy", "severity": "High", "cause": "", "description": ""},
            "additionalData": {"repositoryName": "team/app", "imageDigest": "sha256:aa"},
        },
    })
}

#[test]
fn a_message_has_the_form_of_rfc_5424() {
    let at = "2026-01-02T03:04:05.123456789Z".parse().unwrap();
    let text = message("lazaretto.test:5000", &finding(), at);
    let version = env!("CARGO_PKG_VERSION");
    let head = format!(
        "<131>1 2026-01-02T03:04:05.123456Z lazaretto.test:5000 lazaretto - subAssessments \
         [origin software=\"lazaretto\" swVersion=\"{version}\"] "
    );
    let json = text.strip_prefix(&head).unwrap_or_else(|| panic!("{text}"));
    assert!(text.is_ascii() && !text.contains('\n'), "{text}");
    let read: Value = serde_json::from_str(json).unwrap();
    assert_eq!(read["displayName"], "Größe\nfalsch");
    assert_eq!((&read["vulnerability"], &read["severity"]), (&json!("CVE-2021-1"), &json!("High")));
    assert_eq!(read.get("cause"), None);
}

#[test]
fn levels_follow_severities() {
    let level = |code, severity| level(Some(code), severity);
    assert_eq!(level("Unhealthy", Some("Critical")), 2);
    assert_eq!(level("Unhealthy", Some("Low")), 5);
    assert_eq!(level("NotApplicable", None), 5);
    assert_eq!(level("Healthy", None), 6);
}

#[test]
fn what_does_not_fit_is_left_out() {
    let mut long = finding();
    for field in ["displayName", "remediation", "category"] {
        long["properties"][field] = "ß".repeat(5000).into();
    }
    let text = message("h", &long, Timestamp::UNIX_EPOCH);
    assert!(text.len() <= LONGEST, "{}", text.len());
    let read: Value = serde_json::from_str(&text[text.find("] ").unwrap() + 2..]).unwrap();
    assert_eq!(read["vulnerability"], "CVE-2021-1");
    assert_eq!(read.get("remediation"), None);
}

fn anywhere() -> Reach {
    Reach::Anywhere
}

#[tokio::test]
async fn datagrams_arrive_one_by_one() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = format!("udp://{}", socket.local_addr().unwrap());
    let messages = ["<134>1 one".to_owned(), "<134>1 two".to_owned()];
    send(&anywhere(), &Authorities::default(), &address, &messages).await.unwrap();
    for expected in &messages {
        let mut bytes = [0; 100];
        let length = socket.recv(&mut bytes).await.unwrap();
        assert_eq!(&bytes[..length], expected.as_bytes());
    }
}

#[tokio::test]
async fn a_stream_is_framed_by_lengths() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let collector = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    });
    let messages = ["one".to_owned(), "second".to_owned()];
    send(&anywhere(), &Authorities::default(), &address, &messages).await.unwrap();
    assert_eq!(collector.await.unwrap(), "3 one6 second");
}

#[tokio::test]
async fn who_breaks_off_has_taken_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // Ending with unread bytes resets the connection.
        stream.readable().await.unwrap();
        drop(stream);
    });
    let messages = ["one".to_owned()];
    let result = send(&anywhere(), &Authorities::default(), &address, &messages).await;
    assert!(result.is_err(), "{result:?}");
}

#[tokio::test]
async fn private_networks_are_closed_and_addresses_are_checked() {
    let reach = Reach::default();
    let messages = ["one".to_owned()];
    for (address, why) in [
        ("udp://127.0.0.1:514", "private network"),
        ("tcp://[::1]:514", "private network"),
        ("tls://10.0.0.1", "private network"),
        ("http://example.com", "no udp://"),
        ("tcp:///nowhere", "no udp://"),
    ] {
        let error = send(&reach, &Authorities::default(), address, &messages).await.unwrap_err();
        assert!(error.contains(why), "{address}: {error}");
    }
}

#[tokio::test]
async fn over_tls_the_certificate_must_be_trusted() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tls://localhost:{}", listener.local_addr().unwrap().port());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let collector = tokio::spawn(async move {
        // The first one does not trust us.
        let (stream, _) = listener.accept().await.unwrap();
        assert!(acceptor.accept(stream).await.is_err());
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        stream.shutdown().await.unwrap();
        text
    });
    let messages = ["one".to_owned()];
    assert!(send(&anywhere(), &Authorities::default(), &address, &messages).await.is_err());
    let trusting = Authorities { further: Some(made.cert.pem().into_bytes().into()) };
    send(&anywhere(), &trusting, &address, &messages).await.unwrap();
    assert_eq!(collector.await.unwrap(), "3 one");
}
