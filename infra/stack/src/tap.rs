//! What clients sent into the world: requests that send messages or put events, as they came over the wire.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// How many bytes of requests are kept; the oldest go first.
const KEPT_BYTES: usize = 32 * 1024 * 1024;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// `SendMessage`, `SendMessageBatch` or `PutEvents`.
    pub operation: String,
    /// The request's JSON document, with every part of every message and event.
    pub request: String,
}

/// Keeps the requests.
#[derive(Debug, Default)]
pub(crate) struct Tap(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    sent: VecDeque<Sent>,
    bytes: usize,
}

impl Tap {
    pub(crate) fn note(&self, operation: &str, request: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += request.len();
        kept.sent.push_back(Sent {
            operation: operation.to_owned(),
            request: String::from_utf8_lossy(request).into_owned(),
        });
        while kept.bytes > KEPT_BYTES {
            let Some(oldest) = kept.sent.pop_front() else {
                break;
            };
            kept.bytes -= oldest.request.len();
        }
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.sent.iter().cloned().collect()
    }
}
