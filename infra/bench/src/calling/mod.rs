//! What calling takes: how many decisions a pump makes in a second, and what a thousand calls cost in messages, units
//! and invocations for one business, a hundred and ten thousand, with how long after its due time a call arrives.
//!
//! It runs the local host inside this process on the developer clock: the production functions over the embedded
//! services and the sandbox. The clock jumps a minute when nothing is under way, with a tick after each jump.

mod business;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use vio_domain::calling::limits::{CALL_DAILY_LIMIT, CALL_LIMIT, CallLimits};
use vio_local::{Host, HostOptions};

use crate::stats::Summary;
use crate::{BenchError, Context};

/// Businesses and calls of each.
pub const SCENARIOS: [(usize, usize); 3] = [(1, 1_000), (100, 10), (10_000, 1)];
/// Calls that the decisions are counted over.
const DECIDED: usize = 500;
/// Businesses made side by side.
const SIDE_BY_SIDE: usize = 8;
/// Between two looks at whether something is under way.
const LOOK: Duration = Duration::from_millis(20);
/// Nothing has been under way for so many looks: it is quiet.
const QUIET: usize = 6;
/// Real time that a step of the clock may take.
const STEP_WITHIN: Duration = Duration::from_secs(3_600);
/// Steps of a minute until all is over.
const MOST_STEPS: usize = 1_000;
/// What the dial queue is called.
const DIAL: &str = "vio-dial";

/// What was measured of one scenario.
#[derive(Debug, Clone, Serialize)]
pub struct Calling {
    pub businesses: usize,
    pub calls: usize,
    /// Minutes on the clock from the first due call to the last call's settling.
    pub minutes: usize,
    /// Messages of the dial queue.
    pub wake_ups: u64,
    pub read_units: f64,
    pub write_units: f64,
    /// By function; the HTTP ones together.
    pub invocations: BTreeMap<&'static str, u64>,
    /// From due to the arrival at the provider, ms on the clock; only where every call may be placed at once.
    pub due_to_arrival: Option<Summary>,
}

/// How fast a pump decides.
#[derive(Debug, Clone, Serialize)]
pub struct Decisions {
    pub calls: usize,
    pub seconds: f64,
    pub wake_ups: u64,
    pub read_units: f64,
    pub write_units: f64,
    /// By function; the HTTP ones together.
    pub invocations: BTreeMap<&'static str, u64>,
}

/// Everything about calling.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Measured {
    pub decisions: Option<Decisions>,
    pub scenarios: Vec<Calling>,
}

/// Eight o'clock of a Tuesday that is no holiday: a day of calls lies before it.
fn morning() -> Result<DateTime<Utc>, BenchError> {
    "2027-02-09T08:00:00Z".parse().context("an instant")
}

fn limits(settings: &[(&str, &str)]) -> Result<CallLimits, BenchError> {
    CallLimits::from_lookup(|name| {
        let found = settings.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    })
    .context("the limits")
}

/// A host on which calls fall due at `morning`.
struct Stage {
    host: Host,
    due: DateTime<Utc>,
}

impl Stage {
    async fn set(businesses: usize, each: usize, limits: CallLimits) -> Result<Self, BenchError> {
        let options = HostOptions {
            ticks: false,
            limits,
            ..HostOptions::ephemeral()
        };
        let host = Host::start(options).await.context("the local host")?;
        let due = morning()?;
        host.clock()
            .move_to(due - TimeDelta::hours(3), true)
            .await
            .context("the clock")?;
        let password = business::password()?;
        // Reminders are due a day before, as new contacts have it.
        let appointment = due + TimeDelta::hours(24);
        stream::iter((0..businesses).map(|number| {
            let (host, password) = (&host, password.clone());
            async move {
                let scope = business::open(host, number, password).await?;
                business::people(&scope, number * each, each, appointment).await
            }
        }))
        .buffer_unordered(SIDE_BY_SIDE)
        .try_collect::<()>()
        .await?;
        let stage = Self { host, due };
        stage.quiet().await?;
        Ok(stage)
    }

    /// Waits until nothing is under way.
    async fn quiet(&self) -> Result<(), BenchError> {
        let started = Instant::now();
        let mut before = (0, BTreeMap::new());
        let mut quiet = 0;
        while quiet < QUIET {
            if started.elapsed() > STEP_WITHIN {
                return Err(BenchError::new(
                    "a step of the clock does not come to an end",
                ));
            }
            tokio::time::sleep(LOOK).await;
            let invocations = self.host.invocations();
            let now = (self.host.sandbox().call_count(), invocations.begun());
            quiet = match invocations.under_way() == 0 && now == before {
                true => quiet + 1,
                false => 0,
            };
            before = now;
        }
        Ok(())
    }

    /// A minute passes, and what falls due in it is done: wake-ups on their way come before the tick at its end, as they
    /// do where nobody moves the clock. Were both due at once, the tick would send a second message.
    async fn minute(&self) -> Result<(), BenchError> {
        for seconds in [59, 1] {
            let passed = self.host.clock().advance(TimeDelta::seconds(seconds));
            passed.await.context("the clock")?;
            if seconds > 1 {
                self.quiet().await?;
            }
        }
        self.host.tick().await.context("a tick")?;
        self.quiet().await
    }

