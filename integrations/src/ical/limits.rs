//! What a calendar may have. The largest of 3,373 measured ones had 15 KB, 50 events and one of 550 nights.

pub const BYTES: usize = 1024 * 1024;
/// As sent, before unfolding.
pub const LINES: usize = 12_000;
/// Bytes of one line after unfolding.
pub const LINE: usize = 16 * 1024;
/// Components inside one another; channels have two or three.
pub const DEPTH: usize = 8;
/// Nights of one event: two hundred years, from the first day that spreadsheets know (1900-01-01) to the end that
/// closures "for ever" are given (2099-12-31). It costs what a night costs; what is beyond the horizon of
/// [`innkeep_domain::channel::feed::patience`] is cut off there.
pub const NIGHTS: i64 = 73_200;
/// Nights of an event that may be a stay; a longer one is a closure.
pub const STAY: i64 = 730;
