//! Who may be there twice, and who shares a number or an address with whom (rules.md "Same person?"), for somebody who
//! looks through them. A suggestion of the view: both are changed by their own routes.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use vio_domain::ids::ContactId;
use vio_domain::permission::Permission;
use vio_domain::person::{Pair, Relation};
use vio_http::page::PageParams;
use vio_http::{
    Fields, Json, NoParams, Paged, Pagination, Principal, Problem, Query, QueryParams, RequestId,
};
use vio_runtime::reach::{can_edit, can_view};
use vio_runtime::web::{actor, store_problem};
use vio_store::log::Entry;
use vio_view::Alike;

use crate::ViewApp;
use crate::answer::{ContactFound, Shown};
use crate::list::eyes;

vio_http::pagination! {
    /// Where the list of pairs stands.
    DuplicatesPagination = "total_pairs",
}

/// Which pairs are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// `duplicate`: a similar name, so probably one person; `household`: another name, so probably two.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "duplicate")]
    relation: Wanted,
    /// Those of this contact only.
    #[param(value_type = Option<uuid::Uuid>)]
    contact_id: Option<ContactId>,
}

impl QueryParams for Filters {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    #[default]
    Duplicate,
    Household,
}

/// Two contacts that share something.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactPair)]
pub(crate) struct PairShown {
    /// What is equal: `phone`, `email`, or both.
    #[schema(value_type = Vec<String>, example = json!(["phone"]))]
    same: Vec<&'static str>,
    /// The two.
    contacts: Vec<ContactFound>,
}

/// A page of pairs.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactPairs)]
pub(crate) struct PairsShown {
    /// By name.
    pairs: Vec<PairShown>,
    pagination: DuplicatesPagination,
}

fn shown(pair: Alike, shown: &Shown<'_>) -> PairShown {
    let same = [("phone", pair.same_phone), ("email", pair.same_email)];
    PairShown {
        same: same
            .iter()
            .filter(|(_, is)| *is)
            .map(|(name, _)| *name)
            .collect(),
        contacts: pair
            .contacts
            .into_iter()
            .map(|row| shown.row(row))
            .collect(),
    }
}

/// Pairs of contacts of your reach with an equal phone number or e-mail address, without those that somebody said are two
/// people. Where more than 20 share one, 20 of them are compared. Entered into the audit with the ids shown.
#[utoipa::path(get, path = "/api/contacts/duplicates", tag = "contacts", params(Filters, PageParams),
    responses((status = 200, body = PairsShown)))]
pub(crate) async fn list(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Paged { filters, page }: Paged<Filters>,
) -> Result<Json<PairsShown>, Problem> {
    let (tenant, settings) = view.app.tenant_with_settings(&principal).await?;
    let settings = settings.settings;
    let relation = match filters.relation {
        Wanted::Duplicate => Relation::Duplicate,
        Wanted::Household => Relation::Household,
    };
    let size = page.page_size as usize;
    let (skip, number) = match page.position::<usize>(None)? {
        Some(position) => position,
        None => {
            let number = page.page.get();
            ((number as usize - 1).saturating_mul(size), number)
        }
    };
    let apart = tenant.apart().await.map_err(store_problem)?;
    let seen_by = eyes(&principal, &settings)?;
    let held = view.views.current(&tenant).await?;
    let zone = settings.business.timezone;
    let (pairs, total) = held.read(&seen_by, tenant.now(), zone, |reader| {
        Ok(reader.alike(relation, filters.contact_id, &apart, skip, size))
    })?;
    let ids: Vec<[ContactId; 2]> = pairs
        .iter()
        .map(|pair| pair.contacts.each_ref().map(|found| found.contact.id))
        .collect();
    let entry = Entry::new("contacts.duplicates_listed", "tenant", tenant.id.uuid())
        .details(json!({ "pairs": ids }));
    tenant
        .log_access(&actor(&principal, request), entry)
        .await
        .map_err(store_problem)?;
    let end = skip.saturating_add(pairs.len());
    let next_cursor = match !pairs.is_empty() && end < total {
        true => Some(page.next_cursor(end, number, None)?),
        false => None,
    };
    let of = Shown {
        tenant: tenant.id,
        settings: &settings,
    };
    let pagination = Pagination {
        current_page: number,
        page_size: page.page_size,
        total: Some(total as u64),
        next_cursor,
    };
    Ok(Json(PairsShown {
        pairs: pairs.into_iter().map(|pair| shown(pair, &of)).collect(),
        pagination: pagination.into(),
    }))
}

/// Two contacts, and whether they are two people.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ContactsApart, example = json!({
    "contact_ids": ["0192f0c1-2b3c-7def-8abc-0123456789ab", "0192f0c1-2b3c-7def-8abc-0123456789ac"], "apart": true}))]
pub(crate) struct ApartBody {
    /// Two different ones.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    contact_ids: Vec<ContactId>,
    /// Whether they are two people; false takes it back.
    #[schema(default = true)]
    apart: Option<bool>,
}

/// Says that two contacts are not the same person, or takes it back: they are not listed among the duplicates then. Both
/// must be of your reach, and one of them yours to change. Neither is changed.
#[utoipa::path(post, path = "/api/contacts/duplicates/apart", tag = "contacts", request_body = ApartBody,
    responses((status = 204, description = "Noted")))]
pub(crate) async fn set_apart(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Json(body): Json<ApartBody>,
) -> Result<StatusCode, Problem> {
    let tenant = view.app.tenant_of(&principal).await?;
    let asked = &body.contact_ids[..body.contact_ids.len().min(2)];
    let known = tenant.contacts(asked).await.map_err(store_problem)?;
    let seen = |id: &ContactId| {
        let contacts = known.iter().map(|(_, contact)| contact);
        contacts
            .filter(|contact| contact.deleted.is_none() && can_view(&principal, contact))
            .find(|contact| contact.id == *id)
    };
    let mut fields = Fields::default();
    for (place, id) in asked.iter().enumerate() {
        if seen(id).is_none() {
            let pointer = format!("/contact_ids/{place}");
            fields.note(&pointer, "unknown_contact", "There is no such contact.");
        }
    }
    let pair = match body.contact_ids[..] {
        [one, other] => Pair::of(one, other),
        _ => None,
    };
    if pair.is_none() {
        fields.note("/contact_ids", "not_a_pair", "Name two different contacts.");
    }
    let (Some(pair), true) = (pair, fields.is_clean()) else {
        return Err(Problem::from(fields));
    };
    let mut ours = asked.iter().filter_map(seen);
    if !ours.any(|contact| can_edit(&principal, contact)) {
        return Err(Problem::lacks(&[Permission::EditAllContacts]));
    }
    tenant
        .set_apart(
            pair,
            body.apart.unwrap_or(true),
            &actor(&principal, request),
        )
        .await
        .map_err(store_problem)?;
    Ok(StatusCode::NO_CONTENT)
}
