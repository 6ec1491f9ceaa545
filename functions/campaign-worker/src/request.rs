//! The exact request that places a call: what the agent may say, and the settings of this one call.

use std::collections::HashMap;

use vio_domain::contact::Contact;
use vio_domain::ids::{AttemptId, CampaignId, LocationId};
use vio_domain::settings::Settings;
use vio_domain::text::CustomMessage;
use vio_domain::words::{
    CustomWords, HipaaLevel, WordsInput, dynamic_variables, voicemail_message,
};
use vio_providers::retell::{
    AgentSettings, CallMetadata, CreateCallRequest, DEFAULT_RING_DURATION_MS, DataStorage,
    MAX_CALL_DURATION_MS, Voicemail,
};
use vio_runtime::app::App;
use vio_store::calling::sessions::SessionRow;
use vio_store::contacts::Person;
use vio_store::locations::LocationRow;
use vio_store::tenants::TenantSettings;
use vio_store::words::words_input;
use vio_store::{StoreError, TenantStore};

/// Days for which the provider keeps a call in HIPAA mode, and outside it.
const RETENTION_DAYS_HIPAA: u16 = 1;
const RETENTION_DAYS: u16 = 30;

/// What the requests of one round are made from, read once.
pub(crate) struct Words {
    locations: HashMap<LocationId, LocationRow>,
    /// What campaigns say, and whether instead of the usual words.
    messages: HashMap<CampaignId, (CustomMessage, bool)>,
    webhook_url: String,
}

impl Words {
    pub(crate) async fn read(
        app: &App,
        ts: &TenantStore,
        settings: &TenantSettings,
        campaigns: impl Iterator<Item = CampaignId>,
    ) -> Result<Self, StoreError> {
        let locations = ts
            .locations()
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let endpoint = &settings.endpoints.call_outcome;
        let webhook_url = format!(
            "{}/api/webhook/call-outcome/{endpoint}",
            app.platform.public_url
        );
        Ok(Self {
            locations,
            messages: ts.campaign_messages(campaigns).await?,
            webhook_url,
        })
    }

    /// The body, byte for byte as it is stored and sent.
    pub(crate) fn body(
        &self,
        ts: &TenantStore,
        settings: &TenantSettings,
        person: &Person,
        row: &SessionRow,
        attempt: AttemptId,
    ) -> Result<Vec<u8>, StoreError> {
        let contact = &person.contact;
        let retell = &settings.settings.integrations.retell;
        let (Some(phone), Some(from), Some(agent)) =
            (&contact.phone, &retell.from_number, &retell.agent_id)
        else {
            return Err(StoreError::Invalid(
                "a call without numbers or agent".into(),
            ));
        };
        let input = self.input(&settings.settings, person, row);
        let request = CreateCallRequest {
            from_number: from.as_str().to_owned(),
            to_number: phone.as_str().to_owned(),
            agent_id: agent.as_str().to_owned(),
            metadata: CallMetadata {
                tenant_id: ts.id,
                contact_id: contact.id,
                session_id: row.session.id,
                attempt_id: attempt,
            },
            dynamic_variables: dynamic_variables(&input),
            agent: AgentSettings {
                webhook_url: self.webhook_url.clone(),
                data_storage: storage(&settings.settings),
                data_storage_retention_days: if settings.settings.privacy.hipaa_mode {
                    RETENTION_DAYS_HIPAA
                } else {
                    RETENTION_DAYS
                },
                max_call_duration_ms: MAX_CALL_DURATION_MS,
                ring_duration_ms: DEFAULT_RING_DURATION_MS,
                voicemail: voicemail_message(&input).map_or(Voicemail::Hangup, Voicemail::Say),
            },
        };
        Ok(request.to_bytes())
    }

    fn input<'a>(
        &'a self,
        settings: &'a Settings,
        person: &'a Person,
        row: &SessionRow,
    ) -> WordsInput<'a> {
        let contact: &Contact = &person.contact;
        let appointment = row
            .session
            .appointment
            .and_then(|id| person.appointment(id));
        let location = appointment
            .and_then(|a| a.location)
            .and_then(|id| self.locations.get(&id));
        let custom = row
            .session
            .campaign
            .and_then(|id| self.messages.get(&id))
            .map(|(text, replaces)| CustomWords {
                text,
                replaces: *replaces,
            });
        words_input(settings, contact, appointment, location, custom)
    }
}

/// What the provider keeps, by HIPAA level; a recording as it was only where the tenant wants one and nothing forbids it.
/// The provider has no switch for the recording alone: without one it keeps what is left once it has taken out what
/// identifies the person.
fn storage(settings: &Settings) -> DataStorage {
    match (settings.privacy.level_in_force(), settings.recording()) {
        (Some(HipaaLevel::Strict), _) => DataStorage::BasicAttributesOnly,
        (_, Ok(true)) => DataStorage::Everything,
        (_, Ok(false) | Err(_)) => DataStorage::EverythingExceptPii,
    }
}
