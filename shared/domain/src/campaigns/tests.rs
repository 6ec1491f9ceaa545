use std::collections::HashMap;

use chrono_tz::Europe::London;
use proptest::prelude::*;
use uuid::Uuid;

use super::forecast::{Foreseen, Pace, Standing, USUAL_CALL, Waiting, foresee, last};
use super::*;
use crate::calendar::{CallHours, HolidayCalendar, PermittedWindows};
use crate::calling::abuse::blocked_until;
use crate::calling::gate::Gate;
use crate::calling::guards::{IN_FLIGHT_RECHECK, SettleReason};
use crate::calling::order::{Band, Priority, QueueItem};
use crate::calling::session::{
    Analysis, CallSession, CancelReason, Ended, Method, Outcome, PlacedCall, Report, SessionState,
    Status,
};
use crate::ids::{AttemptId, ContactId, SessionId};

fn at(text: &str) -> DateTime<Utc> {
    format!("2027-01-{text}Z").parse().unwrap()
}

fn user() -> UserId {
    UserId::new(Uuid::from_u128(7))
}

fn config(timing: Timing) -> Config {
    Config {
        timing,
        interval: None,
        replace_message: false,
        hours_before: None,
        priority: Priority::Normal,
    }
}

fn campaign(total: u32, starts_at: &str) -> Campaign {
    Campaign::new(
        CampaignId::new(Uuid::from_u128(1)),
        TenantId::new(Uuid::from_u128(2)),
        Source::Selection,
        config(Timing::Immediate),
        user(),
        at("07T09:00:00"),
        at(starts_at),
        total,
    )
}

fn over(minutes: u32) -> Timing {
    Timing::Staggered {
        over: minutes.try_into().unwrap(),
    }
}

#[test]
fn it_is_prepared_waits_calls_and_completes() {
    let mut one = campaign(70, "07T10:00:00");
    assert_eq!(
        (one.state, one.look_at),
        (State::Preparing, Some(at("07T09:00:00")))
    );
    one.looked_at(40, 38, at("07T09:00:01"));
    assert_eq!(one.state, State::Preparing);
    one.looked_at(40, 30, at("07T09:00:02"));
    assert_eq!((one.judged, one.callable), (70, 68));
    assert_eq!(
        (one.state, one.look_at),
        (State::Scheduled, Some(at("07T10:00:00")))
    );
    assert!(!one.begin(at("07T09:59:59")));
    assert!(!one.complete(at("07T09:59:59")));
    assert!(one.begin(at("07T10:00:00")));
    assert_eq!(one.state, State::Executing);
    assert!(one.complete(at("07T10:30:00")));
    assert_eq!(one.look_at, None);
    assert_eq!(one.pause(user(), at("07T11:00:00")), Err(Over));
    assert_eq!(one.resume(at("07T11:00:00")), Err(Over));
    assert_eq!(one.cancel(user(), at("07T11:00:00")), Err(Over));
    // With no instant of its own it calls as soon as it is prepared.
    let mut now = campaign(1, "07T08:00:00");
    now.looked_at(1, 1, at("07T09:00:01"));
    assert_eq!(now.state, State::Executing);
}

#[test]
fn a_pause_and_what_follows_it() {
    let now = at("07T09:30:00");
    let mut one = campaign(10, "07T09:00:00");
    assert_eq!(one.pause(user(), now), Ok(true));
    assert_eq!(one.pause(user(), now), Ok(false));
    assert!(one.take_back);
    // Its members go on being looked at, and it stays held.
    one.looked_at(10, 9, now);
    assert!(matches!(one.state, State::Paused { .. }));
    one.all_taken_back();
    assert_eq!(one.look_at, None);
    one.cursor = 9;
    assert_eq!(one.resume(now), Ok(true));
    assert_eq!(
        (one.state, one.cursor, one.look_at),
        (State::Executing, 0, Some(now))
    );
    assert_eq!(one.resume(now), Ok(false));
    assert_eq!(one.cancel(user(), now), Ok(true));
    assert_eq!(one.cancel(user(), now), Ok(false));
    assert_eq!(one.pause(user(), now), Err(Over));
    // One that was not prepared, or whose instant is to come, goes back there.
    let mut early = campaign(10, "07T10:00:00");
    early.pause(user(), now).unwrap();
    early.resume(now).unwrap();
    assert_eq!(early.state, State::Preparing);
    early.looked_at(10, 10, now);
    early.pause(user(), now).unwrap();
    early.resume(now).unwrap();
    assert_eq!(
        (early.state, early.look_at),
        (State::Scheduled, Some(at("07T10:00:00")))
    );
}

