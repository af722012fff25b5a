//! Rate plans, prices and restrictions per night, what is charged beside them, offers for a stay.

pub mod ari;
pub mod cost;
pub mod extra;
pub mod nights;
pub mod occupancy;
pub mod offer;
pub mod plan;
pub mod policies;
pub mod policy;
pub mod promo;
pub mod promos;
pub mod stay;
pub mod tax;
pub mod taxes;
pub mod terms;

use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, NewEvent};
use crate::principal::Principal;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// What a price is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    Stay,
    Night,
    Person,
    PersonNight,
}

impl Per {
    pub const ALL: [Self; 4] = [Self::Stay, Self::Night, Self::Person, Self::PersonNight];

    pub fn name(self) -> &'static str {
        match self {
            Self::Stay => "per_stay",
            Self::Night => "per_night",
            Self::Person => "per_person",
            Self::PersonNight => "per_person_night",
        }
    }

    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|p| p.name() == name);
        known.ok_or_else(|| Error::internal(format!("unknown charge `{name}`")))
    }

    pub fn by_night(self) -> bool {
        matches!(self, Self::Night | Self::PersonNight)
    }

    pub fn by_person(self) -> bool {
        matches!(self, Self::Person | Self::PersonNight)
    }
}

/// Who stays.
#[derive(Debug, Clone, Default)]
pub struct Party {
    pub adults: i32,
    pub children_ages: Vec<i32>,
}

impl Party {
    pub fn children(&self) -> i32 {
        i32::try_from(self.children_ages.len()).unwrap_or(i32::MAX)
    }

    pub fn persons(&self) -> i32 {
        self.adults.saturating_add(self.children())
    }
}

async fn logged(
    tx: &mut TenantTx,
    who: &Principal,
    kind: &'static str,
    property_id: Uuid,
    subject_id: Uuid,
    at: DateTime<Utc>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        property_id: Some(property_id),
        subject_id,
        actor: &who.actor,
        data: serde_json::json!({}),
        at,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}

/// An update by version that met no row came second.
fn written(rows: u64, what: &str) -> Result<(), Refusal> {
    if rows == 1 {
        return Ok(());
    }
    Err(Refusal::stale(format!(
        "someone else changed the {what} just now"
    )))
}
