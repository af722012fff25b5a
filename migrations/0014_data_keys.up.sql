-- Each tenant's data keys, wrapped by a master key that is not in the database. The installation's own (mail on its way,
-- second factors) stand under the nil tenant.
create table tenant_key (
    tenant_id  uuid not null,
    -- Stands in every value that the key sealed: v1.<id>.<text>.
    id         text not null,
    -- seal: personal data. index: blind indexes; one for good, so that what was indexed is found.
    purpose    text not null check (purpose in ('seal', 'index')),
    wrapped    text not null,
    created_at timestamptz not null default now(),
    -- Set: opens, but seals nothing new.
    retired_at timestamptz,
    primary key (tenant_id, id)
);
create unique index tenant_key_current on tenant_key (tenant_id, purpose) where retired_at is null;
call app.tenant_table('tenant_key');

-- Marks a column that holds sealed values. Rotation and `innkeep verify` go by the same list in the program; the
-- catalogue check compares the two.
create procedure app.sealed_column(name regclass, sealed text)
    language plpgsql
    as $$
begin
    execute format('alter table %s add constraint %I check (%I like ''v1.%%'')', name, sealed || '_sealed', sealed);
end $$;

-- Answers that a version before sealing kept in clear, for three days at most.
alter table idempotency_key no force row level security;
delete from idempotency_key where body not like 'v1.%';
alter table idempotency_key force row level security;

-- How a channel is called and what it signs with, sealed. What stood in clear is sealed by the hourly job.
alter table channel_connection add column credentials text;

-- A guest who was erased: the row stays for what refers to it. The log keeps what happened and loses the person.
alter table guest add column erased_at timestamptz;
grant update (data) on event to innkeep_app;

call app.sealed_column('channel_connection', 'credentials');
call app.sealed_column('company', 'contact');
call app.sealed_column('guest', 'personal');
call app.sealed_column('idempotency_key', 'body');
call app.sealed_column('invitation', 'address');
call app.sealed_column('reservation_guest', 'registration');
call app.sealed_column('email_token', 'payload');
call app.sealed_column('outgoing_mail', 'body');
call app.sealed_column('totp', 'secret');
