//! The voice provider as the simulation plays it: an arrival log that is judged, what the phones did, the promise of
//! `idempotency_key` for exactly one hour, a listing that lags, and every way to fail.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use vio_domain::ids::{AttemptId, ContactId, SessionId, TenantId};
use vio_providers::retell::{
    Call, Concurrency, CreateError, CreatedCall, RetellApi, RetellFactory,
};
use vio_providers::{ApiError, BaseUrl, ProviderMessage, RetryAfter, Unanswered};

use crate::fabric::Fabric;
use crate::mutation::Mutation;
use crate::process::point;
use crate::rng::Rng;

/// How long an idempotency key is honoured.
const KEY_LIVES: TimeDelta = TimeDelta::hours(1);
/// The longest a call takes to show up in a listing.
const LONGEST_LAG: i64 = 240;

/// A request to create a call, as it reached the provider.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) seq: u64,
    pub(crate) at: DateTime<Utc>,
    /// When it was sent.
    pub(crate) sent_at: DateTime<Utc>,
    pub(crate) tenant: TenantId,
    pub(crate) contact: ContactId,
    pub(crate) session: SessionId,
    pub(crate) attempt: AttemptId,
    pub(crate) number: String,
    /// Whether a call was created: a person was rung. False for a repeat under a known key and for a refusal.
    pub(crate) created: bool,
    /// The call it created or repeated.
    pub(crate) call: Option<String>,
}

/// A call, and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Rung {
    pub(crate) call_id: String,
    pub(crate) arrival: Arrival,
    base_url: String,
    key: String,
    listed_from: DateTime<Utc>,
    pub(crate) connected_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: DateTime<Utc>,
    pub(crate) analyzed_at: DateTime<Utc>,
    pub(crate) reason: &'static str,
    action: Option<&'static str>,
    new_time: Option<String>,
    in_voicemail: bool,
}

/// A webhook to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) call: Rung,
    pub(crate) event: &'static str,
    pub(crate) at: DateTime<Utc>,
}

type Known = (DateTime<Utc>, usize, Vec<u8>);

#[derive(Default)]
struct State {
    arrivals: Vec<Arrival>,
    calls: Vec<Rung>,
    /// By address and idempotency key: when it was first used, for which call, with which body.
    keys: HashMap<(String, String), Known>,
}

/// The provider.
pub(crate) struct SimProvider {
    fabric: Arc<Fabric>,
    state: Mutex<State>,
    hooks: mpsc::UnboundedSender<Hook>,
    /// Until when it is away.
    away: Mutex<DateTime<Utc>>,
}

/// What the next request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Well,
    /// Never arrives; the sender waits in vain.
    Lost,
    /// The connection breaks before anything was sent.
    Broken,
    /// Arrives at the last moment, is served, and the answer comes too late.
    Late,
    /// Answers with a status without serving it.
    Status(u16),
    /// Serves it and answers with a status that does not say so.
    StatusAfterCall(u16),
}

impl Course {
    fn draw(rng: &mut Rng) -> Self {
        match rng.below(44) {
            0..6 => Self::Lost,
            6..8 => Self::Broken,
            8..16 => Self::Late,
            16..19 => Self::Status(500),
            19..22 => Self::StatusAfterCall(500),
            22..25 => Self::StatusAfterCall(503),
            25 => Self::Status(408),
            26 => Self::StatusAfterCall(408),
            27 => Self::Status(409),
            28 => Self::StatusAfterCall(409),
            29..33 => Self::Status(429),
            33..36 => Self::Status(400),
            36 => Self::Status(404),
            37 => Self::Status([401, 402, 403, 422][usize::try_from(rng.below(4)).unwrap_or(0)]),
            // A 2xx that cannot be read, as a status.
            38 => Self::StatusAfterCall(200),
            39 | 40 => Self::StatusAfterCall(408),
            41 | 42 => Self::StatusAfterCall(409),
            _ => Self::Status(503),
        }
    }
}

