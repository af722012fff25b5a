//! From a URL to a connection: names are looked up here and nowhere else, every answer is judged, and what was judged is
//! what is dialled.

use super::target::{Allow, Refused, Target};
use async_trait::async_trait;
use hyper::Uri;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tower_service::Service;
use url::Host;

/// Addresses of one name that are tried.
const TRIED: usize = 4;

/// Names to addresses.
#[async_trait]
pub trait Resolver: Send + Sync {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Opens connections, to addresses that have been judged.
#[async_trait]
pub trait Dialler: Send + Sync {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream>;
}

/// The machine's own resolver.
pub struct System;

#[async_trait]
impl Resolver for System {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// TCP.
pub struct Tcp;

#[async_trait]
impl Dialler for Tcp {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the name is not known")]
    Unknown(#[source] io::Error),
    #[error("no connection")]
    Io(#[from] io::Error),
    #[error("no connection in time")]
    TooSlow,
}

/// Connects to what [`Allow`] lets through.
#[derive(Clone)]
pub struct Connector {
    pub allow: Arc<Allow>,
    pub resolver: Arc<dyn Resolver>,
    pub dialler: Arc<dyn Dialler>,
    /// For look-up and connection together.
    pub limit: Duration,
}

impl Connector {
    /// Where the target is. A single address that is not public refuses them all: which one is dialled shall not matter.
    pub async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, ConnectError> {
        let found = match &target.host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => {
                let asked = self.resolver.resolve(name).await;
                asked.map_err(ConnectError::Unknown)?
            }
        };
        for address in &found {
            target.judge_address(*address)?;
        }
        Ok(found
            .into_iter()
            .map(|a| SocketAddr::new(a, target.port))
            .collect())
    }

    async fn connect(&self, uri: &Uri) -> Result<TcpStream, ConnectError> {
        let target = self.allow.target(&uri.to_string())?;
        let addresses = self.addresses(&target).await?;
        let share = self.limit / u32::try_from(addresses.len().clamp(1, TRIED)).unwrap_or(1);
        let mut last = ConnectError::Unknown(io::ErrorKind::NotFound.into());
        for address in addresses.into_iter().take(TRIED) {
            last = match tokio::time::timeout(share, self.dialler.dial(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => error.into(),
                Err(_) => ConnectError::TooSlow,
            };
        }
        Err(last)
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let connected = tokio::time::timeout(this.limit, this.connect(&uri)).await;
            connected.map_err(|_| ConnectError::TooSlow)?.map(TokioIo::new)
        })
    }
}
