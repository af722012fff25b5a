//! The chain over a tenant's audit trail. A worker links entries in the order of their transactions, some moments after
//! they were written: writing one waits for nobody. Each link's code (HMAC-SHA256 under the tenant's key) covers the
//! entry and the link before it; the head's code covers where the chain ends; and the head is put on record outside
//! the database too ([`Anchor`](crate::ports::anchor::Anchor)), so that not even an older state of the whole database
//! goes unnoticed.

use super::{Entry, Row};
use crate::db::TenantTx;
use crate::error::Result;
use crate::event::Position;
use crate::vault::Vault;

/// Entries linked in one transaction.
const BATCH: i64 = 500;

/// The end of a chain: its last link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    pub n: i64,
    pub mac: String,
}

/// Links what is due, at most a batch: then there may be more. Whoever else does so meanwhile is waited for.
pub async fn extend(tx: &mut TenantTx) -> Result<Option<Head>> {
    let vault = tx.vault().await?;
    // There may be no head to lock yet.
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1::text, 15))",
        tx.t().to_string()
    )
    .execute(&mut **tx)
    .await?;
    let (mut head, from) = stands(tx)
        .await?
        .map(|s| (s.head, s.position))
        .unwrap_or_default();
    let rows = sqlx::query_as!(
        Row,
        "select xid, seq, id, at, operation, phase, status, actor, address, request_id, subject_id, changes
         from audit_entry
         where tenant_id = $1 and (xid, seq) > ($2, $3)
           and xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
         order by xid, seq limit $4",
        tx.t(),
        from.xid,
        from.seq,
        BATCH
    )
    .fetch_all(&mut **tx)
    .await?;
    let entries = rows
        .into_iter()
        .map(Entry::try_from)
        .collect::<Result<Vec<_>>>()?;
    let Some(last) = entries.last().map(|e| e.position) else {
        return Ok(None);
    };
    let (mut ns, mut ids, mut macs) = (Vec::new(), Vec::new(), Vec::new());
    for entry in &entries {
        head = Head {
            n: head.n + 1,
            mac: mac(&vault, &head, entry)?,
        };
        ns.push(head.n);
        ids.push(entry.id);
        macs.push(head.mac.clone());
    }
    sqlx::query!(
        "insert into audit_link (tenant_id, n, entry_id, mac)
         select $1, n, entry_id, mac from unnest($2::bigint[], $3::uuid[], $4::text[]) as l (n, entry_id, mac)",
        tx.t(),
        &ns,
        &ids,
        &macs
    )
    .execute(&mut **tx)
    .await?;
    keep(tx, &vault, &head, last).await?;
    Ok(Some(head))
}

async fn keep(tx: &mut TenantTx, vault: &Vault, head: &Head, position: Position) -> Result<()> {
    sqlx::query!(
        "insert into audit_head (tenant_id, n, mac, xid, seq, seal) values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id) do update
         set n = excluded.n, mac = excluded.mac, xid = excluded.xid, seq = excluded.seq, seal = excluded.seal",
        tx.t(),
        head.n,
        head.mac,
        position.xid,
        position.seq,
        seal(vault, head, position)?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Where the chain says it ends.
pub(super) struct Stands {
    pub head: Head,
    pub position: Position,
    pub seal: String,
}

pub(super) async fn stands(tx: &mut TenantTx) -> Result<Option<Stands>> {
    let row = sqlx::query!(
        "select n, mac, xid, seq, seal from audit_head where tenant_id = $1",
        tx.t()
    );
    Ok(row.fetch_optional(&mut **tx).await?.map(|r| Stands {
        head: Head { n: r.n, mac: r.mac },
        position: Position {
            xid: r.xid,
            seq: r.seq,
        },
        seal: r.seal,
    }))
}

/// Of an entry that follows `before`.
pub(super) fn mac(vault: &Vault, before: &Head, e: &Entry) -> Result<String> {
    let content = serde_json::json!([
        before.n + 1,
        before.mac,
        e.id,
        e.position,
        e.at.timestamp_micros(),
        e.operation,
        e.phase.name(),
        e.status,
        e.actor,
        e.address,
        e.request_id,
        e.subject_id,
        e.changes,
    ]);
    vault.blind("audit_link.mac", &content.to_string())
}

pub(super) fn seal(vault: &Vault, head: &Head, position: Position) -> Result<String> {
    let content = serde_json::json!([head.n, head.mac, position]);
    vault.blind("audit_head.seal", &content.to_string())
}
