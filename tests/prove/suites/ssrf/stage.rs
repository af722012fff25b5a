//! What stands in for the outside: names that answer by a script, a dialler that keeps a list, canaries on loopback.

use async_trait::async_trait;
use chrono::DateTime;
use chrono_tz::Tz;
use innkeep_domain::ports::calendar::{Calendars, Fetched, Here, Validators};
use innkeep_domain::ports::channel::{Access, ChannelError, RawMessage};
use innkeep_integrations::channex;
use innkeep_integrations::ical::Fetch;
use innkeep_integrations::outbound::{Allow, Dialler, Options, Outbound, Resolver, Tcp};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub struct Stage {
    pub names: Arc<Names>,
    pub dialler: Arc<Recorder>,
    pub outbound: Outbound,
}

impl Stage {
    pub fn new(allow: Allow) -> anyhow::Result<Self> {
        Self::with(Options {
            allow,
            ..Options::default()
        })
    }

    pub fn with(options: Options) -> anyhow::Result<Self> {
        let (names, dialler) = (Arc::new(Names::default()), Arc::new(Recorder::default()));
        let outbound = Outbound::through(options, names.clone(), dialler.clone())?;
        Ok(Self {
            names,
            dialler,
            outbound,
        })
    }
}

/// The call that a worker would make with a connection at this address.
pub async fn called(outbound: &Outbound, address: &str) -> Result<Vec<RawMessage>, ChannelError> {
    let access = Access {
        base_url: address.to_owned(),
        api_key: "key".to_owned(),
        signing_secrets: Vec::new(),
        property: "p".to_owned(),
        currency: "EUR".into(),
    };
    let Some(feed) = channex::protocol(outbound.clone()).feed else {
        return Err(ChannelError::Unknown("no feed".to_owned()));
    };
    feed.unacknowledged(&access).await
}

/// The reading of a calendar at this address.
pub async fn read(outbound: &Outbound, address: &str) -> Result<Fetched, ChannelError> {
    let here = Here::at(Tz::UTC, DateTime::default());
    Fetch(outbound.clone())
        .fetch(address, &Validators::default(), here)
        .await
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Each look-up takes the next answer; the last one stays. `*` is every name without answers of its own.
#[derive(Default)]
pub struct Names {
    answers: Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>,
    asked: AtomicUsize,
}

impl Names {
    pub fn answer(&self, name: &str, answers: Vec<Vec<IpAddr>>) {
        lock(&self.answers).insert(name.to_owned(), answers.into());
    }
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut all = lock(&self.answers);
        let name = if all.contains_key(name) { name } else { "*" };
        let answers = all.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        let next = if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        };
        Ok(next.unwrap_or_default())
    }
}

/// Really connects on loopback, and nowhere else.
#[derive(Default)]
pub struct Recorder(Mutex<Vec<SocketAddr>>);

impl Recorder {
    /// What was dialled since it was last asked.
    pub fn take(&self) -> Vec<SocketAddr> {
        std::mem::take(&mut *lock(&self.0))
    }
}

#[async_trait]
impl Dialler for Recorder {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        lock(&self.0).push(address);
        if address.ip().is_loopback() {
            Tcp.dial(address).await
        } else {
            Err(io::ErrorKind::NetworkUnreachable.into())
        }
    }
}

/// A listener on loopback that counts its visitors and says the same to each.
pub struct Canary {
    pub address: SocketAddr,
    visits: Arc<AtomicUsize>,
    says: Arc<Mutex<Says>>,
}

/// What a canary says: at once, and then again every so often without end.
#[derive(Clone, Default)]
pub struct Says {
    pub first: Vec<u8>,
    pub again: Option<(Vec<u8>, Duration)>,
}

impl Says {
    /// Go there instead: by every header that somebody follows.
    pub fn elsewhere(status: u16, place: &str, port: u16) -> Self {
        let head = format!(
            "HTTP/1.1 {status} X\r\nlocation: {place}\r\nrefresh: 0; url={place}\r\nalt-svc: h2=\"127.0.0.1:{port}\"\r\n\
             connection: close\r\ncontent-length: 0\r\n\r\n"
        );
        Self {
            first: head.into_bytes(),
            again: None,
        }
    }
}

impl Canary {
    pub async fn start(says: Says) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let visits = Arc::new(AtomicUsize::new(0));
        let says = Arc::new(Mutex::new(says));
        let (counted, said) = (visits.clone(), says.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let says = lock(&said).clone();
                tokio::spawn(say(stream, says));
            }
        });
        Ok(Self {
            address,
            visits,
            says,
        })
    }

    /// To each who comes from now on.
    pub fn now_says(&self, says: Says) {
        *lock(&self.says) = says;
    }

    pub fn visits(&self) -> usize {
        self.visits.load(Ordering::Relaxed)
    }
}

async fn say(mut stream: TcpStream, says: Says) -> io::Result<()> {
    let mut heard = [0; 4096];
    if stream.read(&mut heard).await? == 0 {
        return Ok(());
    }
    stream.write_all(&says.first).await?;
    while let Some((text, pause)) = &says.again {
        tokio::time::sleep(*pause).await;
        stream.write_all(text).await?;
    }
    stream.shutdown().await
}
