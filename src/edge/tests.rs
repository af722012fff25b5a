use super::*;
use poem::{Body, EndpointExt, IntoEndpoint, Route, get, handler, post};
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};

static DONE: AtomicUsize = AtomicUsize::new(0);

#[handler]
fn echo(body: String) -> String {
    body
}
#[handler]
fn broken() -> String {
    panic!("the secret is 42")
}
#[handler]
async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(100)).await;
    DONE.fetch_add(1, Ordering::SeqCst);
    "done"
}
#[handler]
fn fingerprint(data: poem::web::Data<&Fingerprint>) -> String {
    format!("{:?}", data.0.0)
}

fn edge(limits: Limits) -> (Arc<Edge>, Mutations) {
    let routes = Route::new()
        .at("/echo", post(echo))
        .at("/broken", get(broken).post(broken))
        .at("/slow", get(slow).post(slow))
        .at("/fingerprint", post(fingerprint))
        .map_to_response();
    let mutations = Mutations::default();
    let edge = Edge::new(
        routes.into_endpoint(),
        Shapes::default(),
        limits,
        Guard::default(),
        mutations.clone(),
    );
    (Arc::new(edge), mutations)
}
fn small() -> Limits {
    Limits {
        body: 10,
        time: Duration::from_secs(5),
    }
}
fn request(method: Method, path: &str) -> poem::RequestBuilder {
    Request::builder().method(method).uri_str(path)
}
async fn told(edge: &Edge, request: Request) -> (u16, Value, Response) {
    let mut response = edge.answer(request).await;
    let body = response.take_body().into_string().await.unwrap();
    let value = serde_json::from_str(&body).unwrap_or(Value::String(body));
    (response.status().as_u16(), value, response)
}

#[tokio::test]
async fn the_body_has_a_limit_whether_its_length_is_said_or_not() {
    let (edge, _) = edge(small());
    let chunks = |n: usize| {
        let stream = futures_util::stream::iter((0..n).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 2])));
        Body::from_bytes_stream(stream)
    };
    assert_eq!(
        told(&edge, request(Method::POST, "/echo").body(chunks(5)))
            .await
            .0,
        200
    );
    let (status, body, _) = told(&edge, request(Method::POST, "/echo").body(chunks(6))).await;
    assert_eq!((status, &body["code"]), (413, &"body_too_large".into()));
    // A stated length is believed before anything is read.
    let said = request(Method::POST, "/echo")
        .header("content-length", 11)
        .body(Body::empty());
    assert_eq!(told(&edge, said).await.0, 413);
}

#[tokio::test]
async fn a_panic_is_a_problem_that_tells_nothing() {
    let (edge, mutations) = edge(small());
    for method in [Method::GET, Method::POST] {
        let (status, body, response) = told(&edge, request(method, "/broken").finish()).await;
        assert_eq!((status, &body["code"]), (500, &"internal_error".into()));
        assert!(!body.to_string().contains("secret"));
        assert_eq!(response.header(HEADER), body["request_id"].as_str());
    }
    // And its place among the mutations is free again.
    tokio::time::timeout(Duration::from_secs(1), mutations.finished())
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_unknown_is_a_problem_too() {
    let (edge, _) = edge(small());
    assert_eq!(
        told(&edge, request(Method::GET, "/nowhere").finish()).await.1["code"],
        "unknown_path"
    );
    assert_eq!(
        told(&edge, request(Method::DELETE, "/echo").finish()).await.1["code"],
        "method_not_allowed"
    );
}

#[tokio::test]
async fn a_request_has_its_time() {
    let (edge, _) = edge(Limits {
        time: Duration::from_millis(10),
        ..small()
    });
    let (status, body, response) = told(&edge, request(Method::GET, "/slow").finish()).await;
    assert_eq!((status, &body["code"]), (503, &"timed_out".into()));
    assert!(response.header("retry-after").is_some());
}

#[tokio::test]
async fn who_hangs_up_cannot_cut_a_mutation_and_a_shutdown_waits_for_it() {
    let (edge, mutations) = edge(small());
    let before = DONE.load(Ordering::SeqCst);
    let caller = tokio::spawn({
        let edge = edge.clone();
        async move { edge.answer(request(Method::POST, "/slow").finish()).await }
    });
    tokio::time::sleep(Duration::from_millis(30)).await;
    caller.abort();
    mutations.finished().await;
    assert_eq!(DONE.load(Ordering::SeqCst), before + 1);
}

#[tokio::test]
async fn the_same_request_has_the_same_fingerprint_and_another_has_not() {
    let (edge, _) = edge(small());
    let of =
        async |path: &str, body: &'static str| told(&edge, request(Method::POST, path).body(body)).await.1;
    let first = of("/fingerprint?a=1", "{}").await;
    assert_eq!(first, of("/fingerprint?a=1", "{}").await);
    assert_ne!(first, of("/fingerprint?a=2", "{}").await);
    assert_ne!(first, of("/fingerprint?a=1", "[]").await);
}
