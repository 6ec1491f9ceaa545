//! When a campaign will be through: what waits for a slot is read and played forward (`vio_domain::campaigns::forecast`).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};
use vio_crypto::LookupHash;
use vio_domain::calling::guards::{GAP, IN_FLIGHT_RECHECK, LastAttempt, SettleReason, StatusFact};
use vio_domain::calling::limits::CallLimits;
use vio_domain::calling::order::{Band, QueueItem};
use vio_domain::calling::session::NUMBER_LOCK;
use vio_domain::campaigns::forecast::{Foreseen, USUAL_CALL, last};
use vio_domain::campaigns::{Campaign, MemberState, SkipReason, State};
use vio_domain::contact::Contact;
use vio_domain::ids::{CampaignId, ContactId, SessionId};
use vio_domain::settings::Settings;

use crate::calling::rows::{DialRow, FlightRow, GateRow, NumberHistoryRow};
use crate::campaigns::judge::Judged;
use crate::campaigns::lines::{Line, Lines, calls_of, due_of};
use crate::campaigns::rows::{CampaignMemberRow, CampaignRow, place_of};
use crate::error::StoreError;
use crate::key;
use crate::store::TenantStore;
use crate::tenants::TenantSettings;

/// Queue items of one band that are read at most: more than three days' worth.
const MOST_AHEAD: u32 = 1_000;
/// Calls of campaigns, and as many others, that are looked up at most: those whose turn comes first.
const MOST_LOOKED_UP: usize = 50;
/// As many of them side by side.
const SIDE_BY_SIDE: usize = 16;
/// The first due instants of a band's keys.
const BEGINNING: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;
/// Grants meanwhile after which what waits is played forward as it was last seen.
const TRIES: usize = 4;

/// What is foreseen of a campaign.
#[derive(Debug, Clone)]
pub struct Estimate {
    /// When its last call is placed; None while calling is paused, or the campaign is.
    pub completion: Option<DateTime<Utc>>,
    /// Each member asked about, in order.
    pub members: Vec<Foreseen>,
}

/// What is still ahead of a campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ahead {
    /// When its last call is placed, as far as that can be foreseen.
    pub completion: Option<DateTime<Utc>>,
    /// When each call is, of those that can be foreseen.
    pub calls: Vec<DateTime<Utc>>,
}

/// One of the calls that come next, to be looked up.
#[derive(Clone, Copy)]
struct Next {
    index: usize,
    item: QueueItem,
    contact: ContactId,
    number: LookupHash,
    to_hand_over: bool,
}

/// The campaign whose call a queue item is; a retry of one is none of its calls any more.
fn campaign_of(row: &DialRow) -> Option<CampaignId> {
    row.campaign.filter(|_| row.band.is_campaign())
}

/// A call that somebody pressed for waits until the person's last one is long enough ago.
fn spaced(mut item: QueueItem, last: Option<LastAttempt>) -> QueueItem {
    if let Some(last) = last {
        item.due = item.due.max(last.at + GAP);
    }
    item
}

