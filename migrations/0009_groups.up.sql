-- Groups: a company's or an agency's event, and the units kept for it. What remains of an allotment is stock that
-- nobody else may sell: it is counted in `inventory.held` while the group is tentative or definite. (`group` is a
-- word of SQL.)
create table stay_group (
    tenant_id    uuid not null,
    id           uuid not null,
    property_id  uuid not null,
    code         text not null,
    name         text not null,
    status       text not null check (status in ('tentative', 'definite', 'released', 'cancelled')),
    arrival      date not null,
    departure    date not null,
    -- On this business date what remains is released.
    cutoff       date,
    company_id   uuid,
    rate_plan_id uuid,
    notes        text,
    version      int not null default 1,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    primary key (tenant_id, id),
    unique (tenant_id, property_id, code),
    foreign key (tenant_id, property_id) references property,
    foreign key (tenant_id, company_id) references company,
    foreign key (tenant_id, rate_plan_id) references rate_plan,
    check (arrival < departure)
);
create index stay_group_open on stay_group (tenant_id, cutoff) where status in ('tentative', 'definite');
call app.tenant_table('stay_group', 'select, insert, update');

-- Drawn = sold out of the block; allotted - drawn remains.
create table group_allotment (
    tenant_id    uuid not null,
    group_id     uuid not null,
    unit_type_id uuid not null,
    night        date not null,
    allotted     int not null,
    drawn        int not null default 0 check (drawn >= 0),
    primary key (tenant_id, group_id, unit_type_id, night),
    foreign key (tenant_id, group_id) references stay_group,
    foreign key (tenant_id, unit_type_id) references unit_type,
    constraint group_never_overdrawn check (drawn <= allotted)
);
call app.tenant_table('group_allotment');

alter table booking add column group_id uuid;
create index booking_of_group on booking (tenant_id, group_id) where group_id is not null;
