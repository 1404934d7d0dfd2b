//! Where blobs are kept: a folder, a bucket of S3, or a container of Azure.
//!
//! `file:PATH`, `s3://BUCKET[/PREFIX]` and `azure://ACCOUNT/CONTAINER[/PREFIX]` name the place. Who may use it never
//! stands in that address, which is shown and logged: keys come from the usual variables of the storages' own tools,
//! or from the table `blob-storage` of the configuration file.

use crate::configuration::ConfigurationError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{
    AzureAccess, AzureCredentials, BlobError, Blobs, FolderBlobs, ObjectBlobs, S3Access, UploadParts,
};

/// What an object storage needs to know beside its address.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct StorageSettings {
    /// The region of a bucket; `AWS_REGION` or `AWS_DEFAULT_REGION`.
    pub region: Option<String>,
    /// `http(s)://…` of another storage than Amazon's or Azure's public one; `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`
    /// or `AZURE_STORAGE_BLOB_ENDPOINT`.
    pub endpoint: Option<String>,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: Option<String>,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Option<String>,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<String>,
    /// The key of an Azure storage account, in base64; `AZURE_STORAGE_KEY`.
    pub account_key: Option<String>,
    /// A shared access signature of one, where there is no key; `AZURE_STORAGE_SAS_TOKEN`.
    pub sas_token: Option<String>,
}

impl fmt::Debug for StorageSettings {
    /// Leaves the keys out, so that they reach no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageSettings")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl StorageSettings {
    /// What the environment says, for an address of this scheme.
    pub fn from_environment(blobs: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Self {
        let first =
            |names: &[&str]| names.iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
        let is_azure = blobs.is_some_and(|url| url.starts_with("azure:"));
        let endpoint: &[&str] = if is_azure {
            &["AZURE_STORAGE_BLOB_ENDPOINT"]
        } else {
            &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
        };
        Self {
            region: first(&["AWS_REGION", "AWS_DEFAULT_REGION"]),
            endpoint: first(endpoint),
            access_key_id: first(&["AWS_ACCESS_KEY_ID"]),
            secret_access_key: first(&["AWS_SECRET_ACCESS_KEY"]),
            session_token: first(&["AWS_SESSION_TOKEN"]),
            account_key: first(&["AZURE_STORAGE_KEY"]),
            sas_token: first(&["AZURE_STORAGE_SAS_TOKEN"]),
        }
    }

    /// These settings, and for each one that is missing the other's. Keys that belong together stay together.
    pub fn or(self, other: Self) -> Self {
        let own_keys = self.access_key_id.is_some() || self.secret_access_key.is_some();
        let (access_key_id, secret_access_key, session_token) = if own_keys {
            (self.access_key_id, self.secret_access_key, self.session_token)
        } else {
            (other.access_key_id, other.secret_access_key, other.session_token)
        };
        let own_leave = self.account_key.is_some() || self.sas_token.is_some();
        let (account_key, sas_token) =
            if own_leave { (self.account_key, self.sas_token) } else { (other.account_key, other.sas_token) };
        Self {
            region: self.region.or(other.region),
            endpoint: self.endpoint.or(other.endpoint),
            access_key_id,
            secret_access_key,
            session_token,
            account_key,
            sas_token,
        }
    }
}

/// Where blobs are kept, with all that is needed to use it.
#[derive(Clone, PartialEq, Eq)]
pub enum BlobStorage {
    /// A folder.
    Folder(PathBuf),
    /// A bucket of S3, or of a storage that speaks like it.
    S3(S3Access),
    /// A container of Azure Blob Storage.
    Azure(AzureAccess),
}

impl fmt::Debug for BlobStorage {
    /// Names the place and leaves the keys out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "file:{}", path.display()),
            Self::S3(access) => write!(f, "s3://{}/{}", access.bucket, access.prefix),
            Self::Azure(access) => {
                write!(f, "azure://{}/{}/{}", access.account, access.container, access.prefix)
            }
        }
    }
}

impl BlobStorage {
    /// Reads an address, and takes what it needs from the settings.
    ///
    /// # Errors
    /// One sentence that says what is missing or wrong.
    pub fn parse(url: &str, settings: &StorageSettings) -> Result<Self, ConfigurationError> {
        if let Some(path) = url.strip_prefix("file:") {
            return Ok(Self::Folder(PathBuf::from(path.strip_prefix("//").unwrap_or(path))));
        }
        if let Some(rest) = url.strip_prefix("s3://") {
            return s3(url, rest, settings);
        }
        if let Some(rest) = url.strip_prefix("azure://") {
            return azure(url, rest, settings);
        }
        Err(unsupported(url))
    }

