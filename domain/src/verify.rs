//! `innkeep verify`: recomputes every counter and projection of a tenant and reports each difference.

use crate::db::TenantTx;
use crate::desk::verify as desk;
use crate::error::Result;

/// One broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable name of the rule.
    pub rule: &'static str,
    pub detail: String,
}

/// Everything that is wrong with one tenant's data; empty = nothing found.
pub async fn tenant(tx: &mut TenantTx) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (rule, details) in [
        ("sold_equals_reservations", sold(tx).await?),
        ("capacity_equals_units", capacity(tx).await?),
        ("forced_covers_exactly", forced(tx).await?),
        ("nights_match_stay", nights(tx).await?),
        ("booking_status_follows", statuses(tx).await?),
        ("metrics_match", metrics(tx).await?),
        ("mapped_cells_known", shadow(tx).await?),
        ("references_exist", references(tx).await?),
        ("out_of_order_equals_maintenance", desk::out_of_order(tx).await?),
        ("maintenance_is_in_its_unit", desk::maintenance(tx).await?),
        ("segments_lie_in_their_stay", desk::segments_in_stay(tx).await?),
        ("units_are_of_the_nights_type", desk::segments_of_type(tx).await?),
    ] {
        findings.extend(details.into_iter().map(|detail| Finding { rule, detail }));
    }
    Ok(findings)
}

async fn sold(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"with taken as (
             select n.unit_type_id, n.night, (r.status <> 'tentative')::int as sold,
                    (r.status = 'tentative')::int as held
             from reservation_night n
             join reservation r on r.tenant_id = $1 and r.id = n.reservation_id
                  and r.status in ('tentative', 'confirmed', 'in_house', 'departed')
             where n.tenant_id = $1 and n.unit_type_id is not null
             union all
             select a.unit_type_id, a.night, 0, a.allotted - a.drawn
             from group_allotment a
             join stay_group g on g.tenant_id = $1 and g.id = a.group_id and g.status in ('tentative', 'definite')
             where a.tenant_id = $1),
           slept as (
             select unit_type_id, night, sum(sold)::int as sold, sum(held)::int as held from taken group by 1, 2)
           select format('unit type %s, %s: sold says %s and held %s, reservations and groups say %s and %s',
                         coalesce(i.unit_type_id, s.unit_type_id), coalesce(i.night, s.night), coalesce(i.sold, 0),
                         coalesce(i.held, 0), coalesce(s.sold, 0), coalesce(s.held, 0)) as "detail!"
           from (select unit_type_id, night, sold, held from inventory where tenant_id = $1) i
           full join slept s on s.unit_type_id = i.unit_type_id and s.night = i.night
           where (coalesce(i.sold, 0), coalesce(i.held, 0)) <> (coalesce(s.sold, 0), coalesce(s.held, 0))
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

async fn capacity(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('unit type %s, %s: capacity says %s, units say %s', i.unit_type_id, i.night, i.capacity,
                         coalesce(u.n, 0)) as "detail!"
           from inventory i
           join unit_type t on t.tenant_id = $1 and t.id = i.unit_type_id
           join property p on p.tenant_id = $1 and p.id = t.property_id
           left join (select unit_type_id, count(*)::int as n from unit where tenant_id = $1 group by 1) u
                on u.unit_type_id = i.unit_type_id
           where i.tenant_id = $1 and i.night >= p.business_date and i.capacity <> coalesce(u.n, 0)
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

async fn forced(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('unit type %s, %s: %s forced, %s beyond the limit', unit_type_id, night, forced,
                         greatest(0, sold + held + out_of_order + blocked - capacity - overbooking_limit))
                  as "detail!"
           from inventory where tenant_id = $1
             and forced < greatest(0, sold + held + out_of_order + blocked - capacity - overbooking_limit)
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

async fn nights(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('reservation %s: %s nights from %s to %s, %s priced', r.id, r.departure - r.arrival,
                         r.arrival, r.departure, count(n.night)) as "detail!"
           from reservation r
           left join reservation_night n on n.tenant_id = $1 and n.reservation_id = r.id
                and n.night >= r.arrival and n.night < r.departure
           where r.tenant_id = $1 group by r.tenant_id, r.id
           having count(n.night) <> r.departure - r.arrival order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

async fn statuses(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('booking %s (%s) is %s with %s active reservation(s)', b.id, b.reference, b.status,
                         count(r.id)) as "detail!"
           from booking b
           left join reservation r on r.tenant_id = $1 and r.booking_id = b.id and r.status = 'confirmed'
           where b.tenant_id = $1 and b.status = 'cancelled'
           group by b.tenant_id, b.id having count(r.id) > 0 order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The projection against the reservations, where it has read every event.
async fn metrics(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"with slept as (
             select r.property_id, n.night, count(*)::int as sold
             from reservation_night n
             join reservation r on r.tenant_id = $1 and r.id = n.reservation_id
                  and r.status in ('confirmed', 'in_house', 'departed')
             where n.tenant_id = $1 group by 1, 2)
           select format('property %s, %s: the dashboard says %s sold, reservations say %s', m.property_id, m.night,
                         m.sold, coalesce(s.sold, 0)) as "detail!"
           from metric_day m
           left join slept s on s.property_id = m.property_id and s.night = m.night
           where m.tenant_id = $1 and m.sold <> coalesce(s.sold, 0)
             and not exists (select from event e join metric_cursor c on c.tenant_id = $1
                             where e.tenant_id = $1 and (e.xid, e.seq) > (c.xid, c.seq))
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// A shadow row of a product that is not mapped any more would hide a difference.
async fn shadow(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct format('connection %s: shadow of unmapped unit type %s', s.connection_id, s.unit_type_id)
                  as "detail!"
           from ari_shadow s
           where s.tenant_id = $1 and not exists (
               select from channel_room_map m where m.tenant_id = $1 and m.connection_id = s.connection_id
               and m.unit_type_id = s.unit_type_id)
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// What a foreign key would say, if its check did not lock the same rows for every sale (see migration 2).
async fn references(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('booking %s: its property does not exist', b.id) as "detail!" from booking b
           where b.tenant_id = $1
             and not exists (select from property p where p.tenant_id = $1 and p.id = b.property_id)
           union all
           select format('reservation %s: its unit type or rate plan does not exist', r.id) from reservation r
           where r.tenant_id = $1
             and ((r.unit_type_id is not null and not exists (
                     select from unit_type u where u.tenant_id = $1 and u.id = r.unit_type_id))
               or (r.rate_plan_id is not null and not exists (
                     select from rate_plan p where p.tenant_id = $1 and p.id = r.rate_plan_id)))
           union all
           select format('booking %s: its company or agent does not exist', b.id) from booking b
           where b.tenant_id = $1
             and exists (select from unnest(array[b.company_id, b.agent_id]) as c (id)
                         where c.id is not null and not exists (
                             select from company x where x.tenant_id = $1 and x.id = c.id))
           union all
           select format('booking %s: its group does not exist', b.id) from booking b
           where b.tenant_id = $1 and b.group_id is not null
             and not exists (select from stay_group g where g.tenant_id = $1 and g.id = b.group_id)
           limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}
