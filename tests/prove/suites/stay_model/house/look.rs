//! Everything that is stored of a sequence, read in one statement.

use super::{Course, Real};
use crate::suites::stay_model::model::{DAYS, Night, Room};
use crate::suites::stay_model::picture::{Picture, Seen};
use anyhow::{Context, ensure};
use chrono::NaiveDate;
use innkeep_domain::db::TenantTx;
use rust_decimal::Decimal;
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

/// The latest night that an operation can reach.
const REACH: usize = DAYS + 4;

/// Days are counted from the sequence's first; prices are text, so that none is rounded.
const LOOK: &str = "
    select jsonb_build_object(
      'stays', (select coalesce(jsonb_agg(jsonb_build_object(
          'status', r.status, 'booking', b.status, 'unit_type', r.unit_type_id, 'total', r.total::text,
          'nights', (select jsonb_agg(jsonb_build_array(n.night - $2, n.unit_type_id, n.price::text) order by n.night)
                     from reservation_night n where n.tenant_id = $1 and n.reservation_id = r.id),
          'segments', (select jsonb_agg(jsonb_build_array(s.unit_id, s.from_night - $2, s.to_night - $2, s.locked))
                       from stay_segment s where s.tenant_id = $1 and s.reservation_id = r.id)) order by w.i), '[]')
        from unnest($4::uuid[]) with ordinality as w (id, i)
        join reservation r on r.tenant_id = $1 and r.id = w.id
        join booking b on b.tenant_id = $1 and b.id = r.booking_id),
      'stock', (select jsonb_agg(jsonb_build_array(i.unit_type_id, i.night - $2, i.sold, i.held, i.out_of_order,
                                                   i.capacity, i.forced))
        from inventory i where i.tenant_id = $1 and i.night >= $2 and i.night < $3
        and i.sold + i.held + i.out_of_order + i.forced <> 0),
      'closed', (select jsonb_agg(jsonb_build_array(s.unit_id, s.from_night - $2, s.to_night - $2))
        from stay_segment s where s.tenant_id = $1 and s.maintenance_id is not null),
      'dirty', (select jsonb_agg(u.id) from unit u where u.tenant_id = $1 and u.cleanliness = 'dirty'))";

/// Unit type, day, and the counters.
type StockRow = (Uuid, usize, i32, i32, i32, i32, i32);

#[derive(Deserialize)]
struct Stored {
    stays: Vec<StayRow>,
    stock: Option<Vec<StockRow>>,
    closed: Option<Vec<(Uuid, usize, usize)>>,
    dirty: Option<Vec<Uuid>>,
}

#[derive(Deserialize)]
struct StayRow {
    status: String,
    booking: String,
    unit_type: Uuid,
    total: Decimal,
    nights: Vec<(usize, Uuid, Decimal)>,
    segments: Option<Vec<(Uuid, usize, usize, bool)>>,
}

impl Real {
    pub(super) async fn look(&self, tx: &mut TenantTx, course: &Course) -> anyhow::Result<Picture> {
        let ids: Vec<Uuid> = course.stays.iter().map(|(_, id)| *id).collect();
        let last: NaiveDate = course.day(REACH);
        let (t, first) = (tx.t(), course.first);
        let look = sqlx::query_scalar(LOOK).bind(t).bind(first).bind(last).bind(ids);
        let Json(stored): Json<Stored> = look.fetch_one(&mut **tx).await?;
        let mut picture = Picture {
            dirty: vec![false; self.units.len()],
            ..Picture::default()
        };
        for row in stored.stays {
            picture.stays.push(self.seen(row)?);
        }
        for (unit_type, day, sold, held, out_of_order, capacity, forced) in stored.stock.into_iter().flatten()
        {
            let cell = (self.kind(unit_type)?, day);
            let needed = (sold + held + out_of_order - capacity).max(0);
            ensure!(forced == needed, "{cell:?}: {forced} forced, {needed} needed");
            picture.stock.insert(cell, (sold, held, out_of_order));
        }
        for (unit, from, to) in stored.closed.into_iter().flatten() {
            let unit = self.unit(unit)?;
            picture.closed.extend((from..to).map(|day| (unit, day)));
        }
        for unit in stored.dirty.into_iter().flatten() {
            picture.dirty[self.unit(unit)?] = true;
        }
        Ok(picture)
    }

    fn seen(&self, row: StayRow) -> anyhow::Result<Seen> {
        let night = |(day, unit_type, price): (usize, Uuid, Decimal)| {
            let (kind, price) = (self.kind(unit_type)?, i64::try_from(price)?);
            anyhow::Ok(Night { day, kind, price })
        };
        let mut seen = Seen {
            status: row.status,
            booking: row.booking,
            kind: self.kind(row.unit_type)?,
            total: row.total,
            nights: row.nights.into_iter().map(night).collect::<Result<_, _>>()?,
            rooms: Default::default(),
        };
        for (unit, from, to, locked) in row.segments.into_iter().flatten() {
            let unit = self.unit(unit)?;
            for day in from..to {
                let other = seen.rooms.insert(day, Room { unit, locked });
                ensure!(other.is_none(), "two units on {day}: {unit} and {other:?}");
            }
        }
        Ok(seen)
    }

    fn kind(&self, unit_type: Uuid) -> anyhow::Result<usize> {
        let found = self.house.unit_types.iter().position(|t| t.id == unit_type);
        found.context("a unit type of another house")
    }

    fn unit(&self, id: Uuid) -> anyhow::Result<usize> {
        let found = self.units.iter().position(|u| *u == id);
        found.context("a unit of another house")
    }
}
