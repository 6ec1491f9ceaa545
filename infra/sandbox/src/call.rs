//! One call: its course over time, and how it looks from outside.
//!
//! Nothing about a call's course is stored but its beginning, its outcome and a stop: where it is
//! at an instant follows from these.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::request::{AgentOverride, CreateRequest};
use crate::script::{
    ANSWER_AFTER_SECONDS, AppointmentAction, DURATION_SECONDS, Fault, Outcome, Sentiment,
};

/// The analysis is there this long after the end.
const ANALYSIS_AFTER: TimeDelta = TimeDelta::seconds(2);

/// Retell's webhook events of a call, in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Somebody answered.
    CallStarted,
    /// It is over, or never connected.
    CallEnded,
    /// The analysis is there.
    CallAnalyzed,
}

impl Event {
    const ALL: [Self; 3] = [Self::CallStarted, Self::CallEnded, Self::CallAnalyzed];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CallStarted => "call_started",
            Self::CallEnded => "call_ended",
            Self::CallAnalyzed => "call_analyzed",
        }
    }
}

/// One HTTP attempt at a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookAttempt {
    /// Which event.
    pub event: Event,
    /// Which try of this delivery, from 1 (at most 4).
    pub attempt: u32,
    /// Real time, as in the signature.
    pub sent_at: DateTime<Utc>,
    /// The developer clock.
    pub sent_at_clock: DateTime<Utc>,
    /// The receiver's answer; absent when none came.
    pub status: Option<u16>,
    /// Why none came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A call as the arrivals log shows it: one entry for each request that created a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SandboxCall {
    /// The provider's call id.
    pub call_id: String,
    /// When the request reached the "provider", real time.
    pub arrived_at: DateTime<Utc>,
    /// The same on the developer clock.
    pub arrived_at_clock: DateTime<Utc>,
    /// E.164; empty once deleted.
    pub from_number: String,
    /// E.164; empty once deleted.
    pub to_number: String,
    /// As sent; `{}` when the request had none.
    pub metadata: Value,
    /// What the agent may say; empty once deleted.
    pub dynamic_variables: BTreeMap<String, String>,
    /// As sent.
    pub idempotency_key: Option<String>,
    /// How the call goes, by the script.
    pub outcome: Outcome,
    /// Every attempt so far, in order.
    pub webhooks: Vec<WebhookAttempt>,
    /// Retell's `call_status` now.
    pub call_status: String,
    /// Was it deleted by `delete-call`?
    pub deleted: bool,
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Registered,
    Ongoing,
    Ended,
    Analyzed,
}

/// What is kept of a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) api_key: String,
    pub(crate) arrived_at: DateTime<Utc>,
    pub(crate) arrived_at_clock: DateTime<Utc>,
    pub(crate) from_number: String,
    pub(crate) to_number: String,
    pub(crate) agent_id: String,
    agent_version: Value,
    pub(crate) metadata: Option<Map<String, Value>>,
    pub(crate) dynamic_variables: Option<BTreeMap<String, String>>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) fingerprint: String,
    pub(crate) agent: AgentOverride,
    pub(crate) outcome: Outcome,
    #[serde(default)]
    pub(crate) stopped_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(crate) deleted: bool,
    /// The rest is rebuilt from the journal.
    #[serde(skip)]
    pub(crate) webhooks: Vec<WebhookAttempt>,
    /// Webhooks that were handed to delivery or are done with.
    #[serde(skip)]
    pub(crate) dispatched: BTreeSet<Event>,
}

impl Call {
    pub(crate) fn new(
        request: CreateRequest,
        api_key: String,
        agent_id: String,
        outcome: Outcome,
        (arrived_at, arrived_at_clock): (DateTime<Utc>, DateTime<Utc>),
    ) -> Self {
        Self {
            id: format!("call_{}", uuid::Uuid::now_v7().simple()),
            api_key,
            arrived_at,
            arrived_at_clock,
            from_number: request.from_number,
            to_number: request.to_number,
            agent_id,
            agent_version: request.agent_version.unwrap_or_else(|| json!(0)),
            metadata: request.metadata,
            dynamic_variables: request.dynamic_variables,
            idempotency_key: request.idempotency_key,
            fingerprint: request.fingerprint,
            agent: request.agent,
            outcome,
            stopped_at: None,
            deleted: false,
            webhooks: Vec::new(),
            dispatched: BTreeSet::new(),
        }
    }

    /// Forgets who was called and what was to be said; the arrival itself stays, for counting.
    pub(crate) fn scrub(&mut self) {
        self.deleted = true;
        self.from_number.clear();
        self.to_number.clear();
        self.dynamic_variables = None;
        self.outcome.new_time = None;
        self.agent.webhook_url = None;
    }

    fn answer_due(&self) -> DateTime<Utc> {
        let ringing = self
            .outcome
            .answer_after_seconds
            .unwrap_or(ANSWER_AFTER_SECONDS);
        self.arrived_at_clock + TimeDelta::seconds(i64::from(ringing))
    }

