//! How many contacts there are of each kind, without saying who.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use vio_domain::ids::ContactId;
use vio_http::{Fields, Json, NoParams, Principal, Problem, Query, RequestId};
use vio_runtime::web::{actor, store_problem};
use vio_store::log::Entry;
use vio_view::{Alternatives, Choice, QueryError};

use crate::ViewApp;
use crate::answer::FacetsShown;
use crate::list::{eyes, read};
use crate::params::{ListParams, Sent};

/// What is to be counted.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ContactCountsBody, example = json!({"filter": {"status": ["pending"]}, "choices": ["call", "attention"]}))]
pub(crate) struct Body {
    /// As in a search, without order and page.
    filter: ListParams,
    /// Filters of which each value is counted too, once each: `appointment`, `call`, `urgency`, `last_contact`,
    /// `call_result`, `priority`, `booking_source`, `attention`, `own`, `is_active`.
    #[schema(max_items = 10)]
    choices: Vec<String>,
}

/// How the contacts of a filter divide.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactCounts {
    facets: FacetsShown,
    /// In the order they were asked for.
    choices: Vec<ChoiceShown>,
}

/// A filter with the count of each of its values, each of which says what choosing it alone would find under all the
/// other filters.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactChoice)]
pub(crate) struct ChoiceShown {
    #[schema(value_type = String, example = "call")]
    parameter: &'static str,
    values: Vec<ValueShown>,
}

/// One value of a filter.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactChoiceValue)]
pub(crate) struct ValueShown {
    #[schema(value_type = String, example = "due_today")]
    value: &'static str,
    count: usize,
}

/// The choices that were named.
fn named(names: &[String], fields: &mut Fields) -> Vec<Choice> {
    let mut found = Vec::new();
    for (place, name) in names.iter().take(Choice::ALL.len() + 1).enumerate() {
        let at = format!("/choices/{place}");
        match Choice::named(name) {
            _ if names[..place].contains(name) => {
                fields.note(&at, "repeated", "Each filter is counted once.");
            }
            Some(choice) => found.push(choice),
            None => fields.note(
                &at,
                "not_offered",
                "There is no such filter with values to count.",
            ),
        }
    }
    found
}

/// Counts the contacts of a filter as `POST /api/contacts/search` does with every page, and on request by the values of
/// other filters, without showing anybody. A search is entered into the audit, sealed.
#[utoipa::path(post, path = "/api/contacts/counts", tag = "contacts", request_body = Body,
    responses((status = 200, body = ContactCounts)))]
pub(crate) async fn counts(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Json(body): Json<Body>,
) -> Result<Json<ContactCounts>, Problem> {
    let sent = Sent::InFilter;
    let mut fields = Fields::default();
    body.filter.only_filters(&mut fields, "/filter");
    let choices = named(&body.choices, &mut fields);
    if !fields.is_clean() {
        return Err(fields.into());
    }
    let params = body.filter.filters();
    let refused = |error: QueryError| sent.refused(&error);
    let filter = params.filter().map_err(refused)?;
    let alternatives = |choice: &Choice| choice.alternatives(&params);
    let of: Result<Vec<Alternatives>, _> = choices.iter().map(alternatives).collect();
    let of = of.map_err(refused)?;
    let (tenant, settings) = view.app.tenant_with_settings(&principal).await?;
    let settings = settings.settings;
    let seen_by = eyes(&principal, &settings)?;
    let held = view.views.current(&tenant).await?;
    let now = (tenant.now(), settings.business.timezone);
    let (facets, counts) = read(&held, &seen_by, now, &params, sent, |reader| {
        Ok((reader.facets_of(&filter)?, reader.choices(&of)?))
    })?;
    if body.filter.searches() {
        let nobody: [ContactId; 0] = [];
        let entry = Entry::new("contacts.searched", "tenant", tenant.id.uuid())
            .details(json!({ "filters": body.filter.sent()?, "contacts": nobody }));
        let logged = tenant.log_access(&actor(&principal, request), entry).await;
        logged.map_err(store_problem)?;
    }
    let shown = |(choice, counts): (&Choice, Vec<usize>)| ChoiceShown {
        parameter: choice.parameter(),
        values: choice
            .values()
            .iter()
            .zip(counts)
            .map(|(value, count)| ValueShown { value, count })
            .collect(),
    };
    Ok(Json(ContactCounts {
        facets: facets.into(),
        choices: choices.iter().zip(counts).map(shown).collect(),
    }))
}
