//! `vio-bench`: see the library's first page. `make bench` builds what it measures and runs it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use vio_bench::cloud::{Cloud, OverTls};
use vio_bench::cold::{self, Candidate};
use vio_bench::cost::{Fixed, Measured};
use vio_bench::events::{self, HttpEvent};
use vio_bench::function::Program;
use vio_bench::report::{BARE, Machine, NODE, Report, cost_tables};
use vio_bench::tls::Certificate;
use vio_bench::units::{self, Counting};
use vio_bench::{BenchError, Context, calling, latency, life, view};

/// As in `vio-local`, which some parts run within the bench.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "\
usage: vio-bench [--runs N] [--only cold|http|units|calling|view] [--contacts N] [--out DIR] [--cost UNITS.json]

Measures the release binaries beside it and their peers; writes report.json and units.json to DIR (target/bench).

  --runs N           cold starts of each program (15)
  --only PART        one part alone; may be given more than once
  --contacts N       contacts of the business whose lists are measured (100000)
  --out DIR          where the report goes
  --cost UNITS.json  measures nothing: prints the cost of what was measured before";

/// What the templates declare decides the fixed costs.
const TEMPLATE: &str = include_str!("../../../template.yaml");
const EDGE: &str = include_str!("../../edge.yaml");

struct Arguments {
    runs: usize,
    only: Vec<String>,
    contacts: usize,
    out: PathBuf,
    cost: Option<PathBuf>,
}

fn arguments(mut words: impl Iterator<Item = String>) -> Result<Arguments, BenchError> {
    let mut read = Arguments {
        runs: 15,
        only: Vec::new(),
        contacts: view::CONTACTS,
        out: PathBuf::from("target/bench"),
        cost: None,
    };
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .ok_or_else(|| BenchError::new(format!("{word} needs a value")))
        };
        match word.as_str() {
            "--runs" => {
                let runs: usize = value()?.parse().context("--runs takes a number")?;
                read.runs = runs.clamp(1, 1000);
            }
            "--only" => {
                let part = value()?;
                if !["cold", "http", "units", "calling", "view"].contains(&part.as_str()) {
                    return Err(BenchError::new(format!("unknown part {part}")));
                }
                read.only.push(part);
            }
            "--contacts" => {
                let contacts: usize = value()?.parse().context("--contacts takes a number")?;
                read.contacts = contacts.clamp(view::EDITED, 1_000_000);
            }
            "--out" => read.out = value()?.into(),
            "--cost" => read.cost = Some(value()?.into()),
            _ => return Err(BenchError::new(format!("unknown option {word}\n{USAGE}"))),
        }
    }
    Ok(read)
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks on its terminal"
)]
async fn main() -> ExitCode {
    let done = match arguments(std::env::args().skip(1)) {
        Ok(Arguments {
            cost: Some(path), ..
        }) => cost_of(&path),
        Ok(arguments) => run(&arguments).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", error.chain());
            ExitCode::FAILURE
        }
    }
}

fn cost_of(path: &Path) -> Result<String, BenchError> {
    let text = std::fs::read_to_string(path).context(path.display().to_string())?;
    let measured: Measured = serde_json::from_str(&text).context(path.display().to_string())?;
    Ok(cost_tables(&measured, Fixed::declared(TEMPLATE, EDGE)))
}

#[expect(clippy::print_stderr, reason = "a command speaks on its terminal")]
fn progress(what: &str) {
    eprintln!("{what}");
}

