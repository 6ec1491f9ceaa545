//! One queue: its messages, their delays and visibility, and what was ever sent to it.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::attributes::QueueAttributes;

/// How many bytes of bodies the journal of a queue keeps.
const JOURNAL_BYTES: usize = 16 * 1024 * 1024;

/// A message attribute as it travels.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MessageAttribute {
    pub(crate) data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) string_value: Option<String>,
    /// Base64, as on the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) binary_value: Option<String>,
}

/// A message in a queue.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: Uuid,
    pub(crate) body: Arc<str>,
    pub(crate) attributes: BTreeMap<String, MessageAttribute>,
    pub(crate) sent_at: DateTime<Utc>,
    pub(crate) received: u32,
    pub(crate) first_received_at: Option<DateTime<Utc>>,
    /// The queue it came from, once it was moved to a dead-letter queue.
    pub(crate) dead_letter_source: Option<String>,
}

/// Names one receipt of one message; the wire form is opaque to clients.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    queue: String,
    id: Uuid,
    received: u32,
}

impl Receipt {
    pub(crate) fn new(queue: &str, message: &Message) -> Self {
        Self {
            queue: queue.to_owned(),
            id: message.id,
            received: message.received,
        }
    }

    pub(crate) fn encode(&self) -> String {
        BASE64.encode(format!("{}/{}/{}", self.queue, self.id, self.received))
    }

    /// Reads a handle given out by `queue`; `None` for anything else.
    pub(crate) fn decode(queue: &str, text: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64.decode(text).ok()?).ok()?;
        let mut parts = text.splitn(3, '/');
        let owner = parts.next()?;
        let id = parts.next()?.parse().ok()?;
        let received = parts.next()?.parse().ok()?;
        (owner == queue).then(|| Self {
            queue: owner.to_owned(),
            id,
            received,
        })
    }
}

/// What a change of visibility met.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Done,
    NotInFlight,
}

/// How many messages there are, by what can be done with them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Depth {
    pub(crate) visible: usize,
    pub(crate) in_flight: usize,
    pub(crate) delayed: usize,
}

type Slot = (DateTime<Utc>, u64);

/// A standard queue, in memory.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) attributes: QueueAttributes,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) modified_at: DateTime<Utc>,
    /// By the instant from which it can be received, then by arrival.
    messages: BTreeMap<Slot, Message>,
    slots: HashMap<Uuid, Slot>,
    arrivals: u64,
    next_expiry: DateTime<Utc>,
    sent: u64,
    journal: VecDeque<Arc<str>>,
    journal_bytes: usize,
}

impl Queue {
    pub(crate) fn new(attributes: QueueAttributes, now: DateTime<Utc>) -> Self {
        Self {
            attributes,
            created_at: now,
            modified_at: now,
            messages: BTreeMap::new(),
            slots: HashMap::new(),
            arrivals: 0,
            next_expiry: now,
            sent: 0,
            journal: VecDeque::new(),
            journal_bytes: 0,
        }
    }

    /// Takes in a new message, to be received from `now + delay` on.
    pub(crate) fn send(
        &mut self,
        now: DateTime<Utc>,
        body: &str,
        attributes: BTreeMap<String, MessageAttribute>,
        delay: Option<u32>,
    ) -> Uuid {
        let body: Arc<str> = body.into();
        self.sent += 1;
        self.journal_bytes += body.len();
        self.journal.push_back(Arc::clone(&body));
        while self.journal_bytes > JOURNAL_BYTES {
            let Some(oldest) = self.journal.pop_front() else {
                break;
            };
            self.journal_bytes -= oldest.len();
        }
        let message = Message {
            id: Uuid::now_v7(),
            body,
            attributes,
            sent_at: now,
            received: 0,
            first_received_at: None,
            dead_letter_source: None,
        };
        let id = message.id;
        let delay = delay.unwrap_or(self.attributes.delay_seconds);
        self.place(now + seconds(delay), message);
        id
    }

