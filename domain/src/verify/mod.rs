//! `innkeep verify`: recomputes every counter and projection of a tenant and reports each difference.

mod sales;
mod stock;

use crate::audit;
use crate::channel::calendar::verify as calendar;
use crate::db::TenantTx;
use crate::desk::verify as desk;
use crate::error::Result;
use crate::vault::verify as vault;
use chrono::{DateTime, Utc};

/// One broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable name of the rule.
    pub rule: &'static str,
    pub detail: String,
}

/// Everything that is wrong with one tenant's data at that time; empty = nothing found.
pub async fn tenant(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<Vec<Finding>> {
    Ok(findings([
        ("sold_equals_reservations", stock::sold(tx).await?),
        ("capacity_equals_units", stock::capacity(tx).await?),
        ("forced_covers_exactly", stock::forced(tx).await?),
        ("metrics_match", stock::metrics(tx).await?),
        ("promo_codes_count_bookings", stock::promo_codes(tx).await?),
        ("allotments_lie_in_their_group", stock::allotments(tx).await?),
        ("calendars_hold_what_they_know", calendar::held(tx, now).await?),
        ("nights_match_stay", sales::nights(tx).await?),
        ("nights_take_a_unit_type", sales::unit_types(tx).await?),
        ("booking_status_follows", sales::statuses(tx).await?),
        ("stay_total_adds_up", sales::stay_totals(tx).await?),
        ("booking_total_adds_up", sales::booking_totals(tx).await?),
        ("lines_lie_in_their_stay", sales::lines(tx).await?),
        ("arrivals_and_departures_have_times", sales::times(tx).await?),
        ("stays_are_of_their_property", sales::properties(tx).await?),
        ("holds_end_in_time", sales::holds(tx, now).await?),
        ("bookings_are_logged", sales::logged(tx).await?),
        ("mapped_cells_known", shadow(tx).await?),
        ("references_exist", references(tx).await?),
        ("merged_guests_have_no_stays", merged(tx).await?),
        ("out_of_order_equals_maintenance", desk::out_of_order(tx).await?),
        ("maintenance_is_in_its_unit", desk::maintenance(tx).await?),
        ("segments_lie_in_their_stay", desk::segments_in_stay(tx).await?),
        ("units_are_of_the_nights_type", desk::segments_of_type(tx).await?),
        (TRAIL, audit::verify::chain(tx).await?),
        (KEYS, vault::unknown_keys(tx).await?),
    ]))
}

fn findings<const N: usize>(rules: [(&'static str, Vec<String>); N]) -> Vec<Finding> {
    let of_rule = |(rule, details): (&'static str, Vec<String>)| {
        details.into_iter().map(move |detail| Finding { rule, detail })
    };
    rules.into_iter().flat_map(of_rule).collect()
}

const TRAIL: &str = "audit_trail_is_whole";
const KEYS: &str = "sealed_values_name_known_keys";

/// Everything that is wrong with what belongs to no tenant; `tx` is [`crate::TenantId::PLATFORM`]'s.
pub async fn platform(tx: &mut TenantTx) -> Result<Vec<Finding>> {
    Ok(findings([
        (TRAIL, audit::verify::chain(tx).await?),
        (KEYS, vault::unknown_keys(tx).await?),
    ]))
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
           union all
           select format('booking %s: its channel connection does not exist', b.id) from booking b
           where b.tenant_id = $1 and b.connection_id is not null
             and not exists (select from channel_connection c where c.tenant_id = $1 and c.id = b.connection_id)
           union all
           select format('reservation %s: the unit type of %s does not exist', n.reservation_id, n.night)
           from reservation_night n
           where n.tenant_id = $1 and n.unit_type_id is not null
             and not exists (select from unit_type u where u.tenant_id = $1 and u.id = n.unit_type_id)
           union all
           select format('quote %s: its booking does not exist', q.id) from quote q
           where q.tenant_id = $1 and q.booking_id is not null
             and not exists (select from booking b where b.tenant_id = $1 and b.id = q.booking_id)
           limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// A merge moves the stays to the guest who goes on.
async fn merged(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('guest %s was merged and still stays in reservation %s', g.id, r.reservation_id) as "detail!"
           from guest g
           join reservation_guest r on r.tenant_id = $1 and r.guest_id = g.id
           where g.tenant_id = $1 and g.merged_into is not null
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}
