-- Seasons in which a channel was last told that nothing is sold (`ports::channel::Season`): only telling everything at once
-- ends one. Null: what it believes of them is not known.
alter table channel_sync add closed_told jsonb default '[]';
