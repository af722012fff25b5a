//! Availability and rates to Channex: one call each, with an answer per range.

use super::answer;
use super::api::Api;
use super::warnings::{Sent, rejections};
use super::wire::{Availability, Restriction, Values, told};
use async_trait::async_trait;
use innkeep_domain::ports::channel::{
    Access, AriSink, AvailabilityRange, ChannelError, PushReport, RateRange,
};
use serde::Serialize;
use serde_json::Value;

/// A value with every field is about 310 bytes, so this stays below the documented 10 MB per call.
const RANGES_PER_CALL: usize = 25_000;
const KEPT_TASKS: usize = 100;

pub(super) struct Sink {
    api: Api,
}

impl Sink {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }

    async fn push(
        &self,
        access: &Access,
        endpoint: &'static str,
        values: Vec<impl Serialize>,
        product_key: &'static str,
        sent: &[Sent<'_>],
    ) -> Result<PushReport, ChannelError> {
        if values.is_empty() {
            return Ok(PushReport::default());
        }
        if values.len() > RANGES_PER_CALL {
            return Err(answer::ours(
                "too_many_ranges",
                format!("more than {RANGES_PER_CALL} ranges"),
            ));
        }
        let body = serde_json::to_vec(&Values { values })
            .map_err(|error| answer::ours("invalid_request", error.to_string()))?;
        let answer = self.api.post(access, &[endpoint], body).await?;
        let rejected = rejections(&warnings(&answer), &access.property, product_key, sent);
        Ok(PushReport {
            rejected,
            task_ids: task_ids(&answer),
            ..PushReport::default()
        })
    }
}

#[async_trait]
impl AriSink for Sink {
    async fn push_availability(
        &self,
        access: &Access,
        ranges: &[AvailabilityRange],
    ) -> Result<PushReport, ChannelError> {
        let values = ranges
            .iter()
            .map(|range| Availability::new(&access.property, range))
            .collect();
        let sent: Vec<Sent> = ranges
            .iter()
            .map(|r| Sent {
                product: &r.room,
                from: r.from,
                last: r.last,
                fields: vec!["availability"],
            })
            .collect();
        self.push(access, "availability", values, "room_type_id", &sent)
            .await
    }

    async fn push_rates(&self, access: &Access, ranges: &[RateRange]) -> Result<PushReport, ChannelError> {
        let values = ranges
            .iter()
            .map(|range| Restriction::new(&access.property, range))
            .collect();
        let sent: Vec<Sent> = ranges
            .iter()
            .map(|r| Sent {
                product: &r.rate,
                from: r.from,
                last: r.last,
                fields: told(&r.fields),
            })
            .collect();
        self.push(access, "restrictions", values, "rate_plan_id", &sent)
            .await
    }

    fn ranges_per_call(&self) -> usize {
        RANGES_PER_CALL
    }
}

/// Whatever stands there counts: a warning that is not in a list is still a warning.
fn warnings(answer: &Value) -> Vec<Value> {
    match answer.pointer("/meta/warnings") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(other) => vec![other.clone()],
    }
}

fn task_ids(answer: &Value) -> Vec<String> {
    let tasks = answer.get("data").and_then(Value::as_array).into_iter().flatten();
    let ids = tasks.filter_map(|task| task.get("id")?.as_str().map(str::to_owned));
    ids.take(KEPT_TASKS).collect()
}
