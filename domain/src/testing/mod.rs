//! What tests of every crate share: throw-away databases cloned from a template, and a furnished house to try things in.

mod database;
mod house;

pub use database::{SERVER_URL, TestDatabase};
pub use house::{House, Plan, Staff};
