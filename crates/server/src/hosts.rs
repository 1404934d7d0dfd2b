//! Which registry a host means.
//!
//! A registry that was created after the first start is reached at `NAME.SUFFIX`. Every other host means the first one:
//! an address, a name of the machine, whatever a proxy sends. A name below the suffix that no registry has means none.

use async_trait::async_trait;
use registry::{RegistryDirectory, Site};
use std::sync::Arc;
use store::Store;

/// Registries by their hosts.
pub(crate) struct Hosts {
    /// The records.
    pub store: Arc<dyn Store>,
    /// The registry of the first start.
    pub first: Arc<Site>,
    /// The domain of the others, with the port.
    pub suffix: Arc<str>,
    /// `http` or `https`.
    pub scheme: &'static str,
}

/// The domain below which registries are reached: that of the server. An address has no names below it, so that
/// `localhost` takes its place.
pub(crate) fn suffix(login_server: &str) -> String {
    let (host, port) = match login_server.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, format!(":{port}")),
        _ => (login_server, String::new()),
    };
    let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
    format!("{}{port}", if is_address { "localhost" } else { host })
}

/// The label before the suffix, if the host is one level below it. Ports are not compared: a client leaves out the one
/// that its scheme has by default.
fn label<'h>(host: &'h str, suffix: &str) -> Option<&'h str> {
    let bare = |text: &'h str| text.rsplit_once(':').map_or(text, |(host, _)| host);
    let suffix = suffix.rsplit_once(':').map_or(suffix, |(host, _)| host);
    let host = bare(host);
    let at = host.len().checked_sub(suffix.len() + 1)?;
    let (label, rest) = host.split_at_checked(at)?;
    let is_below = rest.strip_prefix('.').is_some_and(|rest| rest.eq_ignore_ascii_case(suffix));
    (is_below && !label.is_empty() && !label.contains('.')).then_some(label)
}

#[async_trait]
impl RegistryDirectory for Hosts {
    async fn site(&self, host: Option<&str>) -> Result<Option<Arc<Site>>, store::Error> {
        let Some(label) = host.and_then(|host| label(host, &self.suffix)) else {
            return Ok(Some(self.first.clone()));
        };
        let Some(registry) = self.store.registry_by_name(label).await? else { return Ok(None) };
        if registry.id == self.first.registry.id {
            return Ok(Some(self.first.clone()));
        }
        let base_url = format!("{}://{}", self.scheme, registry.login_server);
        Ok(Some(Arc::new(Site { registry, base_url })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_is_a_name() {
        for (login_server, expected) in [
            ("registry.example.com", "registry.example.com"),
            ("localhost:5000", "localhost:5000"),
            ("127.0.0.1:5000", "localhost:5000"),
            ("[::1]:5000", "localhost:5000"),
            ("10.0.0.1", "localhost"),
        ] {
            assert_eq!(suffix(login_server), expected);
        }
    }

    #[test]
    fn one_label_below_the_suffix_is_a_name() {
        for (host, expected) in [
            ("second.example.com:5000", Some("second")),
            ("second.EXAMPLE.com", Some("second")),
            ("example.com:5000", None),
            (".example.com", None),
            ("a.b.example.com", None),
            ("secondexample.com", None),
            ("127.0.0.1:5000", None),
            ("", None),
            ("é.example.com", Some("é")),
        ] {
            assert_eq!(label(host, "example.com:5000"), expected, "{host}");
        }
    }
}
