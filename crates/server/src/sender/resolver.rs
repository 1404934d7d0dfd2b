//! Names to addresses that may be reached. The connection is made to what comes out of here, and to nothing else.

use super::Reach;
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

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let open: Vec<SocketAddr> =
                found.iter().copied().filter(|address| reach.allows(address.ip())).collect();
            match (open.is_empty(), found.first()) {
                (true, Some(closed)) => Err(Closed(closed.ip()).into()),
                _ => Ok(Box::new(open.into_iter()) as Addrs),
            }
        })
    }
}
