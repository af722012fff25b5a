//! What happens to every request once, whatever its route: an id, a span, limits on head, body, time and number,
//! problems instead of errors and panics, headers for browsers, an access line and a measurement.

mod address;
mod cors;
mod crowd;
mod guard;
mod head;
mod headers;
mod settings;

pub use address::{Client, Proxies};
pub use cors::Origins;
pub use crowd::Crowd;
pub use guard::Guard;
pub use settings::EdgeSettings;

use crate::api::error::{ApiError, answer, problem};
use crate::api::request_id::{HEADER, RequestId};
use crate::api::shape::Shapes;
use crate::audit::Watch;
use futures_util::FutureExt;
use innkeep_domain::Error as DomainError;
use poem::error::ReadBodyError;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, Request, Response};
use poem_openapi::OperationId;
use sha2::{Digest, Sha256};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tracing::Instrument;

/// Mutations that may be under way at once in this process.
const MUTATIONS: u32 = 1024;

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body: usize,
    /// From the first byte of the head to the answer.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            time: Duration::from_secs(30),
        }
    }
}

/// SHA-256 over method, path, query and body: the same request has the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// Counts mutations, so that a shutdown can wait for them even after their callers hung up.
#[derive(Clone)]
pub struct Mutations(Arc<Semaphore>);

impl Default for Mutations {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MUTATIONS as usize)))
    }
}

impl Mutations {
    /// Returns when none is under way; none can start afterwards.
    pub async fn finished(&self) {
        if let Ok(all) = self.0.acquire_many(MUTATIONS).await {
            all.forget();
        }
    }
}

pub struct Edge {
    routes: Arc<dyn poem::endpoint::DynEndpoint<Output = Response>>,
    shapes: Arc<Shapes>,
    limits: Limits,
    guard: Guard,
    mutations: Mutations,
}

impl Edge {
    /// Routes find `shapes` among the request's data.
    pub fn new(
        routes: impl Endpoint<Output = Response> + 'static,
        shapes: Shapes,
        limits: Limits,
        guard: Guard,
        mutations: Mutations,
    ) -> Self {
        let routes = Arc::new(poem::endpoint::ToDynEndpoint(routes));
        Self {
            routes,
            shapes: Arc::new(shapes),
            limits,
            guard,
            mutations,
        }
    }

    /// Answers always: there is no error left when this returns.
    pub async fn answer(&self, request: Request) -> Response {
        let id = RequestId::of(&request);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let span = tracing::info_span!("request", request_id = %id, tenant = tracing::field::Empty);
        let started = Instant::now();
        let looks = self.guard.looks(&request);
        let mut response = match looks.preflight() {
            Some(response) => response,
            None => self.in_time(request, &id).instrument(span.clone()).await,
        };
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            let allowed = self
                .shapes
                .allowed(&path)
                .and_then(|a| HeaderValue::from_str(&a).ok());
            // What is not in the document is only read.
            let allowed = allowed.unwrap_or(HeaderValue::from_static("GET"));
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        response.headers_mut().insert(HEADER, id.header());
        looks.put_on(response.headers_mut());
        span.in_scope(|| record(&method, &path, &response, started.elapsed()));
        response
    }

    async fn in_time(&self, request: Request, id: &RequestId) -> Response {
        let handled = tokio::time::timeout(self.limits.time, self.let_in(request, id));
        handled.await.unwrap_or_else(|_| problem(&too_slow(), id))
    }

    async fn let_in(&self, mut request: Request, id: &RequestId) -> Response {
        let pass = match self.guard.admit(&mut request) {
            Ok(pass) => pass,
            Err(error) => return problem(&error, id),
        };
        let mut response = match pass.charge().await {
            Ok(()) => self.handle(request, id).await,
            Err(error) => problem(&error, id),
        };
        if let Err(error) = pass.settle().await {
            response = problem(&error, id);
        }
        pass.show(response.headers_mut());
        response
    }

    async fn handle(&self, mut request: Request, id: &RequestId) -> Response {
        let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        if let Err(error) = self.take_body(&mut request, safe).await {
            return answer(error.into(), id);
        }
        request.set_data(self.shapes.clone());
        if safe {
            return guarded(&*self.routes, request, id).await;
        }
        // The body is here in full; from now on nobody who hangs up can cut the operation in half.
        let Ok(permit) = self.mutations.0.clone().acquire_owned().await else {
            return problem(&DomainError::Busy.into(), id);
        };
        let (routes, owned) = (self.routes.clone(), id.clone());
        let task = async move {
            let response = guarded(&*routes, request, &owned).await;
            drop(permit);
            response
        };
        let task = tokio::spawn(task.in_current_span());
        task.await
            .unwrap_or_else(|e| problem(&DomainError::internal(e.to_string()).into(), id))
    }

    /// Reads the body, if the method has one, and no more of it than allowed.
    async fn take_body(&self, request: &mut Request, safe: bool) -> Result<(), ReadBodyError> {
        let body = request.take_body();
        if safe {
            return Ok(());
        }
        let said = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        if said.is_some_and(|length| length > self.limits.body as u64) {
            return Err(ReadBodyError::PayloadTooLarge);
        }
        let body = body.into_bytes_limit(self.limits.body).await?;
        let mut hash = Sha256::new();
        let target = request.uri().path_and_query().map_or("", |p| p.as_str());
        for part in [
            request.method().as_str().as_bytes(),
            b"\n",
            target.as_bytes(),
            b"\n",
            &body,
        ] {
            hash.update(part);
        }
        request.set_data(Fingerprint(hash.finalize().into()));
        request.set_body(body);
        Ok(())
    }
}

/// Runs the routes under the eyes of the audit trail; errors and panics become problems.
async fn guarded(
    routes: &dyn poem::endpoint::DynEndpoint<Output = Response>,
    request: Request,
    id: &RequestId,
) -> Response {
    let safe = request.method().is_safe();
    let watch = Watch::new(&request, id.to_string(), Client::of(&request).to_string());
    let answering = AssertUnwindSafe(routes.call(request)).catch_unwind();
    let response = match watch.clone().over(answering).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => answer(error, id),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
            let text = text
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            problem(&DomainError::internal(format!("panic: {text}")).into(), id)
        }
    };
    match watch.end(&response).await {
        Ok(()) => response,
        // Nobody looks without being seen to.
        Err(error) if response.status().is_success() && safe => problem(&error, id),
        Err(error) => {
            tracing::error!(%error, "the audit trail lacks the result of this request");
            response
        }
    }
}

fn too_slow() -> ApiError {
    let detail = "the request took too long; with an Idempotency-Key it is safe to repeat";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "timed_out", detail)
}

/// One access line, one count, one duration. Labels are few: the operation, never the path.
fn record(method: &Method, path: &str, response: &Response, took: Duration) {
    let operation = response.data::<OperationId>().map_or("none", |o| o.0);
    let status = response.status().as_u16();
    let class = ["0xx", "1xx", "2xx", "3xx", "4xx", "5xx"]
        .get(usize::from(status / 100))
        .copied()
        .unwrap_or("other");
    let ms = took.as_secs_f64() * 1000.0;
    tracing::info!(target: "innkeep::access", %method, path, operation, status, ms, "answered");
    metrics::histogram!("innkeep_http_request_seconds", "operation" => operation, "status" => class)
        .record(took.as_secs_f64());
}

#[cfg(test)]
mod tests;
