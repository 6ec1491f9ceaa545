//! The groups of a contact: which of them somebody sees, and what they may change of them (S2, rules.md Groups).

use std::collections::BTreeSet;

use vio_domain::groups::{CHANGES_MEMBERS, MOST_GROUPS_OF_A_CONTACT, MOST_MOVES};
use vio_domain::ids::GroupId;
use vio_http::{Fields, Principal, Problem};
use vio_runtime::web::{sees_group, store_problem};
use vio_store::TenantStore;

use crate::given::Given;

/// Those of the groups that are there, in use, and seen by this person. An archived one is out of sight for everybody.
pub(crate) async fn seen(
    tenant: &TenantStore,
    principal: &Principal,
    ids: impl IntoIterator<Item = GroupId>,
) -> Result<BTreeSet<GroupId>, Problem> {
    let groups = tenant.groups_named(ids).await.map_err(store_problem)?;
    Ok(groups
        .into_values()
        .filter(|group| sees_group(principal, &group.visibility) && group.archived_at.is_none())
        .map(|group| group.id)
        .collect())
}

/// Whether the person puts contacts into groups.
pub(crate) fn may_change(principal: &Principal) -> bool {
    principal.permissions.contains_any(CHANGES_MEMBERS)
}

/// Judges the groups that were sent: each must be there and seen, and the person must be one who changes them.
pub(crate) async fn judge(
    tenant: &TenantStore,
    principal: &Principal,
    given: &Given<Vec<GroupId>>,
    fields: &mut Fields,
) -> Result<(), Problem> {
    if given.is_absent() {
        return Ok(());
    }
    if !may_change(principal) {
        return Err(Problem::lacks(CHANGES_MEMBERS)
            .detail("Your account does not put contacts into groups. Leave group_ids out."));
    }
    let ids = given.as_ref().value().map_or(&[][..], |ids| &ids[..]);
    if ids.len() > MOST_GROUPS_OF_A_CONTACT {
        let detail = format!("A contact can be in at most {MOST_GROUPS_OF_A_CONTACT} groups.");
        fields.note("/group_ids", "too_many", detail);
        return Ok(());
    }
    let seen = seen(tenant, principal, ids.iter().copied()).await?;
    for (n, id) in ids.iter().enumerate() {
        if !seen.contains(id) {
            let pointer = format!("/group_ids/{n}");
            fields.note(&pointer, "unknown_group", "There is no such group.");
        }
    }
    Ok(())
}

/// The groups of a contact after an edit: those sent, and those it is in that the person does not see and so cannot
/// have meant to leave out. `seen_before`: the ones it was in that they do see.
pub(crate) fn after_edit(
    mut sent: Vec<GroupId>,
    now_in: &[GroupId],
    seen_before: &BTreeSet<GroupId>,
) -> Vec<GroupId> {
    sent.extend(now_in.iter().filter(|id| !seen_before.contains(id)));
    let mut known = BTreeSet::new();
    sent.retain(|id| known.insert(*id));
    sent
}

/// Refuses an edit that moves a contact in and out of more groups than are written at once.
pub(crate) fn judge_moves(before: &[GroupId], after: &[GroupId], fields: &mut Fields) {
    let joins = after.iter().filter(|id| !before.contains(id)).count();
    let leaves = before.iter().filter(|id| !after.contains(id)).count();
    if joins + leaves > MOST_MOVES {
        let detail = format!("At most {MOST_MOVES} groups are joined and left at a time.");
        fields.note("/group_ids", "too_many", detail);
    }
}
