//! Segments: who has which unit in which nights. Two in one unit in one night are refused by the table itself.

use crate::booking::entity::{Booking, Reservation, Status};
use crate::db::TenantTx;
use crate::error::Result;
use crate::ids::new_id;
use chrono::{Days, NaiveDate};
use std::collections::HashMap;
use uuid::Uuid;

/// Nights `[from, to)` of a stay in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    pub unit_id: Uuid,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The automatic assignment leaves it where it is.
    pub locked: bool,
}

impl Segment {
    pub fn covers(&self, night: NaiveDate) -> bool {
        self.from <= night && night < self.to
    }
    pub fn overlaps(&self, from: NaiveDate, to: NaiveDate) -> bool {
        self.from < to && from < self.to
    }
}

/// What is left of the segments outside `[from, to)`.
pub(super) fn carve(segments: &[Segment], from: NaiveDate, to: NaiveDate) -> Vec<Segment> {
    let parts = segments.iter().flat_map(|s| {
        let before = Segment {
            to: s.to.min(from),
            ..*s
        };
        let after = Segment {
            from: s.from.max(to),
            ..*s
        };
        [before, after]
    });
    parts.filter(|s| s.from < s.to).collect()
}

/// In order, with neighbours in the same unit made one.
pub(super) fn joined(mut segments: Vec<Segment>) -> Vec<Segment> {
    segments.sort_by_key(|s| s.from);
    let mut out: Vec<Segment> = Vec::new();
    for s in segments {
        match out.last_mut() {
            Some(last) if last.unit_id == s.unit_id && last.to == s.from && last.locked == s.locked => {
                last.to = s.to
            }
            _ => out.push(s),
        }
    }
    out
}

/// Where a guest is: the last unit that began by today.
pub(super) fn current(segments: &[Segment], today: NaiveDate) -> Option<&Segment> {
    segments.iter().rev().find(|s| s.from <= today)
}

/// Nights of the stay, as spans, that no segment covers.
pub(super) fn missing(reservation: &Reservation, segments: &[Segment]) -> Vec<(NaiveDate, NaiveDate)> {
    let bare = |d: &NaiveDate| !segments.iter().any(|s| s.covers(*d));
    runs(reservation.nights.iter().map(|n| n.date).filter(bare))
}

/// Consecutive nights as half-open spans.
pub(super) fn runs(nights: impl Iterator<Item = NaiveDate>) -> Vec<(NaiveDate, NaiveDate)> {
    let mut out: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for night in nights {
        let next = night + Days::new(1);
        match out.last_mut() {
            Some(last) if last.1 == night => last.1 = next,
            _ => out.push((night, next)),
        }
    }
    out
}

struct Row {
    reservation_id: Option<Uuid>,
    unit_id: Uuid,
    unit_type_id: Uuid,
    from_night: NaiveDate,
    to_night: NaiveDate,
    locked: bool,
    /// The first night that a guest who is in house has not slept here.
    slept_until: NaiveDate,
}

/// Segments of reservations, each with its unit's type.
async fn rows(tx: &mut TenantTx, reservations: &[Uuid]) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select s.reservation_id, s.unit_id, u.unit_type_id, s.from_night, s.to_night, s.locked,
                greatest(p.business_date, r.checked_in_on + 1) as "slept_until!"
         from stay_segment s
         join unit u on u.tenant_id = $1 and u.id = s.unit_id
         join reservation r on r.tenant_id = $1 and r.id = s.reservation_id
         join property p on p.tenant_id = $1 and p.id = s.property_id
         where s.tenant_id = $1 and s.reservation_id = any($2) order by s.from_night"#,
        tx.t(),
        reservations
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub async fn of(tx: &mut TenantTx, reservation_id: Uuid) -> Result<Vec<Segment>> {
    let rows = rows(tx, &[reservation_id]).await?;
    Ok(rows.into_iter().map(|r| r.segment()).collect())
}

impl Row {
    fn segment(&self) -> Segment {
        Segment {
            unit_id: self.unit_id,
            from: self.from_night,
            to: self.to_night,
            locked: self.locked,
        }
    }
}

/// Puts these in place of whatever the stay had.
pub(super) async fn replace(
    tx: &mut TenantTx,
    property_id: Uuid,
    reservation_id: Uuid,
    segments: &[Segment],
) -> Result<()> {
    sqlx::query!(
        "delete from stay_segment where tenant_id = $1 and reservation_id = $2",
        tx.t(),
        reservation_id
    )
    .execute(&mut **tx)
    .await?;
    let owners = vec![reservation_id; segments.len()];
    insert(tx, property_id, &owners, segments).await
}

