//! Who is calling, as far as an address says: the socket's, or what a proxy says that the operator trusts.

use ipnet::IpNet;
use poem::Request;
use poem::http::HeaderMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// The caller's address. The edge puts it into every request.
#[derive(Debug, Clone, Copy)]
pub struct Client(pub IpAddr);

impl Client {
    pub fn of(request: &Request) -> IpAddr {
        request.data::<Self>().map_or_else(|| peer(request), |c| c.0)
    }
}

/// Addresses and networks of reverse proxies, whose `X-Forwarded-For` is believed.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

impl FromStr for Proxies {
    type Err = String;

    /// Parted by commas: `10.0.0.0/8, ::1`.
    fn from_str(list: &str) -> Result<Self, String> {
        let entries = list.split(',').map(str::trim).filter(|e| !e.is_empty());
        let network = |e: &str| e.parse().or_else(|_| e.parse::<IpAddr>().map(IpNet::from));
        entries
            .map(|e| network(e).map_err(|_| format!("{e:?} is no address and no network")))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Proxies {
    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    pub fn client(&self, request: &Request) -> IpAddr {
        self.behind(peer(request), request.headers())
    }

    /// The last address on the way that is not a trusted proxy: what stands before it, anybody can have written.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trust(peer) {
            return peer;
        }
        let mut client = peer;
        for said in forwarded(headers).rev() {
            let Some(address) = read(said) else { break };
            client = address.to_canonical();
            if !self.trust(client) {
                break;
            }
        }
        client
    }
}

fn peer(request: &Request) -> IpAddr {
    let socket = request.remote_addr().as_socket_addr();
    let address = socket.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), SocketAddr::ip);
    address.to_canonical()
}

/// What all `X-Forwarded-For` lines say, in order.
fn forwarded(headers: &HeaderMap) -> impl DoubleEndedIterator<Item = &str> {
    let lines = headers.get_all("x-forwarded-for").into_iter();
    let lines = lines.map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

/// Some proxies add a port, and brackets then.
fn read(said: &str) -> Option<IpAddr> {
    let socket = || said.parse().ok().map(|s: SocketAddr| s.ip());
    said.parse().ok().or_else(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::http::HeaderValue;

    fn seen(proxies: &str, peer: &str, said: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for line in said {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        let proxies: Proxies = proxies.parse().unwrap();
        proxies.behind(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let said = &["203.0.113.9"];
        assert_eq!(seen("", "192.0.2.1", said), "192.0.2.1");
        assert_eq!(seen("192.0.2.2", "192.0.2.1", said), "192.0.2.1");
        assert_eq!(seen("192.0.2.1", "192.0.2.1", said), "203.0.113.9");
        assert_eq!(
            seen("192.0.2.0/24", "192.0.2.1", &["::ffff:203.0.113.9"]),
            "203.0.113.9"
        );
    }

    #[test]
    fn what_a_caller_forged_stands_before_what_a_proxy_added() {
        let trusted = "10.0.0.0/8";
        assert_eq!(
            seen(trusted, "10.0.0.1", &["1.1.1.1, 203.0.113.9"]),
            "203.0.113.9"
        );
        assert_eq!(
            seen(trusted, "10.0.0.1", &["1.1.1.1", "203.0.113.9, 10.0.0.2"]),
            "203.0.113.9"
        );
        assert_eq!(seen(trusted, "10.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(seen(trusted, "10.0.0.1", &["203.0.113.9, nonsense"]), "10.0.0.1");
        assert_eq!(
            seen(trusted, "10.0.0.1", &["203.0.113.9, nonsense, 10.0.0.2"]),
            "10.0.0.2"
        );
        assert_eq!(seen(trusted, "10.0.0.1", &["10.0.0.3"]), "10.0.0.3");
        assert_eq!(seen(trusted, "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn a_list_that_cannot_be_read_is_refused() {
        assert!("10.0.0.0/8, proxy.example".parse::<Proxies>().is_err());
    }
}