#[test]
fn its_pace() {
    let limits = CallLimits::default();
    let seconds =
        |config: Config, calls| config.pace(calls, &limits).map(|pace| pace.num_seconds());
    assert_eq!(seconds(config(Timing::Immediate), 60), None);
    // 60 in 15 minutes would be one in 15 s; the limit allows one in 36 s for long.
    assert_eq!(seconds(config(over(15)), 60), Some(36));
    assert_eq!(seconds(config(over(60)), 60), Some(60));
    assert_eq!(seconds(config(over(120)), 1), Some(7_200));
    assert_eq!(seconds(config(over(120)), 0), Some(7_200));
    let mut interval = config(Timing::Immediate);
    interval.interval = Some(5.try_into().unwrap());
    assert_eq!(seconds(interval, 60), Some(300));
    assert!(StaggerMinutes::try_from(45).is_err());
    assert!(IntervalMinutes::try_from(0).is_err() && IntervalMinutes::try_from(1_441).is_err());
    assert_eq!(
        interval.hand_over(3, &limits),
        HandOver::Paced(TimeDelta::minutes(5))
    );
    assert_eq!(
        config(Timing::Immediate).hand_over(3, &limits),
        HandOver::Ahead
    );
}

#[test]
fn with_a_pace_one_follows_the_other() {
    let (limits, now) = (CallLimits::default(), at("07T09:00:00"));
    let mut one = campaign(3, "07T09:00:00");
    one.config.interval = Some(5.try_into().unwrap());
    one.looked_at(3, 3, now);
    one.handed_over(0, now);
    assert_eq!(
        (one.outstanding, one.look_at),
        (Some(0), Some(now + LOOK_AGAIN))
    );
    one.turn_over(0, true, &limits, now);
    assert_eq!(one.outstanding, None);
    assert_eq!(one.look_at, Some(at("07T09:05:00")));
    one.handed_over(1, now);
    // Passed over: the next one need not wait.
    one.turn_over(1, false, &limits, at("07T09:05:00"));
    assert_eq!(one.look_at, Some(at("07T09:05:00")));
    // A late call of an earlier member moves the turn and keeps the place of the one handed over since.
    one.handed_over(2, now);
    one.turn_over(0, true, &limits, at("07T09:06:00"));
    assert_eq!(
        (one.outstanding, one.turn_at),
        (Some(2), Some(at("07T09:11:00")))
    );
}

#[test]
fn a_members_own_hour() {
    let mut config = config(Timing::Immediate);
    let starts = Some(at("09T10:00:00"));
    assert_eq!(config.not_before(starts), None);
    config.hours_before = Some(4.try_into().unwrap());
    assert_eq!(config.not_before(starts), Some(at("09T06:00:00")));
    assert_eq!(config.not_before(None), None);
}

fn session(state: SessionState) -> CallSession {
    CallSession {
        id: SessionId::new(Uuid::from_u128(3)),
        tenant: TenantId::new(Uuid::from_u128(2)),
        contact: ContactId::new(Uuid::from_u128(4)),
        appointment: None,
        campaign: None,
        method: Method::Campaign,
        due: at("07T09:00:00"),
        latest: None,
        refusals: 0,
        last_attempt: None,
        state,
    }
}

