//! The provider as the simulation plays it: an arrival log that is judged, faults drawn from the seed, the promise of
//! `idempotency_key` for exactly one hour.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use vio_domain::ids::AttemptId;
use vio_providers::retell::{Call, Concurrency, CreateError, CreatedCall, RetellApi};
use vio_providers::{ApiError, ProviderMessage, Unanswered};
use vio_runtime::testing::ManualClock;
use vio_store::env::Clock;

use crate::rng::Rng;

/// A call that was created: what is judged.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) call_id: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) attempt: AttemptId,
    pub(crate) session: String,
    pub(crate) contact: String,
}

/// What the next request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Never arrives; the sender waits in vain.
    Lost,
    /// Arrives, makes the call, and the answer is lost.
    AnswerLost,
    /// 500 without a call.
    Error,
    /// 500 although the call was made.
    ErrorAfterCall,
    Refuse(u16),
}

struct State {
    rng: Rng,
    /// Faults per thousand requests.
    faults: u32,
    arrivals: Vec<Arrival>,
    keys: HashMap<String, (DateTime<Utc>, String)>,
    dead: bool,
    refused: usize,
}

pub(crate) struct Provider {
    clock: OnceLock<Arc<ManualClock>>,
    state: Mutex<State>,
}

impl Provider {
    pub(crate) fn new(seed: u64, faults: u32) -> Self {
        let state = State {
            rng: Rng::new(seed),
            faults,
            arrivals: Vec::new(),
            keys: HashMap::new(),
            dead: false,
            refused: 0,
        };
        Self {
            clock: OnceLock::new(),
            state: Mutex::new(state),
        }
    }

    /// The clock by which arrivals are dated; the one that the product reads.
    pub(crate) fn set_clock(&self, clock: Arc<ManualClock>) {
        assert!(self.clock.set(clock).is_ok(), "one clock");
    }

    fn clock(&self) -> &ManualClock {
        self.clock.get().expect("a clock")
    }

    /// While dead, nothing gets out of the process: the rest of a run that a crash cut off.
    pub(crate) fn set_dead(&self, dead: bool) {
        self.state.lock().unwrap().dead = dead;
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.state.lock().unwrap().arrivals.clone()
    }

    pub(crate) fn refused(&self) -> usize {
        self.state.lock().unwrap().refused
    }

    fn draw(state: &mut State) -> Fault {
        if state.rng.below(1000) >= state.faults {
            return Fault::None;
        }
        match state.rng.below(8) {
            0 => Fault::Lost,
            1 | 2 => Fault::AnswerLost,
            3 => Fault::Error,
            4 => Fault::ErrorAfterCall,
            5 => Fault::Refuse(429),
            6 => Fault::Refuse(400),
            _ => Fault::Refuse(500),
        }
    }
}

fn text(body: &Value, pointer: &str) -> String {
    body.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

#[async_trait]
impl RetellApi for Provider {
    async fn create_call(
        &self,
        body: &[u8],
        timeout: Duration,
    ) -> Result<CreatedCall, CreateError> {
        let mut state = self.state.lock().unwrap();
        if state.dead {
            return Err(Unanswered::Connection.into());
        }
        let body: Value = serde_json::from_slice(body).expect("our own body");
        let fault = Self::draw(&mut state);
        let now = self.clock().now();
        let wait = TimeDelta::from_std(timeout).unwrap();
        match fault {
            Fault::Lost => {
                self.clock().advance(wait);
                return Err(Unanswered::TimedOut.into());
            }
            Fault::Refuse(500) | Fault::Error => {
                self.clock().advance(TimeDelta::seconds(1));
                return Err(Unanswered::Status(500).into());
            }
            Fault::Refuse(status) => {
                state.refused += 1;
                return Err(ApiError::Refused {
                    status,
                    retry_after: None,
                    message: ProviderMessage::default(),
                });
            }
            _ => {}
        }
        let key = text(&body, "/idempotency_key");
        let known = state
            .keys
            .get(&key)
            .filter(|(at, _)| now < *at + TimeDelta::hours(1))
            .cloned();
        let call_id = match known {
            Some((_, call_id)) => call_id,
            None => {
                let call_id = format!("call_{}", state.arrivals.len());
                state.keys.insert(key, (now, call_id.clone()));
                state.arrivals.push(Arrival {
                    call_id: call_id.clone(),
                    at: now,
                    attempt: text(&body, "/metadata/attempt_id")
                        .parse()
                        .expect("an attempt id"),
                    session: text(&body, "/metadata/session_id"),
                    contact: text(&body, "/metadata/contact_id"),
                });
                call_id
            }
        };
        match fault {
            Fault::AnswerLost => {
                self.clock().advance(wait);
                Err(Unanswered::TimedOut.into())
            }
            Fault::ErrorAfterCall => {
                self.clock().advance(TimeDelta::seconds(2));
                Err(Unanswered::Status(500).into())
            }
            _ => Ok(CreatedCall { call_id }),
        }
    }

    async fn list_calls_by_attempt(
        &self,
        attempt: AttemptId,
        _: Duration,
    ) -> Result<Vec<Call>, ApiError> {
        let mut state = self.state.lock().unwrap();
        if state.dead || state.rng.below(1000) < state.faults / 2 {
            return Err(Unanswered::Connection.into());
        }
        let found = state
            .arrivals
            .iter()
            .filter(|arrival| arrival.attempt == attempt);
        Ok(found.map(|arrival| call(arrival, None)).collect())
    }

    async fn get_call(&self, call_id: &str, _: Duration) -> Result<Call, ApiError> {
        let state = self.state.lock().unwrap();
        if state.dead {
            return Err(Unanswered::Connection.into());
        }
        let arrival = state
            .arrivals
            .iter()
            .find(|arrival| arrival.call_id == call_id);
        arrival
            .map(|arrival| call(arrival, Some(self.clock().now())))
            .ok_or(ApiError::Refused {
                status: 422,
                retry_after: None,
                message: ProviderMessage::default(),
            })
    }

    async fn stop_call(&self, _: &str, _: Duration) -> Result<(), ApiError> {
        Ok(())
    }

    async fn delete_call(&self, _: &str, _: Duration) -> Result<(), ApiError> {
        Ok(())
    }

    async fn concurrency(&self, _: Duration) -> Result<Concurrency, ApiError> {
        Ok(Concurrency {
            current: 0,
            limit: 100,
        })
    }
}

/// A call object as the provider would give it; ended and confirmed where `now` says that it must be over.
fn call(arrival: &Arrival, now: Option<DateTime<Utc>>) -> Call {
    let mut object = json!({
        "call_id": arrival.call_id,
        "call_status": "ongoing",
        "metadata": { "attempt_id": arrival.attempt, "session_id": arrival.session, "contact_id": arrival.contact },
    });
    let end = arrival.at + TimeDelta::seconds(40);
    if now.is_some_and(|now| now >= end) {
        object["call_status"] = json!("ended");
        object["disconnection_reason"] = json!("agent_hangup");
        object["start_timestamp"] = json!((arrival.at + TimeDelta::seconds(3)).timestamp_millis());
        object["end_timestamp"] = json!(end.timestamp_millis());
        object["call_analysis"] =
            json!({ "custom_analysis_data": { "appointment_action": "confirmed" } });
    }
    Call::read(&object).expect("a call object")
}
