//! The dial pump: takes what is due for one tenant, in order, grants slots one after another, places calls side by
//! side, and reconciles what became of attempts nobody heard of (architecture.md "The dial pump").
//!
//! It is level-triggered: a run reads everything it decides on, so a lost, late or repeated message changes nothing
//! but the time of the next run.

mod place;
mod reconcile;
mod request;
mod voice;

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;
use vio_domain::calling::guards::Guard;
use vio_domain::calling::order::{Band, QueueItem};
use vio_domain::ids::{AttemptId, TenantId};
use vio_runtime::app::App;
use vio_runtime::batch::MessageError;
use vio_runtime::queues::{DialMessage, MAX_DELAY_SECONDS};
use vio_store::calling::grant::{Dialling, Granted, Granting};
use vio_store::calling::rows::DialRow;
use vio_store::campaigns::Stepped;
use vio_store::tenants::{TenantSettings, TenantStatus};
use vio_store::{StoreError, TenantStore};

pub use voice::Voice;

/// Queue items read per band and round: all that is due, up to more than three days of calls. A part alone would do for
/// the band and the due time, which the key is ordered by, but not for the contacts' priorities and closing windows.
const ITEMS_PER_BAND: u32 = 1_000;
/// Attempts reconciled per run.
const FLIGHTS_PER_RUN: u32 = 50;
/// Contacts planned anew per run after a change of settings; the rest is left to the next, asked for at once.
const REPLANNED_PER_RUN: usize = 500;
/// How long a run goes on granting. What is left after it is left to the next, which is asked for at once.
const RUN: std::time::Duration = std::time::Duration::from_secs(20);
/// How often an item is looked at again after a lost race, within one run.
const TRIES: usize = 4;
/// Calls placed side by side at most.
const SIDE_BY_SIDE: usize = 25;
/// A campaign whose next step is this near is not left to the gate's next slot.
const SOON: TimeDelta = TimeDelta::seconds(5);
/// The longest that a message can be delayed.
const LONGEST_DELAY: TimeDelta = TimeDelta::seconds(MAX_DELAY_SECONDS as i64);
/// How long a tenant that cannot call until a person acts is left alone by the tick.
const HELD: TimeDelta = TimeDelta::minutes(15);

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pumped {
    pub granted: usize,
    pub moved: usize,
    pub reconciled: usize,
    /// When the next run was asked for.
    pub next: Option<DateTime<Utc>>,
}

/// Handles one message of the `dial` queue.
pub async fn handle(app: &App, message: DialMessage) -> Result<(), MessageError> {
    pump(app, message.tenant)
        .await
        .map(|_| ())
        .map_err(MessageError::retry)
}

/// Why a run stopped granting.
enum Stop {
    /// Nothing more is due.
    Empty,
    /// The tenant cannot call until then. `somebody`: a person who pressed Call Now is waiting for it.
    Held {
        until: DateTime<Utc>,
        somebody: bool,
    },
    /// The tenant cannot call until a person acts.
    HeldByPerson(Guard),
    /// Time is up, or races were lost: more is due.
    More,
}

/// One run for one tenant.
pub async fn pump(app: &App, tenant: TenantId) -> Result<Pumped, StoreError> {
    let mut pumped = Pumped::default();
    let Some(ts) = app.store.tenant(tenant).await? else {
        return Ok(pumped);
    };
    let started = tokio::time::Instant::now();
    // First of all: what a change of settings moved is not to be rung at its old time.
    let replanned = ts.replan_some(REPLANNED_PER_RUN).await?;
    let flights = ts.due_flights(FLIGHTS_PER_RUN).await?;
    if !flights.is_empty() {
        let settings = ts.settings().await?;
        let voice = Voice::of(app, &settings);
        for flight in &flights {
            reconcile::look(app, &ts, &settings, voice.as_ref(), flight).await?;
            pumped.reconciled += 1;
        }
    }
    let (stop, campaigns) = loop {
        let settings = ts.settings().await?;
        // Members of campaigns join the queue before it is read: no slot waits for them.
        let stepped = step_campaigns(app, &ts, &settings).await?;
        let round = round(app, &ts, &settings).await?;
        pumped.moved += round.moved;
        pumped.granted += round.granted;
        let more = matches!(round.stop, Stop::More)
            || (matches!(round.stop, Stop::Empty) && stepped.handed_over > 0);
        if !more || started.elapsed() >= RUN {
            let stop = if more { Stop::More } else { round.stop };
            break (stop, stepped.next);
        }
    };
    pumped.next = wake_later(app, &ts, stop, campaigns, pumped.granted > 0).await?;
    if !replanned && let Err(error) = app.queues.dial(DialMessage { tenant }, 0).await {
        tracing::warn!(%tenant, %error, "a wake-up was not sent; the tick finds the work");
    }
    if pumped != Pumped::default() {
        tracing::info!(
            %tenant,
            granted = pumped.granted,
            moved = pumped.moved,
            reconciled = pumped.reconciled,
            "pump"
        );
    }
    Ok(pumped)
}

