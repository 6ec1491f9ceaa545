//! One granted try of a call: its sends, its refusals, and what reconciliation makes of it
//! (rules.md The call throttle, Placing a call, exactly once).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::limits::{CallLimits, MIN_SEND_TIME};
use super::session::Applied;
use crate::ids::{AttemptId, SessionId};

/// A listing that keeps failing is given up this long after the bound: the attempt is then `unknown`.
pub const LISTING_GIVEN_UP_AFTER: TimeDelta = TimeDelta::hours(24);
const FIRST_LISTING_PAUSE: TimeDelta = TimeDelta::minutes(1);
const LONGEST_LISTING_PAUSE: TimeDelta = TimeDelta::hours(1);

/// One granted try. Written before anything is sent; its id is the provider's idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The idempotency key and `metadata.attempt_id` of every send.
    pub id: AttemptId,
    /// The session it tries.
    pub session: SessionId,
    /// When the gate granted it.
    pub granted_at: DateTime<Utc>,
    /// When its sends must have ended.
    pub bound: DateTime<Utc>,
    /// Keyed hash of the credential and base URL it was granted with; never the credential.
    pub fingerprint: String,
    /// Sends counted before they went out; the grant counts the first.
    pub sends: u32,
    /// Definite refusals recorded.
    pub refusals: u32,
    /// Whether the provider was told to keep the ids by which it could be asked for the call. If not, that it finds
    /// none tells nothing.
    #[serde(default = "kept")]
    pub listable: bool,
    /// Where it stands.
    pub state: AttemptState,
}

const fn kept() -> bool {
    true
}

/// Where an attempt stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AttemptState {
    /// Being sent, or nobody knows yet.
    Placing,
    /// The provider has the call.
    Placed {
        /// The provider's id of it.
        provider_call_id: String,
        /// When we learned it.
        at: DateTime<Utc>,
    },
    /// The provider has no such call.
    NotPlaced {
        /// When that was established.
        at: DateTime<Utc>,
    },
    /// Every send was refused.
    Refused {
        /// HTTP status of the last refusal.
        code: u16,
        /// When it was recorded.
        at: DateTime<Utc>,
    },
    /// It will never be known; no automatic second call follows.
    Unknown {
        /// Why.
        cause: UnknownCause,
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// Why it will never be known whether a call was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownCause {
    /// The listing failed for 24 hours.
    ListingFailed,
    /// Credential or base URL changed meanwhile, so another account would be asked.
    CredentialsChanged,
    /// The provider finds no such call, but was told to keep nothing by which it could.
    NotListable,
}

/// Whether another send may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextSend {
    /// Yes; the request's total time is limited to `timeout`.
    Send {
        /// What is left of the placement bound.
        timeout: TimeDelta,
    },
    /// No, too little is left of the bound; the attempt is reconciled from `reconcile_at` on.
    Stop {
        /// The end of the bound.
        reconcile_at: DateTime<Utc>,
    },
    /// No, the attempt is no longer `placing`.
    Closed,
}

/// Two calls of the provider claim one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the attempt already has another provider call")]
pub struct OtherCall;

/// What the provider's listing by `metadata.attempt_id` said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// There is such a call.
    Found(String),
    /// There is none.
    Empty,
    /// It could not be read.
    Failed,
}

/// What reconciliation decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reconciled {
    /// Take the found call over.
    Adopt(String),
    /// There is no call: the session returns to planned and needs a new slot and attempt.
    NotPlaced,
    /// Ask again then.
    Later(DateTime<Utc>),
    /// It will never be known.
    Unknown(UnknownCause),
    /// Nothing to reconcile: the attempt is no longer `placing`.
    Closed,
}

impl Attempt {
    /// An attempt as the grant writes it: its first send counted, nothing sent.
    pub fn granted(
        id: AttemptId,
        session: SessionId,
        granted_at: DateTime<Utc>,
        fingerprint: String,
        limits: &CallLimits,
    ) -> Self {
        Self {
            id,
            session,
            granted_at,
            bound: granted_at + limits.placement_bound(),
            fingerprint,
            sends: 1,
            refusals: 0,
            listable: true,
            state: AttemptState::Placing,
        }
    }

    /// The same, where the provider keeps no ids of the call (the strict HIPAA level).
    #[must_use]
    pub const fn not_listable(mut self) -> Self {
        self.listable = false;
        self
    }

    /// Whether a send may begin now, and how long it may take. Holds for the first send and every repeat.
    pub fn next_send(&self, now: DateTime<Utc>) -> NextSend {
        let left = self.bound - now;
        if self.state != AttemptState::Placing {
            NextSend::Closed
        } else if left < MIN_SEND_TIME {
            NextSend::Stop {
                reconcile_at: self.bound,
            }
        } else {
            // A clock behind the granting one must not stretch the send over the bound.
            NextSend::Send {
                timeout: left.min(self.bound - self.granted_at),
            }
        }
    }

