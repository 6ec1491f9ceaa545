//! How a call came out: what it came to, what the person decided, and what the provider said of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::AttemptId;

/// What the call came to (S0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A person answered.
    Answered,
    /// A machine did.
    Voicemail,
    /// Nobody did.
    NoAnswer,
    /// The line was busy.
    Busy,
    /// It could not be made.
    Failed,
}

/// What the person decided about the appointment (S0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// They come.
    Confirmed,
    /// They do not.
    Cancelled,
    /// They want another time.
    Rescheduled,
    /// Nothing.
    #[default]
    NoAction,
}

impl Action {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::Rescheduled => "rescheduled",
            Self::NoAction => "no_action",
        }
    }
}

/// How the person sounded (S0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    /// Content.
    Positive,
    /// Neither.
    Neutral,
    /// Not content.
    Negative,
}

/// How content the person was with the call, where the tenant asks: 1 (not at all) to 5 (very) (S3 `customer_feedback`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct FeedbackScore(u8);

/// The number is not from 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a score is from 1 to 5")]
pub struct NoScore;

impl TryFrom<u8> for FeedbackScore {
    type Error = NoScore;

    fn try_from(score: u8) -> Result<Self, NoScore> {
        (1..=5)
            .contains(&score)
            .then_some(Self(score))
            .ok_or(NoScore)
    }
}

impl From<FeedbackScore> for u8 {
    fn from(score: FeedbackScore) -> Self {
        score.0
    }
}

/// What the provider's analysis of a call says, without a word of what was spoken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// What the person decided.
    #[serde(default)]
    pub action: Action,
    /// The new time they named, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_time: Option<DateTime<Utc>>,
    /// How they sounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Sentiment>,
    /// Whether staff should follow up.
    #[serde(default)]
    pub follow_up_required: bool,
    /// Whether a machine was reached.
    #[serde(default)]
    pub in_voicemail: bool,
    /// How content they were, where they were asked and said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<FeedbackScore>,
}

/// A call of the provider's that belongs to an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedCall {
    /// Our attempt.
    pub attempt: AttemptId,
    /// The provider's id.
    pub provider_call_id: String,
    /// When it was granted.
    pub granted_at: DateTime<Utc>,
    /// When we learned that it was placed.
    pub placed_at: DateTime<Utc>,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: DateTime<Utc>,
    /// The provider's disconnection reason, as it named it.
    pub reason: String,
    /// When it had connected, where the provider says so. The call's length counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
}

impl Ended {
    /// How long the two sides were connected, in whole seconds; `None` for a call that never was.
    pub fn duration_seconds(&self) -> Option<i64> {
        let started = self.started_at?;
        Some((self.at - started).num_seconds().max(0))
    }
}

/// How a settled call came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The call.
    pub call: PlacedCall,
    /// Its end.
    pub ended: Ended,
    /// What it came to.
    pub outcome: Outcome,
    /// Whether it failed for a reason that lies with us or the provider.
    pub technical: bool,
    /// What was said, for a call that connected; absent if the provider never told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
}
