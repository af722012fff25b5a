-- A booking's booker and notes, and what channels sent, sealed. What stood in clear is sealed by the hourly job, which
-- empties the columns it stood in.
alter table booking
    alter column booker_name drop not null,
    add column personal text,
    -- What a booker is found by: blind indexes of address and number.
    add column email_key text,
    add column phone_key text;
create index booking_of_email on booking (tenant_id, email_key) where email_key is not null;
create index booking_of_phone on booking (tenant_id, phone_key) where phone_key is not null;
create index booking_in_clear on booking (tenant_id, id) where personal is null;
call app.sealed_column('booking', 'personal');
-- What is not sealed yet, in the shape in which it will be.
create function app.in_clear(b booking) returns jsonb
    language sql immutable
    as $$ select case when b.personal is null then jsonb_build_object(
              'booker', jsonb_build_object('name', b.booker_name, 'email', b.booker_email, 'phone', b.booker_phone,
                                           'country', b.booker_country),
              'notes', b.notes) end $$;

alter table inbox
    alter column raw drop not null,
    add column message text;
create index inbox_in_clear on inbox (tenant_id, connection_id, message_id) where message is null;
call app.sealed_column('inbox', 'message');
