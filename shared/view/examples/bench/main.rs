//! Measures the engine on a synthetic tenant, beside PostgreSQL where that is installed:
//!
//! ```text
//! cargo run --release --locked -p vio-view --example bench -- [contacts] [--no-postgres] [--requests n]
//! ```
#![allow(clippy::print_stdout)]

mod classes;
mod postgres;
mod synth;

use std::time::{Duration, Instant};

use classes::{CLASSES, Request, requests};
use postgres::{Postgres, essence};
use synth::{Dice, Tenant, changes_of};
use vio_domain::permission::{ContactScopes, Scope};
use vio_view::snapshot::SnapshotKey;
use vio_view::{Change, Page, Params, Reader, TenantView, Visibility};

/// As in the function that holds views.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What a function in the same region sees of S3, roughly: the time to an object's first byte, and how many come in a
/// second.
const FIRST_BYTE: Duration = Duration::from_millis(30);
const BYTES_PER_SECOND: f64 = 90e6;

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn percentile(times: &mut [f64], share: f64) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    let at = (times.len() as f64 * share) as usize;
    times
        .get(at.min(times.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

/// Milliseconds that this thread had a processor: what other work on the machine does not change.
fn computed() -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = schedule
        .split(' ')
        .next()
        .and_then(|n| n.parse::<f64>().ok());
    nanos.map_or(f64::NAN, |nanos| nanos / 1e6)
}

fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|arg| arg != name).nth(1)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, option, file, tenant] = &arguments[..]
        && option == "--read"
    {
        return read(file, tenant);
    }
    let contacts: usize = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(100_000);
    let each: usize = option("--requests")
        .and_then(|n| n.parse().ok())
        .unwrap_or(20);
    let tenant = Tenant::new(contacts)?;
    let mut view = TenantView::new(tenant.id, tenant.now);
    let started = Instant::now();
    view.apply(tenant.changes())?;
    println!(
        "{contacts} contacts, {:.1} MB of searched text",
        view.text_bytes() as f64 / 1e6
    );
    println!(
        "build from records      {:8.1} ms",
        millis(started.elapsed())
    );
    let view = snapshots(&tenant, view)?;
    let mut view = tail(&tenant, view)?;
    let scopes = ContactScopes {
        view: Some(Scope::All),
        edit: Some(Scope::All),
    };
    let visibility =
        Visibility::new(tenant.id, tenant.user, true, &scopes, []).ok_or("no reach")?;
    let scan = scan_alone(&tenant, &view, &visibility)?;
    let started = Instant::now();
    while view.tidy() {}
    println!(
        "noting trigrams         {:8.1} ms",
        millis(started.elapsed())
    );
    println!(
        "memory                  {:8.1} MB",
        view.bytes() as f64 / 1e6
    );
    let pass = memory_pass(&tenant);
    println!(
        "scan without trigrams   {scan:8.2} ms, {:.2} times the pass",
        scan / pass
    );

    let requests = requests(&tenant, each)?;
    let mut ours = vec![Vec::new(); CLASSES.len()];
    let mut answers = Vec::new();
    for request in &requests {
        let mut last = String::new();
        for round in 0..4 {
            let started = Instant::now();
            let reader = view.reader(&visibility, tenant.now, chrono_tz::UTC)?;
            last = answer(&reader, request)?;
            if round > 0 {
                ours[request.class].push(millis(started.elapsed()));
            }
        }
        answers.push(last);
    }
    let theirs = if std::env::args().any(|arg| arg == "--no-postgres") {
        None
    } else {
        Some(beside(&tenant, &requests, &answers, &view, &visibility)?)
    };
    report(&mut ours, theirs);
    Ok(())
}

/// Page, total and facets as JSON.
fn answer(reader: &Reader<'_>, request: &Request) -> Result<String> {
    let page = reader.page(&request.query)?;
    let rows: Vec<serde_json::Value> = page.rows.iter().map(|row| {
        let c = &row.contact;
        let a = c.appointment.as_ref();
        serde_json::json!({
            "id": c.id, "name": c.name, "phone": c.phone, "email": c.email, "notes": c.notes, "company_name": c.company_name,
            "appointment_type": a.map(|a| &a.appointment_type), "owner_name": a.map(|a| &a.owner_name), "special_instructions": a.map(|a| &a.special_instructions),
            "appointment_status": c.status(), "appointment_time": a.map(|a| a.time), "next_call_at": c.next_call_at, "created_at": c.created_at,
            "last_contact_time": c.last_contact_time, "call_attempts": a.map(|a| a.call_attempts), "groups": c.groups.iter().map(|g| g.id).collect::<Vec<_>>(),
            "matches": row.matches,
        })
    }).collect();
    Ok(serde_json::to_string(
        &serde_json::json!({"contacts": rows, "total": page.total, "facets": page.facets}),
    )?)
}

