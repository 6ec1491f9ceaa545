//! Holds `template.yaml` and `infra/edge.yaml` to the project's own rules. cfn-lint and `sam validate` check the form;
//! they let a misspelled property of a SAM resource, a reference to nothing and an invalid runtime pass, and know
//! nothing of least privilege, dead letters or the routes of the code. Each rule here is shown to notice a planted error.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where it cannot go on"
)]

mod agreement;
mod delivery;
mod document;
mod planted;
mod privilege;
mod properties;
mod structure;

use serde_json::Value;

/// The rule that something breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    Alarm,
    Bucket,
    Environment,
    EventSource,
    Function,
    Logs,
    Privilege,
    Property,
    Queue,
    Reference,
    Route,
    Runtime,
    Table,
    WayIn,
}

/// What was found.
#[derive(Default)]
pub(crate) struct Findings(Vec<(Finding, String)>);

impl Findings {
    pub(crate) fn add(&mut self, rule: Finding, at: &str, why: &str) {
        self.0.push((rule, format!("{at}: {why}")));
    }
}

/// All findings in the main template.
pub(crate) fn judge(template: &Value) -> Vec<(Finding, String)> {
    let mut found = Findings::default();
    for rule in [
        structure::functions,
        structure::reference_targets,
        structure::property_names,
        structure::environment,
        structure::buckets,
        structure::large_events,
        delivery::queues,
        delivery::event_sources,
        delivery::tables,
        delivery::alarms,
        privilege::policies,
        privilege::append_only_logs,
        privilege::way_in,
        agreement::tables,
        agreement::log_keys,
        agreement::routes,
    ] {
        rule(template, &mut found);
    }
    found.0
}

#[test]
fn the_template_keeps_every_rule() {
    let found = judge(&document::read("template.yaml"));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_edge_template_is_spelled_right_and_gives_what_the_main_one_takes() {
    let edge = document::read("infra/edge.yaml");
    let mut found = Findings::default();
    structure::reference_targets(&edge, &mut found);
    structure::property_names(&edge, &mut found);
    assert!(found.0.is_empty(), "{:#?}", found.0);
    let main = document::read("template.yaml");
    for (output, parameter) in [
        ("CertificateArn", "EdgeCertificateArn"),
        ("WebAclArn", "WebAclArn"),
    ] {
        assert!(
            edge["Outputs"][output].is_object() && main["Parameters"][parameter].is_object(),
            "{output}"
        );
    }
}
