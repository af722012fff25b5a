//! What a UID is worth, channel by channel, as measured on their feeds over months.

/// Airbnb's UIDs of reservations (`Reserved`): of 885 none was used twice, and 64 kept theirs when their dates changed.
/// Its other UIDs (`Airbnb (Not available)`: blocks, days of preparation, imported calendars) follow from the first
/// night and roll on with it.
const AIRBNB_RESERVED: &str = "1418fb94e984-";
const AIRBNB: &str = "@airbnb.com";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// The UID is the reservation's.
    StableUid,
    /// The UID means nothing: only which nights are closed. Booking.com's follows from the first night, and stays that
    /// touch are one event; where nothing was measured (Vrbo, all others), nothing is assumed.
    NightSet,
}

impl Family {
    pub(super) fn of(uid: &str) -> Self {
        if uid.starts_with(AIRBNB_RESERVED) && uid.ends_with(AIRBNB) {
            Self::StableUid
        } else {
            Self::NightSet
        }
    }
}
