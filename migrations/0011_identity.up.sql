-- Who may do what: accounts, sessions, roles, keys, and staff who see some of a tenant's properties only.

-- The properties that a transaction may see; NULL: all of the tenant's.
create function app.property_scope() returns uuid[]
    language sql stable parallel safe
    as $$ select nullif(current_setting('app.property_ids', true), '')::uuid[] $$;

-- Restrictive: it takes away from what the tenant's policy shows. A row of no property (an event of the tenant as a
-- whole) may be written by staff of some properties, and is not shown to them.
create procedure app.property_table(name regclass, property text default 'property_id')
    language plpgsql
    as $$
begin
    execute format('create policy property on %1$s as restrictive
                    using ((select app.property_scope()) is null or %2$I = any ((select app.property_scope())::uuid[]))
                    with check ((select app.property_scope()) is null or %2$I is null
                                or %2$I = any ((select app.property_scope())::uuid[]))', name, property);
end $$;

-- From now on every tenant table that names a property gets both policies.
create or replace procedure app.tenant_table(name regclass, rights text default 'select, insert, update, delete')
    language plpgsql
    as $$
begin
    execute format('alter table %s enable row level security', name);
    execute format('alter table %s force row level security', name);
    execute format('create policy tenant on %s using (tenant_id = (select app.tenant_id()))
                    with check (tenant_id = (select app.tenant_id()))', name);
    execute format('grant %s on %s to innkeep_app', rights, name);
    if exists (select from pg_attribute where attrelid = name and attname = 'property_id' and not attisdropped) then
        call app.property_table(name);
    end if;
end $$;

call app.property_table('property', 'id');
do $$
declare
    name regclass;
begin
    for name in select a.attrelid::regclass from pg_attribute a join pg_class c on c.oid = a.attrelid
                where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
                  and c.relrowsecurity and a.attname = 'property_id' and not a.attisdropped
    loop
        call app.property_table(name);
    end loop;
end $$;

-- Staff and guests of the marketplace are two classes of account; one address may have one of each.
alter table app_user
    add column class text not null default 'staff' check (class in ('staff', 'guest')),
    add column email_verified_at timestamptz,
    add column disabled_at timestamptz,
    drop constraint app_user_email_key,
    add constraint app_user_class_email_key unique (class, email);
-- Accounts until now were made by an operator's hand, who knew the address.
update app_user set email_verified_at = created_at;

alter table tenant add column suspended_at timestamptz;
grant update (suspended_at) on tenant to innkeep_app;

-- Roles a tenant made for itself, beside the six that are built in.
create table role (
    tenant_id   uuid not null,
    id          uuid not null,
    name        text not null check (name <> ''),
    permissions text[] not null,
    version     int not null default 1,
    created_at  timestamptz not null,
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
call app.tenant_table('role');

-- Either a built-in role's name or a role of the tenant's own; no property_ids: all properties.
alter table membership
    add column role_id uuid,
    add column property_ids uuid[],
    add column version int not null default 1,
    add column since timestamptz,
    alter column role drop not null,
    add constraint membership_one_role check ((role is null) <> (role_id is null)),
    add constraint membership_role_fkey foreign key (tenant_id, role_id) references role;
create index membership_tenant on membership (tenant_id);

-- One log-in on one device. Refresh tokens are its chain; revoking it ends them all.
create table user_session (
    id           uuid primary key,
    user_id      uuid not null references app_user on delete cascade,
    tenant_id    uuid,
    -- Where its tokens are good: the tenants' API, the marketplace, or the operators' door.
    door         text not null check (door in ('tenant', 'guest', 'platform')),
    created_at   timestamptz not null,
    last_used_at timestamptz not null,
    expires_at   timestamptz not null,
    revoked_at   timestamptz,
    -- How a second factor was shown: totp, recovery_code, passkey.
    second_factor text,
    address      text,
    agent        text,
    foreign key (user_id, tenant_id) references membership on delete cascade
);
create index user_session_user on user_session (user_id);
call app.platform_table('user_session', 'select, insert, update, delete');
insert into user_session (id, user_id, tenant_id, door, created_at, last_used_at, expires_at)
    select family_id, user_id, tenant_id, 'tenant', now(), now(), max(expires_at) from refresh_token
    where revoked_at is null group by family_id, user_id, tenant_id;
delete from refresh_token where revoked_at is not null;
alter table refresh_token
    drop constraint refresh_token_user_id_tenant_id_fkey,
    drop column user_id,
    drop column tenant_id,
    drop column revoked_at,
    add foreign key (family_id) references user_session on delete cascade;

-- A device that somebody logged in from: other people's failures do not slow it down.
create table known_device (
    user_id      uuid not null references app_user on delete cascade,
    device_hash  bytea not null check (length(device_hash) = 32),
    last_used_at timestamptz not null,
    primary key (user_id, device_hash)
);
call app.platform_table('known_device', 'select, insert, update, delete');

-- Failures of late, by a hash of who failed where. Each is forgotten in time.
create table failed_attempt (
    key          bytea primary key check (length(key) = 32),
    failures     int not null,
    last_at      timestamptz not null,
    refused_until timestamptz not null
);
create index failed_attempt_age on failed_attempt (last_at);
call app.platform_table('failed_attempt', 'select, insert, update, delete');

-- What a link in a mail is good for, once. The payload is sealed.
create table email_token (
    secret_hash bytea primary key check (length(secret_hash) = 32),
    kind        text not null check (kind in ('register', 'reset', 'invitation')),
    address     text not null,
    user_id     uuid references app_user on delete cascade,
    tenant_id   uuid references tenant,
    subject_id  uuid,
    payload     text,
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    used_at     timestamptz
);
create index email_token_address on email_token (address, kind);
create index email_token_age on email_token (expires_at);
call app.platform_table('email_token', 'select, insert, update, delete');

-- Mail that is due. What it says is put together when it is sent; to whom is sealed.
create table outgoing_mail (
    id              uuid primary key,
    kind            text not null,
    body            text not null,
    created_at      timestamptz not null,
    attempts        int not null default 0,
    next_attempt_at timestamptz not null,
    last_error      text,
    failed_at       timestamptz
);
create index outgoing_mail_due on outgoing_mail (next_attempt_at) where failed_at is null;
call app.platform_table('outgoing_mail', 'select, insert, update, delete');

-- The second factor: a shared secret (sealed), and the last step that was used of it.
create table totp (
    user_id      uuid primary key references app_user on delete cascade,
    secret       text not null,
    created_at   timestamptz not null,
    confirmed_at timestamptz,
    last_step    bigint not null default 0
);
call app.platform_table('totp', 'select, insert, update, delete');

create table recovery_code (
    user_id   uuid not null references app_user on delete cascade,
    code_hash bytea not null check (length(code_hash) = 32),
    used_at   timestamptz,
    primary key (user_id, code_hash)
);
call app.platform_table('recovery_code', 'select, insert, update, delete');

create table passkey (
    id            uuid primary key,
    user_id       uuid not null references app_user on delete cascade,
    credential_id bytea not null unique,
    credential    jsonb not null,
    name          text not null,
    created_at    timestamptz not null,
    last_used_at  timestamptz
);
create index passkey_user on passkey (user_id);
call app.platform_table('passkey', 'select, insert, update, delete');

-- A log-in or a ceremony halfway: what was shown, and what is still to be shown.
create table challenge (
    secret_hash bytea primary key check (length(secret_hash) = 32),
    kind        text not null check (kind in ('second_factor', 'passkey_enrolment', 'passkey_log_in')),
    user_id     uuid references app_user on delete cascade,
    state       jsonb not null,
    attempts    int not null default 0,
    expires_at  timestamptz not null
);
create index challenge_age on challenge (expires_at);
call app.platform_table('challenge', 'select, insert, update, delete');

-- An invitation's address is sealed; its token is an email_token.
create table invitation (
    tenant_id    uuid not null,
    id           uuid not null,
    address      text not null,
    role         text,
    role_id      uuid,
    property_ids uuid[],
    invited_by   text not null,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    accepted_at  timestamptz,
    revoked_at   timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, role_id) references role,
    check ((role is null) <> (role_id is null))
);
call app.tenant_table('invitation');

-- Keys of programs. Two secrets are good while one replaces the other.
create table api_key (
    tenant_id       uuid not null,
    id              uuid not null,
    name            text not null check (name <> ''),
    secret_hash     bytea not null check (length(secret_hash) = 32),
    previous_hash   bytea check (length(previous_hash) = 32),
    previous_until  timestamptz,
    scopes          text[] not null,
    property_ids    uuid[],
    created_by      text not null,
    created_at      timestamptz not null,
    expires_at      timestamptz,
    revoked_at      timestamptz,
    last_used_at    timestamptz,
    version         int not null default 1,
    primary key (tenant_id, id)
);
call app.tenant_table('api_key');

-- Whose key is this? Asked before a tenant is known.
create table api_key_tenant (
    key_id    uuid primary key,
    tenant_id uuid not null references tenant
);
call app.platform_table('api_key_tenant', 'select, insert');

-- Those who run the installation, made by `innkeep admin operator`, and everything they do at their door.
create table operator (
    user_id    uuid primary key references app_user,
    added_at   timestamptz not null,
    removed_at timestamptz
);
call app.platform_table('operator', 'select, insert, update');

create table platform_event (
    id         uuid primary key,
    at         timestamptz not null,
    user_id    uuid not null,
    session_id uuid,
    address    text,
    operation  text not null,
    tenant_id  uuid,
    data       jsonb not null
);
call app.platform_table('platform_event', 'select, insert');