fn word(body: &Value, pointer: &str) -> String {
    body.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn refused(status: u16, retry_after: Option<RetryAfter>) -> ApiError {
    ApiError::Refused {
        status,
        retry_after,
        message: ProviderMessage::default(),
    }
}

impl SimProvider {
    pub(crate) fn new(fabric: Arc<Fabric>, hooks: mpsc::UnboundedSender<Hook>) -> Arc<Self> {
        Arc::new(Self {
            fabric,
            state: Mutex::default(),
            hooks,
            away: Mutex::default(),
        })
    }

    /// How it is away at the moment, if it is: whoever asks hears so at once.
    fn away(&self) -> Option<Course> {
        let now = self.fabric.truth();
        let mut until = self.away.lock().unwrap();
        let rough = self.fabric.rough;
        if *until <= now
            && self
                .fabric
                .strikes(rough.outages, 1_000, "provider: outage")
        {
            let seconds = self.fabric.draw(|rng| rng.between(4, 40));
            *until = now + TimeDelta::seconds(seconds);
        }
        (now < *until).then(|| {
            self.fabric.draw(|rng| {
                *rng.pick(&[
                    Course::Status(503),
                    Course::Status(503),
                    Course::Broken,
                    Course::StatusAfterCall(503),
                ])
            })
        })
    }

    /// Every request that arrived, in order.
    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.state.lock().unwrap().arrivals.clone()
    }

    /// Every call.
    pub(crate) fn calls(&self) -> Vec<Rung> {
        self.state.lock().unwrap().calls.clone()
    }

    /// A request arrives. `status`: what it is answered with whatever became of it.
    fn arrive(
        &self,
        from: &Sender,
        body: &[u8],
        sent_at: DateTime<Utc>,
        course: Course,
    ) -> Result<CreatedCall, CreateError> {
        let at = self.fabric.truth();
        let request: Value = serde_json::from_slice(body).expect("our own body");
        let mut state = self.state.lock().unwrap();
        let id = |pointer| word(&request, pointer);
        let mut arrival = Arrival {
            seq: self.fabric.next(),
            at,
            sent_at,
            tenant: id("/metadata/tenant_id").parse().expect("a tenant's id"),
            contact: id("/metadata/contact_id").parse().expect("a contact's id"),
            session: id("/metadata/session_id").parse().expect("a session's id"),
            attempt: id("/metadata/attempt_id").parse().expect("an attempt's id"),
            number: id("/to_number"),
            created: false,
            call: None,
        };
        let tenant = Some(arrival.tenant);
        if let Course::Status(status) = course {
            self.fabric.note(tenant, || {
                format!("PROVIDER refuses attempt {} with {status}", arrival.attempt)
            });
            state.arrivals.push(arrival);
            return Err(self.status(status));
        }
        let key = (from.base_url.clone(), id("/idempotency_key"));
        let known = state
            .keys
            .get(&key)
            .filter(|(first, _, _)| at < *first + KEY_LIVES);
        let call_id = match known {
            Some((_, _, before)) if before != body => {
                state.arrivals.push(arrival);
                return Err(refused(400, None));
            }
            Some((_, index, _)) => state.calls[*index].call_id.clone(),
            None => {
                let call_id = format!("call_{}", state.calls.len());
                arrival.created = true;
                arrival.call = Some(call_id.clone());
                let rung = self.ring(from, &arrival, call_id.clone());
                self.fabric.note(tenant, || {
                    format!(
                        "RINGS {} attempt {} session {} contact {} until {}, {}",
                        arrival.number,
                        arrival.attempt,
                        arrival.session,
                        arrival.contact,
                        rung.ended_at.format("%H:%M:%S"),
                        rung.reason
                    )
                });
                let index = state.calls.len();
                state.keys.insert(key, (at, index, body.to_vec()));
                self.announce(&rung);
                state.calls.push(rung);
                call_id
            }
        };
        arrival.call = Some(call_id.clone());
        state.arrivals.push(arrival);
        match course {
            Course::StatusAfterCall(200) => Err(Unanswered::Unreadable.into()),
            Course::StatusAfterCall(status) => Err(self.status(status)),
            _ => Ok(CreatedCall { call_id }),
        }
    }

    /// A status as the product's client would report it.
    fn status(&self, status: u16) -> CreateError {
        let mut definite = (400..500).contains(&status) && !matches!(status, 408 | 409);
        definite |= self.fabric.mutation == Some(Mutation::RefundOnAny4xx) && status < 500;
        if !definite {
            return Unanswered::Status(status).into();
        }
        let retry_after = (status == 429).then(|| {
            let wait = self.fabric.draw(|rng| rng.between(1, 240));
            RetryAfter::In(Duration::from_secs(wait.unsigned_abs()))
        });
        let status = if matches!(status, 408 | 409) {
            400
        } else {
            status
        };
        refused(status, retry_after)
    }

    /// What the phone does.
    fn ring(&self, from: &Sender, arrival: &Arrival, call_id: String) -> Rung {
        let stormy = self.fabric.rough.provider > 0 && !self.fabric.is_calm();
        self.fabric.draw(|rng| {
            let drawn = rng.below(100);
            let (reason, connects, action): (&'static str, bool, Option<&'static str>) = match drawn
            {
                _ if self.fabric.rough.answered => ("agent_hangup", true, Some("confirmed")),
                0..40 => ("agent_hangup", true, Some("confirmed")),
                40..47 => ("user_hangup", true, Some("cancelled")),
                47..54 => ("agent_hangup", true, Some("rescheduled")),
                54..62 => ("user_hangup", true, Some("no_action")),
                62..74 => ("dial_no_answer", false, None),
                74..84 => ("voicemail_reached", true, None),
                84..90 => ("dial_busy", false, None),
                90 if stormy => ("user_requested_dnc", true, Some("no_action")),
                91 if stormy => ("user_requested_callback", true, Some("no_action")),
                92 if stormy => ("invalid_destination", false, None),
                93 if stormy => ("concurrency_limit_reached", false, None),
                94 if stormy && rng.chance(1, 3) => ("no_valid_payment", false, None),
                95 | 96 if stormy => ("dial_failed", false, None),
                97 if stormy => ("error_llm_websocket_open", true, None),
                98 if stormy => ("abducted", rng.chance(1, 2), None),
                _ => ("agent_hangup", true, Some("confirmed")),
            };
            let rings = TimeDelta::milliseconds(rng.between(2_000, 30_000));
            let talks = TimeDelta::milliseconds(match connects {
                true if rng.chance(1, 50) => rng.between(300_000, 890_000),
                true => rng.between(8_000, 180_000),
                false => 0,
            });
            let ended_at = arrival.at + rings + talks;
            let new_time = (action == Some("rescheduled") && rng.chance(2, 3)).then(|| {
                let day = (arrival.at + TimeDelta::days(rng.between(1, 6))).format("%Y-%m-%d");
                format!(
                    "{day}T{:02}:{:02}",
                    rng.between(9, 17),
                    15 * rng.between(0, 3)
                )
            });
            let lag = if stormy {
                rng.between(0, LONGEST_LAG)
            } else {
                0
            };
            Rung {
                call_id,
                arrival: arrival.clone(),
                base_url: from.base_url.clone(),
                key: from.key.clone(),
                listed_from: arrival.at + TimeDelta::seconds(lag),
                connected_at: connects.then_some(arrival.at + rings),
                ended_at,
                analyzed_at: ended_at + TimeDelta::milliseconds(rng.between(1_000, 20_000)),
                reason,
                action,
                new_time,
                in_voicemail: reason == "voicemail_reached",
            }
        })
    }

    fn announce(&self, call: &Rung) {
        let hook = |event, at| {
            let call = call.clone();
            let _ = self.hooks.send(Hook { call, event, at });
        };
        if let Some(at) = call.connected_at {
            hook("call_started", at);
        }
        hook("call_ended", call.ended_at);
        hook("call_analyzed", call.analyzed_at);
    }
}

