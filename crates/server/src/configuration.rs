//! What a person may set, from where, and what it means.
//!
//! An option comes from the command line, else from a `LAZARETTO_...` variable, else from the configuration
//! file, else from the default below.
//! The first two are read by the command line; both it and the file end as [`Overrides`].

use crate::advisories::{Source, SourceList};
use crate::jobs::reevaluate::FlipLimit;
use crate::mail::MailSettings;
use crate::providers::{ProviderSettings, SettingsError, WireProvider};
use crate::sender::Reach;
use crate::storage::{BlobStorage, StorageSettings};
use crate::vex::VexKey;
use access::RatePolicy;
use assessment::plan::Price;
use jiff::SignedDuration;
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How the listener speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP: for loopback, or behind a proxy that ends TLS.
    Off,
    /// A certificate authority made in the data folder, and a leaf signed by it.
    SelfSigned,
    /// A certificate chain and its key, both PEM.
    Files {
        /// The chain, leaf first.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
}

/// How long the listener waits for clients. No option: tests are less patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For the headers of a request (attack C18, slowloris).
    pub headers: Duration,
    /// For a TLS handshake.
    pub handshake: Duration,
    /// For the next piece of a body.
    pub body: Duration,
}

impl Default for Patience {
    /// Twenty seconds, ten, and ninety.
    fn default() -> Self {
        Self {
            headers: Duration::from_secs(20),
            handshake: Duration::from_secs(10),
            body: Duration::from_secs(90),
        }
    }
}

/// The same options as [`Configuration`], each of which may be missing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Overrides {
    /// The data folder.
    pub data: Option<PathBuf>,
    /// Address and port.
    pub listen: Option<SocketAddr>,
    /// `self-signed`.
    pub tls: Option<String>,
    /// A PEM file with the certificate chain.
    pub tls_cert: Option<PathBuf>,
    /// A PEM file with the private key.
    pub tls_key: Option<PathBuf>,
    /// The address under which clients reach the server.
    pub external_url: Option<String>,
    /// How many scans run at the same time; 0 for none.
    pub workers: Option<usize>,
    /// `sqlite:PATH`.
    pub database: Option<String>,
    /// `file:PATH`, `s3://BUCKET[/PREFIX]` or `azure://ACCOUNT/CONTAINER[/PREFIX]`.
    pub blobs: Option<String>,
    /// What an object storage needs to know beside its address.
    #[serde(default)]
    pub blob_storage: StorageSettings,
    /// `required` or `best-effort`.
    pub jail: Option<String>,
    /// `standard` or `free`: the plan that a new installation begins with.
    pub plan: Option<String>,
    /// The name of the first registry.
    pub registry: Option<String>,
    /// The resource group of the first registry.
    pub resource_group: Option<String>,
    /// The display name of the first subscription.
    pub subscription_name: Option<String>,
    /// Days after which advisories are too old to call an image healthy.
    pub advisory_age_limit_days: Option<u64>,
    /// Networks that webhooks, automations and imports may reach though they are not public: `10.0.0.0/8`, `127.0.0.1`.
    pub outbound_allow: Option<Vec<String>>,
    /// A PEM file with authorities that mail and syslog servers may have their certificates from, beside the system's.
    pub outbound_ca: Option<PathBuf>,
    /// How mail is sent.
    #[serde(default)]
    pub mail: MailSettings,
    /// Requests that one caller may send each second, for long; 0 for as many as they like.
    pub rate_limit: Option<u32>,
    /// Requests that one caller may send at once.
    pub rate_burst: Option<u32>,
    /// What one image costs in a month: `0.29 USD`.
    pub price_per_image: Option<String>,
    /// The share of the images, in percent, whose verdict new advisories may flip without a person's look.
    pub advisory_flip_limit_percent: Option<u8>,
    /// Hours between updates of the advisories; 0 for none.
    pub advisory_update_hours: Option<u32>,
    /// An address or a folder that has the files of the public sources.
    pub advisory_mirror: Option<String>,
    /// The sources of advisories, instead of the public ones.
    pub advisory_sources: Option<Vec<Source>>,
    /// The keys whose VEX documents are believed where they are attached to images.
    pub vex_keys: Option<Vec<VexKey>>,
    /// Others who say who a visitor of the portal is.
    pub identity_providers: Option<Vec<WireProvider>>,
}

