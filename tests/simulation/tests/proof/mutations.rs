//! Deliberate bugs are found: each is put between the production code and its world (`mutation`), and some seed of a few
//! must break a rule. The same seeds without the bug break none.

use std::sync::Mutex;

use crate::mutation::Mutation;
use crate::run::{Outcome, hunt, run, side_by_side};

/// Seeds tried for each bug.
const SEEDS: u64 = 40;

/// Bugs that [`SEEDS`] worlds do not show yet (docs/reliability.md); taken off this list once they do.
const NOT_FOUND_YET: [Mutation; 2] = [Mutation::StaleDoNotCall, Mutation::GuardsNotReread];

fn found(mutation: Mutation) -> Option<(u64, Outcome)> {
    (1..=SEEDS).find_map(|seed| {
        let outcome = run(hunt(seed, Some(mutation), false));
        (!outcome.is_sound()).then_some((seed, outcome))
    })
}

#[test]
fn every_deliberate_bug_is_found() {
    let missed = Mutex::new(Vec::new());
    let sought: Vec<Mutation> = Mutation::ALL
        .into_iter()
        .filter(|mutation| !NOT_FOUND_YET.contains(mutation))
        .collect();
    side_by_side(&sought, |mutation| match found(*mutation) {
        Some((seed, outcome)) => {
            // The same world without the bug keeps every rule.
            let sound = run(hunt(seed, None, false));
            assert!(sound.is_sound(), "seed {seed}: {:?}", sound.words());
            let words = outcome.words();
            println!("{mutation:?}: seed {seed}: {}", words[0]);
        }
        None => missed.lock().unwrap().push(*mutation),
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "not found in {SEEDS} seeds: {missed:?}");
}
