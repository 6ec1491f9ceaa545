//! Which function a request goes to: the routes of the HTTP API in `template.yaml`, which a test compares with this.

/// An HTTP function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    Calls,
    Campaigns,
    Contacts,
    Groups,
    Identity,
    Jobs,
    Live,
    Messaging,
    Profile,
    View,
    Webhooks,
}

use Function::{
    Calls, Campaigns, Contacts, Groups, Identity, Jobs, Live, Messaging, Profile, View, Webhooks,
};

/// The routes for any method, except [`OF_ONE_METHOD`]. `{proxy+}` takes the rest of the path.
pub const ROUTES: &[(&str, Function)] = &[
    ("/api/auth/{proxy+}", Identity),
    ("/api/tenants", Identity),
    ("/api/team", Identity),
    ("/api/team/{proxy+}", Identity),
    ("/api/contacts", Contacts),
    ("/api/contacts/{proxy+}", Contacts),
    ("/api/contacts/by-groups", View),
    ("/api/contacts/counts", View),
    ("/api/contacts/search", View),
    ("/api/contacts/ungrouped", View),
    ("/api/groups/{group_id}/contacts", View),
    ("/api/groups/{group_id}/members", View),
    ("/api/saved-filters", View),
    ("/api/saved-filters/{proxy+}", View),
    ("/api/appointments/{proxy+}", Contacts),
    ("/api/forms", Contacts),
    ("/api/calls", Calls),
    ("/api/calls/{proxy+}", Calls),
    ("/api/contacts/{contact_id}/call-now", Calls),
    ("/api/contacts/{contact_id}/send-email", Messaging),
    ("/api/contacts/{contact_id}/send-reminder", Messaging),
    ("/api/contacts/{contact_id}/send-sms", Messaging),
    ("/api/messages/{proxy+}", Messaging),
    ("/api/unsubscribe/{token}", Messaging),
    ("/api/live/{proxy+}", Live),
    ("/api/dnc", Calls),
    ("/api/dnc/{proxy+}", Calls),
    ("/api/dnc/import", Jobs),
    ("/api/contacts/bulk", View),
    ("/api/contacts/duplicates", View),
    ("/api/contacts/duplicates/{proxy+}", View),
    ("/api/contacts/export", View),
    ("/api/groups/{group_id}/bulk-operations", Jobs),
    ("/api/groups/{group_id}/members/bulk-add", Jobs),
    ("/api/groups/{group_id}/members/bulk-remove", Jobs),
    ("/api/groups/{group_id}/members/clear", Jobs),
    ("/api/groups/{group_id}/members/undo", Jobs),
    ("/api/jobs", Jobs),
    ("/api/jobs/{proxy+}", Jobs),
    ("/api/attention", Calls),
    ("/api/attention/{proxy+}", Calls),
    ("/api/campaigns", Campaigns),
    ("/api/groups/campaigns", Campaigns),
    ("/api/groups/campaigns/{proxy+}", Campaigns),
    ("/api/groups/{group_id}/call-all", Campaigns),
    ("/api/groups", Groups),
    ("/api/groups/{proxy+}", Groups),
    ("/api/users/{proxy+}", Profile),
    ("/api/notifications", Profile),
    ("/api/notifications/{proxy+}", Profile),
    ("/api/settings/{proxy+}", Profile),
    ("/api/locations", Profile),
    ("/api/locations/{proxy+}", Profile),
    ("/api/appointment-types", Profile),
    ("/api/tags", View),
    ("/api/tags/{proxy+}", View),
    ("/api/audit", Profile),
    ("/api/outgoing-webhooks", Profile),
    ("/api/outgoing-webhooks/{proxy+}", Profile),
    ("/api/health", Profile),
    ("/api/openapi.json", Profile),
    ("/api/docs", Profile),
    ("/api/webhook/{proxy+}", Webhooks),
];

/// Routes for one method of a path whose other methods go elsewhere.
pub const OF_ONE_METHOD: &[(&str, &str, Function)] = &[
    ("GET", "/api/contacts", View),
    ("HEAD", "/api/contacts", View),
];

/// Gets every request without a route, so that its refusal is a problem document too.
pub(crate) const NO_OWNER: Function = Profile;

