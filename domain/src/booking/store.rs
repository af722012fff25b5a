//! Reading bookings, and locking them.

use super::entity::{Booking, BookingStatus, ChannelLink, Moment, Night, Parties, Reservation, Status};
use super::line::{self, Line};
use super::personal::Personal;
use crate::channel::revision::Particulars;
use crate::db::TenantTx;
use crate::desk::needs;
use crate::desk::segment::{self, Segment};
use crate::error::{Refusal, Result};
use crate::principal::{Permission, Principal};
use crate::rates::policy::Policy;
use crate::vault::Vault;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

struct BookingRow {
    id: Uuid,
    property_id: Uuid,
    reference: String,
    status: String,
    hold_expires_at: Option<DateTime<Utc>>,
    personal: Option<String>,
    /// Until it is sealed.
    clear: Option<Json<Personal>>,
    currency: String,
    total: Decimal,
    commission: Option<Decimal>,
    source: String,
    connection_id: Option<Uuid>,
    channel_ref: Option<String>,
    channel_revision: Option<String>,
    channel_revised_at: Option<DateTime<Utc>>,
    particulars: Option<Json<Particulars>>,
    company_id: Option<Uuid>,
    agent_id: Option<Uuid>,
    group_id: Option<Uuid>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl BookingRow {
    fn entity(self, vault: &Vault, reservations: Vec<Reservation>) -> Result<Booking> {
        let Personal { booker, notes } =
            Personal::read(vault, self.id, self.personal.as_deref(), self.clear)?;
        let channel = self
            .connection_id
            .zip(self.channel_ref)
            .map(|(connection_id, reference)| ChannelLink {
                connection_id,
                reference,
                revision: self.channel_revision.unwrap_or_default(),
                revised_at: self.channel_revised_at,
                particulars: self.particulars.map(|p| p.0).unwrap_or_default(),
            });
        Ok(Booking {
            id: self.id,
            property_id: self.property_id,
            reference: self.reference,
            status: BookingStatus::parse(&self.status)?,
            hold_expires_at: self.hold_expires_at,
            booker,
            notes,
            currency: self.currency,
            total: self.total,
            commission: self.commission,
            source: self.source,
            channel,
            parties: Parties {
                company_id: self.company_id,
                agent_id: self.agent_id,
                group_id: self.group_id,
            },
            reservations,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

struct ReservationRow {
    id: Uuid,
    booking_id: Uuid,
    property_id: Uuid,
    unit_type_id: Option<Uuid>,
    rate_plan_id: Option<Uuid>,
    status: String,
    arrival: NaiveDate,
    departure: NaiveDate,
    adults: i32,
    children: i32,
    children_ages: Vec<i32>,
    guest_name: Option<String>,
    promo_code: Option<String>,
    policy: Option<Json<Policy>>,
    fee: Decimal,
    total: Decimal,
    channel_room_ref: Option<String>,
    needs: Option<serde_json::Value>,
    checked_in_at: Option<DateTime<Utc>>,
    checked_in_on: Option<NaiveDate>,
    checked_out_at: Option<DateTime<Utc>>,
    checked_out_on: Option<NaiveDate>,
    version: i32,
    nights: Vec<NaiveDate>,
    night_types: Vec<Option<Uuid>>,
    prices: Vec<Decimal>,
}

impl ReservationRow {
    fn entity(self, lines: Vec<Line>, segments: Vec<Segment>) -> Result<Reservation> {
        let r = self;
        let moment = |(at, date)| Moment { at, date };
        let nights = r.nights.into_iter().zip(r.night_types).zip(r.prices);
        let nights = nights.map(|((date, unit_type_id), price)| Night {
            date,
            unit_type_id,
            price,
        });
        Ok(Reservation {
            id: r.id,
            booking_id: r.booking_id,
            property_id: r.property_id,
            unit_type_id: r.unit_type_id,
            rate_plan_id: r.rate_plan_id,
            status: Status::parse(&r.status)?,
            arrival: r.arrival,
            departure: r.departure,
            adults: r.adults,
            children: r.children,
            children_ages: r.children_ages,
            guest_name: r.guest_name,
            nights: nights.collect(),
            lines,
            promo_code: r.promo_code,
            policy: r.policy.map(|p| p.0),
            fee: r.fee,
            total: r.total,
            channel_room_ref: r.channel_room_ref,
            segments,
            needs: needs::parse(r.needs)?,
            checked_in: r.checked_in_at.zip(r.checked_in_on).map(moment),
            checked_out: r.checked_out_at.zip(r.checked_out_on).map(moment),
            version: r.version,
        })
    }
}

/// The booking with all its reservations, cancelled ones included.
pub async fn get(tx: &mut TenantTx, who: &Principal, id: Uuid) -> Result<Booking> {
    who.require(Permission::ReadBookings)?;
    let row = sqlx::query_as!(
        BookingRow,
        r#"select id, property_id, reference, status, hold_expires_at, personal,
                  app.in_clear(b) as "clear: Json<Personal>", currency, total, commission, source, connection_id,
                  channel_ref, channel_revision, channel_revised_at, particulars as "particulars: Json<Particulars>",
                  company_id, agent_id, group_id, version, created_at, updated_at
           from booking b where tenant_id = $1 and id = $2"#,
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(|| Refusal::not_found("booking"))?;
    let sealed: Vec<&str> = row.personal.as_deref().into_iter().collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let reservations = reservations_of(tx, &[id]).await?;
    row.entity(&vault, reservations)
}

/// The same, found by one of its reservations.
pub async fn get_by_reservation(tx: &mut TenantTx, who: &Principal, reservation_id: Uuid) -> Result<Booking> {
    who.require(Permission::ReadBookings)?;
    let id = booking_of(tx, reservation_id).await?;
    get(tx, who, id).await
}

/// Locks the booking, so that two changes of it come one after the other.
pub(crate) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    sqlx::query_scalar!(
        "select id from booking where tenant_id = $1 and id = $2 for update",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(|| Refusal::not_found("booking"))?;
    Ok(())
}

/// Which bookings to list; every filter is optional.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub property_id: Option<Uuid>,
    /// `confirmed` or `cancelled`.
    pub status: Option<String>,
    /// Stays touching this night or a later one.
    pub departing_after: Option<NaiveDate>,
}

/// By id (which is by time of creation), after `after`.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    filter: &Filter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Booking>> {
    who.require(Permission::ReadBookings)?;
    let rows = sqlx::query_as!(
        BookingRow,
        r#"select id, property_id, reference, status, hold_expires_at, personal,
                  app.in_clear(b) as "clear: Json<Personal>", currency, total, commission, source, connection_id,
                  channel_ref, channel_revision, channel_revised_at, particulars as "particulars: Json<Particulars>",
                  company_id, agent_id, group_id, version, created_at, updated_at
         from booking b where tenant_id = $1 and ($2::uuid is null or property_id = $2)
           and ($3::text is null or status = $3) and ($4::uuid is null or id > $4)
           and ($5::date is null or exists (select from reservation r
                where r.tenant_id = $1 and r.booking_id = b.id and r.departure > $5))
         order by id limit $6"#,
        tx.t(),
        filter.property_id,
        filter.status,
        after,
        filter.departing_after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().filter_map(|r| r.personal.as_deref()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
    let mut by_booking: HashMap<Uuid, Vec<Reservation>> = HashMap::new();
    for reservation in reservations_of(tx, &ids).await? {
        by_booking
            .entry(reservation.booking_id)
            .or_default()
            .push(reservation);
    }
    rows.into_iter()
        .map(|r| {
            let all = by_booking.remove(&r.id).unwrap_or_default();
            r.entity(&vault, all)
        })
        .collect()
}

async fn reservations_of(tx: &mut TenantTx, bookings: &[Uuid]) -> Result<Vec<Reservation>> {
    let rows = sqlx::query_as!(
        ReservationRow,
        r#"select r.id, r.booking_id, r.property_id, r.unit_type_id, r.rate_plan_id, r.status, r.arrival, r.departure,
                  r.adults, r.children, r.children_ages, r.guest_name, r.promo_code,
                  r.policy as "policy: Json<Policy>", r.fee, r.total, r.channel_room_ref, r.needs,
                  r.checked_in_at, r.checked_in_on, r.checked_out_at, r.checked_out_on, r.version,
                  coalesce(n.nights, '{}') as "nights!", coalesce(n.types, '{}') as "night_types!: Vec<Option<Uuid>>",
                  coalesce(n.prices, '{}') as "prices!: Vec<Decimal>"
           from reservation r
           left join lateral (
               select array_agg(night order by night) as nights, array_agg(price order by night) as prices,
                      array_agg(unit_type_id order by night) as types
               from reservation_night n where n.tenant_id = $1 and n.reservation_id = r.id) n on true
           where r.tenant_id = $1 and r.booking_id = any($2) order by r.id"#,
        tx.t(),
        bookings
    )
    .fetch_all(&mut **tx)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
    let mut lines = line::of(tx, &ids).await?;
    let mut segments = segment::of(tx, &ids).await?;
    rows.into_iter()
        .map(|r| {
            let lines = lines.remove(&r.id).unwrap_or_default();
            let segments = segments.remove(&r.id).unwrap_or_default();
            r.entity(lines, segments)
        })
        .collect()
}

/// The booking a reservation belongs to.
pub async fn booking_of(tx: &mut TenantTx, reservation_id: Uuid) -> Result<Uuid> {
    let found = sqlx::query_scalar!(
        "select booking_id from reservation where tenant_id = $1 and id = $2",
        tx.t(),
        reservation_id
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.ok_or_else(|| Refusal::not_found("reservation"))?)
}

/// The property a booking is in; 404 for another tenant's.
pub async fn property_of(tx: &mut TenantTx, id: Uuid) -> Result<Uuid> {
    let found = sqlx::query_scalar!(
        "select property_id from booking where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.ok_or_else(|| Refusal::not_found("booking"))?)
}

/// What a channel already told us about one of its bookings.
pub(super) struct Known {
    pub id: Uuid,
    pub revision: Option<String>,
    pub revised_at: Option<DateTime<Utc>>,
}

/// Finds and locks the booking a channel knows by `reference`.
pub(super) async fn lock_by_channel(
    tx: &mut TenantTx,
    connection_id: Uuid,
    reference: &str,
) -> Result<Option<Known>> {
    Ok(sqlx::query_as!(
        Known,
        "select id, channel_revision as revision, channel_revised_at as revised_at from booking
         where tenant_id = $1 and connection_id = $2 and channel_ref = $3 for update",
        tx.t(),
        connection_id,
        reference
    )
    .fetch_optional(&mut **tx)
    .await?)
}
