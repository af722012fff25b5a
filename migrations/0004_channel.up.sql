-- How a property is tied to a channel, and what the channel was last known to believe.
create table channel_connection (
    tenant_id         uuid not null,
    id                uuid not null,
    property_id       uuid not null,
    protocol          text not null check (protocol in ('channex', 'webhook')),
    name              text not null,
    base_url          text,
    external_property text,
    api_key           text,
    webhook_secrets   text[] not null default '{}',
    state             text not null check (state in ('active', 'paused')),
    receives_ari      boolean not null,
    safety_buffer     int not null default 0 check (safety_buffer between 0 and 1000),
    calls_per_minute  int not null default 10 check (calls_per_minute between 1 and 10000),
    version           int not null default 1,
    created_at        timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, property_id) references property
);
create index channel_connection_of_property on channel_connection (tenant_id, property_id);
call app.tenant_table('channel_connection');

-- An inbound URL's token is found before its tenant is known.
create table channel_endpoint (
    token_hash    bytea primary key check (length(token_hash) = 32),
    tenant_id     uuid not null,
    connection_id uuid not null
);
call app.platform_table('channel_endpoint', 'select, insert, delete');

create table channel_room_map (
    tenant_id     uuid not null,
    connection_id uuid not null,
    unit_type_id  uuid not null,
    external_id   text not null,
    primary key (tenant_id, connection_id, unit_type_id),
    unique (tenant_id, connection_id, external_id),
    foreign key (tenant_id, connection_id) references channel_connection,
    foreign key (tenant_id, unit_type_id) references unit_type
);
create index channel_room_map_of_type on channel_room_map (tenant_id, unit_type_id);
call app.tenant_table('channel_room_map');

create table channel_rate_map (
    tenant_id     uuid not null,
    connection_id uuid not null,
    unit_type_id  uuid not null,
    rate_plan_id  uuid not null,
    external_id   text not null,
    primary key (tenant_id, connection_id, unit_type_id, rate_plan_id),
    unique (tenant_id, connection_id, external_id),
    foreign key (tenant_id, connection_id) references channel_connection,
    foreign key (tenant_id, unit_type_id) references unit_type,
    foreign key (tenant_id, rate_plan_id) references rate_plan
);
call app.tenant_table('channel_rate_map');

-- Cells that may differ from what the channel believes: only ever inserted by writers, so that two sales never wait
-- for each other here, and deleted by the sender after the channel accepted them. Nights are half-open.
create table ari_dirty (
    tenant_id     uuid not null,
    connection_id uuid not null,
    id            bigint generated always as identity,
    kind          text not null check (kind in ('availability', 'rates')),
    unit_type_id  uuid not null,
    from_night    date not null,
    to_night      date not null,
    since         timestamptz not null default clock_timestamp(),
    primary key (tenant_id, connection_id, id),
    check (from_night < to_night)
);
call app.tenant_table('ari_dirty');

-- What the channel last accepted. NULL value = unknown, because a call is in flight or ended without an answer; an
-- unknown cell always differs from the truth. rate_plan_id is the nil uuid for availability cells.
create table ari_shadow (
    tenant_id     uuid not null,
    connection_id uuid not null,
    unit_type_id  uuid not null,
    rate_plan_id  uuid not null,
    night         date not null,
    accepted      jsonb,
    alarm         text,
    changed_at    timestamptz not null,
    primary key (tenant_id, connection_id, unit_type_id, rate_plan_id, night),
    foreign key (tenant_id, connection_id) references channel_connection
) with (fillfactor = 80);
create index ari_shadow_alarmed on ari_shadow (tenant_id, connection_id) where alarm is not null;
call app.tenant_table('ari_shadow');

-- Every call to a channel: the sliding window of its rate limit, and what support asks for.
create table ari_call (
    tenant_id     uuid not null,
    connection_id uuid not null,
    id            uuid not null,
    kind          text not null,
    ranges        int not null,
    started_at    timestamptz not null,
    finished_at   timestamptz,
    outcome       text,
    detail        text,
    primary key (tenant_id, connection_id, id),
    foreign key (tenant_id, connection_id) references channel_connection
);
create index ari_call_recent on ari_call (tenant_id, connection_id, kind, started_at);
create index ari_call_open on ari_call (tenant_id, connection_id) where finished_at is null;
call app.tenant_table('ari_call');

-- When the sender and the poller of a connection are due, and how it went: truth that no queue needs to carry.
create table channel_sync (
    tenant_id       uuid not null,
    connection_id   uuid not null,
    push_failures   int not null default 0,
    next_push_at    timestamptz not null,
    last_error      text,
    last_accepted_at timestamptz,
    poll_failures   int not null default 0,
    next_poll_at    timestamptz not null,
    last_polled_at  timestamptz,
    full_sync_at    timestamptz,
    primary key (tenant_id, connection_id),
    foreign key (tenant_id, connection_id) references channel_connection
);
call app.tenant_table('channel_sync');

-- Raw messages from channels: stored and committed before anything is done about them.
create table inbox (
    tenant_id     uuid not null,
    connection_id uuid not null,
    id            bigint generated always as identity,
    message_id    text not null,
    raw           text not null,
    received_at   timestamptz not null,
    state         text not null check (state in ('received', 'processed', 'parked')),
    attempts      int not null default 0,
    next_attempt_at timestamptz not null,
    detail        text,
    processed_at  timestamptz,
    acknowledged_at timestamptz,
    primary key (tenant_id, connection_id, id),
    unique (tenant_id, connection_id, message_id),
    foreign key (tenant_id, connection_id) references channel_connection
);
create index inbox_open on inbox (tenant_id, connection_id, next_attempt_at)
    where state = 'received' or acknowledged_at is null;
call app.tenant_table('inbox');
