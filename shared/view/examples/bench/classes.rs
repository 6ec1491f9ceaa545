//! The twelve classes of requests of docs/tenant-view.md, each as the engine is asked and as PostgreSQL is.

use vio_view::{Params, Query};

use crate::synth::{COMMON, Dice, ONE_IN_HUNDRED, OWNERS, Tenant};

pub(crate) struct Request {
    pub(crate) class: usize,
    pub(crate) query: Query,
    /// SQL conditions, score and order.
    pub(crate) sql: Sql,
}

pub(crate) struct Sql {
    pub(crate) filter: String,
    pub(crate) score: String,
    pub(crate) order: String,
    pub(crate) offset: usize,
}

pub(crate) const CLASSES: [&str; 12] = [
    "search, no match",
    "search, rare",
    "search, ~1 %",
    "search, common",
    "search, 1-2 characters",
    "operators",
    "status + groups + dates + search",
    "filters only",
    "call due + ungrouped",
    "facets in a group",
    "sort by name, page 1",
    "sort by name, page 200",
];

fn like(text: &str) -> String {
    format!("txt LIKE '%{text}%'")
}

/// S0's ranks, in SQL.
fn score(text: &str) -> String {
    format!("CASE WHEN prim LIKE '%{text}%' THEN 3 WHEN sec LIKE '%{text}%' THEN 2 ELSE 1 END")
}

pub(crate) fn requests(
    tenant: &Tenant,
    each: usize,
) -> Result<Vec<Request>, Box<dyn std::error::Error>> {
    let mut dice = Dice(12);
    let mut requests = Vec::new();
    for class in 0..CLASSES.len() {
        for _ in 0..each {
            requests.push(request(tenant, &mut dice, class)?);
        }
    }
    Ok(requests)
}

fn request(
    tenant: &Tenant,
    dice: &mut Dice,
    class: usize,
) -> Result<Request, Box<dyn std::error::Error>> {
    let mut params = Params::default();
    let mut filters: Vec<String> = Vec::new();
    let mut scores: Vec<String> = Vec::new();
    let mut search = |text: String| {
        filters.push(like(&text));
        scores.push(score(&text));
        text
    };
    let group = |dice: &mut Dice| dice.below(crate::synth::GROUPS);
    let mut order = "score DESC, name_folded, id";
    match class {
        0 => params.search = Some(search(format!("qx{}wv", dice.below(100_000)))),
        1 => {
            params.search = Some(search(format!(
                "zq{}x",
                dice.below(tenant.people.len() / 2_000).max(1) * 2_000
            )))
        }
        2 => params.search = Some(search(dice.pick(&ONE_IN_HUNDRED).to_owned())),
        3 => params.search = Some(search(dice.pick(&COMMON).to_owned())),
        4 => {
            let texts = ["a", "e", "jo", "07", "zu", "an", "@", "k", "x-", "4"];
            params.search = Some(search(dice.pick(&texts).to_owned()));
        }
        5 => {
            let (common, owner) = (dice.pick(&COMMON), dice.pick(&OWNERS).to_lowercase());
            let typed = match dice.below(4) {
                0 => {
                    search(owner.clone());
                    format!("\"{owner}\"")
                }
                1 => {
                    let stem = &common[..4];
                    filters.push(format!("txt ~ '\\m{stem}'"));
                    scores.push(format!("CASE WHEN prim ~ '\\m{stem}' THEN 3 WHEN sec ~ '\\m{stem}' THEN 2 ELSE 1 END"));
                    format!("{stem}*")
                }
                2 => {
                    search(common.to_owned());
                    filters.push("txt NOT LIKE '%penicillin%'".into());
                    format!("{common} -penicillin")
                }
                _ => {
                    let host = dice.pick(&["@gmail.com", "@example.org"]);
                    filters.push(format!("email_folded LIKE '%{host}%'"));
                    scores.push("3".into());
                    format!("email:{host}")
                }
            };
            params.search = Some(typed);
        }
        6 => {
            let (a, b) = (group(dice), group(dice));
            params.search = Some(search(dice.pick(&COMMON).to_owned()));
            params.status = Some("pending,confirmed".into());
            params.group_ids = Some(format!("{},{}", tenant.groups[a], tenant.groups[b]));
            params.appointment_from = Some("2026-11-21T10:00:00Z".into());
            params.appointment_to = Some("2026-11-28T10:00:00Z".into());
            filters.push("status IN (0, 1)".into());
            filters.push(format!("groups && ARRAY[{a}, {b}]"));
            filters.push("appointment_time >= '2026-11-21T10:00:00Z' AND appointment_time < '2026-11-28T10:00:00Z'".into());
        }
        7 => {
            let day = 1 + dice.below(27);
            params.status = Some("pending".into());
            params.priority = Some("high,urgent".into());
            params.is_active = Some(true);
            params.appointment_from = Some(format!("2026-12-{day:02}T00:00:00Z"));
            params.appointment_to = Some(format!("2026-12-{:02}T00:00:00Z", day + 3));
            params.sort = Some("appointment_time".into());
            order = "appointment_time, id";
            filters.push(format!("status = 0 AND priority IN (1, 2) AND is_active AND appointment_time >= '2026-12-{day:02}T00:00:00Z' AND appointment_time < '2026-12-{:02}T00:00:00Z'", day + 3));
        }
        8 => {
            params.call = Some("due_now".into());
            params.ungrouped = Some(true);
            params.sort = Some("-appointment_time".into());
            order = "appointment_time DESC, id DESC";
            filters.push("next_call <= '2026-11-21T10:00:00Z' AND groups = '{}'".into());
        }
        9 => {
            let a = group(dice);
            params.group_ids = Some(tenant.groups[a].to_string());
            params.sort = Some("-created_at".into());
            order = "created_at DESC, id DESC";
            filters.push(format!("groups && ARRAY[{a}]"));
        }
        _ => {
            params.sort = Some("name".into());
            params.page = Some(if class == 11 { 200 } else { 1 });
            order = "name_folded, id";
            // A filter as people leave it set.
            params.is_active = Some(dice.below(2) == 0);
            filters.push(format!("is_active = {}", params.is_active == Some(true)));
        }
    }
    let query = params.parse(None)?;
    Ok(Request {
        class,
        query,
        sql: Sql {
            filter: filters.join(" AND "),
            score: if scores.is_empty() {
                "0".into()
            } else {
                scores.join(" + ")
            },
            order: order.into(),
            offset: if class == 11 { 199 * 25 } else { 0 },
        },
    })
}
