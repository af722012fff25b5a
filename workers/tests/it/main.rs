//! Channel sync against a real database, step by step: what is told when, and what becomes of what we are told.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod drift;
mod groups;
mod inbound;
mod limits;
mod outbound;
mod polls;
mod standing;
mod terms;
mod whole;
mod world;
