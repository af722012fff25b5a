//! How long a booking message may wait: channels give up on electronic delivery after a while, and send an e-mail or a
//! fax instead. The sooner the guest arrives, the less time there is.

use super::connection;
use super::messages;
use super::revision::ChannelRevision;
use crate::alert;
use crate::db::TenantTx;
use crate::error::Result;
use crate::ports::channel::{Protocols, RevisionReader};
use crate::property;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use uuid::Uuid;

pub const LATE: &str = "acknowledgement_late";
/// An alert is raised when so little is left.
const WARN_MINUTES: i64 = 10;
/// Most messages are acknowledged long before; nobody reckons the time of those.
const UNTROUBLED_SECONDS: i64 = 60;
/// Messages whose time is reckoned in one go.
const BATCH: i64 = 200;
/// Messages shown as waiting.
const MOST_SHOWN: i64 = 100;

/// Until when the channel has to be told: 30 minutes for an arrival on the same day, 60 for one on the next, else a day.
/// An arrival that nobody can read may be today's.
pub fn deadline(received: DateTime<Utc>, arrival: Option<NaiveDate>, zone: Tz) -> DateTime<Utc> {
    let today = received.with_timezone(&zone).date_naive();
    let minutes = match arrival.map(|day| (day - today).num_days()) {
        None | Some(..=0) => 30,
        Some(1) => 60,
        Some(2..) => 24 * 60,
    };
    received + Duration::minutes(minutes)
}

fn arrival(revision: &ChannelRevision) -> Option<NaiveDate> {
    revision.rooms.iter().map(|room| room.arrival).min()
}

/// A message that is not applied, or that the channel does not know we have.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub id: i64,
    pub received_at: DateTime<Utc>,
    /// `received`, `processed`, `parked` or `asked`.
    pub state: String,
    pub acknowledged: bool,
    pub deadline: DateTime<Utc>,
}

