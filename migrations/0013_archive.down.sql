alter table promo_code no force row level security;
alter table reservation no force row level security;
update promo_code p set used = (
    select count(distinct r.booking_id) from reservation r
    where r.tenant_id = p.tenant_id and r.property_id = p.property_id and r.promo_code = p.code);
alter table promo_code force row level security;
alter table reservation force row level security;
alter table policy drop column active;
alter table unit_type drop column active;
