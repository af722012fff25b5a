//! What a channel would be told if it knew nothing: for one that asks instead of being told.

use super::connection::Connection;
use super::diff::{self, Cell};
use super::dirty::Kind;
use super::mapping::Mapping;
use super::truth::{self, Mark};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::ports::channel::{AvailabilityRange, RateRange};
use crate::property;
use chrono::{Days, NaiveDate};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Nights that can be asked for at once.
pub const MOST_NIGHTS: u64 = 92;

/// What is true of everything mapped; nights outside the time that is sold are missing.
pub struct Current {
    /// The channel's id of the property, or ours.
    pub property: String,
    /// Of all prices.
    pub currency: String,
    pub from: NaiveDate,
    /// Included.
    pub last: NaiveDate,
    pub availability: Vec<AvailabilityRange>,
    pub rates: Vec<RateRange>,
}

/// From the business date, and as far as may be asked, unless said otherwise.
pub async fn read(
    tx: &mut TenantTx,
    connection: &Connection,
    from: Option<NaiveDate>,
    last: Option<NaiveDate>,
) -> Result<Current> {
    if !connection.is_active() {
        let detail = "this connection is paused: nothing is told until it goes on";
        return Err(Refusal::conflict("connection_not_active", detail).into());
    }
    let property = property::get(tx, connection.property_id).await?;
    let from = from.unwrap_or(property.business_date);
    let (last, end) = span(from, last)?;
    let mapping = Mapping::read(tx, connection.id).await?;
    let unit_types = mapping.rooms.keys().chain(mapping.rates.keys().map(|(id, _)| id));
    let unit_types: BTreeSet<Uuid> = unit_types.copied().collect();
    let mark = |unit_type_id| Mark {
        id: 0,
        unit_type_id,
        from,
        to: end,
    };
    let marks: Vec<Mark> = unit_types.into_iter().map(mark).collect();
    let availability = truth::cells(tx, connection, Kind::Availability, &marks).await?;
    let rates = truth::cells(tx, connection, Kind::Rates, &marks).await?;
    let ours = || property.id.to_string();
    Ok(Current {
        property: connection.external_property.clone().unwrap_or_else(ours),
        currency: property.currency.clone(),
        from,
        last,
        availability: unknown(availability)
            .iter()
            .filter_map(diff::Range::availability)
            .collect(),
        rates: unknown(rates).iter().filter_map(diff::Range::rate).collect(),
    })
}

/// The last night, and the one after it.
fn span(from: NaiveDate, last: Option<NaiveDate>) -> Result<(NaiveDate, NaiveDate), Refusal> {
    let wrong = || {
        let detail = format!("`to` is from `from` on, and at most {MOST_NIGHTS} nights are told at once");
        Refusal::invalid("invalid_range", detail)
    };
    let most = from.checked_add_days(Days::new(MOST_NIGHTS)).ok_or_else(wrong)?;
    let end = match last {
        Some(last) => last.succ_opt().ok_or_else(wrong)?,
        None => most,
    };
    if end <= from || end > most {
        return Err(wrong());
    }
    Ok((end.pred_opt().unwrap_or(from), end))
}

/// As if the channel had accepted nothing yet.
fn unknown(mut cells: Vec<Cell>) -> Vec<diff::Range> {
    for cell in &mut cells {
        cell.accepted = None;
    }
    diff::ranges(cells).ranges
}