/// Brings the tenant's campaigns a step further.
async fn step_campaigns(
    app: &App,
    ts: &TenantStore,
    settings: &TenantSettings,
) -> Result<Stepped, StoreError> {
    let running = ts.campaigns_running().await?;
    if running.running.is_empty() && running.ending.is_empty() {
        return Ok(Stepped::default());
    }
    let active = is_active(app, ts).await?;
    let dialling = Dialling {
        settings,
        limits: &app.platform.limits,
        fingerprint: "",
        tenant_active: active,
    };
    ts.step_campaigns(dialling, running).await
}

/// What is due, first to be placed first.
async fn due_in_order(ts: &TenantStore) -> Result<(Vec<DialRow>, bool), StoreError> {
    let now = ts.now();
    let mut items: Vec<(QueueItem, DialRow)> = Vec::new();
    let mut more = false;
    for band in Band::ALL {
        let rows = ts.due_items(band, ITEMS_PER_BAND).await?;
        more |= rows.len() >= ITEMS_PER_BAND as usize;
        items.extend(rows.into_iter().map(|row| (row.item(), row)));
    }
    items.sort_by(|(a, _), (b, _)| a.cmp_at(b, now));
    Ok((items.into_iter().map(|(_, row)| row).collect(), more))
}

async fn is_active(app: &App, ts: &TenantStore) -> Result<bool, StoreError> {
    let row = app.store.tenant_row(ts.id).await?;
    Ok(row.is_some_and(|row| row.status == TenantStatus::Active))
}

/// What a round of granting and placing came to.
struct Round {
    stop: Stop,
    granted: usize,
    moved: usize,
}

/// Grants what is due and places it. Each call is placed as soon as it is granted, while the next is being granted: its
/// bound runs from its own grant, and the grants of the others must not use it up.
async fn round(
    app: &App,
    ts: &TenantStore,
    settings: &TenantSettings,
) -> Result<Round, StoreError> {
    let mut round = Round {
        stop: Stop::Empty,
        granted: 0,
        moved: 0,
    };
    let (items, more) = due_in_order(ts).await?;
    if items.is_empty() {
        return Ok(round);
    }
    let voice = Voice::of(app, settings);
    let (granted, grants) = mpsc::unbounded_channel();
    let (stopped, arrivals) = tokio::join!(
        grant_all(
            app,
            ts,
            settings,
            voice.as_ref(),
            &items,
            granted,
            &mut round
        ),
        place_all(app, ts, settings, voice.as_ref(), grants),
    );
    // Whatever became of the granting: what the provider answered is written down.
    let recorded = ts
        .record_arrivals(settings, &app.platform.limits, &arrivals)
        .await;
    round.stop = match stopped? {
        Some(stop) => stop,
        None if more || round.granted > 0 || round.moved > 0 => Stop::More,
        None => Stop::Empty,
    };
    recorded.map(|()| round)
}

/// Grants until nothing is left of the items, the gate is shut, or enough are granted for one round. None at the end
/// of the items.
async fn grant_all(
    app: &App,
    ts: &TenantStore,
    settings: &TenantSettings,
    voice: Option<&Voice>,
    items: &[DialRow],
    granted: mpsc::UnboundedSender<Granted>,
    round: &mut Round,
) -> Result<Option<Stop>, StoreError> {
    let dialling = Dialling {
        settings,
        limits: &app.platform.limits,
        fingerprint: voice.map_or("", |voice| voice.fingerprint.as_str()),
        tenant_active: is_active(app, ts).await?,
    };
    let campaigns = items.iter().filter_map(|item| item.campaign);
    let words = request::Words::read(app, ts, settings, campaigns).await?;
    let mut gate = ts.gate(settings).await?;
    let mut held = None;
    for item in items {
        // While the gate is shut, only what missed its window is looked at: it ends now, not when the gate opens.
        if held.is_some() && item.latest.is_none_or(|latest| ts.now() < latest) {
            continue;
        }
        let mut tries = 0;
        loop {
            let body =
                |person: &_, row: &_, attempt| words.body(ts, settings, person, row, attempt);
            match ts.grant(dialling, &mut gate, item, body).await? {
                Granting::Granted(call) => {
                    vio_runtime::crash::point("granted");
                    round.granted += 1;
                    // The receiver lives until every grant is in.
                    let _ = granted.send(*call);
                }
                Granting::Moved => round.moved += 1,
                Granting::Gone => {}
                Granting::Held { until, guard } => {
                    // What is first in the order is held first.
                    let somebody = item.band == Band::CallNow;
                    held.get_or_insert(match until {
                        Some(until) => Stop::Held { until, somebody },
                        None => Stop::HeldByPerson(guard),
                    });
                }
                Granting::Lost => {
                    tries += 1;
                    // Settings are part of what is decided on: a whole new round reads them again.
                    if tries >= TRIES || ts.settings().await?.version != settings.version {
                        return Ok(Some(Stop::More));
                    }
                    gate = ts.gate(settings).await?;
                    continue;
                }
            }
            break;
        }
        if round.granted >= SIDE_BY_SIDE && held.is_none() {
            return Ok(Some(Stop::More));
        }
    }
    Ok(held)
}

