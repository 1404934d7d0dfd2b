//! The listener: accepts connections, speaks TLS where configured, and ends gracefully.
//!
//! Clients are hostile until they have signed in: headers must arrive in time, and HTTP/2 streams are capped.

mod greeting;
mod patient;

use crate::Patience;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use greeting::Greeting;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use patient::Patient;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// All headers of a request together are not larger than this.
const HEADER_BYTES: usize = 64 * 1024;
/// So many connections are open at a time; who comes later waits in the system's queue. Each costs some 50 KiB.
const CONNECTIONS: usize = 8192;
/// A connection over HTTP/2 that says nothing is asked after this time whether it is still there,
const ALIVE: Duration = Duration::from_secs(60);
/// and has so long to answer.
const ALIVE_ANSWER: Duration = Duration::from_secs(20);
/// Requests that one HTTP/2 connection may have open at a time.
const STREAMS_PER_CONNECTION: u32 = 128;
/// How long running requests may go on after the order to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// Serves `router` until `stop` becomes true; then lets running requests finish for some seconds.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    router: Router,
    patience: Patience,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let acceptor = tls.map(TlsAcceptor::from);
    let graceful = GracefulShutdown::new();
    loop {
        let accept = async {
            // The semaphore is never closed.
            let place = places.clone().acquire_owned().await.ok();
            listener.accept().await.map(|(stream, peer)| (stream, peer, place))
        };
        let accepted = tokio::select! {
            accepted = accept => accepted,
            _ = stop.wait_for(|stopped| *stopped) => break,
        };
        let (stream, peer, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, or the client left: neither may end the listener or spin it.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the connection keeps Nagle's delay");
        }
        let (acceptor, router, watcher) = (acceptor.clone(), router.clone(), graceful.watcher());
        tokio::spawn(async move {
            let _place = place;
            match acceptor {
                None => converse(stream, router, peer, patience, watcher).await,
                Some(acceptor) => {
                    match tokio::time::timeout(patience.handshake, acceptor.accept(stream)).await {
                        Ok(Ok(stream)) => converse(stream, router, peer, patience, watcher).await,
                        Ok(Err(error)) => tracing::debug!(%peer, %error, "the TLS handshake failed"),
                        Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
                    }
                }
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(SHUTDOWN_GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time and are cut off");
    }
}

async fn converse<S>(
    stream: S,
    router: Router,
    peer: SocketAddr,
    patience: Patience,
    watcher: hyper_util::server::graceful::Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = Greeting::new(stream, patience.headers);
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience.headers).max_buf_size(HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .max_header_list_size(u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX))
        .keep_alive_interval(ALIVE)
        .keep_alive_timeout(ALIVE_ANSWER);
    let service = router.map_request(move |mut request: Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.map(|body| axum::body::Body::new(Patient::new(body, patience.body)))
    });
    let connection =
        builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
    if let Err(error) = watcher.watch(connection.into_owned()).await {
        tracing::debug!(%peer, %error, "a connection ended badly");
    }
}
