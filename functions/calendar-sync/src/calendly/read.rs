//! Reading. Calendly lists events by when they begin, not by when they changed, and names nobody in that list: the people
//! of each event are asked for one by one. So everything to come is listed, and only what changed since the last reading
//! is asked for; a run that has asked enough, or long enough, leaves the rest to the next.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::bookings::Calendar;
use vio_providers::ApiError;
use vio_providers::calendly::reading::ReadInvitee;
use vio_providers::calendly::{CalendlyClient, ScheduledEvent, Wanted};
use vio_store::TenantStore;
use vio_store::calendar::{CalendarRow, Reading, Subscribed, Unfinished};
use vio_store::tenants::TenantSettings;

use super::subscription;
use crate::read::{EVERY, Failed, News, OVERLAP, Read, spread, take_in};
use crate::{CalendarSync, PATIENCE};

/// From one reading to the next while webhooks tell what happens.
const WHILE_TOLD: TimeDelta = TimeDelta::hours(1);
/// Events whose people are asked for in one run.
const MOST_EVENTS: usize = 100;
/// Pages of a hundred events in one run.
const MOST_PAGES: usize = 20;
/// Pages of people of one event.
const MOST_INVITEE_PAGES: usize = 10;
/// How long a run goes on asking, by a real clock: less than it has the calendar alone.
const LONGEST_RUN: TimeDelta = TimeDelta::seconds(45);

/// Why a run stops before everything was read, and what begins after which is left to the next.
enum Stopped {
    Enough(DateTime<Utc>),
    Failed(Failed, DateTime<Utc>),
}

/// One run of a reading.
struct Run<'a> {
    sync: &'a CalendarSync,
    ts: &'a TenantStore,
    settings: &'a TenantSettings,
    client: &'a CalendlyClient,
    /// What changed before this was read; None: nothing was.
    since: Option<DateTime<Utc>>,
    /// What begins after this is read by this run.
    from: DateTime<Utc>,
    /// When it has to end.
    until: DateTime<Utc>,
    asked: usize,
    found: usize,
}

/// Reads what is to come, and sees to the subscription first.
pub(crate) async fn read(
    sync: &CalendarSync,
    ts: &TenantStore,
    settings: &TenantSettings,
    client: &CalendlyClient,
    row: &CalendarRow,
) -> Result<Read, Failed> {
    let now = ts.now();
    let me = client.me(PATIENCE).await?;
    let subscribed = subscription::see_to(sync, ts, settings, client, &me, row).await?;
    let Unfinished { began, from } = row.unfinished.unwrap_or(Unfinished {
        began: now,
        from: now,
    });
    let mut run = Run {
        sync,
        ts,
        settings,
        client,
        since: row.read_until,
        from: from.max(now),
        until: sync.app.real_clock.now() + LONGEST_RUN,
        asked: 0,
        found: 0,
    };
    let stopped = run.go(me.uri).await;
    let found = run.found;
    let rest = |from| Unfinished { began, from };
    let reading = match stopped {
        Ok(()) => {
            let wait = match subscribed {
                Subscribed::Active => WHILE_TOLD,
                Subscribed::Disabled | Subscribed::Missing | Subscribed::Refused => EVERY,
            };
            Reading::Done {
                until: began - OVERLAP,
                next: now + wait + spread(ts.id),
            }
        }
        Err(Stopped::Enough(from)) => Reading::Unfinished(rest(from)),
        Err(Stopped::Failed(Failed::Calendar(error), from)) => {
            return Err(Failed::Amid(error, rest(from), found));
        }
        Err(Stopped::Failed(other, _)) => return Err(other),
    };
    Ok(Read { found, reading })
}

impl Run<'_> {
    async fn go(&mut self, user: String) -> Result<(), Stopped> {
        let mut wanted = Wanted {
            user,
            from: Some(self.from),
            ..Wanted::default()
        };
        let mut at = self.from;
        for _ in 0..MOST_PAGES {
            let page = self.client.scheduled_events(&wanted, PATIENCE).await;
            let page = page.map_err(|error| Stopped::Failed(error.into(), at))?;
            for event in page.items {
                // Others may begin at the same instant; and the next run is to come further than this one.
                let before = event.start - TimeDelta::milliseconds(1);
                at = before.max(self.from);
                if !self.is_due(&event) {
                    continue;
                }
                if self.asked >= MOST_EVENTS || self.sync.app.real_clock.now() >= self.until {
                    let further = at > self.from;
                    return Err(Stopped::Enough(if further { at } else { event.start }));
                }
                self.asked += 1;
                let people = self.people(&event).await;
                people.map_err(|failed| Stopped::Failed(failed, at))?;
            }
            wanted.page_token = page.next;
            if wanted.page_token.is_none() {
                return Ok(());
            }
        }
        Err(Stopped::Enough(at))
    }

    /// Whether an event's people are to be asked for: it is of a kind that is taken over, and it changed since the last
    /// reading. Of a group, somebody may have come or gone without that.
    fn is_due(&self, event: &ScheduledEvent) -> bool {
        let calendly = &self.settings.settings.integrations.calendly;
        let unchanged = |since| event.updated_at.is_some_and(|at| at < since);
        let known = self.since.is_some_and(unchanged) && !event.group;
        calendly.takes(event.event_type.as_deref()) && !known
    }

    async fn people(&mut self, event: &ScheduledEvent) -> Result<(), Failed> {
        let mut token = None::<String>;
        for _ in 0..MOST_INVITEE_PAGES {
            let asked = self.client.invitees(&event.id, token.as_deref(), PATIENCE);
            let page = match asked.await {
                // It was taken away while we read.
                Err(ApiError::Refused { status: 404, .. }) => return Ok(()),
                answered => answered?,
            };
            for invitee in page.items {
                let Some(read) = ReadInvitee::read(event, invitee) else {
                    continue;
                };
                let Some(missed) = read.event() else {
                    continue;
                };
                let news = News {
                    event: missed,
                    identity: read.identity(),
                    body: read.body(),
                };
                let new = take_in(self.sync, self.ts, Calendar::Calendly, news).await?;
                self.found += usize::from(new);
            }
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        Ok(())
    }
}
