alter table reservation_line drop column source;
drop table quote, promo_code, extra, tax_fee, occupancy_price;
alter table rate_plan
    drop constraint rate_plan_advance_window,
    drop column policy_id,
    drop column max_advance_days,
    drop column min_advance_days;
drop table policy;
