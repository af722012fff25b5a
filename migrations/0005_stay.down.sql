drop table reservation_line;
alter table reservation_night drop column unit_type_id;
drop index reservation_by_departure;
alter table reservation drop column children_ages, drop column promo_code, drop column policy, drop column fee;
alter table booking no force row level security;
update booking set status = 'cancelled', hold_expires_at = null where status = 'tentative';
alter table booking force row level security;
alter table booking
    drop constraint booking_hold_expires,
    drop column hold_expires_at,
    drop constraint booking_status_check,
    add constraint booking_status_check check (status in ('confirmed', 'cancelled'));
