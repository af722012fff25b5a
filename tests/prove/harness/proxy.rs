//! A slow wire to PostgreSQL: loopback TCP in front, each direction delayed by a fixed time. Round trips become long
//! enough to be cut in half.

use sqlx::postgres::PgConnectOptions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub struct Proxy {
    pub address: SocketAddr,
    accepting: JoinHandle<()>,
}

#[derive(Clone)]
enum Server {
    Socket(PathBuf),
    Tcp(String),
}

impl Proxy {
    /// In front of the PostgreSQL that `url` names.
    pub async fn start(url: &str, delay: Duration) -> anyhow::Result<Self> {
        let options = PgConnectOptions::from_str(url)?;
        let server = match options.get_socket() {
            Some(folder) => Server::Socket(folder.join(format!(".s.PGSQL.{}", options.get_port()))),
            None => Server::Tcp(format!("{}:{}", options.get_host(), options.get_port())),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { drop(join(client, server, delay).await) });
            }
        });
        Ok(Self { address, accepting })
    }

    /// The same database, by way of this proxy.
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@{}/{database}?sslmode=disable", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn join(client: TcpStream, server: Server, delay: Duration) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    match server {
        Server::Socket(path) => both(client, UnixStream::connect(path).await?, delay).await,
        Server::Tcp(address) => both(client, TcpStream::connect(address).await?, delay).await,
    }
}

/// Either end closing closes the other, as a wire would.
async fn both<C, S>(client: C, server: S, delay: Duration) -> std::io::Result<()>
where
    C: AsyncRead + AsyncWrite + Send + 'static,
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (from_client, to_client) = tokio::io::split(client);
    let (from_server, to_server) = tokio::io::split(server);
    tokio::select! {
        done = one_way(from_client, to_server, delay) => done,
        done = one_way(from_server, to_client, delay) => done,
    }
}

/// Delivers each piece `delay` after it came, without holding up the pieces behind it.
async fn one_way(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    delay: Duration,
) -> std::io::Result<()> {
    let (sender, mut waiting) = mpsc::channel::<(Instant, Vec<u8>)>(1024);
    let read = async move {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let n = from.read(&mut buffer).await?;
            if n == 0
                || sender
                    .send((Instant::now() + delay, buffer[..n].to_vec()))
                    .await
                    .is_err()
            {
                return Ok::<_, std::io::Error>(());
            }
        }
    };
    let write = async {
        while let Some((due, piece)) = waiting.recv().await {
            tokio::time::sleep_until(due).await;
            to.write_all(&piece).await?;
        }
        Ok(())
    };
    // What was read is still delivered after the reading end closed.
    tokio::try_join!(read, write).map(|_| ())
}
