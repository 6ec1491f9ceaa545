//! What is answered to whoever begins a campaign, or asks what one would do.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::calling::guards::Decision;
use vio_domain::campaigns::forecast::Foreseen;
use vio_domain::campaigns::{Campaign, SkipReason};
use vio_domain::contact::ContactMethod;
use vio_domain::ids::CampaignId;
use vio_domain::settings::Price;
use vio_store::calling::rows::GateRow;
use vio_store::campaigns::{Estimate, Judged};
use vio_store::tenants::TenantSettings;

use crate::begin::Whom;

pub(crate) fn status_endpoint(id: CampaignId) -> String {
    format!("/api/groups/campaigns/{id}/status")
}

/// An amount of money.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignCost, example = json!({"amount_minor": 720, "currency": "GBP"}))]
pub(crate) struct Cost {
    /// In the currency's smallest unit.
    amount_minor: u64,
    currency: String,
}

impl Cost {
    pub(crate) fn of(price: Price, calls: usize) -> Self {
        Self {
            amount_minor: u64::from(price.amount_minor()) * calls as u64,
            currency: price.currency().to_string(),
        }
    }
}

/// Something to know before people are rung.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignWarning)]
struct Warning {
    /// For programs: calling_paused, outside_call_hours, prefers_another_channel, members_out_of_reach.
    #[schema(value_type = String, example = "outside_call_hours")]
    code: &'static str,
    /// For people.
    detail: String,
}

/// A campaign that was begun.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignStarted, example = json!({
    "success": true, "campaign_id": "0192f0c1-2b3c-7def-8abc-0123456789ab",
    "group_id": "0192f0c1-2b3c-7def-8abc-0123456789ac", "group_name": "Follow-up", "total_members": 60,
    "to_be_called": 58, "skipped": {"called_recently": 2}, "call_type": "immediate", "status": "preparing",
    "starts_at": "2026-03-02T09:00:00Z", "estimated_completion": "2026-03-02T09:30:02Z",
    "estimated_cost": {"amount_minor": 696, "currency": "GBP"},
    "status_endpoint": "/api/groups/campaigns/0192f0c1-2b3c-7def-8abc-0123456789ab/status",
    "message": "Bulk call campaign started for 60 members", "warnings": []
}))]
pub(crate) struct Begun {
    success: bool,
    campaign_id: Uuid,
    group_id: Option<Uuid>,
    /// Null for a selection.
    group_name: Option<String>,
    total_members: usize,
    /// By what is known now.
    to_be_called: usize,
    /// Members passed over, by reason.
    #[schema(value_type = Object)]
    skipped: BTreeMap<SkipReason, usize>,
    /// immediate, scheduled or staggered.
    call_type: &'static str,
    status: &'static str,
    /// From when it calls: the first permitted instant at or after the one asked for.
    starts_at: DateTime<Utc>,
    /// When its last call is placed, under today's limits and hours; null while calling is paused.
    estimated_completion: Option<DateTime<Utc>>,
    /// Absent where the business has no price per call.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_cost: Option<Cost>,
    status_endpoint: String,
    message: String,
    warnings: Vec<Warning>,
}

/// What would become of one member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignDryRunMember)]
struct Member {
    contact_id: Uuid,
    contact_name: Option<String>,
    appointment_id: Option<Uuid>,
    would_call: bool,
    /// Why not.
    #[schema(value_type = Option<String>, example = "called_recently")]
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_reason: Option<SkipReason>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_at: Option<DateTime<Utc>>,
    /// What each guard saw, as it would be written down.
    #[schema(value_type = Vec<Object>)]
    decision: Vec<Decision>,
}

/// What a campaign would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignDryRun)]
pub(crate) struct DryRun {
    dry_run: bool,
    group_id: Option<Uuid>,
    group_name: Option<String>,
    total_members: usize,
    to_be_called: usize,
    /// Members passed over, by reason.
    #[schema(value_type = Object)]
    skipped: BTreeMap<SkipReason, usize>,
    /// immediate, scheduled or staggered.
    #[schema(example = "immediate")]
    call_type: &'static str,
    starts_at: DateTime<Utc>,
    estimated_completion: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_cost: Option<Cost>,
    /// How to stop it once it runs.
    #[schema(
        example = "Pause or cancel the campaign at any time: calls that are not under way yet are not made."
    )]
    how_to_stop: &'static str,
    members: Vec<Member>,
    warnings: Vec<Warning>,
}

