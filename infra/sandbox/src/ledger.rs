//! The sandbox's whole state. It changes only by journal entries, live and at a restart alike.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::booking::Booking;
use crate::calcom::CalendarChange;
use crate::calendly::{Hook, Invitee};
use crate::call::{Call, Event, Phase};
use crate::journal::{Entry, Journal, JournalError};
use crate::script::{Outcome, Standing};
use crate::ses::{MailScript, SandboxMail};
use crate::twilio::{SandboxSms, SmsScript};

/// Retell: "the same key for up to one hour creates no second call".
const IDEMPOTENCY_HOUR: TimeDelta = TimeDelta::hours(1);

/// One request to create a call, whatever became of it. Holds nothing about a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SandboxRequest {
    /// Real time.
    pub arrived_at: DateTime<Utc>,
    /// The developer clock.
    pub arrived_at_clock: DateTime<Utc>,
    /// The answer; absent when the script withheld it.
    pub status: Option<u16>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// As sent.
    pub idempotency_key: Option<String>,
    /// As sent; `{}` when there was none, or the body could not be read.
    pub metadata: Value,
    /// The call created, or the one created earlier under the same key.
    pub call_id: Option<String>,
    /// Was it a repeat under the key of a call that was there already?
    pub repeat: bool,
}

/// What the idempotency key of a request means at this moment.
pub(crate) enum Repeat {
    /// No call under this key within the hour.
    None,
    /// The same request: its call.
    Same(usize),
    /// The key belongs to another request.
    Conflict,
}

/// When a webhook falls due: instant, call, place among those of the call due together.
type Due = (DateTime<Utc>, usize, u8, Event);

pub(crate) struct Ledger {
    journal: Option<Journal>,
    calls: Vec<Call>,
    by_id: HashMap<String, usize>,
    /// The latest call under each (API key, idempotency key).
    by_key: HashMap<(String, String), usize>,
    requests: Vec<SandboxRequest>,
    script: Standing,
    /// The calls of each account, by its key.
    by_account: HashMap<String, Vec<usize>>,
    due: BTreeSet<Due>,
    /// What of `due` is each call's.
    planned: Vec<Vec<Due>>,
    bookings: BTreeMap<String, Booking>,
    calendar_changes: Vec<CalendarChange>,
    invitees: BTreeMap<String, Invitee>,
    hooks: Vec<Hook>,
    calendly_changes: Vec<CalendarChange>,
    texts: Vec<SandboxSms>,
    pub(crate) sms_script: SmsScript,
    mails: Vec<SandboxMail>,
    pub(crate) mail_script: MailScript,
}

impl Ledger {
    /// An empty ledger, and where it keeps its journal.
    pub(crate) fn new(journal: Option<Journal>) -> Self {
        Self {
            journal,
            calls: Vec::new(),
            by_id: HashMap::new(),
            by_key: HashMap::new(),
            requests: Vec::new(),
            script: Standing::default(),
            by_account: HashMap::new(),
            due: BTreeSet::new(),
            planned: Vec::new(),
            bookings: BTreeMap::new(),
            calendar_changes: Vec::new(),
            invitees: BTreeMap::new(),
            hooks: Vec::new(),
            calendly_changes: Vec::new(),
            texts: Vec::new(),
            sms_script: SmsScript::default(),
            mails: Vec::new(),
            mail_script: MailScript::default(),
        }
    }

    /// Writes an entry to the journal, then lets it happen. Blocks for the disk: a provider that
    /// answers before it has written would lose calls.
    pub(crate) fn record(&mut self, entry: Entry) -> Result<(), JournalError> {
        if let Some(journal) = &mut self.journal {
            journal.append(&entry)?;
            if let Entry::Deleted { call_id } = &entry {
                journal.rewrite(|entry| match entry {
                    Entry::Arrived {
                        call: Some(call), ..
                    } if call.id == *call_id => call.scrub(),
                    _ => {}
                })?;
            }
        }
        self.apply(entry);
        Ok(())
    }

