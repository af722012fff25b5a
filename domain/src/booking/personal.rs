//! What a booking says of people, its booker and its notes: sealed, and found by the booker's address and number.

use super::entity::Booking;
use crate::channel::revision::Booker;
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::guest::entity::Key;
use crate::private::private;
use crate::text;
use crate::vault::{Place, Vault};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

private!(Personal);

/// Bookings sealed in one go.
const BATCH: i64 = 500;

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Personal {
    pub booker: Booker,
    pub notes: Option<String>,
}

/// As the table keeps it.
pub(crate) struct Sealed {
    pub personal: String,
    pub email_key: Option<String>,
    pub phone_key: Option<String>,
}

impl Personal {
    pub fn seal(&self, vault: &Vault, booking: Uuid) -> Result<Sealed> {
        let email = self.booker.email.as_deref().map(text::normal_email);
        let phone = self.booker.phone.as_deref().map(text::normal_phone);
        let key = |key: Key, value: Option<String>| value.map(|v| vault.blind(key.name(), &v)).transpose();
        Ok(Sealed {
            personal: vault.seal_json(&place(booking), self)?,
            email_key: key(Key::Email, email)?,
            phone_key: key(Key::Phone, phone)?,
        })
    }

    /// As a row has it: sealed, or in clear until the hourly job has sealed it.
    pub fn read(
        vault: &Vault,
        booking: Uuid,
        sealed: Option<&str>,
        clear: Option<Json<Self>>,
    ) -> Result<Self> {
        match (sealed, clear) {
            (Some(sealed), _) => Self::open(vault, booking, sealed),
            (None, Some(clear)) => Ok(clear.0),
            (None, None) => Err(Error::internal(format!("booking {booking} without a booker"))),
        }
    }

    pub fn open(vault: &Vault, booking: Uuid, sealed: &str) -> Result<Self> {
        vault.open_json(&place(booking), sealed)
    }
}

fn place(booking: Uuid) -> Place {
    Place::new("booking", "personal", booking)
}

/// No round trip: the tenant's keys are at hand.
pub(super) async fn of(tx: &TenantTx, b: &Booking) -> Result<Sealed> {
    let personal = Personal {
        booker: b.booker.clone(),
        notes: b.notes.clone(),
    };
    personal.seal(&tx.vault().await?, b.id)
}

/// In whose name a stay is, as a query gives it: the name in clear if there is one, the booking, and its sealed booker.
pub(crate) type Named<'a> = (Option<&'a str>, Option<Uuid>, Option<&'a str>);

/// The names, in the order of the stays; empty where there is none.
pub(crate) async fn names<'a>(
    tx: &TenantTx,
    stays: impl Iterator<Item = Named<'a>> + Send,
) -> Result<Vec<String>> {
    let stays: Vec<Named<'_>> = stays.collect();
    let sealed: Vec<&str> = stays.iter().filter_map(|(_, _, sealed)| *sealed).collect();
    if sealed.is_empty() {
        let clear = stays.iter().map(|(name, ..)| name.unwrap_or_default().to_owned());
        return Ok(clear.collect());
    }
    let vault = tx.vault_knowing(&sealed).await?;
    let name = |stay: &Named<'_>| match *stay {
        (None, Some(booking), Some(sealed)) => Ok(Personal::open(&vault, booking, sealed)?.booker.name),
        (name, ..) => Ok(name.unwrap_or_default().to_owned()),
    };
    stays.iter().map(name).collect()
}

/// Seals what versions before sealing kept in clear, at most a batch. Returns how many bookings.
pub async fn seal_old(tx: &mut TenantTx) -> Result<u64> {
    let rows = sqlx::query!(
        r#"select id, app.in_clear(b) as "clear!: Json<Personal>" from booking b
           where tenant_id = $1 and personal is null order by id limit $2 for update"#,
        tx.t(),
        BATCH
    )
    .fetch_all(&mut **tx)
    .await?;
    let all: Vec<_> = rows.into_iter().map(|row| (row.id, row.clear.0)).collect();
    write(tx, &all).await
}

/// Puts these in the place of what bookings said of people. Returns how many there were.
pub(crate) async fn write(tx: &mut TenantTx, all: &[(Uuid, Personal)]) -> Result<u64> {
    let vault = tx.vault().await?;
    let ids: Vec<Uuid> = all.iter().map(|(id, _)| *id).collect();
    let (mut sealed, mut emails, mut phones) = (Vec::new(), Vec::new(), Vec::new());
    for (id, personal) in all {
        let row = personal.seal(&vault, *id)?;
        sealed.push(row.personal);
        emails.push(row.email_key);
        phones.push(row.phone_key);
    }
    let done = sqlx::query!(
        "update booking b set personal = n.personal, email_key = n.email_key, phone_key = n.phone_key,
             booker_name = null, booker_email = null, booker_phone = null, booker_country = null, notes = null
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as n (id, personal, email_key, phone_key)
         where b.tenant_id = $1 and b.id = n.id",
        tx.t(),
        &ids,
        &sealed,
        &emails as &[Option<String>],
        &phones as &[Option<String>]
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}
