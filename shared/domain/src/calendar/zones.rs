//! Whose wall clock decides when a person may be rung.

use chrono_tz::Tz;

/// The name is not in the IANA time zone database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known time zone; use an IANA name such as Europe/London")]
pub struct UnknownZone;

/// A zone by its IANA name.
pub fn parse_zone(name: &str) -> Result<Tz, UnknownZone> {
    name.parse().map_err(|_| UnknownZone)
}

/// The zone a contact's call hours are read in, and the zone that must agree when we only have a booking page's word
/// for it (rules.md "When a reminder is due").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallingZone {
    zone: Tz,
    must_agree: Option<Tz>,
}

impl CallingZone {
    /// `preferences` is the contact's own `preferences.timezone`, `booking_page` the zone a calendar's booking page
    /// supplied, `tenant` the tenant's. An appointment's own zone is for showing and speaking and does not belong here.
    pub fn resolve(preferences: Option<Tz>, booking_page: Option<Tz>, tenant: Tz) -> Self {
        match (preferences, booking_page) {
            (Some(zone), _) => Self {
                zone,
                must_agree: None,
            },
            (None, Some(zone)) => Self {
                zone,
                must_agree: (zone != tenant).then_some(tenant),
            },
            (None, None) => Self {
                zone: tenant,
                must_agree: None,
            },
        }
    }

    /// The contact's own wall clock.
    pub fn zone(self) -> Tz {
        self.zone
    }

    /// The tenant's zone, when calls must be permitted there too.
    pub fn must_agree(self) -> Option<Tz> {
        self.must_agree
    }
}

impl From<Tz> for CallingZone {
    fn from(zone: Tz) -> Self {
        Self {
            zone,
            must_agree: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::{Asia::Tokyo, Europe::London, US::Pacific};

    use super::*;

    #[test]
    fn the_most_personal_zone_wins_and_only_a_booking_pages_needs_the_tenants_agreement() {
        let zone = |own, page| {
            let calling = CallingZone::resolve(own, page, London);
            (calling.zone(), calling.must_agree())
        };
        assert_eq!(zone(Some(Tokyo), Some(Pacific)), (Tokyo, None));
        assert_eq!(zone(Some(Tokyo), None), (Tokyo, None));
        assert_eq!(zone(None, Some(Pacific)), (Pacific, Some(London)));
        assert_eq!(zone(None, Some(London)), (London, None));
        assert_eq!(zone(None, None), (London, None));
    }

    #[test]
    fn zones_are_known_by_their_iana_name() {
        assert_eq!(parse_zone("Asia/Tokyo"), Ok(Tokyo));
        for name in ["", "GMT+25", "Mars/Base", "europe london"] {
            assert_eq!(parse_zone(name), Err(UnknownZone), "{name}");
        }
    }
}
