//! When a campaign will be through: what waits for a slot is read and played forward (`vio_domain::campaigns::forecast`).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};
use vio_crypto::LookupHash;
use vio_domain::calling::guards::{GAP, IN_FLIGHT_RECHECK, SettleReason};
use vio_domain::calling::limits::CallLimits;
use vio_domain::calling::order::{Band, QueueItem};
use vio_domain::calling::session::NUMBER_LOCK;
use vio_domain::campaigns::forecast::{
    Foreseen, Pace, Standing, USUAL_CALL, Waiting, foresee, last,
};
use vio_domain::campaigns::{Campaign, MemberState, SkipReason, State};
use vio_domain::contact::Contact;
use vio_domain::ids::{CampaignId, ContactId, SessionId};
use vio_domain::planner::minute_after;
use vio_domain::settings::Settings;

use crate::calling::reach::Reach;
use crate::calling::rows::{DialRow, FlightRow, GateRow, NumberHistoryRow};
use crate::campaigns::judge::Judged;
use crate::campaigns::rows::{CampaignMemberRow, CampaignRow, place_of};
use crate::error::StoreError;
use crate::key;
use crate::store::TenantStore;

/// Queue items of one band that are read at most: more than three days' worth.
const MOST_AHEAD: u32 = 1_000;
/// Members of campaigns who are looked up at most: those whose turn comes first.
const MOST_LOOKED_UP: usize = 50;
/// As many of them side by side.
const SIDE_BY_SIDE: usize = 16;
/// The first due instants of a band's keys.
const BEGINNING: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;

/// What is foreseen of a campaign.
#[derive(Debug, Clone)]
pub struct Estimate {
    /// When its last call is placed; None while calling is paused, or the campaign is.
    pub completion: Option<DateTime<Utc>>,
    /// Each member asked about, in order.
    pub members: Vec<Foreseen>,
}

/// A call that waits, before its windows are looked up.
struct Line {
    item: QueueItem,
    reach: Reach,
    pace: Option<usize>,
    contact: Option<ContactId>,
    /// Whether it is still to be handed to the dial queue.
    to_hand_over: bool,
}

/// All that waits of a tenant's calls.
struct Lines {
    lines: Vec<Line>,
    paces: Vec<Pace>,
    /// Which campaign keeps which pace.
    kept_by: HashMap<CampaignId, usize>,
    /// Numbers that are being rung, and until when that is thought to last.
    ringing: Vec<(LookupHash, DateTime<Utc>)>,
    /// Of those whom campaigns ring next: who was rung lately, and when.
    rung: Vec<(ContactId, DateTime<Utc>)>,
}