impl Rung {
    /// The call object as the provider shows it at an instant.
    pub(crate) fn object(&self, now: DateTime<Utc>) -> Value {
        let arrival = &self.arrival;
        let mut object = json!({
            "call_id": self.call_id,
            "call_status": "registered",
            "metadata": {
                "attempt_id": arrival.attempt, "session_id": arrival.session,
                "contact_id": arrival.contact, "tenant_id": arrival.tenant,
            },
        });
        if let Some(at) = self.connected_at.filter(|at| *at <= now) {
            object["call_status"] = json!("ongoing");
            object["start_timestamp"] = json!(at.timestamp_millis());
        }
        if self.ended_at <= now {
            let connected = self.connected_at.is_some();
            object["call_status"] = json!(if connected { "ended" } else { "not_connected" });
            object["end_timestamp"] = json!(self.ended_at.timestamp_millis());
            object["disconnection_reason"] = json!(self.reason);
        }
        if self.analyzed_at <= now && self.connected_at.is_some() {
            let mut custom = json!({});
            if let Some(action) = self.action {
                custom["appointment_action"] = json!(action);
            }
            if let Some(time) = &self.new_time {
                custom["new_time"] = json!(time);
            }
            object["call_analysis"] =
                json!({ "in_voicemail": self.in_voicemail, "custom_analysis_data": custom });
        }
        object
    }

