//! In which order due calls are placed (rules.md The call throttle).

use std::cmp::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::session::Method;
use crate::ids::SessionId;

/// A reminder this near to its latest instant moves ahead of campaigns.
pub const CLOSING: TimeDelta = TimeDelta::hours(1);

/// A campaign's priority (S2).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// After reminders.
    #[default]
    Normal,
    /// Before normal campaigns.
    High,
    /// Before reminders.
    Urgent,
}

/// The part of a call's order that does not change with time; part of the queue item's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Somebody on the staff is waiting.
    CallNow,
    /// A campaign marked urgent.
    UrgentCampaign,
    /// Reminders and retries.
    Reminder,
    /// A campaign of high priority.
    HighCampaign,
    /// Any other campaign.
    NormalCampaign,
}

impl Band {
    /// All bands, first to be served first.
    pub const ALL: [Self; 5] = [
        Self::CallNow,
        Self::UrgentCampaign,
        Self::Reminder,
        Self::HighCampaign,
        Self::NormalCampaign,
    ];

    /// The band of a call. `campaign` is the priority of its campaign, where it has one.
    pub const fn of(method: Method, campaign: Priority) -> Self {
        match (method, campaign) {
            (Method::ManualCallNow, _) => Self::CallNow,
            (Method::Reminder | Method::Retry, _) => Self::Reminder,
            (Method::Campaign, Priority::Urgent) => Self::UrgentCampaign,
            (Method::Campaign, Priority::High) => Self::HighCampaign,
            (Method::Campaign, Priority::Normal) => Self::NormalCampaign,
        }
    }

    /// Whether calls of campaigns lie in it, other than their retries.
    pub const fn is_campaign(self) -> bool {
        matches!(
            self,
            Self::UrgentCampaign | Self::HighCampaign | Self::NormalCampaign
        )
    }

    /// One character that sorts as the bands do.
    pub const fn code(self) -> char {
        match self {
            Self::CallNow => '1',
            Self::UrgentCampaign => '2',
            Self::Reminder => '3',
            Self::HighCampaign => '4',
            Self::NormalCampaign => '5',
        }
    }

    /// The band that [`Band::code`] wrote.
    pub fn from_code(code: char) -> Option<Self> {
        Self::ALL.into_iter().find(|band| band.code() == code)
    }
}

/// What the queue knows of a planned call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueItem {
    /// Its band.
    pub band: Band,
    /// From when it may be placed.
    pub due: DateTime<Utc>,
    /// Until when (exclusive), where it has an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<DateTime<Utc>>,
    /// The contact's own priority: breaks ties of band and due.
    #[serde(default)]
    pub priority: Priority,
    /// The session.
    pub session: SessionId,
}

impl QueueItem {
    /// Whether it may be placed at `now`.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.due <= now
    }

    /// A reminder within an hour of its latest instant.
    pub fn is_closing(&self, now: DateTime<Utc>) -> bool {
        self.band == Band::Reminder && self.latest.is_some_and(|latest| latest - now <= CLOSING)
    }

    /// Which of two due calls comes first at `now`. Total: no two sessions are equal.
    pub fn cmp_at(&self, other: &Self, now: DateTime<Utc>) -> Ordering {
        self.rank(now)
            .cmp(&other.rank(now))
            .then(self.due.cmp(&other.due))
            .then(other.priority.cmp(&self.priority))
            .then(self.session.cmp(&other.session))
    }

    const fn base(&self) -> u8 {
        match self.band {
            Band::CallNow => 0,
            Band::UrgentCampaign => 2,
            Band::Reminder => 3,
            Band::HighCampaign => 4,
            Band::NormalCampaign => 5,
        }
    }

    fn rank(&self, now: DateTime<Utc>) -> u8 {
        if self.is_closing(now) { 1 } else { self.base() }
    }
}

