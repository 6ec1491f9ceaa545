//! Call hours, opening hours and holidays as S3 writes them, shown under call settings and under the business alike.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::calendar::{
    BankHolidays, CallHours, DayHours, Division, HolidayCalendar, HolidayError, OperatingSchedule,
    TimeOfDay,
};
use vio_domain::error::Invalid;
use vio_http::Fields;

use vio_http::Patch;

/// When calls may be made, read in each contact's own zone.
#[derive(Serialize, ToSchema)]
pub(crate) struct CallHoursView {
    #[schema(example = "08:00")]
    start_time: String,
    /// Itself not permitted any more.
    #[schema(example = "20:00")]
    end_time: String,
    #[schema(example = false)]
    weekend_calling: bool,
    #[schema(example = false)]
    holiday_calling: bool,
}

impl From<CallHours> for CallHoursView {
    fn from(hours: CallHours) -> Self {
        Self {
            start_time: hours.start().to_string(),
            end_time: hours.end().to_string(),
            weekend_calling: hours.weekends(),
            holiday_calling: hours.holidays(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct CallHoursPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "08:00")]
    start_time: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "20:00")]
    end_time: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    weekend_calling: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    holiday_calling: Patch<bool>,
}

const TIME: (&str, &str) = (
    "invalid_time",
    "A time of day is written HH:MM, from 00:00 to 24:00.",
);

fn time(text: &str) -> Result<TimeOfDay, (&'static str, &'static str)> {
    text.parse().map_err(|_| TIME)
}

impl CallHoursPatch {
    /// Applies the fields that are given.
    pub(crate) fn apply(&self, fields: &mut Fields, pointer: &str, hours: &mut CallHours) {
        let (mut start, mut end) = (hours.start(), hours.end());
        let (mut weekends, mut holidays) = (hours.weekends(), hours.holidays());
        let at = |field: &str| format!("{pointer}/{field}");
        self.start_time
            .put(fields, &at("start_time"), &mut start, |t| time(t));
        self.end_time
            .put(fields, &at("end_time"), &mut end, |t| time(t));
        self.weekend_calling
            .copy(fields, &at("weekend_calling"), &mut weekends);
        self.holiday_calling
            .copy(fields, &at("holiday_calling"), &mut holidays);
        let new = CallHours::new(start, end, weekends, holidays)
            .map_err(|_| ("end_before_start", "Call hours must start before they end."));
        if let Some(new) = fields.take(&at("end_time"), new) {
            *hours = new;
        }
    }
}

/// Which days are holidays.
#[derive(Serialize, ToSchema)]
pub(crate) struct HolidaysView {
    uk_bank_holidays: bool,
    /// Whose bank holidays: `england-and-wales`, `scotland` or `northern-ireland`.
    #[schema(value_type = String, example = "england-and-wales")]
    division: Division,
    /// The business's own dates, at most 50.
    #[schema(example = json!(["2026-12-24"]))]
    custom_holidays: Vec<NaiveDate>,
    /// The bank holidays of the division that are known, whether they count or not.
    bank_holidays: Vec<BankHolidayView>,
}

/// A bank holiday.
#[derive(Serialize, ToSchema)]
#[schema(as = BankHoliday)]
pub(crate) struct BankHolidayView {
    #[schema(value_type = String, format = Date, example = "2026-12-25")]
    date: NaiveDate,
    #[schema(example = "Christmas Day")]
    title: &'static str,
}

impl From<&HolidayCalendar> for HolidaysView {
    fn from(calendar: &HolidayCalendar) -> Self {
        Self {
            uk_bank_holidays: calendar.uk_bank_holidays,
            division: calendar.division,
            custom_holidays: calendar.custom_holidays.iter().collect(),
            bank_holidays: BankHolidays::shipped()
                .of(calendar.division)
                .map(|(date, title)| BankHolidayView { date, title })
                .collect(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct HolidaysPatch {
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    uk_bank_holidays: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "scotland")]
    division: Patch<Division>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, example = json!(["2026-12-24"]))]
    custom_holidays: Patch<Vec<String>>,
}

