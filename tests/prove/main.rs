//! The attack suites: every promise has a command. They come from outside, against the real program, PostgreSQL, Redis
//! and sandbox: `make prove only=oversell scale=full`, `make bench`.

mod bench;
mod harness;
mod suites;

use harness::verdict::{Scale, Verdict};
use std::process::ExitCode;
use std::time::Instant;

struct Arguments {
    only: Option<String>,
    scale: Scale,
    bench: bool,
    /// Was anything asked for, or is this a plain `cargo test`?
    asked: bool,
}

impl Arguments {
    /// Understands its own options and passes over those of cargo's usual harness.
    fn read(all: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut found = Self {
            only: None,
            scale: Scale::Quick,
            bench: false,
            asked: false,
        };
        let mut all = all.peekable();
        while let Some(argument) = all.next() {
            match argument.as_str() {
                "--only" => found.only = all.next(),
                "--scale" => found.scale = Scale::parse(all.next().as_deref())?,
                "--bench" => found.bench = true,
                _ => continue,
            }
            found.asked = true;
        }
        Ok(found)
    }
}

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("prove: {error:#}");
        ExitCode::FAILURE
    })
}

fn run() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if !harness::durable().await? && !arguments.asked {
            println!("prove: nothing is attacked here, because this database forgets; run `make prove`");
            return Ok(ExitCode::SUCCESS);
        }
        if arguments.bench {
            bench::run(arguments.only.as_deref(), arguments.scale).await?;
            return Ok(ExitCode::SUCCESS);
        }
        prove(&arguments).await
    })
}

async fn prove(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let wanted = |name: &str| arguments.only.as_deref().is_none_or(|only| only == name);
    let (mut passed, mut failed) = (0, 0);
    for (name, suite) in suites::ALL.iter().filter(|(name, _)| wanted(name)) {
        let begun = Instant::now();
        let verdict = suite(arguments.scale)
            .await
            .unwrap_or_else(|error| Verdict::broken(&error));
        println!("{}", verdict.closing_line(name, begun.elapsed()));
        if verdict.holds() {
            passed += 1;
        } else {
            failed += 1;
        }
    }
    anyhow::ensure!(
        passed + failed > 0,
        "there is no such suite; there are: {}",
        suites::names()
    );
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
