//! `POST /availability` and `POST /restrictions`.

use poem::web::Data;
use poem::{Response, handler};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ari::{self, Kind, Outcome};
use crate::reply;
use crate::state::Sandbox;

#[handler]
pub(crate) fn availability(Data(sandbox): Data<&Sandbox>, body: Vec<u8>) -> Response {
    push(sandbox, Kind::Availability, &body)
}

#[handler]
pub(crate) fn restrictions(Data(sandbox): Data<&Sandbox>, body: Vec<u8>) -> Response {
    push(sandbox, Kind::Restrictions, &body)
}

/// The response carries its [`Outcome`] along for the journal.
fn push(sandbox: &Sandbox, kind: Kind, body: &[u8]) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return reply::bad_request("body is not JSON");
    };
    let Some(values) = body.get("values").and_then(Value::as_array) else {
        return reply::bad_request("values is required");
    };
    let property_ids = ari::property_ids(values);
    let world = &mut *sandbox.world();
    if property_ids.iter().any(|id| world.property(id).is_none()) {
        let refusal = reply::validation_error(json!({ "property_id": ["is invalid"] }));
        return with_outcome(
            refusal,
            Outcome {
                property_ids,
                values: values.len(),
                ..Outcome::default()
            },
        );
    }
    if !world.admit(kind, &property_ids) {
        let refusal = reply::too_many_requests();
        return with_outcome(
            refusal,
            Outcome {
                property_ids,
                values: values.len(),
                ..Outcome::default()
            },
        );
    }
    let outcome = ari::apply(world, kind, values);
    // A call of which nothing was taken starts no task, says the documentation's sample.
    let tasks = if outcome.applied == 0 && !values.is_empty() {
        json!([])
    } else {
        json!([{ "id": Uuid::new_v4(), "type": "task" }])
    };
    let answer = json!({ "data": tasks, "meta": { "message": "Success", "warnings": outcome.warnings } });
    with_outcome(reply::ok(answer), outcome)
}

fn with_outcome(mut response: Response, outcome: Outcome) -> Response {
    response.set_data(outcome);
    response
}
