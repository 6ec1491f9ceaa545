use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::appointment::{Confirmation, ConfirmationMethod};
use crate::contact::BookingSource;
use crate::ids::{AppointmentId, ContactId, TenantId};

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
}

fn uid(n: u8) -> BookingUid {
    BookingUid::new(format!("u{n}"))
}

fn event(kind: BookingKind, n: u8, before: Option<u8>, minutes: i64) -> BookingEvent {
    BookingEvent {
        kind,
        uid: uid(n),
        before: before.map(uid),
        created_at: at(minutes),
        sequence: 0,
        // Each booking's time tells its uid.
        start: (kind != BookingKind::Cancelled).then(|| at(10_000 + i64::from(n) * 60)),
        end: None,
        asks_new_time: false,
    }
}

fn created(n: u8, minutes: i64) -> BookingEvent {
    event(BookingKind::Created, n, None, minutes)
}

fn moved(n: u8, before: u8, minutes: i64) -> BookingEvent {
    event(BookingKind::Rescheduled, n, Some(before), minutes)
}

fn cancelled(n: u8, minutes: i64) -> BookingEvent {
    event(BookingKind::Cancelled, n, None, minutes)
}

/// Cancelled by the organizer, who asked for another time.
fn asked(n: u8, minutes: i64) -> BookingEvent {
    BookingEvent {
        asks_new_time: true,
        ..cancelled(n, minutes)
    }
}

fn comes_to(events: &[BookingEvent]) -> Option<(BookingStatus, u8)> {
    let state = fold(events)?;
    assert_eq!(Some(state.start), events[state.set_by].start);
    let n = (state.start - at(10_000)).num_hours();
    Some((state.status, u8::try_from(n).unwrap()))
}

#[test]
fn a_chain_is_what_its_events_come_to() {
    use BookingStatus::{Booked, Cancelled, Moved, NewTimeAsked};
    for (events, expected) in [
        (vec![], None),
        (vec![cancelled(1, 0)], None),
        (vec![created(1, 0)], Some((Booked, 1))),
        (vec![created(1, 0), moved(2, 1, 1)], Some((Moved, 2))),
        (vec![moved(2, 1, 1)], Some((Moved, 2))),
        (vec![created(1, 0), cancelled(1, 1)], Some((Cancelled, 1))),
        // A cancelled uid stays cancelled, whatever is told of it later.
        (vec![cancelled(1, 0), created(1, 1)], Some((Cancelled, 1))),
        (
            vec![created(1, 0), moved(2, 1, 1), cancelled(2, 2)],
            Some((Cancelled, 2)),
        ),
        (vec![created(1, 0), asked(1, 1)], Some((NewTimeAsked, 1))),
        (
            vec![created(1, 0), asked(1, 1), moved(2, 1, 2)],
            Some((Moved, 2)),
        ),
        // What the organizer said first of a uid stands.
        (
            vec![created(1, 0), cancelled(1, 1), asked(1, 2)],
            Some((Cancelled, 1)),
        ),
        // The old uid's cancellation says nothing of the new one.
        (
            vec![created(1, 0), moved(2, 1, 1), cancelled(1, 2)],
            Some((Moved, 2)),
        ),
        // Booked anew after a cancellation.
        (
            vec![created(1, 0), cancelled(1, 1), moved(2, 1, 2)],
            Some((Moved, 2)),
        ),
        (
            vec![created(1, 0), moved(2, 1, 1), moved(3, 2, 2)],
            Some((Moved, 3)),
        ),
        // A creation that its calendar dates after the move it precedes.
        (vec![moved(2, 1, 1), created(1, 5)], Some((Moved, 2))),
        // The move itself never came, but its cancellation names what it replaced.
        (
            vec![created(1, 0), event(BookingKind::Cancelled, 2, Some(1), 3)],
            Some((Cancelled, 1)),
        ),
    ] {
        assert_eq!(comes_to(&events), expected, "{events:?}");
    }
}

#[test]
fn instants_decide_before_counters() {
    let mut late = moved(3, 2, 5);
    late.sequence = 0;
    let mut early = moved(2, 1, 4);
    early.sequence = 9;
    assert_eq!(
        comes_to(&[late.clone(), early, created(1, 0)]),
        Some((BookingStatus::Moved, 3))
    );
    // Of one instant, the counter decides.
    let twice = |n: u8, sequence: i64| BookingEvent {
        sequence,
        ..moved(n, 1, 5)
    };
    assert_eq!(
        comes_to(&[twice(2, 2), twice(3, 1)]),
        Some((BookingStatus::Moved, 2))
    );
}

#[test]
fn the_state_tells_when_the_calendar_changed_what() {
    let state = fold(&[cancelled(2, 7), moved(2, 1, 4), created(1, 0)]).unwrap();
    assert_eq!((state.began_at, state.set_at), (at(0), at(4)));
    assert_eq!((state.changed_at, state.uid), (at(7), uid(2)));
}

