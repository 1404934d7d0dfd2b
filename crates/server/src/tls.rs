//! TLS for the listener: from files, or from an authority of our own.
//!
//! Azure's clients refuse plain HTTP, so that a first try needs certificates at once.
//! `--tls self-signed` makes an authority once, keeps it in the data folder, and signs a new leaf at every start.
//! A person trusts the authority once; the leaf is never older than the process.

mod virtual_hosts;

use crate::configuration::Tls;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use virtual_hosts::{VirtualHosts, certified};

/// Why the listener has no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read or written.
    #[error("{path} could not be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not PEM, or has no certificate or key.
    #[error("{path} is not a PEM file with what is needed: {detail}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is missing.
        detail: String,
    },
    /// The certificate and the key do not go together.
    #[error("the certificate and the key cannot be used together")]
    Mismatch(#[source] rustls::Error),
    /// The certificate could not be made.
    #[error("a certificate could not be made")]
    Making(#[from] rcgen::Error),
}

/// What the listener needs, and where the authority's certificate is, if it is ours.
pub(crate) struct Identity {
    /// The configuration for the handshake.
    pub config: Arc<ServerConfig>,
    /// The certificate that clients must trust.
    pub authority: Option<PathBuf>,
}

/// Loads or makes the identity. `None` for plain HTTP.
///
/// `names` are the host names and addresses under which the server is reached; below `suffix`, which may carry a port,
/// each registry has one.
///
/// # Errors
/// When files cannot be read or are not PEM, or the key does not fit.
pub(crate) fn identity(
    tls: &Tls,
    data: &Path,
    names: Vec<String>,
    suffix: &str,
    now: SystemTime,
) -> Result<Option<Identity>, TlsError> {
    if *tls == Tls::Off {
        return Ok(None);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Mismatch)?
        .with_no_client_auth();
    let (mut config, authority) = match tls {
        Tls::Files { certificate, key } => {
            let config = builder.with_single_cert(read_chain(certificate)?, read_key(key)?);
            (config.map_err(TlsError::Mismatch)?, None)
        }
        Tls::Off | Tls::SelfSigned => {
            let folder = data.join("tls");
            let (issuer, authority) = authority(&folder, now)?;
            let default = certified(leaf(&issuer, &authority, names, now)?, &provider)?;
            let domain = suffix.rsplit_once(':').map_or(suffix, |(domain, _)| domain).to_ascii_lowercase();
            let made = Mutex::default();
            let hosts =
                VirtualHosts { issuer, authority: authority.clone(), default, domain, provider, made };
            (builder.with_cert_resolver(Arc::new(hosts)), Some(authority))
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(Identity { config: Arc::new(config), authority }))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |detail: String| TlsError::Pem { path: path.into(), detail };
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| wrong(source.to_string()))?;
    if chain.is_empty() {
        return Err(wrong("it has no certificate".into()));
    }
    Ok(chain)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path)
        .map_err(|source| TlsError::Pem { path: path.into(), detail: source.to_string() })
}

/// The authority's parameters: the same at every start, so that the kept key makes the same issuer.
fn authority_parameters(now: SystemTime) -> Result<CertificateParams, TlsError> {
    let mut parameters = CertificateParams::new(Vec::new())?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Lazaretto local authority");
    parameters.distinguished_name = name;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.not_before = (now - Duration::from_secs(86_400)).into();
    parameters.not_after = (now + Duration::from_secs(3650 * 86_400)).into();
    Ok(parameters)
}

type Leaf = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The authority of the data folder, made if there is none, and where its certificate is.
fn authority(folder: &Path, now: SystemTime) -> Result<(Issuer<'static, KeyPair>, PathBuf), TlsError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::File { path, source }
    };
    let (certificate_path, key_path) = (folder.join("ca.pem"), folder.join("ca.key"));
    let parameters = authority_parameters(now)?;
    if !certificate_path.exists() || !key_path.exists() {
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        let key = KeyPair::generate()?;
        let certificate = parameters.self_signed(&key)?;
        write_private(&key_path, key.serialize_pem().as_bytes()).map_err(at(&key_path))?;
        std::fs::write(&certificate_path, certificate.pem()).map_err(at(&certificate_path))?;
    }
    let pem = std::fs::read_to_string(&key_path).map_err(at(&key_path))?;
    Ok((Issuer::new(parameters, KeyPair::from_pem(&pem)?), certificate_path))
}

/// A leaf for hosts and addresses, signed by the authority whose certificate is in this file.
fn leaf(
    issuer: &Issuer<'static, KeyPair>,
    authority: &Path,
    names: Vec<String>,
    now: SystemTime,
) -> Result<Leaf, TlsError> {
    let mut leaf = CertificateParams::new(names)?;
    leaf.distinguished_name.push(DnType::CommonName, "Lazaretto");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    leaf.not_before = (now - Duration::from_secs(3600)).into();
    // Apple's clients refuse leaves that are valid for more than 398 days.
    leaf.not_after = (now + Duration::from_secs(397 * 86_400)).into();
    let key = KeyPair::generate()?;
    let certificate = leaf.signed_by(&key, issuer)?;
    let mut chain = vec![certificate.der().clone()];
    chain.extend(read_chain(authority)?);
    let key = PrivateKeyDer::try_from(key.serialize_der())
        .map_err(|detail| TlsError::Pem { path: authority.into(), detail: detail.to_owned() })?;
    Ok((chain, key))
}

/// Writes a file that only its owner may read.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_authority_stays_and_its_key_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let make = || {
            identity(
                &Tls::SelfSigned,
                folder.path(),
                vec!["localhost".into()],
                "localhost:1",
                SystemTime::now(),
            )
            .unwrap()
            .unwrap()
        };
        let first = std::fs::read(make().authority.unwrap()).unwrap();
        let second = std::fs::read(make().authority.unwrap()).unwrap();
        assert_eq!(first, second);
        let mode = std::fs::metadata(folder.path().join("tls/ca.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_no_certificate_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.pem");
        std::fs::write(&path, "nothing").unwrap();
        let tls = Tls::Files { certificate: path.clone(), key: path.clone() };
        let error = identity(&tls, folder.path(), Vec::new(), "", SystemTime::now()).err().unwrap();
        assert!(error.to_string().contains("x.pem"), "{error}");
    }
}
