//! Who acts, for which tenant, with which rights. A service demands a `Principal`; nobody else can make one up for it.

use crate::error::{Refusal, Result};
use crate::ids::TenantId;
use std::sync::Arc;
use uuid::Uuid;

/// A role every tenant has; others it makes for itself (`identity::role`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Owner,
    Manager,
    FrontDesk,
    Accountant,
    Housekeeping,
    ReadOnly,
}

impl Role {
    pub const ALL: [Self; 6] = [
        Self::Owner,
        Self::Manager,
        Self::FrontDesk,
        Self::Accountant,
        Self::Housekeeping,
        Self::ReadOnly,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::FrontDesk => "front_desk",
            Self::Accountant => "accountant",
            Self::Housekeeping => "housekeeping",
            Self::ReadOnly => "read_only",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }

    /// The rights table: a role may do what stands in its row.
    pub fn permissions(self) -> Permissions {
        use Permission::*;
        let all = Permission::ALL.into_iter();
        match self {
            Self::Owner => all.collect(),
            Self::Manager => all.filter(|p| *p != WriteApiKeys).collect(),
            Self::FrontDesk => Permissions::of(&[
                ReadInventory,
                ReadBookings,
                WriteBookings,
                ReadGuests,
                ReadDocuments,
                WriteGuests,
                WriteMaintenance,
                WriteHousekeeping,
                ReadInsight,
            ]),
            Self::Accountant => Permissions::of(&[ReadInventory, ReadBookings, ReadGuests, ReadInsight]),
            Self::Housekeeping => Permissions::of(&[ReadInventory, WriteHousekeeping]),
            Self::ReadOnly => Permissions::of(&[ReadInventory, ReadBookings, ReadInsight]),
        }
    }
}

/// What an operation needs. The names are part of the API: roles and keys list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    ReadInventory,
    WriteInventory,
    WriteRates,
    ReadBookings,
    WriteBookings,
    /// What an operator may override with a reason: stock, restrictions, fees.
    Override,
    /// Who stays here; without [`Self::ReadDocuments`] birth dates and document numbers are masked.
    ReadGuests,
    ReadDocuments,
    WriteGuests,
    /// Takes units out of order and gives them back.
    WriteMaintenance,
    /// Says what is clean, and what has to be done.
    WriteHousekeeping,
    ReadChannels,
    WriteChannels,
    ReadInsight,
    /// Who works here, with which role.
    ReadUsers,
    /// Invites, changes and removes staff; makes roles.
    WriteUsers,
    WriteApiKeys,
    /// Who did and looked at what.
    ReadAudit,
}

