//! Running worlds, and what a failing one prints.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::check::{Broken, judge};
use crate::fabric::Line;
use crate::history::History;
use crate::world::{Plan, World};

/// What a world came to.
pub(crate) struct Outcome {
    pub(crate) plan: Plan,
    pub(crate) broken: Vec<(History, Vec<Broken>)>,
    pub(crate) calls: usize,
    pub(crate) appointments: usize,
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) trace: Vec<Line>,
    pub(crate) messages: u64,
    /// When calls reached the provider.
    pub(crate) rung: Vec<DateTime<Utc>>,
    /// Points passed by the run that was to end early.
    pub(crate) points: u32,
}

impl Outcome {
    pub(crate) fn is_sound(&self) -> bool {
        self.broken.is_empty()
    }

    /// Every broken rule in words.
    pub(crate) fn words(&self) -> Vec<String> {
        self.broken
            .iter()
            .flat_map(|(history, broken)| {
                broken.iter().map(move |broken| {
                    let at = broken.at.map(|at| at.to_rfc3339()).unwrap_or_default();
                    format!(
                        "tenant {} {} {at}: {}",
                        history.tenant, broken.rule, broken.what
                    )
                })
            })
            .collect()
    }
}

/// Runs one world on a runtime of its own, whose clock jumps.
pub(crate) fn run(plan: Plan) -> Outcome {
    let calm = !plan.rough.meddling;
    run_as(plan, calm)
}

/// Runs a world in which slots may idle, though nobody meddles.
pub(crate) fn run_rough(plan: Plan) -> Outcome {
    run_as(plan, false)
}

fn run_as(plan: Plan, calm: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let judged = runtime.block_on(async move {
        let started = Instant::now();
        let world = World::new(plan).await;
        let built = started.elapsed();
        world.run().await;
        let ran = started.elapsed();
        let mut outcome = judged(&world, calm).await;
        let judged = started.elapsed();
        let ms = |took: Duration| u64::try_from(took.as_millis()).unwrap_or(0);
        for (what, took) in [
            ("building", built),
            ("running", ran - built),
            ("judging", judged - ran),
        ] {
            outcome.counts.insert(format!("ms of {what}"), ms(took));
        }
        outcome
    });
    drop(runtime);
    judged
}

/// Judges a world that has run.
pub(crate) async fn judged(world: &World, calm: bool) -> Outcome {
    let mut outcome = Outcome {
        plan: world.plan.clone(),
        broken: Vec::new(),
        calls: world.provider.calls().len(),
        appointments: 0,
        counts: world.fabric.counts(),
        trace: world.fabric.trace(),
        messages: 0,
        rung: world
            .provider
            .calls()
            .iter()
            .map(|call| call.arrival.at)
            .collect(),
        points: world.points.load(Ordering::SeqCst),
    };
    outcome.messages = outcome.counts.get("messages: dial").copied().unwrap_or(0);
    for site in &world.sites {
        let history = History::of(world, site).await;
        outcome.appointments += history.appointments.len();
        let broken = judge(&history, calm);
        for (what, judged) in [
            ("estimates of calls judged", &history.estimates_judged),
            (
                "estimates of campaigns judged",
                &history.campaign_estimates_judged,
            ),
        ] {
            *outcome.counts.entry(what.to_owned()).or_default() += judged.get();
        }
        if !broken.is_empty() {
            outcome.broken.push((history, broken));
        }
    }
    outcome
}

/// How many lines of the trace are printed for a broken rule.
const LINES: usize = 120;

/// The trace of a broken rule: what names any of what the rule names, or happened to the whole business, up to the
/// fault.
pub(crate) fn story(outcome: &Outcome, history: &History, broken: &Broken) -> Vec<String> {
    let is_id = |word: &str| word.len() == 36 && word.matches('-').count() == 4;
    let words = |text: &str| -> Vec<String> {
        let split = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        split
            .filter(|word| is_id(word))
            .map(str::to_owned)
            .collect()
    };
    let mine = |line: &&Line| line.tenant == Some(history.tenant);
    let mut ids: BTreeSet<String> = words(&broken.what).into_iter().collect();
    // Whose appointment, session or attempt it is.
    for line in outcome.trace.iter().filter(mine) {
        if line.text.starts_with("+ ")
            && ids.iter().any(|id| line.text.contains(id.as_str()))
            && let Some(contact) = words(&line.text).first()
        {
            ids.insert(contact.clone());
        }
    }
    let until = broken.at.map(|at| at + TimeDelta::seconds(2));
    let lines: Vec<&Line> = outcome
        .trace
        .iter()
        .filter(mine)
        .filter(|line| until.is_none_or(|until| line.at <= until))
        .filter(|line| {
            let whole = [
                "/api/calls",
                "/api/settings",
                "/api/users",
                "+ settings",
                "+ tenant",
            ];
            ids.is_empty()
                || ids.iter().any(|id| line.text.contains(id.as_str()))
                || whole.iter().any(|word| line.text.contains(word))
        })
        .collect();
    lines[lines.len().saturating_sub(LINES)..]
        .iter()
        .map(|line| format!("{} {}", line.at.format("%m-%d %H:%M:%S%.3f"), line.text))
        .collect()
}

