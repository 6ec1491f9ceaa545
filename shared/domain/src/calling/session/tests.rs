use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const CALL: &str = "call_1";

fn at(seconds: i64) -> DateTime<Utc> {
    "2026-11-20T10:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
}

fn attempt(n: u128) -> AttemptId {
    AttemptId::new(Uuid::from_u128(n))
}

fn planned() -> CallSession {
    CallSession {
        id: SessionId::new(Uuid::from_u128(1)),
        tenant: TenantId::new(Uuid::from_u128(2)),
        contact: ContactId::new(Uuid::from_u128(3)),
        appointment: Some(AppointmentId::new(Uuid::from_u128(4))),
        campaign: None,
        method: Method::Reminder,
        due: at(0),
        latest: Some(at(3_600)),
        refusals: 0,
        last_attempt: None,
        state: SessionState::Planned,
    }
}

fn placing() -> CallSession {
    let mut session = planned();
    assert_eq!(session.grant(attempt(1), at(1)), Ok(Applied::Yes));
    session
}

fn ended(reason: &str) -> Ended {
    Ended {
        at: at(60),
        reason: reason.into(),
        started_at: None,
    }
}

fn end(reason: &str) -> CallEvent {
    CallEvent::Ended {
        ended: ended(reason),
        started: false,
    }
}

fn analyzed(reason: &str, analysis: Option<Analysis>) -> CallEvent {
    CallEvent::Analyzed {
        ended: ended(reason),
        started: true,
        analysis,
    }
}

fn says(action: Action) -> Option<Analysis> {
    Some(Analysis {
        action,
        ..Analysis::default()
    })
}

fn hear(session: &mut CallSession, event: CallEvent) -> Applied {
    session.hear(attempt(1), CALL, event, at(61)).unwrap()
}

#[test]
fn the_whole_way_of_a_confirmation() {
    let mut session = planned();
    assert_eq!(session.status(at(0)), Status::Planned);
    session.grant(attempt(1), at(1)).unwrap();
    assert_eq!(session.status(at(1)), Status::Placing);
    assert_eq!(
        session.hear(attempt(1), CALL, CallEvent::Placed, at(2)),
        Ok(Applied::Yes)
    );
    assert_eq!(session.status(at(3)), Status::Initiated);
    assert_eq!(session.status(at(4)), Status::Ringing);
    assert_eq!(session.fetch_at(), Some(at(1) + FETCH_SILENT_AFTER));
    assert_eq!(
        session.hear(attempt(1), CALL, CallEvent::Started, at(10)),
        Ok(Applied::Yes)
    );
    assert_eq!(session.status(at(10)), Status::Answered);
    assert_eq!(hear(&mut session, end("user_hangup")), Applied::Yes);
    assert_eq!(
        session.status(at(61)),
        Status::Answered,
        "a connected call waits for its analysis"
    );
    assert_eq!(session.fetch_at(), Some(at(60) + FETCH_AFTER_END));
    assert!(session.in_progress());
    assert_eq!(
        hear(
            &mut session,
            analyzed("user_hangup", says(Action::Confirmed))
        ),
        Applied::Settled
    );
    assert_eq!(session.status(at(61)), Status::Completed);
    assert_eq!(session.fetch_at(), None);
    assert_eq!(session.report().unwrap().outcome, Outcome::Answered);
}

#[test]
fn a_call_that_never_connected_settles_at_its_end() {
    for (reason, outcome, status) in [
        ("dial_no_answer", Outcome::NoAnswer, Status::Completed),
        ("dial_busy", Outcome::Busy, Status::Completed),
        ("dial_failed", Outcome::Failed, Status::Failed),
        ("error_asr", Outcome::Failed, Status::Failed),
        ("never_heard_of", Outcome::Failed, Status::Failed),
    ] {
        let mut session = placing();
        assert_eq!(
            hear(&mut session, end(reason)),
            Applied::Settled,
            "{reason}"
        );
        assert_eq!(session.report().unwrap().outcome, outcome, "{reason}");
        assert_eq!(session.status(at(61)), status, "{reason}");
    }
}

