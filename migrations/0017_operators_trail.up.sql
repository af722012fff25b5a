-- Operators' acts stand in an audit trail like any tenant's: the installation's own, under the nil tenant, chained with
-- its key.
alter table audit_entry no force row level security;
insert into audit_entry (tenant_id, id, at, operation, phase, actor, address, request_id, subject_id, changes)
select '00000000-0000-0000-0000-000000000000', id, at, operation, 'done', 'operator:' || user_id, address, '', tenant_id,
       data || jsonb_build_object('session_id', session_id)
from platform_event order by id;
alter table audit_entry force row level security;
drop table platform_event;