    /// Opens it, and asks it for something small, so that a wrong key is noticed now.
    ///
    /// # Errors
    /// When it cannot be used.
    pub async fn open(&self, records: Arc<dyn UploadParts>, data: &Path) -> Result<OpenBlobs, BlobError> {
        let objects = match self {
            Self::Folder(path) => {
                return Ok(OpenBlobs { blobs: Arc::new(FolderBlobs::open(path)?), objects: None });
            }
            Self::S3(access) => ObjectBlobs::s3(access.clone(), records, data.to_owned())?,
            Self::Azure(access) => ObjectBlobs::azure(access.clone(), records, data.to_owned())?,
        };
        objects.check().await?;
        let objects = Arc::new(objects);
        Ok(OpenBlobs { blobs: objects.clone(), objects: Some(objects) })
    }
}

/// Blobs that are open.
pub struct OpenBlobs {
    /// The blobs.
    pub blobs: Arc<dyn Blobs>,
    /// The same, if others could use them beside us: they have to be taken before anything is deleted.
    pub objects: Option<Arc<ObjectBlobs>>,
}

fn s3(url: &str, rest: &str, settings: &StorageSettings) -> Result<BlobStorage, ConfigurationError> {
    let (bucket, prefix) = split(rest);
    let is_bucket = (3..=63).contains(&bucket.len())
        && bucket
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte));
    if !is_bucket {
        return Err(unsupported(url));
    }
    let missing = |what| ConfigurationError::StorageSetting { storage: "an S3 bucket", what };
    let access_key = settings.access_key_id.clone().ok_or_else(|| missing("AWS_ACCESS_KEY_ID"))?;
    let secret_key = settings.secret_access_key.clone().ok_or_else(|| missing("AWS_SECRET_ACCESS_KEY"))?;
    let region = match (&settings.region, &settings.endpoint) {
        (Some(region), _) => region.clone(),
        // Storages that are not Amazon's mostly do not care.
        (None, Some(_)) => "us-east-1".into(),
        (None, None) => return Err(missing("AWS_REGION")),
    };
    Ok(BlobStorage::S3(S3Access {
        bucket: bucket.to_owned(),
        prefix: prefix_of(url, prefix)?,
        region,
        endpoint: endpoint(settings)?,
        access_key,
        secret_key,
        session_token: settings.session_token.clone(),
        largest_copy: None,
    }))
}

fn azure(url: &str, rest: &str, settings: &StorageSettings) -> Result<BlobStorage, ConfigurationError> {
    let (account, rest) = split(rest);
    let (container, prefix) = split(rest);
    let is_name = |name: &str, more: &[u8]| {
        (3..=63).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || more.contains(&byte))
    };
    if !is_name(account, b"") || !is_name(container, b"-$") {
        return Err(unsupported(url));
    }
    let missing = |what| ConfigurationError::StorageSetting { storage: "an Azure container", what };
    let credentials = match (settings.account_key.as_deref(), settings.sas_token.as_deref()) {
        (Some(key), _) => {
            let key = STANDARD.decode(key.trim()).map_err(|_| missing("AZURE_STORAGE_KEY, in base64"))?;
            AzureCredentials::Key(key)
        }
        (None, Some(token)) => {
            let token =
                shared_signature(token).ok_or_else(|| missing("AZURE_STORAGE_SAS_TOKEN, with `sig=`"))?;
            AzureCredentials::SharedAccessSignature(token)
        }
        (None, None) => return Err(missing("AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN")),
    };
    Ok(BlobStorage::Azure(AzureAccess {
        account: account.to_owned(),
        container: container.to_owned(),
        prefix: prefix_of(url, prefix)?,
        endpoint: endpoint(settings)?,
        credentials,
    }))
}

/// A signature as the query of an address, if it is one.
fn shared_signature(token: &str) -> Option<String> {
    let token = token.trim().trim_start_matches('?');
    let is_query = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%&=:+/,".contains(&byte));
    (is_query && token.split('&').any(|pair| pair.starts_with("sig="))).then(|| token.to_owned())
}

fn split(text: &str) -> (&str, &str) {
    text.split_once('/').unwrap_or((text, ""))
}

/// A prefix ends with a slash, and has letters that need no thought in any address.
fn prefix_of(url: &str, prefix: &str) -> Result<String, ConfigurationError> {
    let prefix = prefix.trim_matches('/');
    let is_plain = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match prefix {
        "" => Ok(String::new()),
        _ if prefix.split('/').all(is_plain) => Ok(format!("{prefix}/")),
        _ => Err(unsupported(url)),
    }
}

fn endpoint(settings: &StorageSettings) -> Result<Option<String>, ConfigurationError> {
    let Some(endpoint) = &settings.endpoint else { return Ok(None) };
    let host = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['@', '?', '#', ' ']) => Ok(Some(endpoint.clone())),
        _ => Err(ConfigurationError::Unsupported {
            option: "blob-storage endpoint",
            value: endpoint.clone(),
            possible: "http(s)://HOST[:PORT]",
        }),
    }
}

