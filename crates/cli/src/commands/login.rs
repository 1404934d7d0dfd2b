//! `lazaretto login`: stores who asks, so that commands need not be told.

use crate::client::{Connection, Login, login_path};
use crate::exit::Exit;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::io::{BufRead, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

/// Sign in to a server and remember it
#[derive(Debug, Args)]
pub(crate) struct LoginArguments {
    #[command(flatten)]
    connection: Connection,
    /// The account
    name: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
}

pub(crate) async fn run(arguments: LoginArguments) -> Result<Exit> {
    let name =
        arguments.name.or_else(|| std::env::var("LAZARETTO_USER").ok()).unwrap_or_else(|| "admin".into());
    let password = match (arguments.password_stdin, std::env::var("LAZARETTO_PASSWORD")) {
        (false, Ok(password)) => password,
        _ => {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).context("standard input cannot be read")?;
            line.trim_end_matches(['\r', '\n']).to_owned()
        }
    };
    if password.is_empty() {
        bail!("the password is missing: pipe it in with --password-stdin, or set LAZARETTO_PASSWORD");
    }
    let client = arguments.connection.without_user().client()?.with_login(&name, &password);
    let _: serde_json::Value =
        client.get("/api/advisories").await.context("the server does not accept this sign-in")?;
    let login = Login { server: client.server().to_owned(), user: name, password };
    let path = login_path().context("neither XDG_CONFIG_HOME nor HOME says where to keep the sign-in")?;
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let temporary = path.with_extension("new");
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(&serde_json::to_vec(&login)?)?;
    std::fs::rename(&temporary, &path)?;
    crate::say!("signed in to {} as {}", login.server, login.user);
    Ok(Exit::Done)
}
