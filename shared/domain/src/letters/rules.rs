//! When a letter is tried again, and when no more.
//!
//! A letter that comes twice does no harm, one that never comes locks somebody out. So one that was not answered is sent
//! again: the other way round than messages to contacts.

use chrono::{DateTime, TimeDelta, Utc};

/// Tries of one letter, at most.
pub const MOST_TRIES: u32 = 8;
/// How long after it was due a letter is still worth sending.
pub const WORTH_SENDING: TimeDelta = TimeDelta::hours(48);
/// How long its record is kept after that: a letter is not written twice under one key, and a bounce finds what it was.
pub const KEPT: TimeDelta = TimeDelta::days(90);
/// The first wait after a try, and the longest.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(1);
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(6);

/// From when on a letter is not sent any more: `expires` is when what it says ends.
pub fn not_after(due: DateTime<Utc>, expires: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let last = due + WORTH_SENDING;
    expires.map_or(last, |expires| expires.min(last))
}

/// How long to wait after the try of this number, from 1: four times as long each time.
pub fn back_off(tries: u32) -> TimeDelta {
    let factor = 4_i32.saturating_pow(tries.saturating_sub(1).min(10));
    FIRST_WAIT
        .checked_mul(factor)
        .map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_limit() {
        let minutes: Vec<i64> = (0..=9).map(|tries| back_off(tries).num_minutes()).collect();
        assert_eq!(minutes, [1, 1, 4, 16, 64, 256, 360, 360, 360, 360]);
        assert_eq!(back_off(u32::MAX), LONGEST_WAIT);
        let all: TimeDelta = (1..MOST_TRIES).map(back_off).sum();
        assert!(all < WORTH_SENDING);
    }

    #[test]
    fn nothing_goes_out_after_what_it_says_has_ended() {
        let due = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let soon = due + TimeDelta::minutes(30);
        assert_eq!(not_after(due, Some(soon)), soon);
        assert_eq!(
            not_after(due, Some(due + TimeDelta::days(7))),
            due + WORTH_SENDING
        );
        assert_eq!(not_after(due, None), due + WORTH_SENDING);
    }
}
