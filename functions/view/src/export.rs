//! Contacts as a file (rules.md Import and export): CSV, a selection or a list in its order.

use std::collections::HashSet;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use http::header;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use vio_domain::bulk::MOST_CONTACTS;
use vio_domain::ids::ContactId;
use vio_domain::settings::Settings;
use vio_domain::text::neutral;
use vio_http::{FieldProblem, Fields, Json, Kind, NoParams, Principal, Problem, Query, RequestId};
use vio_runtime::web::{actor, store_problem};
use vio_store::log::Entry;
use vio_view::{Card, PageSize, QueryError, ReadError, Reader, Start, Visibility};

use crate::ViewApp;
use crate::held::Held;
use crate::list::{eyes, read};
use crate::params::{ListParams, Sent};

/// Rows that the view is asked for at a time: its largest page.
const AT_ONCE: u32 = 100;

/// The columns. In HIPAA mode those that can say something about somebody's health are left out (S2-31).
const COLUMNS: &[(&str, bool)] = &[
    ("name", false),
    ("phone", false),
    ("email", false),
    ("company_name", false),
    ("appointment_date", false),
    ("appointment_time", false),
    ("timezone", false),
    ("appointment_status", false),
    ("attendance", false),
    ("appointment_type", true),
    ("owner_name", false),
    ("special_instructions", true),
    ("notes", true),
    ("groups", true),
    ("tags", true),
    ("priority", false),
    ("preferred_contact_method", false),
    ("do_not_contact", false),
    ("is_active", false),
    ("call_attempts", false),
    ("next_call_at", false),
    ("last_contact_time", false),
    ("created_at", false),
];

/// A word as the API writes it.
fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn instant(at: Option<DateTime<Utc>>, zone: Tz) -> String {
    at.map_or_else(String::new, |at| {
        at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
    })
}

/// The cell of a column.
fn cell(card: &Card, column: &str, settings: &Settings) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let usual = settings.business.timezone;
    let at = card.appointment.as_ref();
    let zone: Tz = at.and_then(|at| at.timezone.parse().ok()).unwrap_or(usual);
    let time = at
        .and_then(|at| at.time)
        .map(|time| time.with_timezone(&zone));
    let of_time = |form: &str| time.map_or_else(String::new, |time| time.format(form).to_string());
    match column {
        "name" => card.name.clone(),
        "phone" => text(&card.phone),
        "email" => text(&card.email),
        "company_name" => text(&card.company_name),
        "appointment_date" => of_time("%Y-%m-%d"),
        "appointment_time" => of_time("%H:%M"),
        "timezone" => time.map_or_else(String::new, |_| zone.name().to_owned()),
        "appointment_status" => at.map_or_else(String::new, |at| word(at.status)),
        "attendance" => at.map_or_else(String::new, |at| word(at.attendance)),
        "appointment_type" => at.map_or_else(String::new, |at| text(&at.appointment_type)),
        "owner_name" => at.map_or_else(String::new, |at| text(&at.owner_name)),
        "special_instructions" => at.map_or_else(String::new, |at| text(&at.special_instructions)),
        "notes" => text(&card.notes),
        "groups" => {
            let names = card.groups.iter().map(|group| group.name.as_str());
            names.collect::<Vec<_>>().join("; ")
        }
        "tags" => card.tags.join("; "),
        "priority" => word(card.priority),
        "preferred_contact_method" => word(card.preferred_contact_method),
        "do_not_contact" => yes(card.do_not_contact),
        "is_active" => yes(card.is_active),
        "call_attempts" => at.map_or_else(String::new, |at| at.call_attempts.to_string()),
        "next_call_at" => instant(card.next_call_at, usual),
        "last_contact_time" => instant(card.last_contact_time, usual),
        "created_at" => instant(card.created_at, usual),
        _ => String::new(),
    }
}

/// Everybody whom a query finds, in its order.
fn everybody(reader: &Reader<'_>, query: &mut vio_view::Query) -> Result<Vec<Card>, ReadError> {
    let mut cards = Vec::new();
    for number in 1.. {
        query.start = Start::Page(number);
        let page = reader.page(query)?;
        let last = page.next.is_none() || page.rows.is_empty();
        cards.extend(page.rows.into_iter().map(|row| row.contact));
        if last || cards.len() > MOST_CONTACTS {
            break;
        }
    }
    Ok(cards)
}

fn written(cards: &[Card], settings: &Settings) -> Result<Vec<u8>, Problem> {
    let broken = |error: csv::Error| Problem::internal(&error);
    let hipaa = settings.privacy.hipaa_mode;
    let columns = COLUMNS
        .iter()
        .filter(|(_, health)| !(hipaa && *health))
        .map(|(name, _)| *name);
    let columns: Vec<&str> = columns.collect();
    // No byte order mark: what turns answers into Lambda's events takes it off, and the length is wrong then.
    let mut text = csv::Writer::from_writer(Vec::new());
    text.write_record(&columns).map_err(broken)?;
    for card in cards {
        let cells = columns.iter().map(|column| cell(card, column, settings));
        let cells: Vec<String> = cells.map(|cell| neutral(&cell).into_owned()).collect();
        text.write_record(cells).map_err(broken)?;
    }
    text.into_inner()
        .map_err(|_| Problem::internal_because("a CSV in memory could not be written"))
}

