//! The sandbox from outside: real HTTP on the loopback interface.

mod ari;
mod bookings;
mod faults;
mod feed;
mod replay;
mod support;
