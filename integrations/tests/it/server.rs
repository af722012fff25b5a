//! A channel in a few lines: answers what the test says and keeps what it was asked.

use innkeep_domain::ports::channel::{Access, Protocol, RevisionFeed};
use innkeep_integrations::channex;
use innkeep_integrations::outbound::{Allow, Options, Outbound};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub const KEY: &str = "key-of-the-hotel";
pub const PROPERTY: &str = "p-1";

#[derive(Clone)]
pub enum Answer {
    /// Status, further header lines (each ending with CRLF), body.
    Reply(u16, String, String),
    /// Promises more than it sends, then closes.
    CutShort,
    /// Sends more than anyone may take, without saying how much.
    Endless,
    CloseAtOnce,
    Hang,
}

pub fn reply(status: u16, body: impl ToString) -> Answer {
    Answer::Reply(status, String::new(), body.to_string())
}

#[derive(Debug, Clone)]
pub struct Asked {
    /// Method, target and headers, as sent.
    pub head: String,
    pub body: String,
}

impl Asked {
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub struct Channel {
    pub access: Access,
    pub asked: Arc<Mutex<Vec<Asked>>>,
    pub protocol: Protocol,
}

impl Channel {
    /// Every call gets the same answer.
    pub async fn answering(answer: Answer) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base_url = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer.clone(), kept.clone()));
            }
        });
        Self {
            asked,
            protocol: channex::protocol(impatient(&base_url)),
            access: access(base_url),
        }
    }

    pub fn feed(&self) -> Arc<dyn RevisionFeed> {
        self.protocol.feed.clone().unwrap()
    }

    pub fn last(&self) -> Asked {
        self.asked.lock().unwrap().last().unwrap().clone()
    }
}

pub fn access(base_url: String) -> Access {
    Access {
        base_url,
        api_key: KEY.to_owned(),
        signing_secrets: Vec::new(),
        property: PROPERTY.to_owned(),
        currency: "EUR".into(),
    }
}

/// The real way out, with less patience, and trusting this channel on loopback.
pub fn impatient(base_url: &str) -> Outbound {
    let options = Options {
        allow: trusting(base_url),
        total: Duration::from_millis(700),
        ..Options::default()
    };
    Outbound::new(options).unwrap()
}

/// The host and port of `http://host:port/`.
pub fn trusting(base_url: &str) -> Allow {
    let address = base_url.trim_start_matches("http://").trim_end_matches('/');
    address.parse().unwrap()
}

async fn serve(mut stream: TcpStream, answer: Answer, kept: Arc<Mutex<Vec<Asked>>>) {
    let Some(asked) = read(&mut stream).await else {
        return;
    };
    kept.lock().unwrap().push(asked);
    let head = |status: u16, more: &str| format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{more}\r\n");
    match answer {
        Answer::Reply(status, more, body) => {
            let head = head(status, &format!("{more}content-length: {}\r\n", body.len()));
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
        Answer::CutShort => {
            let _ = stream
                .write_all((head(200, "content-length: 500\r\n") + "{\"data\":").as_bytes())
                .await;
        }
        Answer::Endless => {
            let _ = stream.write_all(head(200, "").as_bytes()).await;
            while stream.write_all(&[b' '; 65536]).await.is_ok() {}
        }
        Answer::CloseAtOnce => {}
        Answer::Hang => tokio::time::sleep(Duration::from_secs(30)).await,
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 16 * 1024];
        let count = stream.read(&mut buffer).await.ok()?;
        bytes.extend_from_slice(buffer.get(..count)?);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(Asked {
                    head: head.to_owned(),
                    body: body.to_owned(),
                });
            }
        }
        if count == 0 {
            return None;
        }
    }
}
