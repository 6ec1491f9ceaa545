//! The request that places a call.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};
use vio_domain::ids::{AttemptId, ContactId, SessionId, TenantId};

/// Longest a call may last (rules.md "Placing a call, exactly once"): 15 minutes.
pub const MAX_CALL_DURATION_MS: u32 = 15 * 60 * 1000;
/// How long the phone rings where nobody says otherwise.
pub const DEFAULT_RING_DURATION_MS: u32 = 30_000;
/// How long the provider waits for our answer to a webhook: its own limit.
pub const WEBHOOK_TIMEOUT_MS: u32 = 10_000;
/// The events that are sent to us.
pub const WEBHOOK_EVENTS: [&str; 3] = ["call_started", "call_ended", "call_analyzed"];

/// What goes into `metadata`: opaque ids only (rules.md Privacy).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CallMetadata {
    /// Whose call.
    pub tenant_id: TenantId,
    /// Who is rung.
    pub contact_id: ContactId,
    /// The call session.
    pub session_id: SessionId,
    /// The attempt, by which it is found again.
    pub attempt_id: AttemptId,
}

/// What the provider keeps of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DataStorage {
    /// Recording, transcript, analysis.
    Everything,
    /// The same without what identifies the person.
    EverythingExceptPii,
    /// Neither recording nor transcript.
    BasicAttributesOnly,
}

/// What the agent does when a machine picks up.
#[derive(Clone, PartialEq, Eq)]
pub enum Voicemail {
    /// Says nothing.
    Hangup,
    /// Says exactly this, and hangs up.
    Say(String),
}

/// What `agent_override.agent` sets for this one call.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentSettings {
    /// Where this tenant's webhooks go.
    pub webhook_url: String,
    /// What the provider keeps.
    pub data_storage: DataStorage,
    /// For how many days, 1 to 730.
    pub data_storage_retention_days: u16,
    /// See [`MAX_CALL_DURATION_MS`].
    pub max_call_duration_ms: u32,
    /// See [`DEFAULT_RING_DURATION_MS`]; 5,000 to 300,000.
    pub ring_duration_ms: u32,
    /// What a machine hears.
    pub voicemail: Voicemail,
}

/// A call to place.
#[derive(Clone, PartialEq, Eq)]
pub struct CreateCallRequest {
    /// The tenant's number, E.164.
    pub from_number: String,
    /// The person's number, E.164.
    pub to_number: String,
    /// The tenant's agent.
    pub agent_id: String,
    /// Opaque ids. The attempt's is the `idempotency_key` as well.
    pub metadata: CallMetadata,
    /// What the agent may say.
    pub dynamic_variables: BTreeMap<String, String>,
    /// Settings for this call.
    pub agent: AgentSettings,
}

impl CreateCallRequest {
    /// The body to store and to send, byte for byte: the same request has the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let voicemail = match &self.agent.voicemail {
            Voicemail::Hangup => json!({"type": "hangup"}),
            Voicemail::Say(text) => json!({"type": "static_text", "text": text}),
        };
        let body: Value = json!({
            "from_number": self.from_number,
            "to_number": self.to_number,
            "override_agent_id": self.agent_id,
            "idempotency_key": self.metadata.attempt_id,
            "metadata": self.metadata,
            "retell_llm_dynamic_variables": self.dynamic_variables,
            "agent_override": {"agent": {
                "webhook_url": self.agent.webhook_url,
                "webhook_events": WEBHOOK_EVENTS,
                "webhook_timeout_ms": WEBHOOK_TIMEOUT_MS,
                "data_storage_setting": self.agent.data_storage,
                "data_storage_retention_days": self.agent.data_storage_retention_days,
                "max_call_duration_ms": self.agent.max_call_duration_ms,
                "ring_duration_ms": self.agent.ring_duration_ms,
                "voicemail_option": {"action": voicemail},
            }},
        });
        body.to_string().into_bytes()
    }
}

impl fmt::Debug for CreateCallRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateCallRequest")
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AgentSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentSettings")
            .field("data_storage", &self.data_storage)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Voicemail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hangup => "Hangup",
            Self::Say(_) => "Say([withheld])",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> CreateCallRequest {
        let id = |text: &str| format!("0190b8a4-0000-7000-8000-0000000000{text}");
        CreateCallRequest {
            from_number: "+442079460000".into(),
            to_number: "+447911000001".into(),
            agent_id: "agent_1".into(),
            metadata: CallMetadata {
                tenant_id: id("01").parse().unwrap(),
                contact_id: id("04").parse().unwrap(),
                session_id: id("02").parse().unwrap(),
                attempt_id: id("03").parse().unwrap(),
            },
            dynamic_variables: [("first_name".to_owned(), "Zoë".to_owned())].into(),
            agent: AgentSettings {
                webhook_url: "https://vio.example/api/webhook/call-outcome/unguessable".into(),
                data_storage: DataStorage::EverythingExceptPii,
                data_storage_retention_days: 30,
                max_call_duration_ms: MAX_CALL_DURATION_MS,
                ring_duration_ms: DEFAULT_RING_DURATION_MS,
                voicemail: Voicemail::Say("Please call the clinic.".into()),
            },
        }
    }

    #[test]
    fn the_body_is_what_the_provider_documents() {
        let body: Value = serde_json::from_slice(&request().to_bytes()).unwrap();
        assert_eq!(
            body,
            json!({
                "from_number": "+442079460000",
                "to_number": "+447911000001",
                "override_agent_id": "agent_1",
                "idempotency_key": "0190b8a4-0000-7000-8000-000000000003",
                "metadata": {
                    "tenant_id": "0190b8a4-0000-7000-8000-000000000001",
                    "contact_id": "0190b8a4-0000-7000-8000-000000000004",
                    "session_id": "0190b8a4-0000-7000-8000-000000000002",
                    "attempt_id": "0190b8a4-0000-7000-8000-000000000003",
                },
                "retell_llm_dynamic_variables": {"first_name": "Zoë"},
                "agent_override": {"agent": {
                    "webhook_url": "https://vio.example/api/webhook/call-outcome/unguessable",
                    "webhook_events": ["call_started", "call_ended", "call_analyzed"],
                    "webhook_timeout_ms": 10_000,
                    "data_storage_setting": "everything_except_pii",
                    "data_storage_retention_days": 30,
                    "max_call_duration_ms": 900_000,
                    "ring_duration_ms": 30_000,
                    "voicemail_option": {"action": {"type": "static_text", "text": "Please call the clinic."}},
                }},
            })
        );
        assert_eq!(request().to_bytes(), request().to_bytes());
    }

    #[test]
    fn debug_shows_ids_only() {
        let shown = format!("{:?} {:?}", request(), request().agent);
        for secret in ["+44", "Zoë", "unguessable", "clinic"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}
