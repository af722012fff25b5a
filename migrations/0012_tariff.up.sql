-- Processes keep a property's tariff (`domain::rates::terms`) under this stamp. It is random, not counted: a stamp
-- that was once given, even in a transaction that was undone, never stands for anything else.
alter table property add column tariff_stamp uuid not null default gen_random_uuid();

create function app.stamp_tariff() returns trigger
    language plpgsql
    as $$
begin
    update property p set tariff_stamp = gen_random_uuid()
    where (p.tenant_id, p.id) in (select c.tenant_id, c.property_id from changed c);
    return null;
end $$;

-- One trigger an action, since a trigger that names its changed rows may have only one.
do $$
declare t text;
begin
    foreach t in array array['unit_type', 'rate_plan', 'occupancy_price', 'tax_fee', 'extra', 'policy'] loop
        execute format('create trigger stamp_tariff_insert after insert on %I referencing new table as changed
                        for each statement execute function app.stamp_tariff()', t);
        execute format('create trigger stamp_tariff_update after update on %I referencing new table as changed
                        for each statement execute function app.stamp_tariff()', t);
        execute format('create trigger stamp_tariff_delete after delete on %I referencing old table as changed
                        for each statement execute function app.stamp_tariff()', t);
    end loop;
end $$;