    /// Lets an entry happen. Keys and clock moves belong to others and change nothing here.
    pub(crate) fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Arrived {
                request,
                call,
                took_next,
            } => {
                if took_next {
                    self.script.take_next();
                }
                self.requests.push(request);
                if let Some(call) = call {
                    let at = self.calls.len();
                    self.by_id.insert(call.id.clone(), at);
                    if let Some(key) = &call.idempotency_key {
                        self.by_key.insert((call.api_key.clone(), key.clone()), at);
                    }
                    let account = self.by_account.entry(call.api_key.clone()).or_default();
                    account.push(at);
                    self.calls.push(*call);
                    self.planned.push(Vec::new());
                    self.plan_webhooks(at);
                }
            }
            Entry::Webhook {
                call_id,
                attempt,
                settled,
            } => {
                let Some(&at) = self.by_id.get(&call_id) else {
                    return;
                };
                if settled {
                    self.calls[at].dispatched.insert(attempt.event);
                }
                self.calls[at].webhooks.push(attempt);
                self.plan_webhooks(at);
            }
            Entry::Stopped {
                call_id,
                at: instant,
            } => {
                let Some(&at) = self.by_id.get(&call_id) else {
                    return;
                };
                self.calls[at].stopped_at = Some(instant);
                self.plan_webhooks(at);
            }
            Entry::Deleted { call_id } => {
                let Some(&at) = self.by_id.get(&call_id) else {
                    return;
                };
                self.calls[at].scrub();
                self.plan_webhooks(at);
            }
            Entry::Scripted(script) => self.script.change(script),
            Entry::Booked(booking) => {
                self.bookings.insert(booking.uid.clone(), *booking);
            }
            Entry::CalendarChange(change) => self.calendar_changes.push(change),
            Entry::CalendlyBooked(invitee) => {
                self.invitees.insert(invitee.uri.clone(), *invitee);
            }
            Entry::CalendlyHook(hook) => {
                match self.hooks.iter_mut().find(|known| known.id == hook.id) {
                    Some(known) => *known = *hook,
                    None => self.hooks.push(*hook),
                }
            }
            Entry::CalendlyUnhooked { id } => self.hooks.retain(|hook| hook.id != id),
            Entry::CalendlyChange(change) => self.calendly_changes.push(change),
            Entry::Texted(text) => {
                match self.texts.iter_mut().find(|known| known.sid == text.sid) {
                    Some(known) => *known = *text,
                    None => self.texts.push(*text),
                }
            }
            Entry::Mailed(mail) => match self.mails.iter_mut().find(|known| known.id == mail.id) {
                Some(known) => *known = *mail,
                None => self.mails.push(*mail),
            },
            Entry::ClockMoved { .. }
            | Entry::RetellKey { .. }
            | Entry::CalcomKey { .. }
            | Entry::CalendlyKey { .. } => {}
        }
    }

    /// Plans anew what a call still has to say.
    fn plan_webhooks(&mut self, at: usize) {
        for planned in self.planned[at].drain(..) {
            self.due.remove(&planned);
        }
        let call = &self.calls[at];
        for (due, place, event) in call.webhooks_due() {
            if !call.dispatched.contains(&event) {
                let planned = (due, at, place, event);
                self.due.insert(planned);
                self.planned[at].push(planned);
            }
        }
    }

    pub(crate) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.due.first().map(|due| due.0)
    }

    /// Takes the webhooks that are due, in order: the call's id, the event, and whether the call
    /// has nothing more to send.
    pub(crate) fn take_due(&mut self, now: DateTime<Utc>) -> Vec<(String, Event, bool)> {
        let mut taken = Vec::new();
        while self.due.first().is_some_and(|due| due.0 <= now) {
            let Some(due) = self.due.pop_first() else {
                break;
            };
            let (_, at, _, event) = due;
            self.calls[at].dispatched.insert(event);
            self.planned[at].retain(|planned| *planned != due);
            let last = self.planned[at].is_empty();
            taken.push((self.calls[at].id.clone(), event, last));
        }
        taken
    }

    pub(crate) fn repeat(
        &self,
        api_key: &str,
        key: Option<&str>,
        fingerprint: &str,
        now: DateTime<Utc>,
    ) -> Repeat {
        let Some(key) = key else { return Repeat::None };
        match self.by_key.get(&(api_key.to_owned(), key.to_owned())) {
            Some(&at) if now - self.calls[at].arrived_at_clock < IDEMPOTENCY_HOUR => {
                if self.calls[at].fingerprint == fingerprint {
                    Repeat::Same(at)
                } else {
                    Repeat::Conflict
                }
            }
            _ => Repeat::None,
        }
    }

    /// A call of this account, deleted ones included.
    pub(crate) fn call_at(&self, at: usize) -> &Call {
        &self.calls[at]
    }

    /// A call that this key may see.
    pub(crate) fn call(&self, api_key: &str, call_id: &str) -> Option<&Call> {
        self.find(call_id)
            .filter(|call| call.api_key == api_key && !call.deleted)
    }

    /// A call, whoever made it.
    pub(crate) fn find(&self, call_id: &str) -> Option<&Call> {
        self.by_id.get(call_id).map(|&at| &self.calls[at])
    }

    /// The calls that this key may see, oldest first.
    pub(crate) fn calls_of(&self, api_key: &str) -> impl DoubleEndedIterator<Item = &Call> {
        let places = self.by_account.get(api_key).map_or(&[][..], Vec::as_slice);
        places
            .iter()
            .map(|&at| &self.calls[at])
            .filter(|call| !call.deleted)
    }

    pub(crate) fn all_calls(&self) -> &[Call] {
        &self.calls
    }

    pub(crate) fn requests(&self) -> &[SandboxRequest] {
        &self.requests
    }

    pub(crate) fn outcome(&self, to_number: &str) -> (Outcome, bool) {
        self.script.outcome(to_number)
    }

    /// Did somebody at this number ask this account not to be called?
    pub(crate) fn on_dnc(&self, api_key: &str, number: &str, now: DateTime<Utc>) -> bool {
        self.calls_of(api_key).any(|call| {
            call.to_number == number
                && call.outcome.disconnection_reason == "user_requested_dnc"
                && call.phase(now) >= Phase::Ended
        })
    }

    pub(crate) fn texts(&self) -> &[SandboxSms] {
        &self.texts
    }

    pub(crate) fn mails(&self) -> &[SandboxMail] {
        &self.mails
    }

    pub(crate) fn booking(&self, uid: &str) -> Option<&Booking> {
        self.bookings.get(uid)
    }

    /// Changes asked for through the calendar's API, oldest first.
    pub(crate) fn calendar_changes(&self) -> &[CalendarChange] {
        &self.calendar_changes
    }

    /// Who is invited to something on a Calendly calendar.
    pub(crate) fn invitees(&self) -> impl Iterator<Item = &Invitee> {
        self.invitees.values()
    }

    pub(crate) fn invitee(&self, uri: &str) -> Option<&Invitee> {
        self.invitees.get(uri)
    }

    /// Subscriptions to Calendly's webhooks, oldest first.
    pub(crate) fn hooks(&self) -> &[Hook] {
        &self.hooks
    }

    /// Changes asked for through Calendly's API, oldest first.
    pub(crate) fn calendly_changes(&self) -> &[CalendarChange] {
        &self.calendly_changes
    }

    pub(crate) fn bookings(&self) -> impl Iterator<Item = &Booking> {
        self.bookings.values()
    }
}
