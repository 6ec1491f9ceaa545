//! What one wants to be told of: S3's switches of section 9, one's own (S3 "Notification Preferences").

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::notices::{
    CallCompletion, NoticeDuration, NoticePosition, NoticeSettings, SUMMARY_HOUR,
};
use vio_domain::settings::Settings;
use vio_http::{ETag, Fields, IfMatch, Json, Patch, Principal, Problem, RequestId, Validate};
use vio_runtime::App;
use vio_runtime::web::store_problem;
use vio_store::TenantStore;
use vio_store::users::UserRow;

use crate::own::{Own, own};

/// Mails.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmailNotifications)]
pub(crate) struct EmailView {
    /// Password changes, new devices, security alerts: always on.
    account_updates: bool,
    system_maintenance: bool,
    feature_announcements: bool,
    /// `none`, `failed_only`, `all_outcomes` or `summary_only`.
    #[schema(value_type = String, example = "failed_only")]
    call_completion_notifications: CallCompletion,
    appointment_confirmations: bool,
    cancellation_alerts: bool,
    daily_activity_summary: bool,
    weekly_performance_report: bool,
    monthly_business_review: bool,
    custom_report_notifications: bool,
}

/// Alerts by SMS; all of them need `enable_sms`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SmsView {
    enable_sms: bool,
    /// Why alerts cannot be sent: `no_phone` where the profile has no number, `not_set_up` where the business sends no SMS.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "no_phone")]
    unavailable: Option<&'static str>,
    critical_system_alerts: bool,
    high_volume_call_failures: bool,
    usage_limit_alerts: bool,
}

/// Messages in the console.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InAppView {
    call_status_updates: bool,
    contact_confirmations: bool,
    system_performance: bool,
    /// `top_right`, `top_left`, `bottom_right` or `bottom_left`.
    #[schema(value_type = String, example = "top_right")]
    notification_position: NoticePosition,
    /// Seconds: 3, 5 or 10; 0 until it is closed.
    #[schema(value_type = u8, example = 5)]
    notification_duration: NoticeDuration,
}

/// What one wants to be told of, and how.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotificationsView {
    email_notifications: EmailView,
    sms_notifications: SmsView,
    in_app_notifications: InAppView,
    /// When summaries go out, where the business is.
    #[schema(example = "09:00")]
    delivery_time: String,
    #[schema(example = "Europe/London")]
    timezone: String,
}

impl NotificationsView {
    fn new(settings: &NoticeSettings, unavailable: Option<&'static str>, zone: String) -> Self {
        let NoticeSettings { email, sms, in_app } = settings;
        Self {
            email_notifications: EmailView {
                account_updates: true,
                system_maintenance: email.system_maintenance,
                feature_announcements: email.feature_announcements,
                call_completion_notifications: email.call_completion_notifications,
                appointment_confirmations: email.appointment_confirmations,
                cancellation_alerts: email.cancellation_alerts,
                daily_activity_summary: email.daily_activity_summary,
                weekly_performance_report: email.weekly_performance_report,
                monthly_business_review: email.monthly_business_review,
                custom_report_notifications: email.custom_report_notifications,
            },
            sms_notifications: SmsView {
                enable_sms: sms.enable_sms,
                unavailable,
                critical_system_alerts: sms.critical_system_alerts,
                high_volume_call_failures: sms.high_volume_call_failures,
                usage_limit_alerts: sms.usage_limit_alerts,
            },
            in_app_notifications: InAppView {
                call_status_updates: in_app.call_status_updates,
                contact_confirmations: in_app.contact_confirmations,
                system_performance: in_app.system_performance,
                notification_position: in_app.notification_position,
                notification_duration: in_app.notification_duration,
            },
            delivery_time: format!("{SUMMARY_HOUR:02}:00"),
            timezone: zone,
        }
    }
}

/// Mails to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = EmailNotificationsPatch)]
pub(crate) struct EmailPatch {
    /// Only `true`: it cannot be switched off.
    #[serde(default)]
    #[schema(value_type = Option<bool>, example = true)]
    account_updates: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    system_maintenance: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    feature_announcements: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "summary_only")]
    call_completion_notifications: Patch<CallCompletion>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    appointment_confirmations: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    cancellation_alerts: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    daily_activity_summary: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    weekly_performance_report: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    monthly_business_review: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    custom_report_notifications: Patch<bool>,
}

