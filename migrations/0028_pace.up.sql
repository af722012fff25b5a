-- What goes wrong with rates does not keep availability waiting: push_failures and next_push_at are availability's.
alter table channel_sync
    add rates_failures int not null default 0,
    add next_rates_at  timestamptz not null default now(),
    -- The channel asked for everything, sooner than it is told that again.
    add anew_asked     boolean not null default false,
    -- How often the connection was mapped: the answer to a call says nothing of rooms that were mapped after it.
    add mapped         int not null default 0;

-- The last calls, for people; and old ones, to be thrown away.
create index ari_call_recent on ari_call (tenant_id, connection_id, started_at);
-- Which doors a connection has.
create index channel_endpoint_connection on channel_endpoint (tenant_id, connection_id);

-- Rooms that a channel sold under a code that is mapped to nothing: they take no stock until it is.
create table channel_unmapped (
    tenant_id      uuid not null,
    connection_id  uuid not null,
    reservation_id uuid not null,
    room_type      text not null,
    rate_plan      text,
    primary key (tenant_id, connection_id, reservation_id),
    foreign key (tenant_id, connection_id) references channel_connection,
    foreign key (tenant_id, reservation_id) references reservation
);
call app.tenant_table('channel_unmapped');
