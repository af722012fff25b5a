-- Guests, the companies and agents they come through, and who stays in which reservation. What is personal is sealed
-- by the program (see domain/src/vault.rs) and found again by blind indexes; a guest's name stands in clear, because
-- the front desk searches by it. None of these is ever deleted: bookings and the log refer to them.
create table company (
    tenant_id   uuid not null,
    id          uuid not null,
    kind        text not null check (kind in ('company', 'travel_agent')),
    name        text not null,
    -- Lower case. Byte order, so that a prefix is a range of an index that row security lets be used.
    search_name text collate "C" not null,
    tax_id      text,
    iata_code   text,
    -- E-mail, phone and address, sealed: a sole trader's are a person's.
    contact     text not null,
    commission  numeric(6, 3) check (commission between 0 and 100),
    notes       text,
    active      boolean not null default true,
    version     int not null default 1,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    primary key (tenant_id, id)
);
create index company_by_name on company (tenant_id, search_name, id);
call app.tenant_table('company', 'select, insert, update');

create table guest (
    tenant_id   uuid not null,
    id          uuid not null,
    title       text,
    first_name  text,
    last_name   text not null,
    -- `last first` in lower case; byte order as above.
    search_name text collate "C" not null,
    -- Everything else about the person, one sealed document: it is read and written as a whole.
    personal    text not null,
    company_id  uuid,
    vip         boolean not null default false,
    blacklisted boolean not null default false,
    -- Set: this was the same person as that guest; found by its id only.
    merged_into uuid,
    version     int not null default 1,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, company_id) references company,
    foreign key (tenant_id, merged_into) references guest
);
create index guest_by_name on guest (tenant_id, search_name, id) where merged_into is null;
create index guest_merged on guest (tenant_id, merged_into) where merged_into is not null;
call app.tenant_table('guest', 'select, insert, update');

-- What a guest can be found by exactly, and what makes two of them look like one: blind indexes.
create table guest_key (
    tenant_id uuid not null,
    guest_id  uuid not null,
    kind      text not null check (kind in ('email', 'phone', 'name_birth')),
    value     text not null,
    primary key (tenant_id, guest_id, kind),
    foreign key (tenant_id, guest_id) references guest
);
create index guest_key_by_value on guest_key (tenant_id, kind, value, guest_id);
call app.tenant_table('guest_key');

create table reservation_guest (
    tenant_id      uuid not null,
    -- Of the row, so that its sealed part stays readable when a merge gives it another guest.
    id             uuid not null,
    reservation_id uuid not null,
    guest_id       uuid not null,
    role           text not null check (role in ('primary', 'accompanying')),
    registered_at  timestamptz,
    registration   text not null,
    primary key (tenant_id, id),
    unique (tenant_id, reservation_id, guest_id),
    foreign key (tenant_id, reservation_id) references reservation,
    foreign key (tenant_id, guest_id) references guest
);
create unique index reservation_guest_primary on reservation_guest (tenant_id, reservation_id) where role = 'primary';
create index reservation_guest_stays on reservation_guest (tenant_id, guest_id, reservation_id);
call app.tenant_table('reservation_guest');

-- Without foreign keys, as everything a sale writes (see migration 2); `innkeep verify` looks.
alter table booking add column company_id uuid, add column agent_id uuid;
