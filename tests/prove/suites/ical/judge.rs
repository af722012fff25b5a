//! Plays a story, and compares what is held with what the calendar really said.

use super::State;
use super::outage::{self, Outage};
use super::plain::{self, Plain};
use anyhow::Context;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use innkeep_domain::channel::feed::{Change, Feed, Nights, Reading, Seen, Sighting, patience};
use innkeep_domain::ports::calendar::Here;
use innkeep_integrations::ical::{self, Unreadable};
use rand::Rng;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, BTreeSet};

/// A night that is gone may be held for so long after it, or an outage, was last seen.
const HELD_AT_MOST: TimeDelta = TimeDelta::hours(30);
/// Readings after the last state, so that its doubts end.
const AFTERWARDS: TimeDelta = TimeDelta::hours(48);

#[derive(Debug, Default)]
pub struct Findings {
    pub readings: usize,
    /// Days with a reading outside outages, and those of them that ended with exactly the calendar's nights held. On the
    /// others nights were held that had just gone.
    pub days: usize,
    pub equal: usize,
    pub outages: usize,
    /// Nights, once a reading, that the calendar has and we would sell.
    pub missing: usize,
    /// Nights, once a reading, that we hold and the calendar has not had for long.
    pub stale: usize,
    /// Nights opened and stays cancelled that the calendar still has, has again, or just showed.
    pub spurious: usize,
    pub through_outages: usize,
    pub opened: usize,
    pub cancelled: usize,
    pub by_uid: usize,
}

impl Findings {
    pub fn holds(&self) -> bool {
        self.missing + self.stale + self.spurious + self.through_outages == 0
    }
    pub fn add(&mut self, other: &Self) {
        self.readings += other.readings;
        self.days += other.days;
        self.equal += other.equal;
        self.outages += other.outages;
        self.missing += other.missing;
        self.stale += other.stale;
        self.spurious += other.spurious;
        self.through_outages += other.through_outages;
        self.opened += other.opened;
        self.cancelled += other.cancelled;
        self.by_uid += other.by_uid;
    }
}

/// Read every 40 to 80 minutes.
pub fn play(states: &[State], rng: &mut StdRng) -> anyhow::Result<Findings> {
    let (first, last) = (
        states.first().context("no states")?,
        states.last().context("no states")?,
    );
    let end = last.from + AFTERWARDS;
    let mut player = Player::new(states, outage::plan(first.from, end, rng))?;
    let mut now = first.from;
    while now < end {
        player.step(now)?;
        now += TimeDelta::minutes(rng.random_range(40..=80));
    }
    player.found.days = player.days.len();
    player.found.equal = player.days.values().filter(|equal| **equal).count();
    player.found.outages = player.outages.len();
    player.found.by_uid = player.gone_by_uid();
    Ok(player.found)
}

/// A state, read once by each reader.
struct Read<'a> {
    state: &'a State,
    plain: Plain,
    reading: Reading,
}

struct Player<'a> {
    states: Vec<Read<'a>>,
    outages: Vec<Outage>,
    feed: Feed,
    /// When the calendar last had each night.
    had: BTreeMap<NaiveDate, DateTime<Utc>>,
    /// Since when the calendar has each night that it has now.
    since: BTreeMap<NaiveDate, DateTime<Utc>>,
    /// When we were last shown each night: an outage may hide some that the calendar has.
    shown: BTreeMap<NaiveDate, DateTime<Utc>>,
    /// Until when the calendar has each event, by UID: from the whole story.
    ends: BTreeMap<String, DateTime<Utc>>,
    /// Was at the last reading of the day held what was said?
    days: BTreeMap<NaiveDate, bool>,
    found: Findings,
}

impl<'a> Player<'a> {
    fn new(states: &'a [State], outages: Vec<Outage>) -> anyhow::Result<Self> {
        let mut ends = BTreeMap::new();
        let mut all = Vec::new();
        for (i, state) in states.iter().enumerate() {
            let until = states
                .get(i + 1)
                .map_or(DateTime::<Utc>::MAX_UTC, |next| next.from);
            let plain = plain::read(&state.body).with_context(|| state.body.clone())?;
            ends.extend(plain.events.keys().map(|uid| (uid.clone(), until)));
            let reading = read(&state.body).with_context(|| state.body.clone())?;
            all.push(Read {
                state,
                plain,
                reading,
            });
        }
        Ok(Self {
            states: all,
            outages,
            feed: Feed::default(),
            had: BTreeMap::new(),
            since: BTreeMap::new(),
            shown: BTreeMap::new(),
            ends,
            days: BTreeMap::new(),
            found: Findings::default(),
        })
    }

