//! Leaves for registries that are created while the server runs: each has a host of its own, `NAME.SUFFIX`.
//!
//! A leaf is made when a client first asks for its host, and kept in memory. One with a wildcard would do for many
//! hosts, but clients do not take `*.localhost`.

use super::{Leaf, TlsError, leaf};
use rcgen::{Issuer, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// More hosts than this are made anew each time they are asked for: a client may ask for any name.
const REMEMBERED: usize = 1024;

/// Chooses, and makes, the leaf for a host.
pub(super) struct VirtualHosts {
    pub(super) issuer: Issuer<'static, KeyPair>,
    pub(super) authority: PathBuf,
    pub(super) default: Arc<CertifiedKey>,
    /// What stands behind the first dot of a registry's host.
    pub(super) domain: String,
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl fmt::Debug for VirtualHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualHosts").field("domain", &self.domain).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for VirtualHosts {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(hello.server_name().and_then(|host| self.leaf(host)).unwrap_or_else(|| self.default.clone()))
    }
}

impl VirtualHosts {
    /// The leaf of a registry's host; none for any other host.
    fn leaf(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        let host = host.to_ascii_lowercase();
        let (label, domain) = host.split_once('.')?;
        let is_name = (5..=50).contains(&label.len()) && label.bytes().all(|c| c.is_ascii_alphanumeric());
        if !is_name || domain != self.domain {
            return None;
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = made.get(&host) {
            return Some(leaf.clone());
        }
        let leaf = match self.make(host.clone()) {
            Ok(leaf) => leaf,
            Err(error) => {
                tracing::warn!(host, %error, "no certificate could be made for a registry's host");
                return None;
            }
        };
        if made.len() < REMEMBERED {
            made.insert(host, leaf.clone());
        }
        Some(leaf)
    }

    fn make(&self, host: String) -> Result<Arc<CertifiedKey>, TlsError> {
        let leaf = leaf(&self.issuer, &self.authority, vec![host], SystemTime::now())?;
        certified(leaf, &self.provider)
    }
}

/// A leaf as the handshake wants it.
pub(super) fn certified(
    (chain, key): Leaf,
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, TlsError> {
    CertifiedKey::from_der(chain, key, provider).map(Arc::new).map_err(TlsError::Mismatch)
}
