//! What holds for every request before and after its route: quotas, sizes, and what browsers are told.

mod browsers;
mod quotas;
mod sizes;