    fn step(&mut self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let today = now.date_naive();
        let current = self.states.partition_point(|read| read.state.from <= now);
        let current = self
            .states
            .get(current.saturating_sub(1))
            .context("before the story")?;
        let nights = ahead(current.plain.nights.iter().copied(), today);
        self.had.extend(nights.iter().map(|night| (*night, now)));
        self.since.retain(|night, _| nights.contains(night));
        for night in &nights {
            self.since.entry(*night).or_insert(now);
        }
        let outage = self.outages.iter().find(|outage| outage.covers(now));
        let answer = outage.map(|outage| outage.answer(&current.state.body));
        let shown = match &answer {
            None => nights.clone(),
            Some(body) => plain::read(body).map_or_else(|_| BTreeSet::new(), |plain| plain.nights),
        };
        self.shown.extend(shown.into_iter().map(|night| (night, now)));
        let answer = answer.map(|body| read(&body));
        let seen = match &answer {
            None => Seen::Calendar(&current.reading),
            Some(Ok(reading)) => Seen::Calendar(reading),
            Some(Err(_)) => Seen::Unreadable,
        };
        let held = ahead(self.feed.held().iter(), today);
        let told = &Nights::default();
        let changes = self.feed.observe(seen, Sighting { at: now, today, told });
        let still = ahead(self.feed.held().iter(), today);
        self.found.readings += 1;
        let opened: BTreeSet<NaiveDate> = held.difference(&still).copied().collect();
        let wrong = self.wrong(&opened, &changes, now);
        if outage.is_some() {
            self.found.through_outages += wrong;
        } else {
            self.found.spurious += wrong;
            self.judge_held(&still, &nights, now);
        }
        self.found.opened += opened.len();
        self.found.cancelled += cancelled(&changes).count();
        Ok(())
    }

    fn judge_held(&mut self, held: &BTreeSet<NaiveDate>, said: &BTreeSet<NaiveDate>, now: DateTime<Utc>) {
        self.found.missing += said.difference(held).count();
        let outage = self
            .outages
            .iter()
            .map(|outage| outage.end)
            .filter(|end| *end <= now)
            .max();
        let since = |night: &NaiveDate| self.had.get(night).copied().max(outage);
        let stale = |night: &&NaiveDate| since(night).is_none_or(|since| now - since > HELD_AT_MOST);
        self.found.stale += held.difference(said).filter(stale).count();
        self.days.insert(now.date_naive(), held == said);
    }

    /// Opened or cancelled, though the calendar has it and showed it, or just showed it, or will have it again. What was
    /// booked again behind an outage has not been shown: nobody can know of it yet.
    fn wrong(&self, opened: &BTreeSet<NaiveDate>, changes: &[Change], now: DateTime<Utc>) -> usize {
        let mut moved = BTreeSet::new();
        for change in changes {
            if let Change::Moved { from, .. } = change {
                moved.extend(from.nights());
            }
        }
        let just_shown = |night: &NaiveDate| {
            let shown = self.shown.get(night);
            !moved.contains(night) && shown.is_none_or(|shown| now - *shown < patience::FAR.span)
        };
        let has = |night: &NaiveDate| {
            let since = self.since.get(night);
            since.is_some() && self.shown.get(night) >= since
        };
        let nights = opened.iter().filter(|night| has(night) || just_shown(night));
        let stays = cancelled(changes).filter(|uid| self.ends.get(*uid).is_none_or(|end| *end > now));
        nights.count() + stays.count()
    }

    fn gone_by_uid(&self) -> usize {
        let pairs = self.states.iter().zip(self.states.iter().skip(1));
        let gone = pairs
            .map(|(one, next)| plain::gone_by_uid(&one.plain, &next.plain, next.state.from.date_naive()));
        gone.sum()
    }
}

fn read(body: &str) -> Result<Reading, Unreadable> {
    // Nothing in these repeats, so that the day means nothing.
    ical::read(body.as_bytes(), Here::at(Tz::UTC, DateTime::default()))
}

fn cancelled(changes: &[Change]) -> impl Iterator<Item = &String> {
    changes.iter().filter_map(|change| match change {
        Change::Cancelled { uid, .. } => Some(uid),
        _ => None,
    })
}

fn ahead(nights: impl Iterator<Item = NaiveDate>, today: NaiveDate) -> BTreeSet<NaiveDate> {
    nights.filter(|night| *night >= today).collect()
}
