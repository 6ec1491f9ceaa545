//! Storms from many seeds, and calm worlds in which every slot must be used.

use crate::run::{calm, many, seeds, storm};

#[test]
fn storms_break_no_rule() {
    let seeds = seeds(60);
    let test = "storms::storms_break_no_rule";
    let totals = many("storms", test, &seeds, |seed, traced| {
        storm(seed, None, traced)
    });
    assert!(totals.calls > 0);
}

#[test]
fn calm_worlds_use_every_slot() {
    let seeds = seeds(15);
    let test = "storms::calm_worlds_use_every_slot";
    let totals = many("calm worlds", test, &seeds, |seed, traced| {
        calm(seed, None, traced)
    });
    assert!(totals.calls > 0);
}
