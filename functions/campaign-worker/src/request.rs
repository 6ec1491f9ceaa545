//! The exact request that places a call: what the agent may say, and the settings of this one call.

use std::collections::HashMap;

use vio_domain::contact::Contact;
use vio_domain::ids::{AttemptId, CampaignId, LocationId};
use vio_domain::settings::{Sensitivity, Settings};
use vio_domain::text::CustomMessage;
use vio_domain::words::{
    AppointmentWords, CustomWords, HipaaLevel, TypeWords, WordsInput, dynamic_variables,
    voicemail_message,
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
        let words = appointment.map(|a| AppointmentWords {
            starts_at: a.time,
            zone: a.timezone,
            duration_minutes: a.duration.map(|duration| u32::from(duration.minutes())),
            kind: a.appointment_type.as_ref().map(|name| {
                let entry = settings.appointment_type(name.as_str());
                TypeWords {
                    name: name.as_str(),
                    spoken_as: entry
                        .and_then(|entry| entry.spoken_as.as_ref())
                        .map(|text| text.as_str()),
                    sensitive: entry
                        .is_some_and(|entry| entry.sensitivity == Sensitivity::Sensitive),
                }
            }),
            provider: a.owner_name.as_ref().map(|name| name.as_str()),
            location: location.map(|location| location.name.as_str()),
            instructions: a.special_instructions.as_ref(),
        });
        WordsInput {
            hipaa: settings.privacy.level_in_force(),
            phi_level: settings.privacy.phi_level,
            personalization: settings.calls.personalization,
            tone: settings.calls.tone,
            script_length: settings.calls.script_length,
            ask_feedback: settings.calls.customer_feedback,
            business_name: settings.business.spoken_name(),
            callback_number: location
                .and_then(|location| location.phone.as_ref())
                .or(settings.business.primary_phone.as_ref()),
            name: &contact.name,
            first_name: contact.first_name.as_ref(),
            last_name: contact.last_name.as_ref(),
            appointment: words,
            custom_message: row
                .session
                .campaign
                .and_then(|id| self.messages.get(&id))
                .map(|(text, replaces)| CustomWords {
                    text,
                    replaces: *replaces,
                }),
        }
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
