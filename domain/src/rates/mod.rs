//! Rate plans, prices and restrictions per night, offers for a stay.

pub mod ari;
pub mod offer;
pub mod plan;
pub mod policy;
pub mod stay;
