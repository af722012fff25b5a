-- What a stay costs beside its nights, and under which terms it is sold. Nothing here is deleted: what is no longer
-- sold is made inactive, and reservations freeze what they were sold with.

create table policy (
    tenant_id       uuid not null,
    id              uuid not null,
    property_id     uuid not null,
    code            text not null,
    name            text not null,
    text            text not null,
    cancellation    jsonb not null,
    no_show         jsonb not null,
    deposit_percent numeric(6, 3) not null check (deposit_percent between 0 and 100),
    version         int not null default 1,
    primary key (tenant_id, id),
    unique (tenant_id, property_id, code),
    foreign key (tenant_id, property_id) references property
);
call app.tenant_table('policy', 'select, insert, update');

-- Days between the business date and the arrival.
alter table rate_plan
    add column min_advance_days int check (min_advance_days between 0 and 730),
    add column max_advance_days int check (max_advance_days between 0 and 730),
    add column policy_id uuid,
    add foreign key (tenant_id, policy_id) references policy,
    add constraint rate_plan_advance_window check (min_advance_days <= max_advance_days);

-- How a base plan's night price follows the guests; without a row it is the same for any number.
create table occupancy_price (
    tenant_id       uuid not null,
    rate_plan_id    uuid not null,
    unit_type_id    uuid not null,
    property_id     uuid not null,
    included_adults int not null check (included_adults between 1 and 100),
    missing_adult   numeric(14, 3) not null check (missing_adult >= 0),
    extra_adult     numeric(14, 3) not null check (extra_adult >= 0),
    children        jsonb not null,
    standard_places int check (standard_places between 1 and 100),
    extra_bed       numeric(14, 3) not null check (extra_bed >= 0),
    primary key (tenant_id, rate_plan_id, unit_type_id),
    foreign key (tenant_id, rate_plan_id) references rate_plan,
    foreign key (tenant_id, unit_type_id) references unit_type
);
create index occupancy_price_of_property on occupancy_price (tenant_id, property_id);
call app.tenant_table('occupancy_price');

create table tax_fee (
    tenant_id   uuid not null,
    id          uuid not null,
    property_id uuid not null,
    code        text not null,
    name        text not null,
    kind        text not null check (kind in ('tax', 'fee')),
    charge      text not null check (charge in ('percent', 'per_stay', 'per_night', 'per_person', 'per_person_night')),
    value       numeric(14, 3) not null check (value >= 0),
    included    boolean not null,
    base        text check (base in ('room', 'extras', 'all')),
    from_age    int check (from_age between 0 and 150),
    to_age      int check (to_age between 0 and 150),
    cap_nights  int check (cap_nights between 1 and 730),
    cap_amount  numeric(14, 3) check (cap_amount >= 0),
    valid_from  date,
    valid_to    date,
    active      boolean not null default true,
    version     int not null default 1,
    primary key (tenant_id, id),
    unique (tenant_id, property_id, code),
    foreign key (tenant_id, property_id) references property,
    constraint tax_fee_base check ((charge = 'percent') = (base is not null))
);
call app.tenant_table('tax_fee', 'select, insert, update');

create table extra (
    tenant_id   uuid not null,
    id          uuid not null,
    property_id uuid not null,
    code        text not null,
    name        text not null,
    charge      text not null check (charge in ('per_stay', 'per_night', 'per_person', 'per_person_night')),
    price       numeric(14, 3) not null check (price >= 0),
    active      boolean not null default true,
    version     int not null default 1,
    primary key (tenant_id, id),
    unique (tenant_id, property_id, code),
    foreign key (tenant_id, property_id) references property
);
call app.tenant_table('extra', 'select, insert, update');

create table promo_code (
    tenant_id      uuid not null,
    id             uuid not null,
    property_id    uuid not null,
    code           text not null,
    name           text not null,
    kind           text not null check (kind in ('percent', 'amount')),
    value          numeric(14, 3) not null check (value > 0),
    booking_from   date,
    booking_to     date,
    stay_from      date,
    stay_to        date,
    min_nights     int check (min_nights between 1 and 730),
    rate_plan_ids  uuid[],
    usage_limit    int check (usage_limit >= 1),
    used           int not null default 0 check (used >= 0),
    active         boolean not null default true,
    version        int not null default 1,
    primary key (tenant_id, id),
    unique (tenant_id, property_id, code),
    foreign key (tenant_id, property_id) references property
);
call app.tenant_table('promo_code', 'select, insert, update');

-- Rooms as priced, kept for a while. No foreign keys, like a sale's rows.
create table quote (
    tenant_id   uuid not null,
    id          uuid not null,
    property_id uuid not null,
    currency    text not null check (length(currency) = 3),
    total       numeric(14, 3) not null,
    promo_code  text,
    body        jsonb not null,
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    booking_id  uuid,
    primary key (tenant_id, id)
);
create index quote_by_expiry on quote (tenant_id, expires_at);
call app.tenant_table('quote');

-- Is a line part of, or taken of, the room or the extras? Room revenue is the nights less the taxes included in them.
alter table reservation_line
    add column source text not null default 'room' check (source in ('room', 'extras'));
update reservation_line set source = 'extras' where kind = 'extra';
