//! Which contacts work is about, by their ids or as the members of a group.

use std::collections::{BTreeSet, HashMap};

use vio_domain::appointment::Appointment;
use vio_domain::bulk::{MOST_CONTACTS, Verdict};
use vio_domain::contact::Contact;
use vio_domain::ids::{ContactId, GroupId};
use vio_http::{Fields, Principal, Problem};
use vio_runtime::reach::{can_edit, can_view, find_group};
use vio_runtime::web::store_problem;
use vio_store::TenantStore;
use vio_store::bulk::Target;
use vio_store::groups::GroupRow;

use futures::{StreamExt, TryStreamExt, stream};

/// Contacts read in one request, and such requests side by side.
const AT_ONCE: usize = 100;
const SIDE_BY_SIDE: usize = 8;
/// Wrong ids that are named.
const WRONG_NAMED: usize = 100;

/// Contacts chosen, in order, each once.
pub type Chosen = Vec<Target>;

/// Contacts by id with their current appointments; deleted ones are left out.
pub(crate) async fn people(
    ts: &TenantStore,
    ids: &[ContactId],
) -> Result<HashMap<ContactId, (Contact, Option<Appointment>)>, Problem> {
    let chunks: Vec<Vec<ContactId>> = ids.chunks(AT_ONCE).map(<[_]>::to_vec).collect();
    let read: Vec<Vec<(Contact, Option<Appointment>)>> = stream::iter(chunks)
        .map(|ids| async move { ts.with_current(&ids).await })
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await
        .map_err(store_problem)?;
    let all = read.into_iter().flatten();
    Ok(all.map(|both| (both.0.id, both)).collect())
}

fn judged(who: &Principal, contact: &Contact, within: Option<GroupId>) -> Target {
    let outside = |group: GroupId| !contact.group_ids.contains(&group);
    let refused = if !can_edit(who, contact) {
        Some(Verdict::NotAllowed)
    } else if within.is_some_and(outside) {
        Some(Verdict::NotAMember)
    } else {
        None
    };
    Target {
        contact: contact.id,
        refused,
    }
}

/// Contacts by id: one that is not there or not seen, and nothing is done for any (S2).
pub async fn by_ids(
    ts: &TenantStore,
    who: &Principal,
    pointer: &str,
    texts: &[String],
    within: Option<GroupId>,
    fields: &mut Fields,
) -> Result<Chosen, Problem> {
    if texts.is_empty() || texts.len() > MOST_CONTACTS {
        let detail = format!("Name one to {MOST_CONTACTS} contacts.");
        fields.note(pointer, "out_of_range", detail);
        return Ok(Vec::new());
    }
    let parsed: Vec<Option<ContactId>> = texts.iter().map(|text| text.parse().ok()).collect();
    let ids: Vec<ContactId> = parsed.iter().copied().flatten().collect();
    let people = people(ts, &ids).await?;
    let (mut chosen, mut known, mut wrong) = (Vec::new(), BTreeSet::new(), 0);
    for (n, id) in parsed.into_iter().enumerate() {
        let contact = id
            .and_then(|id| people.get(&id))
            .map(|(contact, _)| contact);
        match contact.filter(|contact| can_view(who, contact)) {
            Some(contact) if known.insert(contact.id) => chosen.push(judged(who, contact, within)),
            Some(_) => {}
            None => {
                wrong += 1;
                if wrong <= WRONG_NAMED {
                    let detail = "There is no such contact.";
                    fields.note(&format!("{pointer}/{n}"), "unknown", detail);
                }
            }
        }
    }
    Ok(chosen)
}

/// The members of a group that the person sees, where they are not more than one operation takes.
pub(super) async fn of_group(
    ts: &TenantStore,
    who: &Principal,
    group: &GroupRow,
    pointer: &str,
    fields: &mut Fields,
) -> Result<Chosen, Problem> {
    if refuse_more(fields, pointer, group.members as usize) {
        return Ok(Vec::new());
    }
    let rows = ts.everybody_in(group.id).await.map_err(store_problem)?;
    let ids: Vec<ContactId> = rows.iter().map(|row| row.contact).collect();
    let people = people(ts, &ids).await?;
    let contacts = ids.iter().filter_map(|id| people.get(id));
    let seen = contacts.filter(|(contact, _)| can_view(who, contact));
    Ok(seen
        .map(|(contact, _)| judged(who, contact, None))
        .collect())
}

/// The members of a group that a body names.
pub async fn of_named_group(
    ts: &TenantStore,
    who: &Principal,
    pointer: &str,
    text: &str,
    fields: &mut Fields,
) -> Result<Chosen, Problem> {
    let group = match text.parse() {
        Ok(id) => find_group(ts, who, id).await?,
        Err(_) => None,
    };
    match group {
        Some(group) => of_group(ts, who, &group, pointer, fields).await,
        None => {
            fields.note(pointer, "unknown_group", "There is no such group.");
            Ok(Vec::new())
        }
    }
}

/// Notes that these are more contacts than one operation takes, if they are.
pub fn refuse_more(fields: &mut Fields, pointer: &str, contacts: usize) -> bool {
    let refused = contacts > MOST_CONTACTS;
    if refused {
        let detail = format!("{contacts} contacts; at most {MOST_CONTACTS} at a time.");
        fields.note(pointer, "too_many", detail);
    }
    refused
}