    /// Counts a repeat; belongs in the conditional write before it goes out. Not for the first send.
    pub fn count_send(&mut self) -> Applied {
        if self.state != AttemptState::Placing {
            return Applied::No;
        }
        self.sends += 1;
        Applied::Yes
    }

    /// Records a definite refusal. [`Applied::Settled`] if with it every counted send was refused, so that the
    /// attempt is closed; [`Applied::Yes`] if another send may still have made a call.
    pub fn refuse(&mut self, code: u16, at: DateTime<Utc>) -> Applied {
        if self.state != AttemptState::Placing {
            return Applied::No;
        }
        self.refusals += 1;
        if self.refusals < self.sends {
            return Applied::Yes;
        }
        self.state = AttemptState::Refused { code, at };
        Applied::Settled
    }

    /// The provider has the call: by its answer, a webhook that carries the attempt's id, or a listing. Evidence of
    /// a call outweighs everything concluded without it.
    ///
    /// # Errors
    /// [`OtherCall`] if the attempt has a different one.
    pub fn placed(
        &mut self,
        provider_call_id: &str,
        at: DateTime<Utc>,
    ) -> Result<Applied, OtherCall> {
        match &self.state {
            AttemptState::Placed {
                provider_call_id: known,
                ..
            } if known == provider_call_id => Ok(Applied::No),
            AttemptState::Placed { .. } => Err(OtherCall),
            _ => {
                self.state = AttemptState::Placed {
                    provider_call_id: provider_call_id.to_owned(),
                    at,
                };
                Ok(Applied::Yes)
            }
        }
    }

    /// Decides what a listing asked for at `asked_at` means. `fingerprint` is that of the credential and base URL
    /// it was asked with.
    pub fn reconcile(
        &self,
        listing: &Listing,
        fingerprint: &str,
        asked_at: DateTime<Utc>,
        limits: &CallLimits,
    ) -> Reconciled {
        if self.state != AttemptState::Placing {
            return Reconciled::Closed;
        }
        if let Listing::Found(call) = listing {
            return Reconciled::Adopt(call.clone());
        }
        if asked_at < self.bound {
            return Reconciled::Later(self.bound);
        }
        if fingerprint != self.fingerprint {
            return Reconciled::Unknown(UnknownCause::CredentialsChanged);
        }
        let since = asked_at - self.bound;
        match listing {
            Listing::Empty if since >= limits.reconcile_after() && self.listable => {
                Reconciled::NotPlaced
            }
            Listing::Empty if since >= limits.reconcile_after() => {
                Reconciled::Unknown(UnknownCause::NotListable)
            }
            Listing::Empty => Reconciled::Later(self.bound + limits.reconcile_after()),
            _ if since >= LISTING_GIVEN_UP_AFTER => {
                Reconciled::Unknown(UnknownCause::ListingFailed)
            }
            _ => {
                let pause = (since / 4).clamp(FIRST_LISTING_PAUSE, LONGEST_LISTING_PAUSE);
                Reconciled::Later((asked_at + pause).min(self.bound + LISTING_GIVEN_UP_AFTER))
            }
        }
    }

    /// Writes down that there is no such call, or that it will never be known. Only from `placing`.
    pub fn conclude(&mut self, reconciled: &Reconciled, at: DateTime<Utc>) -> Applied {
        if self.state != AttemptState::Placing {
            return Applied::No;
        }
        self.state = match reconciled {
            Reconciled::Adopt(call) => AttemptState::Placed {
                provider_call_id: call.clone(),
                at,
            },
            Reconciled::NotPlaced => AttemptState::NotPlaced { at },
            Reconciled::Unknown(cause) => AttemptState::Unknown { cause: *cause, at },
            Reconciled::Later(_) | Reconciled::Closed => return Applied::No,
        };
        Applied::Yes
    }

    /// Whether it counts for the cap, `call_attempts`, the gap and the abuse rule: a provider call, or perhaps one.
    pub const fn counts(&self) -> bool {
        matches!(
            self.state,
            AttemptState::Placed { .. } | AttemptState::Unknown { .. }
        )
    }
}

/// How long to wait before a repeat, after this many sends: 1, 2, 4, then 8 s.
pub fn repeat_pause(sends: u32) -> TimeDelta {
    TimeDelta::seconds(1 << sends.saturating_sub(1).min(3))
}

#[cfg(test)]
#[path = "attempt_tests.rs"]
mod tests;
