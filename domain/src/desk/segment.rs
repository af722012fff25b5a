//! Segments: who has which unit in which nights. Two in one unit in one night are refused by the table itself.

use crate::booking::entity::{Booking, Reservation, Status};
use crate::booking::personal;
use crate::channel::calendar;
use crate::db::TenantTx;
use crate::error::Result;
use crate::ids::new_id;
use crate::property::Unit;
use chrono::{Days, NaiveDate};
use std::collections::HashMap;
use uuid::Uuid;

/// Nights `[from, to)` of a stay in one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub unit_id: Uuid,
    pub unit_name: String,
    pub unit_type_id: Uuid,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The automatic assignment leaves it where it is.
    pub locked: bool,
}

impl Segment {
    pub fn new(unit: &Unit, (from, to): (NaiveDate, NaiveDate), locked: bool) -> Self {
        Self {
            unit_id: unit.id,
            unit_name: unit.name.clone(),
            unit_type_id: unit.unit_type_id,
            from,
            to,
            locked,
        }
    }

    pub fn covers(&self, night: NaiveDate) -> bool {
        self.from <= night && night < self.to
    }
    pub fn overlaps(&self, from: NaiveDate, to: NaiveDate) -> bool {
        self.from < to && from < self.to
    }
}

/// What is left of the segments outside `[from, to)`.
pub(super) fn carve(segments: &[Segment], (from, to): (NaiveDate, NaiveDate)) -> Vec<Segment> {
    let parts = segments.iter().flat_map(|s| {
        let before = Segment {
            to: s.to.min(from),
            ..s.clone()
        };
        let after = Segment {
            from: s.from.max(to),
            ..s.clone()
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
pub(super) fn missing(stay: &Reservation) -> Vec<(NaiveDate, NaiveDate)> {
    let bare = |d: &NaiveDate| !stay.segments.iter().any(|s| s.covers(*d));
    runs(stay.nights.iter().map(|n| n.date).filter(bare))
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

/// The segments of each of these reservations, in order.
pub(crate) async fn of(tx: &mut TenantTx, reservations: &[Uuid]) -> Result<HashMap<Uuid, Vec<Segment>>> {
    let rows = sqlx::query!(
        r#"select s.reservation_id as "reservation_id!", s.unit_id, u.name as unit_name, u.unit_type_id, s.from_night,
                  s.to_night, s.locked
           from stay_segment s
           join unit u on u.tenant_id = $1 and u.id = s.unit_id
           where s.tenant_id = $1 and s.reservation_id = any($2) order by s.from_night"#,
        tx.t(),
        reservations
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut out: HashMap<Uuid, Vec<Segment>> = HashMap::new();
    for row in rows {
        out.entry(row.reservation_id).or_default().push(Segment {
            unit_id: row.unit_id,
            unit_name: row.unit_name,
            unit_type_id: row.unit_type_id,
            from: row.from_night,
            to: row.to_night,
            locked: row.locked,
        });
    }
    Ok(out)
}

/// Puts these in place of whatever the stay had.
pub(crate) async fn replace(
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

/// When a booking changes, its units follow: a stay that is no longer expected leaves its units, and nights that are
/// gone or take another unit type now lose theirs. Added nights stay without a unit: nobody is moved silently. A guest
/// who is here, or was, keeps the unit for all nights before the departure, and for those slept by the business date
/// `today`: a channel may say that the stay was over before it began, and the guest is in the unit all the same.
pub(crate) fn follow(booking: &mut Booking, today: NaiveDate) {
    for stay in &mut booking.reservations {
        let had = std::mem::take(&mut stay.segments);
        stay.segments = had.iter().flat_map(|s| kept(stay, s, today)).collect();
    }
}

/// The part of a segment that still holds.
fn kept(stay: &Reservation, segment: &Segment, today: NaiveDate) -> Vec<Segment> {
    let part = |(from, to)| Segment {
        from,
        to,
        ..segment.clone()
    };
    match stay.status {
        Status::Cancelled | Status::NoShow => Vec::new(),
        Status::InHouse | Status::Departed => {
            let slept = stay.checked_in.map(|m| m.date + Days::new(1));
            let to = segment
                .to
                .min(stay.departure.max(today).max(slept.unwrap_or(today)));
            let left = (segment.from < to).then(|| part((segment.from, to)));
            left.into_iter().collect()
        }
        Status::Tentative | Status::Confirmed => {
            let nights = stay.nights.iter();
            let right =
                nights.filter(|n| segment.covers(n.date) && n.unit_type_id == Some(segment.unit_type_id));
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
    /// `None` = maintenance, or a channel's calendar.
    pub reservation_id: Option<Uuid>,
    /// Who, in words for a colleague: `K7PM2XQA (Ada Lovelace)`, or what is being repaired.
    pub who: String,
}

impl Occupant {
    pub fn detail(&self) -> String {
        format!("{} from {} to {}", self.who, self.from, self.to)
    }
}

/// Who has these units on any of the nights, except one stay; other channels' calendars too.
pub(super) async fn taken(
    tx: &mut TenantTx,
    units: &[Uuid],
    span: (NaiveDate, NaiveDate),
    except: Option<Uuid>,
) -> Result<Vec<Occupant>> {
    let mut all = occupants(tx, units, span, except).await?;
    let held = calendar::desk::of_units(tx, units, span).await?;
    all.extend(held.into_iter().map(|h| Occupant {
        unit_id: h.unit_id,
        from: h.dates.from(),
        to: h.dates.to(),
        reservation_id: None,
        who: format!("the calendar of {}", h.name),
    }));
    Ok(all)
}

/// Which stays and maintenance have these units on any of the nights, except one stay.
pub(super) async fn occupants(
    tx: &mut TenantTx,
    units: &[Uuid],
    (from, to): (NaiveDate, NaiveDate),
    except: Option<Uuid>,
) -> Result<Vec<Occupant>> {
    let rows = sqlx::query!(
        r#"select s.unit_id, s.from_night, s.to_night, s.reservation_id, coalesce(r.guest_name, b.booker_name) as name,
                  b.id as "booking_id?", case when r.guest_name is null then b.personal end as personal,
                  b.reference as "reference?", m.reason as "repair?"
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
    .await?;
    let named = rows
        .iter()
        .map(|r| (r.name.as_deref(), r.booking_id, r.personal.as_deref()));
    let names = personal::names(tx, named).await?;
    let occupants = rows.into_iter().zip(names).map(|(r, name)| Occupant {
        unit_id: r.unit_id,
        from: r.from_night,
        to: r.to_night,
        reservation_id: r.reservation_id,
        who: match r.repair {
            Some(repair) => format!("maintenance ({repair})"),
            None => format!("{} ({name})", r.reference.unwrap_or_default()),
        },
    });
    Ok(occupants.collect())
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
            unit_name: unit.to_string(),
            unit_type_id: Uuid::nil(),
            from: day(from),
            to: day(to),
            locked: false,
        }
    }

    #[test]
    fn carving_leaves_what_lies_outside() {
        let whole = [segment(1, 0, 10)];
        assert_eq!(
            carve(&whole, (day(3), day(5))),
            [segment(1, 0, 3), segment(1, 5, 10)]
        );
        assert_eq!(carve(&whole, (day(0), day(10))), []);
        assert_eq!(carve(&whole, (day(10), day(12))), whole);
        assert_eq!(carve(&whole, (day(8), day(12))), [segment(1, 0, 8)]);
    }

    #[test]
    fn neighbours_in_one_unit_become_one() {
        let split = vec![segment(1, 5, 7), segment(1, 0, 5), segment(2, 7, 9)];
        assert_eq!(joined(split), [segment(1, 0, 7), segment(2, 7, 9)]);
    }
}