    /// Takes over a message from another queue.
    pub(crate) fn adopt(&mut self, now: DateTime<Utc>, message: Message) {
        self.place(now, message);
    }

    /// Hands out up to `max` visible messages and hides them for `visibility` seconds. The second list
    /// holds those that have been received too often; they have left this queue. It stays empty
    /// unless `dead_letters` says that there is somewhere to put them.
    pub(crate) fn receive(
        &mut self,
        now: DateTime<Utc>,
        max: usize,
        visibility: u32,
        dead_letters: bool,
    ) -> (Vec<Message>, Vec<Message>) {
        self.expire(now);
        let limit = self.attributes.redrive.as_ref().filter(|_| dead_letters);
        let limit = limit.map_or(u32::MAX, |redrive| redrive.max_receive_count);
        let (mut out, mut dead) = (Vec::new(), Vec::new());
        while out.len() < max {
            let Some(entry) = self
                .messages
                .first_entry()
                .filter(|entry| entry.key().0 <= now)
            else {
                break;
            };
            let mut message = entry.remove();
            self.slots.remove(&message.id);
            if message.received >= limit {
                dead.push(message);
                continue;
            }
            message.received += 1;
            message.first_received_at.get_or_insert(now);
            out.push(message);
        }
        for message in &out {
            self.place(now + seconds(visibility), message.clone());
        }
        (out, dead)
    }

    /// Deletes the message if `receipt` is its latest; an older one changes nothing.
    pub(crate) fn delete(&mut self, receipt: &Receipt) {
        if let Some(slot) = self.current(receipt) {
            self.messages.remove(&slot);
            self.slots.remove(&receipt.id);
        }
    }

    /// Makes a message that is being worked on visible again `visibility` seconds from now.
    pub(crate) fn change_visibility(
        &mut self,
        now: DateTime<Utc>,
        receipt: &Receipt,
        visibility: u32,
    ) -> Change {
        let Some(slot) = self.current(receipt).filter(|slot| slot.0 > now) else {
            return Change::NotInFlight;
        };
        if let Some(message) = self.messages.remove(&slot) {
            self.place(now + seconds(visibility), message);
        }
        Change::Done
    }

    /// Drops every message; the counts and the journal stay.
    pub(crate) fn purge(&mut self) {
        self.messages.clear();
        self.slots.clear();
    }

    pub(crate) fn depth(&mut self, now: DateTime<Utc>) -> Depth {
        self.expire(now);
        let mut depth = Depth::default();
        for ((visible_at, _), message) in &self.messages {
            match (*visible_at <= now, message.received) {
                (true, _) => depth.visible += 1,
                (false, 0) => depth.delayed += 1,
                (false, _) => depth.in_flight += 1,
            }
        }
        depth
    }

    /// Messages sent since the queue was made.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// The bodies sent, oldest first, as far back as the journal goes.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.journal.iter().map(|body| body.to_string()).collect()
    }

    fn place(&mut self, visible_at: DateTime<Utc>, message: Message) {
        self.arrivals += 1;
        let slot = (visible_at, self.arrivals);
        self.slots.insert(message.id, slot);
        self.messages.insert(slot, message);
    }

    fn current(&self, receipt: &Receipt) -> Option<Slot> {
        let slot = self.slots.get(&receipt.id)?;
        let message = self.messages.get(slot)?;
        (message.received == receipt.received).then_some(*slot)
    }

    /// Forgets messages older than the retention period.
    fn expire(&mut self, now: DateTime<Utc>) {
        // Looking once a second is enough, and keeps long polls of a long queue cheap.
        if now < self.next_expiry {
            return;
        }
        self.next_expiry = now + TimeDelta::seconds(1);
        let oldest = now - seconds(self.attributes.retention_seconds);
        let slots = &mut self.slots;
        self.messages.retain(|_, message| {
            let keep = message.sent_at >= oldest;
            if !keep {
                slots.remove(&message.id);
            }
            keep
        });
    }
}

fn seconds(seconds: u32) -> TimeDelta {
    TimeDelta::seconds(i64::from(seconds))
}
