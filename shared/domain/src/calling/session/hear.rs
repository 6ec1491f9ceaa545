//! What is heard of a placed call, and what the session makes of it.

use chrono::{DateTime, Utc};

use crate::calling::disconnect::{Connection, meaning};
use crate::ids::AttemptId;

use super::report::{Action, Analysis, Ended, Outcome, PlacedCall, Report};
use super::{Applied, CallSession, SessionState, TransitionError};

/// What we hear of a placed call: from the provider's answer, a webhook, a listing or a fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallEvent {
    /// The provider has the call.
    Placed,
    /// It connected (`call_started`).
    Started,
    /// It is over (`call_ended`). `started`: the event carries an instant at which it had connected.
    Ended {
        /// Its end.
        ended: Ended,
        /// Whether it had connected.
        started: bool,
    },
    /// It is over and analysed (`call_analyzed`), or was fetched after its end. `None`: still no analysis.
    Analyzed {
        /// Its end.
        ended: Ended,
        /// Whether it had connected.
        started: bool,
        /// What was said.
        analysis: Option<Analysis>,
    },
}

impl CallSession {
    /// Something was heard of the call that `attempt` placed. On [`Applied::Settled`] the caller decides what follows
    /// ([`crate::calling::settle`]) in the same write.
    ///
    /// # Errors
    /// [`TransitionError::OtherCall`] if the attempt has another provider call.
    pub fn hear(
        &mut self,
        attempt: AttemptId,
        provider_call_id: &str,
        event: CallEvent,
        now: DateTime<Utc>,
    ) -> Result<Applied, TransitionError> {
        let Some(mut call) = self.call_of(attempt, provider_call_id, now)? else {
            return Ok(Applied::No);
        };
        let known = matches!(
            self.state,
            SessionState::Initiated(_) | SessionState::Answered { .. }
        );
        let (since, had_ended) = match &self.state {
            SessionState::Answered { since, ended, .. } => (Some(*since), ended.is_some()),
            _ => (None, false),
        };
        match event {
            CallEvent::Placed if known => Ok(Applied::No),
            CallEvent::Placed => {
                call.placed_at = now;
                self.state = SessionState::Initiated(call);
                Ok(Applied::Yes)
            }
            CallEvent::Started if since.is_some() => Ok(Applied::No),
            CallEvent::Started => {
                self.state = SessionState::Answered {
                    call,
                    since: now,
                    ended: None,
                };
                Ok(Applied::Yes)
            }
            CallEvent::Ended { .. } if had_ended => Ok(Applied::No),
            CallEvent::Ended { ended, started }
                if connected(&ended, started || since.is_some()) =>
            {
                let since = since.or(ended.started_at).unwrap_or(ended.at);
                self.state = SessionState::Answered {
                    call,
                    since,
                    ended: Some(ended),
                };
                Ok(Applied::Yes)
            }
            CallEvent::Ended { ended, .. } => Ok(self.settle(call, ended, None, false)),
            CallEvent::Analyzed {
                ended,
                started,
                analysis,
            } => {
                let connected = connected(&ended, started || since.is_some());
                Ok(self.settle(call, ended, analysis, connected))
            }
        }
    }

    fn settle(
        &mut self,
        call: PlacedCall,
        ended: Ended,
        analysis: Option<Analysis>,
        connected: bool,
    ) -> Applied {
        let meaning = meaning(&ended.reason);
        let analysis = analysis.filter(|_| connected);
        let machine = analysis.as_ref().is_some_and(|a| a.in_voicemail);
        let decided = analysis
            .as_ref()
            .is_some_and(|a| a.action != Action::NoAction);
        let outcome = match meaning.outcome {
            // Somebody decided something before the line broke, or talked where a machine was expected.
            _ if decided && !machine => Outcome::Answered,
            Outcome::Answered if machine => Outcome::Voicemail,
            outcome => outcome,
        };
        let technical = meaning.technical && outcome == Outcome::Failed;
        let report = Report {
            call,
            ended,
            outcome,
            technical,
            analysis,
        };
        self.state = match outcome {
            Outcome::Failed => SessionState::Failed(report),
            _ => SessionState::Completed(report),
        };
        Applied::Settled
    }

    /// The call an event is about, or `None` if it changes nothing here any more. A session that returned to planned
    /// takes the call of its last attempt back: what was thought not placed was placed after all.
    fn call_of(
        &self,
        attempt: AttemptId,
        provider_call_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<PlacedCall>, TransitionError> {
        if let Some(call) = self.call() {
            return match call.attempt == attempt {
                true if call.provider_call_id != provider_call_id => {
                    Err(TransitionError::OtherCall)
                }
                true if !self.is_settled() => Ok(Some(call.clone())),
                _ => Ok(None),
            };
        }
        let open = matches!(
            self.state,
            SessionState::Planned | SessionState::Placing { .. } | SessionState::Unknown { .. }
        );
        Ok(self
            .last_attempt
            .filter(|(last, _)| open && *last == attempt)
            .map(|(_, granted_at)| PlacedCall {
                attempt,
                provider_call_id: provider_call_id.to_owned(),
                granted_at,
                placed_at: now,
            }))
    }
}

fn connected(ended: &Ended, started: bool) -> bool {
    match meaning(&ended.reason).connection {
        Connection::Connected => true,
        Connection::NotConnected => false,
        Connection::IfStarted => started,
    }
}
