drop table audit_head, audit_link, audit_entry;
