//! Every column that holds sealed values: what rotation seals anew and `innkeep verify` looks at. The catalogue check
//! fails when the database marks another set of columns (`app.sealed_column`).

use super::Place;
use crate::ids::TenantId;

/// A column of sealed values, and how its rows are named in their [`Place`].
#[derive(Debug, Clone, Copy)]
pub struct Sealed {
    pub table: &'static str,
    pub column: &'static str,
    /// What tells rows apart after the tenant's id, by a unique index: columns and their types.
    key: &'static [(&'static str, &'static str)],
    /// Of a platform table, sealed with the platform's keys.
    pub platform: bool,
}

const fn tenants(table: &'static str, column: &'static str) -> Sealed {
    Sealed {
        table,
        column,
        key: &[("id", "uuid")],
        platform: false,
    }
}

const fn platforms(
    table: &'static str,
    column: &'static str,
    key: &'static [(&'static str, &'static str)],
) -> Sealed {
    Sealed {
        table,
        column,
        key,
        platform: true,
    }
}

pub const SEALED: [Sealed; 15] = [
    tenants("booking", "personal"),
    tenants("calendar_connection", "import_url"),
    tenants("channel_connection", "credentials"),
    tenants("channel_conversation", "title"),
    tenants("channel_letter", "body"),
    tenants("channel_review", "content"),
    tenants("company", "contact"),
    tenants("guest", "personal"),
    Sealed {
        key: &[("principal", "text"), ("operation", "text"), ("key", "text")],
        ..tenants("idempotency_key", "body")
    },
    Sealed {
        key: &[("connection_id", "uuid"), ("message_id", "text")],
        ..tenants("inbox", "message")
    },
    tenants("invitation", "address"),
    tenants("reservation_guest", "registration"),
    platforms("email_token", "payload", &[("secret_hash", "bytea")]),
    platforms("outgoing_mail", "body", &[("id", "uuid")]),
    platforms("totp", "secret", &[("user_id", "uuid")]),
];

/// The columns that are sealed with this tenant's keys; the platform is one too.
pub(super) fn of(tenant: TenantId) -> impl Iterator<Item = &'static Sealed> {
    let platform = tenant == TenantId::PLATFORM;
    SEALED.iter().filter(move |column| column.platform == platform)
}

impl Sealed {
    /// Where the row with this key has its value. Bytes are named in hexadecimal.
    pub(super) fn place(&self, key: &[String]) -> Place {
        let part = |((_, kind), part): (&(_, &'static str), &String)| match *kind {
            "bytea" => part.trim_start_matches("\\x").to_owned(),
            _ => part.clone(),
        };
        let parts: Vec<String> = self.key.iter().zip(key).map(part).collect();
        Place::new(self.table, self.column, parts.join("/"))
    }

    /// `$1` is the tenant, also where there is none to tell apart.
    pub(super) fn of_tenant(&self) -> &'static str {
        if self.platform {
            "$1::uuid is not null"
        } else {
            "t.tenant_id = $1"
        }
    }

    /// A batch of at most `$3` rows whose value is not like `$2`: key and value, in the key's order. `$4` is the key
    /// after which it begins, if there is one.
    pub(super) fn select(&self, after: bool) -> String {
        let Self { table, column, .. } = self;
        let list = |one: &dyn Fn(usize, &str, &str) -> String| {
            let each = self.key.iter().enumerate();
            each.map(|(i, (name, kind))| one(i + 1, name, kind))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let names = list(&|_, name, _| format!("t.{name}"));
        let texts = list(&|_, name, _| format!("t.{name}::text"));
        let bounds = list(&|i, _, kind| format!("($4::text[])[{i}]::{kind}"));
        let after = if after {
            format!("and ({names}) > ({bounds})")
        } else {
            String::new()
        };
        format!(
            "select array[{texts}] as key, t.{column} as value from {table} t
             where {tenant} and t.{column} not like $2 {after} order by {names} limit $3",
            tenant = self.of_tenant()
        )
    }

    /// Writes values `$3` where `$2` still stands; `$4` and on are the keys, column by column.
    pub(super) fn replace(&self) -> String {
        let Self { table, column, .. } = self;
        let arrays: Vec<String> = (0..self.key.len())
            .map(|i| format!("${}::text[]", i + 4))
            .collect();
        let names: Vec<String> = (0..self.key.len()).map(|i| format!("k{i}")).collect();
        let each = self.key.iter().enumerate();
        let same: Vec<String> = each
            .map(|(i, (name, kind))| format!("t.{name} = n.k{i}::{kind}"))
            .collect();
        format!(
            "update {table} t set {column} = n.new
             from unnest($2::text[], $3::text[], {arrays}) as n (old, new, {names})
             where {tenant} and {same} and t.{column} = n.old",
            arrays = arrays.join(", "),
            names = names.join(", "),
            same = same.join(" and "),
            tenant = self.of_tenant()
        )
    }

    pub(super) fn key_columns(&self) -> usize {
        self.key.len()
    }
}
