//! What the portal offers in a handshake, and what it has in common with whoever asks.

use serde_json::{Value, json};

use super::hotel::Spec;

pub(crate) const INVENTORY: &str = "action_OTA_HotelDescriptiveContentNotif_Inventory";
pub(crate) const STATUS_UPDATE: &str = "action_OTA_HotelResNotif_GuestRequests_StatusUpdate";
const ACTIONS: [&str; 6] = [
    "action_OTA_Ping",
    "action_OTA_HotelInvCountNotif",
    "action_OTA_HotelRatePlanNotif_RatePlans",
    INVENTORY,
    "action_OTA_Read",
    STATUS_UPDATE,
];
const ALL: [&str; 12] = [
    "OTA_HotelInvCountNotif_accept_categories",
    "OTA_HotelInvCountNotif_accept_deltas",
    "OTA_HotelInvCountNotif_accept_complete_set",
    "OTA_HotelInvCountNotif_accept_closing_seasons",
    "OTA_HotelDescriptiveContentNotif_Inventory_use_rooms",
    "OTA_HotelRatePlanNotif_accept_ArrivalDOW",
    "OTA_HotelRatePlanNotif_accept_DepartureDOW",
    "OTA_HotelRatePlanNotif_accept_RatePlan_BookingRule",
    "OTA_HotelRatePlanNotif_accept_RatePlan_RoomType_BookingRule",
    "OTA_HotelRatePlanNotif_accept_RatePlan_mixed_BookingRule",
    "OTA_HotelRatePlanNotif_accept_overlay",
    "OTA_Read_accept_RoomRates",
];
/// Known by name since 2024-10 only.
const NEW: [&str; 2] = [
    "OTA_HotelInvCountNotif_accept_complete_set",
    "OTA_Read_accept_RoomRates",
];

pub(crate) fn versions() -> Vec<String> {
    vec!["2024-10".to_owned(), "2022-10".to_owned()]
}

pub(crate) fn actions() -> Vec<String> {
    ACTIONS.map(str::to_owned).to_vec()
}

pub(crate) fn all() -> Vec<String> {
    ALL.map(str::to_owned).to_vec()
}

/// What both sides can: the JSON of a handshake's answer.
pub(crate) fn common(spec: &Spec, asked: &Value) -> Value {
    let versions = list(asked, "versions").iter().filter_map(|theirs| {
        let version = theirs.get("version")?.as_str()?;
        if !spec.versions.iter().any(|mine| mine == version) {
            return None;
        }
        let actions = list(theirs, "actions").iter().filter_map(|action| {
            let name = action.get("action")?.as_str()?;
            spec.actions
                .iter()
                .any(|mine| mine == name)
                .then(|| supported(spec, version, name, action))
        });
        let actions: Vec<Value> = actions.collect();
        (!actions.is_empty()).then(|| json!({ "version": version, "actions": actions }))
    });
    json!({ "versions": versions.collect::<Vec<_>>() })
}

fn supported(spec: &Spec, version: &str, name: &str, theirs: &Value) -> Value {
    let both = list(theirs, "supports").iter().filter_map(Value::as_str);
    let both: Vec<&str> = both
        .filter(|one| spec.capabilities.iter().any(|mine| mine == one))
        .filter(|one| version >= "2024-10" || !NEW.contains(one))
        .collect();
    if both.is_empty() {
        json!({ "action": name })
    } else {
        json!({ "action": name, "supports": both })
    }
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of.get(name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}
