//! `alpinebits`: published messages are taken or refused as their file names say, and whatever breaks one is refused. What
//! we say ourselves is right by the same rules, and is believed as it was meant.

mod breakages;
mod client;
mod corpus;

use crate::harness::verdict::{Scale, Verdict};
use innkeep_integrations::alpinebits::verdict::check;
use std::path::Path;

/// Third-party files, which lie beside the project where they are at hand.
const CORPUS: &str = "../shared/corpora/alpinebits";

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let published = corpus::published(&home.join(CORPUS))?;
    let mut messages = corpus::own(&home.join("integrations/tests/it/alpinebits/samples"))?;
    for message in &published {
        if let Some(wrong) = message.wrong() {
            verdict.demand(false, wrong);
        }
    }
    if published.is_empty() {
        verdict.figure("no published messages here: skipped");
    } else {
        verdict.figure(format!(
            "{} published messages judged as they are named",
            published.len()
        ));
    }
    messages.extend(published.into_iter().filter(corpus::Message::is_right));
    let (mut made, mut taken) = (0, 0);
    for message in &messages {
        let judge = |text: &str| check(text.as_bytes(), message.action, message.side, &message.agreed());
        verdict.demand(judge(&message.text).is_ok(), format!("{}: refused", message.name));
        for (what, broken) in breakages::of(&message.text) {
            made += 1;
            if judge(&broken).is_ok() {
                taken += 1;
                verdict.demand(false, format!("{}: taken with {what}", message.name));
            }
        }
    }
    verdict.demand(made > 1_000, format!("only {made} breakages were made"));
    verdict.none(taken, &format!("of {made} broken messages taken"));
    client::run(scale, &mut verdict).await?;
    Ok(verdict)
}
