-- Most bookings are no channel's: they need no entry where a channel's are looked up.
alter table booking drop constraint booking_tenant_id_connection_id_channel_ref_key;
create unique index booking_of_channel on booking (tenant_id, connection_id, channel_ref) where connection_id is not null;
