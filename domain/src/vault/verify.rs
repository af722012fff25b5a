//! Which keys the sealed values name: for `innkeep verify`, and before a key is thrown away.

use super::VERSION;
use super::columns::{self, Sealed};
use crate::db::TenantTx;
use crate::error::Result;
use sqlx::AssertSqlSafe;

/// Reports of one column.
const MOST: i64 = 100;

/// Does any sealed value of the tenant name the key?
pub(super) async fn is_named(tx: &mut TenantTx, id: &str) -> Result<bool> {
    for column in columns::of(tx.tenant()) {
        let Sealed {
            table, column: name, ..
        } = column;
        let tenant = column.of_tenant();
        let sql = format!("select exists (select from {table} t where {tenant} and t.{name} like $2)");
        let found = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(tx.t())
            .bind(format!("{VERSION}.{id}.%"));
        if found.fetch_one(&mut **tx).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Values that no key of the tenant, and none of the master keys, is named by: nobody can open them.
pub async fn unknown_keys(tx: &mut TenantTx) -> Result<Vec<String>> {
    let mut known = sqlx::query_scalar!("select id from tenant_key where tenant_id = $1", tx.t())
        .fetch_all(&mut **tx)
        .await?;
    known.extend(tx.master_ids());
    let mut findings = Vec::new();
    for column in columns::of(tx.tenant()) {
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
