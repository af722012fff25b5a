//! Dirty cells: nights that a channel may have to be told about. Insert-only for writers, so marking never waits.

use crate::db::TenantTx;
use crate::error::Result;
use chrono::NaiveDate;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Availability,
    /// Prices and restrictions.
    Rates,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::Rates => "rates",
        }
    }
}

/// Marks nights `[from, to)` of a unit type for every connection that maps it and can be told.
pub async fn mark(
    tx: &mut TenantTx,
    unit_type_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
    kind: Kind,
) -> Result<()> {
    sqlx::query!(
        "insert into ari_dirty (tenant_id, connection_id, kind, unit_type_id, from_night, to_night)
         select $1, m.connection_id, $5, $2, $3, $4
         from channel_room_map m
         join channel_connection c on c.tenant_id = $1 and c.id = m.connection_id and c.receives_ari
         where m.tenant_id = $1 and m.unit_type_id = $2",
        tx.t(),
        unit_type_id,
        from,
        to,
        kind.name()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Both kinds.
pub async fn mark_all(tx: &mut TenantTx, unit_type_id: Uuid, from: NaiveDate, to: NaiveDate) -> Result<()> {
    mark(tx, unit_type_id, from, to, Kind::Availability).await?;
    mark(tx, unit_type_id, from, to, Kind::Rates).await
}

/// Everything one connection sells, for the next `days` nights: after connecting, a new mapping, or by hand.
pub async fn mark_connection(
    tx: &mut TenantTx,
    connection_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<()> {
    sqlx::query!(
        "insert into ari_dirty (tenant_id, connection_id, kind, unit_type_id, from_night, to_night)
         select $1, $2, k.kind, m.unit_type_id, $3, $4
         from channel_room_map m
         join channel_connection c on c.tenant_id = $1 and c.id = m.connection_id and c.receives_ari
         cross join (values ('availability'), ('rates')) as k (kind)
         where m.tenant_id = $1 and m.connection_id = $2",
        tx.t(),
        connection_id,
        from,
        to
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Nights of unit types, for one connection: a mark for each unit type, from its first night to its last.
pub(super) async fn mark_cells(
    tx: &mut TenantTx,
    connection_id: Uuid,
    kind: Kind,
    cells: &[(Uuid, NaiveDate)],
) -> Result<()> {
    let (unit_types, nights): (Vec<Uuid>, Vec<NaiveDate>) = cells.iter().copied().unzip();
    sqlx::query!(
        "insert into ari_dirty (tenant_id, connection_id, kind, unit_type_id, from_night, to_night)
         select $1, $2, $3, c.unit_type_id, min(c.night), max(c.night) + 1
         from unnest($4::uuid[], $5::date[]) as c (unit_type_id, night) group by c.unit_type_id",
        tx.t(),
        connection_id,
        kind.name(),
        &unit_types,
        &nights
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The channel that sent a booking has changed its own availability, one way or the other: what we last told it no
/// longer says what it believes. Forgetting the shadow makes the next push say the absolute truth again.
pub async fn forget_shadow(
    tx: &mut TenantTx,
    connection_id: Uuid,
    unit_types: &[Uuid],
    nights: &[NaiveDate],
) -> Result<()> {
    sqlx::query!(
        "with locked as (
             select s.unit_type_id, s.night from unnest($3::uuid[], $4::date[]) as c (unit_type_id, night)
             join ari_shadow s on s.tenant_id = $1 and s.connection_id = $2 and s.unit_type_id = c.unit_type_id
                  and s.rate_plan_id = '00000000-0000-0000-0000-000000000000' and s.night = c.night
             order by s.unit_type_id, s.night for update of s)
         update ari_shadow s set accepted = null, changed_at = clock_timestamp() from locked c
         where s.tenant_id = $1 and s.connection_id = $2 and s.unit_type_id = c.unit_type_id
           and s.rate_plan_id = '00000000-0000-0000-0000-000000000000' and s.night = c.night",
        tx.t(),
        connection_id,
        unit_types,
        nights
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