/// The function that a request goes to, with the route's key as in the event.
pub(crate) fn owner(method: &str, path: &str) -> (Function, String) {
    let exact = OF_ONE_METHOD
        .iter()
        .find(|(of, whole, _)| *of == method && *whole == path);
    if let Some((of, whole, function)) = exact {
        return (*function, format!("{of} {whole}"));
    }
    let best = ROUTES
        .iter()
        .filter_map(|(pattern, function)| Some((fit(pattern, path)?, pattern, function)))
        .max_by_key(|(fit, _, _)| *fit);
    match best {
        Some((_, pattern, function)) => (*function, format!("ANY {pattern}")),
        None => (NO_OWNER, "$default".to_owned()),
    }
}

/// How well a pattern fits: a whole match before a greedy one, then the one with more fixed parts, as API Gateway
/// chooses.
fn fit(pattern: &str, path: &str) -> Option<(bool, usize)> {
    let mut parts = path.split('/');
    let mut fixed = 0;
    for wanted in pattern.split('/') {
        let part = parts.next()?;
        match wanted {
            "{proxy+}" => return (!part.is_empty()).then_some((false, fixed)),
            _ if wanted.starts_with('{') => {
                if part.is_empty() {
                    return None;
                }
            }
            _ if wanted == part => fixed += 1,
            _ => return None,
        }
    }
    parts.next().is_none().then_some((true, fixed))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_template_has_the_same_routes() {
        let template = include_str!("../../../template.yaml");
        let mut theirs = BTreeSet::new();
        let mut function = None;
        let mut of_one = BTreeSet::new();
        for line in template.lines() {
            if let Some(name) = line.strip_suffix("Function:") {
                function = Some(name.trim().to_owned());
            }
            if let Some(at) = line.find("Path: \"") {
                let path = line[at + 7..].split('"').next().unwrap();
                let entry = (path.to_owned(), function.clone().unwrap());
                let method = line.split("Method: ").nth(1).unwrap();
                match method.split(',').next().unwrap() {
                    "ANY" => theirs.insert(entry),
                    method => of_one.insert((method.to_owned(), entry)),
                };
            }
            if line.contains("Type: HttpApi") && !line.contains("Path:") {
                assert_eq!(function.as_deref(), Some(format!("{NO_OWNER:?}").as_str()));
            }
        }
        let ours: BTreeSet<(String, String)> = ROUTES
            .iter()
            .map(|(path, function)| ((*path).to_owned(), format!("{function:?}")))
            .collect();
        assert!(!theirs.is_empty());
        assert_eq!(ours, theirs);
        let ours: BTreeSet<(String, (String, String))> = OF_ONE_METHOD
            .iter()
            .map(|(method, path, function)| {
                let entry = ((*path).to_owned(), format!("{function:?}"));
                ((*method).to_owned(), entry)
            })
            .collect();
        assert_eq!(ours, of_one);
    }

    #[test]
    fn the_best_fit_wins() {
        let to = |path: &str| owner("POST", path);
        assert_eq!(to("/api/contacts"), (Contacts, "ANY /api/contacts".into()));
        assert_eq!(
            owner("GET", "/api/contacts"),
            (View, "GET /api/contacts".into())
        );
        assert_eq!(owner("GET", "/api/contacts/1").0, Contacts);
        assert_eq!(to("/api/contacts/search").0, View);
        assert_eq!(
            to("/api/contacts/1"),
            (Contacts, "ANY /api/contacts/{proxy+}".into())
        );
        assert_eq!(
            to("/api/contacts/1/call-now"),
            (Calls, "ANY /api/contacts/{contact_id}/call-now".into())
        );
        assert_eq!(to("/api/contacts/1/calls").0, Contacts);
        assert_eq!(to("/api/contacts/1/call-now/2").0, Contacts);
        assert_eq!(to("/api/contacts//call-now").0, NO_OWNER);
        assert_eq!(to("/api/nowhere"), (NO_OWNER, "$default".into()));
        assert_eq!(to("/api/tenants/1").1, "$default");
        assert_eq!(to("/api/webhook/call-outcome/x").0, Webhooks);
    }

    /// Every route of the access table has an owner of its own.
    #[test]
    fn no_documented_route_is_left_over() {
        for route in vio_http::access::TABLE {
            assert_ne!(
                owner(route.method.as_str(), route.path).1,
                "$default",
                "{}",
                route.path
            );
        }
    }
}