/// What was found out about a campaign before it begins.
pub(crate) struct Seen<'a> {
    pub(crate) settings: &'a TenantSettings,
    pub(crate) gate: &'a GateRow,
    pub(crate) whom: &'a Whom,
    pub(crate) wanted: DateTime<Utc>,
    pub(crate) judged: &'a [Judged],
    pub(crate) estimate: &'a Estimate,
}

impl Seen<'_> {
    fn skipped(&self) -> BTreeMap<SkipReason, usize> {
        let mut skipped = BTreeMap::new();
        for one in &self.estimate.members {
            if let Foreseen::Skipped(reason) = one {
                *skipped.entry(*reason).or_default() += 1;
            }
        }
        skipped
    }

    fn calls(&self) -> usize {
        let skipped: usize = self.skipped().values().sum();
        self.judged.len() - skipped
    }

    fn cost(&self) -> Option<Cost> {
        let price = self.settings.settings.calls.price_per_call?;
        Some(Cost::of(price, self.calls()))
    }

    fn warnings(&self, campaign: &Campaign) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.gate.gate.paused().is_some() {
            warnings.push(Warning {
                code: "calling_paused",
                detail: "Calling is paused for this business; nobody is rung until it is resumed."
                    .into(),
            });
        }
        if self.wanted < campaign.starts_at {
            warnings.push(Warning {
                code: "outside_call_hours",
                detail: "Outside the call hours: it begins when they open.".into(),
            });
        }
        let others = self
            .judged
            .iter()
            .filter(|one| one.skip.is_none() && one.preferred != ContactMethod::Voice);
        let others = others.count();
        if others > 0 {
            warnings.push(Warning {
                code: "prefers_another_channel",
                detail: format!(
                    "{others} of them prefer messages to calls; they are called regardless."
                ),
            });
        }
        let unreached = self.whom.out_of_reach;
        if unreached > 0 {
            warnings.push(Warning {
                code: "members_out_of_reach",
                detail: format!("{unreached} contacts are not yours to call; they are left out."),
            });
        }
        warnings
    }

    fn group(&self) -> (Option<Uuid>, Option<String>) {
        let group = self.whom.group.as_ref();
        (
            group.map(|group| group.id.uuid()),
            group.map(|group| group.name.as_str().to_owned()),
        )
    }

    pub(crate) fn begun(&self, campaign: &Campaign) -> Begun {
        let (group_id, group_name) = self.group();
        let total = self.judged.len();
        Begun {
            success: true,
            campaign_id: campaign.id.uuid(),
            group_id,
            group_name,
            total_members: total,
            to_be_called: self.calls(),
            skipped: self.skipped(),
            call_type: campaign.config.timing.name(),
            status: campaign.state.name(),
            starts_at: campaign.starts_at,
            estimated_completion: self.estimate.completion,
            estimated_cost: self.cost(),
            status_endpoint: status_endpoint(campaign.id),
            message: format!("Bulk call campaign started for {total} members"),
            warnings: self.warnings(campaign),
        }
    }

    pub(crate) fn dry_run(&self, campaign: &Campaign) -> DryRun {
        let (group_id, group_name) = self.group();
        let members = self.judged.iter().zip(&self.estimate.members);
        let members = members.map(|(one, foreseen)| {
            let skip_reason = match foreseen {
                Foreseen::Skipped(reason) => Some(*reason),
                _ => None,
            };
            Member {
                contact_id: one.contact.uuid(),
                contact_name: one.name.as_ref().map(|name| name.as_str().to_owned()),
                appointment_id: one.appointment.map(|id| id.uuid()),
                would_call: skip_reason.is_none(),
                skip_reason,
                estimated_at: match foreseen {
                    Foreseen::At(at) => Some(*at),
                    _ => None,
                },
                decision: one.decisions.clone(),
            }
        });
        DryRun {
            dry_run: true,
            group_id,
            group_name,
            total_members: self.judged.len(),
            to_be_called: self.calls(),
            skipped: self.skipped(),
            call_type: campaign.config.timing.name(),
            starts_at: campaign.starts_at,
            estimated_completion: self.estimate.completion,
            estimated_cost: self.cost(),
            how_to_stop: "Pause or cancel the campaign at any time: calls that are not under way yet are not made.",
            members: members.collect(),
            warnings: self.warnings(campaign),
        }
    }
}
