//! The table of routes, sorted by path and method. A new route gets its line here first.

use vio_domain::groups::CHANGES_MEMBERS;
use vio_domain::permission::Permission::{
    ConfigureCallSettings, ConfigureIntegrations, CreateContacts, DeleteContacts, EditAllContacts,
    EditOwnContacts, ExportContacts, ManageBusinessSettings, ManageComplianceSettings,
    ManageTeamMembers, ModifyCallSchedules, TriggerManualCalls, UpdateOwnProfile,
    ViewBasicAnalytics, ViewCallResults, ViewContacts,
};

use crate::access::Access::{Needs, NeedsAny, Public, Signature, SignedIn};
use crate::access::Method::{Delete, Get, Patch, Post, Put};
use crate::access::Route;

const fn on(
    method: crate::access::Method,
    path: &'static str,
    access: crate::access::Access,
) -> Route {
    Route::new(method, path, access)
}

/// Every route and what it needs; one without `parameters()` refuses every query parameter. Where the need is a contact permission, the handler also asks the person's
/// [`ContactScopes`](vio_domain::permission::ContactScopes) about the contact at hand.
#[rustfmt::skip]
pub static TABLE: &[Route] = &[
    on(Get,    "/api/appointment-types", Needs(ViewContacts)),
    on(Put,    "/api/appointment-types", Needs(ManageBusinessSettings)),
    on(Delete, "/api/appointments/{appointment_id}", Needs(EditOwnContacts)),
    on(Get,    "/api/appointments/{appointment_id}", Needs(ViewContacts)),
    on(Patch,  "/api/appointments/{appointment_id}", Needs(EditOwnContacts)),
    on(Get,    "/api/attention", Needs(ViewContacts)).parameters(),
    on(Get,    "/api/attention/{attention_id}", Needs(ViewContacts)),
    on(Post,   "/api/attention/{attention_id}/assign", Needs(EditOwnContacts)).idempotent(),
    on(Post,   "/api/attention/{attention_id}/note", Needs(EditOwnContacts)).idempotent(),
    on(Post,   "/api/attention/{attention_id}/reopen", Needs(EditOwnContacts)).idempotent(),
    on(Post,   "/api/attention/{attention_id}/resolve", Needs(EditOwnContacts)).idempotent(),
    on(Post,   "/api/attention/{attention_id}/snooze", Needs(EditOwnContacts)).idempotent(),
    on(Get,    "/api/audit", Needs(ManageComplianceSettings)).parameters(),
    on(Post,   "/api/auth/invitations/accept", Public),
    on(Get,    "/api/auth/keys", Public),
    on(Post,   "/api/auth/password", SignedIn).fresh(),
    on(Post,   "/api/auth/password/forgot", Public),
    on(Post,   "/api/auth/password/reset", Public),
    on(Post,   "/api/auth/refresh", Public),
    on(Delete, "/api/auth/sessions", SignedIn).parameters(),
    on(Get,    "/api/auth/sessions", SignedIn),
    on(Delete, "/api/auth/sessions/{session_id}", SignedIn),
    on(Post,   "/api/auth/sign-in", Public).parameters(),
    on(Post,   "/api/auth/sign-out", SignedIn),
    on(Get,    "/api/calls", Needs(ViewCallResults)).parameters(),
    on(Get,    "/api/calls/limits", NeedsAny(&[ViewCallResults, TriggerManualCalls])),
    on(Post,   "/api/calls/pause", Needs(ModifyCallSchedules)).idempotent(),
    on(Post,   "/api/calls/resume", Needs(ModifyCallSchedules)).idempotent(),
    on(Get,    "/api/calls/{session_id}", Needs(ViewCallResults)),
    on(Post,   "/api/calls/{session_id}/cancel", Needs(TriggerManualCalls)).idempotent(),
    on(Post,   "/api/campaigns", Needs(ModifyCallSchedules)).idempotent(),
    on(Get,    "/api/contacts", Needs(ViewContacts)).parameters(),
    on(Post,   "/api/contacts", Needs(CreateContacts)).idempotent(),
    on(Post,   "/api/contacts/bulk", NeedsAny(CHANGES_MEMBERS)).idempotent(),
    on(Get,    "/api/contacts/by-groups", Needs(ViewContacts)).parameters(),
    on(Post,   "/api/contacts/check-phi", NeedsAny(&[CreateContacts, EditOwnContacts])),
    on(Post,   "/api/contacts/counts", Needs(ViewContacts)),
    on(Get,    "/api/contacts/deleted", NeedsAny(&[DeleteContacts, EditAllContacts])).parameters(),
    on(Get,    "/api/contacts/duplicates", Needs(ViewContacts)).parameters(),
    on(Post,   "/api/contacts/duplicates/apart", NeedsAny(&[EditOwnContacts, EditAllContacts])),
    on(Post,   "/api/contacts/export", Needs(ExportContacts)),
    on(Post,   "/api/contacts/merge", Needs(DeleteContacts)).idempotent(),
    on(Post,   "/api/contacts/search", Needs(ViewContacts)),
    on(Get,    "/api/contacts/ungrouped", Needs(ViewContacts)).parameters(),
    on(Post,   "/api/contacts/validate-phone", NeedsAny(&[CreateContacts, EditOwnContacts])),
    on(Delete, "/api/contacts/{contact_id}", Needs(DeleteContacts)),
    on(Get,    "/api/contacts/{contact_id}", Needs(ViewContacts)),
    on(Patch,  "/api/contacts/{contact_id}", Needs(EditOwnContacts)),
    on(Put,    "/api/contacts/{contact_id}", Needs(EditOwnContacts)),
    on(Get,    "/api/contacts/{contact_id}/appointments", Needs(ViewContacts)),
    on(Post,   "/api/contacts/{contact_id}/appointments", Needs(EditOwnContacts)).idempotent(),
    on(Post,   "/api/contacts/{contact_id}/call-now", Needs(TriggerManualCalls)).idempotent(),
    on(Get,    "/api/contacts/{contact_id}/calls", Needs(ViewCallResults)).parameters(),
    on(Get,    "/api/contacts/{contact_id}/consents", Needs(ViewContacts)).parameters(),
    on(Post,   "/api/contacts/{contact_id}/consents", Needs(EditOwnContacts)).idempotent(),
    on(Get,    "/api/contacts/{contact_id}/history", Needs(ViewContacts)).parameters(),
    on(Get,    "/api/contacts/{contact_id}/interactions", Needs(ViewContacts)).parameters(),
    on(Post,   "/api/contacts/{contact_id}/interactions", Needs(EditOwnContacts)).idempotent(),
    on(Post,   "/api/contacts/{contact_id}/restore", NeedsAny(&[DeleteContacts, EditAllContacts])).idempotent(),
    on(Post,   "/api/contacts/{contact_id}/send-email", Needs(EditOwnContacts)).idempotent(),
    on(Post,   "/api/contacts/{contact_id}/send-reminder", Needs(EditOwnContacts)).idempotent(),
    on(Post,   "/api/contacts/{contact_id}/send-sms", Needs(EditOwnContacts)).idempotent(),
    on(Get,    "/api/dnc", Needs(ViewContacts)).parameters(),
    on(Post,   "/api/dnc", Needs(EditOwnContacts)).idempotent(),
    on(Post,   "/api/dnc/find", Needs(ViewContacts)),
    on(Post,   "/api/dnc/import", Needs(ModifyCallSchedules)).idempotent(),
    on(Delete, "/api/dnc/{dnc_id}", Needs(ModifyCallSchedules)),
    on(Get,    "/api/docs", Public),
    on(Get,    "/api/forms", Needs(ViewContacts)),
    on(Get,    "/api/groups", Needs(ViewContacts)).parameters(),
    on(Post,   "/api/groups", Needs(ManageBusinessSettings)).idempotent(),
    on(Get,    "/api/groups/analytics", Needs(ViewBasicAnalytics)).parameters(),
    on(Get,    "/api/groups/campaigns", Needs(ViewCallResults)).parameters(),
    on(Post,   "/api/groups/campaigns/{campaign_id}/cancel", Needs(ModifyCallSchedules)).idempotent(),
    on(Post,   "/api/groups/campaigns/{campaign_id}/pause", Needs(ModifyCallSchedules)).idempotent(),
    on(Post,   "/api/groups/campaigns/{campaign_id}/resume", Needs(ModifyCallSchedules)).idempotent(),
    on(Get,    "/api/groups/campaigns/{campaign_id}/status", Needs(ViewCallResults)).parameters(),
    on(Get,    "/api/groups/comparison", Needs(ViewBasicAnalytics)).parameters(),
    on(Get,    "/api/groups/overlap", Needs(ViewContacts)).parameters(),
    on(Get,    "/api/groups/suggestions", Needs(ManageBusinessSettings)),
    on(Post,   "/api/groups/suggestions/{suggestion_id}/accept", Needs(ManageBusinessSettings)).idempotent(),
    on(Get,    "/api/groups/templates", Needs(ManageBusinessSettings)),
    on(Post,   "/api/groups/templates/apply", Needs(ManageBusinessSettings)).idempotent(),
    on(Delete, "/api/groups/{group_id}", Needs(ManageBusinessSettings)),
    on(Get,    "/api/groups/{group_id}", Needs(ViewContacts)),
    on(Patch,  "/api/groups/{group_id}", Needs(ManageBusinessSettings)),
    on(Get,    "/api/groups/{group_id}/analytics", Needs(ViewBasicAnalytics)).parameters(),
    on(Post,   "/api/groups/{group_id}/bulk-operations", NeedsAny(CHANGES_MEMBERS)).idempotent(),
    on(Post,   "/api/groups/{group_id}/call-all", Needs(ModifyCallSchedules)).idempotent(),
    on(Get,    "/api/groups/{group_id}/contacts", Needs(ViewContacts)).parameters(),
    on(Get,    "/api/groups/{group_id}/history", Needs(ViewContacts)).parameters(),
    on(Get,    "/api/groups/{group_id}/members", Needs(ViewContacts)).parameters(),
    on(Post,   "/api/groups/{group_id}/members/add", NeedsAny(CHANGES_MEMBERS)).idempotent(),
    on(Post,   "/api/groups/{group_id}/members/bulk-add", NeedsAny(CHANGES_MEMBERS)).idempotent(),
    on(Post,   "/api/groups/{group_id}/members/bulk-remove", NeedsAny(CHANGES_MEMBERS)).idempotent(),
    on(Post,   "/api/groups/{group_id}/members/clear", Needs(ManageBusinessSettings)).idempotent(),
    on(Post,   "/api/groups/{group_id}/members/undo", NeedsAny(CHANGES_MEMBERS)).idempotent(),
    on(Delete, "/api/groups/{group_id}/members/{contact_id}", NeedsAny(CHANGES_MEMBERS)),
    on(Get,    "/api/health", Public),
    on(Get,    "/api/jobs", SignedIn).parameters(),
    on(Get,    "/api/jobs/{job_id}", SignedIn),
    on(Post,   "/api/jobs/{job_id}/cancel", SignedIn).idempotent(),
    on(Get,    "/api/jobs/{job_id}/errors.csv", SignedIn),
    on(Get,    "/api/jobs/{job_id}/results", SignedIn).parameters(),
    on(Post,   "/api/jobs/{job_id}/undo", NeedsAny(CHANGES_MEMBERS)).idempotent(),
    on(Post,   "/api/live/tickets", SignedIn),
    on(Get,    "/api/locations", Needs(ViewContacts)),
    on(Post,   "/api/locations", Needs(ManageBusinessSettings)).idempotent(),
    on(Delete, "/api/locations/{location_id}", Needs(ManageBusinessSettings)),
    on(Patch,  "/api/locations/{location_id}", Needs(ManageBusinessSettings)),
    on(Post,   "/api/messages/sms", Needs(EditOwnContacts)).idempotent(),
    on(Get,    "/api/notifications", SignedIn).parameters(),
    on(Post,   "/api/notifications/read", SignedIn),
    on(Get,    "/api/openapi.json", Public),
    on(Get,    "/api/outgoing-webhooks", Needs(ConfigureIntegrations)),
    on(Post,   "/api/outgoing-webhooks", Needs(ConfigureIntegrations)).idempotent().fresh(),
    on(Delete, "/api/outgoing-webhooks/{outgoing_webhook_id}", Needs(ConfigureIntegrations)).fresh(),
    on(Get,    "/api/outgoing-webhooks/{outgoing_webhook_id}", Needs(ConfigureIntegrations)),
    on(Patch,  "/api/outgoing-webhooks/{outgoing_webhook_id}", Needs(ConfigureIntegrations)).fresh(),
    on(Get,    "/api/outgoing-webhooks/{outgoing_webhook_id}/deliveries", Needs(ConfigureIntegrations)).parameters(),
    on(Post,   "/api/outgoing-webhooks/{outgoing_webhook_id}/replay", Needs(ConfigureIntegrations)).idempotent(),
    on(Post,   "/api/outgoing-webhooks/{outgoing_webhook_id}/rotate", Needs(ConfigureIntegrations)).idempotent().fresh(),
    on(Post,   "/api/outgoing-webhooks/{outgoing_webhook_id}/test", Needs(ConfigureIntegrations)).idempotent(),
    on(Get,    "/api/saved-filters", Needs(ViewContacts)),
    on(Post,   "/api/saved-filters", Needs(ViewContacts)).idempotent(),
    on(Delete, "/api/saved-filters/{saved_filter_id}", Needs(ViewContacts)),
    on(Patch,  "/api/saved-filters/{saved_filter_id}", Needs(ViewContacts)),
    on(Get,    "/api/settings/calls", SignedIn),
    on(Patch,  "/api/settings/calls", Needs(ConfigureCallSettings)),
    on(Get,    "/api/settings/integrations", Needs(ConfigureIntegrations)),
    on(Patch,  "/api/settings/integrations", Needs(ConfigureIntegrations)).fresh(),
    on(Post,   "/api/settings/integrations/calcom/test", Needs(ConfigureIntegrations)),
    on(Get,    "/api/settings/integrations/calendly/event-types", Needs(ConfigureIntegrations)),
    on(Post,   "/api/settings/integrations/calendly/test", Needs(ConfigureIntegrations)),
    on(Post,   "/api/settings/integrations/email/test", Needs(ConfigureIntegrations)),
    on(Post,   "/api/settings/integrations/retell/test", Needs(ConfigureIntegrations)),
    on(Get,    "/api/settings/integrations/status", Needs(ConfigureIntegrations)),
    on(Post,   "/api/settings/integrations/twilio/test", Needs(ConfigureIntegrations)),
    on(Get,    "/api/settings/notifications", SignedIn),
    on(Patch,  "/api/settings/notifications", Needs(UpdateOwnProfile)),
    on(Get,    "/api/settings/privacy", Needs(ManageComplianceSettings)),
    on(Patch,  "/api/settings/privacy", Needs(ManageComplianceSettings)).fresh(),
    on(Get,    "/api/tags", Needs(ViewContacts)),
    on(Post,   "/api/tags", NeedsAny(&[ManageBusinessSettings, EditOwnContacts])).idempotent(),
    on(Delete, "/api/tags/{tag_id}", Needs(ManageBusinessSettings)),
    on(Patch,  "/api/tags/{tag_id}", Needs(ManageBusinessSettings)),
    on(Get,    "/api/team", Needs(ManageTeamMembers)),
    on(Post,   "/api/team", Needs(ManageTeamMembers)).idempotent().fresh(),
    on(Delete, "/api/team/{user_id}", Needs(ManageTeamMembers)).fresh(),
    on(Patch,  "/api/team/{user_id}", Needs(ManageTeamMembers)).fresh(),
    on(Post,   "/api/team/{user_id}/invite", Needs(ManageTeamMembers)).fresh(),
    on(Post,   "/api/team/{user_id}/reset-password", Needs(ManageTeamMembers)).fresh(),
    on(Post,   "/api/tenants", Public),
    on(Get,    "/api/unsubscribe/{token}", Public),
    on(Post,   "/api/unsubscribe/{token}", Public),
    on(Get,    "/api/users/business", SignedIn),
    on(Patch,  "/api/users/business", Needs(ManageBusinessSettings)),
    on(Get,    "/api/users/preferences", SignedIn),
    on(Patch,  "/api/users/preferences", Needs(UpdateOwnProfile)),
    on(Get,    "/api/users/profile", SignedIn),
    on(Patch,  "/api/users/profile", Needs(UpdateOwnProfile)),
    on(Post,   "/api/webhook/calcom-booking/{endpoint_id}", Signature),
    on(Post,   "/api/webhook/calendly-booking/{endpoint_id}", Signature),
    on(Post,   "/api/webhook/call-outcome/{endpoint_id}", Signature),
    on(Post,   "/api/webhook/sms/{endpoint_id}", Signature).parameters(),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Access, route};

    #[test]
    fn sorted_without_duplicates() {
        for pair in TABLE.windows(2) {
            let (a, b) = (&pair[0], &pair[1]);
            assert!(
                (a.path, a.method) < (b.path, b.method),
                "{} {}",
                b.method,
                b.path
            );
        }
    }

    #[test]
    fn templates_are_whole_and_well_formed() {
        for route in TABLE {
            assert!(
                route.path.starts_with("/api/") && !route.path.ends_with('/'),
                "{}",
                route.path
            );
            for part in route.path[1..].split('/') {
                let name = part
                    .strip_prefix('{')
                    .and_then(|rest| rest.strip_suffix('}'));
                let text = name.unwrap_or(part);
                let fits = |c: char| c.is_ascii_lowercase() || "-_.".contains(c);
                assert!(!text.is_empty() && text.chars().all(fits), "{}", route.path);
                // A link out of an e-mail cannot but hold its token.
                assert!(
                    name.is_none_or(|name| name.ends_with("_id") || name == "token"),
                    "{}",
                    route.path
                );
            }
        }
    }

    /// What the open routes are is decided here as well, so that one more takes two deliberate edits.
    #[test]
    fn open_routes() {
        let open: Vec<String> = TABLE
            .iter()
            .filter(|route| !route.access.needs_session())
            .map(|route| format!("{} {}", route.method, route.path))
            .collect();
        assert_eq!(
            open,
            [
                "POST /api/auth/invitations/accept",
                "GET /api/auth/keys",
                "POST /api/auth/password/forgot",
                "POST /api/auth/password/reset",
                "POST /api/auth/refresh",
                "POST /api/auth/sign-in",
                "GET /api/docs",
                "GET /api/health",
                "GET /api/openapi.json",
                "POST /api/tenants",
                "GET /api/unsubscribe/{token}",
                "POST /api/unsubscribe/{token}",
                "POST /api/webhook/calcom-booking/{endpoint_id}",
                "POST /api/webhook/calendly-booking/{endpoint_id}",
                "POST /api/webhook/call-outcome/{endpoint_id}",
                "POST /api/webhook/sms/{endpoint_id}",
            ]
        );
        for route in TABLE {
            let webhook = route.path.starts_with("/api/webhook/");
            assert_eq!(webhook, route.access == Access::Signature, "{}", route.path);
            if route.idempotent_post {
                assert_eq!(route.method, Post);
                assert!(
                    route.access.needs_session(),
                    "keys are per tenant: {}",
                    route.path
                );
            }
        }
    }

    #[test]
    fn every_route_is_found() {
        for entry in TABLE {
            let method = entry.method.as_str().parse().unwrap();
            assert_eq!(route(&method, entry.path), Some(entry));
        }
        assert_eq!(route(&http::Method::TRACE, "/api/health"), None);
        assert_eq!(route(&http::Method::GET, "/api/contacts/x"), None);
        assert_eq!(
            route(&http::Method::HEAD, "/api/health").map(|entry| entry.method),
            Some(Get)
        );
    }
}
