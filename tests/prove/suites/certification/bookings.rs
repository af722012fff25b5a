//! Scenarios 11 and 14: bookings that come from the channel, and what it hears of those made here.

use super::judge;
use super::stage::Stage;
use super::values::TWIN_BB;
use crate::harness::verdict::Verdict;
use anyhow::{Context, ensure};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

/// 11: new, modified, cancelled. Each is acknowledged, once; each changes what is free, which is told in one call.
pub async fn received(stage: &Stage, verdict: &mut Verdict) -> anyhow::Result<()> {
    let (first, other) = (stage.day(2), stage.day(5));
    let at = format!("/sandbox/properties/{}/bookings", stage.theirs.property);
    let made = act(
        stage,
        &at,
        &stage.sold(TWIN_BB, first),
        "11 new",
        &[(first, 7)],
        verdict,
    )
    .await?;
    let booking = made["booking_id"].as_str().context("no booking")?;
    let changed = stage.sold(TWIN_BB, other);
    let at = format!("/sandbox/bookings/{booking}/modify");
    act(
        stage,
        &at,
        &changed,
        "11 modified",
        &[(first, 8), (other, 7)],
        verdict,
    )
    .await?;
    let at = format!("/sandbox/bookings/{booking}/cancel");
    act(stage, &at, &json!({}), "11 cancelled", &[(other, 8)], verdict).await?;
    let ours = stage
        .call(
            "GET",
            &format!("/v1/bookings?property_id={}", stage.property),
            &Value::Null,
        )
        .await?;
    let ours = ours["items"].as_array().context("no bookings")?;
    let states: Vec<&str> = ours.iter().filter_map(|b| b["status"].as_str()).collect();
    verdict.demand(
        states == ["cancelled"],
        format!("11: bookings here are {states:?}"),
    );
    Ok(())
}

/// A guest's act at the channel, and then one availability call with these nights of the twin.
async fn act(
    stage: &Stage,
    path: &str,
    body: &Value,
    name: &str,
    free: &[(NaiveDate, i64)],
    verdict: &mut Verdict,
) -> anyhow::Result<Value> {
    let before = stage.last_call().await?;
    let done = stage.at_sandbox("POST", path, body).await?;
    let revision = done["revision_id"].as_str().context("no revision")?;
    acknowledged(stage, revision).await?;
    let calls = stage.settled(before).await?;
    let wanted = free
        .iter()
        .map(|(night, left)| stage.free("twin", *night, *night, *left));
    judge(name, calls, wanted.collect(), Vec::new(), verdict);
    let acks = acks(stage, revision).await?;
    verdict.demand(acks == 1, format!("{name}: acknowledged {acks} times"));
    Ok(done)
}

async fn acknowledged(stage: &Stage, revision: &str) -> anyhow::Result<()> {
    let begun = Instant::now();
    while acks(stage, revision).await? == 0 {
        ensure!(begun.elapsed() < PATIENCE, "a revision is not acknowledged");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    Ok(())
}

async fn acks(stage: &Stage, revision: &str) -> anyhow::Result<u64> {
    let path = format!("/sandbox/revisions?property_id={}", stage.theirs.property);
    let all = stage.at_sandbox("GET", &path, &Value::Null).await?;
    let mut all = all["revisions"].as_array().context("no revisions")?.iter();
    let found = all
        .find(|r| r["revision_id"] == revision)
        .context("no such revision")?;
    found["acks"].as_u64().context("no acks")
}

/// 14: what is free follows what is booked here; rates do not change by it.
pub async fn followed(stage: &Stage, verdict: &mut Verdict) -> anyhow::Result<()> {
    let night = stage.day(27);
    let before = stage.last_call().await?;
    let made = stage.post("/v1/bookings", &stage.stay("twin", night)).await?;
    let told = |left| vec![stage.free("twin", night, night, left)];
    judge(
        "14 booked",
        stage.settled(before).await?,
        told(7),
        Vec::new(),
        verdict,
    );
    let before = stage.last_call().await?;
    let booking = made["id"].as_str().context("no booking")?;
    let cancel = format!("/v1/bookings/{booking}/actions/cancel");
    stage.post(&cancel, &Value::Null).await?;
    judge(
        "14 cancelled",
        stage.settled(before).await?,
        told(8),
        Vec::new(),
        verdict,
    );
    Ok(())
}
