//! What waits of a tenant's calls, made ready to be played forward.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use vio_crypto::LookupHash;
use vio_domain::calling::guards::SettleReason;
use vio_domain::calling::limits::CallLimits;
use vio_domain::calling::order::{Band, QueueItem};
use vio_domain::campaigns::forecast::{Foreseen, Pace, Standing, Waiting, foresee};
use vio_domain::campaigns::{Campaign, MemberState, SkipReason};
use vio_domain::ids::{CampaignId, ContactId};
use vio_domain::planner::minute_after;
use vio_domain::settings::Settings;

use crate::calling::reach::Reach;
use crate::calling::rows::GateRow;
use crate::campaigns::rows::{CampaignMemberRow, place_of};

/// A call that waits, before its windows are looked up.
pub(super) struct Line {
    pub(super) item: QueueItem,
    pub(super) reach: Reach,
    pub(super) pace: Option<usize>,
    pub(super) contact: Option<ContactId>,
    /// When the appointment begins that it is about.
    pub(super) about_time: Option<DateTime<Utc>>,
    /// Whether it is still to be handed to the dial queue.
    pub(super) to_hand_over: bool,
}

impl Line {
    /// Why it is passed over if its turn comes at an instant, as the guards say then. What somebody pressed for is made
    /// whatever became of the appointment.
    fn missed(&self, at: DateTime<Utc>) -> Option<SettleReason> {
        let over = |until: Option<DateTime<Utc>>| until.is_some_and(|until| until <= at);
        if over(self.item.latest) {
            Some(SettleReason::WindowMissed)
        } else if over(self.about_time) && self.item.band != Band::CallNow {
            Some(SettleReason::AppointmentPast)
        } else {
            None
        }
    }
}

/// All that waits of a tenant's calls.
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    pub(super) paces: Vec<Pace>,
    /// Which campaign keeps which pace.
    pub(super) kept_by: HashMap<CampaignId, usize>,
    /// Numbers that are being rung, and until when that is thought to last.
    pub(super) ringing: Vec<(LookupHash, DateTime<Utc>)>,
    /// Of those whom campaigns ring next: who was rung lately, and when.
    pub(super) rung: Vec<(ContactId, DateTime<Utc>)>,
    /// Numbers that were rung in the last day, and when.
    pub(super) dialled: Vec<(LookupHash, Vec<DateTime<Utc>>)>,
    /// Lines of those whom campaigns ring next, and who want no call any more.
    pub(super) unwanted: HashMap<usize, SkipReason>,
}

impl Lines {
    /// Plays it forward until all from `asked` on is known. Whoever misses their window meanwhile makes room.
    pub(super) fn play(
        &self,
        asked: usize,
        settings: &Settings,
        gate: &GateRow,
        limits: &CallLimits,
        now: DateTime<Utc>,
        mut passed_over: impl FnMut(usize, DateTime<Utc>) -> Option<SkipReason>,
    ) -> Vec<Foreseen> {
        let planned = self.planned();
        let mut phones: HashMap<LookupHash, usize> = HashMap::new();
        let mut phone = |number: LookupHash| {
            let next = phones.len();
            *phones.entry(number).or_insert(next)
        };
        let ringing: Vec<(usize, DateTime<Utc>)> = self
            .ringing
            .iter()
            .map(|(number, until)| (phone(*number), *until))
            .collect();
        let dialled: Vec<(usize, Vec<DateTime<Utc>>)> = self
            .dialled
            .iter()
            .map(|(number, attempts)| (phone(*number), attempts.clone()))
            .collect();
        let takes = |line: &Line| planned.get(&line.contact?).copied();
        let handed_over = self.handed_over();
        let behind = |line: &Line| handed_over.get(&line.contact?).copied();
        let waiting: Vec<Waiting<'_>> = self
            .lines
            .iter()
            .map(|line| Waiting {
                item: line.item,
                permitted: line.reach.permitted(settings),
                pace: line.pace,
                contact: line.contact,
                phone: line.reach.number.map(&mut phone),
                takes: takes(line).filter(|_| line.to_hand_over),
                behind: behind(line).filter(|_| line.to_hand_over),
            })
            .collect();
        let standing = Standing {
            gate: &gate.gate,
            limits,
            now,
            paces: &self.paces,
            ringing: &ringing,
            rung: &self.rung,
            dialled: &dialled,
        };
        foresee(standing, &waiting, asked, |index, at| {
            let line = self.lines.get(index);
            line.and_then(|line| line.missed(at))
                .map(SkipReason::from)
                .or_else(|| self.unwanted.get(&index).copied())
                .or_else(|| passed_over(index, at))
        })
    }

