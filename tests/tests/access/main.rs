//! Who may do what, over every route of the OpenAPI document and everybody there is: without a session, each role and
//! preset, another business's records, other people's contacts (rules.md People, roles, sessions).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod foreign;
mod own;
mod roles;
mod sessions;

use vio_local::{Host, HostOptions};
use vio_tests::contract::{Answer, Api, Document, Findings, Operation, judge, world};

/// What every part works with.
pub(crate) struct Stage {
    pub(crate) host: Host,
    pub(crate) api: Api,
    pub(crate) document: Document,
    pub(crate) operations: Vec<Operation>,
    pub(crate) found: Findings,
}

impl Stage {
    /// Notes where an answer is not as documented.
    pub(crate) fn judge(&self, who: &str, operation: &Operation, answer: &Answer) {
        self.found.tried();
        for fault in judge::faults(&self.document, operation, answer) {
            self.found.note(format!("{operation} by {who}: {fault}"));
        }
    }
}

/// One host for all parts: it takes longer to start than to ask.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_for_everybody() {
    let options = HostOptions {
        ticks: false,
        ..HostOptions::ephemeral()
    };
    let host = Host::start(options).await.unwrap();
    host.clock().move_to(world::morning(), true).await.unwrap();
    let document = Document::generated();
    let stage = Stage {
        api: Api::new(&host.base_url()),
        operations: document.operations(),
        document,
        found: Findings::default(),
        host,
    };
    tokio::join!(
        sessions::refused_without_one(&stage),
        roles::as_their_permissions_say(&stage),
        foreign::records_of_others_are_not_there(&stage),
        own::contacts_of_others_are_not_there(&stage),
    );
    println!("{} answers judged", stage.found.count());
    stage.host.shutdown().await;
    stage.found.report();
}
