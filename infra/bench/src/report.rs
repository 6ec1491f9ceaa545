//! What was measured, as JSON for machines and as tables for people.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::calling;
use crate::cold::ColdStart;
use crate::cost::{self, Bill, Fixed, Measured};
use crate::latency::Latency;
use crate::prices;
use crate::stats::Summary;
use crate::units::Operation;
use crate::view::{self, Lists};
use crate::{BenchError, Context};

/// Name of the yardstick of cold starts.
pub const BARE: &str = "bare Rust client";
/// Name of its peer in Node.
pub const NODE: &str = "Node handler";

/// Targets (docs/performance.md).
const TIMES_BARE: f64 = 2.0;
const OF_NODE: f64 = 0.1;
const HTTP_P99_MS: f64 = 20.0;
const CREATE_WRITE_UNITS: f64 = 24.0;
const PATCH_WRITE_UNITS: f64 = 12.0;

/// Where and when.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    pub at: String,
    pub commit: String,
    pub processor: String,
    pub processors: usize,
    /// Load average over a minute, before the run: what else the machine did.
    pub load_before: String,
    pub load_after: String,
    pub node: String,
    /// Whether starting processes read as many trusted roots as a system has.
    pub system_roots: bool,
}

/// Everything.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub machine: Machine,
    pub cold_starts: Vec<ColdStart>,
    pub latencies: Vec<Latency>,
    pub calling: calling::Measured,
    pub lists: Option<Lists>,
    pub operations: Vec<Operation>,
    pub measured: Measured,
    pub fixed: Fixed,
    /// What could not be measured, and why.
    pub not_measured: Vec<String>,
}

impl Report {
    /// Writes `report.json` and `units.json`, which the cost model reads.
    pub fn write(&self, directory: &Path) -> Result<(), BenchError> {
        std::fs::create_dir_all(directory).context("the report's directory")?;
        let put = |name: &str, text: serde_json::Result<String>| {
            let text = text.context(name.to_owned())?;
            std::fs::write(directory.join(name), text).context(name.to_owned())
        };
        put("report.json", serde_json::to_string_pretty(self))?;
        put("units.json", serde_json::to_string_pretty(&self.measured))
    }

    /// All tables.
    pub fn tables(&self) -> String {
        let mut text = String::new();
        let machine = &self.machine;
        let _ = writeln!(
            text,
            "{} · commit {} · {} processors, {} · load {} before, {} after · Node {}",
            machine.at,
            machine.commit,
            machine.processors,
            machine.processor,
            machine.load_before,
            machine.load_after,
            machine.node
        );
        self.cold(&mut text);
        self.latency(&mut text);
        self.units(&mut text);
        self.calling(&mut text);
        self.lists(&mut text);
        text.push_str(&cost_tables(&self.measured, self.fixed));
        if !self.not_measured.is_empty() {
            text.push_str("\nNOT MEASURED\n");
            for what in &self.not_measured {
                let _ = writeln!(text, "  {what}");
            }
        }
        text
    }

    fn lists(&self, text: &mut String) {
        let Some(lists) = &self.lists else { return };
        let _ = writeln!(
            text,
            "\nLISTS OF {} CONTACTS OVER HTTP, ms (target: p99 at most {HTTP_P99_MS} with {} clients)\n\
             seeded in {:.0} s, the first list after {:.0} ms\n{:<36} {:>8} {:>8} {:>8}",
            lists.contacts,
            view::CLIENTS,
            lists.seeding,
            lists.first,
            "",
            "p50",
            "p90",
            "p99"
        );
        let mut line = |name: &str, summary: &Summary| {
            let Summary { p50, p90, p99, .. } = summary;
            let _ = writeln!(text, "{name:<36} {p50:>8.2} {p90:>8.2} {p99:>8.2}");
        };
        for (name, summary) in &lists.alone {
            line(name, summary);
        }
        if let Some(summary) = &lists.together {
            line(&format!("all, {} clients", view::CLIENTS), summary);
        }
        if let Some(summary) = &lists.admitted {
            let name = format!("all, {} clients, 1,000 a minute", view::CLIENTS);
            line(&name, summary);
        }
        if let Some(summary) = &lists.after_edit {
            line("first page, right after the edit", summary);
        }
        if let Some([near, far]) = &lists.cold {
            line("view loaded from its snapshot", near);
            line("the same with S3's latency", far);
        }
        if let Some((contacts, seconds)) = lists.edit {
            let _ = writeln!(text, "bulk edit of {contacts} contacts: {seconds:.1} s");
        }
        let Some(groups) = &lists.groups else { return };
        let _ = writeln!(
            text,
            "\nGROUPS OF SOME OF THEM OVER HTTP, ms\n{:<36} {:>8} {:>8} {:>8} {:>8}",
            "", "S2", "p50", "p90", "p99"
        );
        for (name, bound, Summary { p50, p90, p99, .. }) in &groups.lines {
            let _ = writeln!(
                text,
                "{name:<36} {bound:>8.0} {p50:>8.2} {p90:>8.2} {p99:>8.2}"
            );
        }
        let _ = writeln!(text, "10,000 put into a group: {:.1} s", groups.filling);
    }

