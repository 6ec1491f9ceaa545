//! The planner against an oracle that knows nothing of intervals: it walks every minute and asks a clock.
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use proptest::prelude::*;
use vio_domain::calendar::{
    CallHours, CallingZone, Division, HolidayCalendar, OwnHolidays, PermittedWindows,
    PreferredTime, TimeOfDay,
};
use vio_domain::planner::{CallWindow, NoCallReason, Plan, PlanInput, plan};

const ZONES: [Tz; 9] = [
    Tz::Europe__London,
    Tz::America__New_York,
    Tz::America__St_Johns,
    Tz::Asia__Kathmandu,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Apia,
    Tz::Pacific__Chatham,
    Tz::Africa__Casablanca,
    Tz::UTC,
];

/// Instants near which clocks or calendars change: London, New York, St John's, Lord Howe, Apia's lost day and its
/// clocks, Casablanca's Ramadan, the turns of years and months, a leap day, a bank holiday.
const MOMENTS: [&str; 14] = [
    "2027-03-28T01:00:00Z",
    "2027-10-31T01:00:00Z",
    "2027-03-14T07:00:00Z",
    "2027-11-07T06:00:00Z",
    "2027-03-14T05:30:00Z",
    "2027-04-03T15:00:00Z",
    "2027-10-02T15:30:00Z",
    "2011-12-30T10:00:00Z",
    "2012-03-31T14:00:00Z",
    "2027-02-07T02:00:00Z",
    "2027-12-31T23:30:00Z",
    "2026-12-25T12:00:00Z",
    "2028-02-29T12:00:00Z",
    "2027-05-31T08:00:00Z",
];

/// England's bank holidays near those instants, written down by hand.
const HOLIDAYS: [&str; 9] = [
    "2026-12-25",
    "2026-12-28",
    "2027-01-01",
    "2027-03-26",
    "2027-03-29",
    "2027-05-31",
    "2027-12-27",
    "2027-12-28",
    "2028-01-03",
];

type Wish = Option<(NaiveTime, NaiveTime)>;

#[derive(Debug, Clone)]
struct Case {
    appointment: DateTime<Utc>,
    now: DateTime<Utc>,
    booked_at: Option<DateTime<Utc>>,
    call_before_hours: i64,
    notice_minutes: i64,
    start: u16,
    end: u16,
    weekends: bool,
    holidays: bool,
    own_days: Vec<NaiveDate>,
    preferred: &'static str,
    own_zone: Option<Tz>,
    page_zone: Option<Tz>,
    tenant_zone: Tz,
}

fn zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(ZONES.to_vec())
}

prop_compose! {
    fn times()(
        moment in prop::sample::select(MOMENTS.to_vec()),
        after in -2_000i64..6_000,
        seconds in prop_oneof![Just(0i64), 0i64..60],
        lead in prop_oneof![3 => 0i64..600, 2 => 600i64..12_000, 1 => 0i64..40],
        lead_seconds in prop_oneof![Just(0i64), 0i64..60],
        waited in prop_oneof![3 => Just(0i64), 2 => 0i64..12_500],
        import in prop::bool::weighted(0.2),
    ) -> (DateTime<Utc>, DateTime<Utc>, Option<DateTime<Utc>>) {
        let appointment = moment.parse::<DateTime<Utc>>().unwrap() + Duration::minutes(after);
        let booked = appointment - Duration::minutes(lead) - Duration::seconds(lead_seconds);
        let now = booked + Duration::minutes(waited) + Duration::seconds(seconds);
        (appointment, now, (!import).then_some(booked))
    }
}

prop_compose! {
    fn cases()(
        (appointment, now, booked_at) in times(),
        call_before_hours in prop_oneof![1i64..6, Just(24i64), 1i64..=168],
        notice_minutes in prop_oneof![Just(120i64), 0i64..600],
        (start, length) in prop_oneof![
            Just((480u16, 720u16)),
            (0u16..1440, 1u16..1440),
            (0u16..1440, 1u16..30),
        ],
        weekends in any::<bool>(),
        holidays in any::<bool>(),
        own_days in prop::collection::vec(-3i64..4, 0..3),
        preferred in prop::sample::select(vec![
            "anytime", "anytime", "morning", "afternoon", "evening", "01:30-02:15", "10:00-10:10", "00:00-24:00",
        ]),
        own_zone in prop::option::of(zone()),
        page_zone in prop::option::of(zone()),
        tenant_zone in zone(),
    ) -> Case {
        let own_days = own_days.into_iter().map(|day| (appointment + Duration::days(day)).date_naive()).collect();
        Case {
            appointment, now, booked_at, call_before_hours, notice_minutes,
            start, end: (start + length).min(1440),
            weekends, holidays, own_days, preferred, own_zone, page_zone, tenant_zone,
        }
    }
}

/// The oracle.
impl Case {
    /// Reads a clock on the wall.
    fn clock_permits(&self, minute: DateTime<Utc>, zone: Tz, wish: Wish) -> bool {
        let local = zone.from_utc_datetime(&minute.naive_utc()).naive_local();
        let time = local.time();
        let of_day = (time - NaiveTime::MIN).num_minutes();
        let in_hours = i64::from(self.start) <= of_day && of_day < i64::from(self.end);
        let in_wish =
            wish.is_none_or(|(from, to)| from <= time && (to == NaiveTime::MIN || time < to));
        let weekend = local.weekday() == Weekday::Sat || local.weekday() == Weekday::Sun;
        let holiday = HOLIDAYS.contains(&local.date().to_string().as_str())
            || self.own_days.contains(&local.date());
        in_hours && in_wish && (self.weekends || !weekend) && (self.holidays || !holiday)
    }

