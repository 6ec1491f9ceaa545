//! Whom somebody may call, and which campaigns they see: those over groups that they see (rules.md).

use vio_domain::campaigns::Source;
use vio_domain::ids::{CampaignId, ContactId};
use vio_domain::permission::Scope;
use vio_http::{Principal, Problem};
use vio_runtime::reach::can_edit;
pub(crate) use vio_runtime::reach::{can_view, changeable, group};
use vio_runtime::web::{sees_group, store_problem};
use vio_store::TenantStore;
use vio_store::campaigns::CampaignRow;

/// Those of a group's members that the person may call.
pub(crate) async fn callable(
    ts: &TenantStore,
    who: &Principal,
    members: Vec<ContactId>,
) -> Result<Vec<ContactId>, Problem> {
    if who.scope.edit == Some(Scope::All) {
        return Ok(members);
    }
    let contacts = ts.contacts(&members).await.map_err(store_problem)?;
    let reached: std::collections::HashSet<ContactId> = contacts
        .iter()
        .filter(|(_, contact)| can_edit(who, contact))
        .map(|(_, contact)| contact.id)
        .collect();
    Ok(members
        .into_iter()
        .filter(|id| reached.contains(id))
        .collect())
}

/// A campaign that the person sees. One over a group follows the group's visibility, and after the group's end what
/// that was when the campaign began.
pub(crate) async fn campaign(
    ts: &TenantStore,
    who: &Principal,
    id: CampaignId,
) -> Result<CampaignRow, Problem> {
    let row = ts
        .campaign(id)
        .await
        .map_err(store_problem)?
        .ok_or_else(Problem::not_found)?;
    let seen = seen(ts, who, vec![row]).await?;
    seen.into_iter().next().ok_or_else(Problem::not_found)
}

/// Those of the campaigns that the person sees.
pub(crate) async fn seen(
    ts: &TenantStore,
    who: &Principal,
    mut rows: Vec<CampaignRow>,
) -> Result<Vec<CampaignRow>, Problem> {
    let ids = rows.iter().filter_map(|row| match row.campaign.source {
        Source::Group { group, .. } => Some(group),
        Source::Selection => None,
    });
    let groups = ts.groups_named(ids).await.map_err(store_problem)?;
    rows.retain(|row| match &row.campaign.source {
        Source::Selection => true,
        Source::Group {
            group, visibility, ..
        } => {
            let visibility = groups.get(group).map_or(visibility, |row| &row.visibility);
            sees_group(who, visibility)
        }
    });
    Ok(rows)
}