    fn calling(&self, text: &mut String) {
        if let Some(decisions) = &self.calling.decisions {
            let _ = writeln!(
                text,
                "\nONE PUMP: {} calls decided, granted, sent and written down in {:.1} s: {:.0} a second\n\
                 meanwhile {:.0} read units, {:.0} write units, {} messages, invocations {:?}",
                decisions.calls,
                decisions.seconds,
                decisions.calls as f64 / decisions.seconds,
                decisions.read_units,
                decisions.write_units,
                decisions.wake_ups,
                decisions.invocations
            );
        }
        if self.calling.scenarios.is_empty() {
            return;
        }
        let _ = writeln!(
            text,
            "\nCALLS DUE AT ONCE, per 1,000 (target: at most 60 messages for one business's backlog)\n\
             {:>10} {:>7} {:>8} {:>9} {:>11} {:>12} {:>12}  due to arrival p50/p99 ms",
            "businesses",
            "calls",
            "minutes",
            "messages",
            "read units",
            "write units",
            "invocations"
        );
        for one in &self.calling.scenarios {
            let thousands = one.calls as f64 / 1_000.0;
            let invocations: u64 = one.invocations.values().sum();
            let waited = one.due_to_arrival.map_or_else(
                || "-".to_owned(),
                |waited| format!("{:.0}/{:.0}", waited.p50, waited.p99),
            );
            let _ = writeln!(
                text,
                "{:>10} {:>7} {:>8} {:>9.0} {:>11.0} {:>12.0} {:>12.0}  {waited}",
                one.businesses,
                one.calls,
                one.minutes,
                one.wake_ups as f64 / thousands,
                one.read_units / thousands,
                one.write_units / thousands,
                invocations as f64 / thousands,
            );
            for (function, count) in &one.invocations {
                let _ = writeln!(text, "{:>20} {:>9.0}", function, *count as f64 / thousands);
            }
        }
    }

    fn cold(&self, text: &mut String) {
        let p50 = |name| {
            let peer = self.cold_starts.iter().find(|c| c.name == name)?;
            Some(peer.first_answer?.p50)
        };
        let (bare, node) = (p50(BARE), p50(NODE));
        let _ = writeln!(
            text,
            "\nCOLD START, ms from the start of the process (targets: at most {TIMES_BARE} × bare, {OF_NODE} × Node)\n\
             {:<18} {:>8} {:>8} {:>8} {:>8} {:>7} {:>8} {:>9} {:>6} {:>5}",
            "", "init p50", "answer", "p90", "max", "× bare", "× Node", "processor", "MB", "HTTP"
        );
        for one in &self.cold_starts {
            let (Some(init), Some(answer)) = (one.initialisation, one.first_answer) else {
                let why = one.failure.as_deref().unwrap_or("no runs");
                let _ = writeln!(text, "{:<18} {why}", one.name);
                continue;
            };
            let times = |peer: Option<f64>| {
                peer.map_or_else(
                    || "-".to_owned(),
                    |peer| format!("{:.2}", answer.p50 / peer),
                )
            };
            let dash = || "-".to_owned();
            let _ = writeln!(
                text,
                "{:<18} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {:>7} {:>8} {:>9} {:>6} {:>5}",
                one.name,
                init.p50,
                answer.p50,
                answer.p90,
                answer.max,
                times(bare),
                times(node),
                one.processor
                    .map_or_else(dash, |time| format!("{:.1}", time.p50)),
                one.bytes
                    .map_or_else(dash, |b| format!("{:.1}", b as f64 / 1e6)),
                one.status.map_or_else(dash, |status| status.to_string()),
            );
        }
    }

