alter table booking drop particulars;
drop index inbox_unacknowledged;
alter table inbox drop deadline_at;
alter table ari_call drop oldest_mark;
drop table channel_closure;
-- Closed ones are paused: versions before know nothing of closing.
alter table channel_connection no force row level security;
update channel_connection set state = 'paused' where state = 'closed';
alter table channel_connection force row level security;
alter table channel_connection
    drop constraint channel_connection_state_check,
    add constraint channel_connection_state_check check (state in ('active', 'paused')),
    drop markup_percent, drop markup_amount, drop apply_seconds;
