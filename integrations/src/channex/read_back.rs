//! What Channex believes: availability and rates, read back.

use super::api::Api;
use async_trait::async_trait;
use chrono::NaiveDate;
use innkeep_domain::ports::channel::{Access, AriSource, Believed, ChannelError, RateFields};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const WANTED: &str =
    "rate,min_stay_arrival,min_stay_through,max_stay,closed_to_arrival,closed_to_departure,stop_sell";

pub(super) struct Source {
    api: Api,
}

/// The fields that are told, as they are read back.
#[derive(Deserialize)]
struct Restrictions {
    rate: Option<Decimal>,
    min_stay_arrival: Option<i32>,
    min_stay_through: Option<i32>,
    max_stay: Option<i32>,
    closed_to_arrival: Option<bool>,
    closed_to_departure: Option<bool>,
    stop_sell: Option<bool>,
}

impl From<Restrictions> for RateFields {
    fn from(r: Restrictions) -> Self {
        Self {
            price: r.rate,
            min_stay_arrival: r.min_stay_arrival,
            min_stay_through: r.min_stay_through,
            max_stay: r.max_stay,
            closed_to_arrival: r.closed_to_arrival,
            closed_to_departure: r.closed_to_departure,
            stop_sell: r.stop_sell,
        }
    }
}

impl Source {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }

    /// `{"data": {"<id>": {"2027-03-01": ...}}}`
    async fn read<T: for<'de> Deserialize<'de>>(
        &self,
        access: &Access,
        what: &str,
        (from, last): (NaiveDate, NaiveDate),
        more: &[(&str, &str)],
    ) -> Result<Believed<T>, ChannelError> {
        let (from, last) = (from.to_string(), last.to_string());
        let mut query = vec![
            ("filter[property_id]", access.property.as_str()),
            ("filter[date][gte]", &from),
            ("filter[date][lte]", &last),
        ];
        query.extend_from_slice(more);
        let mut answer = self.api.get(access, &[what], &query).await?;
        let data = answer.get_mut("data").map_or(Value::Null, Value::take);
        serde_json::from_value(data).map_err(|e| ChannelError::Unknown(format!("{what}: {e}")))
    }
}

#[async_trait]
impl AriSource for Source {
    async fn availability(
        &self,
        access: &Access,
        from: NaiveDate,
        last: NaiveDate,
    ) -> Result<Believed<i32>, ChannelError> {
        self.read(access, "availability", (from, last), &[]).await
    }

    async fn rates(
        &self,
        access: &Access,
        from: NaiveDate,
        last: NaiveDate,
    ) -> Result<Believed<RateFields>, ChannelError> {
        let wanted = [("filter[restrictions]", WANTED)];
        let read: Believed<Restrictions> = self.read(access, "restrictions", (from, last), &wanted).await?;
        let fields = |nights: BTreeMap<NaiveDate, Restrictions>| {
            nights.into_iter().map(|(night, r)| (night, r.into())).collect()
        };
        Ok(read
            .into_iter()
            .map(|(rate, nights)| (rate, fields(nights)))
            .collect())
    }
}
