//! When to read a calendar next: about every quarter of an hour, never all of them at once, and less often while there
//! is none to read.

use chrono::{DateTime, TimeDelta, Utc};

const EVERY_MINUTES: i32 = 15;
const LONGEST_MINUTES: i32 = 12 * 60;
/// Of the time between two readings, how much chance may add, and as much take away.
const CHANCE: f64 = 0.25;

/// `failures` answers in a row were no calendar, or there were none; `waiting` is what the channel asked for; `dice` is
/// 0 to 1 and differs from reading to reading.
pub fn next(now: DateTime<Utc>, failures: u32, waiting: Option<TimeDelta>, dice: f64) -> DateTime<Utc> {
    let doubled = EVERY_MINUTES.saturating_mul(2_i32.saturating_pow(failures));
    let minutes = f64::from(doubled.min(LONGEST_MINUTES));
    let spread = 1.0 + CHANCE * (2.0 * dice.clamp(0.0, 1.0) - 1.0);
    let milliseconds = (minutes * spread * 60_000.0).round() as i64;
    now + waiting
        .unwrap_or_default()
        .max(TimeDelta::milliseconds(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(failures: u32, waiting: Option<i64>, dice: f64) -> i64 {
        let now = DateTime::UNIX_EPOCH;
        (next(now, failures, waiting.map(TimeDelta::minutes), dice) - now).num_minutes()
    }

    #[test]
    fn about_every_quarter_of_an_hour() {
        assert_eq!([0.0, 0.5, 1.0].map(|dice| minutes(0, None, dice)), [11, 15, 18]);
    }

    #[test]
    fn less_often_after_failures() {
        let all = [1, 2, 3, 4, 5, 6, 40].map(|failures| minutes(failures, None, 0.5));
        assert_eq!(all, [30, 60, 120, 240, 480, 720, 720]);
    }

    #[test]
    fn not_before_the_channel_wants_it() {
        assert_eq!(minutes(0, Some(10), 0.5), 15);
        assert_eq!(minutes(0, Some(600), 0.5), 600);
    }
}
