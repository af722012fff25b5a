-- What can be sold, at which price, under which restrictions. Properties, unit types and rate plans are never deleted
-- (the server has no right to): rows made by every sale refer to them without a foreign key, because its check would
-- lock the same few rows for every sale of a house at once.
create table property (
    tenant_id     uuid not null,
    id            uuid not null,
    name          text not null,
    kind          text not null check (kind in ('hotel', 'host', 'marina')),
    zone          text not null,
    currency      text not null check (length(currency) = 3),
    business_date date not null,
    version       int not null default 1,
    created_at    timestamptz not null,
    primary key (tenant_id, id)
);
call app.tenant_table('property', 'select, insert, update');

create table unit_type (
    tenant_id     uuid not null,
    id            uuid not null,
    property_id   uuid not null,
    code          text not null,
    name          text not null,
    max_occupancy int not null check (max_occupancy between 1 and 100),
    version       int not null default 1,
    primary key (tenant_id, id),
    unique (tenant_id, property_id, code),
    foreign key (tenant_id, property_id) references property
);
call app.tenant_table('unit_type', 'select, insert, update');

create table unit (
    tenant_id    uuid not null,
    id           uuid not null,
    property_id  uuid not null,
    unit_type_id uuid not null,
    name         text not null,
    version      int not null default 1,
    primary key (tenant_id, id),
    unique (tenant_id, property_id, name),
    foreign key (tenant_id, property_id) references property,
    foreign key (tenant_id, unit_type_id) references unit_type
);
create index unit_of_type on unit (tenant_id, unit_type_id);
call app.tenant_table('unit');

-- One row per unit type and night: the vacancy sign. fillfactor leaves room for HOT updates of the counters.
create table inventory (
    tenant_id         uuid not null,
    unit_type_id      uuid not null,
    night             date not null,
    capacity          int not null check (capacity >= 0),
    out_of_order      int not null default 0 check (out_of_order >= 0),
    blocked           int not null default 0 check (blocked >= 0),
    held              int not null default 0 check (held >= 0),
    sold              int not null default 0 check (sold >= 0),
    overbooking_limit int not null default 0 check (overbooking_limit >= 0),
    forced            int not null default 0 check (forced >= 0),
    primary key (tenant_id, unit_type_id, night),
    foreign key (tenant_id, unit_type_id) references unit_type,
    constraint inventory_never_oversold
        check (sold + held + out_of_order + blocked <= capacity + overbooking_limit + forced)
) with (fillfactor = 80);
call app.tenant_table('inventory');

create table rate_plan (
    tenant_id    uuid not null,
    id           uuid not null,
    property_id  uuid not null,
    code         text not null,
    name         text not null,
    parent_id    uuid,
    adjust_kind  text check (adjust_kind in ('percent', 'amount')),
    adjust_value numeric(12, 3),
    -- Whose prices this plan sells at; stored, so that a join on it can use an index.
    source_id    uuid not null generated always as (coalesce(parent_id, id)) stored,
    version      int not null default 1,
    primary key (tenant_id, id),
    unique (tenant_id, property_id, code),
    foreign key (tenant_id, property_id) references property,
    foreign key (tenant_id, parent_id) references rate_plan,
    constraint rate_plan_derived_whole
        check ((parent_id is null) = (adjust_kind is null) and (parent_id is null) = (adjust_value is null))
);
call app.tenant_table('rate_plan', 'select, insert, update');

-- A base plan's row says price and restrictions; a derived plan's row may only override restrictions (price is NULL
-- and comes from the parent). NULL restriction = none, or inherited.
create table rate_night (
    tenant_id           uuid not null,
    rate_plan_id        uuid not null,
    unit_type_id        uuid not null,
    night               date not null,
    price               numeric(14, 3) check (price >= 0),
    min_stay_arrival    int check (min_stay_arrival between 1 and 730),
    min_stay_through    int check (min_stay_through between 1 and 730),
    max_stay            int check (max_stay between 1 and 730),
    closed_to_arrival   boolean,
    closed_to_departure boolean,
    stop_sell           boolean,
    primary key (tenant_id, rate_plan_id, unit_type_id, night),
    foreign key (tenant_id, rate_plan_id) references rate_plan,
    foreign key (tenant_id, unit_type_id) references unit_type
) with (fillfactor = 90);
call app.tenant_table('rate_night');

-- Price source and restrictions of every sellable night, with a derived plan's inheritance resolved. The price itself
-- is derived in code, where the currency's rounding is known.
create view effective_rate with (security_invoker = true) as
select rp.tenant_id, rp.property_id, rp.id as rate_plan_id, base.unit_type_id, base.night,
       base.price as source_price, rp.adjust_kind, rp.adjust_value,
       coalesce(own.min_stay_arrival, base.min_stay_arrival) as min_stay_arrival,
       coalesce(own.min_stay_through, base.min_stay_through) as min_stay_through,
       coalesce(own.max_stay, base.max_stay) as max_stay,
       coalesce(own.closed_to_arrival, base.closed_to_arrival, false) as closed_to_arrival,
       coalesce(own.closed_to_departure, base.closed_to_departure, false) as closed_to_departure,
       coalesce(own.stop_sell, base.stop_sell, false) as stop_sell
from rate_plan rp
join rate_night base
  on base.tenant_id = rp.tenant_id and base.rate_plan_id = rp.source_id
left join rate_night own
  on rp.parent_id is not null and own.tenant_id = rp.tenant_id and own.rate_plan_id = rp.id
 and own.unit_type_id = base.unit_type_id and own.night = base.night;
grant select on effective_rate to innkeep_app;
