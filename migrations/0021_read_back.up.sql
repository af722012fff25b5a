-- Channels are asked now and then whether they still believe what they accepted.
alter table channel_sync
    add next_read_back_at timestamptz not null default now(),
    -- The night at which the next reading begins; null: the first.
    add read_back_from    date,
    add last_read_back_at timestamptz,
    -- Cells that were found to differ, and when that happened last.
    add drifted           bigint not null default 0,
    add drifted_at        timestamptz;
