-- A message that was posted to us is acknowledged by our answer, and from now on stored so.
update inbox i set acknowledged_at = i.received_at
from channel_connection c
where c.tenant_id = i.tenant_id and c.id = i.connection_id and c.protocol = 'webhook' and i.acknowledged_at is null;
