//! What `innkeep verify` asks of the front desk's tables.

use crate::db::TenantTx;
use crate::error::Result;

/// The vacancy sign's out-of-order counts are the nights that such maintenance has in units.
pub(crate) async fn out_of_order(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"with broken as (
             select u.unit_type_id, d.night::date as night, count(*)::int as n
             from maintenance m
             join stay_segment s on s.tenant_id = $1 and s.maintenance_id = m.id
             join unit u on u.tenant_id = $1 and u.id = s.unit_id
             cross join lateral generate_series(s.from_night, s.to_night - 1, interval '1 day') as d (night)
             where m.tenant_id = $1 and m.kind = 'out_of_order' group by 1, 2)
           select format('unit type %s, %s: %s out of order, maintenance says %s',
                         coalesce(i.unit_type_id, b.unit_type_id), coalesce(i.night, b.night),
                         coalesce(i.out_of_order, 0), coalesce(b.n, 0)) as "detail!"
           from (select unit_type_id, night, out_of_order from inventory where tenant_id = $1) i
           full join broken b on b.unit_type_id = i.unit_type_id and b.night = i.night
           where coalesce(i.out_of_order, 0) <> coalesce(b.n, 0) order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Open maintenance is in its unit, exactly on its nights; what was closed is not beyond them.
pub(crate) async fn maintenance(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('maintenance %s: planned from %s to %s, in its unit from %s to %s', m.id, m.from_night,
                         m.to_night, s.from_night, s.to_night) as "detail!"
           from maintenance m
           left join stay_segment s on s.tenant_id = $1 and s.maintenance_id = m.id
           where m.tenant_id = $1 and (s.id is not null or m.closed_at is null)
             and (s.unit_id, s.from_night, s.to_night) is distinct from (m.unit_id, m.from_night, m.to_night)
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Segments are of stays that are on, and lie in their nights. A guest who is here, or was, may have slept before and
/// after the nights that a channel says now.
pub(crate) async fn segments_in_stay(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('reservation %s (%s, %s to %s) has unit %s from %s to %s', r.id, r.status, r.arrival,
                         r.departure, s.unit_id, s.from_night, s.to_night) as "detail!"
           from stay_segment s
           join reservation r on r.tenant_id = $1 and r.id = s.reservation_id
           join property p on p.tenant_id = $1 and p.id = r.property_id
           where s.tenant_id = $1 and case
               when r.status in ('cancelled', 'no_show') then true
               when r.status in ('in_house', 'departed')
               then s.to_night > greatest(r.departure, p.business_date, r.checked_in_on + 1)
               else s.from_night < r.arrival or s.to_night > r.departure end
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// A unit is of the unit type that its night takes. A channel's message does not move a guest who is here.
pub(crate) async fn segments_of_type(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('reservation %s: unit %s is not of the type sold on %s', s.reservation_id, s.unit_id, n.night)
                  as "detail!"
           from stay_segment s
           join reservation r on r.tenant_id = $1 and r.id = s.reservation_id
                and r.status in ('tentative', 'confirmed')
           join unit u on u.tenant_id = $1 and u.id = s.unit_id
           join reservation_night n on n.tenant_id = $1 and n.reservation_id = r.id and n.night >= s.from_night
                and n.night < s.to_night
           where s.tenant_id = $1 and n.unit_type_id is distinct from u.unit_type_id
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}
