drop index booking_of_channel;
alter table booking add constraint booking_tenant_id_connection_id_channel_ref_key unique (tenant_id, connection_id, channel_ref);