    fn latency(&self, text: &mut String) {
        if self.latencies.is_empty() {
            return;
        }
        let _ = writeln!(
            text,
            "\nOVER HTTP, ms p50 / p99 (target: p99 at most {HTTP_P99_MS})\n{:<14} {:>7} {:>18} {:>18} {:>18}",
            "", "clients", "create", "read", "patch"
        );
        let cell = |summary: Option<Summary>| {
            summary.map_or_else(
                || "-".to_owned(),
                |s| format!("{:.2} / {:.2}", s.p50, s.p99),
            )
        };
        for one in &self.latencies {
            let _ = writeln!(
                text,
                "{:<14} {:>7} {:>18} {:>18} {:>18}",
                one.server,
                one.clients,
                cell(one.create),
                cell(one.read),
                cell(one.patch)
            );
        }
    }

    fn units(&self, text: &mut String) {
        if self.operations.is_empty() {
            return;
        }
        let _ = writeln!(
            text,
            "\nUNITS AND REQUESTS PER OPERATION (targets: create at most {CREATE_WRITE_UNITS} write units, patch at most \
             {PATCH_WRITE_UNITS})\n{:<34} {:<16} {:>7} {:>7} {:>9} {:>5} {:>5} {:>5} {:>9}",
            "last of each",
            "function",
            "write",
            "read",
            "DynamoDB",
            "KMS",
            "SQS",
            "bus",
            "log bytes"
        );
        let mut shown = std::collections::BTreeSet::new();
        for one in self.operations.iter().rev() {
            if !shown.insert(&one.name) {
                continue;
            }
            let asked = &one.asked;
            let _ = writeln!(
                text,
                "{:<34} {:<16} {:>7.1} {:>7.1} {:>9} {:>5} {:>5} {:>5} {:>9.0}",
                one.name,
                one.function,
                asked.write_units,
                asked.read_units,
                asked.requests_of("DynamoDB."),
                asked.requests_of("KMS."),
                asked.requests_of("SQS."),
                asked.requests_of("EventBridge."),
                one.usage.log_bytes,
            );
        }
    }
}

/// The cost model's tables.
pub fn cost_tables(measured: &Measured, fixed: Fixed) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "\nCOST, US dollars at list prices of {} ({}), without telephony",
        prices::REGION,
        prices::AS_OF
    );
    let bill = |text: &mut String, title: &str, bill: &Bill| {
        let _ = writeln!(text, "{title:<46} {:>10.4}", bill.total());
        for (item, dollars) in &bill.0 {
            let _ = writeln!(text, "    {item:<42} {dollars:>10.4}");
        }
    };
    match cost::thousand_reminders(measured) {
        Some((reminders, missing)) => {
            bill(&mut text, "1,000 reminders, booking to settled", &reminders);
            for name in missing {
                let _ = writeln!(text, "    NOT MEASURED, and not in the sum: {name}");
            }
        }
        None => text.push_str("1,000 reminders: not measured\n"),
    }
    match cost::idle_tenant(measured) {
        Some(idle) => {
            let _ = writeln!(
                text,
                "{:<46} {idle:>10.6}",
                "a tenant that does nothing, a month"
            );
        }
        None => text.push_str("a tenant that does nothing: not measured\n"),
    }
    bill(
        &mut text,
        "the platform without tenants, a month",
        &cost::floor(measured, fixed),
    );
    if !measured.operations.contains_key(cost::TICK) {
        text.push_str("    NOT MEASURED, and not in the sum: ticks\n");
    }
    text
}
