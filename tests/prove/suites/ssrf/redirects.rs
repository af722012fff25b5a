//! A host that may be called, and then sends the caller elsewhere: by redirect, or by changing what its name means.

use super::attacks::Attack;
use super::stage::{Canary, Says, Stage, called, read};
use crate::harness::verdict::Verdict;
use innkeep_domain::ports::channel::ChannelError;
use innkeep_integrations::outbound::Allow;
use std::net::{IpAddr, Ipv4Addr};

const STATUSES: [u16; 8] = [201, 300, 301, 302, 303, 305, 307, 308];
/// Those a calendar is followed by.
const MOVED: [u16; 5] = [301, 302, 303, 307, 308];

/// Tried, and followed: from an allowed host on loopback to the canary, with each status that browsers follow.
pub async fn run(verdict: &mut Verdict) -> anyhow::Result<(usize, usize)> {
    let canary = Canary::start(Says::default()).await?;
    let port = canary.address.port();
    let places = [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://localhost:{port}/"),
    ];
    let (mut tried, mut followed) = (0, 0);
    for status in STATUSES {
        for (place, calendar) in places.iter().flat_map(|place| [(place, false), (place, true)]) {
            let host = Canary::start(Says::elsewhere(status, place, port)).await?;
            let stage = Stage::new(host.address.to_string().parse()?)?;
            stage
                .names
                .answer("*", vec![vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]]);
            let address = format!("http://{}", host.address);
            if calendar {
                let _ = read(&stage.outbound, &address).await;
            } else {
                let _ = called(&stage.outbound, &address).await;
            }
            verdict.demand(
                host.visits() == 1,
                format!("{status}: {} visits to the host", host.visits()),
            );
            tried += 1;
            followed += usize::from(stage.dialler.take() != [host.address]);
        }
    }
    verdict.none(canary.visits(), "visits to the canary");
    // The canary counts: who may call it, does.
    let stage = Stage::new(canary.address.to_string().parse()?)?;
    let _ = called(&stage.outbound, &format!("http://{}", canary.address)).await;
    verdict.demand(canary.visits() == 1, "the canary does not count");
    Ok((tried, followed))
}

/// Tried, and got through: calendars are followed to where they moved, if that could be entered as well.
pub async fn calendars(verdict: &mut Verdict, attacks: &[Attack]) -> anyhow::Result<(usize, usize)> {
    let host = Canary::start(Says::default()).await?;
    let port = host.address.port();
    let stage = Stage::new(host.address.to_string().parse()?)?;
    let address = format!("http://{}/1.ics", host.address);
    let (mut tried, mut through) = (0, 0);
    for attack in attacks
        .iter()
        .filter(|attack| is_told_by_a_header(&attack.address))
    {
        let status = MOVED[tried % MOVED.len()];
        host.now_says(Says::elsewhere(status, &attack.address, port));
        stage.names.answer("*", vec![attack.answers.clone()]);
        let read = read(&stage.outbound, &address).await;
        let dialled = stage.dialler.take();
        // What names no host leads back to this one, and round in a circle.
        let inside = dialled.iter().any(|address| *address != host.address);
        let refused = matches!(read, Err(ChannelError::Refused { .. }));
        verdict.demand(
            refused && !inside,
            format!(
                "redirected to {}: dialled {dialled:?}, answered {read:?}",
                attack.address
            ),
        );
        tried += 1;
        through += usize::from(inside);
    }
    // Otherwise following nothing would do.
    let public: IpAddr = Ipv4Addr::new(93, 184, 215, 14).into();
    stage.names.answer("*", vec![vec![public]]);
    for status in STATUSES {
        host.now_says(Says::elsewhere(status, "https://hotel.example/1.ics", port));
        let _ = read(&stage.outbound, &address).await;
        let there = (public, 443).into();
        let expected = if MOVED.contains(&status) {
            vec![host.address, there]
        } else {
            vec![host.address]
        };
        let dialled = stage.dialler.take();
        verdict.demand(
            dialled == expected,
            format!("{status} to a public place: dialled {dialled:?}"),
        );
    }
    Ok((tried, through))
}

/// White space around a value, and what ends it, never arrive.
fn is_told_by_a_header(place: &str) -> bool {
    place.trim() == place && !place.contains(char::is_control)
}

/// Tried, and got through: a name that is public when it is entered or first called, and inside afterwards.
pub async fn rebinding(verdict: &mut Verdict) -> anyhow::Result<(usize, usize)> {
    let public: IpAddr = Ipv4Addr::new(93, 184, 215, 14).into();
    let (mut tried, mut through) = (0, 0);
    let insides = [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "fd00::1",
        "fe80::1",
    ];
    for inside in insides {
        let inside: IpAddr = inside.parse()?;
        for turns in 1..=3 {
            let stage = Stage::new(Allow::default())?;
            let mut answers = vec![vec![public]; turns];
            answers.push(vec![inside]);
            stage.names.answer("hotel.example", answers);
            let admitted = stage.outbound.admit("https://hotel.example").await.is_ok();
            let mut seen = Vec::new();
            for _ in 0..4 {
                seen.push(called(&stage.outbound, "https://hotel.example").await);
            }
            let dialled = stage.dialler.take();
            // One look-up for entering and one for each call: what was looked up is what is dialled.
            let expected = turns - 1;
            let right = admitted && stage.names.asked() == 5 && dialled.len() == expected;
            let refused = seen
                .iter()
                .skip(expected)
                .all(|s| matches!(s, Err(ChannelError::Refused { .. })));
            verdict.demand(
                right && refused,
                format!("{inside} after {turns}: dialled {dialled:?}, answered {seen:?}"),
            );
            tried += 1;
            through += usize::from(dialled.iter().any(|a| a.ip() != public));
        }
    }
    Ok((tried, through))
}
