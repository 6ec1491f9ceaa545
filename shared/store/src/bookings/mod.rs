//! Bookings of an outside calendar in the table (rules.md "Webhooks in"). Each uid is a claim row: one row of a chain
//! holds its events, the others point to it, and uids of which nothing but a mention is known are there too, so that
//! events may come in any order. The rules themselves are pure (`vio_domain::bookings`).

mod apply;
pub(crate) mod chain;
mod joined;
mod no_show;

pub use apply::BookingOutcome;
pub use no_show::NoShowHeard;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use vio_crypto::LookupKind;
use vio_domain::bookings::{BookingEvent, BookingUid, Calendar};
use vio_domain::phone::E164;
use vio_domain::text::{
    Email, FirstName, LastName, Notes, PersonName, ShortText, SpecialInstructions,
};

use crate::store::TenantStore;

/// What an event says of the appointment besides its time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingDetails {
    /// The calendar's own uid, for writing back.
    pub uid: String,
    #[serde(default)]
    pub appointment_type: Option<ShortText<100>>,
    /// Whose calendar it is on.
    #[serde(default)]
    pub owner_name: Option<ShortText<100>>,
    /// What the person wrote, where it may be spoken.
    #[serde(default)]
    pub special_instructions: Option<SpecialInstructions>,
}

/// Who booked, as far as it could be read.
#[derive(Clone, PartialEq, Eq)]
pub struct Booker {
    pub name: PersonName,
    pub first_name: Option<FirstName>,
    pub last_name: Option<LastName>,
    pub phone: Option<E164>,
    pub email: Option<Email>,
    /// The booking page's zone.
    pub zone: Option<Tz>,
    /// What the person wrote, where it may not be spoken.
    pub notes: Option<Notes>,
}

/// An event of the calendar, in the words of the domain.
#[derive(Clone, PartialEq, Eq)]
pub struct BookingHeard {
    /// Which calendar told of it.
    pub calendar: Calendar,
    pub event: BookingEvent,
    pub details: BookingDetails,
    pub booker: Booker,
}

impl std::fmt::Debug for BookingHeard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BookingHeard")
            .field("kind", &self.event.kind)
            .finish_non_exhaustive()
    }
}

impl TenantStore {
    /// The opaque form of a calendar's uid.
    pub fn booking_uid(&self, uid: &str) -> BookingUid {
        BookingUid::new(self.keys.lookup(LookupKind::BookingUid, uid).to_string())
    }
}