/// Alerts by SMS to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct SmsPatch {
    /// `true` needs a phone number in the profile.
    #[serde(default)]
    #[schema(value_type = Option<bool>, example = false)]
    enable_sms: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    critical_system_alerts: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    high_volume_call_failures: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    usage_limit_alerts: Patch<bool>,
}

/// Messages in the console to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct InAppPatch {
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    call_status_updates: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    contact_confirmations: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    system_performance: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "bottom_right")]
    notification_position: Patch<NoticePosition>,
    #[serde(default)]
    #[schema(value_type = Option<u8>, example = 10)]
    notification_duration: Patch<u8>,
}

/// What to change; a field left out stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NotificationsPatch {
    #[serde(default)]
    email_notifications: Option<EmailPatch>,
    #[serde(default)]
    sms_notifications: Option<SmsPatch>,
    #[serde(default)]
    in_app_notifications: Option<InAppPatch>,
}

impl EmailPatch {
    fn apply(&self, fields: &mut Fields, to: &mut NoticeSettings) {
        const AT: &str = "/email_notifications";
        let email = &mut to.email;
        if matches!(self.account_updates, Patch::Set(false) | Patch::Clear) {
            fields.note(
                &format!("{AT}/account_updates"),
                "cannot_disable",
                "What concerns the security of your account is always mailed to you.",
            );
        }
        let calls = &mut email.call_completion_notifications;
        self.call_completion_notifications.copy(
            fields,
            &format!("{AT}/call_completion_notifications"),
            calls,
        );
        for (given, name, target) in [
            (
                &self.system_maintenance,
                "system_maintenance",
                &mut email.system_maintenance,
            ),
            (
                &self.feature_announcements,
                "feature_announcements",
                &mut email.feature_announcements,
            ),
            (
                &self.appointment_confirmations,
                "appointment_confirmations",
                &mut email.appointment_confirmations,
            ),
            (
                &self.cancellation_alerts,
                "cancellation_alerts",
                &mut email.cancellation_alerts,
            ),
            (
                &self.daily_activity_summary,
                "daily_activity_summary",
                &mut email.daily_activity_summary,
            ),
            (
                &self.weekly_performance_report,
                "weekly_performance_report",
                &mut email.weekly_performance_report,
            ),
            (
                &self.monthly_business_review,
                "monthly_business_review",
                &mut email.monthly_business_review,
            ),
            (
                &self.custom_report_notifications,
                "custom_report_notifications",
                &mut email.custom_report_notifications,
            ),
        ] {
            given.copy(fields, &format!("{AT}/{name}"), target);
        }
    }
}

impl SmsPatch {
    fn apply(&self, fields: &mut Fields, to: &mut NoticeSettings, has_phone: bool) {
        const AT: &str = "/sms_notifications";
        let sms = &mut to.sms;
        if matches!(self.enable_sms, Patch::Set(true)) && !has_phone {
            fields.note(
                &format!("{AT}/enable_sms"),
                "no_phone",
                "Alerts by SMS need a phone number. Enter yours in your profile first.",
            );
        }
        for (given, name, target) in [
            (&self.enable_sms, "enable_sms", &mut sms.enable_sms),
            (
                &self.critical_system_alerts,
                "critical_system_alerts",
                &mut sms.critical_system_alerts,
            ),
            (
                &self.high_volume_call_failures,
                "high_volume_call_failures",
                &mut sms.high_volume_call_failures,
            ),
            (
                &self.usage_limit_alerts,
                "usage_limit_alerts",
                &mut sms.usage_limit_alerts,
            ),
        ] {
            given.copy(fields, &format!("{AT}/{name}"), target);
        }
    }
}

