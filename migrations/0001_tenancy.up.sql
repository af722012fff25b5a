-- The tenant boundary, and who may cross it with which name.
create schema app;
grant usage on schema app to innkeep_app;

-- NULL unless a transaction named its tenant: every policy then matches no row.
create function app.tenant_id() returns uuid
    language sql stable parallel safe
    as $$ select nullif(current_setting('app.tenant_id', true), '')::uuid $$;

-- The same four lines for every tenant table, so that none can be forgotten one by one.
create procedure app.tenant_table(name regclass, rights text default 'select, insert, update, delete')
    language plpgsql
    as $$
begin
    execute format('alter table %s enable row level security', name);
    execute format('alter table %s force row level security', name);
    execute format('create policy tenant on %s using (tenant_id = (select app.tenant_id()))
                    with check (tenant_id = (select app.tenant_id()))', name);
    execute format('grant %s on %s to innkeep_app', rights, name);
end $$;

create procedure app.platform_table(name regclass, rights text)
    language plpgsql
    as $$
begin
    execute format('comment on table %s is %L', name, 'platform');
    execute format('grant %s on %s to innkeep_app', rights, name);
end $$;

create table tenant (
    id         uuid primary key,
    name       text not null check (name <> ''),
    created_at timestamptz not null
);
call app.platform_table('tenant', 'select, insert');

create table app_user (
    id            uuid primary key,
    email         text not null unique check (email = lower(email)),
    name          text not null,
    password_hash text not null,
    created_at    timestamptz not null
);
call app.platform_table('app_user', 'select, insert, update');

create table membership (
    user_id   uuid not null references app_user,
    tenant_id uuid not null references tenant,
    role      text not null
        check (role in ('owner', 'manager', 'front_desk', 'accountant', 'housekeeping', 'read_only')),
    primary key (user_id, tenant_id)
);
call app.platform_table('membership', 'select, insert, update, delete');

-- Opaque secrets, stored as SHA-256. One family descends from one log-in; a token is used once.
create table refresh_token (
    secret_hash bytea primary key check (length(secret_hash) = 32),
    family_id   uuid not null,
    user_id     uuid not null,
    tenant_id   uuid not null,
    expires_at  timestamptz not null,
    used_at     timestamptz,
    revoked_at  timestamptz,
    foreign key (user_id, tenant_id) references membership on delete cascade
);
create index refresh_token_family on refresh_token (family_id);
call app.platform_table('refresh_token', 'select, insert, update, delete');

-- Worker processes say here that they live; /health/ready reads it.
create table worker_heartbeat (
    worker  text primary key,
    seen_at timestamptz not null
);
call app.platform_table('worker_heartbeat', 'select, insert, update, delete');

-- Answers to unsafe requests, kept 72 h, so that a repeat gets the first answer and not a second booking.
create table idempotency_key (
    tenant_id    uuid not null,
    principal    text not null,
    operation    text not null,
    key          text not null check (length(key) between 1 and 255),
    request_hash bytea not null,
    status       smallint not null,
    headers      jsonb not null,
    body         text not null,
    created_at   timestamptz not null,
    primary key (tenant_id, principal, operation, key)
);
create index idempotency_key_age on idempotency_key (tenant_id, created_at);
call app.tenant_table('idempotency_key');
