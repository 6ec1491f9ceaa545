//! The industry forms, as data: what a console renders and the server checks (S1).

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use vio_domain::forms::Form;
use vio_http::{Json, NoParams, Principal, Problem, Query};
use vio_runtime::App;

use crate::custom;

/// Every form, and which one this business's contacts get when they name no industry.
#[derive(Serialize, ToSchema)]
pub(crate) struct Forms {
    #[schema(example = "healthcare")]
    default_form: Option<String>,
    #[schema(value_type = Vec<Object>, example = json!([{"form": "legal", "version": 1, "label": "Legal", "business_types": [],
        "fields": [{"name": "case_status", "label": "Case status", "type": "select", "required": false, "sensitive": false,
                    "options": [{"value": "active", "label": "Active"}]}]}]))]
    forms: Vec<Value>,
}

/// The industry forms. A contact's `industry` chooses one; its `custom_fields` are checked against it.
#[utoipa::path(get, path = "/api/forms", tag = "contacts", responses((status = 200, body = Forms)))]
pub(crate) async fn list(
    axum::extract::State(app): axum::extract::State<App>,
    principal: Principal,
    _: Query<NoParams>,
) -> Result<Json<Forms>, Problem> {
    let (_, settings) = app.tenant_with_settings(&principal).await?;
    let settings = settings.settings;
    let registry = custom::registry()?;
    let value = |form: &Form| serde_json::to_value(form).map_err(|error| Problem::internal(&error));
    Ok(Json(Forms {
        default_form: custom::form_for(registry, &settings, None).map(|form| form.form.clone()),
        forms: registry.iter().map(value).collect::<Result<_, _>>()?,
    }))
}
