//! Letting guests come by themselves, and counting what they did.

use poem::http::StatusCode;
use poem::web::{Data, Json};
use poem::{Response, handler};
use serde_json::json;

use crate::guests::{self, Guests};
use crate::reply;
use crate::state::Sandbox;

/// Replaces the guests: `{}` sends them home.
#[handler]
pub(crate) async fn set(Data(sandbox): Data<&Sandbox>, Json(plan): Json<Guests>) -> Response {
    let reasons = plan.check();
    if !reasons.is_empty() {
        return reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &reasons);
    }
    guests::invite(sandbox, plan.clone());
    reply::ok(plan)
}

#[handler]
pub(crate) fn show(Data(sandbox): Data<&Sandbox>) -> Response {
    let crowd = &sandbox.world().crowd;
    reply::ok(json!({ "plan": crowd.plan, "done": crowd.tally }))
}
