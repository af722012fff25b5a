//! The front desk: which unit a stay gets, who arrives and leaves, what is out of order or has to be cleaned.

pub mod assign;
pub mod auto;
pub mod calendar;
pub mod candidates;
pub mod check_in;
pub mod check_out;
pub mod housekeeping;
pub mod lists;
pub mod maintenance;
pub mod needs;
pub mod overbooked;
mod plan;
pub mod segment;
pub mod upgrade;
pub mod verify;
pub mod walk_in;
