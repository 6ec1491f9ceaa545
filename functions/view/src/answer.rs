//! Contacts as lists show them.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_contacts::{ContactView, FormOfContact, NeedsAttention, PreferencesView};
use vio_domain::ids::TenantId;
use vio_domain::settings::Settings;
use vio_domain::text::PersonName;
use vio_view::{Card, Facets, Found, GroupOf};

use crate::held::Rest;

/// A contact of a list: as elsewhere, with its groups, and where a search hit.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactFound)]
pub(crate) struct ContactFound {
    #[serde(flatten)]
    contact: ContactView,
    /// Of those that you see.
    groups: Vec<GroupShown>,
    /// How many those are.
    group_count: usize,
    /// Where the search hit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matches: Vec<MatchShown>,
}

/// A group beside a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupOfContact)]
pub(crate) struct GroupShown {
    id: Uuid,
    #[schema(example = "Follow-up")]
    name: String,
    #[schema(example = "#F59E0B")]
    color: &'static str,
    icon: Option<&'static str>,
}

/// Characters (Unicode scalar values) `start` to before `end` of a field as it is shown.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchMatch)]
pub(crate) struct MatchShown {
    /// `name`, `phone`, `email`, `notes`, `appointment_type`, `owner_name`, `company_name` or `special_instructions`.
    #[schema(value_type = String, example = "name")]
    field: vio_view::Field,
    start: u32,
    end: u32,
}

/// How the contacts of the whole list divide (S0 "Contact Statistics Bar"). Status is counted without the filter by
/// status, groups without those by group: each count says what choosing it would find under all the other filters.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactFacets)]
pub(crate) struct FacetsShown {
    total: usize,
    status: StatusShown,
    /// Every group that you see.
    groups: Vec<GroupCountShown>,
    /// In no group that you see.
    ungrouped: usize,
    /// Created in the last 24 hours.
    recent_24h: usize,
}

/// By the status of the current appointment; `pending` without one.
#[derive(Serialize, ToSchema)]
#[schema(as = StatusCounts)]
pub(crate) struct StatusShown {
    pending: usize,
    confirmed: usize,
    cancelled: usize,
    rescheduled: usize,
}

/// Contacts of the list in a group.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupCount)]
pub(crate) struct GroupCountShown {
    id: Uuid,
    count: usize,
}

impl From<Facets> for FacetsShown {
    fn from(facets: Facets) -> Self {
        let groups = facets.groups.into_iter();
        Self {
            total: facets.total,
            status: StatusShown {
                pending: facets.status.pending,
                confirmed: facets.status.confirmed,
                cancelled: facets.status.cancelled,
                rescheduled: facets.status.rescheduled,
            },
            groups: groups
                .map(|group| GroupCountShown {
                    id: group.id.uuid(),
                    count: group.count,
                })
                .collect(),
            ungrouped: facets.ungrouped,
            recent_24h: facets.recent_24h,
        }
    }
}

/// Whose list it is, and what is read besides.
pub(crate) struct Shown<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) settings: &'a Settings,
}

impl Shown<'_> {
    /// A row of a list.
    pub(crate) fn row(&self, found: Found) -> ContactFound {
        let groups: Vec<GroupShown> = found.contact.groups.iter().map(group).collect();
        let matches = found.matches.into_iter();
        let shares = found.shares_phone_with.into_iter();
        ContactFound {
            group_count: groups.len(),
            contact: self.contact(found.contact, shares.map(|id| id.uuid()).collect()),
            groups,
            matches: matches
                .map(|hit| MatchShown {
                    field: hit.field,
                    start: hit.start,
                    end: hit.end,
                })
                .collect(),
        }
    }

    fn contact(&self, card: Card, shares: Vec<Uuid>) -> ContactView {
        let rest = Rest::from_bytes(&card.rest);
        let parts = PersonName::parse(&card.name).ok().map(|name| name.split());
        let (first, last) = parts.map_or((None, None), |parts| (parts.first, parts.last));
        let status = card.status();
        let created_at = card.created_at.unwrap_or_default();
        let current = card.appointment;
        let at = current.as_ref();
        let reason = card.needs_attention.and_then(|word| {
            let word = serde_json::Value::String(word);
            serde_json::from_value(word).ok()
        });
        ContactView {
            id: card.id.uuid(),
            tenant_id: self.tenant.uuid(),
            name: card.name,
            first_name: rest.first_name.or(first.map(|name| name.into_string())),
            last_name: rest.last_name.or(last.map(|name| name.into_string())),
            phone: card.phone,
            email: card.email,
            company_name: card.company_name,
            industry: card.industry,
            notes: card.notes,
            tags: card.tags,
            group_ids: card.groups.iter().map(|group| group.id.uuid()).collect(),
            priority: card.priority,
            preferred_contact_method: card.preferred_contact_method,
            do_not_contact: card.do_not_contact,
            preferences: PreferencesView {
                sms_opt_in: rest.preferences.sms_opt_in,
                email_opt_in: rest.preferences.email_opt_in,
                voice_consent: rest.preferences.voice_consent.into(),
                preferred_contact_time: rest.preferences.preferred_contact_time,
                timezone: rest.preferences.timezone.map(|zone| zone.name().to_owned()),
            },
            custom_fields: rest.custom_fields,
            form: rest
                .form
                .map(|(form, version)| FormOfContact { form, version }),
            hipaa_checklist: rest.checklist.as_ref().map(Into::into),
            assigned_to: card.assigned_to.map(|user| user.uuid()),
            is_active: card.is_active,
            booking_source: card.booking_source,
            shares_phone_with: shares,
            appointments_count: card.appointments_count,
            appointment_id: at.map(|a| a.id.uuid()),
            appointment_time: at.and_then(|a| a.time),
            timezone: at.map_or_else(
                || self.settings.business.timezone.name().to_owned(),
                |a| a.timezone.clone(),
            ),
            call_before_hours: at.map_or_else(
                || self.settings.calls.call_before_hours.hours(),
                |a| a.call_before_hours,
            ),
            appointment_duration: at.and_then(|a| a.duration),
            location_id: at.and_then(|a| a.location_id).map(|id| id.uuid()),
            appointment_status: status,
            attendance: at.map(|a| a.attendance).unwrap_or_default(),
            confirmation_method: at.and_then(|a| a.confirmation_method),
            confirmed_minutes_before: at.and_then(|a| a.confirmed_minutes_before),
            call_state: card.call_state,
            call_attempts: at.map_or(0, |a| a.call_attempts),
            last_contact_time: card.last_contact_time,
            next_call_at: card.next_call_at,
            needs_attention: reason.map(|reason| NeedsAttention { reason }),
            created_by: card.created_by.map(|user| user.uuid()),
            created_at,
            updated_at: card.updated_at.unwrap_or(created_at),
            version: card.version,
            merged_from: Vec::new(),
            warnings: None,
            appointment_type: at.and_then(|a| a.appointment_type.clone()),
            owner_name: at.and_then(|a| a.owner_name.clone()),
            special_instructions: current.and_then(|a| a.special_instructions),
        }
    }
}

fn group(group: &GroupOf) -> GroupShown {
    GroupShown {
        id: group.id.uuid(),
        name: group.name.clone(),
        color: group.color.hex(),
        icon: group.icon.map(|icon| icon.as_str()),
    }
}
