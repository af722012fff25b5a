//! Which operation needs what. Every operation of the document stands here once; a request whose operation does not is
//! refused. Asked once, when a credential is read (`api::auth`); where a field or a rule needs more, the domain asks again.

use innkeep_domain::Permission::{self, *};
use poem::http::Method;
use serde_json::{Value, json};
use std::collections::HashMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Open to everybody.
    Nothing,
    /// A session, at whichever door; no program's key.
    Person,
    /// A credential of a tenant, with this permission.
    Tenant(Permission),
    /// The same, for all of the tenant's properties.
    WholeTenant(Permission),
    /// A session at the operators' door.
    Operator,
}

use Needs::{Nothing, Operator, Person, Tenant, WholeTenant};

/// Operation ids, by chapter.
pub const TABLE: &[(&str, Needs)] = &[
    // Open to everybody.
    ("get_liveness", Nothing),
    ("get_readiness", Nothing),
    ("receive_channel_message", Nothing),
    ("read_channel_ari", Nothing),
    ("exchange_alpinebits", Nothing),
    ("read_unit_calendar", Nothing),
    ("log_in", Nothing),
    ("log_in_operator", Nothing),
    ("log_in_with_passkey", Nothing),
    ("begin_passkey_log_in", Nothing),
    ("verify_second_factor", Nothing),
    ("log_out", Nothing),
    ("refresh", Nothing),
    ("register", Nothing),
    ("verify_email", Nothing),
    ("forgot_password", Nothing),
    ("reset_password", Nothing),
    ("accept_invitation", Nothing),
    ("issue_token", Nothing),
    // What people do with their own account.
    ("get_me", Person),
    ("list_sessions", Person),
    ("revoke_session", Person),
    ("switch_tenant", Person),
    ("change_password", Person),
    ("enrol_totp", Person),
    ("confirm_totp", Person),
    ("disable_totp", Person),
    ("replace_recovery_codes", Person),
    ("list_passkeys", Person),
    ("begin_passkey_enrolment", Person),
    ("finish_passkey_enrolment", Person),
    ("remove_passkey", Person),
    // The operators' door.
    ("list_all_tenants", Operator),
    ("suspend_tenant", Operator),
    ("resume_tenant", Operator),
    ("disable_account", Operator),
    ("enable_account", Operator),
    ("list_platform_events", Operator),
    // Staff, roles, keys: they concern all properties.
    ("list_users", WholeTenant(ReadUsers)),
    ("get_user", WholeTenant(ReadUsers)),
    ("change_user", WholeTenant(WriteUsers)),
    ("remove_user", WholeTenant(WriteUsers)),
    ("list_invitations", WholeTenant(ReadUsers)),
    ("get_invitation", WholeTenant(ReadUsers)),
    ("create_invitation", WholeTenant(WriteUsers)),
    ("revoke_invitation", WholeTenant(WriteUsers)),
    ("list_roles", WholeTenant(ReadUsers)),
    ("create_role", WholeTenant(WriteUsers)),
    ("change_role", WholeTenant(WriteUsers)),
    ("delete_role", WholeTenant(WriteUsers)),
    ("list_api_keys", WholeTenant(WriteApiKeys)),
    ("create_api_key", WholeTenant(WriteApiKeys)),
    ("get_api_key", WholeTenant(WriteApiKeys)),
    ("rotate_api_key", WholeTenant(WriteApiKeys)),
    ("revoke_api_key", WholeTenant(WriteApiKeys)),
    // Inventory
    ("list_properties", Tenant(ReadInventory)),
    ("create_property", WholeTenant(WriteInventory)),
    ("get_property", Tenant(ReadInventory)),
    ("change_property", Tenant(WriteInventory)),
    ("list_unit_types", Tenant(ReadInventory)),
    ("create_unit_type", Tenant(WriteInventory)),
    ("change_unit_type", Tenant(WriteInventory)),
    ("list_units", Tenant(ReadInventory)),
    ("create_units", Tenant(WriteInventory)),
    ("get_unit", Tenant(ReadInventory)),
    ("change_unit", Tenant(WriteInventory)),
    // Prices
    ("get_ari", Tenant(ReadInventory)),
    ("change_ari", Tenant(WriteRates)),
    ("list_offers", Tenant(ReadInventory)),
    ("list_rate_plans", Tenant(ReadInventory)),
    ("create_rate_plan", Tenant(WriteRates)),
    ("change_rate_plan", Tenant(WriteRates)),
    ("list_occupancy_prices", Tenant(ReadInventory)),
    ("replace_occupancy_prices", Tenant(WriteRates)),
    ("list_taxes_and_fees", Tenant(ReadInventory)),
    ("create_tax_or_fee", Tenant(WriteRates)),
    ("change_tax_or_fee", Tenant(WriteRates)),
    ("list_extras", Tenant(ReadInventory)),
    ("create_extra", Tenant(WriteRates)),
    ("change_extra", Tenant(WriteRates)),
    ("list_promo_codes", Tenant(ReadInventory)),
    ("create_promo_code", Tenant(WriteRates)),
    ("change_promo_code", Tenant(WriteRates)),
    ("list_policies", Tenant(ReadInventory)),
    ("get_policy", Tenant(ReadInventory)),
    ("create_policy", Tenant(WriteRates)),
    ("change_policy", Tenant(WriteRates)),
    // Selling
    ("create_quote", Tenant(WriteBookings)),
    ("get_quote", Tenant(ReadBookings)),
    ("list_bookings", Tenant(ReadBookings)),
    ("create_booking", Tenant(WriteBookings)),
    ("force_booking", Tenant(Override)),
    ("get_booking", Tenant(ReadBookings)),
    ("change_booking", Tenant(WriteBookings)),
    ("cancel_booking", Tenant(WriteBookings)),
    ("confirm_booking", Tenant(WriteBookings)),
    ("force_cancel_booking", Tenant(Override)),
    ("get_timeline", Tenant(ReadBookings)),
    ("get_reservation", Tenant(ReadBookings)),
    ("amend_reservation", Tenant(WriteBookings)),
    ("preview_amendment", Tenant(WriteBookings)),
    ("force_amend_reservation", Tenant(Override)),
    ("cancel_reservation", Tenant(WriteBookings)),
    ("force_cancel_reservation", Tenant(Override)),
    ("no_show", Tenant(WriteBookings)),
    ("force_no_show", Tenant(Override)),
    ("reinstate_reservation", Tenant(WriteBookings)),
    ("force_reinstate_reservation", Tenant(Override)),
    ("get_cancellation_fee", Tenant(ReadBookings)),
    ("list_groups", Tenant(ReadBookings)),
    ("create_group", Tenant(WriteBookings)),
    ("get_group", Tenant(ReadBookings)),
    ("change_group", Tenant(WriteBookings)),
    ("cancel_group", Tenant(WriteBookings)),
    ("release_group", Tenant(WriteBookings)),
    ("wash_group", Tenant(WriteBookings)),
    ("set_group_allotment", Tenant(WriteBookings)),
    ("force_group_allotment", Tenant(Override)),
    // Guests
    ("list_guests", Tenant(ReadGuests)),
    ("create_guest", Tenant(WriteGuests)),
    ("list_duplicate_guests", Tenant(ReadGuests)),
    ("get_guest", Tenant(ReadGuests)),
    ("change_guest", Tenant(WriteGuests)),
    ("merge_guests", Tenant(WriteGuests)),
    ("export_guest", WholeTenant(ReadDocuments)),
    ("erase_guest", WholeTenant(EraseGuests)),
    ("list_guest_stays", Tenant(ReadGuests)),
    ("list_reservation_guests", Tenant(ReadGuests)),
    ("set_reservation_guests", Tenant(WriteGuests)),
    ("list_companies", Tenant(ReadGuests)),
    ("create_company", Tenant(WriteGuests)),
    ("get_company", Tenant(ReadGuests)),
    ("change_company", Tenant(WriteGuests)),
    // Desk
    ("assign_units", Tenant(WriteBookings)),
    ("assign_unit", Tenant(WriteBookings)),
    ("force_assign_unit", Tenant(Override)),
    ("unassign_unit", Tenant(WriteBookings)),
    ("lock_unit", Tenant(WriteBookings)),
    ("unlock_unit", Tenant(WriteBookings)),
    ("list_assignable_units", Tenant(ReadBookings)),
    ("get_assignment", Tenant(ReadBookings)),
    ("set_needs", Tenant(WriteBookings)),
    ("check_in", Tenant(WriteBookings)),
    ("force_check_in", Tenant(Override)),
    ("undo_check_in", Tenant(WriteBookings)),
    ("check_out", Tenant(WriteBookings)),
    ("undo_check_out", Tenant(WriteBookings)),
    ("upgrade_reservation", Tenant(WriteBookings)),
    ("force_upgrade_reservation", Tenant(Override)),
    ("create_walk_in", Tenant(WriteBookings)),
    ("force_walk_in", Tenant(Override)),
    ("list_arrivals", Tenant(ReadBookings)),
    ("list_departures", Tenant(ReadBookings)),
    ("list_in_house", Tenant(ReadBookings)),
    ("list_stay_overs", Tenant(ReadBookings)),
    ("list_overbooked", Tenant(ReadBookings)),
    ("get_calendar", Tenant(ReadBookings)),
    ("list_maintenance", Tenant(ReadInventory)),
    ("create_maintenance", Tenant(WriteMaintenance)),
    ("force_maintenance", Tenant(Override)),
    ("get_maintenance", Tenant(ReadInventory)),
    ("change_maintenance", Tenant(WriteMaintenance)),
    ("force_change_maintenance", Tenant(Override)),
    ("close_maintenance", Tenant(WriteMaintenance)),
    ("get_housekeeping", Tenant(ReadInventory)),
    ("list_housekeeping_tasks", Tenant(ReadInventory)),
    ("create_housekeeping_task", Tenant(WriteHousekeeping)),
    ("change_housekeeping_task", Tenant(WriteHousekeeping)),
    ("mark_unit_clean", Tenant(WriteHousekeeping)),
    ("mark_unit_dirty", Tenant(WriteHousekeeping)),
    ("mark_unit_inspected", Tenant(WriteHousekeeping)),
    // Channels
    ("list_channel_connections", Tenant(ReadChannels)),
    ("create_channel_connection", Tenant(WriteChannels)),
    ("get_channel_connection", Tenant(ReadChannels)),
    ("full_sync_channel", Tenant(WriteChannels)),
    ("pause_channel", Tenant(WriteChannels)),
    ("resume_channel", Tenant(WriteChannels)),
    ("rotate_channel_secret", Tenant(WriteChannels)),
    ("test_channel_connection", Tenant(WriteChannels)),
    ("get_channel_mappings", Tenant(ReadChannels)),
    ("list_remote_products", Tenant(ReadChannels)),
    ("set_up_channel", Tenant(WriteChannels)),
    ("recover_channel_bookings", Tenant(WriteChannels)),
    ("list_channel_conversations", Tenant(ReadGuests)),
    ("list_conversation_messages", Tenant(ReadGuests)),
    ("answer_conversation", Tenant(WriteGuests)),
    ("list_channel_reviews", Tenant(ReadGuests)),
    ("reply_to_channel_review", Tenant(WriteGuests)),
    ("set_channel_mappings", Tenant(WriteChannels)),
    ("get_channel_sync_status", Tenant(ReadChannels)),
    ("change_channel_connection", Tenant(WriteChannels)),
    ("delete_channel_connection", Tenant(WriteChannels)),
    ("list_channel_cells", Tenant(ReadChannels)),
    ("get_channel_closed_dates", Tenant(ReadChannels)),
    ("set_channel_closed_dates", Tenant(WriteChannels)),
    ("get_channel_availability_rules", Tenant(ReadChannels)),
    ("set_channel_availability_rules", Tenant(WriteChannels)),
    ("list_channel_messages", Tenant(ReadChannels)),
    ("get_channel_message", Tenant(ReadGuests)),
    ("replay_channel_message", Tenant(WriteChannels)),
    ("settle_channel_message", Tenant(WriteChannels)),
    ("list_calendar_connections", Tenant(ReadChannels)),
    ("create_calendar_connection", Tenant(WriteChannels)),
    ("get_calendar_connection", Tenant(ReadChannels)),
    ("change_calendar_connection", Tenant(WriteChannels)),
    ("delete_calendar_connection", Tenant(WriteChannels)),
    ("get_calendar_sync_status", Tenant(ReadChannels)),
    ("read_calendar_now", Tenant(WriteChannels)),
    ("believe_calendar", Tenant(WriteChannels)),
    ("pause_calendar", Tenant(WriteChannels)),
    ("resume_calendar", Tenant(WriteChannels)),
    ("rotate_calendar_address", Tenant(WriteChannels)),
    ("revoke_calendar_address", Tenant(WriteChannels)),
    // Insight
    ("list_audit_log", WholeTenant(ReadAudit)),
    ("list_events", Tenant(ReadBookings)),
    ("list_alerts", Tenant(ReadBookings)),
    ("get_dashboard", Tenant(ReadInsight)),
];

