//! A small HTTP/1.1 client over one kept-alive connection: cheap enough to load a server with, and plain enough to be
//! cut off anywhere.

use anyhow::{Context, bail};
use serde_json::Value;
use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

/// The server closes a connection that is silent for 10 s; after half of it a client had better open a new one.
const SILENT: Duration = Duration::from_secs(5);

pub struct Wire {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    /// Of the loopback network, where it matters who calls.
    source: Option<[u8; 4]>,
    used: Instant,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// As they came, but `date`.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        let (_, value) = all.find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(value)
    }
    /// The `code` of a problem.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// A request as bytes; `token` goes into the Authorization header.
pub fn request(method: &str, path: &str, token: &str, extra: &str, body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: innkeep\r\n");
    if !token.is_empty() {
        let _ = write!(text, "Authorization: Bearer {token}\r\n");
    }
    if !body.is_empty() {
        text.push_str("Content-Type: application/json\r\n");
    }
    let _ = write!(text, "Content-Length: {}\r\n{extra}\r\n{body}", body.len());
    text.into_bytes()
}

impl Wire {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        Self::connect(address, None).await
    }

    /// From another address of the loopback network: another client to the server.
    pub async fn open_from(address: SocketAddr, source: [u8; 4]) -> anyhow::Result<Self> {
        Self::connect(address, Some(source)).await
    }

    async fn connect(address: SocketAddr, source: Option<[u8; 4]>) -> anyhow::Result<Self> {
        let stream = match source {
            Some(source) => {
                let socket = TcpSocket::new_v4()?;
                socket.bind(SocketAddr::from((source, 0)))?;
                socket.connect(address).await
            }
            None => TcpStream::connect(address).await,
        };
        let stream = stream.context("connect")?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            address,
            source,
            used: Instant::now(),
        })
    }

    /// On a fresh connection if this one was silent for long.
    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<()> {
        if self.used.elapsed() > SILENT {
            *self = Self::connect(self.address, self.source).await?;
        }
        self.used = Instant::now();
        Ok(self.stream.get_mut().write_all(request).await?)
    }

    pub async fn call(&mut self, request: &[u8]) -> anyhow::Result<Reply> {
        self.send(request).await?;
        self.reply().await
    }

    /// On a fresh connection if the server has closed this one.
    pub async fn call_again(&mut self, request: &[u8]) -> anyhow::Result<Reply> {
        match self.call(request).await {
            Ok(reply) => Ok(reply),
            Err(_) => {
                *self = Self::connect(self.address, self.source).await?;
                self.call(request).await
            }
        }
    }

    pub async fn get(&mut self, path: &str, token: &str) -> anyhow::Result<Reply> {
        self.call(&request("GET", path, token, "", "")).await
    }

    pub async fn post(&mut self, path: &str, token: &str, body: &Value) -> anyhow::Result<Reply> {
        self.call(&request("POST", path, token, "", &body.to_string()))
            .await
    }

    pub async fn reply(&mut self) -> anyhow::Result<Reply> {
        let status = self.line().await?;
        let status = status
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .context("no status line")?;
        let (mut length, mut chunked, mut headers) = (0, false, Vec::new());
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').context("no header")?;
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = true;
            }
            if !name.eq_ignore_ascii_case("date") {
                headers.push((name.to_owned(), value.trim().to_owned()));
            }
        }
        let body = if chunked {
            self.chunks().await?
        } else {
            self.bytes(length).await?
        };
        self.used = Instant::now();
        Ok(Reply {
            status,
            headers,
            body,
        })
    }

    async fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(line.trim_end().to_owned())
    }

    async fn bytes(&mut self, length: usize) -> anyhow::Result<Vec<u8>> {
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok(body)
    }

    async fn chunks(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line().await?, 16)?;
            body.extend(self.bytes(size).await?);
            self.line().await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
}
