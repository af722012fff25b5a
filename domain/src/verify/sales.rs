//! What `innkeep verify` asks of bookings and their stays.

use crate::db::TenantTx;
use crate::error::Result;
use chrono::{DateTime, Duration, Utc};

/// The sweep comes every few seconds; what stands longer was forgotten.
const ENDED_WITHIN_MINUTES: i64 = 10;

pub(super) async fn nights(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('reservation %s: %s nights from %s to %s, %s priced', r.id, r.departure - r.arrival,
                         r.arrival, r.departure, count(n.night)) as "detail!"
           from reservation r
           left join reservation_night n on n.tenant_id = $1 and n.reservation_id = r.id
           where r.tenant_id = $1 group by r.tenant_id, r.id
           having count(n.night) <> r.departure - r.arrival
               or count(n.night) filter (where n.night >= r.arrival and n.night < r.departure) <> count(n.night)
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// A booking stands as its stays do, whatever its channel says.
pub(super) async fn statuses(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"with stays as (
             select b.id, b.reference, b.status, count(r.id) as n,
                    count(r.id) filter (where r.status = 'tentative') as tentative,
                    count(r.id) filter (where r.status = 'confirmed') as confirmed,
                    count(r.id) filter (where r.status = 'cancelled') as cancelled
             from booking b
             left join reservation r on r.tenant_id = $1 and r.booking_id = b.id
             where b.tenant_id = $1 group by b.tenant_id, b.id)
           select format('booking %s (%s) is %s; of %s stays %s tentative, %s confirmed, %s cancelled', id, reference,
                         status, n, tentative, confirmed, cancelled) as "detail!"
           from stays
           where status <> case when n = cancelled then 'cancelled'
                                when tentative > 0 then 'tentative'
                                else 'confirmed' end
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// A night takes a unit type as soon as its stay has one.
pub(super) async fn unit_types(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('reservation %s takes no unit type on %s', r.id, n.night) as "detail!"
           from reservation r
           join reservation_night n on n.tenant_id = $1 and n.reservation_id = r.id and n.unit_type_id is null
           where r.tenant_id = $1 and r.unit_type_id is not null
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Nights and what is added to them. What a channel sold costs what the channel says.
pub(super) async fn stay_totals(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('reservation %s: the total is %s, nights and lines make %s', r.id, r.total, n.price + l.amount)
                  as "detail!"
           from reservation r
           join booking b on b.tenant_id = $1 and b.id = r.booking_id and b.connection_id is null
           cross join lateral (select coalesce(sum(price), 0) as price from reservation_night
                               where tenant_id = $1 and reservation_id = r.id) n
           cross join lateral (select coalesce(sum(amount), 0) as amount from reservation_line
                               where tenant_id = $1 and reservation_id = r.id and not included) l
           where r.tenant_id = $1 and r.total <> n.price + l.amount
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The stays that are on, and the fees of those that are not.
pub(super) async fn booking_totals(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('booking %s (%s): the total is %s, %s is due for its stays', b.id, b.reference, b.total, sum(d.due))
                  as "detail!"
           from booking b
           join reservation r on r.tenant_id = $1 and r.booking_id = b.id
           cross join lateral (select case when r.status in ('cancelled', 'no_show') then r.fee else r.total end as due) d
           where b.tenant_id = $1 and b.connection_id is null
           group by b.tenant_id, b.id having b.total <> sum(d.due)
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// A line of one night is of a night of the stay.
pub(super) async fn lines(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('reservation %s (%s to %s) has a line %s of %s', r.id, r.arrival, r.departure, l.code, l.night)
                  as "detail!"
           from reservation_line l
           join reservation r on r.tenant_id = $1 and r.id = l.reservation_id
           where l.tenant_id = $1 and (l.night < r.arrival or l.night >= r.departure)
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Whoever is here, or was, has come at some time; whoever was here has gone at some time.
pub(super) async fn times(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('reservation %s is %s, in at %s, out at %s', id, status, checked_in_at, checked_out_at) as "detail!"
           from reservation
           where tenant_id = $1 and ((status in ('in_house', 'departed') and checked_in_at is null)
                                  or (status = 'departed' and checked_out_at is null))
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Stays and nights are of their booking's property.
pub(super) async fn properties(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('reservation %s of booking %s is in parts of another property', r.id, b.id) as "detail!"
           from reservation r
           join booking b on b.tenant_id = $1 and b.id = r.booking_id
           where r.tenant_id = $1 and (r.property_id <> b.property_id or exists (
               select from reservation_night n where n.tenant_id = $1 and n.reservation_id = r.id
               and n.property_id <> b.property_id))
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Nothing is sold that the log does not tell of.
pub(super) async fn logged(tx: &mut TenantTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('booking %s (%s) is not in the event log', b.id, b.reference) as "detail!"
           from booking b
           where b.tenant_id = $1 and not exists (select from event e where e.tenant_id = $1 and e.subject_id = b.id)
           order by 1 limit 100"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// A hold gives its units back soon after its time has passed.
pub(super) async fn holds(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('booking %s (%s) holds its units since its time passed at %s', id, reference, hold_expires_at)
                  as "detail!"
           from booking where tenant_id = $1 and status = 'tentative' and hold_expires_at < $2
           order by 1 limit 100"#,
        tx.t(),
        now - Duration::minutes(ENDED_WITHIN_MINUTES)
    )
    .fetch_all(&mut **tx)
    .await?)
}
