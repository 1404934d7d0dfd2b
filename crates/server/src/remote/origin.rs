//! Where a repository of another registry is, and whom credentials for it may be shown.

use super::RemoteError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use std::fmt;

/// A name and a secret for one registry.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The secret.
    pub password: String,
}

impl Login {
    /// The header of Basic authentication.
    pub(super) fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.user, self.password)))
    }
}

impl fmt::Debug for Login {
    /// Leaves both out, so that they reach no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(..)")
    }
}

/// A repository at a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    base: Url,
    repository: String,
}

impl Origin {
    /// A repository at `HOST[:PORT]`. Like docker, this speaks plain HTTP with this machine alone, unless `http://`
    /// stands before the host. What is called `docker.io` is at another host, and has its own images under `library/`.
    ///
    /// # Errors
    /// When one of the two is no name.
    pub fn new(host: &str, repository: &str) -> Result<Self, RemoteError> {
        let wrong = || RemoteError::Name(format!("{host}/{repository}").chars().take(300).collect());
        let (scheme, host) = match host.split_once("://") {
            Some((scheme @ ("http" | "https"), host)) => (Some(scheme), host),
            Some(_) => return Err(wrong()),
            None => (None, host),
        };
        let host = host.trim_end_matches('/');
        if host.is_empty() || host.contains(['/', '?', '#', '@', '\\', ' ', '%']) {
            return Err(wrong());
        }
        let is_hub = matches!(host, "docker.io" | "index.docker.io" | "registry-1.docker.io");
        let host = if is_hub { "registry-1.docker.io" } else { host };
        let repository = if is_hub && !repository.contains('/') {
            format!("library/{repository}")
        } else {
            repository.to_owned()
        };
        repository.parse::<oci::RepositoryName>().map_err(|_| wrong())?;
        let scheme = scheme.unwrap_or(if is_local(host) { "http" } else { "https" });
        let base = Url::parse(&format!("{scheme}://{host}/v2/")).map_err(|_| wrong())?;
        Ok(Self { base, repository })
    }

    /// Host and port, for people.
    pub fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    pub(super) fn repository(&self) -> &str {
        &self.repository
    }

    /// An address below the repository.
    pub(super) fn url(&self, path: &str) -> Result<Url, RemoteError> {
        let joined = self.base.join(&format!("{}/{path}", self.repository));
        let url = joined.map_err(|_| RemoteError::Name(path.chars().take(300).collect()))?;
        // A reference is no way out of the repository.
        let inside = format!("{}{}/", self.base, self.repository);
        if url.as_str().starts_with(&inside) && url.query().is_none() && url.fragment().is_none() {
            Ok(url)
        } else {
            Err(RemoteError::Name(path.chars().take(300).collect()))
        }
    }

    /// Whether an address is at the registry itself, on the same line.
    pub(super) fn is_at(&self, url: &Url) -> bool {
        (self.base.scheme(), self.base.host_str(), self.base.port_or_known_default())
            == (url.scheme(), url.host_str(), url.port_or_known_default())
    }

    /// Whether credentials for this registry may be shown to a token service: it is at the same host, or of the same
    /// domain below a name that somebody registered, and the line is as safe.
    pub(super) fn trusts(&self, service: &Url) -> bool {
        let (Some(own), Some(other)) = (self.base.host_str(), service.host_str()) else { return false };
        let is_safe = service.scheme() == "https" || self.base.scheme() == "http";
        is_safe && (own == other || is_same_domain(own, other))
    }
}

/// Whether two hosts are of one domain: what is left of the registry's name without its first part has at least two
/// parts, and the other is that, or below it.
fn is_same_domain(own: &str, other: &str) -> bool {
    let is_number = |host: &str| host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
    if is_number(own) || is_number(other) {
        return false;
    }
    let domain = match own.split_once('.') {
        Some((_, rest)) if rest.contains('.') => rest,
        // `ghcr.io` itself is the domain.
        Some(_) => own,
        None => return false,
    };
    other == domain || other.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether a host is this machine.
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_found_by_its_name() {
        let url = |host: &str, repository: &str| {
            Origin::new(host, repository).unwrap().url("tags").unwrap().to_string()
        };
        assert_eq!(url("docker.io", "alpine"), "https://registry-1.docker.io/v2/library/alpine/tags");
        assert_eq!(url("docker.io", "grafana/loki"), "https://registry-1.docker.io/v2/grafana/loki/tags");
        assert_eq!(url("localhost:5000", "a"), "http://localhost:5000/v2/a/tags");
        assert_eq!(url("[::1]:5000", "a"), "http://[::1]:5000/v2/a/tags");
        assert_eq!(url("10.0.0.1:5000", "a"), "https://10.0.0.1:5000/v2/a/tags");
        assert_eq!(url("http://10.0.0.1:5000/", "a"), "http://10.0.0.1:5000/v2/a/tags");
        for (host, repository) in
            [("", "a"), ("ftp://h", "a"), ("h/x", "a"), ("u@h", "a"), ("h", "A"), ("h", "../x"), ("h", "")]
        {
            assert!(Origin::new(host, repository).is_err(), "{host} {repository}");
        }
    }

    #[test]
    fn a_reference_is_no_way_out() {
        let origin = Origin::new("h.test", "a/b").unwrap();
        for path in ["manifests/../../../x", "manifests/x?y=z", "manifests/x#y", "../c/manifests/x"] {
            assert!(origin.url(path).is_err(), "{path}");
        }
        assert!(origin.url("manifests/sha256:00").is_ok());
    }

    #[test]
    fn credentials_are_shown_within_the_domain_alone() {
        let trusts =
            |host: &str, service: &str| Origin::new(host, "a").unwrap().trusts(&Url::parse(service).unwrap());
        assert!(trusts("docker.io", "https://auth.docker.io/token"));
        assert!(trusts("ghcr.io", "https://ghcr.io/token"));
        assert!(trusts("registry.gitlab.com", "https://gitlab.com/jwt/auth"));
        assert!(trusts("127.0.0.1:5000", "http://127.0.0.1:6000/token"));
        assert!(trusts("harbour.azurecr.io", "https://harbour.azurecr.io/oauth2/token"));
        for (host, service) in [
            ("docker.io", "https://auth.docker.io.evil.test/token"),
            ("docker.io", "https://evildocker.io/token"),
            ("docker.io", "http://auth.docker.io/token"),
            ("ghcr.io", "https://evil.io/token"),
            ("ghcr.io", "https://io/token"),
            ("registry.gitlab.com", "https://evil.com/token"),
            ("10.0.0.1:5000", "http://20.0.0.1/token"),
            ("127.0.0.1:5000", "http://0.0.1/token"),
        ] {
            assert!(!trusts(host, service), "{host} {service}");
        }
    }
}
