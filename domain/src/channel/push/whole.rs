//! Everything at once, for channels that take it: when, and what belongs to it. It says that nothing else is free, and is
//! the only way to begin or to end a season in which nothing is sold.

use super::Call;
use crate::channel::closure::{self, Closure};
use crate::channel::connection::{Connection, sync_end};
use crate::channel::diff::{self, Difference};
use crate::channel::dirty::Kind;
use crate::channel::truth::{self, Mark};
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::ports::channel::{PushReport, Season, Telling};
use crate::property;
use chrono::NaiveDate;
use uuid::Uuid;

/// The seasons that are told with everything; `None`: what has changed is enough, or all that the channel takes. Seasons
/// are compared even where no cell differs: they were read before the cells were, and may have changed in between.
pub(super) async fn due(
    tx: &mut TenantTx,
    connection: &Connection,
    telling: Telling,
    differs: bool,
) -> Result<Option<Vec<Season>>> {
    if !telling.whole {
        return Ok(None);
    }
    let today = property::get(tx, connection.property_id).await?.business_date;
    let nights = (today, sync_end(today));
    let seasons = match telling.seasons {
        true => runs(
            &closure::all(tx, connection.id).await?,
            &rooms(tx, connection.id).await?,
            nights,
        ),
        false => Vec::new(),
    };
    let told = told(tx, connection.id).await?;
    let same = told.is_some_and(|told| since(told, today) == seasons);
    let whole = !same || differs && (!telling.changes || !anything_known(tx, connection.id, today).await?);
    Ok(whole.then_some(seasons))
}

/// All cells up to the horizon, whatever was told of them.
pub(super) async fn everything(tx: &mut TenantTx, connection: &Connection) -> Result<Difference> {
    let mark = |unit_type_id| Mark {
        id: 0,
        unit_type_id,
        from: NaiveDate::MIN,
        to: NaiveDate::MAX,
    };
    let marks: Vec<Mark> = rooms(tx, connection.id).await?.into_iter().map(mark).collect();
    let mut cells = truth::cells(tx, connection, Kind::Availability, &marks).await?;
    cells.iter_mut().for_each(|cell| cell.accepted = None);
    Ok(diff::ranges(cells))
}

/// As long as it is not answered, nothing is known of seasons.
pub(super) async fn begun(tx: &mut TenantTx, call: &Call) -> Result<()> {
    match call.whole {
        Some(_) => keep(tx, call.connection_id, None).await,
        None => Ok(()),
    }
}

/// A channel that took none of it has not taken the seasons either.
pub(super) async fn answered(tx: &mut TenantTx, call: &Call, report: &PushReport) -> Result<()> {
    match &call.whole {
        Some(seasons) if report.rejected.len() < call.ranges.len() => {
            let json = serde_json::to_value(seasons).map_err(|e| Error::internal(e.to_string()))?;
            keep(tx, call.connection_id, Some(json)).await
        }
        _ => Ok(()),
    }
}

async fn keep(tx: &mut TenantTx, connection_id: Uuid, told: Option<serde_json::Value>) -> Result<()> {
    sqlx::query!(
        "update channel_sync set closed_told = $3 where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id,
        told
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn told(tx: &mut TenantTx, connection_id: Uuid) -> Result<Option<Vec<Season>>> {
    let told = sqlx::query_scalar!(
        "select closed_told from channel_sync where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id
    )
    .fetch_one(&mut **tx)
    .await?;
    let read = |json| serde_json::from_value(json).map_err(|e| Error::internal(format!("seasons told: {e}")));
    told.map(read).transpose()
}

async fn rooms(tx: &mut TenantTx, connection_id: Uuid) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select unit_type_id from channel_room_map where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Is it known of any night to come how many units the channel believes to be free?
async fn anything_known(tx: &mut TenantTx, connection_id: Uuid, today: NaiveDate) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from ari_shadow
                          where tenant_id = $1 and connection_id = $2 and night >= $3 and accepted is not null
                            and rate_plan_id = '00000000-0000-0000-0000-000000000000') as "any!""#,
        tx.t(),
        connection_id,
        today
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Of nights `[from, to)`, those on which every one of the rooms is closed out.
fn runs(closures: &[Closure], rooms: &[Uuid], (from, to): (NaiveDate, NaiveDate)) -> Vec<Season> {
    if closures.is_empty() || rooms.is_empty() {
        return Vec::new();
    }
    let mut seasons: Vec<Season> = Vec::new();
    for night in from.iter_days().take_while(|night| *night < to) {
        let there = |c: &&Closure| c.from <= night && night < c.to;
        let tonight: Vec<&Closure> = closures.iter().filter(there).collect();
        let closed = |room: &Uuid| tonight.iter().any(|c| c.unit_type_id.is_none_or(|u| u == *room));
        if !rooms.iter().all(closed) {
            continue;
        }
        match seasons.last_mut() {
            Some(season) if season.last.succ_opt() == Some(night) => season.last = night,
            _ => seasons.push(Season {
                from: night,
                last: night,
            }),
        }
    }
    seasons
}

/// What of them is not over.
fn since(mut seasons: Vec<Season>, today: NaiveDate) -> Vec<Season> {
    seasons.retain(|season| season.last >= today);
    if let Some(first) = seasons.first_mut() {
        first.from = first.from.max(today);
    }
    seasons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2027, 1, day).unwrap()
    }
    fn season(from: u32, last: u32) -> Season {
        Season {
            from: day(from),
            last: day(last),
        }
    }

    #[test]
    fn a_season_is_a_run_of_nights_on_which_everything_is_closed() {
        let [single, double] = [1, 2].map(Uuid::from_u128);
        let closed = |unit_type_id, from, to| Closure {
            unit_type_id,
            from: day(from),
            to: day(to),
        };
        let closures = [
            closed(None, 2, 4),
            closed(Some(single), 4, 9),
            closed(Some(double), 6, 8),
        ];
        let of = |rooms: &[Uuid]| runs(&closures, rooms, (day(1), day(20)));
        assert_eq!(of(&[single, double]), [season(2, 3), season(6, 7)]);
        assert_eq!(of(&[single]), [season(2, 8)], "where nothing else is sold");
        assert_eq!(of(&[]), []);
        assert_eq!(runs(&closures, &[single], (day(5), day(7))), [season(5, 6)]);
    }

    #[test]
    fn nights_that_are_over_are_of_no_season() {
        let told = vec![season(1, 3), season(5, 8)];
        assert_eq!(since(told.clone(), day(2)), [season(2, 3), season(5, 8)]);
        assert_eq!(since(told.clone(), day(5)), [season(5, 8)]);
        assert_eq!(since(told, day(9)), []);
    }
}