    /// When it was (or will be) answered.
    pub(crate) fn answered_at(&self) -> Option<DateTime<Utc>> {
        let at = self.answer_due();
        let in_time = self.stopped_at.is_none_or(|stopped| at < stopped);
        (self.outcome.connection().answered() && in_time).then_some(at)
    }

    fn end(&self) -> (DateTime<Utc>, &str) {
        let reason = self.outcome.disconnection_reason.as_str();
        let (at, reason) = if self.outcome.connection().answered() {
            let talking = TimeDelta::seconds(i64::from(
                self.outcome.duration_seconds.unwrap_or(DURATION_SECONDS),
            ));
            match self
                .agent
                .max_call_duration_ms
                .map(|ms| TimeDelta::milliseconds(ms.cast_signed()))
            {
                Some(most) if most < talking => (self.answer_due() + most, "max_duration_reached"),
                _ => (self.answer_due() + talking, reason),
            }
        } else {
            (self.answer_due(), reason)
        };
        match self.stopped_at {
            Some(stopped) if stopped < at => (stopped, "manual_stopped"),
            _ => (at, reason),
        }
    }

    pub(crate) fn ended_at(&self) -> DateTime<Utc> {
        self.end().0
    }

    pub(crate) fn analyzed_at(&self) -> DateTime<Utc> {
        self.ended_at() + ANALYSIS_AFTER
    }

    pub(crate) fn phase(&self, now: DateTime<Utc>) -> Phase {
        if now >= self.analyzed_at() {
            Phase::Analyzed
        } else if now >= self.ended_at() {
            Phase::Ended
        } else if self.answered_at().is_some_and(|at| now >= at) {
            Phase::Ongoing
        } else {
            Phase::Registered
        }
    }

    /// The webhooks this call causes: when each is due, and its place among those due together.
    pub(crate) fn webhooks_due(&self) -> Vec<(DateTime<Utc>, u8, Event)> {
        if self.deleted
            || self.agent.webhook_url.is_none()
            || self.outcome.fault == Some(Fault::NoWebhooks)
        {
            return Vec::new();
        }
        let reordered = self.outcome.fault == Some(Fault::ReorderedWebhooks);
        let place = |event: Event| {
            if reordered {
                2 - event as u8
            } else {
                event as u8
            }
        };
        Event::ALL
            .into_iter()
            .filter(|event| {
                self.agent
                    .webhook_events
                    .as_ref()
                    .is_none_or(|wanted| wanted.contains(event))
            })
            .filter_map(|event| {
                let at = match event {
                    Event::CallStarted => self.answered_at()?,
                    Event::CallEnded => self.ended_at(),
                    Event::CallAnalyzed => self.analyzed_at(),
                };
                Some((
                    if reordered { self.analyzed_at() } else { at },
                    place(event),
                    event,
                ))
            })
            .collect()
    }

    /// The call as a webhook of this event shows it.
    pub(crate) fn at_event(&self, event: Event) -> Value {
        self.render(match event {
            Event::CallStarted => Phase::Ongoing,
            Event::CallEnded => Phase::Ended,
            Event::CallAnalyzed => Phase::Analyzed,
        })
    }

    /// Retell's call object at a phase.
    pub(crate) fn render(&self, phase: Phase) -> Value {
        let mut call = json!({
            "call_type": "phone_call",
            "from_number": self.from_number,
            "to_number": self.to_number,
            "direction": "outbound",
            "call_id": self.id,
            "agent_id": self.agent_id,
            "agent_name": "Sandbox agent",
            "agent_version": self.agent_version,
            "call_status": self.status(phase),
            "data_storage_setting": self.storage(),
            "opt_in_signed_url": false,
        });
        let Some(fields) = call.as_object_mut() else {
            return call;
        };
        if let Some(metadata) = &self.metadata {
            fields.insert("metadata".into(), Value::Object(metadata.clone()));
        }
        if let Some(variables) = &self.dynamic_variables {
            fields.insert("retell_llm_dynamic_variables".into(), json!(variables));
        }
        let answered = self.answered_at();
        if let Some(at) = answered
            && phase >= Phase::Ongoing
        {
            fields.insert("start_timestamp".into(), json!(at.timestamp_millis()));
        }
        if phase >= Phase::Ended {
            let (at, reason) = self.end();
            fields.insert("end_timestamp".into(), json!(at.timestamp_millis()));
            fields.insert("disconnection_reason".into(), json!(reason));
            let talked = answered.map_or(TimeDelta::zero(), |start| at - start);
            if answered.is_some() {
                fields.insert("duration_ms".into(), json!(talked.num_milliseconds()));
                if self.storage() != "basic_attributes_only" {
                    let lines = self.lines();
                    fields.insert("transcript".into(), json!(transcript(&lines)));
                    let objects: Vec<_> = lines
                        .iter()
                        .map(|(role, words)| json!({"role": role, "content": words, "words": []}))
                        .collect();
                    fields.insert("transcript_object".into(), json!(objects));
                }
            }
            fields.insert("call_cost".into(), cost(talked));
        }
        if phase >= Phase::Analyzed {
            fields.insert("call_analysis".into(), self.analysis());
        }
        call
    }

