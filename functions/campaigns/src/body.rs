//! What is sent to begin a campaign (S2 GroupBulkCallRequest, with S0's interval and a dry run).

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
use vio_domain::appointment::CallBeforeHours;
use vio_domain::calling::order::Priority;
use vio_domain::campaigns::forecast::HORIZON;
use vio_domain::campaigns::{Config, IntervalMinutes, MOST_SELECTED, StaggerMinutes, Timing};
use vio_domain::ids::ContactId;
use vio_domain::phi::FieldPolicy;
use vio_domain::settings::Settings;
use vio_domain::text::CustomMessage;
use vio_http::Fields;
use vio_runtime::phi::{Screened, screen};

/// The two requests differ in whom they call. Written out twice by a macro: a flattened part of a request is read
/// without its place, so that its faults could not be pointed at.
macro_rules! requests {
    ($($(#[$of:meta])* $seen:vis $name:ident { $($(#[$own_of:meta])* $own:ident: $kind:ty,)* })*) => {$(
        #[derive(Debug, Clone, Default, Deserialize, ToSchema)]
        $(#[$of])*
        $seen struct $name {
            $($(#[$own_of])* $own: $kind,)*
            /// immediate, scheduled or staggered.
            call_timing: Option<String>,
            /// When to begin, with scheduled timing. Outside the call hours it begins when they open.
            scheduled_datetime: Option<DateTime<Utc>>,
            /// With staggered timing: 15, 30, 60 or 120; never faster than the limit of calls.
            stagger_duration_minutes: Option<u32>,
            /// Minutes from one call to the next, 1 to 1,440. Not with staggered timing.
            call_interval_minutes: Option<u32>,
            /// Calls each member no earlier than `custom_hours_before` their appointment.
            #[serde(default)]
            override_call_timing: bool,
            /// 1 to 168; with `override_call_timing`.
            custom_hours_before: Option<u16>,
            /// Said once, after the person confirmed who they are; at most 200 characters.
            custom_message_addition: Option<String>,
            /// The message is said instead of the usual words, not besides them.
            #[serde(default)]
            replace_message: bool,
            /// normal, high or urgent.
            priority_level: Option<String>,
            /// Only says what would happen.
            #[serde(default)]
            pub dry_run: bool,
        }
    )*};
}

requests! {
    /// How a group is to be called.
    #[schema(as = GroupBulkCallRequest, example = json!({
        "call_timing": "immediate", "custom_message_addition": "This is a special reminder for our VIP patients.",
        "priority_level": "normal", "dry_run": true
    }))]
    pub CallAll {}

    /// How selected contacts are to be called.
    #[schema(as = SelectionCallRequest, example = json!({
        "contact_ids": ["0192f0c1-2b3c-7def-8abc-0123456789ab"], "call_timing": "immediate", "dry_run": true
    }))]
    pub(crate) CallSelection {
        /// At most 100.
        contact_ids: Option<Vec<String>>,
    }
}

/// A campaign as asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) config: Config,
    pub(crate) message: Option<CustomMessage>,
}

impl CallAll {
    /// What is wrong with it.
    pub fn faults(&self, settings: &Settings, now: DateTime<Utc>) -> Fields {
        let mut fields = Fields::default();
        self.judge(settings, now, &mut fields);
        fields
    }

    /// Judges every field.
    pub(crate) fn judge(
        &self,
        settings: &Settings,
        now: DateTime<Utc>,
        fields: &mut Fields,
    ) -> Option<Asked> {
        let timing = self.timing(now, fields);
        let interval = self.call_interval_minutes.and_then(|minutes| {
            fields.take("/call_interval_minutes", IntervalMinutes::try_from(minutes))
        });
        if interval.is_some() && matches!(timing, Some(Timing::Staggered { .. })) {
            let detail = "Staggered calls are spread by themselves; give one or the other.";
            fields.note("/call_interval_minutes", "conflict", detail);
        }
        let hours_before = match (self.override_call_timing, self.custom_hours_before) {
            (true, Some(hours)) => CallBeforeHours::try_from(hours)
                .map_err(|error| fields.note("/custom_hours_before", error.code, error.detail))
                .ok(),
            (true, None) => {
                let detail = "Say how many hours before their appointments to call.";
                fields.note("/custom_hours_before", "required", detail);
                None
            }
            (false, Some(_)) => {
                let detail = "Only with override_call_timing.";
                fields.note("/custom_hours_before", "not_here", detail);
                None
            }
            (false, None) => None,
        };
        let message = self.message(settings, fields);
        if self.replace_message && self.custom_message_addition.is_none() {
            fields.note(
                "/replace_message",
                "not_here",
                "There is no message to replace by.",
            );
        }
        let priority = match self.priority_level.as_deref() {
            None | Some("normal") => Some(Priority::Normal),
            Some("high") => Some(Priority::High),
            Some("urgent") => Some(Priority::Urgent),
            Some(_) => {
                fields.note(
                    "/priority_level",
                    "not_offered",
                    "One of normal, high, urgent.",
                );
                None
            }
        };
        let config = Config {
            timing: timing?,
            interval,
            replace_message: self.replace_message,
            hours_before,
            priority: priority?,
        };
        Some(Asked { config, message })
    }

