//! `lazaretto serve`: registry, API and portal in one process, with scan workers inside.

use crate::exit::Exit;
use crate::output::remark;
use crate::say;
use crate::stopping::Stopping;
use crate::terminal::Terminal;
use anyhow::{Context, Result};
use clap::Args;
use server::vex::VexKey;
use server::{Configuration, MailSettings, Overrides, StorageSettings};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Run the registry, the API and the portal
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Where everything is kept
    #[arg(long, env = "LAZARETTO_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:5000]
    #[arg(long, env = "LAZARETTO_LISTEN", value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// `self-signed` makes an authority and a certificate in the data folder
    #[arg(long, env = "LAZARETTO_TLS", value_name = "MODE")]
    tls: Option<String>,
    /// A PEM file with the certificate chain
    #[arg(long, env = "LAZARETTO_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// A PEM file with the private key
    #[arg(long, env = "LAZARETTO_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// The address under which clients reach this server
    #[arg(long, env = "LAZARETTO_EXTERNAL_URL", value_name = "URL")]
    external_url: Option<String>,
    /// How many scans run at the same time; 0 for none [default: the number of cores]
    #[arg(long, env = "LAZARETTO_WORKERS", value_name = "N")]
    workers: Option<usize>,
    /// `sqlite:PATH` [default: in the data folder]
    #[arg(long, env = "LAZARETTO_DATABASE", value_name = "URL")]
    database: Option<String>,
    /// `file:PATH`, `s3://BUCKET[/PREFIX]` or `azure://ACCOUNT/CONTAINER[/PREFIX]` [default: in the data folder]
    #[arg(long, env = "LAZARETTO_BLOBS", value_name = "URL")]
    blobs: Option<String>,
    /// What the jail must achieve: `required` refuses to read layers without Landlock and seccomp
    #[arg(long, env = "LAZARETTO_JAIL", value_name = "LEVEL")]
    jail: Option<String>,
    /// The plan of a new installation: `standard` or `free`
    #[arg(long, env = "LAZARETTO_PLAN", value_name = "TIER")]
    plan: Option<String>,
    /// The name of the first registry, on the first start
    #[arg(long, env = "LAZARETTO_REGISTRY", value_name = "NAME")]
    registry: Option<String>,
    /// The resource group of the first registry, on the first start
    #[arg(long, env = "LAZARETTO_RESOURCE_GROUP", value_name = "NAME")]
    resource_group: Option<String>,
    /// The display name of the first subscription, on the first start
    #[arg(long, env = "LAZARETTO_SUBSCRIPTION_NAME", value_name = "NAME")]
    subscription_name: Option<String>,
    /// Advisories older than this cannot call an image healthy [default: 30]
    #[arg(long, env = "LAZARETTO_ADVISORY_AGE_LIMIT_DAYS", value_name = "DAYS")]
    advisory_age_limit_days: Option<u64>,
    /// What one image costs in a month, for `lazaretto usage`: an amount and a currency
    #[arg(long, env = "LAZARETTO_PRICE_PER_IMAGE", value_name = "'0.29 USD'")]
    price_per_image: Option<String>,
    /// Networks that webhooks, automations and imports may reach though they are not public, such as 10.0.0.0/8
    #[arg(long, env = "LAZARETTO_OUTBOUND_ALLOW", value_name = "NETWORK", value_delimiter = ',')]
    outbound_allow: Option<Vec<String>>,
    /// A PEM file with authorities that mail and syslog servers may have their certificates from
    #[arg(long, env = "LAZARETTO_OUTBOUND_CA", value_name = "FILE")]
    outbound_ca: Option<PathBuf>,
    /// Requests that one caller may send each second, for long; 0 for as many as they like [default: 0]
    #[arg(long, env = "LAZARETTO_RATE_LIMIT", value_name = "REQUESTS")]
    rate_limit: Option<u32>,
    /// Requests that one caller may send at once [default: ten seconds' worth]
    #[arg(long, env = "LAZARETTO_RATE_BURST", value_name = "REQUESTS")]
    rate_burst: Option<u32>,
    /// New advisories that flip more of the images are held until somebody accepts them [default: 50]
    #[arg(long, env = "LAZARETTO_ADVISORY_FLIP_LIMIT_PERCENT", value_name = "PERCENT")]
    advisory_flip_limit_percent: Option<u8>,
    /// Hours between updates of the advisories from their sources; 0 for none [default: 6]
    #[arg(long, env = "LAZARETTO_ADVISORY_UPDATE_HOURS", value_name = "HOURS")]
    advisory_update_hours: Option<u32>,
    /// An address or a folder that has the files of the public sources
    #[arg(long, env = "LAZARETTO_ADVISORY_MIRROR", value_name = "URL")]
    advisory_mirror: Option<String>,
    /// A PEM file with a public key: VEX documents that it has signed are believed where they are attached to images;
    /// may be repeated
    #[arg(long, env = "LAZARETTO_VEX_KEY", value_name = "FILE", value_delimiter = ',')]
    vex_key: Vec<PathBuf>,
    /// A TOML file with the same options
    #[arg(long, env = "LAZARETTO_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Log lines as JSON
    #[arg(long, env = "LAZARETTO_LOG_JSON")]
    log_json: bool,
}

