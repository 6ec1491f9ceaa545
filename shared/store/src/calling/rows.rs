//! The small records around a call: queue items, the gate, locks, histories, the do-not-call list.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::LookupHash;
use vio_domain::calling::gate::Gate;
use vio_domain::calling::order::{Band, Priority, QueueItem};
use vio_domain::ids::{AttemptId, CampaignId, ContactId, DncId, SessionId, TenantId};

use crate::calling::do_not_call::ImportRow;
use crate::calling::reach::Reach;
use crate::entity::{DueEntry, Entity};
use crate::key::{self, DueKind};
use crate::port::Key;

/// A session waiting in the dial queue. Small on purpose: the pump reads many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DialRow {
    #[serde(rename = "t")]
    pub tenant: TenantId,
    #[serde(rename = "s")]
    pub session: SessionId,
    #[serde(rename = "c")]
    pub contact: ContactId,
    /// The order of dialling: the first character of its key.
    #[serde(rename = "b")]
    pub band: Band,
    #[serde(rename = "d", with = "chrono::serde::ts_milliseconds")]
    pub due: DateTime<Utc>,
    #[serde(rename = "l", with = "chrono::serde::ts_milliseconds_option", default)]
    pub latest: Option<DateTime<Utc>>,
    #[serde(rename = "p")]
    pub priority: Priority,
    /// When the appointment begins that the call is about, as of its planning: a call whose turn comes later is passed over.
    #[serde(
        rename = "a",
        with = "chrono::serde::ts_milliseconds_option",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub about_time: Option<DateTime<Utc>>,
    /// The campaign whose words the call says.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// How the contact is reached.
    #[serde(rename = "r", default, skip_serializing_if = "Reach::is_none")]
    pub reach: Reach,
}

impl DialRow {
    /// Its place in the order of dialling.
    pub fn item(&self) -> QueueItem {
        QueueItem {
            band: self.band,
            due: self.due,
            latest: self.latest,
            priority: self.priority,
            session: self.session,
        }
    }
}

impl Entity for DialRow {
    const TYPE: &'static str = "dial";
    fn key(&self) -> Key {
        key::dial(self.tenant, self.band, self.due, self.session)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
    fn due(&self) -> Option<DueEntry> {
        Some(key::due(
            self.due,
            DueKind::Dial,
            self.tenant,
            self.session.uuid(),
        ))
    }
}

/// An attempt that must be looked at again: past its bound, or in flight without news.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlightRow {
    #[serde(rename = "t")]
    pub tenant: TenantId,
    #[serde(rename = "a")]
    pub attempt: AttemptId,
    #[serde(rename = "s")]
    pub session: SessionId,
    #[serde(rename = "c")]
    pub contact: ContactId,
    /// Keyed hash of the number.
    #[serde(rename = "n")]
    pub phone: LookupHash,
    /// When to look.
    #[serde(rename = "d", with = "chrono::serde::ts_milliseconds")]
    pub due: DateTime<Utc>,
}

impl Entity for FlightRow {
    const TYPE: &'static str = "flight";
    fn key(&self) -> Key {
        key::flight(self.tenant, self.attempt)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
    fn due(&self) -> Option<DueEntry> {
        Some(key::due(
            self.due,
            DueKind::Attempt,
            self.tenant,
            self.attempt.uuid(),
        ))
    }
}

/// The tenant's gate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GateRow {
    pub tenant: TenantId,
    #[serde(skip)]
    pub version: u64,
    pub gate: Gate,
}

impl Entity for GateRow {
    const TYPE: &'static str = "gate";
    fn key(&self) -> Key {
        key::gate(self.tenant)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

/// A number that is being called: two calls to one number are never in flight together (rules.md "Same person?").
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NumberLockRow {
    pub tenant: TenantId,
    pub phone: LookupHash,
    pub attempt: AttemptId,
    /// Grant + 25 min; released earlier at `call_ended`.
    pub expires_ms: i64,
}

impl Entity for NumberLockRow {
    const TYPE: &'static str = "number_lock";
    fn key(&self) -> Key {
        key::number_lock(self.tenant, &self.phone.to_string())
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
    fn ttl(&self) -> Option<i64> {
        Some(self.expires_ms / 1000 + 3600)
    }
}

/// When a number was rung, for the abuse rule and the 8 h gap between members of a household's own calls.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NumberHistoryRow {
    pub tenant: TenantId,
    pub phone: LookupHash,
    #[serde(skip)]
    pub version: u64,
    /// Attempts of the last 24 h: which, and when.
    pub attempts: Vec<(AttemptId, DateTime<Utc>)>,
}

impl NumberHistoryRow {
    /// Hours that count for the abuse rule (rules.md).
    pub const HOURS: i64 = 24;

    pub fn new(tenant: TenantId, phone: LookupHash) -> Self {
        Self {
            tenant,
            phone,
            version: 0,
            attempts: Vec::new(),
        }
    }

    /// Adds an attempt and forgets those out of the window.
    pub fn add(&mut self, attempt: AttemptId, at: DateTime<Utc>) {
        self.attempts
            .retain(|(_, when)| *when > at - Duration::hours(Self::HOURS));
        self.attempts.push((attempt, at));
    }

    /// Takes an attempt out again that was refused or never placed.
    pub fn remove(&mut self, attempt: AttemptId) {
        self.attempts.retain(|(id, _)| *id != attempt);
    }
}

impl Entity for NumberHistoryRow {
    const TYPE: &'static str = "number_history";
    fn key(&self) -> Key {
        key::number_history(self.tenant, &self.phone.to_string())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn ttl(&self) -> Option<i64> {
        let last = self.attempts.iter().map(|(_, at)| *at).max()?;
        Some((last + Duration::hours(Self::HOURS + 1)).timestamp())
    }
}

/// A number that must not be called: what every grant is conditional on. Only its keyed hash identifies it, so that it
/// survives an erasure; what staff reads lies in the list entry beside it ([`crate::calling::do_not_call`]).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DncRow {
    pub tenant: TenantId,
    pub phone: LookupHash,
    #[serde(skip)]
    pub version: u64,
    /// Its entry of the list.
    pub id: DncId,
    /// The row of a file that listed it: done again, that row is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportRow>,
}

impl Entity for DncRow {
    const TYPE: &'static str = "do_not_call";
    fn key(&self) -> Key {
        key::do_not_call(self.tenant, &self.phone.to_string())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}
