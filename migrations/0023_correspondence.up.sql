-- Guests write through channels, and review; the house answers. And a house is set up at a channel from here.

-- While one sets it up, nobody else does.
alter table channel_connection add set_up_until timestamptz;

-- When the channel is asked next what guests wrote; null: it relays nothing.
alter table channel_sync
    add next_talk_at  timestamptz default now(),
    add talk_failures int not null default 0;

create table channel_conversation (
    tenant_id       uuid not null,
    id              uuid not null,
    connection_id   uuid not null,
    external_id     text not null,
    -- The channel's booking, where it is about one.
    channel_ref     text,
    provider        text,
    -- Sealed: mostly the guest's name.
    title           text not null,
    closed          boolean not null,
    -- As the channel counts them: where it counts others, there is news.
    messages        int not null,
    last_message_at timestamptz,
    -- Not taken in again.
    erased          boolean not null default false,
    primary key (tenant_id, id),
    unique (tenant_id, connection_id, external_id),
    foreign key (tenant_id, connection_id) references channel_connection
);
create index channel_conversation_newest on channel_conversation (tenant_id, connection_id, id);
call app.tenant_table('channel_conversation');
call app.sealed_column('channel_conversation', 'title');

create table channel_letter (
    tenant_id       uuid not null,
    id              uuid not null,
    conversation_id uuid not null,
    -- Null until the channel has taken what we wrote.
    external_id     text,
    sender          text not null check (sender in ('guest', 'property', 'system')),
    -- Sealed.
    body            text not null,
    at              timestamptz not null,
    state           text not null check (state in ('received', 'queued', 'sent', 'refused')),
    attempts        int not null default 0,
    next_attempt_at timestamptz,
    -- Why it is not sent, in the channel's words.
    detail          text,
    primary key (tenant_id, id),
    unique (tenant_id, conversation_id, external_id),
    foreign key (tenant_id, conversation_id) references channel_conversation
);
create index channel_letter_queued on channel_letter (tenant_id, next_attempt_at) where state = 'queued';
call app.tenant_table('channel_letter');
call app.sealed_column('channel_letter', 'body');

create table channel_review (
    tenant_id       uuid not null,
    id              uuid not null,
    connection_id   uuid not null,
    external_id     text not null,
    channel_ref     text,
    provider        text,
    score           text,
    -- Sealed: who, what they say, and what the house replied.
    content         text not null,
    received_at     timestamptz not null,
    reply_state     text not null check (reply_state in ('none', 'queued', 'sent', 'refused')),
    attempts        int not null default 0,
    next_attempt_at timestamptz,
    detail          text,
    erased          boolean not null default false,
    primary key (tenant_id, id),
    unique (tenant_id, connection_id, external_id),
    foreign key (tenant_id, connection_id) references channel_connection
);
create index channel_review_queued on channel_review (tenant_id, next_attempt_at) where reply_state = 'queued';
call app.tenant_table('channel_review');
call app.sealed_column('channel_review', 'content');