impl InAppPatch {
    fn apply(&self, fields: &mut Fields, to: &mut NoticeSettings) {
        const AT: &str = "/in_app_notifications";
        let in_app = &mut to.in_app;
        for (given, name, target) in [
            (
                &self.call_status_updates,
                "call_status_updates",
                &mut in_app.call_status_updates,
            ),
            (
                &self.contact_confirmations,
                "contact_confirmations",
                &mut in_app.contact_confirmations,
            ),
            (
                &self.system_performance,
                "system_performance",
                &mut in_app.system_performance,
            ),
        ] {
            given.copy(fields, &format!("{AT}/{name}"), target);
        }
        let position = &mut in_app.notification_position;
        self.notification_position
            .copy(fields, &format!("{AT}/notification_position"), position);
        let duration = &mut in_app.notification_duration;
        self.notification_duration.put(
            fields,
            &format!("{AT}/notification_duration"),
            duration,
            |seconds| NoticeDuration::try_from(*seconds),
        );
    }
}

/// Settings with a request being applied to them.
struct Applying<'a> {
    patch: &'a NotificationsPatch,
    to: NoticeSettings,
    has_phone: bool,
}

impl Validate for Applying<'_> {
    type Domain = NoticeSettings;

    fn validate(self, fields: &mut Fields) -> Option<NoticeSettings> {
        let mut to = self.to;
        if let Some(email) = &self.patch.email_notifications {
            email.apply(fields, &mut to);
        }
        if let Some(sms) = &self.patch.sms_notifications {
            sms.apply(fields, &mut to, self.has_phone);
        }
        if let Some(in_app) = &self.patch.in_app_notifications {
            in_app.apply(fields, &mut to);
        }
        Some(to)
    }
}

/// What one wants to be told of.
#[utoipa::path(get, path = "/api/settings/notifications", tag = "settings",
    responses((status = 200, body = NotificationsView, headers(("ETag" = String, description = "Version of the account")))))]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
) -> Result<(ETag, Json<NotificationsView>), Problem> {
    let (tenant, settings) = app.tenant_with_settings(&principal).await?;
    let row = own(&tenant, &principal).await?;
    answer(&tenant, &settings.settings, &row)
}

/// Why somebody gets no alerts by SMS.
fn unavailable(has_phone: bool, set_up: bool) -> Option<&'static str> {
    match (has_phone, set_up) {
        (false, _) => Some("no_phone"),
        (true, false) => Some("not_set_up"),
        (true, true) => None,
    }
}

fn answer(
    tenant: &TenantStore,
    settings: &Settings,
    row: &UserRow,
) -> Result<(ETag, Json<NotificationsView>), Problem> {
    let personal = tenant.open_personal(row).map_err(store_problem)?;
    let set_up = settings.integrations.twilio.configured();
    let zone = settings.business.timezone.name().to_owned();
    let unavailable = unavailable(personal.phone.is_some(), set_up);
    let view = NotificationsView::new(&row.notices, unavailable, zone);
    Ok((ETag::version(row.edits), Json(view)))
}

/// Changes what one wants to be told of. What concerns the security of the account cannot be switched off.
#[utoipa::path(patch, path = "/api/settings/notifications", tag = "settings", request_body = NotificationsPatch,
    params(("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = NotificationsView), (status = 412, description = "The account was changed meanwhile")))]
pub(crate) async fn edit(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    condition: IfMatch,
    Json(patch): Json<NotificationsPatch>,
) -> Result<(ETag, Json<NotificationsView>), Problem> {
    let (tenant, settings) = app.tenant_with_settings(&principal).await?;
    let asked = Own {
        app: &app,
        tenant: &tenant,
        principal: &principal,
        request,
        condition,
        action: "user.notifications_changed",
    };
    let row = asked
        .change(settings.settings.business.timezone, |row| {
            let before = row.notices;
            let personal = tenant.open_personal(row).map_err(store_problem)?;
            row.notices = Applying {
                patch: &patch,
                to: before,
                has_phone: personal.phone.is_some(),
            }
            .validated()?;
            let changed = before != row.notices;
            let details = || serde_json::json!({ "before": before, "after": row.notices });
            Ok(changed.then(details))
        })
        .await?;
    answer(&tenant, &settings.settings, &row)
}