#[test]
fn the_analysis_knows_better_than_the_reason() {
    let outcome = |reason: &str, analysis: Option<Analysis>| {
        let mut session = placing();
        assert_eq!(
            hear(&mut session, analyzed(reason, analysis)),
            Applied::Settled
        );
        let report = session.report().unwrap();
        (report.outcome, report.technical)
    };
    let machine = Analysis {
        in_voicemail: true,
        feedback: None,
        ..Analysis::default()
    };
    assert_eq!(
        outcome("agent_hangup", Some(machine.clone())),
        (Outcome::Voicemail, false)
    );
    let machine_that_confirms = Analysis {
        action: Action::Confirmed,
        ..machine
    };
    assert_eq!(
        outcome("agent_hangup", Some(machine_that_confirms)),
        (Outcome::Voicemail, false)
    );
    assert_eq!(
        outcome("error_asr", says(Action::Confirmed)),
        (Outcome::Answered, false)
    );
    assert_eq!(
        outcome("error_asr", says(Action::NoAction)),
        (Outcome::Failed, true)
    );
    assert_eq!(outcome("error_asr", None), (Outcome::Failed, true));
    assert_eq!(outcome("user_hangup", None), (Outcome::Answered, false));
    // What comes with a call that never connected is not an analysis.
    assert_eq!(
        outcome("dial_no_answer", says(Action::Confirmed)),
        (Outcome::NoAnswer, false)
    );
}

#[test]
fn an_error_after_the_start_waits_for_the_analysis() {
    let mut session = placing();
    hear(&mut session, CallEvent::Started);
    assert_eq!(hear(&mut session, end("error_retell")), Applied::Yes);
    assert!(!session.is_settled());
    let mut session = placing();
    let event = CallEvent::Ended {
        ended: ended("error_retell"),
        started: true,
    };
    assert_eq!(hear(&mut session, event), Applied::Yes);
    assert!(!session.is_settled());
}

#[test]
fn what_another_attempt_or_call_says_changes_nothing() {
    let mut session = placing();
    let before = session.clone();
    assert_eq!(
        session.hear(attempt(2), CALL, end("dial_busy"), at(5)),
        Ok(Applied::No)
    );
    assert_eq!(
        session.back_to_planned(attempt(2), true, at(5)),
        Applied::No
    );
    assert_eq!(session.give_up(attempt(2), at(5)), Applied::No);
    assert_eq!(
        session.unknown(attempt(2), UnknownCause::ListingFailed, at(5)),
        Applied::No
    );
    assert_eq!(session, before);
    hear(&mut session, CallEvent::Placed);
    let before = session.clone();
    assert_eq!(
        session.hear(attempt(1), "call_2", CallEvent::Started, at(5)),
        Err(TransitionError::OtherCall)
    );
    assert_eq!(
        session.back_to_planned(attempt(1), true, at(5)),
        Applied::No,
        "a placed call is not planned again"
    );
    assert_eq!(
        session.unknown(attempt(1), UnknownCause::ListingFailed, at(5)),
        Applied::No
    );
    assert_eq!(session, before);
}

#[test]
fn one_slot_at_a_time() {
    let mut session = placing();
    assert_eq!(session.grant(attempt(1), at(2)), Ok(Applied::No));
    assert_eq!(
        session.grant(attempt(2), at(2)),
        Err(TransitionError::InProgress)
    );
    assert_eq!(
        session.cancel(CancelReason::Person, at(2)),
        Err(TransitionError::InProgress)
    );
    assert_eq!(
        session.take_over(Method::ManualCallNow, None, at(2)),
        Err(TransitionError::InProgress)
    );
    assert_eq!(session.redate(at(900)), Applied::No);
    hear(&mut session, end("dial_busy"));
    assert_eq!(
        session.grant(attempt(2), at(2)),
        Err(TransitionError::Settled)
    );
    assert_eq!(
        session.cancel(CancelReason::Person, at(2)),
        Err(TransitionError::Settled)
    );
}

#[test]
fn back_to_planned_and_what_turns_up_late() {
    let mut session = placing();
    assert_eq!(
        session.back_to_planned(attempt(1), true, at(500)),
        Applied::Yes
    );
    assert_eq!((session.refusals, session.due), (1, at(500)));
    assert_eq!(
        session.back_to_planned(attempt(1), true, at(600)),
        Applied::No
    );
    assert_eq!(session.refusals, 1);
    // The call was placed after all: it is taken back, so that the person is not rung twice.
    let mut taken_back = session.clone();
    assert_eq!(hear(&mut taken_back, CallEvent::Started), Applied::Yes);
    assert_eq!(
        taken_back.grant(attempt(2), at(501)),
        Err(TransitionError::InProgress)
    );
    // With another attempt under way it is too late for that.
    session.grant(attempt(2), at(501)).unwrap();
    assert_eq!(hear(&mut session, CallEvent::Started), Applied::No);
    assert_eq!(session.give_up(attempt(2), at(502)), Applied::Settled);
    assert_eq!(
        (session.refusals, session.status(at(502))),
        (2, Status::Failed)
    );
}

