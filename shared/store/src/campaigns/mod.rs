//! Campaigns in the table (S2, rules.md Campaigns).
//!
//! The start is one transaction: the campaign, the ids of its members, its place among those that run. Everything after
//! it is done in steps by the tenant's pump ([`step`]), each of which may be the last before a crash: members are judged
//! and written down a few at a time, then handed to the dial queue ahead of what can be placed or one by one at the
//! campaign's pace. A member waits in a row of its own, and each hand-over is on condition that it still waits, so nobody
//! is handed over twice; from then on the row says what the session does, written in the session's own transactions.
//!
//! A pause or an end is one write of the campaign's record, which every grant of its calls is conditional on: from its
//! commit on none is placed. What was handed over before is taken back in steps, and each appointment gets the reminder
//! back that the campaign had taken.

pub mod control;
pub mod estimate;
pub mod hand_over;
pub mod judge;
mod lines;
pub mod read;
pub mod rows;
pub mod start;
pub mod step;
pub mod take_back;

pub use control::Controlled;
pub use estimate::{Ahead, Estimate};
pub use judge::Judged;
pub use rows::{
    CampaignMemberRow, CampaignRow, CampaignWords, InCampaign, RunningRow, SnapshotRow,
};
pub use start::{NewCampaign, Started};
pub use step::Stepped;