/// Places calls side by side as they are granted. Returns when the provider answered that it has them.
async fn place_all(
    app: &App,
    ts: &TenantStore,
    settings: &TenantSettings,
    voice: Option<&Voice>,
    mut grants: mpsc::UnboundedReceiver<Granted>,
) -> Vec<(AttemptId, DateTime<Utc>)> {
    let mut under_way = FuturesUnordered::new();
    let mut arrivals = Vec::new();
    let mut open = true;
    while open || !under_way.is_empty() {
        tokio::select! {
            biased;
            granted = grants.recv(), if open => match (granted, voice) {
                (Some(call), Some(voice)) => {
                    under_way.push(place::place(app, ts, settings, voice, call));
                }
                // Without a way to the provider nothing is granted.
                (Some(_), None) => {}
                (None, _) => open = false,
            },
            Some(outcome) = under_way.next(), if !under_way.is_empty() => match outcome {
                Ok(arrival) => arrivals.extend(arrival),
                // The attempt lies in the table with its bound: reconciliation takes it from there.
                Err(error) => {
                    tracing::error!(tenant = %ts.id, %error, "what a send came to could not be written")
                }
            },
        }
    }
    arrivals
}

/// While nothing can go until a person acts: reminders whose window is over are settled, wherever they stand in the
/// queue, and those in their last hour of a pause go to staff. When to look again.
async fn held(
    app: &App,
    ts: &TenantStore,
    settings: &TenantSettings,
    guard: Guard,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let reminders = ts.held_reminders().await?;
    if !reminders.missed.is_empty() {
        let voice = Voice::of(app, settings);
        let dialling = Dialling {
            settings,
            limits: &app.platform.limits,
            fingerprint: voice
                .as_ref()
                .map_or("", |voice| voice.fingerprint.as_str()),
            tenant_active: is_active(app, ts).await?,
        };
        let gate = ts.gate(settings).await?;
        for item in &reminders.missed {
            ts.settle_missed(dialling, &gate, item).await?;
        }
    }
    if guard == Guard::NotPaused {
        for item in &reminders.closing {
            ts.tell_calling_paused(&settings.settings, item).await?;
        }
    }
    Ok(reminders.look_again)
}

/// Asks for the next run, if one is needed before the tick would find the work. Whoever asks first reserves the
/// wake-up in the gate, so that wake-ups do not multiply. `placed`: this run placed calls.
async fn wake_later(
    app: &App,
    ts: &TenantStore,
    stop: Stop,
    campaigns: Option<DateTime<Utc>>,
    placed: bool,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let now = ts.now();
    let settings = ts.settings().await?;
    // A campaign with members to look at or calls to take back does not wait for a slot.
    let soon = campaigns.filter(|turn| *turn <= now + SOON);
    let at = match stop {
        Stop::Empty => match (soon, campaigns) {
            (Some(turn), _) => turn.max(now),
            // The next call of a campaign with a pace. Not reserved in the gate: the tick would leave the tenant alone
            // until then, though slots are free and something else may fall due.
            (None, Some(turn)) if placed && turn <= now + LONGEST_DELAY => {
                wake(app, ts, turn - now).await;
                return Ok(Some(turn));
            }
            // What lies further ahead is the tick's to find.
            _ => return Ok(None),
        },
        Stop::Held { .. } if soon.is_some() => soon.unwrap_or(now).max(now),
        Stop::More => now,
        Stop::HeldByPerson(guard) => {
            let look_again = held(app, ts, &settings, guard).await?;
            // Nothing else to wait for but a person, whose act sends a message of its own.
            let rest = look_again.map_or(now + HELD, |at| at.clamp(now, now + HELD));
            match soon {
                Some(turn) => turn.max(now),
                None => {
                    ts.change_gate(&settings, None, |gate| gate.arm(now, rest))
                        .await?;
                    return Ok(None);
                }
            }
        }
        Stop::Held { until, somebody } => {
            let gate = ts.gate(&settings).await?.gate;
            let limits = &app.platform.limits;
            // Arrivals were recorded since: the slot may be free sooner.
            let at = match somebody {
                true => gate.available_at(now, limits),
                false => gate.wake_at(now, limits),
            };
            at.unwrap_or(until)
        }
    };
    let at = at.min(now + LONGEST_DELAY);
    if !ts
        .change_gate(&settings, None, |gate| gate.arm(now, at))
        .await?
    {
        return Ok(None);
    }
    wake(app, ts, at - now).await;
    Ok(Some(at))
}

/// Asks for a run after so long.
async fn wake(app: &App, ts: &TenantStore, after: TimeDelta) {
    // A message a moment early would find the slot still taken.
    let wait = after.num_milliseconds().max(0);
    let delay = u32::try_from((wait + 999) / 1000).unwrap_or(MAX_DELAY_SECONDS);
    if let Err(error) = app.queues.dial(DialMessage { tenant: ts.id }, delay).await {
        tracing::warn!(tenant = %ts.id, %error, "a wake-up was not sent; the tick finds the work");
    }
}
