//! Which path leads where: the API of the document, and the few plain routes beside it.

use crate::api::shape::Shapes;
use crate::app::{App, Shared};
use crate::edge::{Edge, Guard, Limits, Mutations};
use crate::openapi;
use crate::rights::{self, Needs, Rights};
use poem::{EndpointExt, IntoEndpoint, Route};
use serde::de::Error;
use std::sync::Arc;

/// Everything the server answers, behind the edge that no request avoids.
pub fn edge(app: Arc<App>, limits: Limits, guard: Guard, mutations: Mutations) -> serde_json::Result<Edge> {
    edge_with(rights::TABLE, app, limits, guard, mutations)
}

/// The same with another rights table: proofs see whether a wrong one is noticed.
pub fn edge_with(
    table: &[(&str, Needs)],
    app: Arc<App>,
    limits: Limits,
    guard: Guard,
    mutations: Mutations,
) -> serde_json::Result<Edge> {
    let (document, text) = (openapi::document()?, openapi::text()?);
    let rights = Rights::new(table, &document).map_err(|missing| {
        serde_json::Error::custom(format!(
            "operations without a row in the rights table: {missing:?}"
        ))
    })?;
    let routes = Route::new()
        .at("/openapi.json", poem::get(openapi::endpoint(text.clone())))
        .at("/docs", poem::get(openapi::docs(&text)))
        .at("/metrics", poem::get(app.metrics.endpoint()))
        .nest_no_strip("/", openapi::service())
        .data::<Shared>(app)
        .data(Arc::new(rights))
        .map_to_response();
    Ok(Edge::new(
        routes.into_endpoint(),
        Shapes::new(&document),
        limits,
        guard,
        mutations,
    ))
}
