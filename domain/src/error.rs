//! What an operation can answer instead of its result: a refusal with a stable code, or a fault.

use std::borrow::Cow;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong inside the domain.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule said no. The caller can read why and act.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// No database connection was free in time: try again soon.
    #[error("no database connection was free in time")]
    Busy,
    /// A lock or statement took longer than its limit, or a serialisation conflict: try again.
    #[error("the database gave up waiting")]
    Contended(#[source] sqlx::Error),
    #[error("database")]
    Database(#[source] sqlx::Error),
    /// Our own mistake: stored data that no rule allows, a task that died.
    #[error("internal: {0}")]
    Internal(Cow<'static, str>),
}

/// The class of a refusal; the API maps it to an HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Invalid,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    Stale,
    /// Too many attempts: again later.
    TooMany,
}

/// A rule's "no": which rule, in words, and where in the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    pub kind: Kind,
    /// Stable, machine-readable, lower_snake_case.
    pub code: &'static str,
    pub detail: String,
    /// JSON pointer into the request body, or the parameter's name.
    pub pointer: Option<String>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
}

impl Refusal {
    fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            detail: detail.into(),
            pointer: None,
            retry_after: None,
        }
    }
    pub fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, code, detail)
    }
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, detail)
    }
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, code, detail)
    }
    pub fn unauthenticated(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Unauthenticated, code, detail)
    }
    /// The same words for an id that never existed and for another tenant's.
    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("there is no such {what}"))
    }
    pub fn stale(detail: impl Into<String>) -> Self {
        Self::new(Kind::Stale, "stale_version", detail)
    }
    pub fn too_many(wait: chrono::Duration) -> Self {
        let seconds = u32::try_from(wait.num_seconds().max(0))
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let detail = format!("too many failed attempts from where you are: try again in {seconds} s");
        Self {
            retry_after: Some(seconds),
            ..Self::new(Kind::TooMany, "too_many_attempts", detail)
        }
    }
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }
}

/// Unique and check violations by constraint name: what the person did, in the field's words.
const CONSTRAINTS: &[(&str, &str, &str)] = &[
    (
        "app_user_class_email_key",
        "email_taken",
        "a user with this e-mail address exists",
    ),
    (
        "unit_type_tenant_id_property_id_code_key",
        "code_taken",
        "another unit type has this code",
    ),
    (
        "unit_tenant_id_property_id_name_key",
        "name_taken",
        "another unit has this name",
    ),
    (
        "rate_plan_tenant_id_property_id_code_key",
        "code_taken",
        "another rate plan has this code",
    ),
    (
        "stay_group_tenant_id_property_id_code_key",
        "code_taken",
        "another group has this code",
    ),
    (
        "tax_fee_tenant_id_property_id_code_key",
        "code_taken",
        "another tax or fee has this code",
    ),
    (
        "extra_tenant_id_property_id_code_key",
        "code_taken",
        "another extra has this code",
    ),
    (
        "promo_code_tenant_id_property_id_code_key",
        "code_taken",
        "another promo code has this code",
    ),
    (
        "policy_tenant_id_property_id_code_key",
        "code_taken",
        "another policy has this code",
    ),
    (
        "channel_room_map_tenant_id_connection_id_external_id_key",
        "already_mapped",
        "the channel's room is mapped to another unit type",
    ),
    (
        "channel_rate_map_tenant_id_connection_id_external_id_key",
        "already_mapped",
        "the channel's rate is mapped to another product",
    ),
    (
        "inventory_never_oversold",
        "no_availability",
        "more is sold or held than this would leave",
    ),
    (
        "stay_segment_one_in_unit",
        "unit_taken",
        "somebody else took the unit for one of these nights just now",
    ),
    (
        "stay_segment_one_unit_a_night",
        "already_assigned",
        "the stay has a unit for one of these nights already",
    ),
    (
        "role_tenant_id_name_key",
        "name_taken",
        "another role has this name",
    ),
    (
        "membership_role_fkey",
        "role_in_use",
        "somebody has this role, or it is not there any more",
    ),
    (
        "invitation_tenant_id_role_id_fkey",
        "role_in_use",
        "somebody was invited with this role, or it is not there any more",
    ),
    (
        "passkey_credential_id_key",
        "passkey_taken",
        "this passkey is enrolled already",
    ),
    (
        "idempotency_key_pkey",
        "request_in_progress",
        "a request with this Idempotency-Key is still running",
    ),
];

/// SQLSTATEs after which the same request may well succeed: serialisation failure, deadlock, lock not available,
/// statement cancelled by its time limit.
const TRY_AGAIN: &[&str] = &["40001", "40P01", "55P03", "57014"];

/// Two writers of the same new row: the loser finds it there when it tries again.
const RACES: &[&str] = &[
    "rate_night_pkey",
    "booking_tenant_id_reference_key",
    "booking_tenant_id_connection_id_channel_ref_key",
];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Busy;
        }
        let Some(db) = error.as_database_error() else {
            return Self::Database(error);
        };
        if db.constraint().is_some_and(|name| RACES.contains(&name)) {
            return Self::Contended(error);
        }
        if let Some(name) = db.constraint()
            && let Some((_, code, detail)) = CONSTRAINTS.iter().find(|(c, ..)| *c == name)
        {
            return Refusal::conflict(code, *detail).into();
        }
        if db.code().is_some_and(|c| TRY_AGAIN.contains(&c.as_ref())) {
            return Self::Contended(error);
        }
        Self::Database(error)
    }
}

impl Error {
    pub fn internal(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Internal(what.into())
    }
    /// Says where in the request a refusal lies.
    pub fn at(self, pointer: impl Into<String>) -> Self {
        match self {
            Self::Refused(refusal) => refusal.at(pointer).into(),
            other => other,
        }
    }
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Refused(r) => Some(r.code),
            _ => None,
        }
    }
}
