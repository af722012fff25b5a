alter table property
    drop column check_in,
    drop column check_out,
    drop constraint property_kind_check;
alter table property no force row level security;
update property set kind = 'hotel' where kind = 'hostel';
alter table property force row level security;
alter table property add constraint property_kind_check check (kind in ('hotel', 'host', 'marina'));
