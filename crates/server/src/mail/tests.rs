//! Mail, and a mail server that speaks as much SMTP as is needed to see it arrive: plain, with STARTTLS, and over TLS.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What a mail server saw.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    pub(crate) signed_in: Vec<String>,
    pub(crate) recipients: Vec<String>,
    pub(crate) mails: Vec<String>,
}

/// How a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    Plain,
    StartTls,
    Tls,
}

/// A mail server. It takes everything, but for the first `refusals` mails.
pub(crate) struct MailServer {
    pub(crate) url: String,
    pub(crate) authority: Vec<u8>,
    pub(crate) seen: Arc<Mutex<Seen>>,
}

impl MailServer {
    pub(crate) async fn start(protection: Protection, refusals: usize) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = match protection {
            Protection::Plain => "smtp+plain",
            Protection::StartTls => "smtp",
            Protection::Tls => "smtps",
        };
        let seen = Arc::<Mutex<Seen>>::default();
        let (own, refusals) = (seen.clone(), Arc::new(Mutex::new(refusals)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, seen, refusals) = (acceptor.clone(), own.clone(), refusals.clone());
                tokio::spawn(async move {
                    if protection == Protection::Tls {
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        let _ = talk(stream, Stage::Greeting, false, &seen, &refusals).await;
                        return;
                    }
                    let offers = protection == Protection::StartTls;
                    let Ok(Some(stream)) = talk(stream, Stage::Greeting, offers, &seen, &refusals).await
                    else {
                        return;
                    };
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let _ = talk(stream, Stage::Protected, false, &seen, &refusals).await;
                });
            }
        });
        Self { url: format!("{scheme}://localhost:{port}"), authority: made.cert.pem().into_bytes(), seen }
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }
}

#[derive(PartialEq, Eq)]
enum Stage {
    Greeting,
    Protected,
}

/// Talks until the client ends, or wants to be protected: then the stream comes back.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    stage: Stage,
    offers: bool,
    seen: &Mutex<Seen>,
    refusals: &Mutex<usize>,
) -> std::io::Result<Option<S>> {
    let mut stream = BufReader::new(stream);
    if stage == Stage::Greeting {
        stream.write_all(b"220 test\r\n").await?;
    }
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let word = line.trim_end().to_owned();
        let answer = match word.to_ascii_uppercase().split(' ').next().unwrap_or_default() {
            "EHLO" if offers => "250-test\r\n250 STARTTLS\r\n",
            "EHLO" => "250-test\r\n250 AUTH PLAIN LOGIN\r\n",
            "STARTTLS" => {
                stream.write_all(b"220 go on\r\n").await?;
                return Ok(Some(stream.into_inner()));
            }
            "AUTH" => {
                let given = STANDARD.decode(word.rsplit(' ').next().unwrap()).unwrap();
                seen.lock().unwrap().signed_in.push(String::from_utf8(given).unwrap().replace('\0', "/"));
                "235 welcome\r\n"
            }
            "RCPT" => {
                seen.lock().unwrap().recipients.push(word[8..].to_owned());
                "250 ok\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while !text.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut text).await? == 0 {
                        return Ok(None);
                    }
                }
                let mut left = refusals.lock().unwrap();
                if *left > 0 {
                    *left -= 1;
                    "451 later\r\n"
                } else {
                    seen.lock().unwrap().mails.push(text);
                    "250 taken\r\n"
                }
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(None);
            }
            _ => "250 ok\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

pub(crate) fn settings(server: &MailServer) -> MailSettings {
    MailSettings {
        server: Some(server.url.clone()),
        from: Some("Lazaretto <lazaretto@harbour.test>".into()),
        ..MailSettings::default()
    }
}

fn mail() -> Mail {
    Mail {
        recipients: vec!["anna@harbour.test".into(), "berta@harbour.test".into()],
        subject: "3 changes".into(),
        id: "one".into(),
        text: "in words".into(),
        html: "<p>in words</p>".into(),
    }
}

#[tokio::test]
async fn mail_arrives_protected_and_signed_in() {
    for protection in [Protection::StartTls, Protection::Tls] {
        let server = MailServer::start(protection, 0).await;
        let settings = MailSettings {
            user: Some("harbour".into()),
            password: Some("secret".into()),
            ..settings(&server)
        };
        let stranger = Mailer::new(&settings, None).unwrap().unwrap();
        assert!(stranger.send(&mail()).await.is_err(), "the certificate is not trusted");
        assert!(server.seen().signed_in.is_empty(), "and no password was sent");
        let mailer = Mailer::new(&settings, Some(&server.authority)).unwrap().unwrap();
        mailer.send(&mail()).await.unwrap();
        let seen = server.seen();
        assert_eq!(seen.signed_in, ["/harbour/secret"], "{protection:?}");
        assert_eq!(seen.recipients, ["<anna@harbour.test>", "<berta@harbour.test>"]);
        let text = &seen.mails[0];
        for part in [
            "From: Lazaretto <lazaretto@harbour.test>",
            "Subject: 3 changes",
            "Message-ID: <one@harbour.test>",
            "multipart/alternative",
            "text/plain",
            "text/html",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!format!("{settings:?}{mailer:?}").contains("secret"));
    }
}

#[tokio::test]
async fn without_protection_nothing_is_sent_where_it_is_asked_for() {
    let plain = MailServer::start(Protection::Plain, 0).await;
    let asks = MailSettings { server: Some(plain.url.replace("+plain", "")), ..settings(&plain) };
    let mailer = Mailer::new(&asks, None).unwrap().unwrap();
    assert!(mailer.send(&mail()).await.is_err(), "a server without STARTTLS");
    assert!(plain.seen().mails.is_empty());
    Mailer::new(&settings(&plain), None).unwrap().unwrap().send(&mail()).await.unwrap();
    assert_eq!(plain.seen().mails.len(), 1);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let with = |change: fn(&mut MailSettings)| {
        let mut settings = MailSettings {
            server: Some("smtps://mail.test".into()),
            from: Some("a@b.test".into()),
            ..MailSettings::default()
        };
        change(&mut settings);
        Mailer::new(&settings, None).map(|mailer| mailer.is_some())
    };
    assert!(with(|_| ()).unwrap());
    assert!(Mailer::new(&MailSettings::default(), None).unwrap().is_none());
    let cases: [fn(&mut MailSettings); 7] = [
        |settings| settings.server = None,
        |settings| settings.server = Some("https://mail.test".into()),
        |settings| settings.server = Some("smtps://user:word@mail.test".into()),
        |settings| settings.from = None,
        |settings| settings.from = Some("nobody".into()),
        |settings| settings.user = Some("harbour".into()),
        |settings| {
            settings.server = Some("smtp+plain://mail.test".into());
            settings.user = Some("harbour".into());
            settings.password = Some("secret".into());
        },
    ];
    for (number, case) in cases.into_iter().enumerate() {
        let error = with(case).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{number}: {error}");
    }
}

#[test]
fn a_password_comes_from_a_file_or_the_environment() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "from the file\n").unwrap();
    let settings = MailSettings { password_file: Some(file.path().into()), ..MailSettings::default() };
    assert_eq!(password(&settings).unwrap().as_deref(), Some("from the file"));
    let own = MailSettings::from_environment(|name| {
        (name == "LAZARETTO_MAIL_PASSWORD").then(|| "from outside".to_owned())
    });
    assert_eq!(password(&own.or(settings)).unwrap().as_deref(), Some("from outside"));
}
