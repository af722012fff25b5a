//! Telling a channel: prepare one call, make it with no transaction open, record the outcome.
//!
//! Before the call its cells become *unknown* in the shadow. So whatever ends the call without an answer (time-out,
//! broken connection, kill -9), the cells still differ from the truth and are told again.

mod limit;

use super::anew;
use super::connection::Connection;
use super::diff::{self, Difference, Range};
use super::dirty::Kind;
use super::shadow::{self, State};
use super::truth::{self, Mark};
use super::unheard;
use crate::alert;
use crate::db::TenantTx;
use crate::error::Result;
use crate::ids::new_id;
use crate::ports::channel::{ChannelError, PushReport};
use chrono::{DateTime, Duration, Utc};
use std::collections::HashMap;
use uuid::Uuid;

/// Marks read at once; more wait for the next round.
const MOST_MARKS: i64 = 5000;

const REJECTED: &str = "cell_rejected";

/// One call to be made.
#[derive(Debug)]
pub struct Call {
    pub id: Uuid,
    pub connection_id: Uuid,
    pub property_id: Uuid,
    pub kind: Kind,
    pub ranges: Vec<Range>,
    marks: Vec<i64>,
    /// All differences of these marks are in this call; otherwise the marks stay for the next.
    complete: bool,
    pub oldest_mark: DateTime<Utc>,
    begun_at: DateTime<Utc>,
}

#[derive(Debug)]
pub enum Next {
    /// Every cell is converged or alarmed.
    Nothing,
    /// Marks were looked at that had nothing to tell; there may be more.
    Again,
    /// Not before then: back-off, or the channel's limit.
    Wait(DateTime<Utc>),
    Call(Box<Call>),
}

/// What to do next for a connection. Marks whose cells already agree are dropped here.
pub async fn prepare(
    tx: &mut TenantTx,
    connection: &Connection,
    most_ranges: usize,
    now: DateTime<Utc>,
) -> Result<Next> {
    if !connection.is_active() {
        return Ok(Next::Nothing);
    }
    let not_before = sqlx::query_scalar!(
        "select next_push_at from channel_sync where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection.id
    )
    .fetch_one(&mut **tx)
    .await?;
    if not_before > now {
        return Ok(Next::Wait(not_before));
    }
    unheard::tell_again(tx, connection.id, now).await?;
    let mut free_at: Option<DateTime<Utc>> = None;
    for kind in [Kind::Availability, Kind::Rates] {
        match of_kind(tx, connection, kind, most_ranges, now).await? {
            Next::Nothing => {}
            // One kind's limit does not keep the other waiting.
            Next::Wait(at) => free_at = Some(free_at.map_or(at, |other| other.min(at))),
            next => return Ok(next),
        }
    }
    Ok(free_at.map_or(Next::Nothing, Next::Wait))
}

async fn of_kind(
    tx: &mut TenantTx,
    connection: &Connection,
    kind: Kind,
    most_ranges: usize,
    now: DateTime<Utc>,
) -> Result<Next> {
    let (marks, oldest_mark) = marks(tx, connection.id, kind).await?;
    if marks.is_empty() {
        return Ok(Next::Nothing);
    }
    // Asked first: what may not be said yet need not be worked out, and will be something else by then.
    if let Some(at) = limit::free_at(tx, connection, kind, now).await? {
        return Ok(Next::Wait(at));
    }
    let Difference { mut ranges, wordless } = diff::ranges(truth::cells(tx, connection, kind, &marks).await?);
    let wordless = wordless.iter().map(State::accepted).collect::<Result<Vec<_>>>()?;
    shadow::write(tx, connection.id, wordless.into_iter(), now, None).await?;
    let marks: Vec<i64> = marks.iter().map(|m| m.id).collect();
    if ranges.is_empty() {
        drop_marks(tx, connection.id, &marks).await?;
        let all = (marks.len() as i64) < MOST_MARKS;
        return Ok(if all { Next::Nothing } else { Next::Again });
    }
    let complete = ranges.len() <= most_ranges;
    ranges.truncate(most_ranges);
    let call = Call {
        id: new_id(),
        connection_id: connection.id,
        property_id: connection.property_id,
        kind,
        ranges,
        marks,
        complete,
        oldest_mark,
        begun_at: now,
    };
    begin(tx, &call, now).await?;
    Ok(Next::Call(Box::new(call)))
}

