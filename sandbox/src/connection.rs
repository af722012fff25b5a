//! TCP connections that an endpoint can cut instead of answering.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use poem::http::uri::Scheme;
use poem::listener::{Acceptor, TcpAcceptor};
use poem::web::{LocalAddr, RemoteAddr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Peers whose connection must not carry another byte.
#[derive(Clone, Default)]
pub(crate) struct Severed(Arc<Mutex<HashSet<SocketAddr>>>);

impl Severed {
    pub(crate) fn sever(&self, peer: SocketAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(peer);
    }

    fn contains(&self, peer: SocketAddr) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&peer)
    }

    /// The port may be used again by somebody innocent.
    fn forget(&self, peer: SocketAddr) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&peer);
    }
}

pub(crate) struct SeverableAcceptor {
    tcp: TcpAcceptor,
    severed: Severed,
}

impl SeverableAcceptor {
    pub(crate) fn new(listener: tokio::net::TcpListener, severed: Severed) -> io::Result<Self> {
        Ok(Self {
            tcp: TcpAcceptor::from_tokio(listener)?,
            severed,
        })
    }
}

impl Acceptor for SeverableAcceptor {
    type Io = SeverableStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.tcp.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, local, remote, scheme) = self.tcp.accept().await?;
        let peer = stream.peer_addr()?;
        let stream = SeverableStream {
            stream,
            peer,
            severed: self.severed.clone(),
        };
        Ok((stream, local, remote, scheme))
    }
}

pub(crate) struct SeverableStream {
    stream: TcpStream,
    peer: SocketAddr,
    severed: Severed,
}

impl SeverableStream {
    fn check(&self) -> io::Result<()> {
        if self.severed.contains(self.peer) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl Drop for SeverableStream {
    fn drop(&mut self) {
        self.severed.forget(self.peer);
    }
}

impl AsyncRead for SeverableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for SeverableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Err(error) = self.check() {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Err(error) = self.check() {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
