//! Who acts, for which tenant, with which rights. A service demands a `Principal`; nobody else can make one up for it.

use crate::error::{Refusal, Result};
use crate::ids::TenantId;
use uuid::Uuid;

/// A person's role in one tenant.
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
    pub fn may(self, permission: Permission) -> bool {
        use Permission::*;
        match self {
            Self::Owner | Self::Manager => true,
            Self::FrontDesk => {
                matches!(
                    permission,
                    ReadInventory
                        | ReadBookings
                        | WriteBookings
                        | ReadGuests
                        | WriteGuests
                        | WriteMaintenance
                        | WriteHousekeeping
                        | ReadInsight
                )
            }
            Self::Accountant => {
                matches!(
                    permission,
                    ReadInventory | ReadBookings | ReadGuests | ReadInsight
                )
            }
            Self::Housekeeping => matches!(permission, ReadInventory | WriteHousekeeping),
            Self::ReadOnly => matches!(permission, ReadInventory | ReadBookings | ReadInsight),
        }
    }
}

/// What an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    ReadInventory,
    WriteInventory,
    WriteRates,
    ReadBookings,
    WriteBookings,
    /// What an operator may override with a reason: stock, restrictions, fees.
    Override,
    /// Who stays here; without [`Self::WriteGuests`] birth dates and document numbers are masked.
    ReadGuests,
    WriteGuests,
    /// Takes units out of order and gives them back.
    WriteMaintenance,
    /// Says what is clean, and what has to be done.
    WriteHousekeeping,
    ReadChannels,
    WriteChannels,
    ReadInsight,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    User(Uuid),
    /// A channel connection, through its inbox.
    Channel(Uuid),
    /// A part of Innkeep itself, by name.
    System(&'static str),
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Channel(id) => write!(f, "channel:{id}"),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Principal {
    pub tenant: TenantId,
    pub actor: Actor,
    role: Role,
}

impl Principal {
    pub fn user(tenant: TenantId, user: Uuid, role: Role) -> Self {
        Self {
            tenant,
            actor: Actor::User(user),
            role,
        }
    }
    /// A part of Innkeep acting by itself in one tenant.
    pub fn system(tenant: TenantId, name: &'static str) -> Self {
        Self {
            tenant,
            actor: Actor::System(name),
            role: Role::Owner,
        }
    }
    pub fn channel(tenant: TenantId, connection: Uuid) -> Self {
        Self {
            tenant,
            actor: Actor::Channel(connection),
            role: Role::FrontDesk,
        }
    }
    pub fn role(&self) -> Role {
        self.role
    }
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            return Ok(());
        }
        let detail = format!("the role `{}` may not {permission:?}", self.role.name());
        Err(Refusal::forbidden("missing_permission", detail).into())
    }
}
