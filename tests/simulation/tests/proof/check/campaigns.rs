//! Campaigns: whom they ring, and when they must not; what is written of them; when they were said to be through
//! (rules.md Campaigns).

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::calling::session::{Method, Status};
use vio_domain::campaigns::{MemberState, State};
use vio_domain::ids::{CampaignId, ContactId};

use super::Broken;
use super::estimates::{FEW_SECONDS, held_up};
use crate::history::{CampaignEstimate, History, before};
use crate::provider::Rung;

/// Campaigns of a business that are not over, at most (S2).
const AT_A_TIME: usize = 5;

/// The campaign that a call was made for.
fn made_for(history: &History, call: &Rung) -> Option<CampaignId> {
    let grant = history.grant(call.arrival.attempt)?;
    let versions = history.sessions.get(&call.arrival.session)?;
    let row = &before(versions, grant.seq)?.value;
    row.in_campaign.map(|place| place.campaign)
}

/// Nobody is rung twice for a campaign.
pub(super) fn once(history: &History, broken: &mut Vec<Broken>) {
    let mut rung: BTreeMap<(CampaignId, ContactId), DateTime<Utc>> = BTreeMap::new();
    for call in &history.calls {
        let Some(campaign) = made_for(history, call) else {
            continue;
        };
        let contact = call.arrival.contact;
        if let Some(first) = rung.insert((campaign, contact), call.arrival.at) {
            broken.push(Broken {
                rule: "campaign once",
                at: Some(call.arrival.at),
                what: format!(
                    "contact {contact} was rung for campaign {campaign} at {first} already"
                ),
            });
        }
    }
}

/// While a campaign is held, and once it is ended, no call of it is granted.
pub(super) fn held(history: &History, broken: &mut Vec<Broken>) {
    for (session, versions) in &history.sessions {
        for attempt in history.attempts.values() {
            let Some(grant) = attempt
                .first()
                .filter(|a| a.value.attempt.session == *session)
            else {
                continue;
            };
            let Some(row) = before(versions, grant.seq).map(|version| &version.value) else {
                continue;
            };
            let Some(place) = row
                .in_campaign
                .filter(|_| row.session.method == Method::Campaign)
            else {
                continue;
            };
            let state = history
                .campaigns
                .get(&place.campaign)
                .and_then(|versions| before(versions, grant.seq))
                .map(|version| version.value.state);
            if state != Some(State::Executing) {
                broken.push(Broken {
                    rule: "campaign held",
                    at: Some(grant.at),
                    what: format!(
                        "session {session} of campaign {} was granted, which was {state:?}",
                        place.campaign
                    ),
                });
            }
        }
    }
}

/// At most five campaigns of a business run at a time.
pub(super) fn at_a_time(history: &History, broken: &mut Vec<Broken>) {
    let spans: Vec<(u64, DateTime<Utc>, u64)> = history
        .campaigns
        .values()
        .filter_map(|versions| {
            let first = versions.first()?;
            let over = versions
                .iter()
                .find(|version| version.value.state.is_over());
            Some((first.seq, first.at, over.map_or(u64::MAX, |over| over.seq)))
        })
        .collect();
    for (begun, at, _) in &spans {
        let running = spans
            .iter()
            .filter(|(from, _, until)| from <= begun && begun < until)
            .count();
        if running > AT_A_TIME {
            broken.push(Broken {
                rule: "campaigns at a time",
                at: Some(*at),
                what: format!("{running} campaigns"),
            });
        }
    }
}