    fn timing(&self, now: DateTime<Utc>, fields: &mut Fields) -> Option<Timing> {
        let word = self.call_timing.as_deref();
        if self.scheduled_datetime.is_some() && word != Some("scheduled") {
            fields.note(
                "/scheduled_datetime",
                "not_here",
                "Only with scheduled timing.",
            );
        }
        if self.stagger_duration_minutes.is_some() && word != Some("staggered") {
            fields.note(
                "/stagger_duration_minutes",
                "not_here",
                "Only with staggered timing.",
            );
        }
        match word {
            Some("immediate") => Some(Timing::Immediate),
            Some("scheduled") => {
                let at = self.scheduled_datetime;
                let wrong = match at {
                    None => Some(("required", "Say when to begin.")),
                    Some(at) if at < now - TimeDelta::minutes(1) => {
                        Some(("in_the_past", "This time has passed."))
                    }
                    Some(at) if now + HORIZON < at => Some(("too_far", "At most 90 days ahead.")),
                    Some(_) => None,
                };
                if let Some((code, detail)) = wrong {
                    fields.note("/scheduled_datetime", code, detail);
                }
                at.map(|at| Timing::Scheduled { at })
            }
            Some("staggered") => {
                let over = fields.require(
                    "/stagger_duration_minutes",
                    self.stagger_duration_minutes,
                    StaggerMinutes::try_from,
                );
                over.map(|over| Timing::Staggered { over })
            }
            Some(_) => {
                let detail = "One of immediate, scheduled, staggered.";
                fields.note("/call_timing", "not_offered", detail);
                None
            }
            None => {
                fields.note("/call_timing", "required", "Say when to call.");
                None
            }
        }
    }

    /// The message is read out: any finding blocks it.
    fn message(&self, settings: &Settings, fields: &mut Fields) -> Option<CustomMessage> {
        const FIELD: &str = "/custom_message_addition";
        let text = self.custom_message_addition.as_deref()?;
        let message = fields.take(FIELD, CustomMessage::parse(text))?;
        match screen(settings, FieldPolicy::Spoken, FIELD, message.as_str()) {
            Screened::Block(field) => {
                fields.extend([field]);
                None
            }
            Screened::Clean | Screened::Warn(_) => Some(message),
        }
    }
}

impl CallSelection {
    /// How they are to be called.
    pub(crate) fn how(&self) -> CallAll {
        CallAll {
            call_timing: self.call_timing.clone(),
            scheduled_datetime: self.scheduled_datetime,
            stagger_duration_minutes: self.stagger_duration_minutes,
            call_interval_minutes: self.call_interval_minutes,
            override_call_timing: self.override_call_timing,
            custom_hours_before: self.custom_hours_before,
            custom_message_addition: self.custom_message_addition.clone(),
            replace_message: self.replace_message,
            priority_level: self.priority_level.clone(),
            dry_run: self.dry_run,
        }
    }

    /// The contacts, each once.
    pub(crate) fn contacts(&self, fields: &mut Fields) -> Vec<ContactId> {
        let texts = self.contact_ids.as_deref().unwrap_or_default();
        if texts.is_empty() {
            fields.note("/contact_ids", "required", "Say whom to call.");
        }
        if texts.len() > MOST_SELECTED {
            let detail = format!("At most {MOST_SELECTED} contacts; make a group for more.");
            fields.note("/contact_ids", "too_many", detail);
            return Vec::new();
        }
        let mut ids: Vec<ContactId> = Vec::with_capacity(texts.len());
        for (n, text) in texts.iter().enumerate() {
            let unknown = ("unknown", "There is no such contact.");
            let parsed = text.parse().map_err(|_| unknown);
            if let Some(id) = fields.take(&format!("/contact_ids/{n}"), parsed)
                && !ids.contains(&id)
            {
                ids.push(id);
            }
        }
        ids
    }
}
