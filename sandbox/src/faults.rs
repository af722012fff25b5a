//! Everything that can be made to go wrong on `/api/v1`. Of it delays, errors, time-outs, outages and too many calls
//! befall the other doors, too: `/alpinebits`, `/ical` and what a webhook OTA is told; what befalls webhooks, its bookings.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ical::CalendarFault;

/// All optional; what is left out does not happen. Rates are probabilities from 0 to 1.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Every answer is delayed by so many milliseconds, `[least, most]`.
    pub latency_ms: Option<(u64, u64)>,
    /// Answers 500, 502 or 503 and applies nothing.
    pub error_rate: f64,
    /// Applies nothing and does not answer.
    pub timeout_before_apply_rate: f64,
    /// Applies, then does not answer.
    pub timeout_after_apply_rate: f64,
    /// How long "does not answer" lasts before a 504.
    pub hang_ms: u64,
    /// Timeouts cut the connection at once instead of hanging.
    pub sever_on_timeout: bool,
    /// Calls per property; left out: the documented 10 and 10 in 60 s; null: unlimited. At other doors none are counted
    /// unless it says how many.
    pub rate_limit: Option<RateLimit>,
    /// A good value is refused with a warning.
    pub warning_rate: f64,
    /// A good value is accepted without a warning and then forgotten: drift.
    pub silent_drop_rate: f64,
    /// Each webhook is delivered so many times more.
    pub duplicate_webhooks: u32,
    /// A webhook is never sent.
    pub webhook_drop_rate: f64,
    /// Webhooks wait so many milliseconds, `[least, most]`, and so overtake each other.
    pub webhook_delay_ms: Option<(u64, u64)>,
    /// The feed comes in random order, whatever order was asked for.
    pub reorder_feed: bool,
    /// Each entry of the feed appears so many times more.
    pub duplicate_feed: u32,
    /// An acknowledgement is answered with 200 and not recorded.
    pub lost_ack_rate: f64,
    /// A cancellation puts the rooms back on sale here at once, as auto-replenishing OTAs do, whatever was told.
    pub auto_replenish: bool,
    /// A revision that nobody acknowledged leaves the feed after so many seconds (Channex: 30 minutes).
    pub feed_expiry_s: Option<u64>,
    /// The channel's clock is so many seconds ahead, or behind: whatever it dates or signs for the hotel shows it.
    pub clock_skew_s: i64,
    /// What calendars show in place of what is true.
    pub calendar: Option<CalendarFault>,
    /// Nothing works at all.
    pub outage: OutageMode,
    /// Throws the dice anew from this seed when the faults are set.
    pub seed: Option<u64>,
}

/// Calls per property in a sliding window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    #[serde(default = "ten")]
    pub availability: usize,
    #[serde(default = "ten")]
    pub restrictions: usize,
    /// Calls at another door by one log-in at one address; left out: unlimited, as nobody there has published a limit.
    #[serde(default)]
    pub elsewhere: Option<usize>,
    #[serde(default = "minute")]
    pub window_s: u64,
}

/// On the wire `false`, `true` (503 at once) or `"drop"` (connections are cut).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum OutageMode {
    #[default]
    Off,
    Unavailable,
    Severed,
}

fn ten() -> usize {
    10
}

fn minute() -> u64 {
    60
}

impl Default for RateLimit {
    fn default() -> Self {
        Self {
            availability: ten(),
            restrictions: ten(),
            elsewhere: None,
            window_s: minute(),
        }
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            latency_ms: None,
            error_rate: 0.0,
            timeout_before_apply_rate: 0.0,
            timeout_after_apply_rate: 0.0,
            hang_ms: 35_000,
            sever_on_timeout: false,
            rate_limit: Some(RateLimit::default()),
            warning_rate: 0.0,
            silent_drop_rate: 0.0,
            duplicate_webhooks: 0,
            webhook_drop_rate: 0.0,
            webhook_delay_ms: None,
            reorder_feed: false,
            duplicate_feed: 0,
            lost_ack_rate: 0.0,
            auto_replenish: false,
            feed_expiry_s: None,
            clock_skew_s: 0,
            calendar: None,
            outage: OutageMode::Off,
            seed: None,
        }
    }
}

impl Faults {
    /// Out-of-range wishes, in words.
    pub(crate) fn check(&self) -> Vec<String> {
        let rates = [
            ("error_rate", self.error_rate),
            ("timeout_before_apply_rate", self.timeout_before_apply_rate),
            ("timeout_after_apply_rate", self.timeout_after_apply_rate),
            ("warning_rate", self.warning_rate),
            ("silent_drop_rate", self.silent_drop_rate),
            ("webhook_drop_rate", self.webhook_drop_rate),
            ("lost_ack_rate", self.lost_ack_rate),
        ];
        let mut reasons: Vec<String> = Vec::new();
        for (name, rate) in rates {
            if !(0.0..=1.0).contains(&rate) {
                reasons.push(format!("{name} must be from 0 to 1"));
            }
        }
        for (name, range) in [
            ("latency_ms", self.latency_ms),
            ("webhook_delay_ms", self.webhook_delay_ms),
        ] {
            if range.is_some_and(|(least, most)| least > most || most > 600_000) {
                reasons.push(format!("{name} must be [least, most] and at most ten minutes"));
            }
        }
        if self.duplicate_webhooks > 20 || self.duplicate_feed > 20 {
            reasons.push("at most 20 duplicates".to_owned());
        }
        if self.clock_skew_s.abs() > 86_400 {
            reasons.push("clock_skew_s is at most a day".to_owned());
        }
        if self.hang_ms > 600_000 {
            reasons.push("hang_ms is at most ten minutes".to_owned());
        }
        reasons
    }
}

impl TryFrom<Value> for OutageMode {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::Null | Value::Bool(false) => Ok(Self::Off),
            Value::Bool(true) => Ok(Self::Unavailable),
            Value::String(mode) if mode == "drop" => Ok(Self::Severed),
            other => Err(format!("outage is true, false or \"drop\", not {other}")),
        }
    }
}

impl From<OutageMode> for Value {
    fn from(mode: OutageMode) -> Self {
        match mode {
            OutageMode::Off => json!(false),
            OutageMode::Unavailable => json!(true),
            OutageMode::Severed => json!("drop"),
        }
    }
}
