//! How and when the voice agent calls (S3 section 3), with call hours and holidays (S3 section 1) and the planning
//! switch (S3 section 11).

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::appointment::CallBeforeHours;
use vio_domain::calling::settle::RetryPolicy;
use vio_domain::error::Invalid;
use vio_domain::planner::{RetryCause, RetryDelays};
use vio_domain::settings::{Currency, Price, RecordingRefused, Settings};
use vio_domain::words::{Personalization, ScriptLength, Tone};
use vio_http::{ETag, FieldProblem, Fields, IfMatch, Json, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_store::tenants::TenantSettings;

use crate::change::{Asked, tag};
use crate::hours::{CallHoursPatch, CallHoursView, HolidaysPatch, HolidaysView};
use vio_http::Patch;

/// The longest minimum notice, in hours.
const LONGEST_NOTICE: u8 = 24;

/// Call settings.
#[derive(Serialize, ToSchema)]
pub(crate) struct CallsView {
    /// How many hours before an appointment its reminder is made; the default of new contacts.
    #[schema(example = 24)]
    hours_before_appointment: u16,
    custom_timing_allowed: bool,
    call_hours: CallHoursView,
    holiday_calendar: HolidaysView,
    /// Hours before the appointment from which no reminder is started any more.
    #[schema(example = 2)]
    minimum_notice_hours: u8,
    /// Whether an appointment gets a reminder by itself.
    auto_schedule_calls: bool,
    enable_automatic_retries: bool,
    /// 0 to 3.
    #[schema(example = 2)]
    maximum_retry_attempts: u32,
    /// Hours: 1, 2, 4 or 8.
    #[schema(example = 2.0)]
    no_answer_delay: f64,
    /// Hours: 4, 8, 12 or 24.
    #[schema(example = 8.0)]
    voicemail_delay: f64,
    /// Hours: 0.5, 1 or 2.
    #[schema(example = 1.0)]
    busy_signal_delay: f64,
    #[schema(value_type = String, example = "professional")]
    voice_tone: Tone,
    #[schema(value_type = String, example = "standard")]
    call_script_length: ScriptLength,
    #[schema(value_type = String, example = "standard")]
    personalization_level: Personalization,
    call_recording: bool,
    /// Why calls are not recorded although `call_recording` is on: `recording_agreement_required` (HIPAA mode without an
    /// agreement in the privacy settings) or `recording_forbidden_at_strict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    recording_refused: Option<&'static str>,
    customer_feedback: bool,
    /// Whether a booking on the business's own calendar counts as consent to be called.
    voice_consent_from_booking: bool,
    /// What the business pays for a call; null where it pays nothing per call.
    price_per_call: Option<PriceView>,
}

/// A price.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PricePerCall, example = json!({"amount_minor": 12, "currency": "GBP"}))]
pub(crate) struct PriceView {
    /// In the currency's smallest unit, at least 1.
    amount_minor: u32,
    /// Three capital letters.
    currency: String,
}

impl From<Price> for PriceView {
    fn from(price: Price) -> Self {
        Self {
            amount_minor: price.amount_minor(),
            currency: price.currency().to_string(),
        }
    }
}

fn hours(delays: RetryDelays, cause: RetryCause) -> f64 {
    let minutes = i32::try_from(delays.after(cause).num_minutes()).unwrap_or(i32::MAX);
    f64::from(minutes) / 60.0
}

fn minutes(hours: f64) -> u32 {
    let minutes = hours * 60.0;
    // Anything that is not a whole number of minutes is none of the choices.
    if minutes.fract() == 0.0 && (0.0..=100_000.0).contains(&minutes) {
        minutes as u32
    } else {
        0
    }
}

impl From<&Settings> for CallsView {
    fn from(settings: &Settings) -> Self {
        let calls = &settings.calls;
        let (policy, delays) = (calls.retries.policy, calls.retries.delays);
        Self {
            hours_before_appointment: calls.call_before_hours.hours(),
            custom_timing_allowed: calls.custom_timing_allowed,
            call_hours: calls.call_hours.into(),
            holiday_calendar: (&settings.business.holidays).into(),
            minimum_notice_hours: calls.minimum_notice_hours,
            auto_schedule_calls: calls.auto_schedule_calls,
            enable_automatic_retries: policy.allows_another(0),
            maximum_retry_attempts: policy.cap() - 1,
            no_answer_delay: hours(delays, RetryCause::NoAnswer),
            voicemail_delay: hours(delays, RetryCause::Voicemail),
            busy_signal_delay: hours(delays, RetryCause::Busy),
            voice_tone: calls.tone,
            call_script_length: calls.script_length,
            personalization_level: calls.personalization,
            call_recording: calls.call_recording,
            recording_refused: settings.recording().err().map(RecordingRefused::code),
            customer_feedback: calls.customer_feedback,
            voice_consent_from_booking: calls.voice_consent_from_booking,
            price_per_call: calls.price_per_call.map(PriceView::from),
        }
    }
}

/// The call settings, as everybody in the business may see them.
#[utoipa::path(get, path = "/api/settings/calls", tag = "settings",
    responses((status = 200, body = CallsView, headers(("ETag" = String, description = "Version of the settings")))))]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
) -> Result<(ETag, Json<CallsView>), Problem> {
    let (_, opened) = app.tenant_with_settings(&principal).await?;
    Ok((tag(&opened), Json((&opened.settings).into())))
}

