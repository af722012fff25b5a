-- What people decide per channel: what prices become there, on which dates nothing is sold there, and how long it takes
-- to apply what it is told; and what they are shown of it.
alter table channel_connection
    -- Added to each night's price there: percent of it, then an amount in the property's currency.
    add markup_percent numeric(6, 3) not null default 0 check (markup_percent between -50 and 200),
    add markup_amount  numeric(14, 3) not null default 0 check (markup_amount >= 0),
    add apply_seconds  int not null default 0 check (apply_seconds between 0 and 604800),
    drop constraint channel_connection_state_check,
    -- Closed: nothing is tied to the channel any more but the bookings it made.
    add constraint channel_connection_state_check check (state in ('active', 'paused', 'closed'));

-- Nights on which nothing is sold on a channel, while others sell on. Half-open; NULL = every unit type.
create table channel_closure (
    tenant_id     uuid not null,
    connection_id uuid not null,
    id            uuid not null,
    unit_type_id  uuid,
    from_night    date not null,
    to_night      date not null,
    primary key (tenant_id, connection_id, id),
    foreign key (tenant_id, connection_id) references channel_connection,
    foreign key (tenant_id, unit_type_id) references unit_type,
    check (from_night < to_night)
);
create index channel_closure_of_type on channel_closure (tenant_id, unit_type_id) where unit_type_id is not null;
call app.tenant_table('channel_closure');

-- The oldest change told in a call, for how long channels wait to hear of one; NULL in older calls.
alter table ari_call add oldest_mark timestamptz;

-- Until when the channel must have been told that we have the message; NULL until somebody asks.
alter table inbox add deadline_at timestamptz;
create index inbox_unacknowledged on inbox (tenant_id, deadline_at, received_at) where acknowledged_at is null;

-- What the channel says of the booking beyond rooms and total: `channel::revision::Particulars`. Never card data.
alter table booking add particulars jsonb;