fn report(outcome: Outcome) -> Report {
    Report {
        call: PlacedCall {
            attempt: AttemptId::new(Uuid::from_u128(5)),
            provider_call_id: "call_1".into(),
            granted_at: at("07T09:00:00"),
            placed_at: at("07T09:00:01"),
        },
        ended: Ended {
            at: at("07T09:01:00"),
            reason: "user_hangup".into(),
            started_at: None,
        },
        outcome,
        technical: false,
        analysis: Some(Analysis::default()),
    }
}

#[test]
fn a_member_stands_where_its_session_does() {
    let attempt = AttemptId::new(Uuid::from_u128(5));
    let granted_at = at("07T09:00:00");
    let mut tally = Tally::default();
    for (state, over) in [
        (SessionState::Planned, false),
        (
            SessionState::Placing {
                attempt,
                granted_at,
            },
            false,
        ),
        (SessionState::Completed(report(Outcome::Answered)), true),
        (SessionState::Completed(report(Outcome::NoAnswer)), true),
        (SessionState::Failed(report(Outcome::Failed)), true),
        (SessionState::Refused { at: granted_at }, true),
        (
            SessionState::Cancelled {
                reason: CancelReason::Replanned,
                at: granted_at,
            },
            true,
        ),
    ] {
        let member = MemberState::of(&session(state));
        assert_eq!(member.is_over(), over, "{member:?}");
        assert_eq!(member.over_at().is_some(), over);
        tally.count(&member);
        // As stored and read again.
        let json = serde_json::to_value(&member).unwrap();
        assert_eq!(serde_json::from_value::<MemberState>(json).unwrap(), member);
    }
    tally.count(&MemberState::Waiting { not_before: None });
    tally.count(&MemberState::Skipped {
        reason: SettleReason::NoConsent.into(),
        at: granted_at,
        session: None,
    });
    assert_eq!(
        (tally.planned, tally.placing, tally.completed, tally.failed),
        (2, 1, 2, 2)
    );
    assert_eq!(
        (tally.remaining(), tally.skipped_in_all(), tally.answered),
        (3, 2, 1)
    );
    assert_eq!(tally.success_per_mille(), Some(250));
    // Under way, answered, not answered, failed; not what the provider refused.
    assert_eq!(tally.rung, 4);
    assert_eq!(tally.actions, [("no_action", 1)].into());
    assert_eq!(Tally::default().success_per_mille(), None);
    assert_eq!(tally.outcomes["failed"], 1);
    assert_eq!(tally.outcomes["unknown"], 1);
    let waiting = serde_json::to_value(MemberState::Waiting { not_before: None }).unwrap();
    assert_eq!(waiting["st"], MemberState::WAITING);
    let reasons =
        serde_json::to_value([SkipReason::CallInProgress, SettleReason::NoConsent.into()]);
    assert_eq!(
        reasons.unwrap(),
        serde_json::json!(["call_in_progress", "no_consent"])
    );
    let MemberState::Settled { result, .. } =
        MemberState::of(&session(SessionState::Failed(report(Outcome::Failed))))
    else {
        panic!("not settled");
    };
    assert_eq!(
        (result.status, result.error.as_deref()),
        (Status::Failed, Some("user_hangup"))
    );
    assert_eq!(result.call_id.as_deref(), Some("call_1"));
    assert_eq!(
        (result.granted_at, result.seconds),
        (Some(granted_at), None)
    );
}

fn always(holidays: &HolidayCalendar) -> PermittedWindows<'_> {
    PermittedWindows::new(CallHours::default(), holidays, London)
}

fn standing<'a>(
    gate: &'a Gate,
    limits: &'a CallLimits,
    now: DateTime<Utc>,
    paces: &'a [Pace],
) -> Standing<'a> {
    Standing {
        gate,
        limits,
        now,
        paces,
        ringing: &[],
        rung: &[],
        dialled: &[],
    }
}