    fn storage(&self) -> &str {
        self.agent
            .data_storage_setting
            .as_deref()
            .unwrap_or("everything")
    }

    fn status(&self, phase: Phase) -> &'static str {
        match phase {
            Phase::Registered => "registered",
            Phase::Ongoing => "ongoing",
            Phase::Ended | Phase::Analyzed if self.end().1 == "manual_stopped" => "ended",
            Phase::Ended | Phase::Analyzed => self.outcome.connection().final_status(),
        }
    }

    fn voicemail(&self) -> bool {
        self.outcome.disconnection_reason == "voicemail_reached"
    }

    /// The action as the agent reports it: none from a call that nobody answered.
    fn action(&self) -> Option<AppointmentAction> {
        self.answered_at()?;
        Some(
            self.outcome
                .appointment_action
                .unwrap_or(AppointmentAction::NoAction),
        )
    }

    fn analysis(&self) -> Value {
        let action = self.action();
        let decided = action.is_some_and(|action| action != AppointmentAction::NoAction);
        let sentiment = self.outcome.sentiment.unwrap_or(match action {
            None => Sentiment::Unknown,
            Some(_) if self.voicemail() => Sentiment::Unknown,
            Some(AppointmentAction::Confirmed) => Sentiment::Positive,
            Some(_) => Sentiment::Neutral,
        });
        let mut custom = Map::new();
        if let Some(action) = action {
            custom.insert("appointment_action".into(), json!(action));
            if let Some(new_time) = &self.outcome.new_time {
                custom.insert("new_time".into(), json!(new_time));
            }
            if let Some(score) = self.outcome.feedback {
                custom.insert("customer_feedback".into(), json!(score));
            }
        }
        json!({
            "call_summary": match action {
                None => "The call did not connect.",
                Some(_) if self.voicemail() => "The agent reached a voicemail.",
                Some(AppointmentAction::Confirmed) => "The person confirmed the appointment.",
                Some(AppointmentAction::Cancelled) => "The person cancelled the appointment.",
                Some(AppointmentAction::Rescheduled) => "The person asked for another time.",
                Some(AppointmentAction::NoAction) => "Nothing was decided.",
            },
            "in_voicemail": self.voicemail(),
            "user_sentiment": sentiment,
            "call_successful": decided,
            "custom_analysis_data": custom,
        })
    }

    /// Who said what; empty if nobody answered.
    pub(crate) fn lines(&self) -> Vec<(&'static str, &'static str)> {
        let Some(action) = self.action() else {
            return Vec::new();
        };
        let opening = ("agent", "Hello, this is a call about your appointment.");
        if self.voicemail() {
            return vec![("user", "Please leave a message after the tone."), opening];
        }
        let answer = match action {
            AppointmentAction::Confirmed => "Yes, I will be there.",
            AppointmentAction::Cancelled => "I have to cancel it.",
            AppointmentAction::Rescheduled => "I need another time.",
            AppointmentAction::NoAction => "I cannot talk now.",
        };
        vec![opening, ("user", answer), ("agent", "Thank you, goodbye.")]
    }

    /// The arrivals log's view.
    pub(crate) fn view(&self, now: DateTime<Utc>) -> SandboxCall {
        SandboxCall {
            call_id: self.id.clone(),
            arrived_at: self.arrived_at,
            arrived_at_clock: self.arrived_at_clock,
            from_number: self.from_number.clone(),
            to_number: self.to_number.clone(),
            metadata: Value::Object(self.metadata.clone().unwrap_or_default()),
            dynamic_variables: self.dynamic_variables.clone().unwrap_or_default(),
            idempotency_key: self.idempotency_key.clone(),
            outcome: self.outcome.clone(),
            webhooks: self.webhooks.clone(),
            call_status: self.status(self.phase(now)).to_owned(),
            deleted: self.deleted,
        }
    }
}

fn transcript(lines: &[(&str, &str)]) -> String {
    lines.iter().fold(String::new(), |text, (role, words)| {
        let who = if *role == "agent" { "Agent" } else { "User" };
        text + who + ": " + words + "\n"
    })
}

/// Seven cents for each minute begun.
fn cost(talked: TimeDelta) -> Value {
    let seconds = talked.num_seconds();
    let cents = seconds.div_euclid(60) * 7 + if seconds.rem_euclid(60) > 0 { 7 } else { 0 };
    json!({
        "product_costs": [{"product": "sandbox_voice", "unit_price": 7, "cost": cents}],
        "total_duration_seconds": seconds,
        "total_duration_unit_price": 7,
        "combined_cost": cents,
    })
}
