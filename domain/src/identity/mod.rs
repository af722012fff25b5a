//! Who somebody is and what they may do: accounts, log-in, sessions, staff, roles, keys.

pub mod account;
pub mod api_key;
pub mod attempts;
pub mod grant;
pub mod invitation;
pub mod log_in;
pub mod mail_token;
pub mod membership;
pub mod mfa;
pub mod operator;
pub mod passkey;
pub mod password;
pub mod register;
pub mod role;
mod secret;
pub mod session;

pub use account::{Account, Class};
pub use password::hash_password;
pub use secret::{random_token, token_hash};
pub use session::{Door, Session};

use crate::db::PlatformTx;
use crate::error::Result;
use chrono::{DateTime, Utc};

/// Forgets what has run out: tokens, sessions, challenges, counts of failures, devices that never came back.
pub(crate) async fn forget_old(tx: &mut PlatformTx, now: DateTime<Utc>) -> Result<()> {
    session::forget_old(tx, now).await?;
    attempts::forget_old(tx, now).await?;
    mail_token::forget_old(tx, now).await?;
    log_in::forget_old(tx, now).await
}