impl Lines {
    /// Plays it forward until all from `asked` on is known. Whoever misses their window meanwhile makes room.
    fn play(
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
        let takes = |line: &Line| planned.get(&line.contact?).copied();
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
            })
            .collect();
        let standing = Standing {
            gate: &gate.gate,
            limits,
            now,
            paces: &self.paces,
            ringing: &ringing,
            rung: &self.rung,
        };
        foresee(standing, &waiting, asked, |index, at| {
            let latest = waiting.get(index).and_then(|one| one.item.latest);
            let missed = latest.filter(|latest| *latest <= at);
            let missed = missed.map(|_| SettleReason::WindowMissed.into());
            missed.or_else(|| passed_over(index, at))
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

    /// Enters a campaign's pace, where it keeps one.
    fn pace(&mut self, campaign: &Campaign, calls: u32, limits: &CallLimits) {
        if let Some(step) = campaign.config.pace(calls, limits) {
            let turn_at = campaign.turn_at.unwrap_or(campaign.starts_at);
            self.kept_by.insert(campaign.id, self.paces.len());
            self.paces.push(Pace { step, turn_at });
        }
    }

    /// Adds the members of a campaign that wait, and those that nobody has looked at.
    fn add_waiting(
        &mut self,
        campaign: &Campaign,
        members: &[CampaignMemberRow],
        now: DateTime<Utc>,
    ) {
        let pace = self.kept_by.get(&campaign.id).copied();
        let waiting = members.iter().filter_map(|member| match member.state {
            MemberState::Waiting { not_before } => {
                let who = Some(member.contact);
                Some((member.position, member.reach, not_before, who))
            }
            _ => None,
        });
        let unseen = (campaign.judged..campaign.total).map(|at| (at, Reach::default(), None, None));
        self.lines.extend(
            waiting
                .chain(unseen)
                .map(|(position, reach, not_before, contact)| Line {
                    item: place_of(campaign, position, due_of(campaign, not_before, now)),
                    reach,
                    pace,
                    contact,
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
fn due_of(
    campaign: &Campaign,
    not_before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let begin = begin_of(campaign, now);
    not_before.unwrap_or(begin).max(begin)
}

/// The campaign whose call a queue item is; a retry of one is none of its calls any more.
fn campaign_of(row: &DialRow) -> Option<CampaignId> {
    row.campaign.filter(|_| row.band.is_campaign())
}

/// Calls that a campaign has, as far as that is known: all members while they are being looked at.
fn calls_of(campaign: &Campaign) -> u32 {
    let unseen = campaign.total.saturating_sub(campaign.judged);
    campaign.callable.saturating_add(unseen)
}

impl TenantStore {
    /// Foresees a campaign that is about to begin with these members.
    pub async fn foresee_new(
        &self,
        settings: &Settings,
        limits: &CallLimits,
        gate: &GateRow,
        campaign: &Campaign,
        judged: &[Judged],
    ) -> Result<Estimate, StoreError> {
        let now = self.now();
        let (mut lines, _) = self.lines_ahead(limits, None).await?;
        let to_call: Vec<&Judged> = judged.iter().filter(|one| one.skip.is_none()).collect();
        let calls = u32::try_from(to_call.len()).unwrap_or(u32::MAX);
        lines.pace(campaign, calls, limits);
        let pace = lines.kept_by.get(&campaign.id).copied();
        let asked = lines.lines.len();
        lines
            .lines
            .extend((0..).zip(&to_call).map(|(position, one)| Line {
                item: place_of(campaign, position, due_of(campaign, one.not_before, now)),
                reach: one.reach,
                pace,
                contact: Some(one.contact),
                to_hand_over: true,
            }));
        lines.rung = self.rung_lately(&lines.lines[..asked]).await?;
        let found = lines.play(asked, settings, gate, limits, now, |index, at| {
            to_call.get(index.checked_sub(asked)?)?.skipped_at(at)
        });
        let mut found = found.into_iter().skip(asked);
        let members: Vec<Foreseen> = judged
            .iter()
            .map(|one| match one.skip {
                Some(reason) => Foreseen::Skipped(reason),
                None => found.next().unwrap_or(Foreseen::Never),
            })
            .collect();
        let nobody = members
            .iter()
            .all(|one| matches!(one, Foreseen::Skipped(_)));
        let completion = match nobody {
            true => Some(now),
            false => last(members.iter().copied()),
        };
        Ok(Estimate {
            completion,
            members,
        })
    }

    /// When a call that is due will be placed, with all that is ahead of it. `contact` is whom it rings.
    pub(crate) async fn foresee_call(
        &self,
        settings: &Settings,
        limits: &CallLimits,
        gate: &GateRow,
        item: QueueItem,
        contact: &Contact,
    ) -> Result<Foreseen, StoreError> {
        let (mut lines, _) = self.lines_ahead(limits, None).await?;
        lines.lines.retain(|line| line.item.session != item.session);
        let asked = lines.lines.len();
        lines.lines.push(Line {
            item: self.spaced(item, contact.id).await?,
            reach: self.reach(contact),
            pace: None,
            contact: Some(contact.id),
            to_hand_over: false,
        });
        lines.rung = self.rung_lately(&lines.lines).await?;
        let mut found = lines.play(asked, settings, gate, limits, self.now(), |_, _| None);
        Ok(found.pop().unwrap_or(Foreseen::Never))
    }

    /// A call that somebody pressed for waits until the person's last one is long enough ago.
    async fn spaced(
        &self,
        mut item: QueueItem,
        contact: ContactId,
    ) -> Result<QueueItem, StoreError> {
        if item.band == Band::CallNow
            && let Some(last) = self.last_attempt(contact).await?
        {
            item.due = item.due.max(last.at + GAP);
        }
        Ok(item)
    }

    /// When the last call of a campaign that runs is placed; None for one that is held or over.
    pub async fn foresee_running(
        &self,
        settings: &Settings,
        limits: &CallLimits,
        gate: &GateRow,
        row: &CampaignRow,
        members: &[CampaignMemberRow],
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let now = self.now();
        let campaign = &row.campaign;
        if campaign.state.is_over() || matches!(campaign.state, State::Paused { .. }) {
            return Ok(None);
        }
        let (mut lines, own) = self.lines_ahead(limits, Some((campaign, members))).await?;
        let asked = lines.lines.len();
        lines.lines.extend(own);
        lines.add_waiting(campaign, members, now);
        // Only calls under way are left.
        if lines.lines.len() == asked {
            return Ok(Some(now));
        }
        lines.rung = self.rung_lately(&lines.lines).await?;
        let found = lines.play(asked, settings, gate, limits, now, |_, _| None);
        Ok(last(found.into_iter().skip(asked)))
    }

    /// Whom campaigns ring next was rung lately, and is passed over. The history of a number says in one read that
    /// nobody at it was.
    async fn rung_lately(
        &self,
        lines: &[Line],
    ) -> Result<Vec<(ContactId, DateTime<Utc>)>, StoreError> {
        let since = self.now() - GAP;
        let mut next: Vec<(QueueItem, ContactId, LookupHash)> = lines
            .iter()
            .filter(|line| line.item.band.is_campaign())
            .filter_map(|line| Some((line.item, line.contact?, line.reach.number?)))
            .collect();
        next.sort_by_key(|(item, ..)| (item.band, item.due, item.session));
        next.truncate(MOST_LOOKED_UP);
        let rung = next.into_iter().map(|(_, contact, number)| async move {
            let history = key::number_history(self.id, &number.to_string());
            let history: Option<NumberHistoryRow> = self.store.read(&history).await?;
            let lately = |history: NumberHistoryRow| {
                let mut attempts = history.attempts.into_iter();
                attempts.any(|(_, at)| since < at)
            };
            if !history.is_some_and(lately) {
                return Ok::<_, StoreError>(None);
            }
            let last = self.last_attempt(contact).await?;
            Ok(last.map(|last| (contact, last.at)))
        });
        let rung: Vec<_> = stream::iter(rung)
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(rung.into_iter().flatten().collect())
    }

    /// The numbers that are being rung.
    async fn ringing(&self) -> Result<Vec<(LookupHash, DateTime<Utc>)>, StoreError> {
        let now = self.now();
        let (flights, _) = self
            .store
            .list::<FlightRow>(key::flights_pk(self.id), "", true, MOST_AHEAD, None)
            .await?;
        let locks = flights.iter().map(async |flight| {
            let until = self.rung_until(flight.phone).await?;
            Ok::<_, StoreError>(until.map(|until| (flight.phone, until)))
        });
        let locks = try_join_all(locks).await?;
        let ringing = locks.into_iter().flatten().map(|(phone, until)| {
            let usual = (until - NUMBER_LOCK + USUAL_CALL).max(now + IN_FLIGHT_RECHECK);
            (phone, usual.min(until))
        });
        Ok(ringing.collect())
    }

    /// All that waits of the tenant's calls, with every pace; apart, what the campaign asked about has in the queue.
    async fn lines_ahead(
        &self,
        limits: &CallLimits,
        asked: Option<(&Campaign, &[CampaignMemberRow])>,
    ) -> Result<(Lines, Vec<Line>), StoreError> {
        let mut lines = Lines {
            lines: Vec::new(),
            paces: Vec::new(),
            kept_by: HashMap::new(),
            ringing: self.ringing().await?,
            rung: Vec::new(),
        };
        let mut others = Vec::new();
        for id in self.campaigns_running().await?.running {
            if asked.is_some_and(|(campaign, _)| campaign.id == id) {
                continue;
            }
            let found = self.campaign(id).await?;
            others.extend(found.filter(|row| !matches!(row.campaign.state, State::Paused { .. })));
        }
        let all = others.iter().map(|row| &row.campaign);
        for campaign in all.chain(asked.map(|(campaign, _)| campaign)) {
            lines.pace(campaign, calls_of(campaign), limits);
        }
        let asked_about: HashSet<SessionId> = asked
            .into_iter()
            .flat_map(|(_, members)| members)
            .filter_map(|member| match member.state {
                MemberState::Planned { session, .. } => Some(session),
                _ => None,
            })
            .collect();
        let mut own = Vec::new();
        for band in Band::ALL {
            let (prefix, _) = key::dial_due(band, BEGINNING);
            let (rows, _) = self
                .store
                .list::<DialRow>(key::dial_pk(self.id), &prefix, true, MOST_AHEAD, None)
                .await?;
            for row in rows {
                let item = QueueItem {
                    band: row.band,
                    due: row.due,
                    latest: row.latest,
                    priority: row.priority,
                    session: row.session,
                };
                let line = Line {
                    reach: row.reach,
                    contact: Some(row.contact),
                    to_hand_over: false,
                    pace: campaign_of(&row).and_then(|id| lines.kept_by.get(&id).copied()),
                    item: self.spaced(item, row.contact).await?,
                };
                match asked_about.contains(&row.session) {
                    true => own.push(line),
                    false => lines.lines.push(line),
                }
            }
        }
        for row in &others {
            let members = self
                .all_members(row.campaign.id, row.campaign.cursor)
                .await?;
            lines.add_waiting(&row.campaign, &members, self.now());
        }
        Ok((lines, own))
    }
}