/// Whose file it is; one of the two.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = ContactsExport, example = json!({"ids": ["0192f0c1-2b3c-7def-8abc-0123456789ab"]}))]
pub(crate) struct Body {
    /// Contacts one by one, at most 10,000, in the order of the rows; each is written once.
    #[schema(value_type = Option<Vec<Uuid>>)]
    ids: Option<Vec<String>>,
    /// Whom this finds, in its order, as in a search without a page. An empty one takes everybody.
    filter: Option<ListParams>,
}

/// How many wrong ids are named.
const WRONG_NAMED: usize = 20;

/// Those of the contacts named that are within reach, every other noted.
fn one_by_one(reader: &Reader<'_>, ids: &[String], fields: &mut Fields) -> Vec<Card> {
    if ids.is_empty() || ids.len() > MOST_CONTACTS {
        let detail = format!("Name one to {MOST_CONTACTS} contacts.");
        fields.note("/ids", "out_of_range", detail);
        return Vec::new();
    }
    let (mut cards, mut known, mut wrong) = (Vec::new(), HashSet::new(), 0);
    for (place, text) in ids.iter().enumerate() {
        let id: Option<ContactId> = text.parse().ok();
        match id.and_then(|id| reader.contact(id)) {
            Some(card) if known.insert(card.id) => cards.push(card),
            Some(_) => {}
            None if wrong < WRONG_NAMED => {
                wrong += 1;
                let detail = "There is no such contact.";
                fields.note(&format!("/ids/{place}"), "unknown", detail);
            }
            None => {}
        }
    }
    cards
}

/// Whom a filter finds.
fn found(
    held: &Held,
    seen_by: &Visibility,
    now: (DateTime<Utc>, Tz),
    filter: &ListParams,
) -> Result<Vec<Card>, Problem> {
    let sent = Sent::InFilter;
    if let Some(name) = filter.paging() {
        let detail = "A file has no pages.";
        let error = FieldProblem::new(format!("/filter/{name}"), "not_here", detail);
        return Err(Problem::validation(vec![error]));
    }
    let filters = filter.filters();
    let refused = |error: QueryError| sent.refused(&error);
    let mut query = filters.parse(None).map_err(refused)?;
    query.page_size = PageSize::new(AT_ONCE).map_err(refused)?;
    query.facets = false;
    query.shares = false;
    read(held, seen_by, now, &filters, sent, |reader| {
        everybody(reader, &mut query)
    })
}

/// Contacts as a CSV file, at most 10,000: those named, or everybody whom a filter finds in its order; times on the clock of
/// the appointment, others on the business's. In HIPAA mode appointment type, instructions, notes, groups and tags are left
/// out. Entered into the audit with the filters, sealed, and the number of contacts.
#[utoipa::path(post, path = "/api/contacts/export", tag = "contacts", request_body = Body,
    responses(
        (status = 200, description = "One row a contact", body = String, content_type = "text/csv",
            example = json!("name,phone\nAda Example,'+447700900123\n")),
        (status = 409, description = "More than 10,000 contacts"),
    ))]
pub(crate) async fn export(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let (tenant, settings) = view.app.tenant_with_settings(&principal).await?;
    let settings = settings.settings;
    let seen_by = eyes(&principal, &settings)?;
    let held = view.views.current(&tenant).await?;
    let now = (tenant.now(), settings.business.timezone);
    let mut fields = Fields::default();
    if body.ids.is_some() == body.filter.is_some() {
        fields.note("/ids", "required", "One of ids and filter.");
    }
    // Where both are given, each is judged all the same, so that all that is wrong is told at once.
    let mut cards = Vec::new();
    if let Some(ids) = &body.ids {
        cards = held.read(&seen_by, now.0, now.1, |reader| {
            Ok(one_by_one(reader, ids, &mut fields))
        })?;
    }
    if let Some(filter) = &body.filter {
        match found(&held, &seen_by, now, filter) {
            Ok(found) => cards = found,
            Err(problem) if problem.kind() == Kind::Validation => {
                fields.extend(problem.errors().iter().cloned());
            }
            Err(problem) => return Err(problem),
        }
    }
    if !fields.is_clean() {
        return Err(fields.into());
    }
    if cards.len() > MOST_CONTACTS {
        return Err(Problem::new(Kind::Conflict).detail(format!(
            "This list has more than {MOST_CONTACTS} contacts. Narrow it with a filter."
        )));
    }
    let file = written(&cards, &settings)?;
    let filters = body.filter.as_ref().map(ListParams::sent).transpose()?;
    let entry = Entry::new("contacts.exported", "tenant", tenant.id.uuid()).details(json!({
        "ids": body.ids.is_some(), "filters": filters, "contacts": cards.len(),
        "hipaa_safe": settings.privacy.hipaa_mode,
    }));
    tenant
        .log_access(&actor(&principal, request), entry)
        .await
        .map_err(store_problem)?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"contacts.csv\"",
        ),
    ];
    Ok((headers, file).into_response())
}
