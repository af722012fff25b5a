//! The answer to a write: a body, its `ETag` and `Location`; fresh from the operation or replayed word for word.

use crate::api::etag::etag;
use innkeep_domain::Error as DomainError;
use innkeep_domain::idempotency::Stored;
use poem::http::{HeaderName, HeaderValue, StatusCode};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{ToJSON, Type};
use serde_json::{Map, Value};
use std::marker::PhantomData;
use uuid::Uuid;

/// A write's answer; `STATUS` is what the document says and what a fresh answer has.
#[derive(Debug)]
pub struct Reply<T, const STATUS: u16> {
    stored: Stored,
    replayed: bool,
    body: PhantomData<fn() -> T>,
}

pub type Created<T> = Reply<T, 201>;
pub type Changed<T> = Reply<T, 200>;
/// Taken in, to be done in the background.
pub type Accepted<T> = Reply<T, 202>;

impl<T: ToJSON, const STATUS: u16> Reply<T, STATUS> {
    pub fn new(body: &T) -> Self {
        let stored = Stored {
            status: STATUS.cast_signed(),
            headers: Value::Object(Map::new()),
            body: body.to_json().unwrap_or(Value::Null).to_string(),
        };
        Self {
            stored,
            replayed: false,
            body: PhantomData,
        }
    }
    /// With the entity's `ETag`.
    pub fn version(self, version: i32) -> Self {
        self.with("etag", etag(version))
    }
    /// With the path of what was created.
    pub fn location(self, path: String) -> Self {
        self.with("location", path)
    }
    fn with(mut self, name: &str, value: String) -> Self {
        if let Value::Object(headers) = &mut self.stored.headers {
            headers.insert(name.into(), value.into());
        }
        self
    }
    pub fn replay(stored: Stored) -> Self {
        Self {
            stored,
            replayed: true,
            body: PhantomData,
        }
    }
    /// Was it given before?
    pub fn is_replay(&self) -> bool {
        self.replayed
    }
    /// The id of what was created.
    pub fn made(&self) -> Option<Uuid> {
        let path = self.stored.headers["location"].as_str()?;
        Uuid::parse_str(path.rsplit('/').next()?).ok()
    }
    pub fn stored(&self) -> &Stored {
        &self.stored
    }
}

impl<T: ToJSON, const STATUS: u16> Reply<T, STATUS> {
    fn build(self) -> Result<Response, DomainError> {
        let unfit = |what: &str| DomainError::internal(format!("a stored answer has an unfit {what}"));
        let status = u16::try_from(self.stored.status)
            .ok()
            .and_then(|s| StatusCode::from_u16(s).ok());
        let mut response = Response::builder()
            .status(status.ok_or_else(|| unfit("status"))?)
            .content_type(Json::<T>::CONTENT_TYPE)
            .body(self.stored.body);
        let headers = response.headers_mut();
        for (name, value) in self.stored.headers.as_object().into_iter().flatten() {
            let value = value.as_str().and_then(|v| HeaderValue::from_str(v).ok());
            let name = HeaderName::try_from(name).map_err(|_| unfit("header"))?;
            headers.insert(name, value.ok_or_else(|| unfit("header"))?);
        }
        if self.replayed {
            headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
        }
        Ok(response)
    }
}

impl<T: ToJSON, const STATUS: u16> IntoResponse for Reply<T, STATUS> {
    fn into_response(self) -> Response {
        self.build().unwrap_or_else(|error| {
            tracing::error!(%error, "answer");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        })
    }
}

impl<T: ToJSON, const STATUS: u16> ApiResponse for Reply<T, STATUS> {
    fn meta() -> MetaResponses {
        let mut headers = vec![header(
            "Idempotency-Replayed",
            "`true`: the stored answer to an earlier request.",
        )];
        if STATUS != 202 {
            headers.push(header("ETag", "The entity's version, quoted."));
        }
        if STATUS == 201 {
            headers.push(header("Location", "The path of what was created."));
        }
        let response = MetaResponse {
            description: "Done.",
            status: Some(STATUS),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: Json::<T>::CONTENT_TYPE,
                schema: T::schema_ref(),
            }],
            headers,
        };
        MetaResponses {
            responses: vec![response],
        }
    }
    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// An optional response header of the document.
pub fn header(name: &str, description: &str) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: false,
        deprecated: false,
        schema: String::schema_ref(),
    }
}