/// Adds segments; `reservations` says whose each one is.
pub(super) async fn insert(
    tx: &mut TenantTx,
    property_id: Uuid,
    reservations: &[Uuid],
    segments: &[Segment],
) -> Result<()> {
    let ids: Vec<Uuid> = segments.iter().map(|_| new_id()).collect();
    let units: Vec<Uuid> = segments.iter().map(|s| s.unit_id).collect();
    let from: Vec<NaiveDate> = segments.iter().map(|s| s.from).collect();
    let to: Vec<NaiveDate> = segments.iter().map(|s| s.to).collect();
    let locked: Vec<bool> = segments.iter().map(|s| s.locked).collect();
    sqlx::query!(
        "insert into stay_segment (tenant_id, id, property_id, unit_id, from_night, to_night, reservation_id, locked)
         select $1, s.id, $2, s.unit_id, s.from_night, s.to_night, s.reservation_id, s.locked
         from unnest($3::uuid[], $4::uuid[], $5::date[], $6::date[], $7::uuid[], $8::bool[])
              as s (id, unit_id, from_night, to_night, reservation_id, locked)",
        tx.t(),
        property_id,
        &ids,
        &units,
        &from,
        &to,
        reservations,
        &locked
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// After a booking was saved, its units follow: a stay that is no longer expected leaves its units, and nights that
/// are gone or take another unit type now lose theirs. Added nights stay without a unit: nobody is moved silently. A
/// guest who is here, or was, keeps the unit for all nights before the departure, and for those slept already: a
/// channel may say that the stay was over before it began, and the guest is in the unit all the same.
pub(crate) async fn follow(tx: &mut TenantTx, booking: &Booking) -> Result<()> {
    let ids: Vec<Uuid> = booking.reservations.iter().map(|r| r.id).collect();
    let mut by_stay: HashMap<Uuid, Vec<Row>> = HashMap::new();
    for row in rows(tx, &ids).await? {
        if let Some(id) = row.reservation_id {
            by_stay.entry(id).or_default().push(row);
        }
    }
    for reservation in &booking.reservations {
        let Some(rows) = by_stay.remove(&reservation.id) else {
            continue;
        };
        let before: Vec<Segment> = rows.iter().map(Row::segment).collect();
        let after: Vec<Segment> = rows.iter().flat_map(|r| kept(reservation, r)).collect();
        if after != before {
            replace(tx, booking.property_id, reservation.id, &after).await?;
        }
    }
    Ok(())
}

/// The part of a segment that still holds.
fn kept(reservation: &Reservation, row: &Row) -> Vec<Segment> {
    let segment = row.segment();
    match reservation.status {
        Status::Cancelled | Status::NoShow => Vec::new(),
        Status::InHouse | Status::Departed => {
            let to = segment.to.min(reservation.departure.max(row.slept_until));
            if segment.from < to {
                vec![Segment { to, ..segment }]
            } else {
                Vec::new()
            }
        }
        Status::Tentative | Status::Confirmed => {
            let right = reservation
                .nights
                .iter()
                .filter(|n| segment.covers(n.date) && n.unit_type_id == Some(row.unit_type_id));
            let part = |(from, to)| Segment { from, to, ..segment };
            runs(right.map(|n| n.date)).into_iter().map(part).collect()
        }
    }
}

/// Somebody, or something, in a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupant {
    pub unit_id: Uuid,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// `None` = maintenance.
    pub reservation_id: Option<Uuid>,
    /// Who, in words for a colleague: `K7PM2XQA (Ada Lovelace)`, or what is being repaired.
    pub who: String,
}

impl Occupant {
    pub fn detail(&self) -> String {
        format!("{} from {} to {}", self.who, self.from, self.to)
    }
}

/// Who has these units on any of the nights, except one stay.
pub(super) async fn occupants(
    tx: &mut TenantTx,
    units: &[Uuid],
    (from, to): (NaiveDate, NaiveDate),
    except: Option<Uuid>,
) -> Result<Vec<Occupant>> {
    Ok(sqlx::query_as!(
        Occupant,
        r#"select s.unit_id, s.from_night as "from", s.to_night as "to", s.reservation_id,
                  case when s.maintenance_id is null
                       then format('%s (%s)', b.reference, coalesce(r.guest_name, b.booker_name))
                       else format('maintenance (%s)', m.reason) end as "who!"
           from stay_segment s
           left join reservation r on r.tenant_id = $1 and r.id = s.reservation_id
           left join booking b on b.tenant_id = $1 and b.id = r.booking_id
           left join maintenance m on m.tenant_id = $1 and m.id = s.maintenance_id
           where s.tenant_id = $1 and s.unit_id = any($2) and s.from_night < $4 and s.to_night > $3
             and s.reservation_id is distinct from $5
           order by s.unit_id, s.from_night"#,
        tx.t(),
        units,
        from,
        to,
        except
    )
    .fetch_all(&mut **tx)
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::default() + Days::new(n)
    }

    fn segment(unit: u128, from: u64, to: u64) -> Segment {
        Segment {
            unit_id: Uuid::from_u128(unit),
            from: day(from),
            to: day(to),
            locked: false,
        }
    }

    #[test]
    fn carving_leaves_what_lies_outside() {
        let whole = [segment(1, 0, 10)];
        assert_eq!(
            carve(&whole, day(3), day(5)),
            [segment(1, 0, 3), segment(1, 5, 10)]
        );
        assert_eq!(carve(&whole, day(0), day(10)), []);
        assert_eq!(carve(&whole, day(10), day(12)), whole);
        assert_eq!(carve(&whole, day(8), day(12)), [segment(1, 0, 8)]);
    }

    #[test]
    fn neighbours_in_one_unit_become_one() {
        let split = vec![segment(1, 5, 7), segment(1, 0, 5), segment(2, 7, 9)];
        assert_eq!(joined(split), [segment(1, 0, 7), segment(2, 7, 9)]);
    }
}
