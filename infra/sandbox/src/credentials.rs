//! Which API keys the stand-ins know, and what each may use.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// What the holder of a Retell API key may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetellAccess {
    /// Agent ids of the account.
    #[serde(default)]
    pub agents: BTreeSet<String>,
    /// Numbers (E.164) that the account may call from.
    #[serde(default)]
    pub numbers: BTreeSet<String>,
}

/// Whose calendar a Cal.com API key opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalcomAccess {
    /// The organizer's e-mail: the key sees this organizer's bookings and no others.
    pub organizer_email: String,
    /// The account's webhooks.
    #[serde(default)]
    pub hooks: Vec<CalcomHook>,
}

/// A webhook of an account at Cal.com.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalcomHook {
    /// Where it sends to.
    pub url: String,
    /// Whether it is switched on.
    pub active: bool,
    /// Of what it tells.
    pub triggers: Vec<String>,
    /// What signs it, if anything does.
    #[serde(default)]
    pub secret: Option<String>,
}

impl std::fmt::Debug for CalcomHook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CalcomHook")
            .field("active", &self.active)
            .field("triggers", &self.triggers)
            .finish_non_exhaustive()
    }
}

/// Whose calendar a Calendly access token opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendlyAccess {
    /// The organizer's e-mail: the token sees this user's events and no others.
    pub organizer_email: String,
    /// The account's plan has no webhooks, or the token no right to them.
    #[serde(default)]
    pub no_webhooks: bool,
}

/// What the holder of a Twilio account's auth token may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwilioAccess {
    /// Numbers (E.164) that the account may send from.
    #[serde(default)]
    pub numbers: BTreeSet<String>,
    /// Where messages to them are posted.
    #[serde(default)]
    pub sms_url: Option<String>,
}

/// The keys that are good at this moment. The local host answers from what tenants last saved.
#[async_trait]
pub trait Credentials: Send + Sync + 'static {
    /// What this Retell key may use; `None` for a key nobody has (401).
    async fn retell(&self, api_key: &str) -> Option<RetellAccess>;
    /// Whose calendar this Cal.com key opens; `None` for a key nobody has (401).
    async fn calcom(&self, api_key: &str) -> Option<CalcomAccess>;
    /// Whose calendar this Calendly token opens; `None` for a token nobody has (401).
    async fn calendly(&self, token: &str) -> Option<CalendlyAccess>;
    /// What this Twilio account may use with this token; `None` for one nobody has (401).
    async fn twilio(&self, account_sid: &str, auth_token: &str) -> Option<TwilioAccess>;
    /// The secret of this key of AWS, for e-mail; `None` for a key nobody has (403).
    async fn ses(&self, key_id: &str) -> Option<String>;
}

/// Keys of calls and calendars, held in memory; no account sends messages. `Debug` shows none of them.
#[derive(Default)]
pub struct StaticCredentials {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    retell: Vec<(String, RetellAccess)>,
    calcom: Vec<(String, CalcomAccess)>,
    calendly: Vec<(String, CalendlyAccess)>,
}

impl std::fmt::Debug for StaticCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StaticCredentials")
    }
}

impl StaticCredentials {
    /// No keys yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a Retell key use an agent and a from number, beside what it already may.
    pub fn add(&self, api_key: &str, agent: &str, number: &str) {
        self.add_retell(
            api_key,
            RetellAccess {
                agents: [agent.to_owned()].into(),
                numbers: [number.to_owned()].into(),
            },
        );
    }

    /// Lets a Retell key use these agents and numbers, beside what it already may.
    pub fn add_retell(&self, api_key: &str, more: RetellAccess) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.retell.iter_mut().find(|(key, _)| key == api_key) {
            Some((_, access)) => {
                access.agents.extend(more.agents);
                access.numbers.extend(more.numbers);
            }
            None => known.retell.push((api_key.to_owned(), more)),
        }
    }

    /// Lets a Cal.com key open this organizer's calendar.
    pub fn add_calcom(&self, api_key: &str, organizer_email: &str) {
        let access = CalcomAccess {
            organizer_email: organizer_email.to_owned(),
            hooks: Vec::new(),
        };
        self.add_calcom_access(api_key, access);
    }

    /// The same, with the account's webhooks.
    pub fn add_calcom_access(&self, api_key: &str, access: CalcomAccess) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.calcom.retain(|(key, _)| key != api_key);
        known.calcom.push((api_key.to_owned(), access));
    }

    /// Lets a Calendly token open this organizer's calendar.
    pub fn add_calendly(&self, token: &str, access: CalendlyAccess) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.calendly.retain(|(other, _)| other != token);
        known.calendly.push((token.to_owned(), access));
    }

    /// Forgets a key, of whichever provider.
    pub fn remove(&self, api_key: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retell.retain(|(key, _)| key != api_key);
        known.calcom.retain(|(key, _)| key != api_key);
        known.calendly.retain(|(key, _)| key != api_key);
    }
}

#[async_trait]
impl Credentials for StaticCredentials {
    async fn retell(&self, api_key: &str) -> Option<RetellAccess> {
        find(
            &self
                .known
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .retell,
            api_key,
        )
    }

    async fn calcom(&self, api_key: &str) -> Option<CalcomAccess> {
        find(
            &self
                .known
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .calcom,
            api_key,
        )
    }

    async fn calendly(&self, token: &str) -> Option<CalendlyAccess> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        find(&known.calendly, token)
    }

    async fn twilio(&self, _: &str, _: &str) -> Option<TwilioAccess> {
        None
    }

    async fn ses(&self, _: &str) -> Option<String> {
        None
    }
}

fn find<A: Clone>(known: &[(String, A)], api_key: &str) -> Option<A> {
    known
        .iter()
        .find(|(key, _)| bool::from(key.as_bytes().ct_eq(api_key.as_bytes())))
        .map(|(_, access)| access.clone())
}
