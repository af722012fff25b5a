//! What a tenant may enter as an address: read once, by the rules browsers read URLs by, and judged in that form.

use super::address::is_public;
use std::collections::HashSet;
use std::net::IpAddr;
use std::str::FromStr;
use url::{Host, ParseError, Url};

const LONGEST: usize = 2000;
const HTTPS: u16 = 443;
/// Ports below are other protocols' (mail, shells, name servers), whose servers nobody shall make us talk to.
const FIRST_FREE: u16 = 1024;
/// Names that only mean something inside a network (RFC 6761, 6762, 7686, 8375, and ICANN's `internal`).
const INSIDE: [&str; 9] = [
    "localhost",
    "local",
    "internal",
    "home.arpa",
    "onion",
    "test",
    "invalid",
    "localdomain",
    "lan",
];

/// Why an address is not called. The words are for the person who entered it and name nothing they did not enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the address must read https://host/path")]
    Malformed,
    #[error("only https is called")]
    Scheme,
    #[error("an address must not carry a user or a password")]
    Credentials,
    #[error("port {0} is not called: 443, or 1024 and above")]
    Port(u16),
    #[error("this name belongs to a network of its own, not to the Internet")]
    Name,
    #[error("the host is not on the public Internet")]
    Address,
}

impl Refused {
    /// As a problem's or a channel error's code.
    pub const CODE: &str = "address_refused";
}

/// `host:port` pairs that the operator of this installation trusts: called whatever their address is, over http too.
#[derive(Debug, Clone, Default)]
pub struct Allow(HashSet<(Host<String>, u16)>);

/// An entry of the list is not `host:port`.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not host:port")]
pub struct NotAnAddress(String);

impl FromStr for Allow {
    type Err = NotAnAddress;

    /// Entries are parted by commas.
    fn from_str(list: &str) -> Result<Self, NotAnAddress> {
        let entries = list.split(',').map(str::trim).filter(|e| !e.is_empty());
        entries.map(entry).collect::<Result<_, _>>().map(Self)
    }
}

fn entry(text: &str) -> Result<(Host<String>, u16), NotAnAddress> {
    let read = || {
        let (host, port) = text.rsplit_once(':')?;
        Some((Host::parse(host).ok()?, port.parse().ok()?))
    };
    read().ok_or_else(|| NotAnAddress(text.to_owned()))
}

impl Allow {
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Reads and judges an address as far as that goes without asking for the name's addresses.
    pub fn target(&self, text: &str) -> Result<Target, Refused> {
        let url = read(text)?;
        let host = url.host().ok_or(Refused::Malformed)?.to_owned();
        let port = url.port_or_known_default().ok_or(Refused::Malformed)?;
        let trusted = self.0.contains(&(host.clone(), port));
        let target = Target {
            url,
            host,
            port,
            trusted,
        };
        if !trusted {
            target.judge()?;
        }
        Ok(target)
    }
}

/// A URL that may be called, if all addresses of its host may.
#[derive(Debug, Clone)]
pub struct Target {
    pub url: Url,
    pub host: Host<String>,
    pub port: u16,
    /// The operator vouches for it.
    pub trusted: bool,
}

impl Target {
    fn judge(&self) -> Result<(), Refused> {
        if self.url.scheme() != "https" {
            return Err(Refused::Scheme);
        }
        if self.port != HTTPS && self.port < FIRST_FREE {
            return Err(Refused::Port(self.port));
        }
        match &self.host {
            Host::Domain(name) if !is_public_name(name) => Err(Refused::Name),
            Host::Domain(_) => Ok(()),
            Host::Ipv4(address) => self.judge_address((*address).into()),
            Host::Ipv6(address) => self.judge_address((*address).into()),
        }
    }

    pub fn judge_address(&self, address: IpAddr) -> Result<(), Refused> {
        if self.trusted || is_public(address) {
            Ok(())
        } else {
            Err(Refused::Address)
        }
    }
}

/// Reads an address, without judging where it leads.
///
/// What different programs read differently is not read at all: white space, control characters, backslashes.
pub fn read(text: &str) -> Result<Url, Refused> {
    if is_odd(text) {
        return Err(Refused::Malformed);
    }
    let url = Url::parse(text).map_err(|_| Refused::Malformed)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refused::Scheme);
    }
    // The parser forgives missing and superfluous slashes, and drops an empty user.
    let (_, rest) = text.split_once("://").ok_or(Refused::Malformed)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err(Refused::Malformed);
    }
    if authority.contains('@') || !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::Credentials);
    }
    Ok(url)
}