async fn marks(tx: &mut TenantTx, connection_id: Uuid, kind: Kind) -> Result<(Vec<Mark>, DateTime<Utc>)> {
    let rows = sqlx::query!(
        "select id, unit_type_id, from_night, to_night, since from ari_dirty
         where tenant_id = $1 and connection_id = $2 and kind = $3 order by id limit $4",
        tx.t(),
        connection_id,
        kind.name(),
        MOST_MARKS
    )
    .fetch_all(&mut **tx)
    .await?;
    let oldest = rows.iter().map(|r| r.since).min().unwrap_or_default();
    let mark = |id, unit_type_id, from, to| Mark {
        id,
        unit_type_id,
        from,
        to,
    };
    Ok((
        rows.into_iter()
            .map(|r| mark(r.id, r.unit_type_id, r.from_night, r.to_night))
            .collect(),
        oldest,
    ))
}

async fn drop_marks(tx: &mut TenantTx, connection_id: Uuid, marks: &[i64]) -> Result<()> {
    sqlx::query!(
        "delete from ari_dirty where tenant_id = $1 and connection_id = $2 and id = any($3)",
        tx.t(),
        connection_id,
        marks
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Journals the call and makes its cells unknown.
async fn begin(tx: &mut TenantTx, call: &Call, now: DateTime<Utc>) -> Result<()> {
    let ranges = i32::try_from(call.ranges.len()).unwrap_or(i32::MAX);
    sqlx::query!(
        "insert into ari_call (tenant_id, connection_id, id, kind, ranges, started_at, oldest_mark)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tx.t(),
        call.connection_id,
        call.id,
        call.kind.name(),
        ranges,
        now,
        call.oldest_mark
    )
    .execute(&mut **tx)
    .await?;
    let cells = call.ranges.iter().flat_map(|r| &r.cells);
    shadow::write(tx, call.connection_id, cells.map(State::unknown), now, None).await
}

/// The channel answered: accepted cells become the shadow, rejected ones an alarm in the channel's own words. A cell
/// that was forgotten during the call (see `dirty::forget_shadow`) stays unknown.
pub async fn answered(tx: &mut TenantTx, call: &Call, report: &PushReport, now: DateTime<Utc>) -> Result<()> {
    let reasons: HashMap<usize, &str> = report
        .rejected
        .iter()
        .map(|r| (r.range, r.reason.as_str()))
        .collect();
    let begun = Some(call.begun_at);
    let states = states(call, &reasons)?;
    shadow::write(tx, call.connection_id, states.into_iter(), now, begun).await?;
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
    alert::resolve(tx, "channel_refused", call.connection_id, now).await?;
    if report.asks_for_all {
        anew::asked(tx, call.connection_id, call.kind, now).await?;
    }
    sqlx::query!(
        "update channel_sync set push_failures = 0, next_push_at = $3, last_error = null, last_accepted_at = $3
         where tenant_id = $1 and connection_id = $2",
        tx.t(),
        call.connection_id,
        now
    )
    .execute(&mut **tx)
    .await?;
    let outcome = if report.rejected.is_empty() {
        "accepted"
    } else {
        "partly"
    };
    close(tx, call, outcome, Some(&report.task_ids.join(" ")), now).await
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

/// No answer to rely on: cells stay unknown and dirty, the next try waits longer. A refusal waits longest, and alerts.
pub async fn failed(tx: &mut TenantTx, call: &Call, error: &ChannelError, now: DateTime<Utc>) -> Result<()> {
    let failures = sqlx::query_scalar!(
        "update channel_sync set push_failures = push_failures + 1, last_error = $3
         where tenant_id = $1 and connection_id = $2 returning push_failures",
        tx.t(),
        call.connection_id,
        error.to_string()
    )
    .fetch_one(&mut **tx)
    .await?;
    let wait = match error {
        ChannelError::Throttled { wait } => {
            Duration::from_std(*wait).unwrap_or_else(|_| Duration::seconds(60))
        }
        ChannelError::Refused { .. } => Duration::seconds(60).max(back_off(failures)),
        _ => back_off(failures),
    };
    postpone(tx, call.connection_id, now + wait).await?;
    if let ChannelError::Refused { .. } = error {
        let subject = (call.property_id, call.connection_id);
        alert::raise(tx, "channel_refused", subject, &error.to_string(), now).await?;
    }
    close(tx, call, "failed", Some(&error.to_string()), now).await
}

/// No push before `until`: an open breaker uses this and consumes no attempt.
pub async fn postpone(tx: &mut TenantTx, connection_id: Uuid, until: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update channel_sync set next_push_at = $3 where tenant_id = $1 and connection_id = $2",
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
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update ari_call set finished_at = $4, outcome = $5, detail = $6
         where tenant_id = $1 and connection_id = $2 and id = $3",
        tx.t(),
        call.connection_id,
        call.id,
        now,
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
