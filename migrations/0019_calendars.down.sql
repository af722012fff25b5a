-- Nights that calendars hold are given back first, or the counters would say more than anybody takes.
alter table inventory no force row level security;
alter table calendar_night no force row level security;
update inventory i set held = i.held - n.held,
    forced = greatest(0, i.sold + i.held - n.held + i.out_of_order + i.blocked - i.capacity - i.overbooking_limit)
from (select tenant_id, unit_type_id, night, count(*)::int as held from calendar_night group by 1, 2, 3) n
where i.tenant_id = n.tenant_id and i.unit_type_id = n.unit_type_id and i.night = n.night;
alter table inventory force row level security;

drop table calendar_link, calendar_night, calendar_connection;
