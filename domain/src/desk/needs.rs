//! What a stay needs of its unit, and whether a unit has it: attributes decide, whether it is a room, a bed or a berth.

use crate::booking::change::{Change, Said};
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::inventory::Stock;
use crate::principal::Principal;
use crate::property::Unit;
use crate::property::unit::{features, metres};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Needs {
    /// The unit must have all of these.
    pub features: Vec<String>,
    /// Nice to have: they choose between units that fit.
    pub preferences: Vec<String>,
    pub vessel: Option<Vessel>,
}

/// In metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Vessel {
    pub length: Decimal,
    pub beam: Decimal,
    pub draft: Decimal,
}

impl Needs {
    /// Wishes that the unit does not fulfil.
    pub fn unmet_wishes(&self, unit: &Unit) -> usize {
        self.preferences
            .iter()
            .filter(|p| !unit.features.contains(p))
            .count()
    }

    fn checked(self) -> Result<Self, Refusal> {
        if let Some(vessel) = &self.vessel {
            metres(vessel.length, "/vessel/length")?;
            metres(vessel.beam, "/vessel/beam")?;
            metres(vessel.draft, "/vessel/draft")?;
        }
        Ok(Self {
            features: features(self.features, "/features")?,
            preferences: features(self.preferences, "/preferences")?,
            vessel: self.vessel,
        })
    }
}

/// Why a unit does not fit.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Required features it has not.
    Lacks(Vec<String>),
    /// The vessel's `dimension` is more than the berth takes.
    TooBig {
        dimension: &'static str,
        vessel: Decimal,
        most: Decimal,
    },
}

impl Reason {
    pub fn detail(&self) -> String {
        match self {
            Self::Lacks(features) => format!("lacks {}", features.join(", ")),
            Self::TooBig {
                dimension,
                vessel,
                most,
            } => format!("takes {most} m of {dimension}, the vessel has {vessel} m"),
        }
    }
}

/// The one rule of what may go where.
pub fn fits(unit: &Unit, needs: &Needs) -> Result<(), Reason> {
    let has = |f: &&String| !unit.features.contains(f);
    let lacking: Vec<String> = needs.features.iter().filter(has).cloned().collect();
    if !lacking.is_empty() {
        return Err(Reason::Lacks(lacking));
    }
    let Some(vessel) = &needs.vessel else {
        return Ok(());
    };
    for (dimension, vessel, most) in [
        ("length", vessel.length, unit.max_length),
        ("beam", vessel.beam, unit.max_beam),
        ("draft", vessel.draft, unit.max_draft),
    ] {
        if let Some(most) = most.filter(|most| vessel > *most) {
            return Err(Reason::TooBig {
                dimension,
                vessel,
                most,
            });
        }
    }
    Ok(())
}

pub(crate) fn parse(stored: Option<serde_json::Value>) -> Result<Needs> {
    match stored {
        None => Ok(Needs::default()),
        Some(needs) => serde_json::from_value(needs).map_err(|e| Error::internal(format!("needs: {e}"))),
    }
}

/// Says anew what a stay needs. A unit it has already stays, even if it does not fit any more: a person decides.
pub async fn set(
    tx: &mut TenantTx,
    who: &Principal,
    reservation_id: Uuid,
    needs: Needs,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<(Needs, i32)> {
    let needs = needs.checked()?;
    let mut change = Change::of_reservation(tx, who, reservation_id, expected).await?;
    change.after.reservation_mut(reservation_id)?.needs = needs;
    let said = Said::new("reservation.needs_changed", None).with(json!({ "reservation_id": reservation_id }));
    let booking = change.commit(tx, who, Stock::Guarded, &said, now).await?;
    let stay = booking.reservation(reservation_id)?;
    Ok((stay.needs.clone(), stay.version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::Cleanliness;
    use rust_decimal::dec;

    fn unit(features: &[&str], berth: Option<(Decimal, Decimal, Decimal)>) -> Unit {
        Unit {
            id: Uuid::nil(),
            property_id: Uuid::nil(),
            unit_type_id: Uuid::nil(),
            name: "1".into(),
            floor: None,
            building: None,
            room: None,
            position: 1,
            features: features.iter().map(ToString::to_string).collect(),
            max_length: berth.map(|b| b.0),
            max_beam: berth.map(|b| b.1),
            max_draft: berth.map(|b| b.2),
            cleanliness: Cleanliness::Clean,
            version: 1,
        }
    }

    fn needs(features: &[&str], vessel: Option<(Decimal, Decimal, Decimal)>) -> Needs {
        Needs {
            features: features.iter().map(ToString::to_string).collect(),
            preferences: vec!["twin".into()],
            vessel: vessel.map(|(length, beam, draft)| Vessel { length, beam, draft }),
        }
    }

    #[test]
    fn every_required_feature_is_needed_and_no_wish_is() {
        let room = unit(&["accessible"], None);
        assert_eq!(fits(&room, &needs(&["accessible"], None)), Ok(()));
        assert_eq!(needs(&[], None).unmet_wishes(&room), 1);
        let lacking = fits(&room, &needs(&["accessible", "sea_view"], None));
        assert_eq!(lacking, Err(Reason::Lacks(vec!["sea_view".into()])));
    }

    #[test]
    fn a_vessel_fits_to_the_centimetre_in_every_dimension() {
        let berth = unit(&[], Some((dec!(12), dec!(4.20), dec!(2))));
        let asks = |vessel| fits(&berth, &needs(&[], Some(vessel))).is_ok();
        assert!(asks((dec!(12), dec!(4.2), dec!(2))));
        assert!(!asks((dec!(12.01), dec!(4), dec!(1))));
        assert!(!asks((dec!(10), dec!(4.21), dec!(1))));
        assert!(!asks((dec!(10), dec!(4), dec!(2.01))));
        assert!(fits(&unit(&[], None), &needs(&[], Some((dec!(99), dec!(9), dec!(9))))).is_ok());
    }
}
