use super::*;
use crate::api::shape::Shapes;
use crate::edge::{Guard, Limits};
use poem::{EndpointExt, IntoEndpoint, Route, get, handler};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

#[handler]
fn hello() -> &'static str {
    "hello"
}
#[handler]
async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(300)).await;
    "slow but whole"
}

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<io::Result<()>>,
}

async fn start(options: ServerOptions) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mutations = Mutations::default();
    let routes = Route::new()
        .at("/", get(hello))
        .at("/slow", get(slow))
        .map_to_response()
        .into_endpoint();
    let edge = Arc::new(Edge::new(
        routes,
        Shapes::default(),
        Limits::default(),
        Guard::default(),
        mutations.clone(),
    ));
    let (stop, stopped) = oneshot::channel::<()>();
    let done = tokio::spawn(serve(listener, edge, mutations, options, async move {
        let _ = stopped.await;
    }));
    Running { address, stop, done }
}
fn quick() -> ServerOptions {
    ServerOptions {
        head: Duration::from_millis(200),
        ..ServerOptions::default()
    }
}
/// Everything the server sends until it closes.
async fn say(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _reset_counts_too = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_request_is_answered() {
    let server = start(quick()).await;
    let answer = say(
        server.address,
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"),
        "{answer}"
    );
}

#[tokio::test]
async fn whoever_does_not_finish_a_head_is_sent_away() {
    let server = start(quick()).await;
    let openings = [
        "",
        "GET / HT",
        "GET / HTTP/1.1\r\nHost: x\r\n",
        "P",
        "PRI * HTTP/2.0\r\n",
    ];
    for opening in openings {
        let started = Instant::now();
        let answer = tokio::time::timeout(Duration::from_secs(5), say(server.address, opening))
            .await
            .unwrap();
        assert!(!answer.contains("200"), "{opening:?}: {answer}");
        assert!(
            started.elapsed() < Duration::from_secs(2),
            "{opening:?} took {:?}",
            started.elapsed()
        );
    }
    // Kept alive, then silent.
    let answer = say(server.address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.ends_with("hello"));
}

#[tokio::test]
async fn connections_beyond_the_cap_wait_their_turn() {
    let server = start(ServerOptions {
        connections: 1,
        ..quick()
    })
    .await;
    let held = TcpStream::connect(server.address).await.unwrap();
    let second = tokio::spawn(say(
        server.address,
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!second.is_finished());
    // The first says nothing, so it is sent away and the second has its turn.
    assert!(second.await.unwrap().ends_with("hello"));
    drop(held);
}

#[tokio::test]
async fn a_shutdown_finishes_what_is_under_way_and_waits_for_nobody_else() {
    let server = start(ServerOptions {
        head: Duration::from_secs(60),
        ..ServerOptions::default()
    })
    .await;
    let _silent = TcpStream::connect(server.address).await.unwrap();
    let asking = tokio::spawn(say(server.address, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.send(()).unwrap();
    assert!(asking.await.unwrap().ends_with("slow but whole"));
    tokio::time::timeout(Duration::from_secs(2), server.done)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}
