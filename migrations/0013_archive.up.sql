-- What is not sold any more is made inactive, as taxes, extras and promo codes are already.
alter table unit_type add column active boolean not null default true;
alter table policy add column active boolean not null default true;

-- A promo code counts the bookings that are on: what is cancelled gives its use back.
alter table promo_code no force row level security;
alter table reservation no force row level security;
alter table booking no force row level security;
update promo_code p set used = (
    select count(distinct b.id) from reservation r
    join booking b on b.tenant_id = r.tenant_id and b.id = r.booking_id and b.status <> 'cancelled'
    where r.tenant_id = p.tenant_id and r.property_id = p.property_id and r.promo_code = p.code);
alter table promo_code force row level security;
alter table reservation force row level security;
alter table booking force row level security;
