//! `ssrf`: no address a tenant enters leads inside. The real client, with a stub for the resolver and a dialler that
//! writes down what it would dial; it really connects to loopback only, where canaries count who comes.

mod attacks;
mod limits;
mod redirects;
mod spelling;
mod stage;

use crate::harness::verdict::{Scale, Verdict};
use attacks::Attack;
use innkeep_domain::ports::channel::ChannelError;
use innkeep_integrations::outbound::Allow;
use stage::{Stage, called};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// What must be dialled, and where: otherwise refusing everything would do.
const WELCOME: [(&str, &[&str], &str); 7] = [
    ("https://93.184.215.14", &[], "93.184.215.14:443"),
    ("https://1572394766/", &[], "93.184.215.14:443"),
    ("https://[2606:4700::1111]:8443/x", &[], "[2606:4700::1111]:8443"),
    (
        "https://hotel.example",
        &["93.184.215.14", "2606:4700::1111"],
        "93.184.215.14:443",
    ),
    (
        "https://hotel.example:1024",
        &["2606:4700::1111"],
        "[2606:4700::1111]:1024",
    ),
    (
        "https://hotel.example/?x=@127.0.0.1",
        &["93.184.215.14"],
        "93.184.215.14:443",
    ),
    (
        "HTTPS://HOTEL.example#@127.0.0.1/",
        &["93.184.215.14"],
        "93.184.215.14:443",
    ),
];

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    welcome(&mut verdict).await?;
    let attacks = attacks::all(scale.of(100, 20_000));
    let mut through = 0;
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    let stage = Stage::new(Allow::default())?;
    for attack in &attacks {
        *classes.entry(attack.class).or_default() += 1;
        if let Some(how) = attempt(&stage, attack).await {
            through += 1;
            verdict.demand(false, format!("{} {}: {how}", attack.class, attack.address));
        }
    }
    let (tried, followed) = redirects::run(&mut verdict).await?;
    let calendars = redirects::calendars(&mut verdict, &attacks).await?;
    let rebound = redirects::rebinding(&mut verdict).await?;
    limits::run(&mut verdict).await?;
    let all = attacks.len() + tried + calendars.0 + rebound.0;
    verdict.demand(all >= 200, format!("only {all} addresses"));
    verdict.figure(format!("{all} addresses in {} classes", classes.len() + 3));
    verdict.none(through + followed + calendars.1 + rebound.1, "got through");
    Ok(verdict)
}

/// How it got through, if it did: entered, sent, or dialled.
async fn attempt(stage: &Stage, attack: &Attack) -> Option<String> {
    stage.names.answer("*", vec![attack.answers.clone()]);
    if stage.outbound.admit(&attack.address).await.is_ok() {
        return Some("may be entered".to_owned());
    }
    let called = called(&stage.outbound, &attack.address).await;
    let refused = matches!(&called, Err(ChannelError::Refused { code, .. }) if code == "address_refused");
    let dialled = stage.dialler.take();
    if !dialled.is_empty() {
        Some(format!("dialled {dialled:?}"))
    } else if !refused {
        Some(format!("answered {called:?}"))
    } else {
        None
    }
}

async fn welcome(verdict: &mut Verdict) -> anyhow::Result<()> {
    for (address, answers, expected) in WELCOME {
        let stage = Stage::new(Allow::default())?;
        let answers = answers.iter().map(|a| a.parse()).collect::<Result<Vec<_>, _>>()?;
        stage.names.answer("hotel.example", vec![answers]);
        let admitted = stage.outbound.admit(address).await;
        let called = called(&stage.outbound, address).await;
        let dialled = stage.dialler.take();
        let expected: SocketAddr = expected.parse()?;
        let reached =
            dialled.first() == Some(&expected) && matches!(called, Err(ChannelError::Unreachable(_)));
        verdict.demand(
            admitted.is_ok() && reached,
            format!("{address} is public: {admitted:?}, {called:?}, dialled {dialled:?}"),
        );
    }
    verdict.figure(format!("{} of {0} public ones dialled", WELCOME.len()));
    Ok(())
}
