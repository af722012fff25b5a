alter table channel_connection drop set_up_until;
