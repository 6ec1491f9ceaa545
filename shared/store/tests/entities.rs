//! Every record read back from its stored form is written again as it was: nothing is lost between a type and its
//! item, and none of its forms (flattened states, maps keyed by ids, sealed bytes) confuses the reader.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use vio_domain::calling::attempt::{AttemptState, UnknownCause};
use vio_domain::calling::gate::Gate;
use vio_domain::calling::limits::CallLimits;
use vio_domain::calling::order::{Band, Priority};
use vio_domain::calling::pause::{PauseReason, PausedBy};
use vio_domain::calling::session::{
    Action, Analysis, CallSession, CancelReason, Ended, Method, Outcome, PlacedCall, Report,
    SessionState,
};
use vio_domain::campaigns::{MemberState, SkipReason};
use vio_domain::ids::{AppointmentId, AttemptId, CampaignId, ContactId, SessionId, TenantId};
use vio_store::calling::reach::Reach;
use vio_store::calling::rows::{DialRow, FlightRow, GateRow};
use vio_store::calling::sessions::{SessionRow, TakenOver};
use vio_store::campaigns::{CampaignMemberRow, InCampaign, SnapshotRow};
use vio_store::entity::{Entity, from_item, to_item};
use vio_store::log::Who;
use vio_store::port::AttributeValue;

fn id(n: u128) -> Uuid {
    Uuid::from_u128((7 << 76) | (2 << 62) | n)
}

fn now() -> DateTime<Utc> {
    "2027-01-05T12:00:00.123Z".parse().unwrap()
}

/// Through the item and back; the item of what came back is the same.
fn again<E: Entity>(entity: &E) -> E {
    let item = to_item(entity, 3).unwrap();
    let read: E = from_item(item.clone()).unwrap();
    assert_eq!(read.key(), entity.key());
    assert_eq!(to_item(&read, 3).unwrap(), item);
    read
}

fn call() -> PlacedCall {
    PlacedCall {
        attempt: AttemptId::new(id(1)),
        provider_call_id: "call_1".into(),
        granted_at: now(),
        placed_at: now(),
    }
}

fn ended() -> Ended {
    Ended {
        at: now(),
        reason: "user_hangup".into(),
        started_at: Some(now()),
    }
}

fn report() -> Report {
    Report {
        call: call(),
        ended: ended(),
        outcome: Outcome::Answered,
        technical: false,
        analysis: Some(Analysis {
            action: Action::Rescheduled,
            new_time: Some(now()),
            ..Analysis::default()
        }),
    }
}

#[test]
fn a_session_in_every_state() {
    let attempt = AttemptId::new(id(1));
    let at = now();
    let cause = UnknownCause::ListingFailed;
    let states = [
        SessionState::Planned,
        SessionState::Placing {
            attempt,
            granted_at: at,
        },
        SessionState::Initiated(call()),
        SessionState::Answered {
            call: call(),
            since: at,
            ended: None,
        },
        SessionState::Answered {
            call: call(),
            since: at,
            ended: Some(ended()),
        },
        SessionState::Completed(report()),
        SessionState::Failed(Report {
            analysis: None,
            ..report()
        }),
        SessionState::Refused { at },
        SessionState::Cancelled {
            reason: CancelReason::Guard,
            at,
        },
        SessionState::Unknown { attempt, cause, at },
    ];
    for state in states {
        let row = SessionRow {
            version: 3,
            session: CallSession {
                id: SessionId::new(id(2)),
                tenant: TenantId::new(id(3)),
                contact: ContactId::new(id(4)),
                appointment: Some(AppointmentId::new(id(5))),
                campaign: None,
                method: Method::Retry,
                due: now(),
                latest: Some(now()),
                refusals: 2,
                last_attempt: Some((attempt, at)),
                state,
            },
            band: Band::Reminder,
            priority: Priority::Urgent,
            reach: reach(),
            about_time: Some(now()),
            follow_up_required: true,
            told_paused: true,
            tries_before: 1,
            took_over: Some(TakenOver {
                method: Method::Retry,
                band: Band::Reminder,
                due: now(),
                latest: None,
            }),
            in_campaign: Some(InCampaign {
                campaign: CampaignId::new(id(5)),
                position: 7,
                before: None,
                ended_by: Some(SkipReason::CallInProgress),
            }),
            created_at: now(),
            updated_at: now(),
        };
        let read = again(&row);
        assert_eq!(read.session, row.session);
        assert_eq!(read.version, 3);
        assert_eq!(
            (read.tries_before, read.took_over, read.in_campaign),
            (row.tries_before, row.took_over, row.in_campaign)
        );
        assert_eq!(read.reach, reach());
        assert_eq!(again(&row.dial()), row.dial());
    }
}

