//! One file per promise.

mod access_matrix;
mod alpinebits;
mod audit;
mod auth_attacks;
mod bombs;
mod cancel_storm;
mod catalogue;
mod certification;
mod channel_crash;
mod coalescing;
mod convergence;
mod crypto;
mod fairness;
mod faults;
mod fuzz;
mod guests;
mod histories;
mod ical;
mod inbox;
mod last_room;
pub mod latency;
mod mutations;
mod oversell;
mod prices;
mod pricing;
mod ssrf;
mod stay_model;
pub mod throughput;
mod two_worlds;
mod verify;

use crate::harness::verdict::{Scale, Verdict};
use std::pin::Pin;

type Run = Pin<Box<dyn Future<Output = anyhow::Result<Verdict>>>>;
type Suite = fn(Scale) -> Run;

pub const ALL: &[(&str, Suite)] = &[
    ("catalogue", |s| Box::pin(catalogue::run(s))),
    ("access-matrix", |s| Box::pin(access_matrix::run(s))),
    ("mutations", |s| Box::pin(mutations::run(s))),
    ("auth-attacks", |s| Box::pin(auth_attacks::run(s))),
    ("alpinebits", |s| Box::pin(alpinebits::run(s))),
    ("audit", |s| Box::pin(audit::run(s))),
    ("crypto", |s| Box::pin(crypto::run(s))),
    ("two-worlds", |s| Box::pin(two_worlds::run(s))),
    ("fuzz", |s| Box::pin(fuzz::run(s))),
    ("ssrf", |s| Box::pin(ssrf::run(s))),
    ("convergence", |s| Box::pin(convergence::run(s))),
    ("bombs", |s| Box::pin(bombs::run(s))),
    ("certification", |s| Box::pin(certification::run(s))),
    ("ical", |s| Box::pin(ical::run(s))),
    ("cancel-storm", |s| Box::pin(cancel_storm::run(s))),
    ("stay-model", |s| Box::pin(stay_model::run(s))),
    ("histories", |s| Box::pin(histories::run(s))),
    ("pricing", |s| Box::pin(pricing::run(s))),
    ("verify", |s| Box::pin(verify::run(s))),
    ("oversell", |s| Box::pin(oversell::run(s))),
    ("last-room", |s| Box::pin(last_room::run(s))),
    ("inbox", |s| Box::pin(inbox::run(s))),
    ("channel-crash", |s| Box::pin(channel_crash::run(s))),
    ("faults", |s| Box::pin(faults::run(s))),
    ("coalescing", |s| Box::pin(coalescing::run(s))),
    ("latency", |s| Box::pin(latency::run(s))),
    ("throughput", |s| Box::pin(throughput::run(s))),
    ("fairness", |s| Box::pin(fairness::run(s))),
];

pub fn names() -> String {
    ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
