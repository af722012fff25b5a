-- A house is set up at a channel from here: while one does it, nobody else does.
alter table channel_connection add set_up_until timestamptz;