/// A campaign comes to its end, and what is written of each member is what became of their call.
pub(super) fn results(history: &History, broken: &mut Vec<Broken>) {
    let mut calls: BTreeMap<(CampaignId, ContactId), &str> = BTreeMap::new();
    for call in &history.calls {
        if let Some(campaign) = made_for(history, call) {
            calls.insert((campaign, call.arrival.contact), &call.call_id);
        }
    }
    for (id, versions) in &history.campaigns {
        let Some(last) = versions.last() else {
            continue;
        };
        let campaign = &last.value;
        let mut tell = |what: String| {
            broken.push(Broken {
                rule: "campaign results",
                at: Some(last.at),
                what: format!("campaign {id}, {:?}: {what}", campaign.state),
            });
        };
        let held = matches!(campaign.state, State::Paused { .. });
        let waits = campaign.look_at.is_some_and(|at| history.end < at);
        if !campaign.state.is_over() && !held && !waits {
            tell("not over at the end".to_owned());
        }
        let empty = BTreeMap::new();
        let members = history.members.get(id).unwrap_or(&empty);
        if members.len() != campaign.total as usize && !held && campaign.judged >= campaign.total {
            tell(format!("{} of {} members", members.len(), campaign.total));
        }
        for member in members.values() {
            let rung = calls.get(&(*id, member.contact)).copied();
            let fits = match &member.state {
                MemberState::Settled { result, .. } => match result.status {
                    Status::Completed => rung.is_some() && result.call_id.as_deref() == rung,
                    Status::Unknown => true,
                    _ => result.call_id.as_deref() == rung,
                },
                MemberState::Skipped { .. } => rung.is_none(),
                // Only what is held or was ended still waits.
                MemberState::Waiting { .. } | MemberState::Planned { .. } => {
                    rung.is_none() && !matches!(campaign.state, State::Completed { .. })
                }
                MemberState::Calling { .. } => false,
            };
            if !fits {
                tell(format!(
                    "member {} is {:?}, the provider has {rung:?}",
                    member.contact, member.state
                ));
            }
        }
    }
}

/// When a campaign was said to be through is within one window of when its last call was placed. What nobody could know
/// excuses: calls that came ahead afterwards, calls ahead that were not made, members passed over, a pause, a member's
/// number that was rung for longer than calls last.
pub(super) fn estimates(history: &History, broken: &mut Vec<Broken>) {
    let window = TimeDelta::seconds(history.numbers.window);
    for estimate in &history.campaign_estimates {
        let own = |call: &&Rung| made_for(history, call) == Some(estimate.campaign);
        let placed = history.calls.iter().filter(own).map(|call| call.arrival.at);
        // Where nobody was to be called, it was through at once.
        let truth = placed
            .max()
            .filter(|truth| estimate.at < *truth.min(&estimate.instant));
        let Some(truth) = truth else {
            continue;
        };
        let until = truth.max(estimate.instant);
        if disturbed(history, estimate, until) {
            continue;
        }
        let judged = &history.campaign_estimates_judged;
        judged.set(judged.get() + 1);
        if (truth - estimate.instant).abs() > window + FEW_SECONDS {
            broken.push(Broken {
                rule: "campaign estimate",
                at: Some(estimate.at),
                what: format!(
                    "campaign {} was said to be through at {:?}, and was at {truth:?}",
                    estimate.campaign, estimate.instant
                ),
            });
        }
    }
}

/// Whether anything happened to the queue meanwhile that could not be known.
fn disturbed(history: &History, estimate: &CampaignEstimate, until: DateTime<Utc>) -> bool {
    let within = |at: DateTime<Utc>| estimate.at < at && at <= until;
    let ours = |campaign: Option<CampaignId>| campaign == Some(estimate.campaign);
    let strangers = history.calls.iter().any(|call| {
        let known = history
            .grant(call.arrival.attempt)
            .zip(history.queue.get(&call.arrival.session))
            .and_then(|(grant, versions)| before(versions, grant.seq))
            .is_some_and(|version| version.at <= estimate.at);
        within(call.arrival.at) && !known && !ours(made_for(history, call))
    });
    let skipped = history
        .members
        .get(&estimate.campaign)
        .into_iter()
        .flat_map(BTreeMap::values)
        .any(|member| {
            matches!(member.state, MemberState::Skipped { at, .. } if within(at))
                || !member.state.is_over()
        });
    let gone = history.queue.iter().any(|(session, versions)| {
        let left = versions
            .iter()
            .any(|version| version.value.is_none() && within(version.at));
        left && !history
            .calls
            .iter()
            .any(|call| call.arrival.session == *session)
    });
    let held = history.campaigns.values().flatten().any(|version| {
        within(version.at)
            && matches!(
                version.value.state,
                State::Paused { .. } | State::Cancelled { .. }
            )
    });
    let long = history.calls.iter().any(|call| {
        within(call.arrival.at) && ours(made_for(history, call)) && held_up(history, call)
    });
    strangers || skipped || gone || held || long
}