/// What to change; a field left out stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CallsPatch {
    #[serde(default)]
    #[schema(value_type = Option<u16>, example = 24)]
    hours_before_appointment: Patch<u16>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    custom_timing_allowed: Patch<bool>,
    #[serde(default)]
    call_hours: Option<CallHoursPatch>,
    #[serde(default)]
    holiday_calendar: Option<HolidaysPatch>,
    #[serde(default)]
    #[schema(value_type = Option<u8>, example = 2)]
    minimum_notice_hours: Patch<u8>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    auto_schedule_calls: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    enable_automatic_retries: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<u32>, example = 2)]
    maximum_retry_attempts: Patch<u32>,
    #[serde(default)]
    #[schema(value_type = Option<f64>, example = 2)]
    no_answer_delay: Patch<f64>,
    #[serde(default)]
    #[schema(value_type = Option<f64>, example = 8)]
    voicemail_delay: Patch<f64>,
    #[serde(default)]
    #[schema(value_type = Option<f64>, example = 0.5)]
    busy_signal_delay: Patch<f64>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "friendly")]
    voice_tone: Patch<Tone>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "brief")]
    call_script_length: Patch<ScriptLength>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "minimal")]
    personalization_level: Patch<Personalization>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    call_recording: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    customer_feedback: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    voice_consent_from_booking: Patch<bool>,
    /// Null where the business pays nothing per call.
    #[serde(default)]
    #[schema(value_type = Option<PriceView>)]
    price_per_call: Patch<PriceView>,
}

impl CallsPatch {
    fn apply(&self, opened: &mut TenantSettings, fields: &mut Fields) {
        let settings = &mut opened.settings;
        if let Some(patch) = &self.holiday_calendar {
            patch.apply(fields, "/holiday_calendar", &mut settings.business.holidays);
        }
        let calls = &mut settings.calls;
        if let Some(patch) = &self.call_hours {
            patch.apply(fields, "/call_hours", &mut calls.call_hours);
        }
        let before = &mut calls.call_before_hours;
        self.hours_before_appointment
            .put(fields, "/hours_before_appointment", before, |hours| {
                if !CallBeforeHours::OFFERED.contains(hours) {
                    let sentence = "Choose 1, 2, 6, 24, 48 or 168 hours.";
                    return Err(FieldProblem::new("", "not_offered", sentence));
                }
                CallBeforeHours::try_from(*hours)
                    .map_err(|error| FieldProblem::new("", error.code, error.detail))
            });
        let notice = &mut calls.minimum_notice_hours;
        self.minimum_notice_hours
            .put(fields, "/minimum_notice_hours", notice, |hours| {
                let fault = ("out_of_range", "The minimum notice is 0 to 24 hours.");
                if *hours <= LONGEST_NOTICE {
                    Ok(*hours)
                } else {
                    Err(fault)
                }
            });
        let switches = [
            (
                &self.custom_timing_allowed,
                "/custom_timing_allowed",
                &mut calls.custom_timing_allowed,
            ),
            (
                &self.auto_schedule_calls,
                "/auto_schedule_calls",
                &mut calls.auto_schedule_calls,
            ),
            (
                &self.call_recording,
                "/call_recording",
                &mut calls.call_recording,
            ),
            (
                &self.customer_feedback,
                "/customer_feedback",
                &mut calls.customer_feedback,
            ),
            (
                &self.voice_consent_from_booking,
                "/voice_consent_from_booking",
                &mut calls.voice_consent_from_booking,
            ),
        ];
        for (patch, pointer, target) in switches {
            patch.copy(fields, pointer, target);
        }
        let price = &mut calls.price_per_call;
        self.price_per_call
            .put_optional(fields, "/price_per_call", price, |price| {
                let of = |part, fault: Invalid| FieldProblem::new(part, fault.code, fault.detail);
                let currency =
                    Currency::parse(&price.currency).map_err(|fault| of("/currency", fault))?;
                Price::new(price.amount_minor, currency).map_err(|fault| of("/amount_minor", fault))
            });
        self.voice_tone.copy(fields, "/voice_tone", &mut calls.tone);
        self.call_script_length
            .copy(fields, "/call_script_length", &mut calls.script_length);
        self.personalization_level.copy(
            fields,
            "/personalization_level",
            &mut calls.personalization,
        );
        self.retries(calls, fields);
        if matches!(self.call_recording, Patch::Set(true))
            && let Err(refused) = opened.settings.recording()
        {
            let remedy = match refused {
                RecordingRefused::AgreementMissing => {
                    "In HIPAA mode calls are recorded only with an agreement; record it in the privacy settings first."
                }
                RecordingRefused::StrictLevel => {
                    "At the strict HIPAA level nothing of a call is kept; choose another level first."
                }
            };
            fields.note("/call_recording", refused.code(), remedy);
        }
    }

