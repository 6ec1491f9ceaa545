//! Messages by SMS: what becomes of the next ones, and what people write.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use vio_domain::ids::TenantId;
use vio_http::{FieldProblem, Kind, Problem};
use vio_sandbox::SmsScript;

use super::{Dev, Json};

/// What the next messages come to; each part that is named replaces what was there.
pub(super) async fn script(
    State(dev): State<Arc<Dev>>,
    Json(script): Json<SmsScript>,
) -> Answer<Value> {
    dev.sandbox.sms_script(script);
    Answer(json!({ "accepted": true }))
}

/// Who writes what to whom.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reply {
    /// The demo clinic if absent.
    tenant_id: Option<TenantId>,
    /// E.164.
    from: String,
    body: String,
}

/// Delivers once, as Twilio would: signed with the account's token, to the business's own address.
pub(super) async fn reply(
    State(dev): State<Arc<Dev>>,
    Json(reply): Json<Reply>,
) -> Result<Answer<Value>, Problem> {
    let away = |error: vio_store::StoreError| Problem::unavailable(&error);
    let tenant = reply.tenant_id.or_else(|| dev.note.tenant());
    let tenant = tenant.ok_or_else(|| {
        let detail = "There is no demo clinic; name a tenant_id.";
        Problem::validation(vec![FieldProblem::new("/tenant_id", "required", detail)])
    })?;
    let scope = dev.app.store.tenant(tenant).await.map_err(away)?;
    let scope = scope.ok_or_else(Problem::not_found)?;
    let opened = scope.settings().await.map_err(away)?;
    let twilio = &opened.settings.integrations.twilio;
    let (Some(sid), Some(number), Some(token)) = (
        &twilio.account_sid,
        &twilio.from_number,
        opened.secrets.twilio_token.current.as_ref(),
    ) else {
        let detail = "Messages are not set up for this business yet.";
        return Err(Problem::new(Kind::Conflict).detail(detail));
    };
    let url = format!(
        "{}/api/webhook/sms/{}",
        dev.base_url(),
        opened.endpoints.sms
    );
    let failed = |error: reqwest::Error| Problem::unavailable(&error.without_url());
    let answer = dev
        .http
        .post(format!("{}/control/sms/inbound", dev.sandbox.twilio_url()))
        .json(&json!({
            "url": url, "account_sid": sid.as_str(), "auth_token": token,
            "from": reply.from, "to": number.as_str(), "body": reply.body,
        }))
        .send()
        .await
        .map_err(failed)?
        .json::<Value>()
        .await
        .map_err(failed)?;
    Ok(Answer(
        json!({ "status": answer["status"], "error": answer["error"] }),
    ))
}
