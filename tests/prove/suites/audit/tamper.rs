//! What somebody with every right in the database, but without the key, could do to hide something.

use super::TABLES;
use innkeep_domain::audit::chain::Head;
use rand::Rng;
use rand::rngs::StdRng;

pub struct Tampering {
    pub name: &'static str,
    /// Statements of one transaction.
    pub sql: String,
}

/// Another value for each column of an entry.
const COLUMNS: [&str; 11] = [
    "id = gen_random_uuid()",
    "xid = xid - 1",
    "at = at - interval '1 second'",
    "operation = operation || '_'",
    "phase = case phase when 'read' then 'done' else 'read' end",
    "status = coalesce(status, 0) + 1",
    "actor = 'user:' || gen_random_uuid()",
    "address = coalesce(address, '') || '1'",
    "request_id = 'other'",
    "subject_id = gen_random_uuid()",
    "changes = changes || '[{}]'",
];

impl Tampering {
    pub fn at_random(dice: &mut StdRng, head: &Head) -> Self {
        let last = head.n;
        let n = dice.random_range(1..last);
        let entry = format!("(select entry_id from audit_link where n = {n})");
        let cut = dice.random_range(1..=last.min(30));
        let keep = last - cut;
        let (name, sql) = match dice.random_range(0..14) {
            0..3 => {
                let column = COLUMNS[dice.random_range(0..COLUMNS.len())];
                ("an entry changed", format!("update audit_entry set {column} where id = {entry}"))
            }
            3 => ("an entry gone", format!("delete from audit_entry where id = {entry}")),
            4 => ("a link gone", format!("delete from audit_link where n = {n}")),
            5 => ("an entry gone with its link", both_gone(&format!("n = {n}"))),
            6 => (
                "two entries exchanged",
                format!(
                    "create temporary table a as select * from audit_link where n in ({n}, {n} + 1);
                     delete from audit_link where n in ({n}, {n} + 1);
                     insert into audit_link select tenant_id, 2 * {n} + 1 - n, entry_id, mac from a; drop table a"
                ),
            ),
            7 => ("an entry slipped in", slip_in(&entry)),
            8 => ("a link forged", format!("update audit_link set mac = md5(mac) where n = {n}")),
            9 => ("the end cut off", both_gone(&format!("n > {keep}"))),
            10 => ("the end cut off and the head moved", format!("{}; {}", both_gone(&format!("n > {keep}")), move_head(keep))),
            11 => ("the head gone", "delete from audit_head".into()),
            12 => ("everything gone", TABLES.map(|t| format!("delete from {t}")).join("; ")),
            _ => ("turned back to an earlier day", turn_back("early")),
        };
        Self {
            name,
            sql: format!("begin; {sql}; commit"),
        }
    }
}

fn both_gone(links: &str) -> String {
    format!(
        "delete from audit_entry where id in (select entry_id from audit_link where {links});
         delete from audit_link where {links}"
    )
}

/// A copy of an entry with another actor, in the same place.
fn slip_in(entry: &str) -> String {
    format!(
        "insert into audit_entry (tenant_id, id, xid, at, operation, phase, status, actor, request_id, changes)
         select tenant_id, gen_random_uuid(), xid - 1, at, operation, phase, status, 'user:nobody', request_id, changes
         from audit_entry where id = {entry}"
    )
}

/// As it would stand there, had the chain really ended here; but for the seal, which takes the key.
fn move_head(n: i64) -> String {
    format!(
        "update audit_head h set n = {n}, mac = coalesce(l.mac, ''), xid = coalesce(e.xid, 0), seq = coalesce(e.seq, 0)
         from (select 1) one left join audit_link l on l.n = {n} left join audit_entry e on e.id = l.entry_id"
    )
}

/// The three tables as they were copied before.
pub fn turn_back(copy: &str) -> String {
    let back = |table| {
        format!("delete from {table}; insert into {table} overriding system value table {copy}_{table}")
    };
    TABLES.map(back).join("; ")
}
