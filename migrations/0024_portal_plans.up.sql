-- Portals (AlpineBits) have rate plans that hold for several rooms: one of their codes may stand at several of our
-- products. Which protocols may do that is the program's to know.
alter table channel_rate_map drop constraint channel_rate_map_tenant_id_connection_id_external_id_key;
alter table channel_rate_map add constraint channel_rate_map_of_channel
    unique (tenant_id, connection_id, external_id, unit_type_id);
