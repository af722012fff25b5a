drop table channel_standing;
alter table channel_sync drop column show_at, drop column shown_at;
alter table channel_sync drop column closed_told;
