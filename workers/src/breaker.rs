//! Circuit breaker: stops calling what keeps failing. Pure; time is given.
//!
//! Closed until, within the window, at least `LEAST_CALLS` calls ended and half of them were faults; then open for
//! `OPEN`; then half-open: one probe at a time, whose success closes it and whose fault opens it again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

const WINDOW: Duration = Duration::from_secs(30);
const LEAST_CALLS: usize = 10;
const OPEN: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
struct Breaker {
    /// When each recent call ended, and whether it was a fault.
    calls: VecDeque<(Instant, bool)>,
    opened: Option<Instant>,
    probing: bool,
}

impl Breaker {
    /// May a call be made? `Err` = not for that long.
    fn permit(&mut self, now: Instant) -> Result<(), Duration> {
        let Some(opened) = self.opened else { return Ok(()) };
        let open_for = now.saturating_duration_since(opened);
        if open_for < OPEN {
            return Err(OPEN - open_for);
        }
        if self.probing {
            return Err(Duration::from_millis(500));
        }
        self.probing = true;
        Ok(())
    }

    fn record(&mut self, fault: bool, now: Instant) {
        if std::mem::take(&mut self.probing) {
            self.opened = fault.then_some(now);
            self.calls.clear();
            return;
        }
        self.calls.push_back((now, fault));
        while self
            .calls
            .front()
            .is_some_and(|(at, _)| now.saturating_duration_since(*at) > WINDOW)
        {
            self.calls.pop_front();
        }
        let faults = self.calls.iter().filter(|(_, fault)| *fault).count();
        if self.calls.len() >= LEAST_CALLS && faults * 2 >= self.calls.len() {
            self.opened = Some(now);
            self.calls.clear();
        }
    }

    /// A permit that led to no call: the probe may be taken by another.
    fn give_back(&mut self) {
        self.probing = false;
    }
}

/// One breaker per connection and class of call.
#[derive(Debug, Default)]
pub(crate) struct Breakers(Mutex<HashMap<(Uuid, &'static str), Breaker>>);

/// Leave for one call. Dropped without a result, the permit returns.
pub(crate) struct Permit<'a> {
    breakers: &'a Breakers,
    key: (Uuid, &'static str),
    used: bool,
}

impl Breakers {
    pub fn permit(
        &self,
        connection: Uuid,
        class: &'static str,
        now: Instant,
    ) -> Result<Permit<'_>, Duration> {
        let key = (connection, class);
        self.with(key, |b| b.permit(now))?;
        Ok(Permit {
            breakers: self,
            key,
            used: false,
        })
    }

    fn with<T>(&self, key: (Uuid, &'static str), f: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let breaker = all.entry(key).or_default();
        let result = f(breaker);
        let open = if breaker.opened.is_some() { 1.0 } else { 0.0 };
        ::metrics::gauge!("innkeep_breaker_open", "connection" => key.0.to_string(), "class" => key.1)
            .set(open);
        result
    }
}

impl Permit<'_> {
    pub fn record(mut self, fault: bool, now: Instant) {
        self.used = true;
        self.breakers.with(self.key, |b| b.record(fault, now));
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.used {
            self.breakers.with(self.key, Breaker::give_back);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn opens_after_half_of_ten_failed_and_probes_once() {
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        let mut b = Breaker::default();
        for i in 0..10 {
            assert!(b.permit(at(0)).is_ok());
            b.record(i % 2 == 0, at(0));
        }
        assert_eq!(b.permit(at(1)), Err(Duration::from_secs(4)));
        assert!(b.permit(at(5)).is_ok());
        assert!(b.permit(at(5)).is_err(), "a second probe beside the first");
        b.record(true, at(6));
        assert!(b.permit(at(7)).is_err());
        assert!(b.permit(at(11)).is_ok());
        b.record(false, at(11));
        assert!(b.permit(at(11)).is_ok());
    }

    #[test]
    fn a_dropped_permit_returns() {
        let breakers = Breakers::default();
        let (id, start) = (Uuid::nil(), Instant::now());
        for _ in 0..10 {
            breakers
                .permit(id, "push", start)
                .ok()
                .unwrap()
                .record(true, start);
        }
        let later = start + OPEN;
        let permit = breakers.permit(id, "push", later);
        assert!(breakers.permit(id, "push", later).is_err());
        drop(permit);
        assert!(breakers.permit(id, "push", later).is_ok());
    }

    proptest! {
        /// Against a model that keeps every call: the breaker is open exactly when the model says so.
        #[test]
        fn agrees_with_its_model(steps in prop::collection::vec((0u64..3000, any::<bool>()), 1..200)) {
            let start = Instant::now();
            let mut now = start;
            let mut b = Breaker::default();
            let mut seen: Vec<(Instant, bool)> = Vec::new();
            let mut open_since: Option<Instant> = None;
            for (wait, fault) in steps {
                now += Duration::from_millis(wait);
                let expected = open_since.is_none_or(|t| now - t >= OPEN);
                prop_assert_eq!(b.permit(now).is_ok(), expected);
                if !expected { continue; }
                b.record(fault, now);
                if open_since.is_some() {
                    open_since = fault.then_some(now);
                    seen.clear();
                    continue;
                }
                seen.push((now, fault));
                seen.retain(|(at, _)| now - *at <= WINDOW);
                if seen.len() >= 10 && seen.iter().filter(|s| s.1).count() * 2 >= seen.len() {
                    open_since = Some(now);
                    seen.clear();
                }
            }
        }
    }
}