    /// Each person's next reminder: a campaign takes its place.
    fn planned(&self) -> HashMap<ContactId, usize> {
        let mut planned: HashMap<ContactId, usize> = HashMap::new();
        for (index, line) in self.lines.iter().enumerate() {
            let Some(contact) = line.contact.filter(|_| line.item.band == Band::Reminder) else {
                continue;
            };
            let next = planned.entry(contact).or_insert(index);
            if line.item.due < self.lines[*next].item.due {
                *next = index;
            }
        }
        planned
    }

    /// Each person's call that somebody pressed for or a campaign has handed over: no campaign takes its place.
    fn handed_over(&self) -> HashMap<ContactId, usize> {
        let lines = self.lines.iter().enumerate();
        let fixed =
            lines.filter(|(_, line)| !line.to_hand_over && line.item.band != Band::Reminder);
        fixed
            .filter_map(|(index, line)| Some((line.contact?, index)))
            .collect()
    }

    /// Enters a campaign's pace, where it keeps one.
    pub(super) fn pace(&mut self, campaign: &Campaign, calls: u32, limits: &CallLimits) {
        if let Some(step) = campaign.config.pace(calls, limits) {
            let turn_at = campaign.turn_at.unwrap_or(campaign.starts_at);
            self.kept_by.insert(campaign.id, self.paces.len());
            self.paces.push(Pace { step, turn_at });
        }
    }

    /// Adds the members of a campaign that wait, and those that nobody has looked at.
    pub(super) fn add_waiting(
        &mut self,
        campaign: &Campaign,
        members: &[CampaignMemberRow],
        now: DateTime<Utc>,
    ) {
        let pace = self.kept_by.get(&campaign.id).copied();
        let waiting = members.iter().filter_map(|member| match member.state {
            MemberState::Waiting { not_before } => {
                Some((member.position, not_before, Some(member)))
            }
            _ => None,
        });
        let unseen = (campaign.judged..campaign.total).map(|at| (at, None, None));
        self.lines.extend(
            waiting
                .chain(unseen)
                .map(|(position, not_before, member)| Line {
                    item: place_of(campaign, position, due_of(campaign, not_before, now)),
                    reach: member.map(|member| member.reach).unwrap_or_default(),
                    pace,
                    contact: member.map(|member| member.contact),
                    about_time: member.and_then(|member| member.about_time),
                    to_hand_over: true,
                }),
        );
    }
}

/// When a campaign begins: one that lies ahead is found by the tick, each minute.
fn begin_of(campaign: &Campaign, now: DateTime<Utc>) -> DateTime<Utc> {
    match campaign.starts_at <= now {
        true => campaign.starts_at,
        false => minute_after(campaign.starts_at),
    }
}

/// From when a member that waits may be called.
pub(super) fn due_of(
    campaign: &Campaign,
    not_before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let begin = begin_of(campaign, now);
    not_before.unwrap_or(begin).max(begin)
}

/// Calls that a campaign has, as far as that is known: all members while they are being looked at.
pub(super) fn calls_of(campaign: &Campaign) -> u32 {
    let unseen = campaign.total.saturating_sub(campaign.judged);
    campaign.callable.saturating_add(unseen)
}
