//! UK bank holidays by division, and the tenant's own dates (S3 `holiday_calendar`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Most dates of its own that a tenant may list (S3 `custom_holidays.max_entries`).
pub const MAX_OWN_HOLIDAYS: usize = 50;

/// The data of GOV.UK as shipped; a refreshed copy goes through [`BankHolidays::parse`].
const SHIPPED: &str = include_str!("../../data/uk-bank-holidays.json");

/// The part of the United Kingdom whose bank holidays a tenant keeps.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Division {
    /// England and Wales.
    #[default]
    EnglandAndWales,
    /// Scotland.
    Scotland,
    /// Northern Ireland.
    NorthernIreland,
}

/// What is wrong with holiday data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HolidayError {
    /// More than [`MAX_OWN_HOLIDAYS`] different dates.
    #[error("at most {MAX_OWN_HOLIDAYS} dates of your own")]
    TooManyDates,
    /// Bank holiday data that is not `{division: {date: title}}` or has no dates for a division.
    #[error("the bank holiday data is unreadable or lacks a division")]
    BadData,
}

/// Bank holidays by division and date, with their titles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankHolidays(BTreeMap<Division, BTreeMap<NaiveDate, String>>);

impl BankHolidays {
    /// Reads `{"scotland": {"2026-06-15": "World Cup bank holiday", …}, …}`; every division must have dates.
    pub fn parse(json: &str) -> Result<Self, HolidayError> {
        let days: BTreeMap<Division, BTreeMap<NaiveDate, String>> =
            serde_json::from_str(json).map_err(|_| HolidayError::BadData)?;
        let complete = [
            Division::EnglandAndWales,
            Division::Scotland,
            Division::NorthernIreland,
        ]
        .iter()
        .all(|division| days.get(division).is_some_and(|dates| !dates.is_empty()));
        if complete {
            Ok(Self(days))
        } else {
            Err(HolidayError::BadData)
        }
    }

    /// The data shipped with the program.
    pub fn shipped() -> &'static Self {
        static HOLIDAYS: LazyLock<BankHolidays> = LazyLock::new(|| {
            // A constant of this crate: a test holds that it is readable, so the empty calendar is never used.
            BankHolidays::parse(SHIPPED).unwrap_or(BankHolidays(BTreeMap::new()))
        });
        &HOLIDAYS
    }

    /// The holiday's title, when the date is one in that division.
    pub fn title(&self, division: Division, date: NaiveDate) -> Option<&str> {
        self.0.get(&division)?.get(&date).map(String::as_str)
    }

    /// The holidays of a division that are known, in order of date.
    pub fn of(&self, division: Division) -> impl Iterator<Item = (NaiveDate, &str)> {
        let days = self.0.get(&division).into_iter().flatten();
        days.map(|(date, title)| (*date, title.as_str()))
    }

    /// The last date known for a division: later dates have no data yet.
    pub fn last_known(&self, division: Division) -> Option<NaiveDate> {
        self.0.get(&division)?.keys().next_back().copied()
    }
}

/// A tenant's own closed dates: different, in order, at most [`MAX_OWN_HOLIDAYS`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<NaiveDate>", into = "Vec<NaiveDate>")]
pub struct OwnHolidays(BTreeSet<NaiveDate>);

impl OwnHolidays {
    /// The dates in order.
    pub fn iter(&self) -> impl Iterator<Item = NaiveDate> + '_ {
        self.0.iter().copied()
    }
}

impl TryFrom<Vec<NaiveDate>> for OwnHolidays {
    type Error = HolidayError;

    fn try_from(dates: Vec<NaiveDate>) -> Result<Self, Self::Error> {
        let dates: BTreeSet<_> = dates.into_iter().collect();
        if dates.len() > MAX_OWN_HOLIDAYS {
            Err(HolidayError::TooManyDates)
        } else {
            Ok(Self(dates))
        }
    }
}

impl From<OwnHolidays> for Vec<NaiveDate> {
    fn from(dates: OwnHolidays) -> Self {
        dates.0.into_iter().collect()
    }
}

