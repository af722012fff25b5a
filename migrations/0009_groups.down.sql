alter table booking drop column group_id;
-- Units that were kept for groups are free again; in the tables' owner's name, whom row security hides every row from.
alter table inventory no force row level security;
alter table stay_group no force row level security;
alter table group_allotment no force row level security;
update inventory i set held = i.held - g.remaining
from (select a.tenant_id, a.unit_type_id, a.night, sum(a.allotted - a.drawn)::int as remaining
      from group_allotment a join stay_group s on s.tenant_id = a.tenant_id and s.id = a.group_id
      where s.status in ('tentative', 'definite') group by 1, 2, 3) g
where i.tenant_id = g.tenant_id and i.unit_type_id = g.unit_type_id and i.night = g.night;
alter table inventory force row level security;
drop table group_allotment, stay_group;
