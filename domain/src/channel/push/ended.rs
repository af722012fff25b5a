//! How a call ended: answered, or not.

use super::{Call, drop_marks, whole};
use crate::alert;
use crate::channel::dirty::Kind;
use crate::channel::shadow::{self, State};
use crate::channel::{anew, connection, showcase, unheard};
use crate::db::TenantTx;
use crate::error::Result;
use crate::ports::channel::{ChannelError, PushReport};
use chrono::{DateTime, Duration, Utc};
use std::collections::HashMap;
use uuid::Uuid;

const REJECTED: &str = "cell_rejected";

/// Failures in a row after which a person is told: by then some four minutes have passed.
pub(in crate::channel) const ALARMING: i32 = 10;
const REFUSED: &str = "channel_refused";
const UNREACHED: &str = "channel_unreached";

/// The channel answered: accepted cells become the shadow, rejected ones an alarm in the channel's own words. A cell
/// that was forgotten during the call (see `dirty::forget_shadow`) stays unknown, and nothing is put down of rooms that were
/// mapped otherwise meanwhile: those have heard nothing.
pub async fn answered(tx: &mut TenantTx, call: &Call, report: &PushReport, now: DateTime<Utc>) -> Result<()> {
    let reasons: HashMap<usize, &str> = report
        .rejected
        .iter()
        .map(|r| (r.range, r.reason.as_str()))
        .collect();
    if is_mapped_as_then(tx, call).await? {
        let states = states(call, &reasons)?.into_iter();
        shadow::write(tx, call.connection_id, states, now, Some(call.begun_at)).await?;
    }
    whole::answered(tx, call, report).await?;
    if call.complete {
        drop_marks(tx, call.connection_id, &call.marks).await?;
    }
    let subject = (call.property_id, call.connection_id);
    if let Some(first) = report.rejected.first() {
        let detail = format!(
            "{} range(s) rejected, first: {}",
            report.rejected.len(),
            first.reason
        );
        alert::raise(tx, REJECTED, subject, &detail, now).await?;
    } else if !any_alarm(tx, call.connection_id).await? {
        alert::resolve(tx, REJECTED, call.connection_id, now).await?;
    }
    worked(tx, call, now).await?;
    if report.asks_for_all {
        anew::asked(tx, call.connection_id, call.kind, now).await?;
    }
    if report.asks_for_inventory {
        showcase::asked(tx, call.connection_id, now).await?;
    }
    let outcome = if report.rejected.is_empty() {
        "accepted"
    } else {
        "partly"
    };
    close(tx, call, outcome, Some(&report.task_ids.join(" ")), Some(now)).await
}

/// And stays so until this is committed.
async fn is_mapped_as_then(tx: &mut TenantTx, call: &Call) -> Result<bool> {
    let mapped = sqlx::query_scalar!(
        "select s.mapped from channel_connection c
         join channel_sync s on s.tenant_id = $1 and s.connection_id = $2
         where c.tenant_id = $1 and c.id = $2 and c.state <> 'closed' for share of c",
        tx.t(),
        call.connection_id
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(mapped == Some(call.mapped))
}

/// What one kind's calls went wrong with is over when they work, whatever is the matter with the other's.
async fn worked(tx: &mut TenantTx, call: &Call, now: DateTime<Utc>) -> Result<()> {
    let rates = call.kind == Kind::Rates;
    let failures = sqlx::query_scalar!(
        r#"update channel_sync set last_error = null, last_accepted_at = $3,
               push_failures = case when $4 then push_failures else 0 end,
               next_push_at = case when $4 then next_push_at else $3 end,
               rates_failures = case when $4 then 0 else rates_failures end,
               next_rates_at = case when $4 then $3 else next_rates_at end
           where tenant_id = $1 and connection_id = $2 returning push_failures + rates_failures as "n!""#,
        tx.t(),
        call.connection_id,
        now,
        rates
    )
    .fetch_one(&mut **tx)
    .await?;
    if failures == 0 {
        alert::resolve(tx, REFUSED, call.connection_id, now).await?;
        alert::resolve(tx, UNREACHED, call.connection_id, now).await?;
    }
    Ok(())
}

/// In the order of cells, for one statement: whoever locks several of them does so in this order.
fn states<'a>(call: &'a Call, refused: &HashMap<usize, &str>) -> Result<Vec<State<'a>>> {
    let mut states = Vec::new();
    for (i, range) in call.ranges.iter().enumerate() {
        for cell in &range.cells {
            states.push(match refused.get(&i) {
                Some(reason) => State::refused(cell, reason),
                None => State::accepted(cell)?,
            });
        }
    }
    Ok(states)
}