impl Overrides {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// When the file cannot be read, is not TOML, or has a key that does not exist.
    pub fn from_file(path: &Path) -> Result<Self, ConfigurationError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigurationError::Unreadable { path: path.into(), source })?;
        toml::from_str(&text).map_err(|error: toml::de::Error| {
            // The error itself would show the line, and in it what may be a password.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let why = error.message().trim().replace('\n', " ");
            ConfigurationError::Malformed { path: path.into(), line, why }
        })
    }

    /// These options, and for each one that is missing the other's.
    pub fn or(self, other: Self) -> Self {
        Self {
            data: self.data.or(other.data),
            listen: self.listen.or(other.listen),
            tls: self.tls.or(other.tls),
            tls_cert: self.tls_cert.or(other.tls_cert),
            tls_key: self.tls_key.or(other.tls_key),
            external_url: self.external_url.or(other.external_url),
            workers: self.workers.or(other.workers),
            database: self.database.or(other.database),
            blobs: self.blobs.or(other.blobs),
            blob_storage: self.blob_storage.or(other.blob_storage),
            jail: self.jail.or(other.jail),
            plan: self.plan.or(other.plan),
            registry: self.registry.or(other.registry),
            resource_group: self.resource_group.or(other.resource_group),
            subscription_name: self.subscription_name.or(other.subscription_name),
            advisory_age_limit_days: self.advisory_age_limit_days.or(other.advisory_age_limit_days),
            outbound_allow: self.outbound_allow.or(other.outbound_allow),
            outbound_ca: self.outbound_ca.or(other.outbound_ca),
            mail: self.mail.or(other.mail),
            price_per_image: self.price_per_image.or(other.price_per_image),
            rate_limit: self.rate_limit.or(other.rate_limit),
            rate_burst: self.rate_burst.or(other.rate_burst),
            advisory_flip_limit_percent: self
                .advisory_flip_limit_percent
                .or(other.advisory_flip_limit_percent),
            advisory_update_hours: self.advisory_update_hours.or(other.advisory_update_hours),
            advisory_mirror: self.advisory_mirror.or(other.advisory_mirror),
            advisory_sources: self.advisory_sources.or(other.advisory_sources),
            vex_keys: self.vex_keys.or(other.vex_keys),
            identity_providers: self.identity_providers.or(other.identity_providers),
        }
    }
}

/// Everything that `serve` needs to know.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// Where everything is kept.
    pub data: PathBuf,
    /// Where the server listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How it speaks.
    pub tls: Tls,
    /// The address that clients see, without a trailing slash; by default the listening address.
    pub external_url: Option<String>,
    /// How many scans run at the same time.
    pub workers: usize,
    /// The database file.
    pub database: PathBuf,
    /// Where the blobs are kept.
    pub blobs: BlobStorage,
    /// What the jail must achieve.
    pub jail: sandbox::Requirement,
    /// Whether a new installation begins with the Standard plan.
    pub standard_plan: bool,
    /// The name of the first registry.
    pub registry: String,
    /// Its resource group.
    pub resource_group: String,
    /// The display name of its subscription.
    pub subscription_name: String,
    /// Older advisories than this cannot call an image healthy.
    pub advisory_age_limit: Duration,
    /// How far webhooks, automations and imports reach.
    pub outbound: Reach,
    /// Authorities in PEM that mail and syslog servers may have their certificates from, beside the system's.
    pub outbound_authorities: Option<Arc<[u8]>>,
    /// How mail is sent.
    pub mail: MailSettings,
    /// How much one caller may ask; none: as much as they like.
    pub rates: Option<RatePolicy>,
    /// How patient the listener is.
    pub patience: Patience,
    /// What one image costs in a month, where somebody has said so.
    pub price: Option<Price>,
    /// When new advisories flip too many images to come into force by themselves.
    pub flip_limit: FlipLimit,
    /// Where advisories come from.
    pub sources: SourceList,
    /// The keys whose VEX documents are believed where they are attached to images.
    pub vex_keys: Vec<VexKey>,
    /// Others who say who a visitor of the portal is.
    pub identity_providers: Vec<ProviderSettings>,
    /// How often they are brought up to date; none for never.
    pub update_every: Option<SignedDuration>,
    /// The password of the owner on the first start; made up when missing.
    pub admin_password: Option<String>,
    /// The program that is re-executed in the jail; by default this one.
    pub program: Option<PathBuf>,
}

