-- What a reservation freezes when it is sold, what its nights take, and holds.
alter table booking
    drop constraint booking_status_check,
    add constraint booking_status_check check (status in ('tentative', 'confirmed', 'cancelled')),
    add column hold_expires_at timestamptz,
    add constraint booking_hold_expires check ((status = 'tentative') = (hold_expires_at is not null));
create index booking_holds on booking (tenant_id, hold_expires_at) where status = 'tentative';

alter table reservation
    add column children_ages int[] not null default '{}',
    add column promo_code text,
    add column policy jsonb,
    add column fee numeric(14, 3) not null default 0 check (fee >= 0);
create index reservation_by_departure on reservation (tenant_id, property_id, departure);

-- The unit type a night takes: another than the reservation's after an upgrade or a move. NULL while unmapped.
alter table reservation_night add column unit_type_id uuid;
-- The owner too sees no row of a tenant it has not named, unless row security is not forced.
alter table reservation_night no force row level security;
alter table reservation no force row level security;
update reservation_night n set unit_type_id = r.unit_type_id
from reservation r where r.tenant_id = n.tenant_id and r.id = n.reservation_id;
alter table reservation_night force row level security;
alter table reservation force row level security;

-- What a stay costs beside its nights: extras, taxes, fees. `included` = stands in the prices already.
create table reservation_line (
    tenant_id      uuid not null,
    reservation_id uuid not null,
    line           int not null,
    kind           text not null check (kind in ('extra', 'tax', 'fee')),
    code           text not null,
    name           text not null,
    night          date,
    quantity       int not null check (quantity > 0),
    amount         numeric(14, 3) not null,
    included       boolean not null,
    primary key (tenant_id, reservation_id, line),
    foreign key (tenant_id, reservation_id) references reservation
);
call app.tenant_table('reservation_line');
