//! The front desk: which unit a stay gets, who arrives and leaves, what is out of order or has to be cleaned.

pub mod assign;
pub mod auto;
pub mod check_in;
pub mod check_out;
pub mod needs;
mod plan;
pub mod segment;
mod stay;
pub mod walk_in;
