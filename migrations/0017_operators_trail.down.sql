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

alter table audit_entry no force row level security;
alter table audit_link no force row level security;
alter table audit_head no force row level security;
insert into platform_event (id, at, user_id, session_id, address, operation, tenant_id, data)
select id, at, split_part(actor, ':', 2)::uuid, (changes->>'session_id')::uuid, address, operation, subject_id,
       changes - 'session_id'
from audit_entry where tenant_id = '00000000-0000-0000-0000-000000000000';
delete from audit_head where tenant_id = '00000000-0000-0000-0000-000000000000';
delete from audit_link where tenant_id = '00000000-0000-0000-0000-000000000000';
delete from audit_entry where tenant_id = '00000000-0000-0000-0000-000000000000';
alter table audit_entry force row level security;
alter table audit_link force row level security;
alter table audit_head force row level security;
