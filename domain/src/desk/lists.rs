//! Who arrives, leaves, is here or stays on.

use super::needs::{self, Needs};
use crate::booking::entity::Status;
use crate::booking::personal;
use crate::db::TenantTx;
use crate::error::Result;
use crate::principal::{Permission, Principal};
use crate::property;
use crate::property::unit::Cleanliness;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Expected, or come, on the day.
    Arrivals,
    /// Due to leave, or gone, on the day.
    Departures,
    /// Here now and still on the day; who overstays is here.
    InHouse,
    /// Here now, came before the day and stays beyond it.
    StayOvers,
}

impl List {
    fn name(self) -> &'static str {
        match self {
            Self::Arrivals => "arrivals",
            Self::Departures => "departures",
            Self::InHouse => "in_house",
            Self::StayOvers => "stay_overs",
        }
    }
}

/// A stay as the desk sees it. No money: what is owed stands in the folio.
#[derive(Debug, Clone)]
pub struct Line {
    pub reservation_id: Uuid,
    pub booking_id: Uuid,
    pub reference: String,
    pub status: Status,
    /// The stay's guest, or else the booker.
    pub guest_name: String,
    pub adults: i32,
    pub children: i32,
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
    pub unit_type_id: Option<Uuid>,
    pub unit: Option<AtUnit>,
    pub needs: Needs,
    pub checked_in_at: Option<DateTime<Utc>>,
    pub checked_out_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
pub struct AtUnit {
    pub id: Uuid,
    pub name: String,
    pub cleanliness: Cleanliness,
}

struct Row {
    reservation_id: Uuid,
    booking_id: Uuid,
    reference: String,
    status: String,
    guest_name: Option<String>,
    personal: Option<String>,
    adults: i32,
    children: i32,
    arrival: NaiveDate,
    departure: NaiveDate,
    unit_type_id: Option<Uuid>,
    unit_id: Option<Uuid>,
    unit_name: Option<String>,
    cleanliness: Option<String>,
    needs: Option<serde_json::Value>,
    checked_in_at: Option<DateTime<Utc>>,
    checked_out_at: Option<DateTime<Utc>>,
}

impl Row {
    fn line(self, guest_name: String) -> Result<Line> {
        let unit = match (self.unit_id, self.unit_name, self.cleanliness) {
            (Some(id), Some(name), Some(cleanliness)) => Some(AtUnit {
                id,
                name,
                cleanliness: Cleanliness::parse(&cleanliness)?,
            }),
            _ => None,
        };
        Ok(Line {
            reservation_id: self.reservation_id,
            booking_id: self.booking_id,
            reference: self.reference,
            status: Status::parse(&self.status)?,
            guest_name,
            adults: self.adults,
            children: self.children,
            arrival: self.arrival,
            departure: self.departure,
            unit_type_id: self.unit_type_id,
            unit,
            needs: needs::parse(self.needs)?,
            checked_in_at: self.checked_in_at,
            checked_out_at: self.checked_out_at,
        })
    }
}

/// By reservation id, after `after`. `date` = the business date if absent. The unit is the one of that night; of the
/// night before for who departs.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    list: List,
    property_id: Uuid,
    date: Option<NaiveDate>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Line>> {
    who.require(Permission::ReadBookings)?;
    let today = property::get(tx, property_id).await?.business_date;
    let rows = sqlx::query_as!(
        Row,
        r#"select r.id as reservation_id, b.id as booking_id, b.reference, r.status,
                  coalesce(r.guest_name, b.booker_name) as guest_name,
                  case when r.guest_name is null then b.personal end as personal, r.adults, r.children, r.arrival,
                  r.departure, r.unit_type_id, u.id as "unit_id?", u.name as "unit_name?", u.cleanliness as "cleanliness?", r.needs,
                  r.checked_in_at, r.checked_out_at
           from reservation r
           join booking b on b.tenant_id = $1 and b.id = r.booking_id
           left join lateral (
               select s.unit_id from stay_segment s where s.tenant_id = $1 and s.reservation_id = r.id
                 and s.from_night <= $4 order by s.from_night desc limit 1) s on true
           left join unit u on u.tenant_id = $1 and u.id = s.unit_id
           where r.tenant_id = $1 and r.property_id = $2 and ($6::uuid is null or r.id > $6)
             and case $3
                 when 'arrivals' then r.arrival = $4 and r.status in ('confirmed', 'in_house', 'departed')
                 when 'departures' then r.departure = $4 and r.status in ('confirmed', 'in_house', 'departed')
                 when 'in_house' then r.status = 'in_house' and r.arrival <= $4 and greatest(r.departure, $5) >= $4
                 else r.status = 'in_house' and r.arrival < $4 and r.departure > $4 end
           order by r.id limit $7"#,
        tx.t(),
        property_id,
        list.name(),
        date.unwrap_or(today),
        today,
        after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let named = rows
        .iter()
        .map(|r| (r.guest_name.as_deref(), Some(r.booking_id), r.personal.as_deref()));
    let names = personal::names(tx, named).await?;
    let lines = rows.into_iter().zip(names).map(|(row, name)| row.line(name));
    lines.collect()
}