impl ServeArguments {
    fn configuration(self) -> Result<Configuration> {
        let file = self.config.as_deref().map(Overrides::from_file).transpose()?.unwrap_or_default();
        let blobs = self.blobs.or_else(|| file.blobs.clone());
        let given = Overrides {
            data: self.data,
            listen: self.listen,
            tls: self.tls,
            tls_cert: self.tls_cert,
            tls_key: self.tls_key,
            external_url: self.external_url,
            workers: self.workers,
            database: self.database,
            blob_storage: StorageSettings::from_environment(blobs.as_deref(), |name| {
                std::env::var(name).ok()
            }),
            blobs,
            jail: self.jail,
            plan: self.plan,
            registry: self.registry,
            resource_group: self.resource_group,
            subscription_name: self.subscription_name,
            advisory_age_limit_days: self.advisory_age_limit_days,
            price_per_image: self.price_per_image,
            outbound_allow: self.outbound_allow,
            outbound_ca: self.outbound_ca,
            mail: MailSettings::from_environment(|name| std::env::var(name).ok()),
            rate_limit: self.rate_limit,
            rate_burst: self.rate_burst,
            advisory_flip_limit_percent: self.advisory_flip_limit_percent,
            advisory_update_hours: self.advisory_update_hours,
            advisory_mirror: self.advisory_mirror,
            advisory_sources: None,
            vex_keys: (!self.vex_key.is_empty()).then(|| {
                let key = |file| VexKey { file, name: None, repositories: Vec::new() };
                self.vex_key.into_iter().map(key).collect()
            }),
            identity_providers: None,
        };
        let mut configuration = Configuration::from_overrides(given.or(file))?;
        configuration.admin_password =
            std::env::var("LAZARETTO_ADMIN_PASSWORD").ok().filter(|word| !word.is_empty());
        Ok(configuration)
    }
}

pub(crate) async fn run(arguments: ServeArguments, terminal: Terminal) -> Result<Exit> {
    start_log(arguments.log_json, terminal);
    let configuration = arguments.configuration()?;
    let mut stopping = Stopping::listen()?;
    let running = server::start(configuration).await.context("the server could not start")?;
    if let Some(password) = running.new_password() {
        say!("The owner of this installation is `admin`. The password is shown once, now: {password}");
    }
    if let Some(path) = running.authority() {
        remark(&format!("clients must trust the authority in {}", path.display()));
    }
    say!("{}", running.ready_line());
    stopping.asked().await;
    remark("stopping: running requests may finish");
    running.stop().await;
    Ok(Exit::Done)
}

/// Logs to standard error, so that the ready line stays alone on standard output.
fn start_log(json: bool, terminal: Terminal) {
    use tracing_subscriber::filter::Targets;
    use tracing_subscriber::prelude::*;
    let directives = std::env::var("LAZARETTO_LOG").unwrap_or_else(|_| "info".into());
    let filter: Targets =
        directives.parse().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let registry = tracing_subscriber::registry();
    if json {
        registry
            .with(tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr).with_filter(filter))
            .init();
    } else {
        let colour = terminal.colour && terminal.progress;
        registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_ansi(colour)
                    .with_writer(std::io::stderr)
                    .with_filter(filter),
            )
            .init();
    }
}
