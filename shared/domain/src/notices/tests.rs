use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::{America::New_York, Europe::London, Tz};
use uuid::Uuid;

use super::*;
use crate::bookings::Calendar;
use crate::calling::pause::PauseReason;
use crate::calling::session::{Action, Outcome};
use crate::contact::AttentionReason;
use crate::ids::{AppointmentId, CampaignId, ContactId, SessionId, UserId};

fn settled(outcome: Outcome, change: Option<Change>) -> Happening {
    Happening::CallSettled {
        contact: ContactId::new(Uuid::from_u128(1)),
        session: SessionId::new(Uuid::from_u128(2)),
        outcome: Some(outcome),
        change,
    }
}

fn changed(change: Change) -> Happening {
    Happening::AppointmentChanged {
        contact: ContactId::new(Uuid::from_u128(1)),
        appointment: AppointmentId::new(Uuid::from_u128(3)),
        change,
    }
}

/// Something that each switch is about, and that no other switch of its channel is about.
fn example(switch: Switch) -> Happening {
    let user = UserId::new(Uuid::from_u128(4));
    match switch {
        Switch::AccountUpdates => Happening::NewSignIn { user },
        Switch::SystemMaintenance => Happening::Maintenance,
        Switch::FeatureAnnouncements => Happening::FeatureAnnounced,
        Switch::CallCompletion => settled(Outcome::Answered, None),
        Switch::AppointmentConfirmations => changed(Change::Confirmed),
        Switch::CancellationAlerts => changed(Change::Cancelled),
        Switch::CustomReports => Happening::ReportReady { user },
        Switch::CriticalSystemAlerts => Happening::CallingPaused {
            reason: PauseReason::PaymentNeeded,
        },
        Switch::HighVolumeCallFailures => Happening::CallingPaused {
            reason: PauseReason::TechnicalFailures,
        },
        Switch::UsageLimitAlerts => Happening::UsageLimit {
            limit: Limit::CallsOfTheDay,
            percent: 80,
        },
        Switch::CallStatusUpdates => Happening::CampaignEnded {
            campaign: CampaignId::new(Uuid::from_u128(5)),
        },
        Switch::ContactConfirmations => changed(Change::Confirmed),
        Switch::SystemPerformance => Happening::IntegrationFailing {
            calendar: Calendar::Calcom,
        },
    }
}

fn uses(channels: Channels, channel: Channel) -> bool {
    match channel {
        Channel::Email => channels.email,
        Channel::Sms => channels.sms,
        Channel::InApp => channels.in_app,
    }
}

/// S3-41, over every switch: on opens its channel, off closes it, and what guards the account cannot be off.
#[test]
fn every_switch_decides_its_channel_and_the_locked_one_is_always_on() {
    for switch in Switch::ALL {
        let happening = example(switch);
        let mut all_off = NoticeSettings::default();
        for other in Switch::ALL {
            other.set(&mut all_off, false);
        }
        all_off.sms.enable_sms = true;
        let mut on = all_off;
        switch.set(&mut on, true);
        assert!(
            uses(on.channels(&happening, true), switch.channel()),
            "{switch:?}"
        );
        let off = all_off.channels(&happening, true);
        assert_eq!(
            uses(off, switch.channel()),
            switch.is_locked(),
            "{switch:?}"
        );
        assert_eq!(off.any(), switch.is_locked(), "{switch:?}");
        // Everything else on and this one off: still nothing on its channel.
        let mut others = NoticeSettings::default();
        for other in Switch::ALL {
            other.set(&mut others, other != switch);
        }
        others.sms.enable_sms = true;
        assert_eq!(
            uses(others.channels(&happening, true), switch.channel()),
            switch.is_locked(),
            "{switch:?}"
        );
    }
}

#[test]
fn alerts_by_sms_need_a_number_and_the_main_switch() {
    let critical = example(Switch::CriticalSystemAlerts);
    let mut settings = NoticeSettings::default();
    assert!(!settings.channels(&critical, true).sms);
    settings.sms.enable_sms = true;
    assert!(settings.channels(&critical, true).sms);
    assert!(!settings.channels(&critical, false).sms);
}

#[test]
fn the_defaults_are_those_of_the_specification() {
    let by_default: Vec<&str> = Switch::ALL
        .into_iter()
        .filter(|switch| switch.is_on(&NoticeSettings::default()))
        .map(Switch::as_str)
        .collect();
    assert_eq!(
        by_default,
        [
            "account_updates",
            "system_maintenance",
            "feature_announcements",
            "call_completion_notifications",
            "cancellation_alerts",
            "custom_report_notifications",
            "critical_system_alerts",
            "high_volume_call_failures",
            "call_status_updates",
            "contact_confirmations",
        ]
    );
    assert!(!NoticeSettings::default().wants_any_summary());
    assert!(!NoticeSettings::default().sms.enable_sms);
}

#[test]
fn each_choice_about_calls_takes_its_calls() {
    let calls = [
        settled(Outcome::Answered, None),
        settled(Outcome::NoAnswer, None),
        settled(Outcome::Failed, None),
    ];
    let mailed = |choice: CallCompletion| {
        let mut settings = NoticeSettings::default();
        settings.email.call_completion_notifications = choice;
        calls
            .iter()
            .filter(|call| settings.channels(call, false).email)
            .count()
    };
    assert_eq!(CallCompletion::ALL.map(mailed), [0, 2, 3, 0]);
    let mut summary_only = NoticeSettings::default();
    summary_only.email.call_completion_notifications = CallCompletion::SummaryOnly;
    assert!(summary_only.wants(Summary::Daily) && !summary_only.wants(Summary::Weekly));
}

