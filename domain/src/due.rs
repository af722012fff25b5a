//! What is due in a tenant: one statement, since it is asked after every kick and in every sweep.

use crate::channel::{deadline, unheard};
use crate::db::TenantTx;
use crate::error::Result;
use chrono::{DateTime, Utc};
use uuid::Uuid;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// Holds whose time has passed (`booking::hold`).
    pub holds: bool,
    /// Events that the dashboard's numbers have not followed (`metrics`).
    pub metrics: bool,
    /// Entries of the audit trail that a link could be made for (`audit::chain`).
    pub audit: bool,
    /// Connections that may have something to send (`channel::push`).
    pub pushes: Vec<Uuid>,
    /// Connections with something to poll or acknowledge, and paused ones, too, with something to process
    /// (`channel::inbox`).
    pub inboxes: Vec<Uuid>,
    /// Connections whose channel is to be asked what it believes (`channel::drift`).
    pub read_backs: Vec<Uuid>,
    /// Messages whose channel loses patience, or did and does not any more (`channel::deadline`).
    pub late: bool,
    /// Calendars to be read, the longest due first, at most 100 (`channel::calendar::reading`).
    pub calendars: Vec<Uuid>,
    /// Connections whose guests may have written, or are to be answered (`channel::correspondence`).
    pub talks: Vec<Uuid>,
    /// Connections whose portal is to hear what became of a booking (`channel::standing`).
    pub standings: Vec<Uuid>,
}

/// What is due now; whoever then does it looks again for themselves.
pub async fn due(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<Due> {
    Ok(sqlx::query_as!(
        Due,
        r#"with connected as (
             select s.*, c.receives_ari, c.state from channel_sync s
             join channel_connection c on c.tenant_id = $1 and c.id = s.connection_id and c.state <> 'closed'
             where s.tenant_id = $1),
           active as (select * from connected where state = 'active'),
           settled as (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xid)
           select
             exists (select from booking
                     where tenant_id = $1 and status = 'tentative' and hold_expires_at <= $2) as "holds!",
             exists (select from event e, settled
                     where e.tenant_id = $1 and e.xid < settled.xid
                       and (e.xid, e.seq) > (coalesce((select m.xid from metric_cursor m where m.tenant_id = $1), 0),
                                             coalesce((select m.seq from metric_cursor m where m.tenant_id = $1), 0)))
                 as "metrics!",
             exists (select from audit_entry e, settled
                     where e.tenant_id = $1 and e.xid < settled.xid
                       and (e.xid, e.seq) > (coalesce((select h.xid from audit_head h where h.tenant_id = $1), 0),
                                             coalesce((select h.seq from audit_head h where h.tenant_id = $1), 0)))
                 as "audit!",
             array(select a.connection_id from active a
                   where (a.next_push_at <= $2
                          and exists (select from ari_dirty d where d.tenant_id = $1 and d.connection_id = a.connection_id
                                        and d.kind = 'availability'))
                      or (a.next_rates_at <= $2
                          and exists (select from ari_dirty d where d.tenant_id = $1 and d.connection_id = a.connection_id
                                        and d.kind = 'rates'))
                      or (least(a.next_push_at, a.next_rates_at) <= $2
                          and exists (select from ari_call c where c.tenant_id = $1 and c.connection_id = a.connection_id
                                        and c.finished_at is null
                                        and c.started_at < case when c.outcome is null then $3::timestamptz else $6 end))
                      or (a.next_push_at <= $2 and a.show_at <= $2)) as "pushes!",
             array(select a.connection_id from connected a
                   where exists (select from inbox i where i.tenant_id = $1 and i.connection_id = a.connection_id
                                 and i.state = 'received' and i.next_attempt_at <= $2)
                      or a.state = 'active' and (
                        (a.next_poll_at <= $2 and a.receives_ari)
                        or ((a.poll_failures = 0 or a.next_poll_at <= $2)
                            and exists (select from inbox i where i.tenant_id = $1 and i.connection_id = a.connection_id
                                        and i.state <> 'received' and i.acknowledged_at is null)))) as "inboxes!",
             array(select a.connection_id from active a
                   where a.next_read_back_at <= $2 and a.receives_ari) as "read_backs!",
             exists (select from inbox i where i.tenant_id = $1 and i.acknowledged_at is null
                       and i.deadline_at is null and i.received_at <= $4)
               or exists (select from inbox i where i.tenant_id = $1 and i.acknowledged_at is null
                            and i.deadline_at <= $5
                            and not exists (select from alert l where l.tenant_id = $1 and l.subject_id = i.connection_id
                                              and l.kind = 'acknowledgement_late' and l.resolved_at is null))
               or exists (select from alert l where l.tenant_id = $1 and l.kind = 'acknowledgement_late'
                            and l.resolved_at is null
                            and not exists (select from inbox i where i.tenant_id = $1 and i.connection_id = l.subject_id
                                              and i.acknowledged_at is null and i.deadline_at <= $5)) as "late!",
             array(select c.id from calendar_connection c
                   where c.tenant_id = $1 and c.state = 'active' and c.import_url is not null and c.next_read_at <= $2
                   order by c.next_read_at limit 100) as "calendars!",
             array(select a.connection_id from active a
                   where a.next_talk_at <= $2 or exists (
                       select from channel_letter l
                       join channel_conversation v on v.tenant_id = $1 and v.id = l.conversation_id
                       where l.tenant_id = $1 and l.state = 'queued' and l.next_attempt_at <= $2
                         and v.connection_id = a.connection_id)
                     or exists (select from channel_review r
                                where r.tenant_id = $1 and r.reply_state = 'queued' and r.next_attempt_at <= $2
                                  and r.connection_id = a.connection_id)) as "talks!",
             array(select a.connection_id from active a
                   where exists (select from channel_standing t where t.tenant_id = $1
                                   and t.connection_id = a.connection_id and t.next_attempt_at <= $2))
                 as "standings!""#,
        tx.t(),
        now,
        now - unheard::given_up_after(),
        deadline::troubled_before(now),
        deadline::alarming_until(now),
        now - unheard::unanswered_for()
    )
    .fetch_one(&mut **tx)
    .await?)
}
