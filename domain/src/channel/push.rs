//! Telling a channel: prepare one call, make it with no transaction open, record the outcome.
//!
//! Before the call its cells become *unknown* in the shadow. So whatever ends the call without an answer (time-out,
//! broken connection, kill -9), the cells still differ from the truth and are told again.

mod ended;
mod limit;
mod whole;

use super::connection::Connection;
use super::diff::{self, Difference, Range};
use super::dirty::Kind;
use super::shadow::{self, State};
use super::truth::{self, Mark};
use super::unheard;
use crate::db::TenantTx;
use crate::error::Result;
use crate::ids::new_id;
use crate::ports::channel::{Season, Telling};
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub(super) use ended::ALARMING;
pub use ended::{answered, back_off, failed, not_asked, postpone};

/// Marks read at once; more wait for the next round.
const MOST_MARKS: i64 = 5000;

/// One call to be made.
#[derive(Debug)]
pub struct Call {
    pub id: Uuid,
    pub connection_id: Uuid,
    pub property_id: Uuid,
    pub kind: Kind,
    pub ranges: Vec<Range>,
    /// This is everything, and these are the seasons in which nothing is sold.
    pub whole: Option<Vec<Season>>,
    marks: Vec<i64>,
    /// All differences of these marks are in this call; otherwise the marks stay for the next.
    complete: bool,
    pub oldest_mark: DateTime<Utc>,
    begun_at: DateTime<Utc>,
    /// How often the connection had been mapped when it was begun.
    mapped: i32,
}

#[derive(Debug)]
pub enum Next {
    /// Every cell is converged or alarmed.
    Nothing,
    /// Marks were looked at that had nothing to tell; there may be more.
    Again,
    /// There may be availability to tell: how this channel is told it has to be asked first.
    Ask,
    /// Not before then: back-off, or the channel's limit.
    Wait(DateTime<Utc>),
    Call(Box<Call>),
}

/// How calls to a channel are made.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Of one call, unless it tells everything.
    pub most_ranges: usize,
    /// `None`: not asked yet.
    pub telling: Option<Telling>,
}

/// What to do next for a connection. Marks whose cells already agree are dropped here.
pub async fn prepare(
    tx: &mut TenantTx,
    connection: &Connection,
    manner: Manner,
    now: DateTime<Utc>,
) -> Result<Next> {
    // Until the call is begun nobody maps the connection otherwise or closes it: what is told goes where it is mapped to.
    let pace = sqlx::query!(
        "select s.next_push_at, s.next_rates_at, s.mapped from channel_connection c
         join channel_sync s on s.tenant_id = $1 and s.connection_id = $2
         where c.tenant_id = $1 and c.id = $2 and c.state = 'active' for share of c",
        tx.t(),
        connection.id
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(pace) = pace else {
        return Ok(Next::Nothing);
    };
    unheard::tell_again(tx, connection.id, now).await?;
    let mut free_at: Option<DateTime<Utc>> = None;
    let turn = |kind, not_before| Turn {
        kind,
        not_before,
        mapped: pace.mapped,
    };
    for turn in [
        turn(Kind::Availability, pace.next_push_at),
        turn(Kind::Rates, pace.next_rates_at),
    ] {
        match of_kind(tx, connection, &turn, manner, now).await? {
            Next::Nothing => {}
            // One kind's limit, or what goes wrong with it, does not keep the other waiting.
            Next::Wait(at) => free_at = Some(free_at.map_or(at, |other| other.min(at))),
            next => return Ok(next),
        }
    }
    Ok(free_at.map_or(Next::Nothing, Next::Wait))
}

/// One kind's, to be told.
struct Turn {
    kind: Kind,
    /// It waits after what went wrong.
    not_before: DateTime<Utc>,
    /// How often the connection was mapped.
    mapped: i32,
}

async fn of_kind(
    tx: &mut TenantTx,
    connection: &Connection,
    turn: &Turn,
    manner: Manner,
    now: DateTime<Utc>,
) -> Result<Next> {
    let kind = turn.kind;
    let (marks, oldest_mark) = marks(tx, connection.id, kind).await?;
    if marks.is_empty() {
        return Ok(Next::Nothing);
    }
    if turn.not_before > now {
        return Ok(Next::Wait(turn.not_before));
    }
    // Asked first: what may not be said yet need not be worked out, and will be something else by then.
    if let Some(at) = limit::free_at(tx, connection, kind, now).await? {
        return Ok(Next::Wait(at));
    }
    let Some((found, whole)) = difference(tx, connection, kind, manner, &marks).await? else {
        return Ok(Next::Ask);
    };
    let Difference { mut ranges, wordless } = found;
    let wordless = wordless.iter().map(State::accepted).collect::<Result<Vec<_>>>()?;
    shadow::write(tx, connection.id, wordless.into_iter(), now, None).await?;
    let marks: Vec<i64> = marks.iter().map(|m| m.id).collect();
    if ranges.is_empty() {
        drop_marks(tx, connection.id, &marks).await?;
        let all = (marks.len() as i64) < MOST_MARKS;
        return Ok(if all { Next::Nothing } else { Next::Again });
    }
    let complete = whole.is_some() || ranges.len() <= manner.most_ranges;
    if !complete {
        ranges.truncate(manner.most_ranges);
    }
    let call = Call {
        id: new_id(),
        connection_id: connection.id,
        property_id: connection.property_id,
        kind,
        ranges,
        whole,
        marks,
        complete,
        oldest_mark,
        begun_at: now,
        mapped: turn.mapped,
    };
    begin(tx, &call, now).await?;
    Ok(Next::Call(Box::new(call)))
}

/// What has to be told, and the seasons that go with it if that is everything. `None`: how has to be asked first.
async fn difference(
    tx: &mut TenantTx,
    connection: &Connection,
    kind: Kind,
    manner: Manner,
    marks: &[Mark],
) -> Result<Option<(Difference, Option<Vec<Season>>)>> {
    let telling = match (kind, manner.telling) {
        (Kind::Rates, _) => None,
        (Kind::Availability, None) => return Ok(None),
        (Kind::Availability, telling) => telling,
    };
    let changes = diff::ranges(truth::cells(tx, connection, kind, marks).await?);
    let whole = match telling {
        Some(telling) => whole::due(tx, connection, telling, !changes.ranges.is_empty()).await?,
        None => None,
    };
    let told = match whole {
        Some(_) => whole::everything(tx, connection).await?,
        None => changes,
    };
    Ok(Some((told, whole)))
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
    whole::begun(tx, call).await?;
    let cells = call.ranges.iter().flat_map(|r| &r.cells);
    shadow::write(tx, call.connection_id, cells.map(State::unknown), now, None).await
}
