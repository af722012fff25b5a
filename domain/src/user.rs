//! Who a user is, without what lets them in.

use crate::db::PlatformTx;
use crate::error::{Refusal, Result};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: Uuid,
    pub name: String,
    pub email: String,
}

pub async fn get(tx: &mut PlatformTx, id: Uuid) -> Result<User> {
    let found = sqlx::query_as!(User, "select id, name, email from app_user where id = $1", id);
    Ok(found
        .fetch_optional(&mut **tx)
        .await?
        .ok_or_else(|| Refusal::not_found("user"))?)
}
