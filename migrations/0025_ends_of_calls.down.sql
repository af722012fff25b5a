create index inbox_open on inbox (tenant_id, connection_id, next_attempt_at)
    where state = 'received' or acknowledged_at is null;
drop index inbox_owed;
drop index inbox_waiting;

create index ari_call_recent on ari_call (tenant_id, connection_id, kind, started_at);
drop index ari_call_ended;