impl Permission {
    pub const ALL: [Self; 18] = [
        Self::ReadInventory,
        Self::WriteInventory,
        Self::WriteRates,
        Self::ReadBookings,
        Self::WriteBookings,
        Self::Override,
        Self::ReadGuests,
        Self::ReadDocuments,
        Self::WriteGuests,
        Self::WriteMaintenance,
        Self::WriteHousekeeping,
        Self::ReadChannels,
        Self::WriteChannels,
        Self::ReadInsight,
        Self::ReadUsers,
        Self::WriteUsers,
        Self::WriteApiKeys,
        Self::ReadAudit,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::ReadInventory => "read_inventory",
            Self::WriteInventory => "write_inventory",
            Self::WriteRates => "write_rates",
            Self::ReadBookings => "read_bookings",
            Self::WriteBookings => "write_bookings",
            Self::Override => "override",
            Self::ReadGuests => "read_guests",
            Self::ReadDocuments => "read_documents",
            Self::WriteGuests => "write_guests",
            Self::WriteMaintenance => "write_maintenance",
            Self::WriteHousekeeping => "write_housekeeping",
            Self::ReadChannels => "read_channels",
            Self::WriteChannels => "write_channels",
            Self::ReadInsight => "read_insight",
            Self::ReadUsers => "read_users",
            Self::WriteUsers => "write_users",
            Self::WriteApiKeys => "write_api_keys",
            Self::ReadAudit => "read_audit",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u64);

impl Permissions {
    pub fn of(all: &[Permission]) -> Self {
        all.iter().copied().collect()
    }
    /// By their names; `Err` is one that no permission has.
    pub fn parse(names: &[String]) -> Result<Self, String> {
        let one = |name: &String| Permission::parse(name).ok_or_else(|| name.clone());
        names.iter().map(one).collect()
    }
    pub fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u64) != 0
    }
    pub fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    pub fn names(self) -> Vec<String> {
        let held = Permission::ALL.into_iter().filter(|p| self.has(*p));
        held.map(|p| p.name().to_owned()).collect()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(all: I) -> Self {
        Self(all.into_iter().fold(0, |set, p| set | 1 << p as u64))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    User(Uuid),
    /// A program, by its key or by an access token it got for that key.
    ApiKey(Uuid),
    /// A channel connection, through its inbox.
    Channel(Uuid),
    /// Somebody who runs the installation, at the operators' door.
    Operator(Uuid),
    /// A part of Innkeep itself, by name.
    System(&'static str),
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::ApiKey(id) => write!(f, "api_key:{id}"),
            Self::Channel(id) => write!(f, "channel:{id}"),
            Self::Operator(id) => write!(f, "operator:{id}"),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}

/// What a credential is worth in its tenant now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// A role's name; of a key, `api_key`.
    pub role: String,
    pub permissions: Permissions,
    /// `None`: every property of the tenant.
    pub properties: Option<Arc<[Uuid]>>,
}

impl Grant {
    pub fn role(role: Role) -> Self {
        Self {
            role: role.name().into(),
            permissions: role.permissions(),
            properties: None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Principal {
    pub tenant: TenantId,
    pub actor: Actor,
    grant: Grant,
}

impl Principal {
    pub fn new(tenant: TenantId, actor: Actor, grant: Grant) -> Self {
        Self { tenant, actor, grant }
    }
    /// A part of Innkeep acting by itself in one tenant.
    pub fn system(tenant: TenantId, name: &'static str) -> Self {
        Self::new(tenant, Actor::System(name), Grant::role(Role::Owner))
    }
    pub fn channel(tenant: TenantId, connection: Uuid) -> Self {
        Self::new(tenant, Actor::Channel(connection), Grant::role(Role::FrontDesk))
    }
    pub fn grant(&self) -> &Grant {
        &self.grant
    }
    /// The properties it may see; `None`: all of the tenant's. `Db::begin_for` holds every statement to it.
    pub fn properties(&self) -> Option<&[Uuid]> {
        self.grant.properties.as_deref()
    }
    pub fn may(&self, permission: Permission) -> bool {
        self.grant.permissions.has(permission)
    }
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            return Ok(());
        }
        let detail = format!(
            "the role `{}` lacks the permission `{}`",
            self.grant.role,
            permission.name()
        );
        Err(Refusal::forbidden("missing_permission", detail).into())
    }
    /// For what concerns the tenant as a whole: refused to staff of some properties only.
    pub fn require_all_properties(&self) -> Result<()> {
        if self.properties().is_none() {
            return Ok(());
        }
        let detail = "this concerns all properties of the tenant, and you may see some of them only";
        Err(Refusal::forbidden("some_properties_only", detail).into())
    }
    /// 404, like an unknown id, for a property outside the principal's.
    pub fn require_property(&self, id: Uuid) -> Result<()> {
        match self.properties() {
            Some(some) if !some.contains(&id) => Err(Refusal::not_found("property").into()),
            _ => Ok(()),
        }
    }
    /// Nobody gives away more than they have.
    pub fn require_at_least(&self, permissions: Permissions) -> Result<()> {
        if self.grant.permissions.covers(permissions) {
            return Ok(());
        }
        let detail = "that is more than you may do yourself";
        Err(Refusal::forbidden("more_than_own_rights", detail).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_permissions_are_one_to_one() {
        for (i, permission) in Permission::ALL.into_iter().enumerate() {
            assert_eq!(permission as usize, i);
            assert_eq!(Permission::parse(permission.name()), Some(permission));
        }
        assert_eq!(Permission::parse("everything"), None);
        let all: Permissions = Permission::ALL.into_iter().collect();
        assert_eq!(Permissions::parse(&all.names()), Ok(all));
    }

    #[test]
    fn roles_form_a_ladder_with_the_owner_on_top() {
        for role in Role::ALL {
            assert!(Role::Owner.permissions().covers(role.permissions()), "{role:?}");
        }
        assert!(!Role::Manager.permissions().covers(Role::Owner.permissions()));
    }
}
