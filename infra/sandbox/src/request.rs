//! The body of `POST /v2/create-phone-call`, held to what Retell accepts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::Event;
use crate::sign;

/// A request that is well formed. Whether the account may make it is another question.
#[derive(Debug, Clone)]
pub(crate) struct CreateRequest {
    pub(crate) from_number: String,
    pub(crate) to_number: String,
    pub(crate) agent_id: Option<String>,
    pub(crate) agent_version: Option<Value>,
    pub(crate) metadata: Option<Map<String, Value>>,
    pub(crate) dynamic_variables: Option<BTreeMap<String, String>>,
    pub(crate) honor_internal_dnc: bool,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) agent: AgentOverride,
    /// Of the whole body, to tell a repeat from another request under the same key.
    pub(crate) fingerprint: String,
}

/// What `agent_override.agent` sets for this one call. Fields that change nothing here are
/// type-checked and dropped.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct AgentOverride {
    pub(crate) webhook_url: Option<String>,
    /// Absent: the three events of a call.
    pub(crate) webhook_events: Option<Vec<Event>>,
    pub(crate) webhook_timeout_ms: Option<u64>,
    pub(crate) data_storage_setting: Option<String>,
    pub(crate) max_call_duration_ms: Option<u64>,
}

/// The most bytes `metadata` may have as JSON (Retell: 50 kB).
const METADATA_BYTES: usize = 50 * 1024;
const IDEMPOTENCY_KEY_CHARS: usize = 256;

impl CreateRequest {
    /// Reads a raw body. The error says what is wrong, without repeating what was sent.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let value: Value =
            serde_json::from_slice(body).map_err(|_| "the body is not JSON".to_owned())?;
        let fingerprint = sign::fingerprint(&value);
        let Value::Object(mut fields) = value else {
            return Err("the body is not an object".into());
        };
        let from_number = string(&mut fields, "from_number")?.ok_or("from_number is required")?;
        let to_number = string(&mut fields, "to_number")?.ok_or("to_number is required")?;
        for (name, number) in [("from_number", &from_number), ("to_number", &to_number)] {
            if !is_e164(number) {
                return Err(format!("{name} is not in E.164 format"));
            }
        }
        let agent_version = match fields.remove("override_agent_version") {
            None => None,
            Some(version) if version.is_string() || version.is_u64() => Some(version),
            Some(_) => return Err("override_agent_version must be an integer or a string".into()),
        };
        let metadata = object(&mut fields, "metadata")?;
        if metadata
            .as_ref()
            .is_some_and(|m| Value::Object(m.clone()).to_string().len() > METADATA_BYTES)
        {
            return Err("metadata is larger than 50 kB".into());
        }
        let idempotency_key = string(&mut fields, "idempotency_key")?;
        if let Some(key) = &idempotency_key
            && (key.is_empty() || key.chars().count() > IDEMPOTENCY_KEY_CHARS)
        {
            return Err("idempotency_key must have 1 to 256 characters".into());
        }
        strings(&mut fields, "custom_sip_headers")?;
        Ok(Self {
            from_number,
            to_number,
            agent_id: string(&mut fields, "override_agent_id")?,
            agent_version,
            metadata,
            dynamic_variables: strings(&mut fields, "retell_llm_dynamic_variables")?,
            honor_internal_dnc: boolean(&mut fields, "honor_internal_dnc")?.unwrap_or(false),
            idempotency_key,
            agent: AgentOverride::parse(object(&mut fields, "agent_override")?)?,
            fingerprint,
        })
    }
}

impl AgentOverride {
    fn parse(agent_override: Option<Map<String, Value>>) -> Result<Self, String> {
        let Some(mut agent_override) = agent_override else {
            return Ok(Self::default());
        };
        let Some(mut agent) = object(&mut agent_override, "agent")? else {
            return Ok(Self::default());
        };
        agent.retain(|name, value| {
            !(value.is_null() && matches!(name.as_str(), "webhook_url" | "voicemail_option"))
        });
        let webhook_url = string(&mut agent, "webhook_url")?;
        if let Some(url) = &webhook_url
            && !reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
        {
            return Err("agent_override.agent.webhook_url is not an http(s) URL".into());
        }
        let webhook_events = match agent.remove("webhook_events") {
            None => None,
            Some(Value::Array(names)) => Some(events(&names)?),
            Some(_) => return Err("agent_override.agent.webhook_events must be an array".into()),
        };
        let data_storage_setting = string(&mut agent, "data_storage_setting")?;
        if let Some(setting) = &data_storage_setting
            && !matches!(
                setting.as_str(),
                "everything" | "everything_except_pii" | "basic_attributes_only"
            )
        {
            return Err(
                "agent_override.agent.data_storage_setting is not one of the known settings".into(),
            );
        }
        number(&mut agent, "data_storage_retention_days", 1, 730)?;
        number(&mut agent, "ring_duration_ms", 5_000, 300_000)?;
        object(&mut agent, "voicemail_option")?;
        Ok(Self {
            webhook_url,
            webhook_events,
            webhook_timeout_ms: number(&mut agent, "webhook_timeout_ms", 1, 60_000)?,
            data_storage_setting,
            max_call_duration_ms: number(&mut agent, "max_call_duration_ms", 60_000, 7_200_000)?,
        })
    }
}

/// Events of a call; those of transfers and live transcripts are valid names that never happen here.
fn events(names: &[Value]) -> Result<Vec<Event>, String> {
    let mut events = Vec::new();
    for name in names {
        match name.as_str() {
            Some("call_started") => events.push(Event::CallStarted),
            Some("call_ended") => events.push(Event::CallEnded),
            Some("call_analyzed") => events.push(Event::CallAnalyzed),
            Some(
                "transcript_updated" | "transfer_started" | "transfer_bridged"
                | "transfer_cancelled" | "transfer_ended",
            ) => {}
            _ => return Err("agent_override.agent.webhook_events names an unknown event".into()),
        }
    }
    Ok(events)
}

fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

fn string(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name} must be a string")),
    }
}

fn boolean(fields: &mut Map<String, Value>, name: &str) -> Result<Option<bool>, String> {
    match fields.remove(name) {
        None => Ok(None),
        Some(Value::Bool(yes)) => Ok(Some(yes)),
        Some(_) => Err(format!("{name} must be a boolean")),
    }
}

fn number(
    fields: &mut Map<String, Value>,
    name: &str,
    least: u64,
    most: u64,
) -> Result<Option<u64>, String> {
    match fields.remove(name) {
        None => Ok(None),
        Some(value) => match value.as_u64() {
            Some(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ => Err(format!(
                "agent_override.agent.{name} must be an integer from {least} to {most}"
            )),
        },
    }
}

fn object(
    fields: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<Map<String, Value>>, String> {
    match fields.remove(name) {
        None => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(format!("{name} must be an object")),
    }
}

fn strings(
    fields: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<BTreeMap<String, String>>, String> {
    let Some(members) = object(fields, name)? else {
        return Ok(None);
    };
    let mut strings = BTreeMap::new();
    for (key, value) in members {
        let Value::String(value) = value else {
            return Err(format!("every value of {name} must be a string"));
        };
        strings.insert(key, value);
    }
    Ok(Some(strings))
}