/// What an operation needs besides, because it changes what it overrides or shows what it answers with. The domain asks.
const BESIDES: &[(&str, Permission)] = &[
    ("force_booking", WriteBookings),
    ("force_cancel_booking", WriteBookings),
    ("force_group_allotment", WriteBookings),
    ("force_maintenance", WriteMaintenance),
    ("force_change_maintenance", WriteMaintenance),
    ("export_guest", ReadGuests),
    ("change_user", ReadUsers),
    ("remove_user", ReadUsers),
];

impl Needs {
    /// For programs that read the document.
    fn told(self) -> Value {
        match self {
            Nothing => json!({ "credential": "none" }),
            Person => json!({ "credential": "person" }),
            Operator => json!({ "credential": "operator" }),
            Tenant(p) | WholeTenant(p) => json!({
                "credential": "tenant",
                "permission": p.name(),
                "all_properties": matches!(self, WholeTenant(_)),
            }),
        }
    }

    /// For people who read it.
    fn words(self, besides: Option<&str>) -> Option<String> {
        let also = besides.map(|p| format!(" and `{p}`")).unwrap_or_default();
        match self {
            Nothing => None,
            Person => Some("Needs a log-in; no key will do.".to_owned()),
            Operator => Some("Needs a log-in at the operators' door.".to_owned()),
            Tenant(p) => Some(format!("Needs `{}`{also}.", p.name())),
            WholeTenant(p) => Some(format!("Needs `{}`{also}, for all properties.", p.name())),
        }
    }
}

