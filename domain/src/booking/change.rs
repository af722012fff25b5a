//! One change of a booking: locked, changed in memory, and then stock, rows, dirty marks, event and kick in one go.

use super::cancel::mark_dirty;
use super::edit;
use super::entity::{Booking, BookingStatus, Reservation};
use super::save::save;
use super::sell::spans;
use super::store;
use crate::cards;
use crate::channel::standing;
use crate::db::TenantTx;
use crate::desk::segment::{self, Segment};
use crate::error::{Error, Result};
use crate::event::{self, NewEvent};
use crate::inventory::{self, Delta, Stock};
use crate::money;
use crate::principal::{Permission, Principal};
use crate::property::{self, Property, check_version};
use crate::rates::promo;
use chrono::{DateTime, NaiveDate, Utc};
use iso_currency::Currency;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// An operator's override of a rule, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Force {
    pub reason: String,
}

impl Force {
    /// 403 without the right to override, 422 without a reason.
    pub fn check(force: Option<&Self>, who: &Principal) -> Result<()> {
        if let Some(force) = force {
            who.require(Permission::Override)?;
            property::name(&force.reason, "/reason")?;
        }
        Ok(())
    }

    /// What the log says of it.
    pub fn said(&self) -> Value {
        json!({ "reason": cards::masked(&self.reason) })
    }

    pub fn stock(force: Option<&Self>) -> Stock {
        if force.is_some() {
            Stock::Forced
        } else {
            Stock::Guarded
        }
    }
}

/// A locked booking, as it was read and as it will be.
pub(crate) struct Change {
    pub property: Property,
    pub before: Booking,
    pub after: Booking,
}

/// What the event log says of a change beside what differs.
pub(crate) struct Said<'a> {
    kind: &'static str,
    force: Option<&'a Force>,
    /// An object, its fields added to the event's data.
    more: Value,
}

impl<'a> Said<'a> {
    pub fn new(kind: &'static str, force: Option<&'a Force>) -> Self {
        Self {
            kind,
            force,
            more: Value::Null,
        }
    }

    pub fn with(self, more: Value) -> Self {
        Self { more, ..self }
    }
}

impl Change {
    /// Locks the booking. 404, 412 when `expected` is not its version.
    pub async fn of_booking(
        tx: &mut TenantTx,
        who: &Principal,
        id: Uuid,
        expected: Option<i32>,
    ) -> Result<Self> {
        who.require(Permission::WriteBookings)?;
        store::lock(tx, id).await?;
        let before = store::get(tx, who, id).await?;
        check_version(before.version, expected)?;
        Ok(Self {
            property: property::get(tx, before.property_id).await?,
            after: before.clone(),
            before,
        })
    }

    /// Locks the booking of a reservation. 404, 412 when `expected` is not the reservation's version.
    pub async fn of_reservation(
        tx: &mut TenantTx,
        who: &Principal,
        id: Uuid,
        expected: Option<i32>,
    ) -> Result<Self> {
        let booking_id = store::booking_of(tx, id).await?;
        let change = Self::of_booking(tx, who, booking_id, None).await?;
        check_version(change.before.reservation(id)?.version, expected)?;
        Ok(change)
    }

    pub fn today(&self) -> NaiveDate {
        self.property.business_date
    }

    /// What would be written, versions aside.
    pub fn preview(mut self) -> Booking {
        self.settle();
        self.after
    }

    pub async fn commit(
        mut self,
        tx: &mut TenantTx,
        who: &Principal,
        stock: Stock,
        said: &Said<'_>,
        now: DateTime<Utc>,
    ) -> Result<Booking> {
        self.settle();
        self.after.version += 1;
        self.after.updated_at = now;
        let mut delta = Delta::new();
        self.before
            .reservations
            .iter()
            .for_each(|r| r.add_to(&mut delta, -1));
        self.after
            .reservations
            .iter()
            .for_each(|r| r.add_to(&mut delta, 1));
        promo::follow(tx, &self.before, &self.after, said.force.is_some()).await?;
        inventory::change(tx, &delta, stock).await?;
        save(tx, Some(&self.before), &self.after).await?;
        delta.retain(|_, take| take.all() != 0);
        mark_dirty(tx, &delta).await?;
        standing::follow(tx, &self.before, &self.after, now).await?;
        let event = NewEvent {
            kind: said.kind,
            property_id: Some(self.after.property_id),
            subject_id: self.after.id,
            actor: &who.actor,
            data: self.data(said)?,
            at: now,
        };
        event::append(tx, event).await?;
        crate::jobs::kick(tx).await?;
        Ok(self.after)
    }

    /// Lets units, total, status and versions follow the reservations.
    fn settle(&mut self) {
        segment::follow(&mut self.after, self.property.business_date);
        let due = |b: &Booking| b.reservations.iter().map(Reservation::due).sum::<Decimal>();
        self.after.total += due(&self.after) - due(&self.before);
        self.after.status = BookingStatus::of(&self.after.reservations);
        if self.after.status != BookingStatus::Tentative {
            self.after.hold_expires_at = None;
        }
        for (before, after) in self.before.reservations.iter().zip(&mut self.after.reservations) {
            after.version += i32::from(before != after);
        }
    }

    /// Reference, nights touched (what projections read), and each field that differs, before and after.
    fn data(&self, said: &Said<'_>) -> Result<Value> {
        let currency = money::sold_in(&self.after.currency);
        let mut touched = Vec::new();
        let mut changes = edit::changes(&self.before, &self.after);
        for (before, after) in self.before.reservations.iter().zip(&self.after.reservations) {
            if before != after {
                touched.extend([before.clone(), after.clone()]);
                changes.extend(differences(before, after, currency)?);
            }
        }
        let mut data =
            json!({ "reference": self.after.reference, "nights": spans(&touched), "changes": changes });
        if let (Some(data), Value::Object(more)) = (data.as_object_mut(), &said.more) {
            data.extend(more.clone());
        }
        if let Some(force) = said.force {
            data["forced"] = force.said();
        }
        Ok(data)
    }
}

/// `{reservation_id, field, before, after}` of everything a person would call a change.
fn differences(before: &Reservation, after: &Reservation, currency: Currency) -> Result<Vec<Value>> {
    let (b, a) = (shown(before, currency)?, shown(after, currency)?);
    let fields = b.as_object().into_iter().flatten();
    Ok(fields
        .filter(|(field, value)| a[field.as_str()] != **value)
        .map(|(field, value)| {
            json!({ "reservation_id": after.id, "field": field, "before": value, "after": a[field.as_str()] })
        })
        .collect())
}

fn shown(r: &Reservation, currency: Currency) -> Result<Value> {
    let price = |p| money::round(p, currency);
    let night = |n: &super::entity::Night| json!([n.date, n.unit_type_id, price(n.price)]);
    let unit = |s: &Segment| format!("{} from {} to {}", s.unit_name, s.from, s.to);
    Ok(json!({
        "status": r.status.name(),
        "arrival": r.arrival,
        "departure": r.departure,
        "unit_type_id": r.unit_type_id,
        "rate_plan_id": r.rate_plan_id,
        "adults": r.adults,
        "children_ages": r.children_ages,
        "guest_name": r.guest_name,
        "promo_code": r.promo_code,
        "nights": r.nights.iter().map(night).collect::<Vec<_>>(),
        "units": r.segments.iter().map(unit).collect::<Vec<_>>().join(", "),
        "needs": as_json(&r.needs)?,
        "fee": price(r.fee),
        "total": price(r.total),
        "policy": as_json(&r.policy)?,
    }))
}

fn as_json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|e| Error::internal(e.to_string()))
}
