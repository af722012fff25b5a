drop table metric_cursor, metric_day, alert, event, reservation_night, reservation, booking;
