alter table channel_sync
    drop next_read_back_at, drop read_back_from, drop last_read_back_at, drop drifted, drop drifted_at;
