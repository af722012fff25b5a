-- What a person has not answered waits for one still.
update inbox set state = 'parked' where state = 'asked';
alter table inbox drop constraint inbox_state_check,
    add constraint inbox_state_check check (state in ('received', 'processed', 'parked'));
drop table channel_standing;
alter table channel_sync drop column show_at, drop column shown_at;
alter table channel_sync drop column closed_told;
