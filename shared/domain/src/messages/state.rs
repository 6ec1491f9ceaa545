//! What becomes of a message: from waiting to be sent to what the network says of it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Sends of one message, at most: each after the first only where it is certain that the one before did not arrive.
pub const MOST_SENDS: u32 = 3;
/// After this long without knowing whether the provider has a message, it stays unknown and goes to staff.
pub const GIVEN_UP: TimeDelta = TimeDelta::hours(24);

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It waits to be sent.
    Queued,
    /// It is being sent, or nobody knows whether it was.
    Sending,
    /// The provider has it.
    Sent,
    /// The network said that it did not arrive.
    Undelivered,
    /// It was refused.
    Failed,
    /// The network said that it arrived.
    Delivered,
    /// An e-mail came back, if only after it had been taken.
    Bounced,
    /// Nobody will find out; it is never sent again by itself.
    Unknown,
    /// It was not sent, because it may not be or need not be any more.
    Cancelled,
}

/// What the provider says of a message that it has. The order is that in which a word outweighs another: reports come
/// in any order and more than once, and must end the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// Taken on, on its way.
    Accepted,
    Undelivered,
    Failed,
    Delivered,
    Bounced,
}

impl Report {
    /// Reads Twilio's word; None for one that says nothing of a message that goes out.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "accepted" | "scheduled" | "queued" | "sending" | "sent" => Self::Accepted,
            "delivered" | "read" => Self::Delivered,
            "undelivered" => Self::Undelivered,
            "failed" | "canceled" => Self::Failed,
            _ => return None,
        })
    }
}

impl Status {
    /// The word used in the API and the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether something is still to be done with it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Sending)
    }

    /// Whether it went out, as far as anybody knows.
    pub fn went_out(self) -> bool {
        matches!(self, Self::Sent | Self::Delivered)
    }

    /// Whether it is known not to have arrived.
    pub fn did_not_arrive(self) -> bool {
        matches!(self, Self::Failed | Self::Undelivered | Self::Bounced)
    }

    /// What a report makes of it.
    pub fn after(self, report: Report) -> Self {
        let known = match self {
            Self::Undelivered => Report::Undelivered,
            Self::Failed => Report::Failed,
            Self::Delivered => Report::Delivered,
            Self::Bounced => Report::Bounced,
            // The provider's own word outweighs what we gave up on.
            _ => Report::Accepted,
        };
        match known.max(report) {
            Report::Accepted => Self::Sent,
            Report::Undelivered => Self::Undelivered,
            Report::Failed => Self::Failed,
            Report::Delivered => Self::Delivered,
            Report::Bounced => Self::Bounced,
        }
    }
}

/// What the provider's list of messages says about one that nobody heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// This one of the list is ours: to this number, made since the send, with these words, and no other message's.
    Found(String, Report),
    /// One went to this number since the send, but its words are other ones.
    Doubtful,
    /// The list goes back to before the send and has none.
    Empty,
    /// It could not be read, or does not go back so far.
    Failed,
}

/// What is to be done about a message whose send nobody heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reconciled {
    /// It is this one at the provider.
    Adopt(String, Report),
    /// It never arrived: it may be sent again.
    NotSent,
    /// Ask again at this instant.
    Later(DateTime<Utc>),
    /// It stays unknown.
    GiveUp,
}

/// Decides about a message whose last send began at `sent_at` and ended at `bound` at the latest. `settles` is how long
/// the provider's list may be behind. Nothing is ever sent again on a guess (rules.md "Placing a call, exactly once").
pub fn reconcile(
    listing: Listing,
    sent_at: DateTime<Utc>,
    bound: DateTime<Utc>,
    settles: TimeDelta,
    now: DateTime<Utc>,
) -> Reconciled {
    let settled_at = bound + settles;
    match listing {
        Listing::Found(sid, report) => Reconciled::Adopt(sid, report),
        Listing::Doubtful => Reconciled::GiveUp,
        Listing::Empty if now >= settled_at => Reconciled::NotSent,
        Listing::Empty => Reconciled::Later(settled_at),
        Listing::Failed if now - sent_at >= GIVEN_UP => Reconciled::GiveUp,
        Listing::Failed => Reconciled::Later(now + settles),
    }
}

