use uuid::Uuid;

use super::super::attempt::UnknownCause;
use super::super::session::{Analysis, Ended, Method, PlacedCall};
use super::*;
use crate::ids::{AttemptId, ContactId, SessionId, TenantId};

fn at(minutes: i64) -> DateTime<Utc> {
    "2026-11-20T10:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
}

fn session(state: SessionState) -> CallSession {
    CallSession {
        id: SessionId::new(Uuid::from_u128(1)),
        tenant: TenantId::new(Uuid::from_u128(2)),
        contact: ContactId::new(Uuid::from_u128(3)),
        appointment: None,
        campaign: None,
        method: Method::Reminder,
        due: at(-10),
        latest: None,
        refusals: 0,
        last_attempt: None,
        state,
    }
}

fn report(
    reason: &str,
    outcome: Outcome,
    technical: bool,
    analysis: Option<Analysis>,
) -> SessionState {
    let attempt = AttemptId::new(Uuid::from_u128(9));
    let call = PlacedCall {
        attempt,
        provider_call_id: "call_1".into(),
        granted_at: at(-5),
        placed_at: at(-5),
    };
    let report = Report {
        call,
        ended: Ended {
            at: at(0),
            reason: reason.into(),
            started_at: None,
        },
        outcome,
        technical,
        analysis,
    };
    if outcome == Outcome::Failed {
        SessionState::Failed(report)
    } else {
        SessionState::Completed(report)
    }
}

fn said(action: Action, new_time: Option<DateTime<Utc>>) -> SessionState {
    let analysis = Analysis {
        action,
        new_time,
        ..Analysis::default()
    };
    report("user_hangup", Outcome::Answered, false, Some(analysis))
}

fn unanswered(outcome: Outcome) -> SessionState {
    match outcome {
        Outcome::Voicemail => report("voicemail_reached", outcome, false, None),
        Outcome::NoAnswer => report("dial_no_answer", outcome, false, None),
        Outcome::Busy => report("dial_busy", outcome, false, None),
        _ => report("dial_failed", outcome, true, None),
    }
}

const FIRST: SettleFacts = SettleFacts {
    appointment: None,
    attempts: 1,
    already_counted: false,
    failures_before: 0,
    callback: None,
};

fn coming() -> AppointmentFacts {
    AppointmentFacts {
        starts_at: at(1_440),
        spoken_of: at(1_440),
        confirmed: false,
        cancelled: false,
    }
}

fn about(appointment: AppointmentFacts) -> SettleFacts {
    SettleFacts {
        appointment: Some(appointment),
        ..FIRST
    }
}

fn window(cause: RetryCause) -> CallWindow {
    let due = at(match cause {
        RetryCause::NoAnswer => 120,
        RetryCause::Voicemail => 480,
        RetryCause::Busy => 60,
        RetryCause::TechnicalFailure => 61,
    });
    CallWindow {
        due,
        latest: at(1_300),
    }
}

fn follows(state: SessionState, facts: &SettleFacts) -> Vec<Effect> {
    follows_under(state, facts, RetryPolicy::default())
}

fn follows_under(state: SessionState, facts: &SettleFacts, policy: RetryPolicy) -> Vec<Effect> {
    effects(&session(state), facts, policy, at(1), |cause, ended_at| {
        assert_eq!(ended_at, at(0));
        Retry::Window(window(cause))
    })
}

const COUNT: Effect = Effect::CountAttempt;

fn contacted() -> Effect {
    Effect::LastContact(at(0))
}

fn attention(reason: CallAttention) -> Effect {
    Effect::NeedsAttention(reason)
}

#[test]
fn the_action_becomes_the_status() {
    let facts = about(coming());
    let confirm = Effect::Confirm {
        before: TimeDelta::minutes(1_440),
    };
    assert_eq!(
        follows(said(Action::Confirmed, None), &facts),
        [COUNT, contacted(), confirm]
    );
    assert_eq!(
        follows(said(Action::Cancelled, None), &facts),
        [COUNT, contacted(), Effect::Cancel]
    );
    assert_eq!(
        follows(said(Action::NoAction, None), &facts),
        [COUNT, contacted()]
    );
    let moved = Effect::Reschedule { to: at(3_000) };
    assert_eq!(
        follows(said(Action::Rescheduled, Some(at(3_000))), &facts),
        [COUNT, contacted(), moved]
    );
}

