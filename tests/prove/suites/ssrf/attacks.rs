//! Addresses that must not be called, by kind. None of them is judged here by the code that is under attack.

use super::spelling::{disguises, hosts};
use rand::Rng;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub struct Attack {
    pub class: &'static str,
    pub address: String,
    /// What every name resolves to.
    pub answers: Vec<IpAddr>,
}

const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(93, 184, 215, 14));
/// First address and prefix length, from IANA's registries.
const SPECIAL_V4: [(&str, u32); 18] = [
    ("0.0.0.0", 8),
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.0.0.0", 24),
    ("192.0.2.0", 24),
    ("192.31.196.0", 24),
    ("192.52.193.0", 24),
    ("192.88.99.0", 24),
    ("192.168.0.0", 16),
    ("192.175.48.0", 24),
    ("198.18.0.0", 15),
    ("198.51.100.0", 24),
    ("203.0.113.0", 24),
    ("224.0.0.0", 4),
    ("240.0.0.0", 4),
];
const SPECIAL_V6: [&str; 32] = [
    "::",
    "::1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:1::1",
    "2001:1::2",
    "2001:2::1",
    "2001:3::1",
    "2001:4:112::1",
    "2001:10::1",
    "2001:20::1",
    "2001:30::1",
    "2001:db8::1",
    "2001:1ff:ffff::1",
    "2002::1",
    "2620:4f:8000::1",
    "3ffe::1",
    "3fff::1",
    "3fff:fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fdff::1",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "4000::1",
    "1fff::1",
];
const NAMES: [&str; 34] = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ⓛocalhost",
    "ｌｏｃａｌｈｏｓｔ",
    "%6cocalhost",
    "a.localhost",
    "localhost.localdomain",
    "router",
    "redis",
    "db",
    "kubernetes.default.svc.cluster.local",
    "printer.local",
    "metadata.google.internal",
    "x.internal",
    "nas.lan",
    "nas.home.arpa",
    "home.arpa",
    "hidden.onion",
    "a.test",
    "a.invalid",
    "hotel.example.",
    "hotel.example..",
    "hotel..example",
    ".",
    "",
    "-",
    "hotel_example",
    "hotel.example%00.org",
    "hotel.example%0a",
    "hotel.example%20",
    "ho tel.example",
    "hotel.example\u{7f}",
    "[hotel.example]",
];
const TEXTS: [&str; 40] = [
    "",
    "nowhere",
    "//hotel.example",
    "https:",
    "https:/hotel.example",
    "https:hotel.example",
    "https:///hotel.example",
    "https://",
    "https://?x",
    "https://#x",
    "https:\\\\127.0.0.1",
    "https:/\\127.0.0.1",
    "https://hotel.example\\@127.0.0.1/",
    "https://hotel.example\\.127.0.0.1.nip.example",
    " https://hotel.example",
    "https://hotel.example ",
    "https://hotel.exa\nmple",
    "https://hotel.exa\tmple",
    "ht\ntps://hotel.example",
    "https://hotel.example\r\nHost: x",
    "https://user@hotel.example",
    "https://user:pass@hotel.example",
    "https://:pass@hotel.example",
    "https://@hotel.example",
    "https://127.0.0.1@hotel.example",
    "https://hotel.example@127.0.0.1",
    "https://hotel.example:443@10.0.0.1",
    "https://a@b@hotel.example",
    "https://hotel.example%40127.0.0.1",
    "https://[::1%25lo]",
    "https://[::1%lo]",
    "https://[::1",
    "https://::1",
    "https://[1.2.3.4]",
    "https://[::1].example",
    "https://0",
    "https://0x",
    "https://127.1",
    "https://256.1.1.1",
    "https://1.2.3.4.5",
];
const SCHEMES: [&str; 18] = [
    "http",
    "HTTP",
    "ftp",
    "file",
    "gopher",
    "dict",
    "ldap",
    "tftp",
    "ws",
    "wss",
    "javascript",
    "data",
    "jar",
    "unix",
    "sftp",
    "smb",
    "view-source",
    "blob",
];
const PORTS: [u16; 33] = [
    0, 1, 7, 9, 19, 20, 21, 22, 23, 25, 53, 69, 79, 80, 110, 111, 119, 123, 135, 139, 143, 161, 389, 445,
    465, 514, 587, 636, 853, 873, 990, 995, 1023,
];

pub fn all(random: usize) -> Vec<Attack> {
    let mut all = literals();
    all.extend(answered());
    let names = NAMES.map(|name| ("name", format!("https://{name}/")));
    let texts = TEXTS.map(|text| ("text", text.to_owned()));
    let schemes = SCHEMES.map(|scheme| ("scheme", format!("{scheme}://hotel.example/")));
    let ports = PORTS.map(|port| ("port", format!("https://hotel.example:{port}/")));
    let written = names.into_iter().chain(texts).chain(schemes).chain(ports);
    all.extend(written.map(|(class, address)| Attack {
        class,
        address,
        answers: vec![PUBLIC],
    }));
    let mut rng = rand::rng();
    all.extend((0..random).map(|_| {
        let (first, length) = SPECIAL_V4[rng.random_range(0..SPECIAL_V4.len())];
        let address = Ipv4Addr::from(u32::from(v4(first)) | (rng.random::<u32>() >> length));
        let spelt = hosts(address);
        literal("random", &spelt[rng.random_range(0..spelt.len())])
    }));
    all
}

fn v4(text: &str) -> Ipv4Addr {
    text.parse().unwrap_or(Ipv4Addr::UNSPECIFIED)
}

fn literal(class: &'static str, host: &str) -> Attack {
    Attack {
        class,
        address: format!("https://{host}/path"),
        answers: vec![PUBLIC],
    }
}

/// The last address of each range in every spelling, the first one and the metadata service of clouds plainly.
fn literals() -> Vec<Attack> {
    let mut all = Vec::new();
    for (first, length) in SPECIAL_V4 {
        let last = Ipv4Addr::from(u32::from(v4(first)) | (u32::MAX >> length));
        all.extend(hosts(last).iter().map(|host| literal("IPv4", host)));
        all.push(literal("IPv4", first));
    }
    for host in hosts(Ipv4Addr::new(169, 254, 169, 254)) {
        all.push(literal("metadata", &host));
    }
    all.extend(
        SPECIAL_V6
            .iter()
            .map(|host| literal("IPv6", &format!("[{host}]"))),
    );
    // A public address behind a translator's prefix is reached through that translator, which is inside.
    let behind = disguises(Ipv4Addr::new(93, 184, 215, 14));
    all.extend(
        behind
            .iter()
            .map(|host| literal("disguise", &format!("[{host}]"))),
    );
    all
}

/// Public names with answers that are not: alone, and among public ones.
fn answered() -> Vec<Attack> {
    let v4s = SPECIAL_V4.iter().map(|(first, _)| IpAddr::V4(v4(first)));
    let hidden = disguises(Ipv4Addr::LOCALHOST).map(IpAddr::V6);
    let v6s = SPECIAL_V6
        .iter()
        .map(|a| a.parse().unwrap_or(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    let mut all = Vec::new();
    for inside in v4s.chain(hidden).chain(v6s) {
        for answers in [vec![inside], vec![PUBLIC, inside], vec![inside, PUBLIC]] {
            all.push(Attack {
                class: if answers.len() == 1 {
                    "answer"
                } else {
                    "mixed answers"
                },
                address: "https://hotel.example/".to_owned(),
                answers,
            });
        }
    }
    all
}
