//! Deliberate bugs are found: each is put between the production code and its world (`mutation`), and some seed of a few
//! must break a rule. The same kinds of worlds without the bug break none (`storms`).

use std::sync::Mutex;
use std::time::Instant;

use crate::mutation::Mutation;
use crate::run::{Outcome, run, side_by_side};

/// Seeds tried for each bug at most; one or two do mostly.
const SEEDS: u64 = 60;

fn found(mutation: Mutation) -> Option<(u64, Outcome)> {
    (1..=SEEDS).find_map(|seed| {
        let outcome = run(mutation.shows_in().plan(seed, Some(mutation), false));
        (!outcome.is_sound()).then_some((seed, outcome))
    })
}

#[test]
fn every_deliberate_bug_is_found() {
    let missed = Mutex::new(Vec::new());
    side_by_side(&Mutation::ALL, |mutation| {
        let started = Instant::now();
        match found(*mutation) {
            Some((seed, outcome)) => {
                let took = started.elapsed().as_secs_f64();
                println!(
                    "{mutation:?}: seed {seed} in {took:.1} s: {}",
                    outcome.words()[0]
                );
            }
            None => missed.lock().unwrap().push(*mutation),
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "not found in {SEEDS} seeds: {missed:?}");
}
