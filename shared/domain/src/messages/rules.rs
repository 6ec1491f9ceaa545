//! Whether a message may go out at this moment.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How long a message waits where the channel is not set up, or the provider does not take our credentials.
pub const NOT_READY: TimeDelta = TimeDelta::minutes(15);
/// How long a message that staff wrote waits for permitted hours, at most.
pub const STAFF_WAITS: TimeDelta = TimeDelta::hours(72);
/// Messages of one business in any 24 hours, to the quarter of an hour.
pub const MOST_A_DAY: u32 = 1_000;
/// A quarter of an hour, and how many of them a day has, in the count of messages.
const QUARTER: i64 = 900;
const QUARTERS: i64 = 96;

/// Why a message never goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The contact is deleted or not active.
    NotActive,
    DoNotContact,
    NotOptedIn,
    /// There is no number that takes messages.
    NoNumber,
    /// There is no e-mail address.
    NoEmail,
    /// The appointment was answered, moved, cancelled, or is over; or the person prefers another way.
    NotWanted,
    /// It could not go out in time.
    TooLate,
}

impl Reason {
    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotActive => "not_active",
            Self::DoNotContact => "do_not_contact",
            Self::NotOptedIn => "not_opted_in",
            Self::NoNumber => "no_number",
            Self::NoEmail => "no_email",
            Self::NotWanted => "not_wanted",
            Self::TooLate => "too_late",
        }
    }
}

/// What is known when a message is about to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Why none may go to this person by this channel, whatever it says ([`super::Channel::unreachable`]).
    pub unreachable: Option<Reason>,
    /// Of a reminder: whether its appointment still is what it was planned about.
    pub wanted: bool,
    /// Whether the channel is set up, and the business active.
    pub ready: bool,
    /// The first permitted instant from now on: the tenant's call hours in the contact's zone are quiet hours turned round.
    /// E-mail wakes nobody: it may go at any hour.
    pub permitted: Option<DateTime<Utc>>,
    /// It is not sent from this instant on.
    pub not_after: DateTime<Utc>,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Send,
    Wait(DateTime<Utc>),
    Never(Reason),
}

/// Judges a message. Consent and do-not-contact come before everything else.
pub fn may_send(facts: &Facts, now: DateTime<Utc>) -> Verdict {
    if let Some(reason) = facts.unreachable {
        return Verdict::Never(reason);
    }
    for (holds, reason) in [
        (facts.wanted, Reason::NotWanted),
        (now < facts.not_after, Reason::TooLate),
    ] {
        if !holds {
            return Verdict::Never(reason);
        }
    }
    let at = if facts.ready {
        facts.permitted
    } else {
        Some(now + NOT_READY)
    };
    match at {
        Some(at) if at <= now => Verdict::Send,
        // Looked at again at its end, it is too late.
        Some(at) => Verdict::Wait(at.min(facts.not_after)),
        None => Verdict::Never(Reason::TooLate),
    }
}

/// How many messages a business sent, by UTC quarter hour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DayCount(Vec<(i64, u32)>);

impl DayCount {
    /// How many it counts, as of the last one admitted.
    pub fn used(&self) -> u32 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Counts one more; where the day is full, when the next may go.
    pub fn admit(&mut self, limit: u32, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        let quarter = now.timestamp().div_euclid(QUARTER);
        self.0.retain(|(at, _)| quarter - at <= QUARTERS);
        if self.used() >= limit {
            let first = self.0.first().map_or(quarter, |(at, _)| *at);
            let free = (first + QUARTERS + 1) * QUARTER;
            return Err(DateTime::from_timestamp(free, 0).unwrap_or(now + NOT_READY));
        }
        match self.0.last_mut() {
            Some((at, count)) if *at >= quarter => *count += 1,
            _ => self.0.push((quarter, 1)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2027, 1, 7, 12, 0, 0).unwrap()
    }

    fn facts() -> Facts {
        Facts {
            unreachable: None,
            wanted: true,
            ready: true,
            permitted: Some(now()),
            not_after: now() + TimeDelta::hours(2),
        }
    }

    #[test]
    fn each_guard_alone_stops_it() {
        assert_eq!(may_send(&facts(), now()), Verdict::Send);
        let never = |change: fn(&mut Facts), reason| {
            let mut changed = facts();
            change(&mut changed);
            assert_eq!(may_send(&changed, now()), Verdict::Never(reason));
            // Whatever else there is to wait for.
            changed.ready = false;
            assert_eq!(may_send(&changed, now()), Verdict::Never(reason));
        };
        never(
            |facts| facts.unreachable = Some(Reason::NotOptedIn),
            Reason::NotOptedIn,
        );
        // Consent and do-not-contact outweigh everything else.
        never(
            |facts| {
                facts.unreachable = Some(Reason::DoNotContact);
                (facts.wanted, facts.not_after) = (false, now());
            },
            Reason::DoNotContact,
        );
        never(|facts| facts.wanted = false, Reason::NotWanted);
        never(|facts| facts.not_after = now(), Reason::TooLate);
    }

    #[test]
    fn quiet_hours_and_a_channel_not_set_up_are_waited_out_until_it_is_too_late() {
        let wait = |change: fn(&mut Facts), hours: f64| {
            let mut changed = facts();
            change(&mut changed);
            let at = now() + TimeDelta::minutes((hours * 60.0) as i64);
            assert_eq!(may_send(&changed, now()), Verdict::Wait(at));
        };
        wait(
            |facts| facts.permitted = Some(now() + TimeDelta::hours(1)),
            1.0,
        );
        wait(
            |facts| facts.permitted = Some(now() + TimeDelta::hours(9)),
            2.0,
        );
        wait(|facts| facts.ready = false, 0.25);
        let mut never = facts();
        never.permitted = None;
        assert_eq!(may_send(&never, now()), Verdict::Never(Reason::TooLate));
    }

    #[test]
    fn no_day_has_more_than_the_limit() {
        let mut count = DayCount::default();
        let mut sent: Vec<DateTime<Utc>> = Vec::new();
        let (mut at, end) = (now(), now() + TimeDelta::days(4));
        while at < end {
            match count.admit(5, at) {
                Ok(()) => sent.push(at),
                Err(free) => assert!(free > at && free <= at + TimeDelta::hours(25)),
            }
            at += TimeDelta::minutes(7);
        }
        for first in &sent {
            let day = *first..*first + TimeDelta::days(1);
            assert!(sent.iter().filter(|at| day.contains(at)).count() <= 5);
        }
        assert!(sent.len() >= 15);
    }
}
