-- Seasons in which a channel was last told that nothing is sold (`ports::channel::Season`): only telling everything at once
-- ends one. Null: what it believes of them is not known.
alter table channel_sync add closed_told jsonb default '[]';

-- When a channel that asked for it is shown which categories and rooms there are, and when it was shown them last.
alter table channel_sync
    add show_at  timestamptz,
    add shown_at timestamptz;