impl HolidaysPatch {
    /// Applies the fields that are given. The list of dates is replaced as a whole.
    pub(crate) fn apply(&self, fields: &mut Fields, pointer: &str, calendar: &mut HolidayCalendar) {
        let at = |field: &str| format!("{pointer}/{field}");
        let banks = &mut calendar.uk_bank_holidays;
        self.uk_bank_holidays
            .copy(fields, &at("uk_bank_holidays"), banks);
        self.division
            .copy(fields, &at("division"), &mut calendar.division);
        let list = at("custom_holidays");
        let texts = match &self.custom_holidays {
            Patch::Keep => return,
            Patch::Clear => &Vec::new(),
            Patch::Set(texts) => texts,
        };
        let mut dates = BTreeSet::new();
        for (index, text) in texts.iter().enumerate() {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d");
            let fault = ("invalid_date", "A date is written YYYY-MM-DD.");
            dates.extend(fields.take(&format!("{list}/{index}"), date.map_err(|_| fault)));
        }
        let whole = Vec::from_iter(dates).try_into();
        let whole =
            whole.map_err(|error: HolidayError| Invalid::new("too_many", format!("List {error}.")));
        if let Some(whole) = fields.take(&list, whole) {
            calendar.custom_holidays = whole;
        }
    }
}

/// One weekday's opening.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DayView {
    #[schema(example = "09:00")]
    open: String,
    #[schema(example = "17:00")]
    close: String,
    closed: bool,
}

/// Opening hours by weekday, on the business's own clock. Appointments outside them are accepted with a warning.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ScheduleView {
    monday: DayView,
    tuesday: DayView,
    wednesday: DayView,
    thursday: DayView,
    friday: DayView,
    saturday: DayView,
    sunday: DayView,
}

/// The schedule in the form in which it is shown: the domain's own.
pub(crate) fn schedule(schedule: &OperatingSchedule) -> Option<ScheduleView> {
    let value = serde_json::to_value(schedule).ok()?;
    serde_json::from_value(value).ok()
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct DayPatch {
    #[serde(default)]
    #[schema(example = "09:00")]
    open: Option<String>,
    #[serde(default)]
    #[schema(example = "17:00")]
    close: Option<String>,
    #[serde(default)]
    closed: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct SchedulePatch {
    #[serde(default)]
    monday: Option<DayPatch>,
    #[serde(default)]
    tuesday: Option<DayPatch>,
    #[serde(default)]
    wednesday: Option<DayPatch>,
    #[serde(default)]
    thursday: Option<DayPatch>,
    #[serde(default)]
    friday: Option<DayPatch>,
    #[serde(default)]
    saturday: Option<DayPatch>,
    #[serde(default)]
    sunday: Option<DayPatch>,
}

impl SchedulePatch {
    /// Applies the days that are given.
    pub(crate) fn apply(
        &self,
        fields: &mut Fields,
        pointer: &str,
        schedule: &mut OperatingSchedule,
    ) {
        let days = [
            ("monday", &self.monday, &mut schedule.monday),
            ("tuesday", &self.tuesday, &mut schedule.tuesday),
            ("wednesday", &self.wednesday, &mut schedule.wednesday),
            ("thursday", &self.thursday, &mut schedule.thursday),
            ("friday", &self.friday, &mut schedule.friday),
            ("saturday", &self.saturday, &mut schedule.saturday),
            ("sunday", &self.sunday, &mut schedule.sunday),
        ];
        for (name, patch, day) in days {
            if let Some(patch) = patch {
                patch.apply(fields, &format!("{pointer}/{name}"), day);
            }
        }
    }
}

impl DayPatch {
    fn apply(&self, fields: &mut Fields, pointer: &str, day: &mut DayHours) {
        let stored = serde_json::to_value(*day).unwrap_or_default();
        let text = |given: &Option<String>, name: &str| {
            let stored = || stored[name].as_str().unwrap_or_default().to_owned();
            given.clone().unwrap_or_else(stored)
        };
        let open = fields.take(&format!("{pointer}/open"), time(&text(&self.open, "open")));
        let close = fields.take(
            &format!("{pointer}/close"),
            time(&text(&self.close, "close")),
        );
        let closed = self.closed.or(stored["closed"].as_bool()).unwrap_or(false);
        let (Some(open), Some(close)) = (open, close) else {
            return;
        };
        let new = DayHours::new(open, close, closed).map_err(|_| {
            (
                "close_before_open",
                "The business must open before it closes; mark the day as closed if it does not open.",
            )
        });
        if let Some(new) = fields.take(&format!("{pointer}/close"), new) {
            *day = new;
        }
    }
}
