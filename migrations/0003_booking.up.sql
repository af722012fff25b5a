-- A booking has one booker and, if a channel sent it, one channel reference; its reservations are the unit stays.
create table booking (
    tenant_id          uuid not null,
    id                 uuid not null,
    property_id        uuid not null,
    reference          text not null,
    status             text not null check (status in ('confirmed', 'cancelled')),
    booker_name        text not null,
    booker_email       text,
    booker_phone       text,
    booker_country     text,
    notes              text,
    currency           text not null check (length(currency) = 3),
    total              numeric(14, 3) not null,
    commission         numeric(14, 3),
    source             text not null,
    connection_id      uuid,
    channel_ref        text,
    channel_revision   text,
    channel_revised_at timestamptz,
    version            int not null default 1,
    created_at         timestamptz not null,
    updated_at         timestamptz not null,
    primary key (tenant_id, id),
    unique (tenant_id, reference),
    unique (tenant_id, connection_id, channel_ref)
);
create index booking_newest on booking (tenant_id, property_id, created_at, id);
call app.tenant_table('booking');

-- unit_type_id is NULL while a channel's room is unmapped: taken, unassigned, alarmed, and without stock effect.
create table reservation (
    tenant_id        uuid not null,
    id               uuid not null,
    booking_id       uuid not null,
    property_id      uuid not null,
    unit_type_id     uuid,
    rate_plan_id     uuid,
    status           text not null
        check (status in ('tentative', 'confirmed', 'in_house', 'departed', 'cancelled', 'no_show')),
    arrival          date not null,
    departure        date not null,
    adults           int not null check (adults between 0 and 100),
    children         int not null default 0 check (children between 0 and 100),
    guest_name       text,
    total            numeric(14, 3) not null,
    channel_room_ref text,
    version          int not null default 1,
    primary key (tenant_id, id),
    foreign key (tenant_id, booking_id) references booking,
    check (arrival < departure)
);
create index reservation_of_booking on reservation (tenant_id, booking_id);
create index reservation_by_arrival on reservation (tenant_id, property_id, arrival);
call app.tenant_table('reservation');

create table reservation_night (
    tenant_id      uuid not null,
    reservation_id uuid not null,
    night          date not null,
    property_id    uuid not null,
    price          numeric(14, 3) not null,
    primary key (tenant_id, reservation_id, night),
    foreign key (tenant_id, reservation_id) references reservation
);
create index reservation_night_by_date on reservation_night (tenant_id, property_id, night);
call app.tenant_table('reservation_night');

-- The log that everything downstream follows. A growing number is not commit order, so readers take rows in
-- (xid, seq) order and only those whose transaction is older than every one still running: none is ever skipped.
create table event (
    tenant_id   uuid not null,
    xid         bigint not null default pg_current_xact_id()::text::bigint,
    seq         bigint generated always as identity,
    kind        text not null,
    property_id uuid,
    subject_id  uuid not null,
    actor       text not null,
    data        jsonb not null,
    at          timestamptz not null,
    primary key (tenant_id, xid, seq)
);
create index event_of_subject on event (tenant_id, subject_id, xid, seq);
call app.tenant_table('event', 'select, insert');

-- What a person should look at. One open alert per subject and kind.
create table alert (
    tenant_id   uuid not null,
    id          uuid not null,
    property_id uuid not null,
    kind        text not null,
    subject_id  uuid not null,
    detail      text not null,
    raised_at   timestamptz not null,
    resolved_at timestamptz,
    primary key (tenant_id, id)
);
create unique index alert_open on alert (tenant_id, subject_id, kind) where resolved_at is null;
call app.tenant_table('alert');

create table metric_day (
    tenant_id    uuid not null,
    property_id  uuid not null,
    night        date not null,
    definition   int not null,
    rooms        int not null,
    out_of_order int not null,
    blocked      int not null,
    sold         int not null,
    room_revenue numeric(16, 3) not null,
    as_of        timestamptz not null,
    primary key (tenant_id, property_id, night),
    foreign key (tenant_id, property_id) references property
);
call app.tenant_table('metric_day');

-- How far the metrics projection has read the event log.
create table metric_cursor (
    tenant_id uuid not null,
    xid       bigint not null,
    seq       bigint not null,
    primary key (tenant_id)
);
call app.tenant_table('metric_cursor');
