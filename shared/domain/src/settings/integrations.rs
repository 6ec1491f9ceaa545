//! Connections to providers (S3 section 4), without their secrets, which are sealed in a record of their own.

use serde::{Deserialize, Serialize};

use crate::appointment::CallBeforeHours;
use crate::bookings::Calendar;
use crate::messages::Channel;
use crate::person::OnDuplicate;
use crate::phone::E164;
use crate::settings::mapping::FieldMapping;
use crate::text::{Email, ShortText};

/// The voice provider.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Retell {
    #[serde(default)]
    pub agent_id: Option<ShortText<100>>,
    #[serde(default)]
    pub from_number: Option<E164>,
    /// Where to reach it instead of the provider's own address. Settable on the local host only.
    #[serde(default)]
    pub base_url: Option<ShortText<255>>,
    /// Whether an API key is stored.
    #[serde(default)]
    pub has_key: bool,
}

/// What a calendar's bookings do to contacts (S3 section 11 "Automatic Contact Creation").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingIntake {
    /// Whether a booking of somebody unknown makes a contact. Off, it is recorded, and bookings that are known go on.
    pub auto_create_contacts: bool,
    /// What a booking of somebody who may be known does.
    pub duplicate_handling: OnDuplicate,
}

impl Default for BookingIntake {
    fn default() -> Self {
        Self {
            auto_create_contacts: true,
            duplicate_handling: OnDuplicate::UpdateExisting,
        }
    }
}

/// The Cal.com calendar.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Calcom {
    #[serde(default)]
    pub enabled: bool,
    #[serde(default)]
    pub organizer_email: Option<Email>,
    #[serde(default)]
    pub event_type_id: Option<u64>,
    /// How long before an appointment from this calendar its reminder call is wanted; None: as for others.
    #[serde(default)]
    pub call_before_hours: Option<CallBeforeHours>,
    #[serde(default)]
    pub field_mapping: FieldMapping,
    #[serde(default)]
    pub intake: BookingIntake,
    #[serde(default)]
    pub base_url: Option<ShortText<255>>,
    #[serde(default)]
    pub has_key: bool,
    #[serde(default)]
    pub has_webhook_secret: bool,
}

/// The Calendly calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendly {
    #[serde(default)]
    pub enabled: bool,
    #[serde(default)]
    pub organizer_email: Option<Email>,
    /// The kinds of event that are taken over, by their addresses at the provider; none: all of them.
    #[serde(default)]
    pub event_types: Vec<ShortText<255>>,
    /// How long before an appointment from this calendar its reminder call is wanted; None: as for others.
    #[serde(default)]
    pub call_before_hours: Option<CallBeforeHours>,
    #[serde(default = "FieldMapping::of_calendly")]
    pub field_mapping: FieldMapping,
    #[serde(default)]
    pub intake: BookingIntake,
    #[serde(default)]
    pub base_url: Option<ShortText<255>>,
    #[serde(default)]
    pub has_key: bool,
    #[serde(default)]
    pub has_signing_key: bool,
}

impl Default for Calendly {
    fn default() -> Self {
        Self {
            enabled: false,
            organizer_email: None,
            event_types: Vec::new(),
            call_before_hours: None,
            field_mapping: FieldMapping::of_calendly(),
            intake: BookingIntake::default(),
            base_url: None,
            has_key: false,
            has_signing_key: false,
        }
    }
}

impl Calendly {
    /// Whether bookings of a kind of event are taken over. One that is not named is.
    pub fn takes(&self, event_type: Option<&str>) -> bool {
        let Some(event_type) = event_type else {
            return true;
        };
        let mut chosen = self.event_types.iter();
        self.event_types.is_empty() || chosen.any(|one| one.as_str() == event_type)
    }
}