    fn retries(&self, calls: &mut vio_domain::settings::CallSettings, fields: &mut Fields) {
        let policy = calls.retries.policy;
        let (mut automatic, mut most) = (policy.allows_another(0), policy.cap() - 1);
        self.enable_automatic_retries
            .copy(fields, "/enable_automatic_retries", &mut automatic);
        self.maximum_retry_attempts
            .copy(fields, "/maximum_retry_attempts", &mut most);
        let new = RetryPolicy::new(automatic, most)
            .map_err(|_| ("not_offered", "Choose 0, 1, 2 or 3 retries."));
        if let Some(new) = fields.take("/maximum_retry_attempts", new) {
            calls.retries.policy = new;
        }
        let delays = calls.retries.delays;
        let now = |cause| u32::try_from(delays.after(cause).num_minutes()).unwrap_or(0);
        let mut no_answer = now(RetryCause::NoAnswer);
        let mut voicemail = now(RetryCause::Voicemail);
        let mut busy = now(RetryCause::Busy);
        let choices = [
            (
                &self.no_answer_delay,
                "/no_answer_delay",
                &mut no_answer,
                RetryDelays::NO_ANSWER.as_slice(),
                "Choose 1, 2, 4 or 8 hours.",
            ),
            (
                &self.voicemail_delay,
                "/voicemail_delay",
                &mut voicemail,
                RetryDelays::VOICEMAIL.as_slice(),
                "Choose 4, 8, 12 or 24 hours.",
            ),
            (
                &self.busy_signal_delay,
                "/busy_signal_delay",
                &mut busy,
                RetryDelays::BUSY.as_slice(),
                "Choose 0.5, 1 or 2 hours.",
            ),
        ];
        for (patch, pointer, target, offered, sentence) in choices {
            patch.put(fields, pointer, target, |hours| {
                let minutes = minutes(*hours);
                if offered.contains(&minutes) {
                    Ok(minutes)
                } else {
                    Err(("not_offered", sentence))
                }
            });
        }
        if let Ok(new) = RetryDelays::new(no_answer, voicemail, busy) {
            calls.retries.delays = new;
        }
    }
}

/// Changes the call settings. Every planned reminder that this can move is planned anew.
#[utoipa::path(patch, path = "/api/settings/calls", tag = "settings", request_body = CallsPatch,
    params(("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = CallsView), (status = 412, description = "Somebody else changed the settings meanwhile")))]
pub(crate) async fn edit(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    condition: IfMatch,
    Json(patch): Json<CallsPatch>,
) -> Result<(ETag, Json<CallsView>), Problem> {
    let asked = Asked {
        app: &app,
        principal: &principal,
        request,
        condition,
        section: "settings.calls",
    };
    let saved = asked
        .change(|opened, fields| patch.apply(opened, fields))
        .await?;
    Ok((tag(&saved), Json((&saved.settings).into())))
}
