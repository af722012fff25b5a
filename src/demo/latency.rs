//! From a booking's transaction to the moment a channel accepted the new availability, as the channel's own journal
//! says. Matched by content: a call counts for a booking only if it tells about one of its nights.

use super::outside::Told;
use chrono::{DateTime, Duration, NaiveDate, Utc};

/// After this a channel that is in step owes nothing: the booking changed nothing it had to be told.
const SETTLED: Duration = Duration::seconds(1);

/// Nights of a stay, half-open, under the channel's room type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    pub room: String,
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
}

struct Waiting {
    property: String,
    at: DateTime<Utc>,
    stays: Vec<Stay>,
}

#[derive(Default)]
pub struct Latency {
    waiting: Vec<Waiting>,
    /// Milliseconds.
    samples: Vec<i64>,
}

impl Latency {
    /// A booking was stored at `at`; the channel's property sells these nights too.
    pub fn booked(&mut self, property: &str, at: DateTime<Utc>, stays: Vec<Stay>) {
        self.waiting.push(Waiting {
            property: property.to_owned(),
            at,
            stays,
        });
    }

    /// The channel accepted a call at `at`. Returns how long the longest-waiting booking it tells about had waited.
    pub fn told(&mut self, property: &str, at: DateTime<Utc>, values: &[Told]) -> Option<i64> {
        let tells = |w: &Waiting| {
            w.property == property
                && w.at <= at
                && w.stays.iter().any(|s| values.iter().any(|v| covers(v, s)))
        };
        let (told, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(tells);
        self.waiting = waiting;
        let took: Vec<i64> = told.iter().map(|w| (at - w.at).num_milliseconds()).collect();
        self.samples.extend(&took);
        took.into_iter().max()
    }

    /// Properties that still owe an answer to something stored well before `now`.
    pub fn overdue(&self, now: DateTime<Utc>) -> Vec<String> {
        let mut properties: Vec<String> = self
            .waiting
            .iter()
            .filter(|w| now - w.at > SETTLED)
            .map(|w| w.property.clone())
            .collect();
        properties.sort();
        properties.dedup();
        properties
    }

    /// The channel was in step at `seen`: nothing that old is owed any more.
    pub fn in_step(&mut self, property: &str, seen: DateTime<Utc>) {
        self.waiting
            .retain(|w| w.property != property || seen - w.at <= SETTLED);
    }

    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// `p50 31 ms, p99 88 ms over 24 pushes`, by nearest rank.
    pub fn summary(&self) -> Option<String> {
        let mut sorted = self.samples.clone();
        sorted.sort_unstable();
        let (p50, p99) = (rank(&sorted, 50)?, rank(&sorted, 99)?);
        Some(format!("p50 {p50} ms, p99 {p99} ms over {} pushes", sorted.len()))
    }
}

fn rank(sorted: &[i64], percent: usize) -> Option<i64> {
    sorted
        .get((sorted.len() * percent).div_ceil(100).checked_sub(1)?)
        .copied()
}

fn covers(value: &Told, stay: &Stay) -> bool {
    value.room_type_id.as_deref() == Some(&stay.room)
        && value.date_from < stay.departure
        && value.last() >= stay.arrival
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + ms).unwrap()
    }
    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }
    fn stay() -> Stay {
        Stay {
            room: "double".into(),
            arrival: date("2027-05-03"),
            departure: date("2027-05-05"),
        }
    }
    fn told(room: &str, from: &str, to: &str) -> Told {
        Told {
            room_type_id: Some(room.into()),
            date_from: date(from),
            date_to: Some(date(to)),
            availability: Some(1),
        }
    }

    #[test]
    fn only_a_call_about_the_nights_counts_and_only_once() {
        let mut latency = Latency::default();
        latency.booked("p", at(0), vec![stay()]);
        assert_eq!(
            latency.told("p", at(10), &[told("double", "2027-05-05", "2027-05-09")]),
            None
        );
        assert_eq!(
            latency.told("p", at(10), &[told("single", "2027-05-03", "2027-05-04")]),
            None
        );
        assert_eq!(
            latency.told("q", at(10), &[told("double", "2027-05-03", "2027-05-04")]),
            None
        );
        assert_eq!(
            latency.told("p", at(40), &[told("double", "2027-05-04", "2027-05-04")]),
            Some(40)
        );
        assert_eq!(
            latency.told("p", at(50), &[told("double", "2027-05-04", "2027-05-04")]),
            None
        );
        assert_eq!(
            latency.summary().as_deref(),
            Some("p50 40 ms, p99 40 ms over 1 pushes")
        );
    }

    #[test]
    fn what_needed_no_telling_is_not_measured_later() {
        let mut latency = Latency::default();
        latency.booked("p", at(0), vec![stay()]);
        assert!(latency.overdue(at(900)).is_empty());
        latency.in_step("p", at(900));
        assert_eq!(latency.overdue(at(1500)), ["p"]);
        latency.in_step("p", at(1500));
        assert_eq!(
            latency.told("p", at(9000), &[told("double", "2027-05-03", "2027-05-04")]),
            None
        );
        assert_eq!(latency.summary(), None);
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let sorted: Vec<i64> = (1..=200).collect();
        assert_eq!((rank(&sorted, 50), rank(&sorted, 99)), (Some(100), Some(198)));
        assert_eq!(rank(&[], 50), None);
    }
}
