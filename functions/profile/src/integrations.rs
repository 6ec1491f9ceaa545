//! Connections to providers (S3 section 4, api.md). Secrets go in and never come out: they read back masked.

use axum::extract::State;
use futures::try_join;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::bookings::Calendar;
use vio_domain::permission::Role;
use vio_domain::phone::{self, Country, E164};
use vio_domain::text::ShortText;
use vio_http::{ETag, FieldProblem, IfMatch, Json, Kind, Principal, Problem, RequestId};
use vio_providers::BaseUrl;
use vio_runtime::App;
use vio_runtime::web::store_problem;
use vio_store::calendar::CalendarRow;
use vio_store::tenants::TenantSettings;

use crate::calcom::{CalcomPatch, CalcomView};
use crate::calendly::{CalendlyPatch, CalendlyView};
use crate::change::{Asked, tag};
use crate::email::{EmailPatch, EmailView};
use crate::retell::{RetellPatch, RetellView};
use crate::twilio::{TwilioPatch, TwilioView};

/// A secret's length, in bytes.
const SECRET_LENGTH: std::ops::RangeInclusive<usize> = 8..=512;
/// Characters of a secret that are shown, so that people can tell two apart; none of a short one.
const SHOWN: usize = 4;

#[derive(Serialize, ToSchema)]
pub(crate) struct IntegrationsView {
    retell: RetellView,
    calcom: CalcomView,
    calendly: CalendlyView,
    twilio: TwilioView,
    email: EmailView,
}

/// A secret as it is shown.
pub(crate) fn masked(secret: Option<&str>) -> Option<String> {
    let secret = secret?;
    let count = secret.chars().count();
    let tail: String = match count {
        0..=15 => String::new(),
        _ => secret.chars().skip(count - SHOWN).collect(),
    };
    Some(format!("••••{tail}"))
}

impl IntegrationsView {
    async fn read(
        app: &App,
        principal: &Principal,
        opened: &TenantSettings,
    ) -> Result<Self, Problem> {
        let ts = app.tenant_of(principal).await?;
        let (calcom, calendly) = try_join!(
            ts.calendar(Calendar::Calcom),
            ts.calendar(Calendar::Calendly)
        )
        .map_err(store_problem)?;
        Ok(Self::of(app, opened, calcom.as_ref(), calendly.as_ref()))
    }

    fn of(
        app: &App,
        opened: &TenantSettings,
        calcom_row: Option<&CalendarRow>,
        calendly_row: Option<&CalendarRow>,
    ) -> Self {
        let hook =
            |kind: &str, id: &str| format!("{}/api/webhook/{kind}/{id}", app.platform.public_url);
        Self {
            retell: RetellView::of(opened, hook("call-outcome", &opened.endpoints.call_outcome)),
            calcom: CalcomView::of(
                opened,
                hook("calcom-booking", &opened.endpoints.calcom_booking),
                calcom_row,
            ),
            calendly: CalendlyView::of(
                opened,
                hook("calendly-booking", &opened.endpoints.calendly_booking),
                calendly_row,
            ),
            twilio: TwilioView::of(opened, hook("sms", &opened.endpoints.sms)),
            email: EmailView::of(app, opened),
        }
    }
}

/// The connections, secrets masked.
#[utoipa::path(get, path = "/api/settings/integrations", tag = "settings",
    responses((status = 200, body = IntegrationsView, headers(("ETag" = String, description = "Version of the settings")))))]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
) -> Result<(ETag, Json<IntegrationsView>), Problem> {
    let (_, opened) = app.tenant_with_settings(&principal).await?;
    let view = IntegrationsView::read(&app, &principal, &opened).await?;
    Ok((tag(&opened), Json(view)))
}

/// What to change; a field left out stays, null removes one.
#[derive(Deserialize, ToSchema)]
pub(crate) struct IntegrationsPatch {
    #[serde(default)]
    retell: Option<RetellPatch>,
    #[serde(default)]
    calcom: Option<CalcomPatch>,
    #[serde(default)]
    calendly: Option<CalendlyPatch>,
    #[serde(default)]
    twilio: Option<TwilioPatch>,
    #[serde(default)]
    email: Option<EmailPatch>,
}

pub(crate) type Refusal = (&'static str, &'static str);

/// A secret as typed. One that reads back masked is not taken for a new one.
pub(crate) fn secret(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.contains('•') {
        return Err((
            "masked",
            "This is the masked form. Leave the field out to keep the secret.",
        ));
    }
    if !SECRET_LENGTH.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err((
            "malformed_secret",
            "A secret has 8 to 512 printable characters without spaces.",
        ));
    }
    Ok(text.to_owned())
}

pub(crate) fn base_url(text: &str, local: bool) -> Result<ShortText<255>, Refusal> {
    if !local {
        return Err((
            "not_allowed",
            "The provider's address cannot be changed here.",
        ));
    }
    let fault = (
        "invalid_url",
        "Give https, or http on this machine, without user, query or fragment.",
    );
    let url = BaseUrl::parse(text).map_err(|_| fault)?;
    ShortText::parse(url.as_str()).map_err(|_| fault)
}

pub(crate) fn number(text: &str, country: Country) -> Result<E164, FieldProblem> {
    phone::parse(text, country)
        .map(|phone| phone.e164)
        .map_err(|error| FieldProblem::new("", error.code(), error.to_string()))
}

/// Changes the connections. The voice provider's agent, number and key belong to the platform: an administrator of a
/// business sets them where the platform lets them.
#[utoipa::path(patch, path = "/api/settings/integrations", tag = "settings", request_body = IntegrationsPatch,
    params(("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = IntegrationsView), (status = 412, description = "Somebody else changed the settings meanwhile")))]
pub(crate) async fn edit(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    condition: IfMatch,
    Json(patch): Json<IntegrationsPatch>,
) -> Result<(ETag, Json<IntegrationsView>), Problem> {
    let may_retell = principal.role == Role::SuperAdmin
        || (principal.role == Role::ClientAdmin && app.platform.tenant_sets_retell);
    if patch.retell.is_some() && !may_retell {
        return Err(Problem::new(Kind::Forbidden).detail(
            "The calling agent, its number and its key are set by the platform's operator.",
        ));
    }
    let asked = Asked {
        app: &app,
        principal: &principal,
        request,
        condition,
        section: "settings.integrations",
    };
    let saved = asked
        .change(|opened, fields| {
            if let Some(retell) = &patch.retell {
                retell.apply(&app, opened, fields);
            }
            if let Some(calcom) = &patch.calcom {
                calcom.apply(&app, opened, fields);
            }
            if let Some(calendly) = &patch.calendly {
                calendly.apply(&app, opened, fields);
            }
            if let Some(twilio) = &patch.twilio {
                twilio.apply(&app, opened, fields);
            }
            if let Some(email) = &patch.email {
                email.apply(&app, opened, fields);
            }
        })
        .await?;
    let view = IntegrationsView::read(&app, &principal, &saved).await?;
    Ok((tag(&saved), Json(view)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_of_a_secret_is_shown_and_nothing_of_a_short_one() {
        assert_eq!(
            masked(Some("key_0123456789abcdef")).as_deref(),
            Some("••••cdef")
        );
        assert_eq!(masked(Some("short-secret")).as_deref(), Some("••••"));
        assert_eq!(masked(None), None);
    }
}