/// Writes into the document what each operation needs by this table.
pub fn describe(document: &mut Value, table: &[(&str, Needs)]) {
    let table: HashMap<&str, Needs> = table.iter().copied().collect();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, operation) in paths.flat_map(|(_, path)| path.as_object_mut().into_iter().flatten()) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let Some(needs) = table.get(id.as_str()) else {
            continue;
        };
        let besides = BESIDES
            .iter()
            .find(|(other, _)| *other == id)
            .map(|(_, p)| p.name());
        operation["x-needs"] = needs.told();
        if let Some(besides) = besides {
            operation["x-needs"]["besides"] = besides.into();
        }
        if let Some(words) = needs.words(besides) {
            let told = operation["description"].as_str().unwrap_or_default();
            operation["description"] = format!("{told}\n\n{words}").trim_start().into();
        }
    }
}

/// The table by method and path, as a router names them.
#[derive(Debug, Default)]
pub struct Rights(HashMap<(String, String), (String, Needs)>);

impl Rights {
    /// # Errors
    /// The operations of the document that no row names.
    pub fn new(table: &[(&str, Needs)], document: &Value) -> Result<Self, Vec<String>> {
        let table: HashMap<&str, Needs> = table.iter().copied().collect();
        let (mut found, mut missing) = (HashMap::new(), Vec::new());
        for (path, operations) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                let id = operation["operationId"].as_str().unwrap_or_default();
                match table.get(id) {
                    Some(needs) => {
                        let row = (id.to_owned(), *needs);
                        found.insert((method.to_uppercase(), unnamed(path)), row);
                    }
                    None => missing.push(id.to_owned()),
                }
            }
        }
        if missing.is_empty() {
            Ok(Self(found))
        } else {
            Err(missing)
        }
    }

    /// The operation's id and what it needs; `pattern` as poem writes it: `/v1/units/:param0`.
    pub fn of(&self, method: &Method, pattern: &str) -> Option<(&str, Needs)> {
        let (id, needs) = self.0.get(&(method.to_string(), unnamed(pattern)))?;
        Some((id, *needs))
    }
}

