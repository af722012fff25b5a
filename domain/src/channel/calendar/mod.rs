//! Calendars (iCal) of one unit at one channel: the channel's is read, ours is shown to it.
//!
//! What a channel's calendar takes is *held*, and no booking. A calendar says nights and at most a code: no guest, no
//! party, no price, and of most nights not even whether they are sold or closed. A booking made of that would be
//! invented, would count as sold for nothing in every number of the business, and would have to be cancelled whenever
//! the channel merges, splits or cuts what it shows. Held nights are what a group keeps, too: nobody else sells them,
//! every other channel is told of them, and the unit gets no other guest. What the channel says stands in the state
//! ([`crate::channel::feed`]); the nights follow from it ([`hold`]) and are taken whatever there is, because they are
//! sold already: taken twice they are overbooked, on the worklist and as an alert.
//!
//! A connection goes both ways, so that the two are known to belong together: our own nights that come back from the
//! channel we showed them to are echoes and take nothing, and the channel is never told what came from it.

pub mod connection;
pub mod desk;
mod export;
mod hold;
pub mod link;
pub mod reading;
pub mod status;
pub(crate) mod verify;

pub use connection::{CalendarChange, CalendarConnection, Import, NewCalendar};
pub use export::{Shown, Taken, show};
