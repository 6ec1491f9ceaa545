//! Figures over the calls and appointments of many people (S2 Group Analytics). Pure: who is counted, which calls they
//! had and when it is are given.

mod advice;
mod figures;
mod period;

pub use advice::{Advice, ENOUGH_CALLS, advise};
pub use figures::{CallFact, Figures, Hour, Percent, Statuses, Step};
pub use period::{Length, Period};

/// In HIPAA mode groups of fewer people than this have no figures (rules.md Privacy).
pub const FEWEST_PEOPLE: u32 = 5;