fn appointment(start: DateTime<Utc>, status: AppointmentStatus, changed: i64) -> Appointment {
    let nobody = Uuid::from_u128(1);
    Appointment {
        version: 1,
        status,
        confirmation: (status == AppointmentStatus::Confirmed).then(|| Confirmation {
            method: ConfirmationMethod::VoiceCall,
            at: at(changed),
            minutes_before: 60,
        }),
        source: BookingSource::Calcom,
        booked_at: Some(at(changed)),
        updated_at: at(changed),
        ..Appointment::at(
            AppointmentId::new(nobody),
            TenantId::new(nobody),
            ContactId::new(nobody),
            start,
            chrono_tz::Europe::London,
            at(0),
        )
    }
}

#[test]
fn our_own_later_change_goes_to_staff_and_its_echo_does_nothing() {
    use AppointmentStatus as Ours;
    let first = fold(&[created(1, 0)]).unwrap();
    let base = TakenOver::from(&first);
    let move_at_10 = fold(&[created(1, 0), moved(2, 1, 10)]).unwrap();
    let cancel_at_10 = fold(&[created(1, 0), cancelled(1, 10)]).unwrap();
    let asked_at_10 = fold(&[created(1, 0), asked(1, 10)]).unwrap();
    let (old, new, other) = (first.start, move_at_10.start, at(99_999));
    for (theirs, start, status, changed, expected) in [
        (&first, old, Ours::Confirmed, 5, Verdict::Nothing),
        (&move_at_10, old, Ours::Pending, 20, Verdict::Follow),
        (&cancel_at_10, old, Ours::Pending, 20, Verdict::Follow),
        // Somebody confirmed the time that the calendar had moved already: the new time stands.
        (&move_at_10, old, Ours::Confirmed, 20, Verdict::Follow),
        (&cancel_at_10, old, Ours::Confirmed, 20, Verdict::Conflict),
        (&cancel_at_10, old, Ours::Confirmed, 5, Verdict::Follow),
        (&move_at_10, old, Ours::Cancelled, 20, Verdict::Conflict),
        (&move_at_10, old, Ours::Cancelled, 5, Verdict::Follow),
        (&move_at_10, other, Ours::Rescheduled, 20, Verdict::Conflict),
        (&move_at_10, other, Ours::Rescheduled, 5, Verdict::Follow),
        (
            &cancel_at_10,
            other,
            Ours::Rescheduled,
            20,
            Verdict::Conflict,
        ),
        (&asked_at_10, old, Ours::Pending, 20, Verdict::Follow),
        (&asked_at_10, old, Ours::Confirmed, 20, Verdict::Conflict),
        (&asked_at_10, old, Ours::Cancelled, 20, Verdict::Nothing),
        // Echoes.
        (&cancel_at_10, old, Ours::Cancelled, 20, Verdict::Nothing),
        (&move_at_10, new, Ours::Rescheduled, 20, Verdict::Nothing),
        (&move_at_10, new, Ours::Confirmed, 20, Verdict::Nothing),
    ] {
        let ours = appointment(start, status, changed);
        let verdict = judge(base, theirs, &ours);
        assert_eq!(verdict, expected, "{theirs:?} {status:?} {changed}");
    }
}

fn any_events() -> impl Strategy<Value = Vec<BookingEvent>> {
    let kind = prop_oneof![
        Just(BookingKind::Created),
        Just(BookingKind::Rescheduled),
        Just(BookingKind::Cancelled)
    ];
    let one = (
        kind,
        0u8..4,
        prop::option::of(0u8..4),
        0i64..5,
        (0i64..2, any::<bool>()),
    );
    prop::collection::vec(one, 1..8).prop_map(|parts| {
        let mut events: Vec<BookingEvent> = Vec::new();
        for (kind, n, before, minutes, (sequence, asks)) in parts {
            let made = BookingEvent {
                sequence,
                asks_new_time: asks && kind == BookingKind::Cancelled,
                ..event(kind, n, before.filter(|b| *b != n), minutes)
            };
            // One identity, one content, as the calendar has it.
            if !events.iter().any(|known| known.same_as(&made)) {
                events.push(made);
            }
        }
        events
    })
}

proptest! {
    #[test]
    fn neither_order_nor_repetition_matters(
        (events, shuffled) in any_events().prop_flat_map(|events| {
            let twice: Vec<_> = events.iter().chain(&events).cloned().collect();
            (Just(events), Just(twice).prop_shuffle())
        })
    ) {
        let without_place = |state: Option<ChainState>, events: &[BookingEvent]| {
            state.map(|state| {
                let set_by = events[state.set_by].clone();
                (ChainState { set_by: 0, ..state }, set_by)
            })
        };
        prop_assert_eq!(
            without_place(fold(&events), &events),
            without_place(fold(&shuffled), &shuffled)
        );
    }

    #[test]
    fn once_the_last_uid_is_cancelled_nothing_told_of_it_revives_it(
        events in any_events(), kind_created in any::<bool>()
    ) {
        if let Some(state) = fold(&events).filter(|state| state.status.is_off()) {
            let mut more = events.clone();
            let kind = if kind_created { BookingKind::Created } else { BookingKind::Rescheduled };
            more.push(BookingEvent { kind, uid: state.uid.clone(), before: None, created_at: at(1_000), sequence: 0,
                                     start: Some(at(50_000)), end: None, asks_new_time: false });
            prop_assert_eq!(fold(&more).map(|after| after.status), Some(state.status));
        }
    }
}
