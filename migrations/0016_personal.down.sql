-- The database cannot open what was sealed: where nothing stands in clear, that stays so.
alter table inbox no force row level security;
update inbox set raw = '{}' where raw is null;
alter table inbox force row level security;
alter table inbox
    drop column message,
    alter column raw set not null;

drop function app.in_clear;
alter table booking no force row level security;
update booking set booker_name = '(sealed)' where booker_name is null;
alter table booking force row level security;
alter table booking
    drop column personal,
    drop column email_key,
    drop column phone_key,
    alter column booker_name set not null;
