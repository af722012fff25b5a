//! The outside world as tests see it: a few names, and nothing but loopback to connect to.

use async_trait::async_trait;
use innkeep_integrations::outbound::{Dialler, Options, Outbound, Resolver, Tcp};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpStream;

/// Ports of the loopback network on which nobody listens, and which the operator of these tests allows.
const NOBODY: &str = "127.0.0.1:1, 127.0.0.1:9";

/// `neighbour`: one more `host:port`.
pub fn outbound(neighbour: &str) -> Outbound {
    let options = Options {
        allow: format!("{NOBODY}, {neighbour}").parse().unwrap(),
        ..Options::default()
    };
    Outbound::through(options, Arc::new(Names), Arc::new(OnlyLoopback)).unwrap()
}

struct Names;

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let addresses: &[&str] = match name {
            "channel.example" => &["93.184.215.14"],
            "inside.example" => &["10.0.0.7"],
            "both.example" => &["93.184.215.14", "127.0.0.1"],
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(addresses.iter().map(|a| a.parse().unwrap()).collect())
    }
}

struct OnlyLoopback;

#[async_trait]
impl Dialler for OnlyLoopback {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        if address.ip().is_loopback() {
            Tcp.dial(address).await
        } else {
            Err(io::ErrorKind::NetworkUnreachable.into())
        }
    }
}
