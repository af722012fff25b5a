//! The kinds of corruption.

/// What is broken (table, statement), and the rule that has to say so.
pub(super) const KINDS: [(&str, &str, &str); 42] = [
    (
        "channel_connection",
        "update channel_connection set credentials = 'v1.0123456789abcdef.' || split_part(credentials, '.', 3)",
        "sealed_values_name_known_keys",
    ),
    // What is counted.
    (
        "inventory",
        "update inventory set sold = sold - 1 where sold > 0",
        "sold_equals_reservations",
    ),
    (
        "inventory",
        "update inventory set held = 0 where held > 0",
        "sold_equals_reservations",
    ),
    (
        "inventory",
        "delete from inventory where sold > 0",
        "sold_equals_reservations",
    ),
    (
        "group_allotment",
        "update group_allotment set drawn = drawn + 1",
        "sold_equals_reservations",
    ),
    (
        "stay_group",
        "update stay_group set status = 'released'",
        "sold_equals_reservations",
    ),
    (
        "stay_group",
        "update stay_group set arrival = departure - 1",
        "allotments_lie_in_their_group",
    ),
    (
        "inventory",
        "update inventory set capacity = capacity + 1",
        "capacity_equals_units",
    ),
    (
        "inventory",
        "update inventory set forced = forced + 1",
        "forced_covers_exactly",
    ),
    (
        "inventory",
        "update inventory set out_of_order = 0 where out_of_order > 0",
        "out_of_order_equals_maintenance",
    ),
    (
        "metric_day",
        "update metric_day set sold = sold + 1",
        "metrics_match",
    ),
    (
        "promo_code",
        "update promo_code set used = 0",
        "promo_codes_count_bookings",
    ),
    (
        "calendar_night",
        "insert into calendar_night select c.tenant_id, c.id, p.business_date + 9, p.id, u.id, u.unit_type_id, true from calendar_connection c join property p on p.id = c.property_id join unit u on u.id = c.unit_id",
        "sold_equals_reservations",
    ),
    (
        "calendar_connection",
        r#"update calendar_connection set feed = '{"closed": {"2199-12-31": null}}'"#,
        "calendars_hold_what_they_know",
    ),
    // Nights.
    (
        "reservation_night",
        "delete from reservation_night where night = (select max(night) from reservation_night)",
        "nights_match_stay",
    ),
    (
        "reservation_night",
        "update reservation_night set night = night + 300",
        "nights_match_stay",
    ),
    (
        "reservation",
        "update reservation set departure = departure + 1",
        "nights_match_stay",
    ),
    (
        "reservation_night",
        "update reservation_night set unit_type_id = null",
        "nights_take_a_unit_type",
    ),
    (
        "reservation_night",
        "update reservation_night set unit_type_id = gen_random_uuid()",
        "references_exist",
    ),
    (
        "reservation_night",
        "update reservation_night set property_id = gen_random_uuid()",
        "stays_are_of_their_property",
    ),
    // States.
    (
        "reservation",
        "update reservation set status = 'cancelled' where status = 'confirmed'",
        "booking_status_follows",
    ),
    (
        "booking",
        "update booking set status = 'cancelled' where status = 'confirmed'",
        "booking_status_follows",
    ),
    (
        "booking",
        "update booking set status = 'confirmed', hold_expires_at = null where status = 'tentative'",
        "booking_status_follows",
    ),
    (
        "booking",
        "update booking set hold_expires_at = now() - interval '1 hour' where status = 'tentative'",
        "holds_end_in_time",
    ),
    (
        "reservation",
        "delete from reservation where status = 'confirmed'",
        "booking_status_follows",
    ),
    (
        "reservation",
        "update reservation set checked_in_at = null",
        "arrivals_and_departures_have_times",
    ),
    (
        "event",
        "delete from event where kind like 'booking.%'",
        "bookings_are_logged",
    ),
    // Money.
    (
        "reservation",
        "update reservation set total = total + 0.01",
        "stay_total_adds_up",
    ),
    (
        "reservation_night",
        "update reservation_night set price = price + 1",
        "stay_total_adds_up",
    ),
    (
        "reservation_line",
        "delete from reservation_line where not included",
        "stay_total_adds_up",
    ),
    (
        "booking",
        "update booking set total = total - 0.01",
        "booking_total_adds_up",
    ),
    (
        "reservation",
        "update reservation set fee = fee + 5 where status = 'cancelled'",
        "booking_total_adds_up",
    ),
    (
        "reservation_line",
        "update reservation_line set night = night + 300",
        "lines_lie_in_their_stay",
    ),
    // Units.
    (
        "stay_segment",
        "update stay_segment set to_night = to_night + 1 where reservation_id is not null",
        "segments_lie_in_their_stay",
    ),
    (
        "maintenance",
        "update maintenance set to_night = to_night + 1",
        "maintenance_is_in_its_unit",
    ),
    (
        "stay_segment",
        "update stay_segment set unit_id = (select id from unit where name = 'STE-1') where unit_id = (select id from unit where name = 'DBL-2')",
        "units_are_of_the_nights_type",
    ),
    // What refers to nothing.
    (
        "booking",
        "update booking set property_id = gen_random_uuid()",
        "references_exist",
    ),
    (
        "reservation",
        "update reservation set rate_plan_id = gen_random_uuid()",
        "references_exist",
    ),
    (
        "booking",
        "update booking set company_id = gen_random_uuid()",
        "references_exist",
    ),
    (
        "quote",
        "update quote set booking_id = gen_random_uuid()",
        "references_exist",
    ),
    (
        "guest",
        "update guest set merged_into = (select id from guest where last_name = 'Other') where last_name = 'Lovelace'",
        "merged_guests_have_no_stays",
    ),
    (
        "ari_shadow",
        "insert into ari_shadow select tenant_id, id, gen_random_uuid(), gen_random_uuid(), current_date, null, null, now() from channel_connection",
        "mapped_cells_known",
    ),
];