async fn run(arguments: &Arguments) -> Result<String, BenchError> {
    let wanted = |part: &str| arguments.only.is_empty() || arguments.only.iter().any(|o| o == part);
    let own = std::env::current_exe().context("where this program lies")?;
    let binaries = own.parent().unwrap_or(Path::new(".")).to_owned();
    let scripts = PathBuf::from("infra/bench/node");
    let node = first_line("node", &["--version"]);
    let load_before = load();
    let mut not_measured = Vec::new();

    let cloud = Cloud::start().await?;
    let (programs, missing) = units::programs(&binaries);
    not_measured.extend(
        missing
            .iter()
            .map(|name| format!("{name}: no binary vio-{name}")),
    );

    // Also where it is not asked for: cold starts need somebody who is signed in.
    let mut counting = Counting::new(&cloud, &programs).await?;
    let mut measured = Measured::default();
    let opened = counting.open_business().await;
    if counting.note("signing up", opened).is_some() {
        measured.idle_tenant_bytes = Some(cloud.stored_bytes().await? as f64);
    }
    if wanted("units") {
        let done = counting.contacts().await;
        counting.note("contacts", done);
        let done = counting.ticks().await;
        counting.note("ticks", done);
        let done = life::reminder(&mut counting).await;
        if let Some(steps) = counting.note("a whole reminder", done) {
            measured.reminder = steps;
        }
    }
    measured.operations = counting.last_of_each();
    counting.end().await;
    not_measured.append(&mut counting.failures);

    let certificate = Certificate::make(chrono::Utc::now())?;
    let directory = tempfile::tempdir().context("a directory for certificates")?;
    let roots = directory.path().join("roots.pem");
    let own_root = directory.path().join("root.pem");
    let system_roots = certificate.write_bundle(&roots)?;
    std::fs::write(&own_root, certificate.pem()).context("the certificate")?;
    let cold_starts = if wanted("cold") {
        let tls = OverTls::start(cloud.stack(), &certificate).await?;
        let mut environment = cloud.environment(&tls.endpoints);
        environment.insert("SSL_CERT_FILE".to_owned(), roots.display().to_string());
        environment.insert(
            "NODE_EXTRA_CA_CERTS".to_owned(),
            own_root.display().to_string(),
        );
        if let Ok(path) = std::env::var("PATH") {
            environment.insert("PATH".to_owned(), path);
        }
        let candidates = candidates(&programs, &binaries, &scripts, counting.token())
            .into_iter()
            .map(|(program, event)| Candidate {
                program,
                event,
                environment: environment.clone(),
            })
            .collect::<Vec<_>>();
        cold::measure(&candidates, arguments.runs).await
    } else {
        Vec::new()
    };

    let mut latencies = Vec::new();
    if wanted("http") {
        let local = binaries.join("vio-local");
        match latency::local_host(&local).await {
            Ok(figures) => latencies.extend(figures),
            Err(error) => not_measured.push(format!("HTTP on the local host: {}", error.chain())),
        }
        let environment = cloud.environment(cloud.stack().endpoints());
        match latency::node(&scripts.join("server.mjs"), &environment).await {
            Ok(figures) => latencies.extend(figures),
            Err(error) => not_measured.push(format!("HTTP on Node: {}", error.chain())),
        }
    }

    let calling = match wanted("calling") {
        true => calling::measure(&mut not_measured, progress).await,
        false => calling::Measured::default(),
    };

    let lists = match wanted("view") {
        true => view::measure(arguments.contacts, &mut not_measured, progress).await,
        false => None,
    };

    let report = Report {
        machine: Machine {
            at: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            commit: first_line("git", &["rev-parse", "--short", "HEAD"]),
            processor: processor(),
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            load_before,
            load_after: load(),
            node,
            system_roots,
        },
        cold_starts,
        latencies,
        calling,
        lists,
        operations: std::mem::take(&mut counting.operations),
        measured,
        fixed: Fixed::declared(TEMPLATE, EDGE),
        not_measured,
    };
    report.write(&arguments.out)?;
    Ok(report.tables())
}

/// Ours beside their peers. HTTP functions are asked something that reads the caller's session from the table.
fn candidates(
    programs: &[Program],
    binaries: &Path,
    scripts: &Path,
    token: Option<&str>,
) -> Vec<(Program, serde_json::Value)> {
    let get = |target: &str| HttpEvent::new("GET", target).bearer(token).event();
    let bare = Program::binary(BARE, binaries.join("vio-bench-bare"));
    let node = Program {
        arguments: vec![scripts.join("lambda.mjs").display().to_string()],
        ..Program::binary(NODE, PathBuf::from("node"))
    };
    let mut all = vec![(bare, get("/")), (node, get("/"))];
    for program in programs {
        let event = match program.name.as_str() {
            "identity" => get("/api/auth/sessions"),
            "contacts" => get("/api/forms"),
            "view" => get("/api/contacts?page_size=25"),
            "calls" => get("/api/calls/limits"),
            "campaigns" => get("/api/groups/campaigns"),
            "groups" => get("/api/groups"),
            "jobs" => get("/api/jobs"),
            "profile" => get("/api/users/profile"),
            "webhooks" => {
                let path = format!("/api/webhook/call-outcome/{}", "a".repeat(43));
                HttpEvent::new("POST", &path)
                    .json(&serde_json::json!({}))
                    .event()
            }
            "reminders" => events::tick(),
            "campaign-worker" | "calendar-sync" | "messaging" => {
                let body = serde_json::json!({ "tenant": uuid::Uuid::now_v7() });
                events::sqs("vio-queue", &body.to_string())
            }
            _ => events::empty_stream(),
        };
        all.push((program.clone(), event));
    }
    all
}

/// The first line that a command prints; empty where it does not run.
fn first_line(command: &str, words: &[&str]) -> String {
    let output = std::process::Command::new(command).args(words).output();
    let output = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn load() -> String {
    let all = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    all.split_whitespace()
        .next()
        .unwrap_or("unknown")
        .to_owned()
}

fn processor() -> String {
    let all = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = all.lines().find_map(|line| line.strip_prefix("model name"));
    model.and_then(|line| line.split_once(':')).map_or_else(
        || "unknown processor".to_owned(),
        |(_, name)| name.trim().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_declare_fixed_costs() {
        let fixed = Fixed::declared(TEMPLATE, EDGE);
        assert!(
            fixed.keys > 0 && fixed.alarms > 0 && fixed.queue_consumers > 0 && fixed.acl_rules > 0
        );
    }

    #[test]
    fn options_are_read_and_nonsense_is_refused() {
        let read = |words: &[&str]| arguments(words.iter().map(|word| (*word).to_owned()));
        let read_well = read(&["--runs", "3", "--only", "cold"]).ok().unwrap();
        assert_eq!(
            (read_well.runs, read_well.only),
            (3, vec!["cold".to_owned()])
        );
        for words in [
            &["--runs"][..],
            &["--runs", "x"],
            &["--only", "all"],
            &["-x"],
        ] {
            assert!(read(words).is_err(), "{words:?}");
        }
    }
}
