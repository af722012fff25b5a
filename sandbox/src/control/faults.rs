//! Making things go wrong, and starting over.

use poem::http::StatusCode;
use poem::web::{Data, Json};
use poem::{Response, handler};
use serde_json::json;

use crate::faults::Faults;
use crate::reply;
use crate::state::Sandbox;

/// Replaces all faults: `{}` heals everything.
#[handler]
pub(crate) fn set(Data(sandbox): Data<&Sandbox>, Json(faults): Json<Faults>) -> Response {
    let reasons = faults.check();
    if !reasons.is_empty() {
        return reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &reasons);
    }
    sandbox.world().set_faults(faults.clone());
    reply::ok(faults)
}

#[handler]
pub(crate) fn show(Data(sandbox): Data<&Sandbox>) -> Response {
    reply::ok(&sandbox.world().faults)
}

/// Forgets properties, bookings, calls and faults, and throws the dice from the first seed.
#[handler]
pub(crate) fn reset(Data(sandbox): Data<&Sandbox>) -> Response {
    sandbox.reset();
    reply::ok(json!({ "reset": true }))
}