impl TenantStore {
    /// Foresees a campaign that is about to begin with these members.
    pub async fn foresee_new(
        &self,
        settings: &TenantSettings,
        limits: &CallLimits,
        gate: &GateRow,
        campaign: &Campaign,
        judged: &[Judged],
    ) -> Result<Estimate, StoreError> {
        let now = self.now();
        let (gate, mut lines, _) = self.gate_and_lines(settings, limits, gate, None).await?;
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
                about_time: None,
                to_hand_over: true,
            }));
        self.look_up(&mut lines, asked).await?;
        let judged_now = to_call.iter().filter_map(|one| one.dialled());
        lines.dialled.extend(judged_now);
        let found = lines.play(
            asked,
            &settings.settings,
            &gate,
            limits,
            now,
            |index, at| to_call.get(index.checked_sub(asked)?)?.skipped_at(at),
        );
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
        // With nobody to call it ends as soon as it begins.
        let completion = match nobody {
            true => Some(campaign.starts_at.max(now)),
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
        row: &DialRow,
        contact: &Contact,
    ) -> Result<Foreseen, StoreError> {
        let (mut lines, _) = self.lines_ahead(limits, None).await?;
        lines.lines.retain(|line| line.item.session != row.session);
        let asked = lines.lines.len();
        let last = match row.band {
            Band::CallNow => self.last_attempt_of_all(contact).await?,
            _ => None,
        };
        lines.lines.push(Line {
            item: spaced(row.item(), last),
            reach: self.reach(contact),
            pace: None,
            contact: Some(contact.id),
            about_time: row.about_time,
            to_hand_over: false,
        });
        self.look_up(&mut lines, usize::MAX).await?;
        let mut found = lines.play(asked, settings, gate, limits, self.now(), |_, _| None);
        Ok(found.pop().unwrap_or(Foreseen::Never))
    }

    /// What is still ahead of a campaign that runs; nothing of one that is held or over.
    pub async fn foresee_running(
        &self,
        settings: &TenantSettings,
        limits: &CallLimits,
        gate: &GateRow,
        row: &CampaignRow,
        members: &[CampaignMemberRow],
    ) -> Result<Ahead, StoreError> {
        let now = self.now();
        let campaign = &row.campaign;
        if campaign.state.is_over() || matches!(campaign.state, State::Paused { .. }) {
            return Ok(Ahead::default());
        }
        let asked = Some((campaign, members));
        let (gate, mut lines, own) = self.gate_and_lines(settings, limits, gate, asked).await?;
        let asked = lines.lines.len();
        lines.lines.extend(own);
        lines.add_waiting(campaign, members, now);
        // Only calls under way are left, or nobody is called once it begins.
        if lines.lines.len() == asked {
            return Ok(Ahead {
                completion: Some(campaign.starts_at.max(now)),
                calls: Vec::new(),
            });
        }
        self.look_up(&mut lines, usize::MAX).await?;
        let found = lines.play(asked, &settings.settings, &gate, limits, now, |_, _| None);
        let ours = found.get(asked..).unwrap_or_default();
        let calls = ours.iter().filter_map(|one| match one {
            Foreseen::At(at) => Some(*at),
            Foreseen::Skipped(_) | Foreseen::Never => None,
        });
        Ok(Ahead {
            completion: last(ours.iter().copied()),
            calls: calls.collect(),
        })
    }

    /// Looks up what is known of the next of some lines: whom campaigns ring next was rung lately, or wants no call any
    /// more, and is passed over; a number that was rung often waits. The history of a number says in one read that nobody
    /// at it was.
    async fn look_up(&self, lines: &mut Lines, some: usize) -> Result<(), StoreError> {
        let since = self.now() - GAP;
        let mut next: Vec<Next> = lines
            .lines
            .iter()
            .enumerate()
            .take(some)
            .filter_map(|(index, line)| {
                Some(Next {
                    index,
                    item: line.item,
                    contact: line.contact?,
                    number: line.reach.number?,
                    to_hand_over: line.to_hand_over,
                })
            })
            .collect();
        next.sort_by_key(|next| (next.item.band, next.item.due, next.item.session));
        let (of_campaigns, others): (Vec<_>, Vec<_>) = next
            .into_iter()
            .partition(|next| next.item.band.is_campaign());
        let looked_up = [of_campaigns, others]
            .into_iter()
            .flat_map(|calls| calls.into_iter().take(MOST_LOOKED_UP));
        let found = looked_up.map(|next| async move {
            let history = key::number_history(self.id, &next.number.to_string());
            let history: Option<NumberHistoryRow> = self.store.read(&history).await?;
            let attempts = history.map(|history| history.attempts).unwrap_or_default();
            let attempts: Vec<DateTime<Utc>> = attempts.into_iter().map(|(_, at)| at).collect();
            let lately = next.item.band.is_campaign() && attempts.iter().any(|at| since < *at);
            let last = match lately {
                true => self.last_attempt(next.contact).await?,
                false => None,
            };
            let unwanted = match next.to_hand_over {
                true => self.unwanted(next.contact).await?,
                false => None,
            };
            Ok::<_, StoreError>((
                (next.number, attempts),
                last.map(|last| (next.contact, last.at)),
                unwanted.map(|why| (next.index, why)),
            ))
        });
        let found: Vec<_> = stream::iter(found)
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        for (dialled, rung, unwanted) in found {
            lines.dialled.push(dialled);
            lines.rung.extend(rung);
            lines.unwanted.extend(unwanted);
        }
        Ok(())
    }

    /// Why a member of a campaign is passed over whenever their turn comes, as things stand: since they were looked at,
    /// somebody confirmed, say, or asked to be left alone.
    async fn unwanted(&self, contact: ContactId) -> Result<Option<SkipReason>, StoreError> {
        let person = self.person(contact).await?;
        let Some(person) = person.filter(|person| person.contact.deleted.is_none()) else {
            return Ok(Some(SkipReason::ContactDeleted));
        };
        if person.contact.do_not_contact || !person.contact.is_active {
            return Ok(Some(SettleReason::DoNotContact.into()));
        }
        let now = self.now();
        let status = StatusFact::of(person.current(now), now);
        let none = status == StatusFact::DoesNot;
        Ok(none.then(|| SettleReason::StatusNeedsNoCall.into()))
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

    /// The gate and all that waits, of one moment: a call that is granted between the two reads would be in neither.
    async fn gate_and_lines(
        &self,
        settings: &TenantSettings,
        limits: &CallLimits,
        gate: &GateRow,
        asked: Option<(&Campaign, &[CampaignMemberRow])>,
    ) -> Result<(GateRow, Lines, Vec<Line>), StoreError> {
        let mut gate = gate.clone();
        let mut tries = 0;
        loop {
            let (lines, own) = self.lines_ahead(limits, asked).await?;
            let now = self.gate(settings).await?;
            tries += 1;
            if now.version == gate.version || tries == TRIES {
                return Ok((now, lines, own));
            }
            gate = now;
        }
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
            dialled: Vec::new(),
            unwanted: HashMap::new(),
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
                let last = match row.band {
                    Band::CallNow => self.last_attempt(row.contact).await?,
                    _ => None,
                };
                let line = Line {
                    reach: row.reach,
                    contact: Some(row.contact),
                    about_time: row.about_time,
                    to_hand_over: false,
                    pace: campaign_of(&row).and_then(|id| lines.kept_by.get(&id).copied()),
                    item: spaced(row.item(), last),
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
