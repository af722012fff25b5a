//! Scenario 12: ten calls of a kind in 60 s and never an eleventh, whatever happens in the house; and where the channel
//! says that it is too much, silence for a minute.

use super::stage::{Journalled, Stage};
use crate::harness::verdict::{Scale, Verdict};
use crate::harness::world::World;
use chrono::{DateTime, Utc};
use innkeep_domain::clock::Clock;
use serde_json::{Value, json};
use std::time::Duration;

/// Of each kind, in any 60 s.
const ALLOWED: usize = 10;
/// Changes one after the other, each of which would be a call.
const CHANGES: u64 = 15;
const PAUSE: Duration = Duration::from_millis(250);

pub async fn kept(world: &World, scale: Scale, verdict: &mut Verdict) -> anyhow::Result<()> {
    let stage = Stage::furnish(world, "Test Property - Limits", 10).await?;
    stage.settled(0).await?;
    hurry(&stage).await?;
    let calls = kinds(&stage.calls(0).await?);
    verdict.figure(format!(
        "{CHANGES} changes in a row: {calls:?} calls of either kind in a minute"
    ));
    verdict.demand(calls == (ALLOWED, ALLOWED), "the limit is not kept, or not used");
    let status = stage.status().await?;
    verdict.demand(status["waiting"] != 0, "what has no call left does not wait");
    if scale == Scale::Full {
        tokio::time::sleep(Duration::from_secs(62)).await;
        let all = stage.settled(0).await?;
        let calls = kinds(&all);
        verdict.demand(
            calls == (ALLOWED + 1, ALLOWED + 1),
            format!("{calls:?} calls after the minute"),
        );
    }
    let refused = stage.calls(0).await?.iter().filter(|c| c.status != 200).count();
    verdict.none(refused, "calls beyond the limit");
    told_to_wait(world, scale, verdict).await
}

/// A price and a count for another night each time, slower than they are told.
async fn hurry(stage: &Stage) -> anyhow::Result<()> {
    for n in 1..=CHANGES {
        let night = stage.day(n);
        let product = super::values::TWIN_BAR;
        stage
            .change(&json!({
                "prices": [stage.price(product, night, night, &format!("{}.00", 200 + n))],
                "availability": [stage.blocked("twin", night, night, 1)],
            }))
            .await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

fn kinds(calls: &[Journalled]) -> (usize, usize) {
    let of = |kind: &str| calls.iter().filter(|c| c.kind == kind).count();
    (of("availability"), of("restrictions"))
}

/// Whoever set up the connection thinks that the channel allows more than it does.
async fn told_to_wait(world: &World, scale: Scale, verdict: &mut Verdict) -> anyhow::Result<()> {
    let stage = Stage::furnish(world, "Test Property - Refused", 10_000).await?;
    stage.settled(0).await?;
    let limit = json!({ "rate_limit": { "availability": 3, "restrictions": 3, "window_s": 60 } });
    stage.at_sandbox("PUT", "/sandbox/faults", &limit).await?;
    let before = stage.last_call().await?;
    hurry(&stage).await?;
    let status = stage.status().await?;
    let refused = |calls: &[Journalled]| calls.iter().filter(|c| c.status == 429).count();
    let calls = stage.calls(before).await?;
    verdict.demand(
        refused(&calls) == 1,
        format!(
            "{} calls refused with 429 where the first says enough",
            refused(&calls)
        ),
    );
    let last_is_refused = calls.last().is_some_and(|c| c.status == 429);
    verdict.demand(last_is_refused, "calls were made after a 429");
    let until: DateTime<Utc> = status["next_push_at"].as_str().unwrap_or_default().parse()?;
    let pause = (until - Clock::System.now()).num_seconds();
    verdict.demand(
        pause > 45,
        format!("only {pause} s of silence are left after a 429"),
    );
    if scale == Scale::Full {
        tokio::time::sleep(Duration::from_secs(62)).await;
        stage.at_sandbox("PUT", "/sandbox/faults", &json!({})).await?;
        stage.settled(before).await?;
        let after: Vec<Value> = stage
            .calls(before)
            .await?
            .iter()
            .map(|c| json!(c.status))
            .collect();
        verdict.figure(format!("after a 429 told in {} calls", after.len() - calls.len()));
    }
    Ok(())
}