    /// Messages of the dial queue and invocations by function, so far.
    fn spent(&self) -> (u64, BTreeMap<&'static str, u64>) {
        let counts = self.host.stack().message_counts();
        let wake_ups = counts.get(DIAL).copied().unwrap_or(0);
        (wake_ups, self.host.invocations().begun())
    }

    fn spent_since(
        &self,
        before: (u64, BTreeMap<&'static str, u64>),
    ) -> (u64, BTreeMap<&'static str, u64>) {
        let (wake_ups, mut invocations) = self.spent();
        for (function, count) in &mut invocations {
            *count -= before.1.get(function).copied().unwrap_or(0);
        }
        (wake_ups - before.0, invocations)
    }
}

/// What a thousand calls, or so, take.
async fn scenario(
    businesses: usize,
    each: usize,
    say: &impl Fn(String),
) -> Result<Calling, BenchError> {
    let stage = Stage::set(businesses, each, limits(&[(CALL_DAILY_LIMIT, "10000")])?).await?;
    say(format!(
        "opened {businesses} businesses, {each} people each"
    ));
    let host = &stage.host;
    host.clock()
        .move_to(stage.due, false)
        .await
        .context("the clock")?;
    host.meter().take();
    let before = stage.spent();
    host.tick().await.context("a tick")?;
    stage.quiet().await?;
    let calls = businesses * each;
    let mut minutes = 0;
    let over =
        |call: &vio_sandbox::SandboxCall| call.call_status == "ended" && call.webhooks.len() >= 3;
    loop {
        let placed = host.sandbox().call_count();
        if placed >= calls && host.sandbox().calls().iter().all(over) {
            break;
        }
        if minutes >= MOST_STEPS {
            let detail = format!("{placed} of {calls} calls arrived");
            return Err(BenchError::new(detail));
        }
        stage.minute().await?;
        minutes += 1;
        if minutes % 60 == 0 {
            let placed = host.sandbox().call_count();
            say(format!("hour {}: {placed} of {calls} calls", minutes / 60));
        }
    }
    let used = host.meter().take();
    let placed = host.sandbox().calls();
    let (wake_ups, invocations) = stage.spent_since(before);
    let waited = placed.iter().map(|call| {
        (call.arrived_at_clock - stage.due)
            .to_std()
            .unwrap_or_default()
    });
    let at_once = each <= CallLimits::default().limit() as usize;
    let measured = Calling {
        businesses,
        calls: placed.len(),
        minutes,
        wake_ups,
        read_units: used.read,
        write_units: used.write,
        invocations,
        due_to_arrival: match at_once {
            true => Summary::of(&waited.collect::<Vec<_>>()),
            false => None,
        },
    };
    stage.host.shutdown().await;
    Ok(measured)
}

/// One pump with enough to do and nothing that holds it back: decided, granted, sent to the sandbox and written down.
async fn decisions() -> Result<Decisions, BenchError> {
    let wide = [(CALL_DAILY_LIMIT, "10000"), (CALL_LIMIT, "1000")];
    let stage = Stage::set(1, DECIDED, limits(&wide)?).await?;
    let host = &stage.host;
    host.clock()
        .move_to(stage.due, false)
        .await
        .context("the clock")?;
    let before = stage.spent();
    host.meter().take();
    let started = Instant::now();
    host.tick().await.context("a tick")?;
    while host.sandbox().call_count() < DECIDED {
        if started.elapsed() > STEP_WITHIN {
            return Err(BenchError::new("the pump does not come to an end"));
        }
        tokio::time::sleep(5 * LOOK).await;
    }
    let seconds = started.elapsed().as_secs_f64();
    let used = host.meter().take();
    let (wake_ups, invocations) = stage.spent_since(before);
    stage.host.shutdown().await;
    Ok(Decisions {
        calls: DECIDED,
        seconds,
        wake_ups,
        read_units: used.read,
        write_units: used.write,
        invocations,
    })
}

/// All of it; what failed is named in `failures`. It takes minutes: `say` is told what has been done.
pub async fn measure(failures: &mut Vec<String>, say: impl Fn(&str)) -> Measured {
    let started = Instant::now();
    let say = |what: String| say(&format!("{:4} s  {what}", started.elapsed().as_secs()));
    let mut measured = Measured::default();
    let decided = decisions().await;
    say(format!("decided on {DECIDED} calls"));
    match decided {
        Ok(figures) => {
            say(format!("{figures:?}"));
            measured.decisions = Some(figures);
        }
        Err(error) => failures.push(format!("decisions of a pump: {}", error.chain())),
    }
    for (businesses, each) in SCENARIOS {
        let done = scenario(businesses, each, &say).await;
        say(format!("called for {businesses} businesses"));
        match done {
            Ok(figures) => {
                say(format!("{figures:?}"));
                measured.scenarios.push(figures);
            }
            Err(error) => failures.push(format!(
                "calls of {businesses} businesses: {}",
                error.chain()
            )),
        }
    }
    measured
}
