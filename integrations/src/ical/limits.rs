//! What a calendar may have. The largest of 3,373 measured ones had 15 KB, 50 events and one of 550 nights.

pub const BYTES: usize = 1024 * 1024;
/// As sent, before unfolding.
pub const LINES: usize = 12_000;
/// Bytes of one line after unfolding.
pub const LINE: usize = 16 * 1024;
/// Components inside one another; channels have two or three.
pub const DEPTH: usize = 8;
/// Nights of one event: ten years.
pub const NIGHTS: i64 = 3660;
/// Nights of an event that may be a stay; a longer one is a closure.
pub const STAY: i64 = 730;