#[test]
fn a_new_time_that_is_missing_or_past_goes_to_staff() {
    for new_time in [None, Some(at(-60)), Some(at(1))] {
        let effects = follows(said(Action::Rescheduled, new_time), &about(coming()));
        let expected = [
            COUNT,
            contacted(),
            Effect::RescheduleWithoutTime,
            attention(CallAttention::RescheduleRequested),
        ];
        assert_eq!(effects, expected, "{new_time:?}");
    }
}

#[test]
fn what_was_said_of_another_time_is_not_applied() {
    let moved = AppointmentFacts {
        starts_at: at(2_000),
        ..coming()
    };
    let cancelled = AppointmentFacts {
        cancelled: true,
        ..coming()
    };
    let conflict = [
        COUNT,
        contacted(),
        attention(CallAttention::ChangedDuringCall),
    ];
    for action in [Action::Confirmed, Action::Cancelled, Action::Rescheduled] {
        assert_eq!(
            follows(said(action, Some(at(3_000))), &about(moved)),
            conflict,
            "{action:?}"
        );
    }
    assert_eq!(
        follows(said(Action::Confirmed, None), &about(cancelled)),
        conflict
    );
    // The same wish twice is no conflict.
    assert_eq!(
        follows(said(Action::Cancelled, None), &about(cancelled)),
        [COUNT, contacted()]
    );
    let confirmed = AppointmentFacts {
        confirmed: true,
        ..coming()
    };
    assert_eq!(
        follows(said(Action::Confirmed, None), &about(confirmed)),
        [COUNT, contacted()]
    );
    assert_eq!(
        follows(said(Action::Cancelled, None), &about(confirmed)),
        [COUNT, contacted(), Effect::Cancel]
    );
}

#[test]
fn each_outcome_is_tried_again_after_its_own_cause() {
    for (outcome, cause) in [
        (Outcome::NoAnswer, RetryCause::NoAnswer),
        (Outcome::Voicemail, RetryCause::Voicemail),
        (Outcome::Busy, RetryCause::Busy),
        (Outcome::Failed, RetryCause::TechnicalFailure),
    ] {
        let expected = [COUNT, Effect::Retry(window(cause))];
        assert_eq!(
            follows(unanswered(outcome), &about(coming())),
            expected,
            "{outcome:?}"
        );
    }
}

#[test]
fn the_second_failure_is_flagged_and_retries_go_on_to_their_cap() {
    let flagged = attention(CallAttention::RepeatedFailures);
    let retry = Effect::Retry(window(RetryCause::NoAnswer));
    let facts = |attempts, failures_before| SettleFacts {
        attempts,
        failures_before,
        ..about(coming())
    };
    let call = || unanswered(Outcome::NoAnswer);
    assert_eq!(follows(call(), &facts(1, 0)), [COUNT, retry]);
    assert_eq!(
        follows(call(), &facts(2, 1)),
        [COUNT, flagged, Effect::Fallback, retry]
    );
    assert_eq!(follows(call(), &facts(3, 2)), [COUNT, flagged]);
}

#[test]
fn the_last_call_tells_staff_that_nobody_will_ring_again() {
    let lost = [COUNT, attention(CallAttention::NotReached)];
    let call = || unanswered(Outcome::NoAnswer);
    let facts = about(coming());
    let none = RetryPolicy::new(true, 0).unwrap();
    let off = RetryPolicy::new(false, 3).unwrap();
    assert_eq!(follows_under(call(), &facts, none), lost);
    assert_eq!(follows_under(call(), &facts, off), lost);
    let late = effects(
        &session(call()),
        &facts,
        RetryPolicy::default(),
        at(1),
        |_, _| Retry::TooLate,
    );
    assert_eq!(late, lost);
    let bad = report("invalid_destination", Outcome::Failed, false, None);
    assert_eq!(
        follows(bad, &facts),
        [COUNT, attention(CallAttention::NotDialable)]
    );
}

#[test]
fn nothing_is_repeated_for_an_appointment_that_needs_no_call() {
    for appointment in [
        AppointmentFacts {
            cancelled: true,
            ..coming()
        },
        AppointmentFacts {
            confirmed: true,
            ..coming()
        },
        AppointmentFacts {
            starts_at: at(2_000),
            ..coming()
        },
        AppointmentFacts {
            starts_at: at(1),
            spoken_of: at(1),
            ..coming()
        },
    ] {
        assert_eq!(
            follows(unanswered(Outcome::Busy), &about(appointment)),
            [COUNT],
            "{appointment:?}"
        );
    }
}