/// The calls that are due, first to be placed first.
pub fn due_in_order(items: &[QueueItem], now: DateTime<Utc>) -> Vec<QueueItem> {
    let mut due: Vec<_> = items
        .iter()
        .filter(|item| item.is_due(now))
        .copied()
        .collect();
    due.sort_by(|a, b| a.cmp_at(b, now));
    due
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        "2026-11-20T10:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
    }

    fn item(n: u128, band: Band, due: i64) -> QueueItem {
        let session = SessionId::new(Uuid::from_u128(n));
        QueueItem {
            band,
            due: at(due),
            latest: None,
            priority: Priority::Normal,
            session,
        }
    }

    fn order(items: &[QueueItem], now: i64) -> Vec<u128> {
        due_in_order(items, at(now))
            .iter()
            .map(|item| item.session.uuid().as_u128())
            .collect()
    }

    #[test]
    fn bands_then_due_then_the_contacts_priority() {
        let mut items: Vec<_> = Band::ALL
            .iter()
            .rev()
            .zip(1..)
            .map(|(band, n)| item(n, *band, 0))
            .collect();
        assert_eq!(order(&items, 0), [5, 4, 3, 2, 1]);
        items.push(item(6, Band::Reminder, -5));
        items.push(QueueItem {
            priority: Priority::Urgent,
            ..item(7, Band::Reminder, 0)
        });
        items.push(QueueItem {
            priority: Priority::High,
            ..item(8, Band::Reminder, 0)
        });
        items.push(item(9, Band::CallNow, 1));
        assert_eq!(
            order(&items, 0),
            [5, 4, 6, 7, 8, 3, 2, 1],
            "what is not due is not there"
        );
    }

    #[test]
    fn a_closing_reminder_passes_campaigns_but_not_call_now() {
        let mut reminder = item(1, Band::Reminder, 0);
        reminder.latest = Some(at(120));
        let mut campaign = item(4, Band::HighCampaign, -1);
        campaign.latest = Some(at(10));
        let items = [
            reminder,
            item(2, Band::UrgentCampaign, -60),
            item(3, Band::CallNow, 0),
            campaign,
        ];
        assert_eq!(order(&items, 59), [3, 2, 1, 4]);
        assert_eq!(order(&items, 60), [3, 1, 2, 4]);
    }

    #[test]
    fn a_call_knows_its_band() {
        for (method, campaign, band) in [
            (Method::ManualCallNow, Priority::Normal, Band::CallNow),
            (Method::Reminder, Priority::Urgent, Band::Reminder),
            (Method::Retry, Priority::Normal, Band::Reminder),
            (Method::Campaign, Priority::Urgent, Band::UrgentCampaign),
            (Method::Campaign, Priority::High, Band::HighCampaign),
            (Method::Campaign, Priority::Normal, Band::NormalCampaign),
        ] {
            assert_eq!(Band::of(method, campaign), band);
        }
        assert!(Band::ALL.is_sorted_by_key(|band| band.code()));
        for band in Band::ALL {
            assert_eq!(Band::from_code(band.code()), Some(band));
        }
        assert_eq!(Band::from_code('0'), None);
    }

    proptest! {
        /// A total order: the same for any order of reading, and nothing due is left out.
        #[test]
        fn does_not_depend_on_the_order_of_reading(
            raw in proptest::collection::vec((0..5usize, -9..9i64, proptest::option::of(0..90i64), 0..3u8), 0..30),
            now in -5..5i64,
        ) {
            let items: Vec<_> = raw.iter().zip(1..).map(|((band, due, latest, priority), n)| QueueItem {
                latest: latest.map(at),
                priority: [Priority::Normal, Priority::High, Priority::Urgent][usize::from(*priority)],
                ..item(n, Band::ALL[*band], *due)
            }).collect();
            let expected = order(&items, now);
            let mut reversed = items.clone();
            reversed.reverse();
            prop_assert_eq!(&order(&reversed, now), &expected);
            prop_assert_eq!(expected.len(), items.iter().filter(|i| i.due <= at(now)).count());
            let sorted = due_in_order(&items, at(now));
            for pair in sorted.windows(2) {
                let call_now = |i: &QueueItem| i.band == Band::CallNow;
                prop_assert!(call_now(&pair[0]) || !call_now(&pair[1]));
                prop_assert!(pair[0].band != pair[1].band || pair[0].due <= pair[1].due || pair[0].is_closing(at(now)));
            }
        }
    }
}
