//! What the business is: rules, and the SQL that serves each rule next to it. One folder per aggregate; a service
//! takes a tenant's transaction, the acting principal and a command, and writes state, event and kick together.

pub mod alert;
pub mod audit;
pub mod booking;
pub mod cards;
pub mod catalogue;
pub mod channel;
pub mod clock;
pub mod company;
pub mod db;
pub mod desk;
pub mod due;
pub mod error;
pub mod event;
pub mod group;
pub mod guest;
pub mod heartbeat;
pub mod idempotency;
pub mod identity;
pub mod ids;
pub mod inventory;
pub mod jobs;
pub mod mail;
pub mod metrics;
pub mod money;
pub mod ports;
pub mod principal;
mod private;
pub mod property;
pub mod rates;
pub mod tenancy;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
pub mod vault;
pub mod verify;

pub use error::{Error, Kind, Refusal, Result};
pub use ids::TenantId;
pub use principal::{Actor, Permission, Principal, Role};