    fn permits(&self, minute: DateTime<Utc>, wish: Wish) -> bool {
        match (self.own_zone, self.page_zone) {
            (Some(own), _) => self.clock_permits(minute, own, wish),
            (None, Some(page)) => {
                self.clock_permits(minute, page, wish)
                    && self.clock_permits(minute, self.tenant_zone, None)
            }
            (None, None) => self.clock_permits(minute, self.tenant_zone, wish),
        }
    }

    fn wish(&self) -> Wish {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        let (from, to) = match self.preferred {
            "anytime" | "00:00-24:00" => return None,
            "morning" => ("00:00", "12:00"),
            "afternoon" => ("12:00", "17:00"),
            "evening" => ("17:00", "00:00"),
            range => range.split_once('-').unwrap(),
        };
        Some((time(from), time(to)))
    }

    /// Every permitted whole minute of `[from, to)`.
    fn minutes(&self, from: DateTime<Utc>, to: DateTime<Utc>, wish: Wish) -> Vec<DateTime<Utc>> {
        let mut minute = Utc
            .timestamp_opt(from.timestamp() - from.timestamp() % 60, 0)
            .unwrap();
        let mut found = Vec::new();
        while minute + Duration::minutes(1) <= to {
            if minute >= from && self.permits(minute, wish) {
                found.push(minute);
            }
            minute += Duration::minutes(1);
        }
        found
    }

    fn expected(&self) -> Plan {
        let Case {
            appointment, now, ..
        } = *self;
        if appointment <= now {
            return Plan::NoCall(NoCallReason::AppointmentPassed);
        }
        let before = Duration::hours(self.call_before_hours);
        let mut start = std::cmp::max(appointment - before, now);
        let mut floor = now;
        let mut notice = std::cmp::min(Duration::minutes(self.notice_minutes), before / 2);
        if let Some(booked) = self.booked_at {
            let lead = appointment - booked;
            if lead < Duration::minutes(30) {
                return Plan::NoCall(NoCallReason::LeadTooShort);
            }
            start = std::cmp::max(start, booked + std::cmp::min(Duration::hours(2), lead / 2));
            floor = std::cmp::max(floor, booked + Duration::minutes(10));
            notice = std::cmp::min(notice, lead / 4);
        }
        let end = appointment - notice;
        let wish = self
            .wish()
            .filter(|wish| !self.minutes(start, end, Some(*wish)).is_empty());
        let mut window = self.minutes(start, end, wish);
        if window.len() < 15 {
            let mut minutes = self.minutes(floor, end, wish);
            window = minutes.split_off(minutes.len().saturating_sub(60));
        }
        match (window.first(), window.last()) {
            (Some(first), Some(last)) => Plan::Window(CallWindow {
                due: *first,
                latest: *last + Duration::minutes(1),
            }),
            _ => Plan::NoWindow,
        }
    }
}

/// What is under test.
impl Case {
    fn hours(&self) -> CallHours {
        let time = |minute: u16| TimeOfDay::new(minute / 60, minute % 60).unwrap();
        CallHours::new(
            time(self.start),
            time(self.end),
            self.weekends,
            self.holidays,
        )
        .unwrap()
    }

    fn calendar(&self) -> HolidayCalendar {
        HolidayCalendar {
            uk_bank_holidays: true,
            division: Division::EnglandAndWales,
            custom_holidays: OwnHolidays::try_from(self.own_days.clone()).unwrap(),
        }
    }

    fn zone(&self) -> CallingZone {
        CallingZone::resolve(self.own_zone, self.page_zone, self.tenant_zone)
    }

    fn planned(&self) -> Plan {
        let calendar = self.calendar();
        plan(&PlanInput {
            now: self.now,
            appointment: self.appointment,
            booked_at: self.booked_at,
            call_before: Duration::hours(self.call_before_hours),
            minimum_notice: Duration::minutes(self.notice_minutes),
            permitted: PermittedWindows::new(self.hours(), &calendar, self.zone()),
            preferred: self.preferred.parse().unwrap(),
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_plan_is_the_oracles(case in cases()) {
        prop_assert_eq!(case.planned(), case.expected());
    }

    #[test]
    fn the_intervals_are_the_permitted_minutes(case in cases(), hours in 1i64..120) {
        let calendar = case.calendar();
        let preferred: PreferredTime = case.preferred.parse().unwrap();
        let permitted = PermittedWindows::new(case.hours(), &calendar, case.zone()).narrowed(preferred);
        let from = case.appointment - Duration::hours(hours);
        let to = case.appointment + Duration::hours(hours);

        let intervals: Vec<_> = permitted.iter(from, to).collect();
        for pair in intervals.windows(2) {
            prop_assert!(pair[0].end < pair[1].start, "touching or out of order: {:?}", pair);
        }
        let mut minutes = Vec::new();
        for interval in &intervals {
            prop_assert!(interval.start < interval.end);
            let mut minute = interval.start;
            while minute < interval.end {
                minutes.push(minute);
                minute += Duration::minutes(1);
            }
        }
        let expected = case.minutes(from, to, case.wish());
        prop_assert_eq!(&minutes, &expected);
        if let Some(first) = expected.first() {
            prop_assert_eq!(permitted.next_permitted(from), Some(*first));
        }
        let mut minute = from;
        while minute < to {
            let inside = expected.binary_search(&minute).is_ok();
            prop_assert_eq!(permitted.is_permitted(minute + Duration::seconds(59)), inside);
            minute += Duration::minutes(7);
        }
    }
}