/// What every calendar's settings have.
#[derive(Debug, Clone, Copy)]
pub struct CalendarSettings<'a> {
    pub enabled: bool,
    /// Whether it can be asked: it is on and has a key.
    pub connected: bool,
    pub organizer_email: Option<&'a Email>,
    pub call_before_hours: Option<CallBeforeHours>,
    pub field_mapping: &'a FieldMapping,
    pub intake: BookingIntake,
    pub base_url: Option<&'a ShortText<255>>,
}

/// Messages by SMS, and what is known of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twilio {
    #[serde(default)]
    pub enabled: bool,
    #[serde(default)]
    pub account_sid: Option<ShortText<34>>,
    #[serde(default)]
    pub from_number: Option<E164>,
    #[serde(default)]
    pub base_url: Option<ShortText<255>>,
    /// Whether a token is stored.
    #[serde(default)]
    pub has_token: bool,
    /// Whether who sends STOP gets no more calls either (CONTRACTS.md Twilio: stop both by default).
    #[serde(default = "yes")]
    pub stop_ends_calls: bool,
}

fn yes() -> bool {
    true
}

impl Default for Twilio {
    fn default() -> Self {
        Self {
            enabled: false,
            account_sid: None,
            from_number: None,
            base_url: None,
            has_token: false,
            stop_ends_calls: yes(),
        }
    }
}

/// Messages by e-mail. They go out from the platform's own address under the business's name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mail {
    /// Only where the platform sends e-mail.
    #[serde(default)]
    pub enabled: bool,
    /// Where answers go; None: nobody reads them, and e-mails ask for a call.
    #[serde(default)]
    pub reply_to: Option<Email>,
}

/// All connections.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Integrations {
    #[serde(default)]
    pub retell: Retell,
    #[serde(default)]
    pub calcom: Calcom,
    #[serde(default)]
    pub calendly: Calendly,
    #[serde(default)]
    pub twilio: Twilio,
    #[serde(default)]
    pub email: Mail,
}

impl Integrations {
    /// Whether messages can go out by a channel.
    pub fn channel_ready(&self, channel: Channel) -> bool {
        match channel {
            Channel::Sms => self.twilio.configured(),
            Channel::Email => self.email.enabled,
        }
    }

    /// The calendars that are switched on.
    pub fn calendars_on(&self) -> impl Iterator<Item = CalendarSettings<'_>> {
        let all = Calendar::ALL.into_iter();
        all.map(|calendar| self.calendar(calendar))
            .filter(|calendar| calendar.enabled)
    }

    /// What one calendar's settings have in common with the other's.
    pub fn calendar(&self, calendar: Calendar) -> CalendarSettings<'_> {
        match calendar {
            Calendar::Calcom => {
                let one = &self.calcom;
                CalendarSettings {
                    enabled: one.enabled,
                    connected: one.enabled && one.has_key,
                    organizer_email: one.organizer_email.as_ref(),
                    call_before_hours: one.call_before_hours,
                    field_mapping: &one.field_mapping,
                    intake: one.intake,
                    base_url: one.base_url.as_ref(),
                }
            }
            Calendar::Calendly => {
                let one = &self.calendly;
                CalendarSettings {
                    enabled: one.enabled,
                    connected: one.enabled && one.has_key,
                    organizer_email: one.organizer_email.as_ref(),
                    call_before_hours: one.call_before_hours,
                    field_mapping: &one.field_mapping,
                    intake: one.intake,
                    base_url: one.base_url.as_ref(),
                }
            }
        }
    }
}

impl Twilio {
    /// Whether numbers can be looked up.
    pub fn opens(&self) -> bool {
        self.enabled && self.account_sid.is_some() && self.has_token
    }

    /// Whether a message can be sent at all.
    pub fn configured(&self) -> bool {
        self.opens() && self.from_number.is_some()
    }
}

impl Retell {
    /// Whether a call can be placed at all.
    pub fn configured(&self) -> bool {
        self.agent_id.is_some() && self.from_number.is_some() && self.has_key
    }
}