/// The first words of a value say what kind it is; this is what is left behind them.
fn path_behind(value: &str, scheme: &str) -> Option<PathBuf> {
    value.strip_prefix(scheme).map(|rest| PathBuf::from(rest.strip_prefix("//").unwrap_or(rest)))
}

impl Configuration {
    /// Fills what is missing with the defaults, and refuses what makes no sense.
    ///
    /// # Errors
    /// One sentence that names the option and what it may be.
    pub fn from_overrides(given: Overrides) -> Result<Self, ConfigurationError> {
        let data = given.data.clone().unwrap_or_else(|| PathBuf::from("./lazaretto-data"));
        let registry = given.registry.clone().unwrap_or_else(|| "lazaretto".into());
        if !(5..=50).contains(&registry.len()) || !registry.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ConfigurationError::RegistryName { name: registry });
        }
        Ok(Self {
            tls: tls(&given)?,
            external_url: given.external_url.as_deref().map(external_url).transpose()?,
            workers: given
                .workers
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, Into::into)),
            database: match &given.database {
                Some(url) => {
                    path_behind(url, "sqlite:").ok_or_else(|| unsupported("database", url, "sqlite:PATH"))?
                }
                None => data.join("lazaretto.sqlite"),
            },
            blobs: match &given.blobs {
                Some(url) => BlobStorage::parse(url, &given.blob_storage)?,
                None => BlobStorage::Folder(data.join("content")),
            },
            jail: jail(given.jail.as_deref())?,
            standard_plan: match given.plan.as_deref().map(str::to_ascii_lowercase).as_deref() {
                None | Some("standard") => true,
                Some("free") => false,
                Some(other) => return Err(unsupported("plan", other, "standard or free")),
            },
            registry,
            listen: given.listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 5000))),
            resource_group: given.resource_group.unwrap_or_else(|| "lazaretto".into()),
            subscription_name: given.subscription_name.unwrap_or_else(|| "Lazaretto".into()),
            advisory_age_limit: Duration::from_secs(given.advisory_age_limit_days.unwrap_or(30) * 86_400),
            price: match given.price_per_image.as_deref() {
                None => None,
                Some(text) => Some(text.parse().map_err(|_| {
                    unsupported("price-per-image", text, "AMOUNT CURRENCY, such as 0.29 USD")
                })?),
            },
            outbound_authorities: authorities(given.outbound_ca.as_deref())?,
            mail: given.mail.clone(),
            outbound: outbound(given.outbound_allow.as_deref().unwrap_or_default())?,
            rates: rates(given.rate_limit.unwrap_or(0), given.rate_burst)?,
            patience: Patience::default(),
            flip_limit: flip_limit(given.advisory_flip_limit_percent)?,
            update_every: match given.advisory_update_hours.unwrap_or(6) {
                0 => None,
                hours => Some(SignedDuration::from_hours(hours.into())),
            },
            identity_providers: ProviderSettings::all(given.identity_providers.unwrap_or_default())?,
            sources: SourceList::new(given.advisory_sources, given.advisory_mirror.as_deref()),
            vex_keys: given.vex_keys.unwrap_or_default(),
            admin_password: None,
            program: None,
            data,
        })
    }
}

fn tls(given: &Overrides) -> Result<Tls, ConfigurationError> {
    match (given.tls.as_deref(), &given.tls_cert, &given.tls_key) {
        (None, None, None) => Ok(Tls::Off),
        (None, Some(certificate), Some(key)) => {
            Ok(Tls::Files { certificate: certificate.clone(), key: key.clone() })
        }
        (Some("self-signed"), None, None) => Ok(Tls::SelfSigned),
        (Some("self-signed"), _, _) => Err(ConfigurationError::TlsTwice),
        (Some(other), _, _) => Err(unsupported("tls", other, "self-signed")),
        (None, _, _) => Err(ConfigurationError::TlsHalf),
    }
}

