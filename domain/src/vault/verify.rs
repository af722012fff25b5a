//! Which keys the sealed values name: for `innkeep verify`, and before a key is thrown away.

use super::VERSION;
use super::columns::{SEALED, Sealed};
use crate::db::TenantTx;
use crate::error::Result;
use crate::ids::TenantId;
use sqlx::AssertSqlSafe;

/// Reports of one column.
const MOST: i64 = 100;

/// Does a value of the column name the key?
pub(super) async fn names(tx: &mut TenantTx, column: &Sealed, id: &str) -> Result<bool> {
    let Sealed {
        table, column: name, ..
    } = column;
    let tenant = column.of_tenant();
    let sql = format!("select exists (select from {table} t where {tenant} and t.{name} like $2)");
    let found = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(tx.t())
        .bind(format!("{VERSION}.{id}.%"));
    Ok(found.fetch_one(&mut **tx).await?)
}

/// Values that no key of the tenant, and none of the master keys, is named by: nobody can open them.
pub async fn unknown_keys(tx: &mut TenantTx) -> Result<Vec<String>> {
    let mut known = sqlx::query_scalar!("select id from tenant_key where tenant_id = $1", tx.t())
        .fetch_all(&mut **tx)
        .await?;
    known.extend(tx.master_ids());
    let platform = tx.tenant() == TenantId::PLATFORM;
    let mut findings = Vec::new();
    for column in SEALED.iter().filter(|c| c.platform == platform) {
        let Sealed {
            table, column: name, ..
        } = column;
        let tenant = column.of_tenant();
        let sql = format!(
            "select format('%s values of {table}.{name} are sealed under %s, and there is no such key', count(*), k.id)
             from {table} t, split_part(t.{name}, '.', 2) as k (id)
             where {tenant} and k.id <> all($2) group by k.id order by k.id limit $3"
        );
        let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(tx.t())
            .bind(&known)
            .bind(MOST)
            .fetch_all(&mut **tx)
            .await?;
        findings.extend(found);
    }
    Ok(findings)
}