/// Which days are holidays for a tenant (S3 `holiday_calendar`): bank holidays on by default, for England and Wales.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HolidayCalendar {
    /// Whether bank holidays count.
    pub uk_bank_holidays: bool,
    /// Whose bank holidays.
    pub division: Division,
    /// The tenant's own dates; they count whether or not bank holidays do.
    pub custom_holidays: OwnHolidays,
}

impl Default for HolidayCalendar {
    fn default() -> Self {
        Self {
            uk_bank_holidays: true,
            division: Division::default(),
            custom_holidays: OwnHolidays::default(),
        }
    }
}

impl HolidayCalendar {
    /// Whether the local date is a holiday.
    pub fn is_holiday(&self, date: NaiveDate) -> bool {
        self.custom_holidays.0.contains(&date)
            || (self.uk_bank_holidays
                && BankHolidays::shipped().title(self.division, date).is_some())
    }

    /// The bank holiday's title on that date, when bank holidays count.
    pub fn bank_holiday(&self, date: NaiveDate) -> Option<&'static str> {
        self.uk_bank_holidays
            .then(|| BankHolidays::shipped().title(self.division, date))
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn calendar(division: Division) -> HolidayCalendar {
        HolidayCalendar {
            division,
            ..HolidayCalendar::default()
        }
    }

    /// S3-05.
    #[test]
    fn holidays_differ_by_division() {
        use Division::{EnglandAndWales as E, NorthernIreland as N, Scotland as S};
        for (day, held_in) in [
            ("2026-06-15", vec![S]),
            ("2027-01-04", vec![S]),
            ("2027-03-17", vec![N]),
            ("2027-12-27", vec![E, S, N]),
            ("2027-03-29", vec![E, N]),
            ("2027-03-30", vec![]),
        ] {
            let found: Vec<_> = [E, S, N]
                .into_iter()
                .filter(|d| calendar(*d).is_holiday(date(day)))
                .collect();
            assert_eq!(found, held_in, "{day}");
        }
        assert_eq!(
            BankHolidays::shipped().last_known(E),
            Some(date("2028-12-26"))
        );
    }

    #[test]
    fn the_switch_turns_off_bank_holidays_but_not_own_dates() {
        let own = OwnHolidays::try_from(vec![date("2027-05-05")]).unwrap();
        let off = HolidayCalendar {
            uk_bank_holidays: false,
            custom_holidays: own,
            ..HolidayCalendar::default()
        };
        assert!(!off.is_holiday(date("2027-12-27")));
        assert!(off.is_holiday(date("2027-05-05")));
        assert_eq!(off.bank_holiday(date("2027-12-27")), None);
        assert!(
            calendar(Division::Scotland)
                .bank_holiday(date("2027-12-27"))
                .is_some()
        );
    }

    /// S3-05.
    #[test]
    fn the_fifty_first_own_date_is_refused() {
        let dates: Vec<_> = date("2027-01-01").iter_days().take(51).collect();
        assert!(OwnHolidays::try_from(dates[..50].to_vec()).is_ok());
        assert_eq!(
            OwnHolidays::try_from(dates.clone()),
            Err(HolidayError::TooManyDates)
        );
        assert!(serde_json::from_value::<OwnHolidays>(serde_json::json!(dates)).is_err());
        let repeated: Vec<_> = std::iter::repeat_n(dates[0], 60).collect();
        assert_eq!(OwnHolidays::try_from(repeated).unwrap().iter().count(), 1);
    }

    #[test]
    fn data_that_lacks_a_division_is_refused() {
        assert!(BankHolidays::parse(SHIPPED).is_ok());
        assert_eq!(BankHolidays::parse("{}"), Err(HolidayError::BadData));
        assert_eq!(
            BankHolidays::parse(r#"{"scotland":{"2026-06-15":"x"}}"#),
            Err(HolidayError::BadData)
        );
        assert_eq!(BankHolidays::parse("[]"), Err(HolidayError::BadData));
    }
}
