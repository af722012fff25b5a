alter table channel_sync drop column closed_told;
