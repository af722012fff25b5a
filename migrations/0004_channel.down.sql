drop table inbox, channel_sync, ari_call, ari_shadow, ari_dirty, channel_rate_map, channel_room_map,
    channel_endpoint, channel_connection;
