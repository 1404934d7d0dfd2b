//! The command line as a client of a server's public API.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Where the server is, and who asks.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// The server's address
    #[arg(long, env = "LAZARETTO_SERVER", value_name = "URL", global = true)]
    server: Option<String>,
    /// The account, unless `lazaretto login` stored one
    #[arg(long, env = "LAZARETTO_USER", value_name = "NAME", hide_env_values = true)]
    user: Option<String>,
    /// A PEM file with the authority that signed the server's certificate
    #[arg(long, env = "LAZARETTO_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// What `lazaretto login` keeps: readable by its owner alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Login {
    pub(crate) server: String,
    pub(crate) user: String,
    pub(crate) password: String,
}

/// Where `lazaretto login` keeps its file.
pub(crate) fn login_path() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")))?;
    Some(folder.join("lazaretto/login.json"))
}

/// A server that answers to this person.
pub(crate) struct Client {
    http: reqwest::Client,
    server: String,
    login: Option<(String, String)>,
}

impl Connection {
    /// The same server, for somebody else than `--user` names.
    pub(crate) fn without_user(self) -> Self {
        Self { user: None, ..self }
    }

    /// The client for this connection: what was given, else what `login` stored, else the default address.
    pub(crate) fn client(&self) -> Result<Client> {
        let stored = login_path()
            .and_then(|path| std::fs::read(path).ok())
            .and_then(|bytes| serde_json::from_slice::<Login>(&bytes).ok());
        let server = self
            .server
            .clone()
            .or_else(|| stored.as_ref().map(|login| login.server.clone()))
            .unwrap_or_else(|| "http://127.0.0.1:5000".into());
        let server = server.trim_end_matches('/').to_owned();
        let password = std::env::var("LAZARETTO_PASSWORD").ok();
        let login = match (self.user.clone(), password) {
            (Some(user), Some(password)) => Some((user, password)),
            (Some(_), None) => {
                bail!("the password is missing: set LAZARETTO_PASSWORD, or use `lazaretto login`")
            }
            // Stored credentials go only to the server they were stored for.
            (None, _) => {
                stored.filter(|login| login.server == server).map(|login| (login.user, login.password))
            }
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("lazaretto/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10));
        if let Some(path) = &self.ca {
            let pem = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
            let authority = reqwest::Certificate::from_pem(&pem)
                .with_context(|| format!("{} is not a PEM certificate", path.display()))?;
            builder = builder.add_root_certificate(authority);
        }
        Ok(Client { http: builder.build()?, server, login })
    }
}

impl Client {
    /// The owner of a server that this process has just started.
    pub(crate) fn new(server: &str, user: &str, password: &str) -> Result<Self> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, server: server.to_owned(), login: Some((user.into(), password.into())) })
    }

    /// The same server for somebody whose password is at hand.
    pub(crate) fn with_login(mut self, user: &str, password: &str) -> Self {
        self.login = Some((user.into(), password.into()));
        self
    }

    /// The address, without a trailing slash.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// A request to a path of the server, signed in if anybody is.
    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.server));
        match &self.login {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        }
    }

    /// The answer to a GET, decoded.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.answer(self.request(reqwest::Method::GET, path)).await
    }

    /// The answer to a GET, as it is.
    pub(crate) async fn text(&self, path: &str) -> Result<String> {
        let request = self.request(reqwest::Method::GET, path);
        let response = request.send().await.with_context(|| {
            format!(
                "no answer from {}; is `lazaretto serve` running there? (--server URL says where)",
                self.server
            )
        })?;
        let status = response.status();
        let body = response.bytes().await.context("the answer broke off")?;
        if !status.is_success() {
            bail!("{}", refusal(status, &body, self.login.is_some()));
        }
        String::from_utf8(body.into()).context("the answer is no text")
    }

    /// Sends a request; an answer that is no success becomes an error with the server's own sentence.
    pub(crate) async fn answer<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T> {
        let response = request.send().await.with_context(|| {
            format!(
                "no answer from {}; is `lazaretto serve` running there? (--server URL says where)",
                self.server
            )
        })?;
        self.decode(response).await
    }

    /// Sends a request whose answer has no body that matters.
    pub(crate) async fn done(&self, request: reqwest::RequestBuilder) -> Result<()> {
        let response = request.send().await.with_context(|| format!("no answer from {}", self.server))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let body = response.bytes().await.context("the answer broke off")?;
        bail!("{}", refusal(status, &body, self.login.is_some()))
    }

    /// The body of an answer, decoded; one that is no success becomes an error with the server's own sentence.
    pub(crate) async fn decode<T: DeserializeOwned>(&self, response: reqwest::Response) -> Result<T> {
        let status = response.status();
        let body = response.bytes().await.context("the answer broke off")?;
        if !status.is_success() {
            bail!("{}", refusal(status, &body, self.login.is_some()));
        }
        serde_json::from_slice(&body).context("the answer is not what this version of the client expects")
    }
}

/// The sentence for an answer that is no success.
fn refusal(status: reqwest::StatusCode, body: &[u8], signed_in: bool) -> String {
    if status == reqwest::StatusCode::UNAUTHORIZED && !signed_in {
        return "the server wants to know who you are: set LAZARETTO_USER and LAZARETTO_PASSWORD, or use `lazaretto login`"
            .into();
    }
    let message = serde_json::from_slice::<serde_json::Value>(body).ok().and_then(|value| {
        let error = value.get("error").or_else(|| value.get("errors")?.get(0))?;
        Some(error.get("message")?.as_str()?.to_owned())
    });
    match message {
        Some(message) => format!("{message} ({status})"),
        None => format!("the server answered {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let arm = br#"{"error":{"code":"AuthorizationFailed","message":"The client may not."}}"#;
        let oci = br#"{"errors":[{"code":"DENIED","message":"requested access is denied"}]}"#;
        let status = reqwest::StatusCode::FORBIDDEN;
        assert_eq!(refusal(status, arm, true), "The client may not. (403 Forbidden)");
        assert_eq!(refusal(status, oci, true), "requested access is denied (403 Forbidden)");
        assert_eq!(refusal(status, b"<html>", true), "the server answered 403 Forbidden");
        assert!(refusal(reqwest::StatusCode::UNAUTHORIZED, b"", false).contains("LAZARETTO_USER"));
    }
}