/// What the jail must achieve, from the word a person wrote.
///
/// # Errors
/// When the word is neither `required` nor `best-effort`.
pub fn jail(word: Option<&str>) -> Result<sandbox::Requirement, ConfigurationError> {
    match word {
        None | Some("required") => Ok(sandbox::Requirement::Required),
        Some("best-effort") => Ok(sandbox::Requirement::BestEffort),
        Some(other) => Err(unsupported("jail", other, "required or best-effort")),
    }
}

/// A burst is ten seconds' worth where nothing else is said.
fn rates(per_second: u32, burst: Option<u32>) -> Result<Option<RatePolicy>, ConfigurationError> {
    match (per_second, burst) {
        (0, None) => Ok(None),
        (0, Some(burst)) => Err(unsupported("rate-burst", &burst.to_string(), "it together with rate-limit")),
        (per_second, burst) => {
            let burst = burst.unwrap_or(per_second.saturating_mul(10)).max(1);
            Ok(Some(RatePolicy { per_second, burst, capacity: 100_000 }))
        }
    }
}

fn outbound(allowed: &[String]) -> Result<Reach, ConfigurationError> {
    let network = |text: &String| {
        text.parse().map_err(|_| unsupported("outbound-allow", text, "an address, or ADDRESS/BITS"))
    };
    Ok(Reach::Public { allowed: allowed.iter().map(network).collect::<Result<_, _>>()? })
}

fn authorities(path: Option<&Path>) -> Result<Option<Arc<[u8]>>, ConfigurationError> {
    let Some(path) = path else { return Ok(None) };
    let read = std::fs::read(path);
    let bytes = read.map_err(|source| ConfigurationError::Unreadable { path: path.into(), source })?;
    Ok(Some(bytes.into()))
}

fn flip_limit(percent: Option<u8>) -> Result<FlipLimit, ConfigurationError> {
    let default = FlipLimit::default();
    match percent {
        None => Ok(default),
        Some(percent @ 0..=100) => Ok(FlipLimit { share: f64::from(percent) / 100.0, ..default }),
        Some(other) => Err(unsupported("advisory-flip-limit-percent", &other.to_string(), "0 to 100")),
    }
}

fn external_url(url: &str) -> Result<String, ConfigurationError> {
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.trim_end_matches('/').contains(['/', '?', '#', '@', ' ']) => {
            Ok(url.trim_end_matches('/').to_owned())
        }
        _ => Err(unsupported("external-url", url, "http(s)://HOST[:PORT] without a path")),
    }
}

fn unsupported(option: &'static str, value: &str, possible: &'static str) -> ConfigurationError {
    ConfigurationError::Unsupported { option, value: value.to_owned(), possible }
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file is not there, or may not be read.
    #[error("the file {path} of the configuration cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("the configuration file {path} is not valid: line {line}: {why}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// Why.
        why: String,
    },
    /// A value that this version does not support.
    #[error("`{option}` cannot be `{value}`; this version supports {possible}")]
    Unsupported {
        /// The option.
        option: &'static str,
        /// What was given.
        value: String,
        /// What may be given.
        possible: &'static str,
    },
    /// An object storage needs something that was not given.
    #[error(
        "{storage} needs {what}; set the variable, or its key under `[blob-storage]` in the configuration file"
    )]
    StorageSetting {
        /// Which storage.
        storage: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// A registry needs a name that Azure's clients accept.
    #[error("`{name}` cannot name a registry: 5 to 50 letters and digits are needed")]
    RegistryName {
        /// What was given.
        name: String,
    },
    /// An identity provider cannot be used.
    #[error(transparent)]
    Provider(#[from] SettingsError),
    /// Only one of the two files.
    #[error("`tls-cert` and `tls-key` belong together: give both, or neither")]
    TlsHalf,
    /// Two sources of a certificate.
    #[error("`tls self-signed` makes its own certificate: give either it, or `tls-cert` and `tls-key`")]
    TlsTwice,
}

#[cfg(test)]
mod tests;
