-- When a stay begins and ends by the clock: what terms of cancellation count from.
alter table property
    add column check_in time not null default '15:00',
    add column check_out time not null default '11:00',
    drop constraint property_kind_check,
    add constraint property_kind_check check (kind in ('hotel', 'host', 'hostel', 'marina'));
