//! The listening side: our own accept loop, because every limit that keeps a process alive belongs here - slow or
//! silent clients, too many connections, a full file table, a shutdown that must end.

mod stall;

use crate::edge::{Edge, Mutations};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use poem::Request;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use stall::Stall;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// An answer nobody reads.
const WRITE: Duration = Duration::from_secs(30);
/// After a failed accept: the file table may be full, and asking again at once would spin.
const BACK_OFF: Duration = Duration::from_millis(100);
/// What a client of HTTP/2 says first.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[derive(Debug, Clone, Copy)]
pub struct ServerOptions {
    /// Connections at once; more wait in the kernel's queue.
    pub connections: usize,
    /// Time for a request's head to arrive, and for a kept-alive connection to begin its next one.
    pub head: Duration,
    /// How long a shutdown waits for requests under way.
    pub grace: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            connections: 4096,
            head: Duration::from_secs(10),
            grace: Duration::from_secs(20),
        }
    }
}

/// Serves until `stop` resolves, then finishes what is under way, at most for the grace period.
pub async fn serve(
    listener: TcpListener,
    edge: Arc<Edge>,
    mutations: Mutations,
    options: ServerOptions,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    tracing::info!(address = %listener.local_addr()?, "listening");
    let slots = Arc::new(Semaphore::new(options.connections));
    let graceful = GracefulShutdown::new();
    let closing = CancellationToken::new();
    let http = Arc::new(Http {
        auto: protocol(options.head),
        head: options.head,
        closing: closing.clone(),
    });
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let Some((stream, peer, slot)) = accepted else {
            continue;
        };
        metrics::gauge!("innkeep_http_connections").increment(1);
        let (edge, http, watcher) = (edge.clone(), http.clone(), graceful.watcher());
        tokio::spawn(async move {
            if let Err(error) = connection(stream, peer, &edge, &http, watcher).await {
                tracing::debug!(%peer, %error, "connection ended");
            }
            metrics::gauge!("innkeep_http_connections").decrement(1);
            drop(slot);
        });
    }
    drop(listener);
    closing.cancel();
    let finish = async {
        graceful.shutdown().await;
        mutations.finished().await;
    };
    if tokio::time::timeout(options.grace, finish).await.is_err() {
        tracing::warn!("requests were still under way at the end of the grace period");
    }
    Ok(())
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

/// The next connection, once there is room for it. `None` after a failure, which was waited out.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> Option<Accepted> {
    let slot = slots.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, slot)),
        // The caller left before we came to it.
        Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => None,
        Err(error) => {
            tracing::error!(%error, "cannot accept connections");
            tokio::time::sleep(BACK_OFF).await;
            None
        }
    }
}

/// What every connection is served with.
struct Http {
    auto: auto::Builder<TokioExecutor>,
    head: Duration,
    /// The server is ending: nobody who has not asked yet is waited for.
    closing: CancellationToken,
}

fn protocol(head: Duration) -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(64 * 1024)
        .half_close(false);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(head)
        .max_concurrent_streams(128)
        .max_header_list_size(32 * 1024);
    http
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    edge: &Arc<Edge>,
    http: &Http,
    watcher: Watcher,
) -> Result<(), BoxError> {
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?;
    tokio::select! {
        spoken = tokio::time::timeout(http.head, has_spoken(&stream)) => spoken??,
        () = http.closing.cancelled() => return Ok(()),
    }
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let edge = edge.clone();
        async move {
            let addresses = (LocalAddr(local.into()), RemoteAddr(peer.into()));
            let request = Request::from((request, addresses.0, addresses.1, Scheme::HTTP));
            Ok::<hyper::Response<_>, std::convert::Infallible>(edge.answer(request).await.into())
        }
    });
    let io = TokioIo::new(Stall::new(stream, WRITE));
    watcher
        .watch(http.auto.serve_connection(io, service).into_owned())
        .await
}

/// Waits until the client's first bytes tell HTTP/1 from HTTP/2: hyper looks for that without a time limit.
async fn has_spoken(stream: &TcpStream) -> io::Result<()> {
    let mut head = [0; PREFACE.len()];
    loop {
        let n = stream.peek(&mut head).await?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if n == head.len() || head[..n] != PREFACE[..n] {
            return Ok(());
        }
        // Part of the preface: peeking is ready at once, so look again only a little later.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[cfg(test)]
mod tests;
