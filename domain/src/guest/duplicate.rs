//! Pairs of guests that look like one person. Found by blind indexes: nothing is opened to compare.

use crate::db::TenantTx;
use crate::error::Result;
use crate::principal::{Permission, Principal};
use crate::private::private;
use uuid::Uuid;

private!(Profile[id]);

/// Two guests, and in what they agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The older profile.
    pub first: Profile,
    pub second: Profile,
    /// `email`, `phone`, `name_birth`.
    pub same: Vec<String>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    pub id: Uuid,
    pub first_name: Option<String>,
    pub last_name: String,
}

/// In the order of their ids, after the pair `after`.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    after: Option<(Uuid, Uuid)>,
    limit: i64,
) -> Result<Vec<Pair>> {
    who.require(Permission::ReadGuests)?;
    let (first, second) = after.unwrap_or_default();
    let rows = sqlx::query!(
        r#"select a.id as first, a.first_name as first_given, a.last_name as first_family,
                  b.id as second, b.first_name as second_given, b.last_name as second_family, p.same as "same!"
           from (select j.guest_id as first, k.guest_id as second, array_agg(j.kind order by j.kind) as same
                 from guest_key j
                 join guest_key k on k.tenant_id = $1 and k.kind = j.kind and k.value = j.value
                      and k.guest_id > j.guest_id
                 where j.tenant_id = $1 and j.guest_id >= $2 and (j.guest_id, k.guest_id) > ($2, $3)
                 group by 1, 2 order by 1, 2 limit $4) p
           join guest a on a.tenant_id = $1 and a.id = p.first
           join guest b on b.tenant_id = $1 and b.id = p.second
           order by p.first, p.second"#,
        tx.t(),
        first,
        second,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let pairs = rows.into_iter().map(|r| Pair {
        first: Profile {
            id: r.first,
            first_name: r.first_given,
            last_name: r.first_family,
        },
        second: Profile {
            id: r.second,
            first_name: r.second_given,
            last_name: r.second_family,
        },
        same: r.same,
    });
    Ok(pairs.collect())
}
