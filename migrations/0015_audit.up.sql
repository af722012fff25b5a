-- Who did what sensitive thing, and who looked at whom. Rows are only added: the server may not change or delete one,
-- and links chain them so that whoever else does is found out (`domain::audit`).
create table audit_entry (
    tenant_id  uuid not null,
    id         uuid not null,
    xid        bigint not null default pg_current_xact_id()::text::bigint,
    seq        bigint generated always as identity,
    at         timestamptz not null,
    operation  text not null,
    phase      text not null check (phase in ('started', 'done', 'refused', 'failed', 'read')),
    status     smallint,
    actor      text not null,
    address    text,
    request_id text not null,
    subject_id uuid,
    changes    jsonb not null,
    primary key (tenant_id, id)
);
create index audit_entry_order on audit_entry (tenant_id, xid, seq);
create index audit_entry_of_subject on audit_entry (tenant_id, subject_id, xid, seq);
create index audit_entry_of_actor on audit_entry (tenant_id, actor, xid, seq);
call app.tenant_table('audit_entry', 'select, insert');

-- The n-th entry of the chain, and a code over it and the code before it, by a key that is not in this database.
create table audit_link (
    tenant_id uuid not null,
    n         bigint not null check (n > 0),
    entry_id  uuid not null,
    mac       text not null,
    primary key (tenant_id, n),
    unique (tenant_id, entry_id)
);
call app.tenant_table('audit_link', 'select, insert');

-- Where the chain ends: the last link, the place in the log up to which entries are chained, and a code over both.
create table audit_head (
    tenant_id uuid not null primary key,
    n         bigint not null,
    mac       text not null,
    xid       bigint not null,
    seq       bigint not null,
    seal      text not null
);
call app.tenant_table('audit_head', 'select, insert, update');