    /// The webhook of an event, with its signature at an instant.
    pub(crate) fn webhook(&self, event: &str, now: DateTime<Utc>) -> (Vec<u8>, String) {
        let body = json!({ "event": event, "call": self.object(now) }).to_string();
        let sent = now.timestamp_millis().to_string();
        let digest =
            vio_crypto::mac::sign_hex(self.key.as_bytes(), &[body.as_bytes(), sent.as_bytes()]);
        (body.into_bytes(), format!("v={sent},d={digest}"))
    }
}

/// Makes clients: one for each address and key.
pub(crate) struct SimRetell(pub Arc<SimProvider>);

impl RetellFactory for SimRetell {
    fn client(&self, base_url: BaseUrl, api_key: SecretString) -> Arc<dyn RetellApi> {
        Arc::new(Sender {
            provider: self.0.clone(),
            base_url: base_url.as_str().to_owned(),
            key: api_key.expose_secret().to_owned(),
        })
    }
}

/// One customer's way to the provider.
#[derive(Clone)]
struct Sender {
    provider: Arc<SimProvider>,
    base_url: String,
    key: String,
}

impl Sender {
    /// Puts a request on the wire: it arrives even if its sender dies meanwhile, and within the sender's patience or
    /// never. The answer comes through the channel.
    fn put(
        &self,
        body: Vec<u8>,
        timeout: Duration,
    ) -> oneshot::Receiver<Result<CreatedCall, CreateError>> {
        let (answer, receiver) = oneshot::channel();
        let fabric = self.provider.fabric.clone();
        let sent_at = fabric.truth();
        let away = self.provider.away();
        let struck =
            away.is_some() || fabric.strikes(fabric.rough.provider, 1_000, "provider: trouble");
        let course = match away {
            Some(course) => course,
            None if struck => fabric.draw(Course::draw),
            None => Course::Well,
        };
        if struck {
            fabric.count(&format!("provider: {course:?}"));
        }
        let patience = i64::try_from(timeout.as_millis()).unwrap_or(0);
        let (way, back) = fabric.draw(|rng| match course {
            Course::Late => (rng.between(patience / 2, patience - 1), patience),
            _ if rng.chance(1, 30) => (rng.between(50, 1_500), rng.between(20, 1_500)),
            _ => (rng.between(15, 90), rng.between(15, 250)),
        });
        let from = self.clone();
        tokio::spawn(async move {
            let pause = |ms: i64| tokio::time::sleep(Duration::from_millis(ms.unsigned_abs()));
            match course {
                Course::Lost => return std::future::pending().await,
                Course::Broken => {
                    let _ = answer.send(Err(Unanswered::Connection.into()));
                    return;
                }
                _ if way >= patience => return std::future::pending().await,
                _ => pause(way).await,
            }
            let outcome = from.provider.arrive(&from, &body, sent_at, course);
            pause(back).await;
            let _ = answer.send(outcome);
        });
        receiver
    }
}

