//! Which contacts several groups have in common (S2 "overlap_analysis", "group_intersection_tools").

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vio_domain::ids::{ContactId, GroupId};
use vio_http::{FieldProblem, Json, Kind, Principal, Problem, Query, QueryParams, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, sees_group, store_problem};
use vio_store::log::Entry;

use crate::reach;

/// Groups that are compared at most.
const MOST: usize = 5;
/// Contacts that are named; the counts cover all.
const NAMED: usize = 1_000;

/// Which groups to compare.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Compared {
    /// Two to five ids, separated by commas; your five largest groups where left out.
    #[param(
        max_length = 200,
        example = "0192f0c1-2b3c-7def-8abc-0123456789ab,0192f0c1-2b3c-7def-8abc-0123456789ac"
    )]
    group_ids: Option<String>,
}

impl QueryParams for Compared {}

/// One of the groups.
#[derive(Debug, Serialize, ToSchema)]
struct OverlapGroup {
    group_id: Uuid,
    #[schema(example = "VIP Clients")]
    name: String,
    /// Its members, of those that you see.
    contact_count: usize,
}

/// What two of them have in common.
#[derive(Debug, Serialize, ToSchema)]
struct OverlapPair {
    /// Two ids.
    group_ids: [Uuid; 2],
    contact_count: usize,
}

/// What groups have in common, of the contacts that you see.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overlap {
    groups: Vec<OverlapGroup>,
    pairs: Vec<OverlapPair>,
    /// Contacts in every one of the groups.
    in_all_count: usize,
    /// Contacts in two or more of them.
    in_several_count: usize,
    /// Contacts in any of them.
    in_any_count: usize,
    /// The first 1,000 contacts that are in every one.
    contact_ids: Vec<Uuid>,
}

fn invalid(detail: &str) -> Problem {
    Problem::new(Kind::InvalidParameter)
        .detail(format!("The parameter group_ids is not valid. {detail}"))
        .error(FieldProblem::new("group_ids", "invalid_value", detail))
}

/// Which contacts two to five groups have in common.
#[utoipa::path(
    get, path = "/api/groups/overlap", tag = "groups", params(Compared),
    responses((status = 200, description = "What they have in common", body = Overlap))
)]
pub(crate) async fn read(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(compared): Query<Compared>,
) -> Result<Json<Overlap>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let ids = match compared.group_ids {
        Some(texts) => {
            let ids: Option<BTreeSet<GroupId>> =
                texts.split(',').map(|id| id.trim().parse().ok()).collect();
            ids.filter(|ids| (2..=MOST).contains(&ids.len()))
                .ok_or_else(|| invalid("Two to five different ids, separated by commas."))?
        }
        None => {
            let mut all = ts.all_groups().await.map_err(store_problem)?;
            all.retain(|row| sees_group(&who, &row.visibility) && row.archived_at.is_none());
            all.sort_by_key(|row| (Reverse(row.members), row.id));
            all.into_iter().take(MOST).map(|row| row.id).collect()
        }
    };
    let (mut groups, mut members) = (Vec::new(), Vec::new());
    for id in &ids {
        let group = reach::group(&ts, &who, *id).await?;
        let rows = ts.everybody_in(*id).await.map_err(store_problem)?;
        let all: BTreeSet<ContactId> = rows.into_iter().map(|row| row.contact).collect();
        let seen = reach::seen_of(&ts, &who, all).await?;
        groups.push(OverlapGroup {
            group_id: id.uuid(),
            name: group.name.as_str().to_owned(),
            contact_count: seen.len(),
        });
        members.push((id.uuid(), seen));
    }
    let mut places: BTreeMap<ContactId, usize> = BTreeMap::new();
    for contact in members.iter().flat_map(|(_, seen)| seen) {
        *places.entry(*contact).or_default() += 1;
    }
    let mut pairs = Vec::new();
    for (n, (one, of_one)) in members.iter().enumerate() {
        for (other, of_other) in &members[n + 1..] {
            pairs.push(OverlapPair {
                group_ids: [*one, *other],
                contact_count: of_one.intersection(of_other).count(),
            });
        }
    }
    let in_all: Vec<Uuid> = places
        .iter()
        .filter(|(_, count)| **count == ids.len())
        .map(|(contact, _)| contact.uuid())
        .collect();
    let entry = Entry::new("groups.compared", "tenant", ts.id.uuid())
        .details(json!({ "groups": ids, "contacts": in_all.len() }));
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    Ok(Json(Overlap {
        groups,
        pairs,
        in_all_count: in_all.len(),
        in_several_count: places.values().filter(|count| **count > 1).count(),
        in_any_count: places.len(),
        contact_ids: in_all.into_iter().take(NAMED).collect(),
    }))
}
