-- What goes wrong with rates does not keep availability waiting: push_failures and next_push_at are availability's.
alter table channel_sync
    add rates_failures int not null default 0,
    add next_rates_at  timestamptz not null default now(),
    -- The channel asked for everything, sooner than it is told that again.
    add anew_asked     boolean not null default false;

-- The last calls, for people; and old ones, to be thrown away.
create index ari_call_recent on ari_call (tenant_id, connection_id, started_at);
-- Which doors a connection has.
create index channel_endpoint_connection on channel_endpoint (tenant_id, connection_id);
