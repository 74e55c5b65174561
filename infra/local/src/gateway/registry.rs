//! The open connections.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use http::header::USER_AGENT;
use http::request::Parts;
use serde_json::Value;
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{event, text};
use crate::lambda::clock;

/// All open connections by id.
#[derive(Debug, Default)]
pub(super) struct Registry(RwLock<HashMap<String, Arc<Connection>>>);

/// One connection, from its handshake on.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: String,
    pub(super) connected_ms: u64,
    pub(super) source_ip: String,
    pub(super) user_agent: String,
    pub(super) host: String,
    /// What the authorizer said, with every event from then on.
    pub(super) authorizer: OnceLock<Value>,
    last_active_ms: AtomicU64,
    outbound: Sender<Outbound>,
}

/// What the socket's task is asked to do.
#[derive(Debug)]
pub(super) enum Outbound {
    Send(Utf8Bytes),
    Close,
}

/// What became of a message for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Posted {
    Queued,
    /// The client does not read as fast as it is written to.
    Full,
    Gone,
}

/// Messages that may wait for a slow client.
const QUEUE: usize = 256;

impl Connection {
    pub(super) fn new(head: &Parts) -> (Self, Receiver<Outbound>) {
        let (outbound, messages) = channel(QUEUE);
        let now_ms = clock::now_ms();
        let connection = Self {
            id: text::connection_id(),
            connected_ms: now_ms,
            source_ip: event::source_ip(head),
            user_agent: event::text_of(head.headers.get(USER_AGENT)),
            host: event::host(&head.headers),
            authorizer: OnceLock::new(),
            last_active_ms: AtomicU64::new(now_ms),
            outbound,
        };
        (connection, messages)
    }

    /// Notes that something went through, in either direction.
    pub(super) fn touch(&self) {
        self.last_active_ms
            .store(clock::now_ms(), Ordering::Relaxed);
    }

    pub(super) fn last_active_ms(&self) -> u64 {
        self.last_active_ms.load(Ordering::Relaxed)
    }

    pub(super) fn post(&self, message: Outbound) -> Posted {
        match self.outbound.try_send(message) {
            Ok(()) => Posted::Queued,
            Err(TrySendError::Full(_)) => Posted::Full,
            Err(TrySendError::Closed(_)) => Posted::Gone,
        }
    }
}

impl Registry {
    pub(super) fn insert(&self, connection: Arc<Connection>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(connection.id.clone(), connection);
    }

    pub(super) fn remove(&self, id: &str) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Connection>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) fn close_all(&self) {
        for connection in self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
        {
            connection.post(Outbound::Close);
        }
    }
}
