//! Mail: one server that the operator names takes what we send.
//!
//! Whom a mail goes to is chosen by those who may make automations; through which server, and as whom, by the operator
//! alone. So nobody can make us speak to a machine of their choice, and the password of the mail server is in the
//! operator's hands: in a file or a variable, never in an address, an answer or a log.

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use reqwest::Url;
use serde::Deserialize;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// How long one exchange with the mail server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How mail is sent, as somebody wrote it: the table `mail` of the configuration file.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct MailSettings {
    /// `smtps://HOST[:465]`, `smtp://HOST[:587]` with STARTTLS, or `smtp+plain://HOST[:25]` without any protection;
    /// `LAZARETTO_MAIL_SERVER`.
    pub server: Option<String>,
    /// From whom: `lazaretto@example.com`, or `Lazaretto <lazaretto@example.com>`; `LAZARETTO_MAIL_FROM`.
    pub from: Option<String>,
    /// The name to sign in with; `LAZARETTO_MAIL_USER`.
    pub user: Option<String>,
    /// The password; `LAZARETTO_MAIL_PASSWORD`.
    pub password: Option<String>,
    /// A file with the password.
    pub password_file: Option<PathBuf>,
}

impl fmt::Debug for MailSettings {
    /// Leaves the password out, so that it reaches no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSettings").field("server", &self.server).finish_non_exhaustive()
    }
}

impl MailSettings {
    /// What the environment says.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let read = |name| variable(name).filter(|value| !value.is_empty());
        Self {
            server: read("LAZARETTO_MAIL_SERVER"),
            from: read("LAZARETTO_MAIL_FROM"),
            user: read("LAZARETTO_MAIL_USER"),
            password: read("LAZARETTO_MAIL_PASSWORD"),
            password_file: None,
        }
    }

    /// These settings, and for each one that is missing the other's. A password stays the only one.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let (password, password_file) = match self.password.is_some() || self.password_file.is_some() {
            true => (self.password, self.password_file),
            false => (other.password, other.password_file),
        };
        Self {
            server: self.server.or(other.server),
            from: self.from.or(other.from),
            user: self.user.or(other.user),
            password,
            password_file,
        }
    }
}

/// Why mail cannot be sent as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server is none.
    #[error(
        "`mail.server` must be smtps://HOST, smtp://HOST (with STARTTLS) or smtp+plain://HOST (without protection), \
         without a name or a password in it"
    )]
    Server,
    /// The sender is none.
    #[error("`mail.from` must be an address, such as lazaretto@example.com")]
    From,
    /// One is there without the other.
    #[error("`mail.user` and its password belong together: give both, or neither")]
    Half,
    /// Something else is given without a server.
    #[error("`mail.server` is missing; without it no mail is sent")]
    Missing,
    /// A password would be sent in the clear.
    #[error("`smtp+plain` sends no password: use smtps:// or smtp://")]
    Plain,
    /// The password cannot be read.
    #[error("the file of `mail.password-file` cannot be read")]
    Password(#[source] std::io::Error),
    /// The certificates cannot be used.
    #[error("the certificates for the mail server cannot be used")]
    Tls(#[source] lettre::transport::smtp::Error),
    /// A message cannot be made.
    #[error("the mail cannot be written: {0}")]
    Message(String),
    /// The mail server did not take it. Its words are for the log.
    #[error("the mail server did not take it: {0}")]
    Refused(String),
}

/// Sends mail.
#[derive(Clone)]
pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("from", &self.from.email).finish_non_exhaustive()
    }
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    /// To whom.
    pub(crate) recipients: Vec<String>,
    /// One line.
    pub(crate) subject: String,
    /// The same for the same content, by which receivers tell a repetition.
    pub(crate) id: String,
    /// The content as plain text.
    pub(crate) text: String,
    /// The same as a page.
    pub(crate) html: String,
}

impl Mailer {
    /// A mailer, if somebody configured one. `authorities` are certificates in PEM that are trusted beside the system's.
    ///
    /// # Errors
    /// When what is configured makes no sense.
    pub(crate) fn new(
        settings: &MailSettings,
        authorities: Option<&[u8]>,
    ) -> Result<Option<Self>, MailError> {
        let Some(server) = &settings.server else {
            let is_empty = settings.from.is_none() && settings.user.is_none() && settings.password.is_none();
            return if is_empty { Ok(None) } else { Err(MailError::Missing) };
        };
        let url = Url::parse(server).map_err(|_| MailError::Server)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(MailError::Server)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(MailError::Server);
        }
        let host = host.trim_matches(['[', ']']).to_owned();
        let (port, tls) = match url.scheme() {
            "smtps" => (465, Tls::Wrapper(parameters(&host, authorities)?)),
            "smtp" => (587, Tls::Required(parameters(&host, authorities)?)),
            "smtp+plain" => (25, Tls::None),
            _ => return Err(MailError::Server),
        };
        let is_plain = matches!(tls, Tls::None);
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(url.port().unwrap_or(port))
            .tls(tls)
            .timeout(Some(PATIENCE));
        match (&settings.user, password(settings)?) {
            (Some(_), Some(_)) if is_plain => return Err(MailError::Plain),
            (Some(user), Some(password)) => {
                builder = builder.credentials(Credentials::new(user.clone(), password));
            }
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => return Err(MailError::Half),
        }
        let from = settings.from.as_deref().unwrap_or_default().parse().map_err(|_| MailError::From)?;
        Ok(Some(Self { transport: builder.build(), from }))
    }

    /// Sends a mail. When this returns, the mail server has it.
    ///
    /// # Errors
    /// When it cannot be written, or the mail server did not take it.
    pub(crate) async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let wrong = |why: String| MailError::Message(why);
        let host = self.from.email.domain();
        let mut builder = Message::builder()
            .from(self.from.clone())
            .subject(mail.subject.clone())
            .message_id(Some(format!("<{}@{host}>", mail.id)));
        for recipient in &mail.recipients {
            builder = builder.to(recipient.parse().map_err(|_| wrong("a recipient is none".to_owned()))?);
        }
        let part = |kind, text: &String| SinglePart::builder().header(kind).body(text.clone());
        let both = MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, &mail.text))
            .singlepart(part(ContentType::TEXT_HTML, &mail.html));
        let message = builder.multipart(both).map_err(|error| wrong(error.to_string()))?;
        let sent = self.transport.send(message).await;
        sent.map(drop).map_err(|error| MailError::Refused(error.to_string()))
    }
}

fn parameters(host: &str, authorities: Option<&[u8]>) -> Result<TlsParameters, MailError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(authorities) = authorities {
        let certificate = Certificate::from_pem(authorities).map_err(MailError::Tls)?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(MailError::Tls)
}

fn password(settings: &MailSettings) -> Result<Option<String>, MailError> {
    match (&settings.password, &settings.password_file) {
        (Some(password), _) => Ok(Some(password.clone())),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path).map_err(MailError::Password)?;
            Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
        }
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
pub(crate) mod tests;
