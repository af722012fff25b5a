//! Bookings and reservations as JSON.

mod booking;
mod new;
mod reservation;
mod timeline;

pub use crate::api::reservations::Reason;
pub use booking::{Booking, BookingStatus};
pub use new::{BookingChange, ForcedBooking, NewBooking, NewRoom};
pub use reservation::{Night, Reservation, ReservationStatus, Segment};
pub use timeline::{Timeline, TimelineEntry};
