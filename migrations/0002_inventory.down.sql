drop view effective_rate;
drop table rate_night, rate_plan, inventory, unit, unit_type, property;
