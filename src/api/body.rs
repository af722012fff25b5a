//! The JSON body of a request, read strictly.

use crate::api::error::ApiError;
use crate::api::shape::Shapes;
use innkeep_domain::{Error as DomainError, Refusal};
use poem::http::StatusCode;
use poem::{Request, RequestBody};
use poem_openapi::payload::Json;
use poem_openapi::registry::{MetaRequest, Registry};
use poem_openapi::types::{Any, ParseFromJSON, Type};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde_json::Value;
use std::sync::Arc;

/// What `Json<T>` is to poem-openapi, but held against `T`'s schema first. Text that holds NUL is refused with 422
/// `invalid_text`, for PostgreSQL cannot store it; with `NUL` the handler sees to that itself.
pub struct Body<T, const NUL: bool = false>(pub T);

impl<'a, T: Type + ParseFromJSON, const NUL: bool> ApiExtractor<'a> for Body<T, NUL> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Json<T> as ApiExtractor>::register(registry);
    }
    fn request_meta() -> Option<MetaRequest> {
        <Json<T> as ApiExtractor>::request_meta()
    }
    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let Json(Any(value)) =
            <Json<Any<Value>> as ApiExtractor>::from_request(request, body, options).await?;
        let shapes = request.data::<Arc<Shapes>>();
        let shapes =
            shapes.ok_or_else(|| ApiError::from(DomainError::internal("no shapes in the request")))?;
        let misfits = shapes.misfits(&T::name(), &value);
        if !misfits.is_empty() {
            let detail = match misfits.as_slice() {
                [one] => format!("{}: {}", one.pointer, one.detail),
                more => format!("{} things are wrong with the body", more.len()),
            };
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_body", detail)
                .at(misfits)
                .into());
        }
        let nul = if NUL {
            None
        } else {
            find_nul(&value, String::new())
        };
        let read = T::parse_from_json(Some(value)).map_err(|e| ApiError::unfit(&e.into_message()))?;
        match nul {
            Some(place) => {
                Err(ApiError::from(Refusal::invalid("invalid_text", "text cannot hold NUL").at(place)).into())
            }
            None => Ok(Self(read)),
        }
    }
}

/// Where a text holds the one character that PostgreSQL cannot store.
fn find_nul(value: &Value, at: String) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then_some(at),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(i, v)| find_nul(v, format!("{at}/{i}"))),
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, v)| find_nul(v, format!("{at}/{name}"))),
        _ => None,
    }
}
