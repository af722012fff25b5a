-- A channel's limit is counted from the ends of calls; one that is open ends last.
create index ari_call_ended on ari_call (tenant_id, connection_id, kind, (coalesce(finished_at, 'infinity')));
drop index ari_call_recent;

-- Messages wait in order of arrival to be applied, then to be acknowledged; neither look may pass over all that are done.
create index inbox_waiting on inbox (tenant_id, connection_id, id) where state = 'received';
create index inbox_owed on inbox (tenant_id, connection_id, id) where acknowledged_at is null;
drop index inbox_open;