/// Reads where a redirect leads that came from an address, without judging it: as strictly as what is entered.
pub fn redirected(from: &Url, location: &str) -> Result<Url, Refused> {
    if is_odd(location) {
        return Err(Refused::Malformed);
    }
    match Url::parse(location) {
        Err(ParseError::RelativeUrlWithoutBase) => {
            let whole = from.join(location).map_err(|_| Refused::Malformed)?;
            read(whole.as_str())
        }
        _ => read(location),
    }
}

fn is_odd(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    text.len() > LONGEST || text.contains(odd)
}

/// At least two labels, none of them empty, and no ending that only means something inside a network.
fn is_public_name(name: &str) -> bool {
    if name.split('.').any(str::is_empty) {
        return false;
    }
    let mut labels = name.rsplitn(3, '.');
    let last = labels.next().unwrap_or_default();
    let last_two = labels.next().map(|l| format!("{l}.{last}"));
    let inside = |ending: &str| INSIDE.contains(&ending);
    !inside(last) && last_two.is_some_and(|two| !inside(&two))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn judged(address: &str) -> Result<(), Refused> {
        Allow::default().target(address).map(drop)
    }

    proptest! {
        /// However an address is spelt, it is judged as the address it is.
        #[test]
        fn spelling_changes_nothing(number in any::<u32>()) {
            let address = Ipv4Addr::from(number);
            let [a, b, c, d] = address.octets();
            let expected = if is_public(address.into()) { Ok(()) } else { Err(Refused::Address) };
            let spelt = [
                format!("{address}"), format!("{number}"), format!("{number:#x}"), format!("0{number:o}"),
                format!("{a:#x}.0{b:o}.{c}.{d}"), format!("{a}.{}", number & 0xff_ffff),
            ];
            for host in spelt {
                prop_assert_eq!(judged(&format!("https://{host}/")), expected, "{}", host);
            }
        }

        /// No text makes it panic, and none over http or with an @ in its authority is let through.
        #[test]
        fn any_text_is_judged(text in "(https?://)?[ -~]{0,40}") {
            let authority = text.split("://").nth(1).and_then(|t| t.split(['/', '?', '#']).next());
            let doubtful = !text.starts_with("https") || authority.is_some_and(|a| a.contains('@'));
            prop_assert!(judged(&text).is_err() || !doubtful);
        }
    }

    #[test]
    fn a_redirect_is_read_from_where_it_came_and_as_strictly_as_what_is_entered() {
        let from = read("https://a.example/ical/1.ics?s=1").unwrap();
        for (location, expected) in [
            ("https://b.example/x", Ok("https://b.example/x")),
            ("//b.example/x", Ok("https://b.example/x")),
            ("/x?y", Ok("https://a.example/x?y")),
            ("2.ics", Ok("https://a.example/ical/2.ics")),
            ("?s=2", Ok("https://a.example/ical/1.ics?s=2")),
            ("../../../x", Ok("https://a.example/x")),
            ("http://b.example/", Ok("http://b.example/")),
            ("https:/b.example", Err(Refused::Malformed)),
            ("https:b.example", Err(Refused::Malformed)),
            ("https://user@b.example/", Err(Refused::Credentials)),
            ("//user@b.example/", Err(Refused::Credentials)),
            ("\\\\b.example/", Err(Refused::Malformed)),
            ("/a b", Err(Refused::Malformed)),
            ("//", Err(Refused::Malformed)),
            ("ftp://b.example/", Err(Refused::Scheme)),
            ("data:text/calendar,", Err(Refused::Scheme)),
        ] {
            let read = redirected(&from, location);
            assert_eq!(
                read.as_ref().map(Url::as_str),
                expected.as_ref().copied(),
                "{location}"
            );
        }
    }

    #[test]
    fn what_the_operator_allows_is_allowed_exactly() {
        let allow: Allow = "127.0.0.1:8090, [::1]:80 ,channel.lan:8443".parse().unwrap();
        for yes in [
            "http://127.0.0.1:8090",
            "https://2130706433:8090/x",
            "http://[::1]",
            "https://channel.lan:8443",
        ] {
            assert!(allow.target(yes).is_ok(), "{yes}");
        }
        for no in [
            "http://127.0.0.1:8091",
            "http://127.0.0.2:8090",
            "https://channel.lan",
            "http://a@127.0.0.1:8090",
        ] {
            assert!(allow.target(no).is_err(), "{no}");
        }
        for odd in [
            "127.0.0.1",
            "channel.lan:",
            "http://channel.lan:80",
            ":80",
            "a b:80",
        ] {
            assert!(odd.parse::<Allow>().is_err(), "{odd}");
        }
    }
}