/// The same of a provider that has no list: its news may still come, and then nobody will find out.
pub fn reconcile_unlisted(
    bound: DateTime<Utc>,
    settles: TimeDelta,
    now: DateTime<Utc>,
) -> Reconciled {
    let settled_at = bound + settles;
    if now >= settled_at {
        Reconciled::GiveUp
    } else {
        Reconciled::Later(settled_at)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;

    const REPORTS: [Report; 5] = [
        Report::Accepted,
        Report::Undelivered,
        Report::Failed,
        Report::Delivered,
        Report::Bounced,
    ];

    proptest! {
        #[test]
        fn reports_end_the_same_in_any_order_however_often(
            picks in prop::collection::vec(0..5_usize, 1..8).prop_flat_map(|picks| (Just(picks.clone()), Just(picks).prop_shuffle())),
            repeats in 1..3_usize,
        ) {
            let end = |picks: &[usize]| {
                picks.iter().fold(Status::Sending, |status, pick| status.after(REPORTS[*pick]))
            };
            let again: Vec<usize> = picks.1.repeat(repeats);
            prop_assert_eq!(end(&picks.0), end(&again));
        }
    }

    #[test]
    fn words_of_the_provider() {
        assert_eq!(Report::of("read"), Some(Report::Delivered));
        assert_eq!(Report::of("canceled"), Some(Report::Failed));
        assert_eq!(Report::of("received"), None);
        assert_eq!(Status::Unknown.after(Report::Accepted), Status::Sent);
        assert_eq!(Status::Delivered.after(Report::Accepted), Status::Delivered);
        // A server may take an e-mail first and give it back later.
        assert_eq!(Status::Delivered.after(Report::Bounced), Status::Bounced);
        assert_eq!(Status::Bounced.after(Report::Delivered), Status::Bounced);
    }

    #[test]
    fn only_an_empty_list_long_after_the_send_lets_it_go_out_again() {
        let sent = Utc.with_ymd_and_hms(2027, 1, 7, 12, 0, 0).unwrap();
        let (bound, settles) = (sent + TimeDelta::seconds(30), TimeDelta::seconds(300));
        let at = |seconds| sent + TimeDelta::seconds(seconds);
        let decide = |listing, now| reconcile(listing, sent, bound, settles, now);
        let found = || Listing::Found("SM1".into(), Report::Accepted);
        assert_eq!(
            decide(found(), at(31)),
            Reconciled::Adopt("SM1".into(), Report::Accepted)
        );
        assert_eq!(decide(Listing::Empty, at(31)), Reconciled::Later(at(330)));
        assert_eq!(decide(Listing::Empty, at(330)), Reconciled::NotSent);
        assert_eq!(decide(Listing::Doubtful, at(31)), Reconciled::GiveUp);
        assert_eq!(decide(Listing::Failed, at(330)), Reconciled::Later(at(630)));
        assert_eq!(decide(Listing::Failed, at(86_400)), Reconciled::GiveUp);
    }

    #[test]
    fn without_a_list_nothing_is_ever_sent_again() {
        let bound = Utc.with_ymd_and_hms(2027, 1, 7, 12, 0, 0).unwrap();
        let settles = TimeDelta::seconds(300);
        let at = |seconds| reconcile_unlisted(bound, settles, bound + TimeDelta::seconds(seconds));
        assert_eq!(at(0), Reconciled::Later(bound + settles));
        assert_eq!(at(299), Reconciled::Later(bound + settles));
        assert_eq!(at(300), Reconciled::GiveUp);
    }
}
