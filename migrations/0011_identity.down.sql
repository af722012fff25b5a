drop table platform_event, operator, api_key_tenant, api_key, invitation, challenge, passkey, recovery_code, totp,
    outgoing_mail, email_token, failed_attempt, known_device;
alter table refresh_token
    add column user_id uuid,
    add column tenant_id uuid,
    add column revoked_at timestamptz;
update refresh_token r set user_id = s.user_id, tenant_id = s.tenant_id, revoked_at = s.revoked_at
    from user_session s where s.id = r.family_id;
delete from refresh_token r where tenant_id is null
    or not exists (select from membership m where (m.user_id, m.tenant_id) = (r.user_id, r.tenant_id));
alter table refresh_token
    drop constraint refresh_token_family_id_fkey,
    alter column user_id set not null,
    alter column tenant_id set not null,
    add foreign key (user_id, tenant_id) references membership on delete cascade;
drop table user_session;
-- A role of the tenant's own has no counterpart: who had one may look, no more.
update membership set role = 'read_only' where role is null;
alter table membership
    drop column role_id,
    drop column property_ids,
    drop column version,
    drop column since,
    alter column role set not null;
drop table role;
alter table tenant drop column suspended_at;
-- Accounts that only exist since: guests, and second accounts of one address.
delete from app_user where class = 'guest';
alter table app_user
    drop constraint app_user_class_email_key,
    add constraint app_user_email_key unique (email),
    drop column class,
    drop column email_verified_at,
    drop column disabled_at;
do $$
declare
    name regclass;
begin
    for name in select polrelid::regclass from pg_policy where polname = 'property'
    loop
        execute format('drop policy property on %s', name);
    end loop;
end $$;
create or replace procedure app.tenant_table(name regclass, rights text default 'select, insert, update, delete')
    language plpgsql
    as $$
begin
    execute format('alter table %s enable row level security', name);
    execute format('alter table %s force row level security', name);
    execute format('create policy tenant on %s using (tenant_id = (select app.tenant_id()))
                    with check (tenant_id = (select app.tenant_id()))', name);
    execute format('grant %s on %s to innkeep_app', rights, name);
end $$;
drop procedure app.property_table;
drop function app.property_scope;
