//! Deliberate bugs, each put between the production code and the world it runs in: the simulation must find every one.
//! Nothing of this is compiled into the product.

use crate::plans::Kind;

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Mutation {
    /// The slot is given back on any 4xx, though 408 and 409 may have made a call.
    RefundOnAny4xx,
    /// A request without an answer is sent again after the attempt's bound.
    ResendAfterBound,
    /// The do-not-call list is read as an index would give it, and the grant is not held to it.
    StaleDoNotCall,
    /// The gate is written without the condition on its version.
    GateUnconditional,
    /// Contact and appointment are written and required without the condition on their version.
    AppointmentUnconditional,
    /// A slot is free at the provider's answer instead of a window later.
    SlotFreeAtAnswer,
    /// Guards are read once and not again before a send.
    GuardsNotReread,
    /// An attempt that the provider does not list yet counts as not placed at once.
    NotPlacedAtOnce,
    /// News of a settled call is taken in once more.
    NewsCountedTwice,
    /// The day is counted by UTC.
    DayInUtc,
    /// Wake-ups are lost and the tick does not look.
    NoTick,
    /// The number's lock is neither read nor a condition.
    LockIgnored,
    /// Each send goes out under an idempotency key of its own.
    FreshKeyPerSend,
    /// Clocks of workers are apart by more than the margin.
    ClocksApart,
    /// Pausing changes nothing.
    PauseIgnored,
    /// Grants leave no decision record.
    NoDecisionRecord,
}

impl Mutation {
    /// The kind of world that it is sought in.
    pub(crate) fn shows_in(self) -> Kind {
        match self {
            Self::AppointmentUnconditional
            | Self::StaleDoNotCall
            | Self::GuardsNotReread
            | Self::PauseIgnored => Kind::Races,
            Self::NotPlacedAtOnce
            | Self::RefundOnAny4xx
            | Self::ResendAfterBound
            | Self::FreshKeyPerSend => Kind::Silence,
            Self::ClocksApart
            | Self::GateUnconditional
            | Self::LockIgnored
            | Self::SlotFreeAtAnswer => Kind::Queue,
            Self::NewsCountedTwice | Self::DayInUtc | Self::NoTick | Self::NoDecisionRecord => {
                Kind::Mixed
            }
        }
    }

    /// All of them; first those that take longest to find.
    pub(crate) const ALL: [Self; 16] = [
        Self::AppointmentUnconditional,
        Self::NotPlacedAtOnce,
        Self::StaleDoNotCall,
        Self::LockIgnored,
        Self::RefundOnAny4xx,
        Self::GateUnconditional,
        Self::GuardsNotReread,
        Self::DayInUtc,
        Self::ClocksApart,
        Self::PauseIgnored,
        Self::ResendAfterBound,
        Self::SlotFreeAtAnswer,
        Self::FreshKeyPerSend,
        Self::NewsCountedTwice,
        Self::NoTick,
        Self::NoDecisionRecord,
    ];
}