#[async_trait]
impl RetellApi for Sender {
    async fn create_call(
        &self,
        body: &[u8],
        timeout: Duration,
    ) -> Result<CreatedCall, CreateError> {
        point().await;
        let mut body = body.to_vec();
        let fabric = &self.provider.fabric;
        if fabric.mutation == Some(Mutation::FreshKeyPerSend) {
            let mut request: Value = serde_json::from_slice(&body).expect("our own body");
            request["idempotency_key"] = json!(format!("key-{}", fabric.next()));
            body = request.to_string().into_bytes();
        }
        let receiver = self.put(body.clone(), timeout);
        let answer = match tokio::time::timeout(timeout, receiver).await {
            Ok(Ok(answer)) => answer,
            // The channel of a lost request never answers; a dropped one is a broken connection.
            Ok(Err(_)) => Err(Unanswered::Connection.into()),
            Err(_) => Err(Unanswered::TimedOut.into()),
        };
        if fabric.mutation == Some(Mutation::ResendAfterBound)
            && matches!(answer, Err(CreateError::NoAnswer(_)))
            && !fabric.is_calm()
        {
            let later = fabric.draw(|rng| rng.between(120, 5_000));
            let again = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(later.unsigned_abs())).await;
                let _ = again.put(body, Duration::from_secs(10)).await;
            });
        }
        point().await;
        answer
    }

    async fn list_calls_by_attempt(
        &self,
        attempt: AttemptId,
        _: Duration,
    ) -> Result<Vec<Call>, ApiError> {
        point().await;
        let provider = &self.provider;
        tokio::time::sleep(Duration::from_millis(60)).await;
        let rough = provider.fabric.rough;
        if provider
            .fabric
            .strikes(rough.provider, 2_000, "provider: list failed")
        {
            return Err(Unanswered::Connection.into());
        }
        let now = provider.fabric.truth();
        let found = provider
            .calls()
            .into_iter()
            .filter(|call| call.base_url == self.base_url)
            .filter(|call| call.arrival.attempt == attempt && call.listed_from <= now)
            .map(|call| Call::read(&call.object(now)).expect("a call object"))
            .collect();
        point().await;
        Ok(found)
    }

    async fn get_call(&self, call_id: &str, _: Duration) -> Result<Call, ApiError> {
        point().await;
        let provider = &self.provider;
        tokio::time::sleep(Duration::from_millis(60)).await;
        let rough = provider.fabric.rough;
        if provider
            .fabric
            .strikes(rough.provider, 2_000, "provider: get failed")
        {
            return Err(Unanswered::TimedOut.into());
        }
        let now = provider.fabric.truth();
        let calls = provider.calls();
        let call = calls
            .iter()
            .find(|call| call.call_id == call_id && call.base_url == self.base_url);
        point().await;
        call.map(|call| Call::read(&call.object(now)).expect("a call object"))
            .ok_or(refused(404, None))
    }

    async fn stop_call(&self, _: &str, _: Duration) -> Result<(), ApiError> {
        point().await;
        Ok(())
    }

    async fn delete_call(&self, _: &str, _: Duration) -> Result<(), ApiError> {
        point().await;
        Ok(())
    }

    async fn concurrency(&self, _: Duration) -> Result<Concurrency, ApiError> {
        point().await;
        Ok(Concurrency {
            current: 0,
            limit: 100,
        })
    }
}
