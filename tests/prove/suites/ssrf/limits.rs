//! A host that may be called and would rather never let go: endless, slow, swollen, compressed or silent answers.

use super::stage::{Canary, Says, Stage};
use crate::harness::verdict::Verdict;
use flate2::{Compression, write::GzEncoder};
use innkeep_integrations::outbound::{Answer, Bytes, Options, Request, SendError};
use std::io::Write;
use std::time::{Duration, Instant};

const TOTAL: Duration = Duration::from_millis(600);
const LARGEST: usize = 64 * 1024;
/// Beyond the limit, for a busy machine.
const GRACE: Duration = Duration::from_millis(900);

pub async fn run(verdict: &mut Verdict) -> anyhow::Result<()> {
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let drip = Duration::from_millis(20);
    let hosts = [
        ("silent", Vec::new(), Some((Vec::new(), drip))),
        (
            "a dripping head",
            b"HTTP/1.1 200 OK\r\nx: ".to_vec(),
            Some((b"x".to_vec(), drip)),
        ),
        (
            "an endless head",
            b"HTTP/1.1 200 OK\r\n".to_vec(),
            Some((b"x: y\r\n".repeat(4096), Duration::ZERO)),
        ),
        (
            "endless interim answers",
            Vec::new(),
            Some((b"HTTP/1.1 103 Early\r\n\r\n".to_vec(), Duration::ZERO)),
        ),
        ("a dripping body", head.clone(), Some((b" ".to_vec(), drip))),
        (
            "an endless body",
            head.clone(),
            Some((vec![b' '; LARGEST], Duration::ZERO)),
        ),
        (
            "a body that lies",
            b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec(),
            None,
        ),
    ];
    let mut longest = Duration::ZERO;
    for (what, first, again) in hosts {
        let (answer, took) = ask(Says { first, again }).await?;
        longest = longest.max(took);
        let nothing = !matches!(&answer, Ok(a) if a.body.is_ok());
        verdict.demand(
            nothing && took < TOTAL + GRACE,
            format!("{what}: {answer:?} after {took:?}"),
        );
    }
    let bomb = bomb()?;
    let size = bomb.len();
    let mut first =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {size}\r\n\r\n").into_bytes();
    first.extend(bomb);
    let (answer, _) = ask(Says { first, again: None }).await?;
    let inflated = !matches!(&answer, Ok(a) if a.body.as_ref().is_ok_and(|b| b.len() == size));
    verdict.demand(!inflated, format!("a compressed answer: {answer:?}"));
    verdict.figure(format!(
        "8 of 8 hosts that hold on cut off (limit {} ms, longest {} ms)",
        TOTAL.as_millis(),
        longest.as_millis()
    ));
    Ok(())
}

async fn ask(says: Says) -> anyhow::Result<(Result<Answer, SendError>, Duration)> {
    let host = Canary::start(says).await?;
    let stage = Stage::with(Options {
        allow: host.address.to_string().parse()?,
        total: TOTAL,
        largest: LARGEST,
        ..Options::default()
    })?;
    let request = Request::get(format!("http://{}/", host.address)).body(Bytes::new())?;
    let begun = Instant::now();
    Ok((stage.outbound.send(request).await, begun.elapsed()))
}

/// Sixteen megabytes of nothing.
fn bomb() -> std::io::Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![0; 16 << 20])?;
    packed.finish()
}