async fn any_alarm(tx: &mut TenantTx, connection_id: Uuid) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from ari_shadow
                          where tenant_id = $1 and connection_id = $2 and alarm is not null) as "any!""#,
        tx.t(),
        connection_id
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// No answer to rely on: cells stay unknown and dirty, the next try waits longer. A call that may still be applied is left
/// open, to be told over (see `unheard`).
pub async fn failed(tx: &mut TenantTx, call: &Call, error: &ChannelError, now: DateTime<Utc>) -> Result<()> {
    let subject = (call.property_id, call.connection_id);
    put_off(tx, subject, call.kind, error, now).await?;
    let ended = (!unheard::may_be_applied(error)).then_some(now);
    close(tx, call, "failed", Some(&error.to_string()), ended).await
}

/// The channel did not say how it is told; nothing was told. As after a call that failed.
pub async fn not_asked(
    tx: &mut TenantTx,
    connection_id: Uuid,
    error: &ChannelError,
    now: DateTime<Utc>,
) -> Result<()> {
    let connection = connection::get(tx, connection_id).await?;
    let subject = (connection.property_id, connection_id);
    put_off(tx, subject, Kind::Availability, error, now).await
}

/// The next try of this kind waits longer each time. A refusal waits longest, and alerts; anything else alerts when it has
/// gone on for a while. `subject` = (property, connection).
async fn put_off(
    tx: &mut TenantTx,
    subject: (Uuid, Uuid),
    kind: Kind,
    error: &ChannelError,
    now: DateTime<Utc>,
) -> Result<()> {
    let failures = sqlx::query_scalar!(
        r#"update channel_sync set last_error = $3,
               push_failures = push_failures + case when $4 then 0 else 1 end,
               rates_failures = rates_failures + case when $4 then 1 else 0 end
           where tenant_id = $1 and connection_id = $2
           returning case when $4 then rates_failures else push_failures end as "n!""#,
        tx.t(),
        subject.1,
        error.to_string(),
        kind == Kind::Rates
    )
    .fetch_one(&mut **tx)
    .await?;
    match error {
        // It counts all calls, or those of each kind: we cannot know.
        ChannelError::Throttled { wait } => {
            let wait = Duration::from_std(*wait).unwrap_or_else(|_| Duration::seconds(60));
            postpone(tx, subject.1, now + wait).await?;
        }
        ChannelError::Refused { .. } => {
            let wait = Duration::seconds(60).max(back_off(failures));
            postpone_kind(tx, subject.1, kind, now + wait).await?;
            return alert::raise(tx, REFUSED, subject, &error.to_string(), now).await;
        }
        _ => postpone_kind(tx, subject.1, kind, now + back_off(failures)).await?,
    }
    if failures >= ALARMING {
        let detail = format!(
            "{} could not be told {failures} times in a row: {error}",
            kind.name()
        );
        alert::raise(tx, UNREACHED, subject, &detail, now).await?;
    }
    Ok(())
}

async fn postpone_kind(
    tx: &mut TenantTx,
    connection_id: Uuid,
    kind: Kind,
    until: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update channel_sync set next_push_at = case when $4 then next_push_at else $3 end,
             next_rates_at = case when $4 then $3 else next_rates_at end
         where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id,
        until,
        kind == Kind::Rates
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// No push before `until`: an open breaker uses this and consumes no attempt.
pub async fn postpone(tx: &mut TenantTx, connection_id: Uuid, until: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update channel_sync set next_push_at = $3, next_rates_at = $3
         where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id,
        until
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// 0.5 s, 1 s, 2 s, ... at most a minute.
pub fn back_off(failures: i32) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(7);
    Duration::milliseconds((500_i64 << doublings).min(60_000))
}

async fn close(
    tx: &mut TenantTx,
    call: &Call,
    outcome: &str,
    detail: Option<&str>,
    ended: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "update ari_call set finished_at = $4, outcome = $5, detail = $6
         where tenant_id = $1 and connection_id = $2 and id = $3",
        tx.t(),
        call.connection_id,
        call.id,
        ended,
        outcome,
        detail
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_up_to_a_minute() {
        let waits: Vec<i64> = (1..=9).map(|n| back_off(n).num_milliseconds()).collect();
        assert_eq!(
            waits,
            [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]
        );
    }
}
