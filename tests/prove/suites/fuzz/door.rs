//! Whose credential a request is made with. Every operation is tried through one door, the one its row in the rights
//! table asks for.

use super::stage::Stage;
use innkeep::rights::{Needs, TABLE};
use innkeep_domain::Role;
use innkeep_domain::testing::House;
use serde_json::json;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// An owner, who may do everything in a tenant: a refusal is never for want of a right.
    Tenant,
    /// An owner of another tenant, for what would take the first one's rights away.
    Staff,
    /// A manager, for what people do with their own account.
    Person,
    /// Whoever runs the installation.
    Operator,
    /// Nobody: last, because failed log-ins slow down whoever comes from the same address.
    Nobody,
}

/// They change what users of the tenant may do, and so the rights of whoever asks.
const TAKES_RIGHTS: [&str; 2] = ["change_user", "remove_user"];

impl Door {
    pub const ALL: [Self; 5] = [
        Self::Tenant,
        Self::Staff,
        Self::Person,
        Self::Operator,
        Self::Nobody,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Staff => "staff",
            Self::Person => "person",
            Self::Operator => "operator",
            Self::Nobody => "nobody",
        }
    }

    fn of(operation: &str, needs: Needs) -> Self {
        match needs {
            _ if TAKES_RIGHTS.contains(&operation) => Self::Staff,
            Needs::Tenant(_) | Needs::WholeTenant(_) => Self::Tenant,
            Needs::Person => Self::Person,
            Needs::Operator => Self::Operator,
            Needs::Nothing => Self::Nobody,
        }
    }

    /// Ids of the operations behind this door.
    pub fn operations(self) -> Vec<&'static str> {
        let behind = TABLE.iter().filter(|(id, needs)| Self::of(id, *needs) == self);
        behind.map(|(id, _)| *id).collect()
    }

    /// How Schemathesis comes by the credential, as TOML.
    pub async fn credential(self, stage: &Stage) -> anyhow::Result<String> {
        let (house, role) = match self {
            Self::Nobody => return Ok(String::new()),
            // The second factor is beyond Schemathesis, so this token is made for it.
            Self::Operator => {
                let token = json!(stage.operator);
                return Ok(format!("[auth.openapi.bearer]\nbearer = {token}\n"));
            }
            Self::Tenant => (stage.house(), Role::Owner),
            Self::Staff => (stage.other(), Role::Owner),
            Self::Person => (stage.house(), Role::Manager),
        };
        // From a device that is known: wrong passwords that were made up do not slow it down.
        let device = stage.log_in(house, role).await?["device_token"].clone();
        // Schemathesis logs in anew when a token has run out or its session was revoked.
        Ok(format!(
            "[auth.dynamic.openapi.bearer]\npath = \"/v1/auth/login\"\nextract_selector = \"/access_token\"\n\
             payload = {{ email = {}, password = {}, device_token = {device} }}\n",
            json!(house.of_role(role).email),
            json!(House::PASSWORD),
        ))
    }
}
