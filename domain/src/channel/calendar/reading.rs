//! Reading a channel's calendar: take what is due, fetch it with no transaction open, believe of it what is to be
//! believed. State and stock change in one transaction.

use super::connection::{self, CalendarConnection, Known, feed, logged, zone};
use super::hold;
use crate::alert;
use crate::channel::feed::{Collapse, Feed, Freeze, Seen, Sighting, Why, schedule};
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::ports::calendar::{Fetched, Here, Validators};
use crate::ports::channel::ChannelError;
use crate::principal::{Permission, Principal};
use chrono::{DateTime, Duration, TimeDelta, Utc};
use uuid::Uuid;

/// A reading under way is not taken up again before this; should its worker die, another takes over then.
const LEASE_SECONDS: i64 = 60;
/// Readings in a row without a calendar before a person is told: about two hours.
const ALERT_AFTER: i32 = 3;
const FROZEN: &str = "calendar_frozen";
const UNREAD: &str = "calendar_unread";

/// One reading to be made.
pub struct Due {
    pub id: Uuid,
    pub address: String,
    pub validators: Validators,
    pub here: Here,
    /// As stored: another one by the time there is an answer means that the answer is of no interest any more.
    sealed: String,
}

/// Is a reading due? If so, it is put off by a short lease.
pub async fn take(tx: &mut TenantTx, id: Uuid, now: DateTime<Utc>) -> Result<Option<Due>> {
    let row = sqlx::query!(
        r#"update calendar_connection c set next_read_at = $4, tried_at = $3
           from property p
           where c.tenant_id = $1 and c.id = $2 and c.state = 'active' and c.import_url is not null
             and c.next_read_at <= $3 and p.tenant_id = $1 and p.id = c.property_id
           returning c.import_url as "import_url!", c.etag, c.last_modified, p.zone"#,
        tx.t(),
        id,
        now,
        now + Duration::seconds(LEASE_SECONDS)
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let vault = tx.vault_knowing(&[&row.import_url]).await?;
    Ok(Some(Due {
        id,
        address: connection::open(&vault, id, &row.import_url)?,
        validators: Validators {
            etag: row.etag,
            last_modified: row.last_modified,
        },
        here: Here::at(zone(&row.zone), now),
        sealed: row.import_url,
    }))
}

/// There was an answer. `dice` is 0 to 1, for when to read next.
pub async fn answered(
    tx: &mut TenantTx,
    due: &Due,
    fetched: &Fetched,
    dice: f64,
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(known) = still(tx, due).await? else {
        return Ok(());
    };
    let (seen, validators, error) = match fetched {
        Fetched::Calendar { reading, validators } => (Seen::Calendar(reading), validators.clone(), None),
        Fetched::Unchanged => (Seen::Unchanged, due.validators.clone(), None),
        Fetched::Unreadable(why) => (Seen::Unreadable, Validators::default(), Some(why.as_str())),
    };
    let today = known.today(now);
    let mut feed = known.feed()?;
    let sighting = Sighting {
        at: now,
        today,
        told: &known.told()?,
    };
    feed.observe(seen, sighting);
    hold::follow(tx, &known, &feed, today, now).await?;
    keep(tx, &known, &feed, now).await?;
    let failures = error.map_or(0, |_| known.failures.saturating_add(1));
    sqlx::query!(
        "update calendar_connection set etag = $3, last_modified = $4, failures = $5, last_error = $6,
             read_at = case when $6::text is null then $7 else read_at end, next_read_at = $8
         where tenant_id = $1 and id = $2",
        tx.t(),
        due.id,
        validators.etag,
        validators.last_modified,
        failures,
        error,
        now,
        schedule::next(now, failures.unsigned_abs(), None, dice)
    )
    .execute(&mut **tx)
    .await?;
    alert::resolve(tx, UNREAD, due.id, now).await
}

/// There was none: nothing was seen, and nothing changes but when to try again.
pub async fn failed(
    tx: &mut TenantTx,
    due: &Due,
    error: &ChannelError,
    dice: f64,
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(known) = still(tx, due).await? else {
        return Ok(());
    };
    let failures = known.failures.saturating_add(1);
    let waiting = match error {
        ChannelError::Throttled { wait } => TimeDelta::from_std(*wait).ok(),
        _ => None,
    };
    sqlx::query!(
        "update calendar_connection set failures = $3, last_error = $4, next_read_at = $5
         where tenant_id = $1 and id = $2",
        tx.t(),
        due.id,
        failures,
        error.to_string(),
        schedule::next(now, failures.unsigned_abs(), waiting, dice)
    )
    .execute(&mut **tx)
    .await?;
    if failures >= ALERT_AFTER || matches!(error, ChannelError::Refused { .. }) {
        let detail = format!("the calendar of {} cannot be read: {error}", known.name);
        alert::raise(tx, UNREAD, (known.property_id, known.id), &detail, now).await?;
    }
    Ok(())
}

/// The connection under lock, if it is still read from where the answer came from.
async fn still(tx: &mut TenantTx, due: &Due) -> Result<Option<Known>> {
    let known = match Known::lock(tx, due.id).await {
        Ok(known) => known,
        Err(Error::Refused(_)) => return Ok(None), // deleted meanwhile
        Err(error) => return Err(error),
    };
    let same = known.active && known.import_url.as_deref() == Some(&due.sealed);
    Ok(same.then_some(known))
}

/// A person says that the last calendar is right: what it lacks is given free.
pub async fn believe(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<CalendarConnection> {
    who.require(Permission::WriteChannels)?;
    let known = Known::lock(tx, id).await?;
    let today = known.today(now);
    let mut feed = feed(&known.feed)?;
    feed.believe(today);
    hold::follow(tx, &known, &feed, today, now).await?;
    keep(tx, &known, &feed, now).await?;
    let connection = connection::get(tx, id).await?;
    logged(tx, who, "calendar_connection.believed", &connection, now).await?;
    Ok(connection)
}

async fn keep(tx: &mut TenantTx, known: &Known, feed: &Feed, now: DateTime<Utc>) -> Result<()> {
    let json = serde_json::to_value(feed).map_err(|e| Error::internal(e.to_string()))?;
    sqlx::query!(
        "update calendar_connection set feed = $3 where tenant_id = $1 and id = $2",
        tx.t(),
        known.id,
        json
    )
    .execute(&mut **tx)
    .await?;
    match feed.frozen() {
        None => alert::resolve(tx, FROZEN, known.id, now).await,
        Some(Freeze { why, since }) => {
            let why = words(why);
            let detail = format!(
                "the calendar of {} {why} since {since}: nothing is given free",
                known.name
            );
            alert::raise(tx, FROZEN, (known.property_id, known.id), &detail, now).await
        }
    }
}

fn words(why: Why) -> &'static str {
    match why {
        Why::Collapsed(Collapse::Empty) => "is empty, which only a person can confirm,",
        Why::Collapsed(Collapse::Shrunk) => "lacks more than half of what it had",
        Why::Unreadable => "is none that can be read",
    }
}
