//! Is this the same person? (rules.md Contacts, "Same person?")
//!
//! Two contacts with one phone number or e-mail address are one person when their names are similar, and a household
//! when they are not. What errs, errs towards a household: a warning costs a glance, while data put on a relative's
//! record is a breach.

mod compare;
mod duplicates;
mod fold;
mod merge;

pub use compare::{
    MAX_EXTRA_WORDS, MAX_MISTYPED_WORDS, MAX_TYPO_DISTANCE, MIN_TYPO_LETTERS, Similarity, compare,
};
pub use duplicates::{
    CalendarTarget, Candidate, Duplicate, Intake, LeftOut, OnDuplicate, Pair, Relation,
    calendar_target, classify, classify_all,
};
pub use fold::folded;
pub use merge::{
    Choices, NotesSide, Side, appointments_brought, booked_in_calendar, consent_brought, merge_into,
};
