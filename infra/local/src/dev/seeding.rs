//! Demo data on request.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use vio_domain::ids::TenantId;
use vio_http::{FieldProblem, Problem};

use super::{Dev, Json};
use crate::seed;

/// What to add.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The demo clinic, if it is not there yet.
    #[serde(default)]
    demo: bool,
    /// So many contacts more, each with an appointment.
    #[serde(default)]
    contacts: u32,
    /// Whose; the demo clinic's if absent.
    tenant_id: Option<TenantId>,
}

/// Most contacts in one request.
const MOST: u32 = 100_000;

pub(super) async fn seed(
    State(dev): State<Arc<Dev>>,
    Json(wanted): Json<Wanted>,
) -> Result<Answer<Value>, Problem> {
    if wanted.contacts > MOST {
        let detail = format!("At most {MOST} contacts at once.");
        return Err(Problem::validation(vec![FieldProblem::new(
            "/contacts",
            "too_many",
            detail,
        )]));
    }
    let mut tenant = wanted.tenant_id;
    if wanted.demo || tenant.is_none() {
        let demo = seed::demo(&dev.app, &dev.base_url(), &dev.note).await;
        let demo = demo.map_err(|error| Problem::internal(&error))?;
        tenant = tenant.or(demo);
    }
    let tenant = tenant.ok_or_else(Problem::not_found)?;
    let added = seed::contacts(&dev.app, tenant, wanted.contacts).await;
    let added = added
        .map_err(|error| Problem::unavailable(&error))?
        .ok_or_else(Problem::not_found)?;
    Ok(Answer(
        json!({ "tenant_id": tenant, "contacts": added, "sign_ins": seed::sign_ins() }),
    ))
}
