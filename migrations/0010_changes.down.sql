alter table property
    drop column check_in,
    drop column check_out,
    drop constraint property_kind_check;
update property set kind = 'hotel' where kind = 'hostel';
alter table property add constraint property_kind_check check (kind in ('hotel', 'host', 'marina'));
