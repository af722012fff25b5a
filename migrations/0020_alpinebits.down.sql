-- Fails while there are such connections: their bookings would belong to nobody.
alter table channel_connection drop constraint channel_connection_protocol_check;
alter table channel_connection add constraint channel_connection_protocol_check
    check (protocol in ('channex', 'webhook'));
