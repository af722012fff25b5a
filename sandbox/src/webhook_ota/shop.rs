//! What such an OTA knows: what it was told, what its guests see of it, and what it sold.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Documented: values of a message.
const MOST_VALUES: usize = 1_000;
const MOST_NIGHTS: i64 = 1_000;

const RATE_FIELDS: [&str; 7] = [
    "price",
    "min_stay_arrival",
    "min_stay_through",
    "max_stay",
    "closed_to_arrival",
    "closed_to_departure",
    "stop_sell",
];

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    /// The hotel's `signing_secret`.
    pub(crate) secret: String,
    /// The hotel's `/hooks/channels/{token}`, where bookings are posted.
    pub(crate) hook_url: String,
    /// How long it takes until guests see what was told.
    #[serde(default)]
    pub(crate) delay_ms: u64,
    #[serde(default = "euro")]
    pub(crate) currency: String,
}

fn euro() -> String {
    "EUR".to_owned()
}

pub(crate) struct Shop {
    pub(crate) terms: Terms,
    /// Room type, then night.
    rooms: BTreeMap<String, BTreeMap<NaiveDate, i64>>,
    /// Rate plan, then night; fields as they were told.
    rates: BTreeMap<String, BTreeMap<NaiveDate, Map<String, Value>>>,
    /// The last snapshot of each booking.
    pub(crate) bookings: BTreeMap<String, Value>,
    pub(crate) messages: u64,
    /// Of those: not signed as they should be.
    pub(crate) unsigned: u64,
    pub(crate) revisions: u64,
}

/// A value that makes sense.
pub(super) struct Change {
    product: String,
    from: NaiveDate,
    to: NaiveDate,
    told: Told,
}

enum Told {
    Availability(i64),
    Rate(Map<String, Value>),
}

/// Reads a message: the changes, and what is wrong with which value.
pub(super) fn read(message: &Value) -> Result<(Vec<Change>, Vec<Value>), String> {
    let kind = message.get("type").and_then(Value::as_str).unwrap_or_default();
    if !["ari.availability", "ari.rates"].contains(&kind) {
        return Err(format!("unknown type {kind}"));
    }
    let values = message.get("values").and_then(Value::as_array);
    let values = values.filter(|values| values.len() <= MOST_VALUES);
    let values = values.ok_or_else(|| format!("values must be a list of at most {MOST_VALUES}"))?;
    let (mut changes, mut rejected) = (Vec::new(), Vec::new());
    for (index, value) in values.iter().enumerate() {
        match change(kind == "ari.rates", value) {
            Ok(change) => changes.push(change),
            Err(reason) => rejected.push(json!({ "index": index, "reason": reason })),
        }
    }
    Ok((changes, rejected))
}

fn change(rate: bool, value: &Value) -> Result<Change, String> {
    let text = |field: &str| {
        let text = value.get(field).and_then(Value::as_str);
        text.ok_or_else(|| format!("{field} is required"))
    };
    let day = |field: &str| {
        let day = text(field)?.parse::<NaiveDate>();
        day.map_err(|_| format!("{field} must be a date"))
    };
    let (from, to) = (day("from")?, day("to")?);
    if !(0..MOST_NIGHTS).contains(&(to - from).num_days()) {
        return Err("to must not be before from".to_owned());
    }
    let product = text(if rate { "rate_plan" } else { "room_type" })?.to_owned();
    let told = if rate {
        let fields = RATE_FIELDS.iter();
        let fields = fields.filter_map(|name| Some(((*name).to_owned(), value.get(*name)?.clone())));
        Told::Rate(fields.collect())
    } else {
        let count = value.get("availability").and_then(Value::as_i64);
        let count = count.filter(|count| *count >= 0);
        Told::Availability(count.ok_or("availability must be a whole number from 0")?)
    };
    Ok(Change {
        product,
        from,
        to,
        told,
    })
}

impl Shop {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            terms,
            rooms: BTreeMap::new(),
            rates: BTreeMap::new(),
            bookings: BTreeMap::new(),
            messages: 0,
            unsigned: 0,
            revisions: 0,
        }
    }

    pub(super) fn absorb(&mut self, changes: Vec<Change>) {
        for change in changes {
            let nights = change.from.iter_days().take_while(|day| *day <= change.to);
            match change.told {
                Told::Availability(count) => {
                    let room = self.rooms.entry(change.product).or_default();
                    room.extend(nights.map(|night| (night, count)));
                }
                Told::Rate(fields) => {
                    let plan = self.rates.entry(change.product).or_default();
                    for night in nights {
                        plan.entry(night).or_default().extend(fields.clone());
                    }
                }
            }
        }
    }

    /// The price of each night; or why it is not sold.
    pub(super) fn price(
        &self,
        room: &str,
        plan: &str,
        nights: &[NaiveDate],
    ) -> Result<Vec<(NaiveDate, String)>, String> {
        let mut prices = Vec::new();
        for night in nights {
            let left = self.rooms.get(room).and_then(|room| room.get(night));
            let rate = self.rates.get(plan).and_then(|plan| plan.get(night));
            let closed = rate
                .and_then(|rate| rate.get("stop_sell"))
                .and_then(Value::as_bool);
            let price = rate.and_then(|rate| rate.get("price")).and_then(Value::as_str);
            match price {
                Some(price) if left.is_some_and(|left| *left > 0) && closed != Some(true) => {
                    prices.push((*night, price.to_owned()));
                }
                _ => return Err(format!("{room} under {plan} is not for sale on {night}")),
            }
        }
        Ok(prices)
    }

    /// One less, or one more.
    pub(super) fn count(&mut self, room: &str, nights: &[NaiveDate], by: i64) {
        for night in nights {
            let left = self.rooms.get_mut(room).and_then(|room| room.get_mut(night));
            if let Some(left) = left {
                *left = (*left + by).max(0);
            }
        }
    }

    /// `None`: never told.
    pub(crate) fn left(&self, room: &str, night: NaiveDate) -> Option<i64> {
        self.rooms.get(room)?.get(&night).copied()
    }

    pub(super) fn view(&self) -> Value {
        json!({ "hook_url": self.terms.hook_url, "delay_ms": self.terms.delay_ms, "messages": self.messages,
            "unsigned": self.unsigned, "rooms": self.rooms, "rates": self.rates, "bookings": self.bookings })
    }
}
