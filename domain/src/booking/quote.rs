//! Quotes: rooms priced and kept for a while, to be booked at that price once. A quote takes no stock.

use super::entity::Night;
use super::line::Line;
use super::price::Priced;
use super::reserve::{self, NewRoom};
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, NewEvent};
use crate::ids::new_id;
use crate::principal::{Permission, Principal};
use crate::rates::policy::Policy;
use crate::rates::stay::Stay;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// How long a quote may hold.
pub const LONGEST: i32 = 1440;
/// Quotes that ended so long ago are thrown away.
const KEPT_DAYS: i64 = 30;

pub struct NewQuote {
    pub property_id: Uuid,
    pub rooms: Vec<NewRoom>,
    pub promo_code: Option<String>,
    pub valid_minutes: i32,
}

#[derive(Debug, Clone)]
pub struct Quote {
    pub id: Uuid,
    pub property_id: Uuid,
    pub currency: String,
    pub total: Decimal,
    pub promo_code: Option<String>,
    pub rooms: Vec<QuotedRoom>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// The booking made of it.
    pub booking_id: Option<Uuid>,
}

/// A room as it was priced.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct QuotedRoom {
    pub unit_type_id: Uuid,
    pub rate_plan_id: Uuid,
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
    pub adults: i32,
    pub children_ages: Vec<i32>,
    pub guest_name: Option<String>,
    pub nights: Vec<Night>,
    pub lines: Vec<Line>,
    pub policy: Option<Policy>,
    pub total: Decimal,
}

impl QuotedRoom {
    fn new(room: NewRoom, priced: Priced) -> Self {
        Self {
            unit_type_id: room.unit_type_id,
            rate_plan_id: room.rate_plan_id,
            arrival: room.stay.arrival(),
            departure: room.stay.departure(),
            adults: room.adults,
            children_ages: room.children_ages,
            guest_name: room.guest_name,
            nights: priced.nights,
            lines: priced.lines,
            policy: priced.policy,
            total: priced.total,
        }
    }

    fn sold(self, currency: &str) -> Result<(NewRoom, Priced)> {
        let room = NewRoom {
            unit_type_id: self.unit_type_id,
            rate_plan_id: self.rate_plan_id,
            stay: Stay::new(self.arrival, self.departure)?,
            adults: self.adults,
            children_ages: self.children_ages,
            guest_name: self.guest_name,
            // They are lines by now.
            extras: Vec::new(),
        };
        let priced = Priced {
            currency: currency.to_owned(),
            nights: self.nights,
            lines: self.lines,
            policy: self.policy,
            total: self.total,
        };
        Ok((room, priced))
    }
}

/// Prices the rooms as a booking would be, and keeps the answer.
///
/// # Errors
/// Those of [`reserve::reserve`] but for stock; 422 for a time out of range.
pub async fn create(tx: &mut TenantTx, who: &Principal, new: NewQuote, now: DateTime<Utc>) -> Result<Quote> {
    who.require(Permission::WriteBookings)?;
    if !(1..=LONGEST).contains(&new.valid_minutes) {
        let detail = format!("1 to {LONGEST} minutes");
        return Err(Refusal::invalid("out_of_range", detail)
            .at("/valid_minutes")
            .into());
    }
    let rooms =
        reserve::price_rooms(tx, new.property_id, new.rooms, new.promo_code.as_deref(), false).await?;
    let quote = Quote {
        id: new_id(),
        property_id: new.property_id,
        currency: rooms.first().map(|(_, p)| p.currency.clone()).unwrap_or_default(),
        total: rooms.iter().map(|(_, p)| p.total).sum(),
        promo_code: new.promo_code.as_deref().map(crate::rates::promo::normal),
        rooms: rooms
            .into_iter()
            .map(|(room, priced)| QuotedRoom::new(room, priced))
            .collect(),
        created_at: now,
        expires_at: now + Duration::minutes(new.valid_minutes.into()),
        booking_id: None,
    };
    sqlx::query!(
        "delete from quote where tenant_id = $1 and expires_at < $2",
        tx.t(),
        now - Duration::days(KEPT_DAYS)
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into quote (tenant_id, id, property_id, currency, total, promo_code, body, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tx.t(),
        quote.id,
        quote.property_id,
        quote.currency,
        quote.total,
        quote.promo_code,
        serde_json::to_value(&quote.rooms).map_err(|e| Error::internal(e.to_string()))?,
        quote.created_at,
        quote.expires_at
    )
    .execute(&mut **tx)
    .await?;
    let event = NewEvent {
        kind: "quote.created",
        property_id: Some(quote.property_id),
        subject_id: quote.id,
        actor: &who.actor,
        data: json!({}),
        at: now,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await?;
    Ok(quote)
}

struct Row {
    id: Uuid,
    property_id: Uuid,
    currency: String,
    total: Decimal,
    promo_code: Option<String>,
    body: serde_json::Value,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    booking_id: Option<Uuid>,
}

impl TryFrom<Row> for Quote {
    type Error = Error;
    fn try_from(r: Row) -> Result<Self> {
        Ok(Self {
            id: r.id,
            property_id: r.property_id,
            currency: r.currency,
            total: r.total,
            promo_code: r.promo_code,
            rooms: serde_json::from_value(r.body)
                .map_err(|e| Error::internal(format!("quote {}: {e}", r.id)))?,
            created_at: r.created_at,
            expires_at: r.expires_at,
            booking_id: r.booking_id,
        })
    }
}

/// The quote, or the same 404 for another tenant's.
pub async fn get(tx: &mut TenantTx, who: &Principal, id: Uuid) -> Result<Quote> {
    who.require(Permission::ReadBookings)?;
    let row = sqlx::query_as!(
        Row,
        "select id, property_id, currency, total, promo_code, body, created_at, expires_at, booking_id
         from quote where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.ok_or_else(|| Refusal::not_found("quote"))?.try_into()
}

/// Marks the quote as booked, under its lock, and gives its rooms back as priced.
pub(super) async fn take(
    tx: &mut TenantTx,
    (property_id, id): (Uuid, Uuid),
    booking_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(Vec<(NewRoom, Priced)>, Option<String>)> {
    let row = sqlx::query_as!(
        Row,
        "select id, property_id, currency, total, promo_code, body, created_at, expires_at, booking_id
         from quote where tenant_id = $1 and id = $2 and property_id = $3 for update",
        tx.t(),
        id,
        property_id
    )
    .fetch_optional(&mut **tx)
    .await?;
    let quote: Quote = row
        .ok_or_else(|| Refusal::not_found("quote").at("/quote_id"))?
        .try_into()?;
    if quote.booking_id.is_some() {
        return Err(
            Refusal::conflict("quote_used", "the quote has been booked already")
                .at("/quote_id")
                .into(),
        );
    }
    if quote.expires_at <= now {
        let detail = format!("the quote held until {}", quote.expires_at.to_rfc3339());
        return Err(Refusal::conflict("quote_expired", detail).at("/quote_id").into());
    }
    sqlx::query!(
        "update quote set booking_id = $3 where tenant_id = $1 and id = $2",
        tx.t(),
        id,
        booking_id
    )
    .execute(&mut **tx)
    .await?;
    let currency = quote.currency;
    let rooms = quote
        .rooms
        .into_iter()
        .map(|r| r.sold(&currency))
        .collect::<Result<_>>()?;
    Ok((rooms, quote.promo_code))
}