/// A path without its parameters' names, which the document and the router give differently.
fn unnamed(path: &str) -> String {
    let segments = path.trim_end_matches('/').split('/');
    let bare = segments.map(|s| if s.starts_with([':', '{']) { "{}" } else { s });
    bare.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi;
    use std::collections::BTreeSet;

    fn operations() -> Vec<(String, bool)> {
        let document = openapi::document().unwrap();
        let paths = document["paths"].as_object().unwrap().values();
        let all = paths.flat_map(|p| p.as_object().unwrap().values());
        all.map(|o| {
            let secured = o["security"].as_array().is_some_and(|s| !s.is_empty());
            (o["operationId"].as_str().unwrap().to_owned(), secured)
        })
        .collect()
    }

    #[test]
    fn every_operation_stands_in_the_table_and_no_row_is_stale() {
        let known: BTreeSet<String> = operations().into_iter().map(|(id, _)| id).collect();
        let rows: Vec<String> = TABLE.iter().map(|(id, _)| (*id).to_owned()).collect();
        let unique: BTreeSet<String> = rows.iter().cloned().collect();
        assert_eq!(rows.len(), unique.len(), "a row stands twice");
        assert_eq!(unique, known);
        assert!(Rights::new(TABLE, &openapi::document().unwrap()).is_ok());
    }

    #[test]
    fn what_needs_nothing_asks_for_no_credential_and_nothing_else_is_open() {
        let table: HashMap<&str, Needs> = TABLE.iter().copied().collect();
        for (id, secured) in operations() {
            assert_eq!(table[id.as_str()] != Nothing, secured, "{id}");
        }
    }

    #[test]
    fn a_path_is_found_as_the_router_writes_it() {
        let rights = Rights::new(TABLE, &openapi::document().unwrap()).unwrap();
        let of = |method, pattern| rights.of(&method, pattern).map(|(_, needs)| needs);
        assert_eq!(of(Method::GET, "/v1/guests/duplicates"), Some(Tenant(ReadGuests)));
        assert_eq!(of(Method::PATCH, "/v1/guests/:param0"), Some(Tenant(WriteGuests)));
        assert_eq!(of(Method::DELETE, "/v1/guests/:param0"), None);
    }
}
