//! What both sides agreed to send and to take, beyond the action itself.

use super::version::Version;
use std::collections::BTreeSet;

macro_rules! capabilities {
    ($($name:ident = $wire:literal),+ $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Capability { $($name),+ }

        impl Capability {
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// As a handshake writes it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $wire),+ }
            }
        }
    };
}

capabilities! {
    Rooms = "OTA_HotelInvCountNotif_accept_rooms",
    Categories = "OTA_HotelInvCountNotif_accept_categories",
    Deltas = "OTA_HotelInvCountNotif_accept_deltas",
    CompleteSet = "OTA_HotelInvCountNotif_accept_complete_set",
    OutOfOrder = "OTA_HotelInvCountNotif_accept_out_of_order",
    OutOfMarket = "OTA_HotelInvCountNotif_accept_out_of_market",
    ClosingSeasons = "OTA_HotelInvCountNotif_accept_closing_seasons",
    ReadRoomRates = "OTA_Read_accept_RoomRates",
    PushRoomRates = "OTA_HotelResNotif_GuestRequests_accept_RoomRates",
    UseRooms = "OTA_HotelDescriptiveContentNotif_Inventory_use_rooms",
    OccupancyChildren = "OTA_HotelDescriptiveContentNotif_Inventory_occupancy_children",
    ArrivalDow = "OTA_HotelRatePlanNotif_accept_ArrivalDOW",
    DepartureDow = "OTA_HotelRatePlanNotif_accept_DepartureDOW",
    BookingRule = "OTA_HotelRatePlanNotif_accept_RatePlan_BookingRule",
    RoomTypeBookingRule = "OTA_HotelRatePlanNotif_accept_RatePlan_RoomType_BookingRule",
    MixedBookingRule = "OTA_HotelRatePlanNotif_accept_RatePlan_mixed_BookingRule",
    Supplements = "OTA_HotelRatePlanNotif_accept_Supplements",
    FreeNightsOffers = "OTA_HotelRatePlanNotif_accept_FreeNightsOffers",
    FamilyOffers = "OTA_HotelRatePlanNotif_accept_FamilyOffers",
    Full = "OTA_HotelRatePlanNotif_accept_full",
    Overlay = "OTA_HotelRatePlanNotif_accept_overlay",
    RatePlanJoin = "OTA_HotelRatePlanNotif_accept_RatePlanJoin",
    OfferBookingOffset = "OTA_HotelRatePlanNotif_accept_OfferRule_BookingOffset",
    OfferDowLos = "OTA_HotelRatePlanNotif_accept_OfferRule_DOWLOS",
    BaseRatesDeltas = "OTA_HotelRatePlan_BaseRates_deltas",
}

impl Capability {
    /// The version that knows it first.
    pub(super) fn since(self) -> Version {
        match self {
            Self::CompleteSet | Self::Full | Self::ReadRoomRates | Self::PushRoomRates => Version::V2024_10,
            _ => Version::V2022_10,
        }
    }
}

/// What was agreed on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities(BTreeSet<Capability>);

impl Capabilities {
    pub fn all() -> Self {
        Capability::ALL.iter().copied().collect()
    }

    pub fn without(mut self, capability: Capability) -> Self {
        self.0.remove(&capability);
        self
    }

    /// What a version does not know by name needs no agreement there: before 2024-10 everybody takes complete sets.
    pub(super) fn has(&self, capability: Capability, version: Version) -> bool {
        version < capability.since() || self.0.contains(&capability)
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<T: IntoIterator<Item = Capability>>(all: T) -> Self {
        Self(all.into_iter().collect())
    }
}
