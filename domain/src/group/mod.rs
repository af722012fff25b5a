//! Groups: who they are (`plan`), the units kept for them (`allotment`), bookings that take from these (`pickup`), and
//! how what remains is given back (`release`).

pub mod allotment;
pub mod entity;
pub mod pickup;
pub mod plan;
pub mod release;
pub mod store;
