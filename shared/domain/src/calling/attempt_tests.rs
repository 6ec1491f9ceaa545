use uuid::Uuid;

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    "2026-11-20T10:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
}

fn attempt() -> Attempt {
    let session = SessionId::new(Uuid::from_u128(9));
    Attempt::granted(
        AttemptId::new(Uuid::from_u128(1)),
        session,
        at(0),
        "f1".into(),
        &CallLimits::default(),
    )
}

#[test]
fn sends_begin_and_end_within_the_bound() {
    let attempt = attempt();
    for (now, expected) in [
        (
            -5,
            NextSend::Send {
                timeout: TimeDelta::seconds(30),
            },
        ),
        (
            0,
            NextSend::Send {
                timeout: TimeDelta::seconds(30),
            },
        ),
        (
            28,
            NextSend::Send {
                timeout: TimeDelta::seconds(2),
            },
        ),
        (
            29,
            NextSend::Stop {
                reconcile_at: at(30),
            },
        ),
        (
            400,
            NextSend::Stop {
                reconcile_at: at(30),
            },
        ),
    ] {
        assert_eq!(attempt.next_send(at(now)), expected, "{now}");
    }
}

#[test]
fn refused_only_if_every_counted_send_was() {
    let mut one = attempt();
    assert_eq!(one.refuse(402, at(1)), Applied::Settled);
    assert_eq!(
        one.state,
        AttemptState::Refused {
            code: 402,
            at: at(1)
        }
    );
    assert_eq!(one.next_send(at(1)), NextSend::Closed);
    assert_eq!(one.refuse(402, at(2)), Applied::No);
    assert_eq!(one.count_send(), Applied::No);

    let mut two = attempt();
    assert_eq!(two.count_send(), Applied::Yes);
    assert_eq!(two.refuse(400, at(3)), Applied::Yes);
    assert_eq!(two.state, AttemptState::Placing);
    assert_eq!(two.refuse(400, at(4)), Applied::Settled);
}

#[test]
fn evidence_of_a_call_outweighs_conclusions_without_it() {
    let mut placed = attempt();
    assert_eq!(placed.placed("call_a", at(2)), Ok(Applied::Yes));
    assert_eq!(placed.placed("call_a", at(3)), Ok(Applied::No));
    assert_eq!(placed.placed("call_b", at(3)), Err(OtherCall));
    assert!(placed.counts());
    for conclusion in [
        Reconciled::NotPlaced,
        Reconciled::Unknown(UnknownCause::ListingFailed),
    ] {
        let mut late = attempt();
        assert_eq!(late.conclude(&conclusion, at(400)), Applied::Yes);
        assert_eq!(late.conclude(&conclusion, at(401)), Applied::No);
        assert_eq!(late.counts(), conclusion != Reconciled::NotPlaced);
        assert_eq!(late.placed("call_a", at(500)), Ok(Applied::Yes));
    }
}

#[test]
fn no_second_call_on_the_word_of_a_provider_that_keeps_nothing() {
    let limits = CallLimits::default();
    let attempt = attempt().not_listable();
    let empty = |now| attempt.reconcile(&Listing::Empty, "f1", at(now), &limits);
    assert_eq!(empty(329), Reconciled::Later(at(330)));
    let unknown = Reconciled::Unknown(UnknownCause::NotListable);
    assert_eq!(empty(330), unknown);
    // Found all the same, it is adopted.
    let found = Listing::Found("call_a".into());
    let adopted = Reconciled::Adopt("call_a".into());
    assert_eq!(attempt.reconcile(&found, "f1", at(330), &limits), adopted);
}

#[test]
fn reconciliation() {
    let limits = CallLimits::default();
    let attempt = attempt();
    let day = 86_400;
    let found = Listing::Found("call_a".into());
    let changed = Reconciled::Unknown(UnknownCause::CredentialsChanged);
    for (listing, fingerprint, now, expected) in [
        (&found, "f1", 31, Reconciled::Adopt("call_a".into())),
        (&found, "f2", 31, Reconciled::Adopt("call_a".into())),
        (&Listing::Empty, "f1", 29, Reconciled::Later(at(30))),
        (&Listing::Empty, "f1", 30, Reconciled::Later(at(330))),
        (&Listing::Empty, "f1", 329, Reconciled::Later(at(330))),
        (&Listing::Empty, "f1", 330, Reconciled::NotPlaced),
        (&Listing::Empty, "f2", 29, Reconciled::Later(at(30))),
        (&Listing::Empty, "f2", 330, changed.clone()),
        (&Listing::Failed, "f2", 31, changed),
        (&Listing::Failed, "f1", 31, Reconciled::Later(at(91))),
        (
            &Listing::Failed,
            "f1",
            30 + 7_200,
            Reconciled::Later(at(30 + 7_200 + 1_800)),
        ),
        (
            &Listing::Failed,
            "f1",
            30 + day - 1,
            Reconciled::Later(at(30 + day)),
        ),
        (
            &Listing::Failed,
            "f1",
            30 + day,
            Reconciled::Unknown(UnknownCause::ListingFailed),
        ),
    ] {
        assert_eq!(
            attempt.reconcile(listing, fingerprint, at(now), &limits),
            expected,
            "{listing:?} {now}"
        );
    }
    let mut closed = attempt;
    closed.refuse(400, at(1));
    assert_eq!(
        closed.reconcile(&found, "f1", at(31), &limits),
        Reconciled::Closed
    );
}

#[test]
fn repeats_wait_longer_each_time() {
    let pauses: Vec<_> = (0..7)
        .map(|sends| repeat_pause(sends).num_seconds())
        .collect();
    assert_eq!(pauses, [1, 1, 2, 4, 8, 8, 8]);
}

#[test]
fn survives_json_unchanged() {
    let mut attempt = attempt();
    for _ in 0..2 {
        let json = serde_json::to_string(&attempt).unwrap();
        assert_eq!(serde_json::from_str::<Attempt>(&json).unwrap(), attempt);
        attempt.placed("call_a", at(2)).unwrap();
    }
}