/// The whole trace of a world, where `VIO_SIM_TRACE` is set.
fn tell(outcome: &Outcome) {
    for line in &outcome.trace {
        let at = line.at.format("%m-%d %H:%M:%S%.3f");
        let tenant = line
            .tenant
            .map(|tenant| tenant.to_string())
            .unwrap_or_default();
        println!(
            "{at} {} {}",
            tenant.get(32..).unwrap_or_default(),
            line.text
        );
    }
}

/// Totals over many worlds.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) seeds: u64,
    pub(crate) tenant_days: i64,
    pub(crate) calls: usize,
    pub(crate) appointments: usize,
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) took: Duration,
}

/// Does something with each of many things, one thread a core.
pub(crate) fn side_by_side<T: Sync>(all: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(all.len()) {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::SeqCst)) {
                    work(one);
                }
            });
        }
    });
}

impl Totals {
    fn add(&mut self, outcome: Outcome) {
        let plan = &outcome.plan;
        let tenants = i64::try_from(plan.zones.len()).unwrap_or(0);
        self.seeds += 1;
        self.tenant_days += (plan.days + plan.tail) * tenants;
        self.calls += outcome.calls;
        self.appointments += outcome.appointments;
        for (kind, count) in outcome.counts {
            *self.counts.entry(kind).or_default() += count;
        }
    }

    pub(crate) fn print(&self, what: &str) {
        let seconds = self.took.as_secs_f64().max(0.001);
        println!(
            "{what}: {} seeds, {} tenant-days, {} appointments, {} calls in {seconds:.1} s ({:.0} tenant-days a second)",
            self.seeds,
            self.tenant_days,
            self.appointments,
            self.calls,
            self.tenant_days as f64 / seconds
        );
        for (kind, count) in &self.counts {
            println!("  {count:>9} {kind}");
        }
    }
}

/// Seeds from the environment: `VIO_SIM_SEED` one, `VIO_SOAK_SEEDS` as many, else `usual`.
pub(crate) fn seeds(usual: u64) -> Vec<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match number("VIO_SIM_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("VIO_SOAK_SEEDS").unwrap_or(usual)).collect(),
    }
}

/// Runs many seeds side by side, one thread a core, and panics with the first that breaks a rule.
///
/// # Panics
/// With the seed, the command that replays it, the broken rules and the trace.
pub(crate) fn many(what: &str, test: &str, seeds: &[u64], plan: fn(u64, bool) -> Plan) -> Totals {
    let started = Instant::now();
    let totals = Mutex::new(Totals::default());
    let failed: Mutex<Option<u64>> = Mutex::new(None);
    side_by_side(seeds, |seed| {
        if failed.lock().unwrap().is_some() {
            return;
        }
        let outcome = std::panic::catch_unwind(|| run(plan(*seed, false)));
        if std::env::var_os("VIO_SIM_TRACE").is_some() {
            tell(&run(plan(*seed, true)));
        }
        match outcome {
            Ok(outcome) if outcome.is_sound() => totals.lock().unwrap().add(outcome),
            _ => {
                let mut failed = failed.lock().unwrap();
                *failed = Some(failed.map_or(*seed, |other| other.min(*seed)));
            }
        }
    });
    if let Some(seed) = *failed.lock().unwrap() {
        fail(test, seed, plan);
    }
    let mut totals = totals.into_inner().unwrap();
    totals.took = started.elapsed();
    totals.print(what);
    totals
}

fn fail(test: &str, seed: u64, plan: fn(u64, bool) -> Plan) -> ! {
    println!("seed {seed} breaks a rule; replay it with");
    println!("  VIO_SIM_SEED={seed} cargo nextest run --workspace --no-capture -E 'test(={test})'");
    let outcome = run(plan(seed, true));
    let start: DateTime<Utc> = outcome.plan.start;
    println!(
        "it starts {start}, {} days, zones {:?}, {:?}",
        outcome.plan.days, outcome.plan.zones, outcome.plan.numbers
    );
    for (history, broken) in &outcome.broken {
        for broken in broken.iter().take(3) {
            println!(
                "BROKEN {} of tenant {}: {}",
                broken.rule, history.tenant, broken.what
            );
            for line in story(&outcome, history, broken) {
                println!("    {line}");
            }
        }
    }
    for word in outcome.words().iter().take(20) {
        println!("BROKEN {word}");
    }
    panic!("seed {seed}: {} rules broken", outcome.words().len());
}
