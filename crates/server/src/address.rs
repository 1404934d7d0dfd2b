//! Where the server listens, and where clients see it.

use crate::{Configuration, StartError, Tls};
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Listens, at the address that it tells.
pub(crate) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let socket = TcpListener::bind(address).await.map_err(failed)?;
    let bound = socket.local_addr().map_err(failed)?;
    Ok((socket, bound))
}

/// The address that clients see: as configured, or where we listen.
pub(crate) fn public_url(configuration: &Configuration, address: SocketAddr) -> String {
    if let Some(url) = &configuration.external_url {
        return url.clone();
    }
    let scheme = if configuration.tls == Tls::Off { "http" } else { "https" };
    match address {
        // "All addresses" is nobody's address; this machine is reached by its loopback.
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => format!("{scheme}://127.0.0.1:{}", v4.port()),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => format!("{scheme}://[::1]:{}", v6.port()),
        SocketAddr::V4(_) | SocketAddr::V6(_) => format!("{scheme}://{address}"),
    }
}

/// The names for a certificate of our own.
pub(crate) fn names(login_server: &str) -> Vec<String> {
    let host = login_server.rsplit_once(':').map_or(login_server, |(host, _)| host);
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    let host = host.trim_matches(['[', ']']);
    if !names.iter().any(|name| name == host) {
        names.push(host.to_owned());
    }
    names
}
