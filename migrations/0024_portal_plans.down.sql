-- Of rate plans that hold for several rooms, only one room is left; in the table's owner's name, whom row security hides
-- every row from.
alter table channel_rate_map no force row level security;
delete from channel_rate_map m using channel_rate_map first
where first.tenant_id = m.tenant_id and first.connection_id = m.connection_id
  and first.external_id = m.external_id and first.unit_type_id < m.unit_type_id;
alter table channel_rate_map force row level security;
alter table channel_rate_map drop constraint channel_rate_map_of_channel;
alter table channel_rate_map add constraint channel_rate_map_tenant_id_connection_id_external_id_key
    unique (tenant_id, connection_id, external_id);
