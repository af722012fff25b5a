//! The front desk: which unit a stay gets, check-in and check-out, lists, maintenance, housekeeping, the tape chart.

mod assignment;
mod automatic;
mod calendar;
mod housekeeping;
mod lists;
mod maintenance;
mod overbooked;
mod stays;
mod upgrades;

pub use assignment::UnitAssignment;
pub use automatic::AutoAssignment;
pub use calendar::Calendar;
pub use housekeeping::{Housekeeping, UnitCleaning};
pub use lists::Lists;
pub use maintenance::Maintenance;
pub use overbooked::Overbooked;
pub use stays::{Stays, WalkIns};
pub use upgrades::Upgrades;

use crate::api::money::Amount;
use innkeep_domain::desk::needs;
use poem_openapi::Object;

/// What a stay needs of its unit.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Needs {
    /// The unit must have all of these, e.g. `["accessible"]`.
    #[oai(default, validator(max_items = 50))]
    features: Vec<String>,
    /// Wishes: they choose between units that fit.
    #[oai(default, validator(max_items = 50))]
    preferences: Vec<String>,
    #[oai(skip_serializing_if_is_none)]
    vessel: Option<Vessel>,
}

/// In metres, two decimal places at most.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Vessel {
    length: Amount,
    beam: Amount,
    draft: Amount,
}

impl Needs {
    fn parse(self) -> needs::Needs {
        needs::Needs {
            features: self.features,
            preferences: self.preferences,
            vessel: self.vessel.map(|v| needs::Vessel {
                length: v.length.0,
                beam: v.beam.0,
                draft: v.draft.0,
            }),
        }
    }
}

impl From<needs::Needs> for Needs {
    fn from(n: needs::Needs) -> Self {
        Self {
            features: n.features,
            preferences: n.preferences,
            vessel: n.vessel.map(|v| Vessel {
                length: Amount(v.length),
                beam: Amount(v.beam),
                draft: Amount(v.draft),
            }),
        }
    }
}
