//! Names to addresses that may be reached. The connection is made to what comes out of here, and to nothing else.

use super::{Reach, SendError};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// All addresses of the name are closed; this is one of them.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{0} is an address of a private network")]
pub(super) struct Closed(pub(super) IpAddr);

/// Asks the system, and leaves out what is closed.
#[derive(Debug)]
pub(super) struct Resolver {
    reach: Arc<Reach>,
}

impl Resolver {
    pub(super) fn new(reach: Arc<Reach>) -> Self {
        Self { reach }
    }
}

/// The addresses of a host that may be reached, or one that is closed. Neither if there are none.
async fn look_up(reach: &Reach, host: &str, port: u16) -> std::io::Result<(Vec<SocketAddr>, Option<IpAddr>)> {
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    let open = found.iter().copied().filter(|address| reach.allows(address.ip())).collect();
    Ok((open, found.first().map(SocketAddr::ip)))
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach.clone();
        Box::pin(async move {
            match look_up(&reach, name.as_str(), 0).await? {
                (open, Some(closed)) if open.is_empty() => Err(Closed(closed).into()),
                (open, _) => Ok(Box::new(open.into_iter()) as Addrs),
            }
        })
    }
}

/// Where a host may be reached, for what is not spoken over HTTP.
///
/// # Errors
/// When it has no address, or only such as are closed.
pub(crate) async fn open_address(reach: &Reach, host: &str, port: u16) -> Result<SocketAddr, SendError> {
    let no_answer = |why: String| SendError::NoAnswer { host: host.to_owned(), why };
    let (open, any) = look_up(reach, host, port).await.map_err(|error| no_answer(error.to_string()))?;
    match (open.first(), any) {
        (Some(address), _) => Ok(*address),
        (None, Some(address)) => Err(SendError::Closed { host: host.to_owned(), address }),
        (None, None) => Err(no_answer("it has no address".to_owned())),
    }
}
