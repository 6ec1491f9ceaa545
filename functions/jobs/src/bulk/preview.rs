//! What work would do, before anything is done.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::bulk::{Context, MOST_AT_ONCE, MOST_PER_SECOND, Operation, Verdict, apply};
use vio_domain::ids::ContactId;
use vio_http::Problem;
use vio_runtime::web::store_problem;
use vio_store::bulk::Target;
use vio_store::log::Entry;

use super::Asked;
use super::select::people;
use crate::show::Job;

/// Contacts that are named of those to be changed, and of those left out.
const CHANGED_NAMED: usize = 10;
const REFUSED_NAMED: usize = 100;

/// A contact that would be changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkPreviewContact)]
struct Named {
    id: Uuid,
    #[schema(example = "Ada Example")]
    name: String,
}

/// A contact that would be left out, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkPreviewRefused)]
struct Refused {
    contact_id: Uuid,
    #[schema(value_type = String, example = "no_appointment")]
    code: Verdict,
    #[schema(example = "The contact has no appointment.")]
    detail: &'static str,
}

/// What would happen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkPreview)]
pub struct Preview {
    #[schema(value_type = String, example = "status")]
    operation: &'static str,
    total_contacts: usize,
    would_change: usize,
    unchanged: usize,
    refused: usize,
    /// The first of those that would be changed.
    contacts: Vec<Named>,
    /// The first of those that would be left out.
    refusals: Vec<Refused>,
    /// Whether it is done within the request; otherwise by a job.
    at_once: bool,
    /// How long a job would take at least.
    estimated_seconds: u32,
}

/// A job that is over, or a preview.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = BulkDoneOrPreview)]
pub enum DoneOrPreview {
    Done(Job),
    Preview(Preview),
}

/// Judges each contact as it is now. Nothing is written but that somebody looked.
pub(super) async fn preview(
    asked: Asked<'_>,
    operation: &Operation,
    targets: &[Target],
    selection: &Value,
) -> Result<Preview, Problem> {
    let ids: Vec<ContactId> = targets.iter().map(|target| target.contact).collect();
    let mut people = people(asked.ts, &ids).await?;
    let context = Context {
        now: asked.ts.now(),
        by: Some(asked.who.user_id),
    };
    let seconds = ids.len().div_ceil(MOST_PER_SECOND as usize);
    let mut preview = Preview {
        operation: operation.name(),
        total_contacts: ids.len(),
        would_change: 0,
        unchanged: 0,
        refused: 0,
        contacts: Vec::new(),
        refusals: Vec::new(),
        at_once: ids.len() <= MOST_AT_ONCE,
        estimated_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
    };
    for target in targets {
        let id = target.contact;
        let person = people.remove(&id);
        let (verdict, name) = match (target.refused, person) {
            (Some(verdict), _) => (verdict, None),
            (None, None) => (Verdict::Gone, None),
            (None, Some((mut contact, mut current))) => {
                let verdict = apply(operation, &mut contact, current.as_mut(), context);
                (verdict, Some(contact.name))
            }
        };
        match verdict {
            Verdict::Changed => {
                preview.would_change += 1;
                if let Some(name) = name.filter(|_| preview.contacts.len() < CHANGED_NAMED) {
                    preview.contacts.push(Named {
                        id: id.uuid(),
                        name: name.as_str().to_owned(),
                    });
                }
            }
            Verdict::Unchanged => preview.unchanged += 1,
            refused => {
                preview.refused += 1;
                if preview.refusals.len() < REFUSED_NAMED {
                    preview.refusals.push(Refused {
                        contact_id: id.uuid(),
                        code: refused,
                        detail: refused.detail(),
                    });
                }
            }
        }
    }
    let entry = Entry::new("contacts.bulk_previewed", "tenant", asked.ts.id.uuid()).details(
        serde_json::json!({
            "operation": operation.name(), "contacts": ids.len(), "selection": selection,
        }),
    );
    asked
        .ts
        .log_access(asked.by, entry)
        .await
        .map_err(store_problem)?;
    Ok(preview)
}