fn snapshots(tenant: &Tenant, view: TenantView) -> Result<TenantView> {
    let key = SnapshotKey::new(&[7; 32])?;
    let started = Instant::now();
    let bytes = view.snapshot(&key, 1, tenant.now)?;
    println!(
        "snapshot written        {:8.1} ms, {:.1} MB",
        millis(started.elapsed()),
        bytes.len() as f64 / 1e6
    );
    drop(view);
    let file = std::env::temp_dir().join(format!("vio-view-bench-{}.view", std::process::id()));
    std::fs::write(&file, &bytes)?;
    let (mut times, mut computed, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..9 {
        let reader = std::process::Command::new(std::env::current_exe()?)
            .arg("--read")
            .args([file.as_os_str(), tenant.id.to_string().as_ref()])
            .output()?;
        let [took, of_processor, from_bucket]: [f64; 3] = serde_json::from_slice(&reader.stdout)?;
        times.push(took);
        computed.push(of_processor);
        whole.push(from_bucket);
    }
    std::fs::remove_file(&file)?;
    println!(
        "snapshot read           {:8.1} ms, {:.1} ms of processor (medians of 9 new processes, one thread)",
        percentile(&mut times, 0.5),
        percentile(&mut computed, 0.5)
    );
    println!(
        "as far away as S3       {:8.1} ms until it is read ({} ms to the first byte, {:.0} MB/s)",
        percentile(&mut whole, 0.5),
        FIRST_BYTE.as_millis(),
        BYTES_PER_SECOND / 1e6
    );
    Ok(TenantView::from_snapshot(&bytes, &key, tenant.id, 1)?.0)
}

/// Reads a snapshot as a process does that has just begun: its memory is fresh, and each page of it comes from the kernel.
/// Prints the milliseconds, those of the processor, and those from the request to a bucket on.
fn read(file: &str, tenant: &str) -> Result<()> {
    let asked = Instant::now();
    std::thread::sleep(FIRST_BYTE);
    let bytes = std::fs::read(file)?;
    std::thread::sleep(Duration::from_secs_f64(
        bytes.len() as f64 / BYTES_PER_SECOND,
    ));
    let key = SnapshotKey::new(&[7; 32])?;
    let tenant = tenant.parse()?;
    let (started, before) = (Instant::now(), computed());
    let view = TenantView::from_snapshot(&bytes, &key, tenant, 1)?.0;
    let took = [
        millis(started.elapsed()),
        computed() - before,
        millis(asked.elapsed()),
    ];
    std::hint::black_box(view);
    println!("{}", serde_json::to_string(&took)?);
    Ok(())
}

/// A thousand changes: new contacts, new names, moved appointments, other edits.
fn tail(tenant: &Tenant, mut view: TenantView) -> Result<TenantView> {
    let mut dice = Dice(99);
    let mut times = Vec::new();
    let mut spent = 0.0;
    for round in 0..9u64 {
        let mut changes: Vec<Change> = Vec::new();
        while changes.len() < 1_000 {
            let (mut contact, mut appointment) =
                tenant.people[dice.below(tenant.people.len())].clone();
            let [of_contact, of_appointment] = match dice.below(10) {
                0 => {
                    let (contact, appointment) = tenant.person(&mut dice, 1)?;
                    changes_of(&contact, &appointment, 1)
                }
                1 => {
                    contact.name = tenant.person(&mut dice, 1)?.0.name;
                    changes_of(&contact, &appointment, round + 2)
                }
                _ => {
                    contact.notes = tenant.person(&mut dice, 1)?.0.notes;
                    appointment.time += chrono::TimeDelta::minutes(15);
                    changes_of(&contact, &appointment, round + 2)
                }
            };
            changes.extend([of_contact, of_appointment]);
        }
        let (started, before) = (Instant::now(), computed());
        view.apply(changes)?;
        times.push(millis(started.elapsed()));
        spent += computed() - before;
    }
    println!(
        "tail of 1,000 applied   {:8.1} ms (median of 9), {:.1} at most, {:.1} ms of processor",
        percentile(&mut times, 0.5),
        percentile(&mut times, 1.0),
        spent / 9.0
    );
    let mut fresh = TenantView::new(tenant.id, tenant.now);
    fresh.apply(tenant.changes())?;
    Ok(fresh)
}

/// Counting who has a text that nobody has, while no trigrams say so: one scan over all texts, with what opening the view
/// for a reader costs.
fn scan_alone(tenant: &Tenant, view: &TenantView, visibility: &Visibility) -> Result<f64> {
    let params = Params {
        search: Some("qx12345wv".to_owned()),
        ..Params::default()
    };
    let query = params.parse(None)?;
    let mut times = Vec::new();
    for _ in 0..51 {
        let started = Instant::now();
        let reader = view.reader(visibility, tenant.now, chrono_tz::UTC)?;
        std::hint::black_box(reader.count(&query.filter)?);
        times.push(millis(started.elapsed()));
    }
    Ok(percentile(&mut times, 0.5))
}

/// What passing over that much text costs at the least, milliseconds.
fn memory_pass(tenant: &Tenant) -> f64 {
    let text: Vec<u8> = tenant.people.iter().flat_map(|(contact, appointment)| {
        let notes = contact.notes.as_ref().map(|t| t.as_str()).unwrap_or_default();
        let name = contact.name.as_str();
        let email = contact.email.as_ref().map(|t| t.as_str()).unwrap_or_default();
        let owner = appointment.owner_name.as_ref().map(|t| t.as_str()).unwrap_or_default();
        let fixed = "+447912345678\u{1}07912345678 consultation northside clinic please arrive ten minutes early";
        [name, email, notes, owner, fixed].join(" ").to_lowercase().into_bytes()
    }).collect();
    let mut least = f64::INFINITY;
    for needle in ["qx12345wv", "diabetxx"] {
        let finder = memchr::memmem::Finder::new(needle);
        let mut times = Vec::new();
        for _ in 0..51 {
            let started = Instant::now();
            std::hint::black_box(finder.find(&text));
            times.push(millis(started.elapsed()));
        }
        let median = percentile(&mut times, 0.5);
        println!(
            "memory pass             {median:8.2} ms, {:.1} GB/s ({:.1} MB)",
            text.len() as f64 / median / 1e6,
            text.len() as f64 / 1e6
        );
        least = least.min(median);
    }
    least
}

fn beside(
    tenant: &Tenant,
    requests: &[Request],
    answers: &[String],
    view: &TenantView,
    visibility: &Visibility,
) -> Result<Vec<Vec<f64>>> {
    let directory = std::env::temp_dir().join(format!("vio-view-bench-{}", std::process::id()));
    let server = Postgres::start(&directory)?;
    let started = Instant::now();
    server.fill(tenant)?;
    println!(
        "PostgreSQL filled       {:8.1} ms",
        millis(started.elapsed())
    );
    let forms = [server.run(requests, 0)?, server.run(requests, 1)?];
    let mut times = [
        vec![Vec::new(); CLASSES.len()],
        vec![Vec::new(); CLASSES.len()],
    ];
    let mut different = 0;
    for (number, request) in requests.iter().enumerate() {
        let page = view
            .reader(visibility, tenant.now, chrono_tz::UTC)?
            .page(&request.query)?;
        let ours = own_essence(tenant, &page);
        std::hint::black_box(&answers[number]);
        for (form, runs) in forms.iter().enumerate() {
            let (spent, answer) = &runs[number];
            times[form][request.class].extend(spent);
            let mut theirs = essence(answer)?;
            // PostgreSQL counts facets under every filter; ours leave a facet's own filter out.
            let filter = &request.query.filter;
            if !filter.status.is_empty() {
                theirs["status"] = ours["status"].clone();
            }
            if filter.groups.is_some() || filter.ungrouped.is_some() {
                theirs["groups"] = ours["groups"].clone();
                theirs["ungrouped"] = ours["ungrouped"].clone();
            }
            if theirs != ours {
                different += 1;
                if different < 3 {
                    println!("different: {}\n  {ours}\n  {theirs}", request.sql.filter);
                }
            }
        }
    }
    println!(
        "answers compared        {:8} different of {}",
        different,
        2 * requests.len()
    );
    let [mut first, second] = times;
    for (class, other) in second.into_iter().enumerate() {
        if percentile(&mut other.clone(), 0.5) < percentile(&mut first[class].clone(), 0.5) {
            first[class] = other;
        }
    }
    Ok(first)
}

fn own_essence(tenant: &Tenant, page: &Page) -> serde_json::Value {
    let facets = page.facets.as_ref();
    let count = |id| {
        facets
            .and_then(|f| f.groups.iter().find(|g| g.id == id))
            .map_or(0, |g| g.count)
    };
    let status = facets.map(|f| {
        [
            f.status.pending,
            f.status.confirmed,
            f.status.cancelled,
            f.status.rescheduled,
        ]
    });
    serde_json::json!({
        "ids": page.rows.iter().map(|row| row.contact.id.to_string()).collect::<Vec<_>>(),
        "total": page.total,
        "status": status,
        "groups": tenant.groups.iter().map(|id| count(*id)).collect::<Vec<_>>(),
        "ungrouped": facets.map(|f| f.ungrouped),
        "recent": facets.map(|f| f.recent_24h),
    })
}

fn report(ours: &mut [Vec<f64>], theirs: Option<Vec<Vec<f64>>>) {
    println!(
        "\n| class | PostgreSQL p50 / p99 ms | view p50 / p99 ms | ratio of p50 |\n|---|---|---|---|"
    );
    let (mut logs, mut counted) = (0.0, 0.0);
    for (class, times) in ours.iter_mut().enumerate() {
        let (p50, p99) = (percentile(times, 0.5), percentile(times, 0.99));
        let other = theirs.as_ref().map(|all| {
            let mut times = all[class].clone();
            (percentile(&mut times, 0.5), percentile(&mut times, 0.99))
        });
        match other {
            Some((other50, other99)) => {
                logs += (other50 / p50).ln();
                counted += 1.0;
                println!(
                    "| {} | {other50:.2} / {other99:.2} | {p50:.3} / {p99:.3} | {:.1} |",
                    CLASSES[class],
                    other50 / p50
                );
            }
            None => println!("| {} | | {p50:.3} / {p99:.3} | |", CLASSES[class]),
        }
    }
    if counted > 0.0 {
        println!(
            "\ngeometric mean of the ratios: {:.1}",
            (logs / counted).exp()
        );
    }
}
