-- Calendars (iCal) of one unit at one channel: what the channel shows of it, and what it is shown by us.

create table calendar_connection (
    tenant_id     uuid not null,
    id            uuid not null,
    property_id   uuid not null,
    unit_id       uuid not null,
    name          text not null,
    state         text not null check (state in ('active', 'paused')),
    -- Where the channel's calendar is, sealed, for who knows it can read it; NULL = none is read.
    import_url    text,
    -- The host of it, for people.
    import_host   text,
    -- What is known from it: `channel::feed::Feed`.
    feed          jsonb not null default '{}',
    -- What the last calendar came with.
    etag          text,
    last_modified text,
    -- The last calendar, or the last answer that it is unchanged; the last try, however it ended.
    read_at       timestamptz,
    tried_at      timestamptz,
    next_read_at  timestamptz not null,
    failures      int not null default 0,
    last_error    text,
    -- Nights that our calendar had when the channel fetched it last, and when that was: `channel::feed::Nights`.
    told          jsonb not null default '[]',
    fetched_at    timestamptz,
    version       int not null default 1,
    created_at    timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, property_id) references property,
    foreign key (tenant_id, unit_id) references unit,
    check ((import_url is null) = (import_host is null))
);
create index calendar_connection_of_unit on calendar_connection (tenant_id, unit_id);
create index calendar_connection_due on calendar_connection (tenant_id, next_read_at)
    where state = 'active' and import_url is not null;
call app.tenant_table('calendar_connection');
call app.sealed_column('calendar_connection', 'import_url');

-- Nights that a channel's calendar holds in a unit; each is one of the unit type's `held`. Past ones stay.
create table calendar_night (
    tenant_id     uuid not null,
    connection_id uuid not null,
    night         date not null,
    property_id   uuid not null,
    unit_id       uuid not null,
    unit_type_id  uuid not null,
    -- The channel's own claim, of which other channels are told; else a night that it may have sold since we opened it.
    claimed       boolean not null,
    primary key (tenant_id, connection_id, night),
    foreign key (tenant_id, connection_id) references calendar_connection
);
create index calendar_night_of_unit on calendar_night (tenant_id, unit_id, night);
create index calendar_night_of_type on calendar_night (tenant_id, unit_type_id, night);
call app.tenant_table('calendar_night');

-- Our calendar's address is looked up before its tenant is known.
create table calendar_link (
    token_hash    bytea primary key check (length(token_hash) = 32),
    tenant_id     uuid not null,
    connection_id uuid not null
);
create index calendar_link_of_connection on calendar_link (tenant_id, connection_id);
call app.platform_table('calendar_link', 'select, insert, delete');
