//! What a client may ask for. The same message means different things under different actions.

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    Handshake,
    FreeRooms,
    GuestRequests,
    Acknowledgments,
    GuestRequestsPush,
    StatusUpdate,
    Inventory,
    InventoryPull,
    Info,
    InfoPull,
    RatePlans,
    BaseRates,
    Activities,
}

/// One side's message and the other's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Request,
    Answer,
}

struct Names {
    parameter: &'static str,
    capability: &'static str,
    request: &'static str,
    answer: &'static str,
}

impl Action {
    pub const ALL: [Self; 13] = [
        Self::Handshake,
        Self::FreeRooms,
        Self::GuestRequests,
        Self::Acknowledgments,
        Self::GuestRequestsPush,
        Self::StatusUpdate,
        Self::Inventory,
        Self::InventoryPull,
        Self::Info,
        Self::InfoPull,
        Self::RatePlans,
        Self::BaseRates,
        Self::Activities,
    ];

    /// By the value of the form's field `action`.
    pub fn of(parameter: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|action| action.parameter() == parameter)
    }

    /// The form's field `action`.
    pub fn parameter(self) -> &'static str {
        self.names().parameter
    }

    /// Its name in a handshake. Whoever offers requests to be read takes acknowledgments too.
    pub fn capability(self) -> &'static str {
        self.names().capability
    }

    /// The root element of the message.
    pub fn root(self, side: Side) -> &'static str {
        match side {
            Side::Request => self.names().request,
            Side::Answer => self.names().answer,
        }
    }

    #[rustfmt::skip]
    fn names(self) -> Names {
        let (parameter, capability, request, answer) = match self {
            Self::Handshake => ("OTA_Ping:Handshaking", "action_OTA_Ping", "OTA_PingRQ", "OTA_PingRS"),
            Self::FreeRooms => ("OTA_HotelInvCountNotif:FreeRooms", "action_OTA_HotelInvCountNotif",
                "OTA_HotelInvCountNotifRQ", "OTA_HotelInvCountNotifRS"),
            Self::GuestRequests => ("OTA_Read:GuestRequests", "action_OTA_Read", "OTA_ReadRQ", "OTA_ResRetrieveRS"),
            Self::Acknowledgments => ("OTA_NotifReport:GuestRequests", "action_OTA_Read",
                "OTA_NotifReportRQ", "OTA_NotifReportRS"),
            Self::GuestRequestsPush => ("OTA_HotelResNotif:GuestRequests", "action_OTA_HotelResNotif_GuestRequests",
                "OTA_HotelResNotifRQ", "OTA_HotelResNotifRS"),
            Self::StatusUpdate => ("OTA_HotelResNotif:GuestRequests_StatusUpdate",
                "action_OTA_HotelResNotif_GuestRequests_StatusUpdate", "OTA_HotelResNotifRQ", "OTA_HotelResNotifRS"),
            Self::Inventory => ("OTA_HotelDescriptiveContentNotif:Inventory",
                "action_OTA_HotelDescriptiveContentNotif_Inventory",
                "OTA_HotelDescriptiveContentNotifRQ", "OTA_HotelDescriptiveContentNotifRS"),
            Self::InventoryPull => ("OTA_HotelDescriptiveInfo:Inventory", "action_OTA_HotelDescriptiveInfo_Inventory",
                "OTA_HotelDescriptiveInfoRQ", "OTA_HotelDescriptiveInfoRS"),
            Self::Info => ("OTA_HotelDescriptiveContentNotif:Info", "action_OTA_HotelDescriptiveContentNotif_Info",
                "OTA_HotelDescriptiveContentNotifRQ", "OTA_HotelDescriptiveContentNotifRS"),
            Self::InfoPull => ("OTA_HotelDescriptiveInfo:Info", "action_OTA_HotelDescriptiveInfo_Info",
                "OTA_HotelDescriptiveInfoRQ", "OTA_HotelDescriptiveInfoRS"),
            Self::RatePlans => ("OTA_HotelRatePlanNotif:RatePlans", "action_OTA_HotelRatePlanNotif_RatePlans",
                "OTA_HotelRatePlanNotifRQ", "OTA_HotelRatePlanNotifRS"),
            Self::BaseRates => ("OTA_HotelRatePlan:BaseRates", "action_OTA_HotelRatePlan_BaseRates",
                "OTA_HotelRatePlanRQ", "OTA_HotelRatePlanRS"),
            Self::Activities => ("OTA_HotelPostEventNotif:EventReports",
                "action_OTA_HotelPostEventNotif_EventReports",
                "OTA_HotelPostEventNotifRQ", "OTA_HotelPostEventNotifRS"),
        };
        Names { parameter, capability, request, answer }
    }
}
