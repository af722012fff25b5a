//! Which hotels exist here.

use poem::http::StatusCode;
use poem::web::{Data, Json, Path};
use poem::{Response, handler};
use serde_json::{Value, json};

use crate::property::{Property, PropertySpec};
use crate::reply;
use crate::state::Sandbox;
use crate::world::MAX_PROPERTIES;

#[handler]
pub(crate) fn list(Data(sandbox): Data<&Sandbox>) -> Response {
    let properties: Vec<Value> = sandbox.world().properties().map(view).collect();
    reply::ok(json!({ "properties": properties }))
}

/// Replaces the description, keeps availability and rates of products that stay.
#[handler]
pub(crate) fn upsert(
    Data(sandbox): Data<&Sandbox>,
    Path(id): Path<String>,
    Json(spec): Json<PropertySpec>,
) -> Response {
    let reasons = Property::check(&spec);
    if !reasons.is_empty() {
        return reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &reasons);
    }
    let world = &mut *sandbox.world();
    if !world.upsert_property(&id, spec) {
        let reason = format!("at most {MAX_PROPERTIES} properties");
        return reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &[reason]);
    }
    match world.property(&id) {
        Some(property) => reply::ok(view(property)),
        None => reply::unknown("property"),
    }
}

fn view(property: &Property) -> Value {
    let mut view = json!(property.spec);
    if let Some(fields) = view.as_object_mut() {
        fields.insert("id".to_owned(), json!(property.id));
    }
    view
}
