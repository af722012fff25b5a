//! What `innkeep verify` asks of what is counted: the vacancy sign, what groups keep, codes used, and the dashboard.

use crate::db::TenantTx;
use crate::error::Result;

pub(super) async fn sold(tx: &mut TenantTx) -> Result<Vec<String>> {
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
             where a.tenant_id = $1
             union all
             select unit_type_id, night, 0, 1 from calendar_night where tenant_id = $1),
           slept as (
             select unit_type_id, night, sum(sold)::int as sold, sum(held)::int as held from taken group by 1, 2)
           select format('unit type %s, %s: sold says %s and held %s, reservations, groups and calendars say %s and %s',
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

pub(super) async fn capacity(tx: &mut TenantTx) -> Result<Vec<String>> {
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

pub(super) async fn forced(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('unit type %s, %s: %s forced, %s beyond the limit', unit_type_id, night, forced,
                         greatest(0, sold + held + out_of_order + blocked - capacity - overbooking_limit))
                  as "detail!"
           from inventory where tenant_id = $1
             and forced <> greatest(0, sold + held + out_of_order + blocked - capacity - overbooking_limit)
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The projection against the reservations, where it has read every event.
pub(super) async fn metrics(tx: &mut TenantTx) -> Result<Vec<String>> {
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

/// A code counts the bookings with it that are on.
pub(super) async fn promo_codes(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('promo code %s: used %s times, %s bookings with it are on', p.code, p.used, count(distinct b.id))
                  as "detail!"
           from promo_code p
           left join reservation r on r.tenant_id = $1 and r.property_id = p.property_id and r.promo_code = p.code
           left join booking b on b.tenant_id = $1 and b.id = r.booking_id and b.status <> 'cancelled'
           where p.tenant_id = $1 group by p.tenant_id, p.id
           having p.used <> count(distinct b.id) order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// What a group keeps lies in its nights.
pub(super) async fn allotments(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('group %s (%s to %s) keeps %s of unit type %s on %s', g.code, g.arrival, g.departure,
                         a.allotted - a.drawn, a.unit_type_id, a.night) as "detail!"
           from group_allotment a
           join stay_group g on g.tenant_id = $1 and g.id = a.group_id
           where a.tenant_id = $1 and a.allotted > a.drawn and (a.night < g.arrival or a.night >= g.departure)
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}
