//! Walks a tenant's audit trail from its first link to its head and names everything that is not as it was written.

use super::chain::{Head, mac, seal, stands};
use super::{Entry, Row};
use crate::db::TenantTx;
use crate::error::Result;
use crate::event::Position;
use crate::vault::Vault;
use crate::verify::Finding;
use uuid::Uuid;

/// Links looked at in one go.
const PAGE: i64 = 2_000;
/// Findings after which it stops looking.
const MOST: usize = 100;

/// What is wrong inside the database: entries changed, missing or slipped in, gaps, an end that was cut off.
pub async fn chain(tx: &mut TenantTx) -> Result<Vec<String>> {
    let (head, mut next) = (stands(tx).await?, links(tx, 0).await?);
    if head.is_none() && next.is_empty() {
        // Nothing was ever linked, and no key is needed to say so.
        return Ok(Vec::new());
    }
    let vault = tx.vault().await?;
    let mut walk = Walk::default();
    while !next.is_empty() && walk.found.len() < MOST {
        for link in next {
            walk.step(&vault, link)?;
        }
        next = links(tx, walk.end.n).await?;
    }
    match &head {
        None if walk.end.n > 0 => walk.found.push("the head of the chain is gone".into()),
        None => {}
        Some(head) => {
            if head.seal != seal(&vault, &head.head, head.position)? {
                walk.found.push("the head of the chain was altered".into());
            }
            if head.head != walk.end || head.position != walk.position {
                let (says, is) = (head.head.n, walk.end.n);
                walk.found.push(format!(
                    "the chain should end with entry {says} and ends with {is}"
                ));
            }
        }
    }
    walk.found.extend(unlinked(tx, walk.position).await?);
    walk.found.truncate(MOST);
    Ok(walk.found)
}

/// What is wrong when this head was once put on record outside the database.
pub async fn anchored(tx: &mut TenantTx, head: &Head) -> Result<Option<Finding>> {
    let link = sqlx::query_scalar!(
        "select mac from audit_link where tenant_id = $1 and n = $2",
        tx.t(),
        head.n
    );
    let found = link.fetch_optional(&mut **tx).await?;
    let n = head.n;
    let detail = match found {
        Some(mac) if mac == head.mac => return Ok(None),
        Some(_) => format!("entry {n} of the audit trail is not the one that was put on record"),
        None => format!("the audit trail once had {n} entries, as was put on record, and has fewer"),
    };
    Ok(Some(Finding {
        rule: "audit_trail_is_as_recorded",
        detail,
    }))
}

/// A link, and its entry unless that is gone.
struct Link {
    n: i64,
    mac: String,
    entry_id: Uuid,
    entry: Option<Entry>,
}

#[derive(Default)]
struct Walk {
    /// The last link seen.
    end: Head,
    /// Where its entry stands.
    position: Position,
    found: Vec<String>,
}

impl Walk {
    fn step(&mut self, vault: &Vault, link: Link) -> Result<()> {
        let n = link.n;
        if n != self.end.n + 1 {
            self.found
                .push(format!("audit entries {} to {} are gone", self.end.n + 1, n - 1));
        }
        // Compared with what stands before it, so that one breach is reported once.
        let before = Head {
            n: n - 1,
            mac: self.end.mac.clone(),
        };
        match &link.entry {
            None => self
                .found
                .push(format!("audit entry {n} ({}) is gone", link.entry_id)),
            Some(entry) => {
                if n == self.end.n + 1 && link.mac != mac(vault, &before, entry)? {
                    self.found.push(format!(
                        "audit entry {n} ({}) or its link was altered",
                        link.entry_id
                    ));
                }
                self.position = entry.position;
            }
        }
        self.end = Head { n, mac: link.mac };
        Ok(())
    }
}

async fn links(tx: &mut TenantTx, after: i64) -> Result<Vec<Link>> {
    let rows = sqlx::query!(
        r#"select l.n, l.mac, l.entry_id, e.xid as "xid?", e.seq as "seq?", e.at as "at?", e.operation as "operation?",
                  e.phase as "phase?", e.status, e.actor as "actor?", e.address, e.request_id as "request_id?",
                  e.subject_id, e.changes as "changes?"
           from audit_link l left join audit_entry e on e.tenant_id = $1 and e.id = l.entry_id
           where l.tenant_id = $1 and l.n > $2 order by l.n limit $3"#,
        tx.t(),
        after,
        PAGE
    );
    let mut links = Vec::new();
    for r in rows.fetch_all(&mut **tx).await? {
        let whole = (
            r.xid,
            r.seq,
            r.at,
            r.operation,
            r.phase,
            r.actor,
            r.request_id,
            r.changes,
        );
        let entry = match whole {
            (
                Some(xid),
                Some(seq),
                Some(at),
                Some(operation),
                Some(phase),
                Some(actor),
                Some(request_id),
                Some(changes),
            ) => {
                let (id, status, address, subject_id) = (r.entry_id, r.status, r.address, r.subject_id);
                let row = Row {
                    xid,
                    seq,
                    id,
                    at,
                    operation,
                    phase,
                    status,
                    actor,
                    address,
                    request_id,
                    subject_id,
                    changes,
                };
                Some(Entry::try_from(row)?)
            }
            _ => None,
        };
        links.push(Link {
            n: r.n,
            mac: r.mac,
            entry_id: r.entry_id,
            entry,
        });
    }
    Ok(links)
}

/// Entries slipped in before the chain's end. Those after it have not been linked yet.
async fn unlinked(tx: &mut TenantTx, end: Position) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select format('audit entry %s stands outside the chain', e.id) as "detail!"
           from audit_entry e
           where e.tenant_id = $1 and (e.xid, e.seq) <= ($2, $3)
             and not exists (select from audit_link l where l.tenant_id = $1 and l.entry_id = e.id)
           order by e.xid, e.seq limit 100"#,
        tx.t(),
        end.xid,
        end.seq
    )
    .fetch_all(&mut **tx)
    .await?)
}
