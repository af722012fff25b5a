-- Seasons in which a channel was last told that nothing is sold (`ports::channel::Season`): only telling everything at once
-- ends one. Null: what it believes of them is not known.
alter table channel_sync add closed_told jsonb default '[]';

-- When a channel that asked for it is shown which categories and rooms there are, and when it was shown them last.
alter table channel_sync
    add show_at  timestamptz,
    add shown_at timestamptz;

-- What became of a booking here and its portal has not heard: one row for each, of which the last word counts.
create table channel_standing (
    tenant_id       uuid not null,
    connection_id   uuid not null,
    channel_ref     text not null,
    booking_id      uuid not null,
    cancelled       boolean not null,
    changed_at      timestamptz not null,
    attempts        int not null default 0,
    next_attempt_at timestamptz not null,
    primary key (tenant_id, connection_id, channel_ref),
    foreign key (tenant_id, connection_id) references channel_connection,
    foreign key (tenant_id, booking_id) references booking
);
create index channel_standing_due on channel_standing (tenant_id, next_attempt_at);
call app.tenant_table('channel_standing');

-- A guest asks a question through a portal: nothing is sold, and a person answers.
alter table inbox drop constraint inbox_state_check,
    add constraint inbox_state_check check (state in ('received', 'processed', 'parked', 'asked'));