fn reach() -> Reach {
    let number = "A".repeat(27);
    serde_json::from_value(serde_json::json!({ "o": "Asia/Kathmandu", "n": number })).unwrap()
}

#[test]
fn a_campaigns_members_and_a_thousand_ids_in_one_item() {
    let member = |state| CampaignMemberRow {
        tenant: TenantId::new(id(3)),
        campaign: CampaignId::new(id(5)),
        position: 999,
        contact: ContactId::new(id(4)),
        reach: reach(),
        about_time: Some(now()),
        state,
        decisions: Vec::new(),
    };
    for state in [
        MemberState::Waiting { not_before: None },
        MemberState::Waiting {
            not_before: Some(now()),
        },
        MemberState::Planned {
            session: SessionId::new(id(2)),
            due: now(),
        },
        MemberState::Skipped {
            reason: vio_domain::calling::guards::SettleReason::NoConsent.into(),
            at: now(),
            session: None,
        },
    ] {
        let row = member(state);
        assert_eq!(again(&row), row);
    }
    let row = SnapshotRow {
        tenant: TenantId::new(id(3)),
        campaign: CampaignId::new(id(5)),
        members: (0..1_000).map(|n| ContactId::new(id(n))).collect(),
    };
    assert_eq!(again(&row).members, row.members);
    let bytes = vio_store::memory::item_bytes(&to_item(&row, 1).unwrap());
    assert!(bytes < 17_000, "{bytes}");
}

#[test]
fn a_gate_with_slots_days_pause_and_back_off() {
    let limits = CallLimits::default();
    let mut gate = Gate::new(chrono_tz::Europe::London, 4);
    for n in 0..25 {
        let at = now() + TimeDelta::seconds(n);
        let attempt = AttemptId::new(id(100 + u128::try_from(n).unwrap()));
        gate.grant(at, attempt, &limits).unwrap();
    }
    gate.pause(now(), PauseReason::PaymentNeeded, PausedBy::System);
    gate.apply_settings(now(), 5, chrono_tz::America::New_York);
    let row = GateRow {
        tenant: TenantId::new(id(3)),
        version: 3,
        gate: gate.clone(),
    };
    let read = again(&row);
    assert_eq!(read.gate, gate);
    let at = now() + TimeDelta::minutes(1);
    assert_eq!(read.gate.used(at), 25);
}

#[test]
fn instants_in_milliseconds_and_bytes_as_binary() {
    let flight = FlightRow {
        tenant: TenantId::new(id(3)),
        attempt: AttemptId::new(id(1)),
        session: SessionId::new(id(2)),
        contact: ContactId::new(id(4)),
        phone: "A".repeat(27).parse().unwrap(),
        due: now(),
    };
    assert_eq!(again(&flight), flight);
    let dial = DialRow {
        tenant: TenantId::new(id(3)),
        session: SessionId::new(id(2)),
        contact: ContactId::new(id(4)),
        band: Band::CallNow,
        due: now(),
        latest: None,
        about_time: None,
        priority: Priority::Normal,
        campaign: None,
        reach: reach(),
    };
    assert_eq!(again(&dial), dial);
    let dial = DialRow {
        about_time: Some(now()),
        campaign: Some(CampaignId::new(id(5))),
        ..dial
    };
    assert_eq!(again(&dial), dial);
    let state = AttemptState::Refused {
        code: 422,
        at: now(),
    };
    let value: AttributeValue = serde_dynamo::to_attribute_value(&state).unwrap();
    let read: AttemptState = serde_dynamo::from_attribute_value(value).unwrap();
    assert_eq!(read, state);
    for who in [
        Who::User {
            id: vio_domain::ids::UserId::new(id(9)),
        },
        Who::Provider {
            name: "retell".into(),
        },
        Who::System {
            name: "tick".into(),
        },
    ] {
        let value: AttributeValue = serde_dynamo::to_attribute_value(&who).unwrap();
        let read: Who = serde_dynamo::from_attribute_value(value).unwrap();
        assert_eq!(read, who);
    }
}
