drop table idempotency_key, worker_heartbeat, refresh_token, membership, app_user, tenant;
drop schema app cascade;
