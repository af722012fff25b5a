//! The rules of `migrations/README.md`, asked of the database's own catalogue. Every violation is one line.

use crate::vault::SEALED;
use sqlx::PgConnection;
use std::collections::BTreeSet;

/// Tables that are found before a tenant is known. This list only grows with a reason.
const PLATFORM: [&str; 18] = [
    "api_key_tenant",
    "app_user",
    "calendar_link",
    "challenge",
    "channel_endpoint",
    "email_token",
    "failed_attempt",
    "known_device",
    "membership",
    "operator",
    "outgoing_mail",
    "passkey",
    "recovery_code",
    "refresh_token",
    "tenant",
    "totp",
    "user_session",
    "worker_heartbeat",
];

/// Each query returns the names that break its rule; `$1` = the platform tables.
const RULES: [(&str, &str); 11] = [
    (
        "a table is a tenant table or a marked platform table",
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace
           and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'
           and (c.relname = any($1)) is distinct from (obj_description(c.oid) = 'platform')
           and ((c.relname = any($1)) or obj_description(c.oid) is not null)",
    ),
    (
        "a tenant table starts with tenant_id uuid NOT NULL",
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace
           and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations' and c.relname <> all($1)
           and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum = 1
               and a.attname = 'tenant_id' and a.atttypid = 'uuid'::regtype and a.attnotnull)",
    ),
    (
        "row-level security is enabled and forced",
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace
           and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations' and c.relname <> all($1)
           and not (c.relrowsecurity and c.relforcerowsecurity)",
    ),
    (
        "exactly one permissive policy: for all, to all, by app.tenant_id() both ways",
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace
           and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations' and c.relname <> all($1)
           and (select count(*) = 1 and bool_and(p.polpermissive and p.polcmd = '*' and p.polroles = '{0}'
                  and pg_get_expr(p.polqual, p.polrelid) ~ '^\\(tenant_id = \\( SELECT app\\.tenant_id\\(\\) AS tenant_id\\)\\)$'
                  and pg_get_expr(p.polwithcheck, p.polrelid) = pg_get_expr(p.polqual, p.polrelid))
                from pg_policy p where p.polrelid = c.oid and p.polname <> 'property') is distinct from true",
    ),
    (
        "a table that names a property has exactly one restrictive policy, by app.property_scope() both ways",
        "select c.relname::text from pg_class c
         cross join lateral (select case when c.relname = 'property' then 'id' else 'property_id' end as name) k
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> all($1)
           and (select count(*) = 1 and bool_and(not p.polpermissive and p.polcmd = '*' and p.polroles = '{0}'
                  and pg_get_expr(p.polqual, p.polrelid) = format('((( SELECT app.property_scope() AS property_scope) IS NULL) OR (%s = ANY (( SELECT app.property_scope() AS property_scope)::uuid[])))', k.name)
                  and pg_get_expr(p.polwithcheck, p.polrelid) = format('((( SELECT app.property_scope() AS property_scope) IS NULL) OR (%1$s IS NULL) OR (%1$s = ANY (( SELECT app.property_scope() AS property_scope)::uuid[])))', k.name))
                from pg_policy p where p.polrelid = c.oid and p.polname = 'property')
               is distinct from (c.relname = 'property' or exists (select from pg_attribute a
                   where a.attrelid = c.oid and a.attname = 'property_id' and not a.attisdropped))",
    ),
    (
        "tenant_id leads every primary key, unique constraint and index",
        "select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid
         where c.relnamespace = 'public'::regnamespace and c.relname <> '_sqlx_migrations' and c.relname <> all($1)
           and (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = i.indkey[0])
               is distinct from 'tenant_id'",
    ),
    (
        "a foreign key between tenant tables starts with tenant_id on both sides",
        "select k.conrelid::regclass::text || '.' || k.conname from pg_constraint k
         join pg_class c on c.oid = k.conrelid join pg_class f on f.oid = k.confrelid
         where k.contype = 'f' and c.relnamespace = 'public'::regnamespace and c.relname <> all($1)
           and (f.relname = any($1)
                or (select attname from pg_attribute where attrelid = c.oid and attnum = k.conkey[1]) <> 'tenant_id'
                or (select attname from pg_attribute where attrelid = f.oid and attnum = k.confkey[1]) <> 'tenant_id')",
    ),
    (
        "a view is security_invoker, and none is materialised",
        "select c.relname::text from pg_class c where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace)
           and (c.relkind = 'm' or (c.relkind = 'v'
                and not coalesce('security_invoker=true' = any(c.reloptions), false)))
           and cardinality($1) > 0",
    ),
    (
        "no function runs with its definer's rights",
        "select p.proname::text from pg_proc p where p.prosecdef and cardinality($1) > 0
           and p.pronamespace in ('public'::regnamespace, 'app'::regnamespace)",
    ),
    (
        "innkeep_app owns nothing and may not truncate, reference or create",
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace
           and c.relkind in ('r', 'p', 'v') and cardinality($1) > 0
           and (pg_get_userbyid(c.relowner) = 'innkeep_app'
                or has_table_privilege('innkeep_app', c.oid, 'TRUNCATE, REFERENCES, TRIGGER'))
         union all select 'schema ' || n.nspname from pg_namespace n
         where n.nspname in ('public', 'app') and has_schema_privilege('innkeep_app', n.oid, 'CREATE')",
    ),
    (
        "innkeep_app is no superuser, no owner, and cannot bypass row security",
        "select rolname::text from pg_roles where rolname in ('innkeep_app', 'innkeep_owner')
           and cardinality($1) > 0
           and (rolsuper or rolbypassrls or (rolname = 'innkeep_app' and pg_has_role(oid, 'innkeep_owner', 'member')))",
    ),
];

/// Every place where the database breaks a rule: `rule: name`.
pub async fn violations(conn: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let platform: Vec<String> = PLATFORM.iter().map(ToString::to_string).collect();
    let mut out = Vec::new();
    for (rule, sql) in RULES {
        let names: Vec<String> = sqlx::query_scalar(sql)
            .bind(&platform)
            .fetch_all(&mut *conn)
            .await?;
        out.extend(names.into_iter().map(|name| format!("{rule}: {name}")));
    }
    out.extend(sealed(conn).await?);
    Ok(out)
}

/// The columns that the database marks as sealed are those that the program rotates and verifies.
async fn sealed(conn: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let marked: Vec<String> = sqlx::query_scalar(
        "select format('%s.%s', c.conrelid::regclass, a.attname) from pg_constraint c
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
         where c.contype = 'c' and c.convalidated and c.conname = a.attname || '_sealed'
           and pg_get_constraintdef(c.oid) = format('CHECK ((%I ~~ ''v1.%%''::text))', a.attname)",
    )
    .fetch_all(conn)
    .await?;
    let listed = SEALED.map(|s| format!("{}.{}", s.table, s.column));
    let (marked, listed) = (BTreeSet::from_iter(marked), BTreeSet::from(listed));
    let differing = marked.symmetric_difference(&listed);
    Ok(differing
        .map(|name| format!("a column of sealed values is marked so and in the program's list: {name}"))
        .collect())
}
