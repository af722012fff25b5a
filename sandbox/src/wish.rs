//! What a guest wants and what it booked, in a hotel here or in a listing.

use crate::booking::{self, CancelRequest, StayRequest};
use crate::ical::Dates;
use crate::revision::Revision;
use crate::world::World;

pub(crate) enum Wish {
    /// In this property.
    Hotel(String, StayRequest),
    Listing(String, Dates),
}

pub(crate) enum Booked {
    Hotel(String),
    /// The listing, and the booking in it.
    Listing(String, String),
}

impl Wish {
    /// Could it be booked now?
    pub(crate) fn is_sold(&self, world: &World) -> bool {
        match self {
            Self::Hotel(id, request) => booking::is_sold(world, id, request),
            Self::Listing(id, dates) => world.listings.get(id).is_some_and(|l| l.is_free(*dates)),
        }
    }

    /// Bought, even if it is gone by now: the booking, and what a hotel is told of it.
    pub(crate) fn buy(self, world: &mut World) -> Option<(Booked, Option<Revision>)> {
        match self {
            Self::Hotel(id, mut request) => {
                request.force = true;
                let revision = booking::sell(world, &id, &request).ok()?;
                Some((Booked::Hotel(revision.booking_id.clone()), Some(revision)))
            }
            Self::Listing(id, dates) => {
                let booking = world.listings.get_mut(&id)?.buy(dates)?;
                Some((Booked::Listing(id, booking), None))
            }
        }
    }
}

impl Booked {
    /// `None`: nothing came of it; else what a hotel is told.
    pub(crate) fn cancel(&self, world: &mut World) -> Option<Option<Revision>> {
        match self {
            Self::Hotel(booking) => {
                let done = booking::cancel(world, booking, &CancelRequest::default());
                done.ok().map(Some)
            }
            Self::Listing(id, booking) => {
                let done = world.listings.get_mut(id)?.change(booking, None);
                done.then_some(None)
            }
        }
    }

    /// At another time, but not elsewhere; else as above.
    pub(crate) fn change(&self, world: &mut World, wish: Wish) -> Option<Option<Revision>> {
        match (self, wish) {
            (Self::Hotel(booking), Wish::Hotel(property_id, request)) => {
                let home = &world.ledger.booking(booking)?.property_id;
                let done = (*home == property_id).then(|| booking::modify(world, booking, &request))?;
                done.ok().map(Some)
            }
            (Self::Listing(id, booking), Wish::Listing(there, dates)) if *id == there => {
                let done = world.listings.get_mut(id)?.change(booking, Some(dates));
                done.then_some(None)
            }
            _ => None,
        }
    }
}