/// A call that confirmed is one thing to tell, though three switches ask for it.
#[test]
fn one_thing_is_told_once_on_a_channel() {
    let mut settings = NoticeSettings::default();
    settings.email.call_completion_notifications = CallCompletion::AllOutcomes;
    settings.email.appointment_confirmations = true;
    let channels = settings.channels(&settled(Outcome::Answered, Some(Change::Confirmed)), true);
    assert_eq!(
        channels,
        Channels {
            email: true,
            sms: false,
            in_app: true
        }
    );
}

/// Nothing that staff are told can hold more than the strictest level allows: the words are fixed.
#[test]
fn what_is_told_holds_no_more_than_ids_and_fixed_words() {
    let all = Switch::ALL.map(example);
    for happening in all {
        let topic = happening.topic();
        assert!(topic.sentence().ends_with('.'));
        let text = serde_json::to_value(topic).unwrap();
        assert_eq!(text, topic.as_str());
        let kept = serde_json::to_value(happening).unwrap();
        assert_eq!(
            serde_json::from_value::<Happening>(kept).unwrap(),
            happening
        );
    }
    let attention = Happening::NeedsAttention {
        contact: ContactId::new(Uuid::from_u128(1)),
        reason: AttentionReason::NO_PHONE,
    };
    let kept = serde_json::to_value(attention).unwrap();
    assert_eq!(
        serde_json::from_value::<Happening>(kept).unwrap(),
        attention
    );
    assert_eq!(attention.reason(), Some("no_phone"));
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn summaries_go_out_at_nine_where_the_business_is_over_clock_changes() {
    // The clocks go forward on 28 March 2027 in London, on 14 March in New York.
    let nine = |zone: Tz, date: &str| Summary::instant(zone, day(date));
    assert_eq!(nine(London, "2027-03-27"), at("2027-03-27T09:00:00Z"));
    assert_eq!(nine(London, "2027-03-28"), at("2027-03-28T08:00:00Z"));
    assert_eq!(nine(New_York, "2027-03-13"), at("2027-03-13T14:00:00Z"));
    assert_eq!(nine(New_York, "2027-03-14"), at("2027-03-14T13:00:00Z"));
    // The day before a change forward has 23 hours, the one before a change back 25.
    let hours = |date: &str| {
        let (from, until) = Summary::Daily.span(London, day(date));
        (until - from).num_hours()
    };
    assert_eq!(
        [
            hours("2027-03-28"),
            hours("2027-03-29"),
            hours("2027-11-01")
        ],
        [24, 23, 25]
    );
}

#[test]
fn each_day_each_monday_each_first_has_one_and_they_leave_nothing_out() {
    for summary in Summary::ALL {
        for zone in [London, New_York, chrono_tz::Pacific::Apia] {
            let mut now = at("2026-12-20T00:00:00Z");
            let mut last: Option<NaiveDate> = None;
            while now < at("2028-01-10T00:00:00Z") {
                let next = summary.next_day(zone, now);
                assert!(Summary::instant(zone, next) > now);
                assert_eq!(summary.day_from(next), next);
                if let Some(last) = last.filter(|last| *last != next) {
                    assert_eq!(
                        summary.span(zone, next).0,
                        summary.span(zone, last).1,
                        "{next}"
                    );
                }
                last = Some(next);
                now += TimeDelta::hours(7);
            }
        }
    }
    assert_eq!(
        Summary::Weekly.period(day("2027-03-29")),
        (day("2027-03-22"), day("2027-03-29"))
    );
    assert_eq!(
        Summary::Monthly.period(day("2027-03-01")),
        (day("2027-02-01"), day("2027-03-01"))
    );
    assert_eq!(
        Summary::Monthly.day_from(day("2027-12-02")),
        day("2028-01-01")
    );
}

/// Somebody who counts up to a limit is told once that it is near and once that it is reached.
#[test]
fn a_limit_is_near_once_and_reached_once() {
    for (of, expected) in [
        (300, vec![(240, 80), (300, 100)]),
        (1_000, vec![(800, 80), (1_000, 100)]),
        (7, vec![(6, 80), (7, 100)]),
        (2, vec![(2, 100)]),
        (1, vec![(1, 100)]),
        (0, vec![]),
    ] {
        let told = |used| Limit::reached(used, of).map(|percent| (used, percent));
        let found: Vec<_> = (1..=of + 5).filter_map(told).collect();
        assert_eq!(found, expected, "{of}");
    }
    assert_eq!(Limit::reached(u32::MAX, u32::MAX), Some(100));
}

#[test]
fn figures_count_each_call_once() {
    let mut figures = Figures::default();
    assert_eq!(figures.answered_percent(), None);
    figures.count(Outcome::Answered, Action::Confirmed);
    figures.count(Outcome::Answered, Action::Rescheduled);
    figures.count(Outcome::NoAnswer, Action::NoAction);
    assert_eq!(
        (figures.calls, figures.answered, figures.no_answer),
        (3, 2, 1)
    );
    assert_eq!((figures.confirmed, figures.rescheduled), (1, 1));
    assert_eq!(figures.answered_percent(), Some(67));
}
