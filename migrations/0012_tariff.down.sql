do $$
declare t text; a text;
begin
    foreach t in array array['unit_type', 'rate_plan', 'occupancy_price', 'tax_fee', 'extra', 'policy'] loop
        foreach a in array array['insert', 'update', 'delete'] loop
            execute format('drop trigger stamp_tariff_%s on %I', a, t);
        end loop;
    end loop;
end $$;
drop function app.stamp_tariff();
alter table property drop column tariff_stamp;
