//! Figures about groups, against what was put in.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::calling::order::{Band, Priority};
use vio_domain::calling::session::{
    Action, Analysis, CallSession, Ended, Method as Asked, Outcome, PlacedCall, Report,
    SessionState,
};
use vio_domain::ids::{AttemptId, SessionId};
use vio_store::calling::reach::Reach;
use vio_store::calling::sessions::SessionRow;

use super::*;

/// A call that is over, `before` now.
async fn called(
    world: &World,
    contact: ContactId,
    before: TimeDelta,
    outcome: Outcome,
    action: Option<Action>,
) {
    let ts = &world.tenant.store;
    let at: DateTime<Utc> = ts.now() - before;
    let report = Report {
        call: PlacedCall {
            attempt: AttemptId::new(ts.new_id()),
            provider_call_id: "call_1".to_owned(),
            granted_at: at,
            placed_at: at,
        },
        ended: Ended {
            at: at + TimeDelta::seconds(40),
            reason: "user_hangup".to_owned(),
            started_at: Some(at + TimeDelta::seconds(4)),
        },
        outcome,
        technical: false,
        analysis: action.map(|action| Analysis {
            action,
            ..Analysis::default()
        }),
    };
    let mut row = SessionRow {
        version: 0,
        session: CallSession {
            id: SessionId::new(ts.new_id()),
            tenant: ts.id,
            contact,
            appointment: None,
            campaign: None,
            method: Asked::ManualCallNow,
            due: at,
            latest: None,
            refusals: 0,
            last_attempt: None,
            state: SessionState::Completed(report),
        },
        band: Band::CallNow,
        priority: Priority::Normal,
        reach: Reach::default(),
        about_time: None,
        follow_up_required: false,
        told_paused: false,
        tries_before: 0,
        took_over: None,
        in_campaign: None,
        created_at: at,
        updated_at: at,
    };
    let mut tx = Tx::new();
    tx.create(&mut row).unwrap();
    ts.store.commit(tx).await.unwrap();
}

fn path(group: &Value, days: u16) -> String {
    format!(
        "/api/groups/{}/analytics?days={days}",
        group["id"].as_str().unwrap()
    )
}