#[test]
fn unknown_is_settled_until_the_call_turns_up() {
    let mut session = placing();
    assert_eq!(
        session.unknown(attempt(1), UnknownCause::ListingFailed, at(9)),
        Applied::Settled
    );
    assert_eq!(
        session.unknown(attempt(1), UnknownCause::ListingFailed, at(10)),
        Applied::No
    );
    assert_eq!(
        session.grant(attempt(2), at(11)),
        Err(TransitionError::Settled)
    );
    assert_eq!(session.status(at(11)), Status::Unknown);
    assert_eq!(
        hear(
            &mut session,
            analyzed("user_hangup", says(Action::Cancelled))
        ),
        Applied::Settled
    );
    assert_eq!(session.status(at(61)), Status::Completed);
}

#[test]
fn planned_sessions_move_end_and_change_hands() {
    let mut session = planned();
    assert_eq!(session.redate(at(-5)), Applied::No);
    assert_eq!(session.redate(at(30)), Applied::Yes);
    assert_eq!(session.due, at(30));
    assert_eq!(
        session.take_over(Method::ManualCallNow, None, at(5)),
        Ok(Applied::Yes)
    );
    assert_eq!(
        (session.method, session.due, session.latest),
        (Method::ManualCallNow, at(5), None)
    );
    assert_eq!(
        session.cancel(CancelReason::Replanned, at(6)),
        Ok(Applied::Settled)
    );
    assert_eq!(session.cancel(CancelReason::Person, at(7)), Ok(Applied::No));
    assert_eq!(
        session.hear(attempt(1), CALL, CallEvent::Started, at(8)),
        Ok(Applied::No)
    );
}

#[test]
fn survives_json_unchanged() {
    let mut session = planned();
    let mut states = vec![session.clone()];
    session.grant(attempt(1), at(1)).unwrap();
    states.push(session.clone());
    let mut unknown = session.clone();
    unknown.unknown(attempt(1), UnknownCause::CredentialsChanged, at(2));
    states.push(unknown);
    for event in [CallEvent::Placed, CallEvent::Started, end("user_hangup")] {
        hear(&mut session, event);
        states.push(session.clone());
    }
    hear(
        &mut session,
        analyzed("user_hangup", says(Action::Rescheduled)),
    );
    states.push(session);
    for state in states {
        let json = serde_json::to_string(&state).unwrap();
        assert_eq!(
            serde_json::from_str::<CallSession>(&json).unwrap(),
            state,
            "{json}"
        );
    }
}

fn event(connects: bool) -> impl Strategy<Value = CallEvent> {
    let reason = if connects { "user_hangup" } else { "dial_busy" };
    let over = CallEvent::Ended {
        ended: ended(reason),
        started: connects,
    };
    let told = CallEvent::Analyzed {
        ended: ended(reason),
        started: connects,
        analysis: says(Action::Confirmed).filter(|_| connects),
    };
    let mut events = vec![CallEvent::Placed, over, told];
    if connects {
        events.push(CallEvent::Started);
    }
    proptest::sample::select(events)
}

proptest! {
    /// Whatever the order and however often each comes: settled exactly once, always with the same report, and once
    /// settled nothing changes any more.
    #[test]
    fn order_and_repetition_do_not_matter(
        (connects, events) in any::<bool>().prop_flat_map(|connects| {
            (Just(connects), proptest::collection::vec(event(connects), 0..12))
        }),
    ) {
        let last = CallEvent::Analyzed {
            ended: ended(if connects { "user_hangup" } else { "dial_busy" }),
            started: connects,
            analysis: says(Action::Confirmed).filter(|_| connects),
        };
        let mut session = placing();
        let mut settled = 0;
        for event in events.into_iter().chain([last]) {
            let before = session.clone();
            let applied = hear(&mut session, event);
            settled += u32::from(applied == Applied::Settled);
            prop_assert_eq!(applied == Applied::No, before == session);
            prop_assert!(!before.is_settled() || applied == Applied::No);
        }
        prop_assert_eq!(settled, 1);
        let report = session.report().unwrap();
        let expected = if connects { (Outcome::Answered, true) } else { (Outcome::Busy, false) };
        prop_assert_eq!((report.outcome, report.analysis.is_some()), expected);
    }
}
