drop table channel_review;
drop table channel_letter;
drop table channel_conversation;
alter table channel_sync drop next_talk_at, drop talk_failures;
alter table channel_connection drop set_up_until;