fn unsupported(url: &str) -> ConfigurationError {
    // What stands before an @ could be a password that somebody put there.
    let shown = url.rsplit_once('@').map_or(url, |(_, rest)| rest);
    ConfigurationError::Unsupported {
        option: "blobs",
        value: shown.to_owned(),
        possible: "file:PATH, s3://BUCKET[/PREFIX] and azure://ACCOUNT/CONTAINER[/PREFIX]",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI";

    fn settings() -> StorageSettings {
        StorageSettings {
            region: Some("eu-central-1".into()),
            access_key_id: Some("AKIA".into()),
            secret_access_key: Some(SECRET.into()),
            account_key: Some("a2V5".into()),
            ..StorageSettings::default()
        }
    }

    #[test]
    fn an_address_names_a_place() {
        let shown = |url: &str| format!("{:?}", BlobStorage::parse(url, &settings()).unwrap());
        assert_eq!(shown("file:/a/b"), "file:/a/b");
        assert_eq!(shown("file:///a/b"), "file:/a/b");
        assert_eq!(shown("s3://bucket"), "s3://bucket/");
        assert_eq!(shown("s3://bucket/one/two/"), "s3://bucket/one/two/");
        assert_eq!(shown("azure://account/container/x"), "azure://account/container/x/");
    }

    #[test]
    fn what_is_no_address_or_lacks_a_key_is_refused_in_words() {
        for url in
            ["ftp://x", "s3:bucket", "s3://B", "s3://bucket/..", "azure://account", "azure://a/b/c", "x"]
        {
            let error = BlobStorage::parse(url, &settings()).unwrap_err();
            assert!(matches!(error, ConfigurationError::Unsupported { option: "blobs", .. }), "{url}");
        }
        let none = StorageSettings::default();
        for (url, word) in
            [("s3://bucket", "AWS_ACCESS_KEY_ID"), ("azure://account/container", "AZURE_STORAGE_KEY")]
        {
            assert!(BlobStorage::parse(url, &none).unwrap_err().to_string().contains(word), "{url}");
        }
        let elsewhere = StorageSettings { endpoint: Some("https://u:p@host".into()), ..settings() };
        assert!(BlobStorage::parse("s3://bucket", &elsewhere).is_err());
    }

    #[test]
    fn an_account_is_opened_by_its_key_or_by_a_signature() {
        let with = |key: Option<&str>, token: &str| {
            let settings = StorageSettings {
                account_key: key.map(str::to_owned),
                sas_token: Some(token.to_owned()),
                ..StorageSettings::default()
            };
            match BlobStorage::parse("azure://account/container", &settings)? {
                BlobStorage::Azure(access) => Ok::<_, ConfigurationError>(access.credentials),
                other @ (BlobStorage::Folder(_) | BlobStorage::S3(_)) => panic!("{other:?}"),
            }
        };
        let signature = "sv=2020-10-02&ss=b&se=2030-01-01T00:00:00Z&sp=rwdl&sig=a%2Bb%3D";
        let expected = AzureCredentials::SharedAccessSignature(signature.to_owned());
        assert!(with(None, &format!("?{signature}")).unwrap() == expected);
        assert!(with(Some("a2V5"), signature).unwrap() == AzureCredentials::Key(b"key".to_vec()));
        for wrong in ["", "?", "sv=1", "sig=a b", "sig=a#b", "sig=\u{e4}"] {
            let error = with(None, wrong).err().unwrap().to_string();
            assert!(error.contains("AZURE_STORAGE_SAS_TOKEN"), "{wrong}: {error}");
        }
    }

    #[test]
    fn keys_are_never_shown() {
        let storage = BlobStorage::parse("s3://bucket", &settings()).unwrap();
        assert!(!format!("{storage:?} {:?}", settings()).contains(SECRET));
        let error = BlobStorage::parse("s3://key:secret@bucket", &settings()).unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn the_environment_and_the_file_are_not_mixed_within_a_key() {
        let environment = StorageSettings::from_environment(Some("s3://bucket"), |name| match name {
            "AWS_ACCESS_KEY_ID" => Some("other".into()),
            "AWS_SECRET_ACCESS_KEY" => Some("word".into()),
            "AWS_REGION" => Some(String::new()),
            _ => None,
        });
        let file = StorageSettings { session_token: Some("token".into()), ..settings() };
        let both = environment.or(file);
        assert_eq!(both.access_key_id.as_deref(), Some("other"));
        assert_eq!(both.session_token, None);
        assert_eq!(both.region.as_deref(), Some("eu-central-1"));
    }
}
