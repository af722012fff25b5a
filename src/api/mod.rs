//! The HTTP API: one file per resource with its unit-struct Api and DTOs, and one file per convention.
//!
//! A handler reads: parse the request, call one domain service, turn the result into a DTO. Writes go through
//! [`write`], which gives them their transaction and their idempotency.

pub mod alpinebits;
pub mod api_keys;
pub mod ari;
pub mod audit_log;
pub mod auth;
pub mod body;
pub mod bookings;
pub mod calendars;
pub mod channels;
pub mod companies;
pub mod desk;
pub mod error;
pub mod etag;
pub mod events;
pub mod extras;
pub mod groups;
pub mod guest_stays;
pub mod guests;
pub mod health;
pub mod hooks;
pub mod idempotency;
pub mod insight;
pub mod invitations;
pub mod me;
pub mod mfa;
pub mod money;
pub mod oauth;
pub mod occupancy;
pub mod offers;
pub mod page;
pub mod passkeys;
pub mod patch;
pub mod platform;
pub mod policies;
mod polled;
pub mod pricing;
pub mod promo_codes;
pub mod properties;
pub mod quotes;
pub mod rate_plans;
pub mod registration;
pub mod reply;
pub mod request_id;
pub mod reservations;
pub mod roles;
pub mod session;
pub mod shape;
pub mod taxes;
mod unit_types;
mod units;
pub mod users;
mod weekday;

pub use auth::Auth;
pub use body::Body;
pub use error::{ApiError, ApiResult};
pub use idempotency::{Once, write};
pub use reply::{Changed, Created, Reply};

use poem_openapi::Tags;

/// Chapters of the document.
#[derive(Tags)]
pub enum Tag {
    /// Logging in and out; who am I.
    Session,
    /// Staff, invitations, roles, API keys.
    Tenant,
    /// The operators' door.
    Platform,
    /// Properties, unit types, units.
    Inventory,
    /// Availability, rates and restrictions.
    Ari,
    /// Offers, bookings, reservations.
    Selling,
    /// Guests, companies and travel agents.
    Guests,
    /// Units, check-in and check-out, maintenance, housekeeping.
    Desk,
    /// Connections to sales channels.
    Channels,
    /// The event log.
    Events,
    /// Dashboards and alerts.
    Insight,
    /// Liveness and readiness.
    Operations,
}

/// Every operation, as nested tuples because a tuple holds at most sixteen.
pub type Everything = (Basics, Inventory, Pricing, People, Business, Desk);
type Basics = (
    session::Session,
    registration::Registration,
    me::Me,
    mfa::Mfa,
    passkeys::Passkeys,
    oauth::OAuth,
    users::Users,
    invitations::Invitations,
    roles::Roles,
    audit_log::AuditLog,
    api_keys::ApiKeys,
    platform::Platform,
    health::Health,
);
type Inventory = (
    properties::Properties,
    unit_types::UnitTypes,
    units::Units,
    units::SingleUnits,
    rate_plans::RatePlans,
    ari::Ari,
    offers::Offers,
);
type Pricing = (
    occupancy::OccupancyPrices,
    taxes::Taxes,
    extras::Extras,
    promo_codes::PromoCodes,
    policies::Policies,
    quotes::Quotes,
);
type People = (guests::Guests, guest_stays::GuestStays, companies::Companies);
type Business = (
    bookings::Bookings,
    reservations::Reservations,
    groups::Groups,
    channels::All,
    calendars::Calendars,
    calendars::CalendarFiles,
    hooks::Hooks,
    hooks::HookAri,
    alpinebits::AlpineBits,
    events::Events,
    insight::Insight,
);
type Desk = (
    desk::UnitAssignment,
    desk::AutoAssignment,
    desk::Stays,
    desk::WalkIns,
    desk::Upgrades,
    desk::Lists,
    desk::Overbooked,
    desk::Maintenance,
    desk::Housekeeping,
    desk::UnitCleaning,
    desk::Calendar,
);

pub fn everything() -> Everything {
    let basics = (
        session::Session,
        registration::Registration,
        me::Me,
        mfa::Mfa,
        passkeys::Passkeys,
        oauth::OAuth,
        users::Users,
        invitations::Invitations,
        roles::Roles,
        audit_log::AuditLog,
        api_keys::ApiKeys,
        platform::Platform,
        health::Health,
    );
    let inventory = (
        properties::Properties,
        unit_types::UnitTypes,
        units::Units,
        units::SingleUnits,
        rate_plans::RatePlans,
        ari::Ari,
        offers::Offers,
    );
    let pricing = (
        occupancy::OccupancyPrices,
        taxes::Taxes,
        extras::Extras,
        promo_codes::PromoCodes,
        policies::Policies,
        quotes::Quotes,
    );
    let people = (guests::Guests, guest_stays::GuestStays, companies::Companies);
    let business = (
        bookings::Bookings,
        reservations::Reservations,
        groups::Groups,
        channels::ALL,
        calendars::Calendars,
        calendars::CalendarFiles,
        hooks::Hooks,
        hooks::HookAri,
        alpinebits::AlpineBits,
        events::Events,
        insight::Insight,
    );
    let desk = (
        desk::UnitAssignment,
        desk::AutoAssignment,
        desk::Stays,
        desk::WalkIns,
        desk::Upgrades,
        desk::Lists,
        desk::Overbooked,
        desk::Maintenance,
        desk::Housekeeping,
        desk::UnitCleaning,
        desk::Calendar,
    );
    (basics, inventory, pricing, people, business, desk)
}