#[test]
fn requests_of_the_person_and_trouble_with_the_account() {
    let ends = |reason: &str, analysis| {
        follows(report(reason, Outcome::Answered, false, analysis), &FIRST)
    };
    let quiet = Some(Analysis::default());
    assert_eq!(
        ends("user_requested_dnc", quiet.clone()),
        [COUNT, contacted(), Effect::DoNotCall]
    );
    let callback = [
        COUNT,
        contacted(),
        Effect::FollowUpRequired,
        attention(CallAttention::CallbackRequested),
    ];
    assert_eq!(ends("user_requested_callback", quiet), callback);
    let asks = Some(Analysis {
        follow_up_required: true,
        ..Analysis::default()
    });
    let follow_up = [
        COUNT,
        contacted(),
        Effect::FollowUpRequired,
        attention(CallAttention::FollowUpRequired),
    ];
    assert_eq!(ends("user_hangup", asks), follow_up);
    let missing = [
        COUNT,
        contacted(),
        attention(CallAttention::AnalysisMissing),
    ];
    assert_eq!(ends("user_hangup", None), missing);
    let account = |reason: &str| follows(report(reason, Outcome::Failed, true, None), &FIRST).pop();
    assert_eq!(
        account("credit_exhausted"),
        Some(Effect::PauseTenant(PauseReason::PaymentNeeded))
    );
    assert_eq!(
        account("concurrency_limit_reached"),
        Some(Effect::BackOff(DEFAULT_BACK_OFF))
    );
}

#[test]
fn sessions_without_a_call() {
    assert_eq!(
        follows(SessionState::Refused { at: at(0) }, &FIRST),
        [attention(CallAttention::ProviderRefused)]
    );
    let attempt = AttemptId::new(Uuid::from_u128(9));
    let unknown = SessionState::Unknown {
        attempt,
        cause: UnknownCause::ListingFailed,
        at: at(0),
    };
    assert_eq!(
        follows(unknown.clone(), &FIRST),
        [COUNT, attention(CallAttention::Unknown)]
    );
    let counted = SettleFacts {
        already_counted: true,
        ..FIRST
    };
    assert_eq!(follows(unknown, &counted), []);
    assert_eq!(
        follows(said(Action::NoAction, None), &counted),
        [contacted()],
        "an attempt counts once"
    );
    assert_eq!(follows(SessionState::Planned, &FIRST), []);
}

#[test]
fn retries_as_s3_offers_them() {
    assert_eq!(RetryPolicy::new(true, 4), Err(TooManyRetries));
    assert_eq!(RetryPolicy::default().cap(), 3);
    let json = serde_json::to_string(&RetryPolicy::default()).unwrap();
    assert_eq!(
        json,
        r#"{"enable_automatic_retries":true,"maximum_retry_attempts":2}"#
    );
    assert!(serde_json::from_str::<RetryPolicy>(&json.replace('2', "4")).is_err());
}

#[test]
fn a_call_back_is_planned_at_the_time_named_while_a_try_is_left() {
    let window = CallWindow {
        due: at(60),
        latest: at(120),
    };
    let asks = |action| {
        let analysis = Analysis {
            action,
            new_time: Some(at(60)),
            ..Analysis::default()
        };
        report(
            "user_requested_callback",
            Outcome::Answered,
            false,
            Some(analysis),
        )
    };
    let staff = Effect::NeedsAttention(CallAttention::CallbackRequested);
    let named = SettleFacts {
        callback: Some(window),
        ..FIRST
    };
    let planned = follows(asks(Action::NoAction), &named);
    assert!(planned.contains(&Effect::Retry(window)) && !planned.contains(&staff));
    assert!(!planned.contains(&Effect::FollowUpRequired));
    // No time that can be used, no try left, or something else decided: staff ring.
    let used_up = SettleFacts {
        attempts: 3,
        ..named
    };
    for (action, facts) in [
        (Action::NoAction, FIRST),
        (Action::NoAction, used_up),
        (Action::Confirmed, named),
    ] {
        let left = follows(asks(action), &facts);
        assert!(left.contains(&staff), "{action:?} {left:?}");
        assert!(!left.iter().any(|effect| matches!(effect, Effect::Retry(_))));
    }
}