#[tokio::test]
async fn the_figures_of_a_group_are_those_of_a_count_by_hand() {
    let world = World::new().await;
    let ids = world.contacts(4).await;
    let group = world
        .group(json!({"name": "A", "initial_contact_ids": &ids[..3]}))
        .await;
    let hours = TimeDelta::hours;
    called(
        &world,
        ids[0],
        hours(2),
        Outcome::Answered,
        Some(Action::Confirmed),
    )
    .await;
    called(&world, ids[0], hours(26), Outcome::NoAnswer, None).await;
    called(
        &world,
        ids[1],
        hours(50),
        Outcome::Answered,
        Some(Action::Cancelled),
    )
    .await;
    // Before the week, and of somebody outside the group.
    called(
        &world,
        ids[1],
        hours(24 * 9),
        Outcome::Answered,
        Some(Action::Confirmed),
    )
    .await;
    called(&world, ids[3], hours(2), Outcome::Voicemail, None).await;
    let week = world.server.get(&path(&group, 7), world.admin()).await;
    assert_eq!(week.status, 200, "{:?}", week.body);
    let figures = &week.body["figures"];
    assert_eq!(week.body["suppressed"], false);
    assert_eq!(
        figures["member_statistics"],
        json!({"total_members": 3, "active_members": 0, "members_with_calls": 2, "members_never_called": 1})
    );
    let calls = &figures["performance_metrics"];
    assert_eq!(
        [
            &calls["total_calls"],
            &calls["answered_calls"],
            &calls["no_answer_calls"],
            &calls["voicemail_calls"]
        ],
        [3, 2, 1, 0]
    );
    assert_eq!(
        [
            &calls["answer_rate"],
            &calls["confirmation_rate"],
            &calls["cancellation_rate"],
            &calls["retry_rate"]
        ],
        [66.67, 50.0, 50.0, 0.0]
    );
    assert_eq!(calls["average_call_duration"], 36.0);
    assert_eq!(figures["performance_score"], 61.11);
    assert_eq!(
        (&figures["thin_data"], &figures["recommendations"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(figures["appointment_distribution"]["none"], 3);
    let trend = figures["trend"].as_array().unwrap();
    assert_eq!(trend.len(), 7);
    let sum: u64 = trend
        .iter()
        .map(|step| step["total_calls"].as_u64().unwrap())
        .sum();
    assert_eq!(sum, 3);
    assert_eq!(trend[6]["new_members"], 3);
    let month = world.server.get(&path(&group, 30), world.admin()).await;
    assert_eq!(
        month.body["figures"]["performance_metrics"]["total_calls"],
        4
    );
    assert_eq!(month.body["period"]["timezone"], "Europe/London");
    let refused = world.server.get(&path(&group, 8), world.admin()).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (400, "invalid-parameter")
    );
    assert_eq!(
        world
            .logged(LogKind::Access, "group.analytics_viewed")
            .await,
        2
    );
}

#[tokio::test]
async fn groups_are_compared_by_their_scores_where_there_is_enough() {
    let world = World::new().await;
    let ids = world.contacts(3).await;
    let mut groups = Vec::new();
    for (name, id) in [("Good", ids[0]), ("Bad", ids[1]), ("Thin", ids[2])] {
        groups.push(
            world
                .group(json!({"name": name, "initial_contact_ids": [id]}))
                .await,
        );
    }
    for at in 1..=20 {
        let before = TimeDelta::minutes(at);
        called(
            &world,
            ids[0],
            before,
            Outcome::Answered,
            Some(Action::Confirmed),
        )
        .await;
        let answered = if at == 1 {
            Outcome::Answered
        } else {
            Outcome::NoAnswer
        };
        called(&world, ids[1], before, answered, None).await;
    }
    called(&world, ids[2], TimeDelta::hours(1), Outcome::Busy, None).await;
    let all = world
        .server
        .get("/api/groups/analytics", world.admin())
        .await;
    assert_eq!(all.status, 200, "{:?}", all.body);
    let summary = &all.body["summary"];
    assert_eq!(summary["total_groups"], 3);
    assert_eq!(summary["best_performing_group"], groups[0]["id"]);
    assert_eq!(summary["needs_attention_groups"], json!([groups[1]["id"]]));
    // 100, and the mean of 5, 0 and 100.
    assert_eq!(summary["overall_group_effectiveness"], 67.5);
    assert_eq!(
        all.body["groups"][1]["figures"]["recommendations"][0]["figure"],
        "answer_rate"
    );
    let two = format!(
        "/api/groups/comparison?group_ids={},{}",
        groups[0]["id"].as_str().unwrap(),
        groups[2]["id"].as_str().unwrap()
    );
    let compared = world.server.get(&two, world.admin()).await;
    assert_eq!(names_of(&compared.body["groups"]), ["Good", "Thin"]);
    assert_eq!(
        compared.body["summary"]["best_performing_group"],
        Value::Null
    );
    let one = format!(
        "/api/groups/comparison?group_ids={}",
        groups[0]["id"].as_str().unwrap()
    );
    assert_eq!(world.server.get(&one, world.admin()).await.status, 400);
}

#[tokio::test]
async fn whom_somebody_does_not_see_is_not_counted_and_a_hidden_group_is_not_there() {
    let world = World::new().await;
    let ids = world.contacts(3).await;
    let group = world
        .group(json!({"name": "A", "initial_contact_ids": ids}))
        .await;
    let hidden = world
        .group(json!({"name": "B", "initial_contact_ids": ids, "visibility": "admins_only"}))
        .await;
    let staff = world.app.staff(&world.tenant, Preset::BasicStaff).await;
    world
        .change(ids[1], |contact| contact.assigned_to = Some(staff.id))
        .await;
    let seen = world.server.get(&path(&group, 30), &staff.token).await;
    assert_eq!(
        seen.body["figures"]["member_statistics"]["total_members"],
        1
    );
    let none = world.server.get(&path(&hidden, 30), &staff.token).await;
    assert_eq!(none.status, 404);
    let all = world
        .server
        .get("/api/groups/analytics", &staff.token)
        .await;
    assert_eq!(names_of(&all.body["groups"]), ["A"]);
}

#[tokio::test]
async fn in_hipaa_mode_fewer_than_five_people_have_no_figures() {
    let app = TestApp::new().await;
    let tenant = app.tenant("Corner Surgery", BusinessType::Medical).await;
    let server = app.serve(routes(&app));
    let world = World {
        app,
        tenant,
        server,
    };
    let ids = world.contacts(5).await;
    let four = world
        .group(json!({"name": "Four", "initial_contact_ids": &ids[..4]}))
        .await;
    let five = world
        .group(json!({"name": "Five", "initial_contact_ids": ids}))
        .await;
    let few = world.server.get(&path(&four, 30), world.admin()).await;
    assert_eq!(
        (&few.body["suppressed"], &few.body["figures"]),
        (&json!(true), &Value::Null)
    );
    let enough = world.server.get(&path(&five, 30), world.admin()).await;
    assert_eq!(
        enough.body["figures"]["member_statistics"]["total_members"],
        5
    );
}

fn names_of(groups: &Value) -> Vec<&str> {
    let groups = groups.as_array().unwrap();
    groups
        .iter()
        .map(|each| each["group_info"]["name"].as_str().unwrap())
        .collect()
}
