//! Every way to write an address that some program somewhere understands.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Hosts of a URL that mean this address: plainly, as a number, in other bases, shortened, in other scripts.
pub fn hosts(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    let number = u32::from(address);
    let (low16, low24) = (number & 0xffff, number & 0xff_ffff);
    let mut hosts = vec![
        address.to_string(),
        format!("{address}."),
        format!("{number}"),
        format!("{number:#x}"),
        format!("{number:#010X}"),
        format!("0{number:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("000{a:o}.{b}.{c:#x}.{d}"),
        format!("{a}.{low24}"),
        format!("{a}.{b}.{low16}"),
        format!("{a:#x}.{low24:#x}"),
        address.to_string().replace('.', "。"),
        address.to_string().replace('.', "%2e"),
        address.to_string().chars().map(wide).collect(),
    ];
    hosts.extend(disguises(address).map(|v6| format!("[{v6}]")));
    hosts.push(format!("[::ffff:{address}]"));
    hosts.push(format!("[0:0:0:0:0:FFFF:{address}]"));
    hosts.push(format!("[64:ff9b::{address}]"));
    hosts
}

/// IPv6 addresses that carry this one: mapped, compatible, translated, NAT64 (both prefixes), 6to4, Teredo.
pub fn disguises(address: Ipv4Addr) -> [Ipv6Addr; 7] {
    let [a, b, c, d] = address.octets();
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    [
        Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
        Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
        Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
        Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
        Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
        Ipv6Addr::new(0x2001, 0, 0x4136, 0xe378, 0x8000, 0x63bf, !high, !low),
    ]
}

/// Digits and dots as full-width forms, which names are folded from.
fn wide(c: char) -> char {
    match c {
        '0'..='9' => char::from_u32(u32::from(c) - u32::from('0') + 0xff10).unwrap_or(c),
        '.' => '．',
        other => other,
    }
}
