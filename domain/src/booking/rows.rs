//! Reservations as the sets of rows that a statement writes at once.

use super::entity::Reservation;
use super::line::Line;
use crate::desk::needs::Needs;
use crate::error::{Error, Result};
use crate::rates::policy::Policy;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

#[derive(Serialize)]
struct ReservationRow<'a> {
    id: Uuid,
    unit_type_id: Option<Uuid>,
    rate_plan_id: Option<Uuid>,
    status: &'a str,
    arrival: NaiveDate,
    departure: NaiveDate,
    adults: i32,
    children: i32,
    children_ages: &'a [i32],
    guest_name: Option<&'a str>,
    promo_code: Option<&'a str>,
    policy: Option<&'a Policy>,
    fee: Decimal,
    total: Decimal,
    channel_room_ref: Option<&'a str>,
    needs: &'a Needs,
    checked_in_at: Option<DateTime<Utc>>,
    checked_in_on: Option<NaiveDate>,
    checked_out_at: Option<DateTime<Utc>>,
    checked_out_on: Option<NaiveDate>,
    version: i32,
}

pub(super) fn reservations<'a>(all: impl IntoIterator<Item = &'a Reservation>) -> Result<Value> {
    fn row(r: &Reservation) -> ReservationRow<'_> {
        ReservationRow {
            id: r.id,
            unit_type_id: r.unit_type_id,
            rate_plan_id: r.rate_plan_id,
            status: r.status.name(),
            arrival: r.arrival,
            departure: r.departure,
            adults: r.adults,
            children: r.children,
            children_ages: &r.children_ages,
            guest_name: r.guest_name.as_deref(),
            promo_code: r.promo_code.as_deref(),
            policy: r.policy.as_ref(),
            fee: r.fee,
            total: r.total,
            channel_room_ref: r.channel_room_ref.as_deref(),
            needs: &r.needs,
            checked_in_at: r.checked_in.map(|m| m.at),
            checked_in_on: r.checked_in.map(|m| m.date),
            checked_out_at: r.checked_out.map(|m| m.at),
            checked_out_on: r.checked_out.map(|m| m.date),
            version: r.version,
        }
    }
    json(all.into_iter().map(row))
}

/// Nights as parallel columns, as `unnest` takes them.
#[derive(Default)]
pub(super) struct Nights {
    pub reservations: Vec<Uuid>,
    pub dates: Vec<NaiveDate>,
    pub unit_types: Vec<Option<Uuid>>,
    pub prices: Vec<Decimal>,
}

pub(super) fn nights<'a>(all: impl IntoIterator<Item = &'a Reservation>) -> Nights {
    let mut nights = Nights::default();
    for reservation in all {
        for night in &reservation.nights {
            nights.reservations.push(reservation.id);
            nights.dates.push(night.date);
            nights.unit_types.push(night.unit_type_id);
            nights.prices.push(night.price);
        }
    }
    nights
}

#[derive(Serialize)]
struct LineRow<'a> {
    id: Uuid,
    line: usize,
    kind: &'a str,
    source: &'a str,
    code: &'a str,
    name: &'a str,
    night: Option<NaiveDate>,
    quantity: i32,
    amount: Decimal,
    included: bool,
}

pub(super) fn lines<'a>(all: impl IntoIterator<Item = &'a Reservation>) -> Result<Value> {
    fn row(id: Uuid, line: usize, l: &Line) -> LineRow<'_> {
        LineRow {
            id,
            line,
            kind: l.kind.name(),
            source: l.source.name(),
            code: &l.code,
            name: &l.name,
            night: l.night,
            quantity: l.quantity,
            amount: l.amount,
            included: l.included,
        }
    }
    json(
        all.into_iter()
            .flat_map(|r| r.lines.iter().enumerate().map(move |(i, l)| row(r.id, i, l))),
    )
}

fn json<T: Serialize>(rows: impl Iterator<Item = T>) -> Result<Value> {
    let rows: Result<Vec<Value>, _> = rows.map(serde_json::to_value).collect();
    rows.map(Value::Array).map_err(|e| Error::internal(e.to_string()))
}
