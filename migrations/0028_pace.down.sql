drop table channel_unmapped;
drop index channel_endpoint_connection;
drop index ari_call_recent;
alter table channel_sync drop rates_failures, drop next_rates_at, drop anew_asked, drop mapped;