fn item(n: u128, band: Band, due: DateTime<Utc>) -> QueueItem {
    QueueItem {
        band,
        due,
        latest: None,
        priority: Priority::Normal,
        session: SessionId::new(Uuid::from_u128(n)),
    }
}

#[test]
fn sixty_at_once_go_in_three_windows() {
    let holidays = HolidayCalendar::default();
    let (limits, now) = (CallLimits::default(), at("07T09:00:00"));
    let waiting: Vec<_> = (0..60)
        .map(|n| Waiting {
            item: item(n, Band::NormalCampaign, now),
            permitted: always(&holidays),
            pace: None,
            contact: None,
            phone: None,
            takes: None,
            behind: None,
        })
        .collect();
    let gate = Gate::new(London, 1);
    let found = foresee(standing(&gate, &limits, now, &[]), &waiting, 0, |_, _| None);
    let minute = |n: usize| match found[n] {
        Foreseen::At(at) => (at - now).num_seconds(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (minute(0), minute(24), minute(25), minute(49), minute(50)),
        (0, 0, 901, 901, 1_802)
    );
    assert_eq!(
        last(found.iter().copied()),
        Some(now + TimeDelta::seconds(1_802))
    );
    // Begun at half past seven in the evening, the rest is called in the morning.
    let evening = at("07T19:50:00");
    let found = foresee(
        standing(&gate, &limits, evening, &[]),
        &waiting,
        0,
        |_, _| None,
    );
    assert_eq!(last(found), Some(at("08T08:15:01")));
    // A pace spreads them, and those passed over take no turn.
    let paced: Vec<_> = waiting
        .iter()
        .map(|one| Waiting {
            pace: Some(0),
            ..*one
        })
        .collect();
    let pace = Pace {
        step: TimeDelta::minutes(2),
        turn_at: now,
    };
    let skip = |n: usize, _| (n % 2 == 1).then_some(SkipReason::CallInProgress);
    let found = foresee(standing(&gate, &limits, now, &[pace]), &paced, 0, skip);
    assert_eq!(found[1], Foreseen::Skipped(SkipReason::CallInProgress));
    assert_eq!(found[58], Foreseen::At(now + TimeDelta::minutes(58)));
    // While calling is paused nothing is known.
    let mut paused = gate;
    paused.pause(
        now,
        crate::calling::pause::PauseReason::Person,
        crate::calling::pause::PausedBy::System,
    );
    let found = foresee(standing(&paused, &limits, now, &[]), &waiting, 0, |_, _| {
        None
    });
    assert_eq!(last(found), None);
}

/// Twenty reminders are due, two slots free in a window. A campaign of all twenty takes the place of as many reminders
/// as it may have ready; the others are rung for their reminder first, and then passed over.
#[test]
fn nobody_is_rung_for_the_reminder_and_the_campaign() {
    let holidays = HolidayCalendar::default();
    let now = at("07T09:00:00");
    let limits = CallLimits::from_lookup(|name| {
        (name == crate::calling::limits::CALL_LIMIT).then(|| "2".to_owned())
    })
    .unwrap();
    let person = |n: u128| Some(ContactId::new(Uuid::from_u128(n)));
    let line = |n: u128, band, who, takes| Waiting {
        item: item(n, band, now),
        permitted: always(&holidays),
        pace: None,
        contact: person(who),
        phone: None,
        takes,
        behind: None,
    };
    let mut waiting: Vec<_> = (0..20).map(|n| line(n, Band::Reminder, n, None)).collect();
    waiting.extend((0..20).map(|n| {
        let reminder = usize::try_from(n).ok();
        line(100 + n, Band::NormalCampaign, n, reminder)
    }));
    let gate = Gate::new(London, 1);
    let found = foresee(standing(&gate, &limits, now, &[]), &waiting, 0, |_, _| None);
    // Four of the campaign's calls are ready; sixteen reminders go before them, two a window.
    let window = |n: i32| now + TimeDelta::seconds(901) * n;
    assert_eq!(found[4..6], [Foreseen::At(now); 2]);
    assert_eq!(found[18..20], [Foreseen::At(window(7)); 2]);
    assert_eq!(found[20..22], [Foreseen::At(window(8)); 2]);
    assert_eq!(found[22..24], [Foreseen::At(window(9)); 2]);
    assert_eq!(found[..4], found[20..24]);
    let recently = Foreseen::Skipped(SettleReason::CalledRecently.into());
    assert!(found[24..].iter().all(|one| *one == recently));
}

/// Somebody is in two campaigns. The one of higher priority waits until the other, which has handed their call over, has
/// rung them, and passes them over then; whoever comes after them in it goes first.
#[test]
fn a_campaign_waits_for_the_call_of_another() {
    let holidays = HolidayCalendar::default();
    let now = at("07T09:00:00");
    let limits = CallLimits::from_lookup(|name| {
        (name == crate::calling::limits::CALL_LIMIT).then(|| "2".to_owned())
    })
    .unwrap();
    let line = |n: u128, band, pace, who, behind| Waiting {
        item: item(n, band, now),
        permitted: always(&holidays),
        pace,
        contact: Some(ContactId::new(Uuid::from_u128(who))),
        phone: None,
        takes: None,
        behind,
    };
    let waiting = [
        line(0, Band::NormalCampaign, None, 1, None),
        line(1, Band::NormalCampaign, None, 2, None),
        line(2, Band::HighCampaign, Some(0), 1, Some(0)),
        line(3, Band::HighCampaign, Some(0), 3, None),
        line(4, Band::HighCampaign, Some(0), 4, None),
    ];
    let paces = [Pace {
        step: TimeDelta::minutes(4),
        turn_at: now,
    }];
    let gate = Gate::new(London, 1);
    let found = foresee(
        standing(&gate, &limits, now, &paces),
        &waiting,
        0,
        |_, _| None,
    );
    let next = now + TimeDelta::seconds(901);
    let recently = Foreseen::Skipped(SettleReason::CalledRecently.into());
    let expected = [
        Foreseen::At(now),
        Foreseen::At(next),
        recently,
        Foreseen::At(now),
        Foreseen::At(next),
    ];
    assert_eq!(found, expected);
}

/// Two people have one number, and a business has two slots left for the day. Whoever comes after them takes the second.
#[test]
fn a_number_is_not_rung_twice_at_once() {
    let holidays = HolidayCalendar::default();
    let now = at("07T09:00:00");
    let limits = CallLimits::from_lookup(|name| {
        (name == crate::calling::limits::CALL_DAILY_LIMIT).then(|| "2".to_owned())
    })
    .unwrap();
    let line = |n: u128, phone| Waiting {
        item: item(n, Band::CallNow, now),
        permitted: always(&holidays),
        pace: None,
        contact: None,
        phone: Some(phone),
        takes: None,
        behind: None,
    };
    let waiting = [line(0, 7), line(1, 7), line(2, 8)];
    let gate = Gate::new(London, 1);
    let quiet = standing(&gate, &limits, now, &[]);
    let found = foresee(quiet, &waiting, 0, |_, _| None);
    let tomorrow = Foreseen::At(at("08T08:00:00"));
    assert_eq!(found, [Foreseen::At(now), tomorrow, Foreseen::At(now)]);
    // A campaign passes over whoever was rung before.
    let campaign = Waiting {
        item: item(0, Band::NormalCampaign, now),
        contact: Some(ContactId::new(Uuid::from_u128(3))),
        ..waiting[0]
    };
    let lately = Standing {
        rung: &[(
            ContactId::new(Uuid::from_u128(3)),
            now - TimeDelta::hours(7),
        )],
        ..quiet
    };
    let found = foresee(lately, &[campaign], 0, |_, _| None);
    let recently = Foreseen::Skipped(SettleReason::CalledRecently.into());
    assert_eq!(found, [recently]);
    // One that is being rung already is waited for, half a minute at a time.
    let ringing = Standing {
        ringing: &[(7, now + TimeDelta::seconds(70))],
        ..quiet
    };
    let found = foresee(ringing, &waiting[..1], 0, |_, _| None);
    assert_eq!(found, [Foreseen::At(now + IN_FLIGHT_RECHECK * 3)]);
    // One that was rung four times is not rung again before the first of them is a day old.
    let ago = |minutes| now - TimeDelta::minutes(minutes);
    let often = [(7, vec![ago(5), ago(1_425), ago(40), ago(1_000)])];
    let often = Standing {
        dialled: &often,
        ..quiet
    };
    let found = foresee(often, &waiting[..1], 0, |_, _| None);
    assert_eq!(found, [Foreseen::At(now + TimeDelta::minutes(15))]);
}

/// Second by second: whoever is first among those that may go, goes.
fn oracle(
    standing: Standing<'_>,
    waiting: &[Waiting<'_>],
    skipped: &[usize],
    seconds: i64,
) -> Vec<Foreseen> {
    let Standing {
        limits, now, paces, ..
    } = standing;
    let mut gate = standing.gate.clone();
    let mut items: Vec<QueueItem> = waiting.iter().map(|one| one.item).collect();
    let mut ringing: HashMap<usize, DateTime<Utc>> = standing.ringing.iter().copied().collect();
    let mut dialled: HashMap<usize, Vec<DateTime<Utc>>> =
        standing.dialled.iter().cloned().collect();
    let mut found = vec![Foreseen::Never; waiting.len()];
    let mut open: Vec<usize> = (0..waiting.len()).collect();
    let mut turns: Vec<_> = paces.to_vec();
    for second in 0..seconds {
        let at = now + TimeDelta::seconds(second);
        while gate.check(at, limits).is_ok() {
            let turn = |index: usize| match waiting[index].pace {
                None => true,
                Some(pace) => {
                    let first = open
                        .iter()
                        .find(|other| waiting[**other].pace == Some(pace));
                    first == Some(&index) && turns[pace].turn_at <= at
                }
            };
            let next = open
                .iter()
                .copied()
                .filter(|index| items[*index].is_due(at) && turn(*index))
                .filter(|index| waiting[*index].permitted.is_permitted(at))
                .min_by(|a, b| items[*a].cmp_at(&items[*b], at));
            let Some(index) = next else { break };
            let phone = waiting[index].phone;
            let busy = phone.and_then(|phone| ringing.get(&phone));
            let busy = busy.filter(|until| at < **until);
            let often = phone.and_then(|phone| blocked_until(dialled.get(&phone)?, at));
            if !skipped.contains(&index) && (busy.is_some() || often.is_some()) {
                items[index].due = busy
                    .map_or(at, |_| at + IN_FLIGHT_RECHECK)
                    .max(often.unwrap_or(at));
                continue;
            }
            open.retain(|other| *other != index);
            if skipped.contains(&index) {
                found[index] = Foreseen::Skipped(SkipReason::NoLongerWanted);
                continue;
            }
            let attempt = AttemptId::new(Uuid::from_u128(index as u128));
            gate.grant(at, attempt, limits).unwrap();
            gate.arrived(attempt, at, limits);
            found[index] = Foreseen::At(at);
            ringing.extend(phone.map(|phone| (phone, at + USUAL_CALL)));
            if let Some(phone) = phone {
                dialled.entry(phone).or_default().push(at);
            }
            if let Some(pace) = waiting[index].pace {
                turns[pace].turn_at = at + turns[pace].step;
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// What is foreseen is what second-by-second play brings: with slots in use, several bands, paces, a closing hour,
    /// and members passed over.
    #[test]
    fn the_forecast_is_what_happens(
        used in 0..3u128,
        raw in proptest::collection::vec((0..5usize, 0..400i64, proptest::option::of(0..2usize), any::<bool>(), proptest::option::of(0..3usize)), 0..12),
        rings in proptest::option::of(0..100i64),
        ago in proptest::collection::vec(85_200..86_400i64, 0..6),
        steps in (1..90i64, 1..90i64),
        closes_in in proptest::option::of(0..600i64),
    ) {
        let limits = CallLimits::from_lookup(|name| {
            Some(match name {
                crate::calling::limits::CALL_LIMIT => "2",
                crate::calling::limits::CALL_WINDOW_SECONDS => "50",
                crate::calling::limits::CALL_DAILY_LIMIT => "9",
                crate::calling::limits::PLACEMENT_BOUND_SECONDS => "5",
                _ => return None,
            }.to_owned())
        }).unwrap();
        let holidays = HolidayCalendar::default();
        let now = match closes_in {
            None => at("07T12:00:00"),
            Some(seconds) => at("07T20:00:00") - TimeDelta::seconds(seconds),
        };
        let mut gate = Gate::new(London, 1);
        for n in 0..used {
            let before = now - TimeDelta::seconds(i64::try_from(n).unwrap() * 20);
            let attempt = AttemptId::new(Uuid::from_u128(1_000 + n));
            if gate.grant(before, attempt, &limits).is_ok() {
                gate.arrived(attempt, before, &limits);
            }
        }
        let paces = [steps.0, steps.1].map(|step| Pace { step: TimeDelta::seconds(step), turn_at: now });
        // Calls of one pace are all due from the start, in the order given, as a campaign's are.
        let waiting: Vec<_> = raw.iter().zip(1..).map(|((band, due, pace, _, phone), n)| Waiting {
            item: match pace {
                Some(pace) => item(n, [Band::HighCampaign, Band::NormalCampaign][*pace], now),
                None => item(n, Band::ALL[*band], now + TimeDelta::seconds(*due)),
            },
            permitted: always(&holidays),
            pace: *pace,
            contact: None,
            phone: *phone,
            takes: None,
            behind: None,
        }).collect();
        let ringing: Vec<_> = rings.map(|seconds| (1, now + TimeDelta::seconds(seconds))).into_iter().collect();
        let dialled = [(2, ago.iter().map(|seconds| now - TimeDelta::seconds(*seconds)).collect())];
        let standing = Standing { ringing: &ringing, dialled: &dialled, ..standing(&gate, &limits, now, &paces) };
        let skipped: Vec<usize> = (0..raw.len()).filter(|n| raw[*n].3).collect();
        let pass = |n: usize, _| skipped.contains(&n).then_some(SkipReason::NoLongerWanted);
        let found = foresee(standing, &waiting, 0, pass);
        let expected = oracle(standing, &waiting, &skipped, 1_500);
        for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
            match expected {
                // Beyond what was played: the next day.
                Foreseen::Never => prop_assert!(
                    matches!(found, Foreseen::At(at) if now + TimeDelta::seconds(1_500) <= *at)
                        || matches!(found, Foreseen::Skipped(_)),
                    "{index}: {found:?}"
                ),
                _ => prop_assert_eq!(found, expected, "{}", index),
            }
        }
    }

    /// Spread evenly, and never faster than the limit allows for long.
    #[test]
    fn a_stagger_is_even_and_within_the_limit(calls in 1..1_000u32, which in 0..4usize) {
        let limits = CallLimits::default();
        let minutes = StaggerMinutes::CHOICES[which];
        let step = config(over(minutes)).pace(calls, &limits).unwrap();
        prop_assert!(step * i32::try_from(limits.limit()).unwrap() >= limits.window());
        let even = TimeDelta::minutes(i64::from(minutes)) / i32::try_from(calls).unwrap();
        prop_assert!(even - step <= TimeDelta::milliseconds(1));
        prop_assert!(step <= even.max(TimeDelta::seconds(36)));
    }
}
