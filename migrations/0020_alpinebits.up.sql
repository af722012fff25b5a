-- Portals that speak AlpineBits log in at an address that all of them share.
alter table channel_connection drop constraint channel_connection_protocol_check;
alter table channel_connection add constraint channel_connection_protocol_check
    check (protocol in ('channex', 'webhook', 'alpinebits'));