/// Those of one connection, the most urgent first, at most 100.
pub async fn waiting(
    tx: &mut TenantTx,
    connection_id: Uuid,
    reader: Option<&dyn RevisionReader>,
) -> Result<Vec<Waiting>> {
    let connection = connection::get(tx, connection_id).await?;
    let zone = zone(tx, connection.property_id).await?;
    let rows = sqlx::query!(
        r#"select id, message_id, received_at, state, acknowledged_at is not null as "acknowledged!", deadline_at, raw,
                  message
           from inbox where tenant_id = $1 and connection_id = $2 and (state = 'received' or acknowledged_at is null)
           order by deadline_at nulls first, received_at, id limit $3"#,
        tx.t(),
        connection_id,
        MOST_SHOWN
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().filter_map(|r| r.message.as_deref()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let mut all = Vec::new();
    for row in rows {
        let known = match row.deadline_at {
            Some(at) => at,
            None => {
                let sealed = row.message.as_deref();
                let raw = messages::read(&vault, connection_id, &row.message_id, sealed, row.raw)?;
                deadline(row.received_at, read_arrival(reader, &raw), zone)
            }
        };
        all.push(Waiting {
            id: row.id,
            received_at: row.received_at,
            state: row.state,
            acknowledged: row.acknowledged,
            deadline: known,
        });
    }
    all.sort_by_key(|w| (w.acknowledged, w.deadline, w.id));
    Ok(all)
}

fn read_arrival(reader: Option<&dyn RevisionReader>, raw: &str) -> Option<NaiveDate> {
    arrival(&reader?.read(raw).ok()?)
}

async fn zone(tx: &mut TenantTx, property_id: Uuid) -> Result<Tz> {
    let property = property::get(tx, property_id).await?;
    Ok(property.zone.parse().unwrap_or(Tz::UTC))
}

/// From when on messages that wait are looked after.
pub(crate) fn troubled_before(now: DateTime<Utc>) -> DateTime<Utc> {
    now - Duration::seconds(UNTROUBLED_SECONDS)
}

/// Deadlines up to this moment are alarming.
pub(crate) fn alarming_until(now: DateTime<Utc>) -> DateTime<Utc> {
    now + Duration::minutes(WARN_MINUTES)
}

/// Reckons what time is left for messages that wait, raises an alert per connection that is late, and takes it back.
pub async fn watch(tx: &mut TenantTx, protocols: &Protocols, now: DateTime<Utc>) -> Result<()> {
    reckon(tx, protocols, now).await?;
    let late = sqlx::query!(
        r#"select i.connection_id, c.property_id, c.name, count(*) as "n!", min(i.deadline_at) as "first!"
           from inbox i join channel_connection c on c.tenant_id = $1 and c.id = i.connection_id
           where i.tenant_id = $1 and i.acknowledged_at is null and i.deadline_at <= $2
           group by i.connection_id, c.property_id, c.name"#,
        tx.t(),
        alarming_until(now)
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in &late {
        let detail = format!(
            "{} waits for {} acknowledgement(s), the first until {}: then it gives up and tells the house otherwise",
            row.name,
            row.n,
            row.first.format("%Y-%m-%dT%H:%M:%SZ")
        );
        alert::raise(tx, LATE, (row.property_id, row.connection_id), &detail, now).await?;
    }
    let late: Vec<Uuid> = late.into_iter().map(|row| row.connection_id).collect();
    sqlx::query!(
        "update alert set resolved_at = $2
         where tenant_id = $1 and kind = $3 and resolved_at is null and subject_id <> all($4)",
        tx.t(),
        now,
        LATE,
        &late
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// At most a batch; more are due again at once.
async fn reckon(tx: &mut TenantTx, protocols: &Protocols, now: DateTime<Utc>) -> Result<()> {
    let rows = sqlx::query!(
        "select i.connection_id, i.id, i.message_id, i.received_at, i.raw, i.message, c.protocol, p.zone
         from inbox i
         join channel_connection c on c.tenant_id = $1 and c.id = i.connection_id
         join property p on p.tenant_id = $1 and p.id = c.property_id
         where i.tenant_id = $1 and i.acknowledged_at is null and i.deadline_at is null and i.received_at <= $2
         order by i.received_at limit $3",
        tx.t(),
        troubled_before(now),
        BATCH
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().filter_map(|r| r.message.as_deref()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let mut found: BTreeMap<(Uuid, i64), DateTime<Utc>> = BTreeMap::new();
    for row in rows {
        let reader = protocols.get(&row.protocol).map(|p| &*p.reader);
        let sealed = row.message.as_deref();
        let raw = messages::read(&vault, row.connection_id, &row.message_id, sealed, row.raw)?;
        let zone = row.zone.parse().unwrap_or(Tz::UTC);
        let until = deadline(row.received_at, read_arrival(reader, &raw), zone);
        found.insert((row.connection_id, row.id), until);
    }
    note(tx, &found).await
}

async fn note(tx: &mut TenantTx, found: &BTreeMap<(Uuid, i64), DateTime<Utc>>) -> Result<()> {
    let (connections, ids): (Vec<Uuid>, Vec<i64>) = found.keys().copied().unzip();
    let deadlines: Vec<DateTime<Utc>> = found.values().copied().collect();
    sqlx::query!(
        "update inbox i set deadline_at = d.deadline
         from unnest($2::uuid[], $3::bigint[], $4::timestamptz[]) as d (connection_id, id, deadline)
         where i.tenant_id = $1 and i.connection_id = d.connection_id and i.id = d.id",
        tx.t(),
        &connections,
        &ids,
        &deadlines
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sooner_the_guest_comes_the_less_time_there_is() {
        let berlin: Tz = "Europe/Berlin".parse().unwrap();
        let received: DateTime<Utc> = "2027-03-01T23:30:00Z".parse().unwrap();
        let minutes = |arrival: Option<&str>| {
            let arrival = arrival.map(|day| day.parse().unwrap());
            (deadline(received, arrival, berlin) - received).num_minutes()
        };
        // In Berlin it is half past midnight of the second.
        assert_eq!(minutes(Some("2027-03-02")), 30);
        assert_eq!(minutes(Some("2027-03-03")), 60);
        assert_eq!(minutes(Some("2027-03-04")), 24 * 60);
        assert_eq!(minutes(Some("2027-02-27")), 30);
        assert_eq!(minutes(None), 30);
    }
}
