//! Small traits for the outside world, one per capability: what a counterparty cannot do is absent, not a no-op.

pub mod anchor;
pub mod cache;
pub mod calendar;
pub mod channel;
pub mod mail;
