-- The front desk: which unit a stay is in, what is out of order, who is here, what has to be cleaned.

-- Compares uuids inside the exclusion constraints below; trusted, so the owner may create it.
create extension btree_gist schema app;

alter table unit_type
    add column kind text not null default 'room' check (kind in ('room', 'apartment', 'bed', 'berth'));

alter table unit
    add column floor text,
    add column building text,
    -- The dorm of a bed.
    add column room text,
    -- Neighbours have neighbouring positions.
    add column position int not null default 0,
    add column features text[] not null default '{}',
    -- The largest vessel a berth takes, in metres; NULL = no limit.
    add column max_length numeric(6, 2) check (max_length > 0),
    add column max_beam numeric(6, 2) check (max_beam > 0),
    add column max_draft numeric(6, 2) check (max_draft > 0),
    add column cleanliness text not null default 'clean' check (cleanliness in ('clean', 'dirty', 'inspected'));

-- `_on` is the property's business date: what was done on it may be undone on it.
alter table reservation
    add column needs jsonb,
    add column checked_in_at timestamptz,
    add column checked_in_on date,
    add column checked_out_at timestamptz,
    add column checked_out_on date;
create index reservation_in_house on reservation (tenant_id, property_id) where status = 'in_house';

-- Nights `[from_night, to_night)` as planned, or as cut short when it was closed.
create table maintenance (
    tenant_id   uuid not null,
    id          uuid not null,
    property_id uuid not null,
    unit_id     uuid not null,
    kind        text not null check (kind in ('out_of_order', 'out_of_service')),
    reason      text not null,
    from_night  date not null,
    to_night    date not null,
    closed_at   timestamptz,
    version     int not null default 1,
    created_at  timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, unit_id) references unit,
    check (from_night < to_night)
);
create index maintenance_of_property on maintenance (tenant_id, property_id, id);
call app.tenant_table('maintenance');

-- Who has a unit in which nights: a part of a stay, or maintenance. That two never have it in the same night, and
-- that a stay never has two units in one night, is the table's own rule.
create table stay_segment (
    tenant_id      uuid not null,
    id             uuid not null,
    property_id    uuid not null,
    unit_id        uuid not null,
    from_night     date not null,
    to_night       date not null,
    reservation_id uuid,
    maintenance_id uuid,
    -- The automatic assignment leaves it where it is.
    locked         boolean not null default false,
    primary key (tenant_id, id),
    foreign key (tenant_id, unit_id) references unit,
    foreign key (tenant_id, reservation_id) references reservation,
    foreign key (tenant_id, maintenance_id) references maintenance,
    check (from_night < to_night),
    check (num_nonnulls(reservation_id, maintenance_id) = 1),
    constraint stay_segment_one_in_unit
        exclude using gist (tenant_id with =, unit_id with =, daterange(from_night, to_night) with &&),
    constraint stay_segment_one_unit_a_night
        exclude using gist (tenant_id with =, reservation_id with =, daterange(from_night, to_night) with &&)
);
create index stay_segment_of_unit on stay_segment (tenant_id, unit_id, to_night);
create index stay_segment_by_end on stay_segment (tenant_id, property_id, to_night);
create index stay_segment_of_reservation on stay_segment (tenant_id, reservation_id);
create index stay_segment_of_maintenance on stay_segment (tenant_id, maintenance_id);
call app.tenant_table('stay_segment');

create table housekeeping_task (
    tenant_id   uuid not null,
    id          uuid not null,
    property_id uuid not null,
    unit_id     uuid not null,
    due_on      date not null,
    title       text not null,
    assignee_id uuid,
    done_at     timestamptz,
    version     int not null default 1,
    created_at  timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, unit_id) references unit
);
create index housekeeping_task_by_day on housekeeping_task (tenant_id, property_id, due_on, id);
call app.tenant_table('housekeeping_task');
