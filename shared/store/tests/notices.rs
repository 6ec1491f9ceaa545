//! Staff are told: each switch, who is asked, never twice; summaries by the clock.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod world;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Europe::London;
use uuid::Uuid;
use vio_crypto::password::PasswordHash;
use vio_domain::bookings::Calendar;
use vio_domain::calling::pause::PauseReason;
use vio_domain::calling::session::Outcome;
use vio_domain::ids::{AppointmentId, CampaignId, ContactId, SessionId, UserId};
use vio_domain::letters::Letter;
use vio_domain::notices::{Change, Channel, Happening, Limit, NoticeSettings, Summary, Switch};
use vio_domain::outgoing::{EventType, News};
use vio_domain::permission::{CustomPermissions, Preset, Role};
use vio_store::letters::LetterRow;
use vio_store::log::{Actor, Entry};
use vio_store::notices::{SmsOutcome, Spread, Told};
use vio_store::tx::Tx;
use vio_store::users::{NewUser, PersonalDetails, UserRow};
use world::{World, phone};

/// Adds somebody who wants to be told of `notices`.
async fn member(world: &World, n: u32, preset: Option<Preset>, notices: NoticeSettings) -> UserId {
    let id = UserId::new(world.ts.new_id());
    let mut tx = Tx::new();
    let keys = world.store.platform_keys().await.unwrap();
    let new = NewUser {
        id,
        role: match preset {
            Some(_) => Role::ClientUser,
            None => Role::ClientAdmin,
        },
        preset,
        industries: Default::default(),
        custom: CustomPermissions::default(),
        personal: PersonalDetails {
            full_name: "Dana Reyes".parse().unwrap(),
            email: format!("dana{n}@example.com").parse().unwrap(),
            job_title: None,
            phone: Some(phone(&format!("+4479124{:05}", 10_000 + n))),
        },
        password: Some(
            PasswordHash::try_from(format!(
                "$argon2id$v=19$m=19456,t=2,p=1${}${}",
                "A".repeat(22),
                "A".repeat(43)
            ))
            .unwrap(),
        ),
    };
    let mut row = world.ts.new_user(&mut tx, &keys, new).unwrap();
    row.notices = notices;
    tx.create(&mut row).unwrap();
    world.store.commit(tx).await.unwrap();
    id
}

async fn set(world: &World, user: UserId, notices: NoticeSettings) {
    let mut row: UserRow = world.ts.user(user).await.unwrap().unwrap();
    row.notices = notices;
    let mut tx = Tx::new();
    tx.update(&mut row).unwrap();
    world.store.commit(tx).await.unwrap();
}

async fn happens(world: &World, happening: Happening) {
    let mut tx = Tx::new();
    world.ts.tell(&mut tx, happening).unwrap();
    world.store.commit(tx).await.unwrap();
}

/// Tells everything that waits, and what was written for it.
async fn told(world: &World) -> Spread {
    let mut all = Spread::default();
    for row in world.ts.notices(100).await.unwrap() {
        match world.ts.spread_notice(row, |_| None).await.unwrap() {
            Told::Whole(spread) => {
                all.letters.extend(spread.letters);
                all.alerts += spread.alerts;
                all.messages += spread.messages;
            }
            Told::Elsewhere(_) => panic!("nobody else is here"),
        }
    }
    assert!(world.ts.notices(100).await.unwrap().is_empty());
    all
}

fn on(spread: &Spread, channel: Channel) -> usize {
    match channel {
        Channel::Email => spread.letters.len(),
        Channel::Sms => spread.alerts,
        Channel::InApp => spread.messages,
    }
}

fn only(switch: Option<Switch>) -> NoticeSettings {
    let mut notices = NoticeSettings::default();
    for each in Switch::ALL {
        each.set(&mut notices, Some(each) == switch);
    }
    notices.sms.enable_sms = true;
    notices
}

/// S3-41, over every switch of sections 2 and 9: on sends exactly one, off sends none, and what guards the account is sent
/// whatever is off.
#[tokio::test]
async fn every_switch_sends_one_when_on_and_none_when_off() {
    let world = World::memory().await;
    let contact = world.create(1).await.unwrap().contact.id;
    let user = member(&world, 1, None, only(None)).await;
    let changed = |change| Happening::AppointmentChanged {
        contact,
        appointment: AppointmentId::new(Uuid::from_u128(3)),
        change,
    };
    for switch in Switch::ALL {
        let happening = match switch {
            Switch::AccountUpdates => Happening::NewSignIn { user },
            Switch::SystemMaintenance => Happening::Maintenance,
            Switch::FeatureAnnouncements => Happening::FeatureAnnounced,
            Switch::CallCompletion => Happening::CallSettled {
                contact,
                session: SessionId::new(Uuid::from_u128(2)),
                outcome: Some(Outcome::NoAnswer),
                change: None,
            },
            Switch::AppointmentConfirmations | Switch::ContactConfirmations => {
                changed(Change::Confirmed)
            }
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
            Switch::SystemPerformance => Happening::IntegrationFailing {
                calendar: Calendar::Calcom,
            },
        };
        for is_on in [true, false] {
            set(&world, user, only(is_on.then_some(switch))).await;
            happens(&world, happening).await;
            let sent = told(&world).await;
            let expected = usize::from(is_on || switch.is_locked());
            assert_eq!(on(&sent, switch.channel()), expected, "{switch:?} {is_on}");
            let all = sent.letters.len() + sent.alerts + sent.messages;
            assert_eq!(all, expected, "{switch:?} {is_on}");
        }
    }
}

#[tokio::test]
async fn who_does_not_see_a_contact_is_not_told_of_it() {
    let world = World::memory().await;
    let contact = world.create(1).await.unwrap().contact.id;
    let all = only(Some(Switch::ContactConfirmations));
    let admin = member(&world, 1, None, all).await;
    let reception = member(&world, 2, Some(Preset::Receptionist), all).await;
    let own_only = member(&world, 3, Some(Preset::BasicStaff), all).await;
    let happening = |contact| Happening::AppointmentChanged {
        contact,
        appointment: AppointmentId::new(Uuid::from_u128(3)),
        change: Change::Confirmed,
    };
    happens(&world, happening(contact)).await;
    assert_eq!(told(&world).await.messages, 2);
    world
        .edit(contact, |person| {
            person.contact.assigned_to = Some(own_only)
        })
        .await
        .unwrap();
    happens(&world, happening(contact)).await;
    assert_eq!(told(&world).await.messages, 3);
    for (user, count) in [(admin, 2), (reception, 2), (own_only, 1)] {
        let (rows, _) = world.ts.in_app_notices(user, 10, None).await.unwrap();
        assert_eq!(rows.len(), count);
    }
    // Somebody who is gone is nobody's news.
    happens(&world, happening(ContactId::new(Uuid::from_u128(9)))).await;
    assert_eq!(told(&world).await, Spread::default());
}

/// Whoever tells the same thing at the same time, or again after a crash in the middle, sends everybody one.
#[tokio::test]
async fn two_who_tell_at_once_send_one_each() {
    let world = World::memory().await;
    let notices = only(Some(Switch::SystemMaintenance));
    for n in 0..60 {
        member(&world, n, None, notices).await;
    }
    happens(&world, Happening::Maintenance).await;
    let row = world.ts.notices(1).await.unwrap().remove(0);
    let tell = || world.ts.spread_notice(row.clone(), |_| None);
    let (one, two) = tokio::join!(tell(), tell());
    let letters: usize = [one.unwrap(), two.unwrap()]
        .iter()
        .map(|told| match told {
            Told::Whole(spread) | Told::Elsewhere(spread) => spread.letters.len(),
        })
        .sum();
    // Whoever lost is taken up where it stopped.
    let rest = told(&world).await.letters.len();
    assert_eq!(letters + rest, 60);
}

#[tokio::test]
async fn an_alert_is_taken_once_and_put_back_only_where_it_certainly_did_not_go_out() {
    let world = World::memory().await;
    let user = member(&world, 1, None, only(Some(Switch::CriticalSystemAlerts))).await;
    let reason = PauseReason::PaymentNeeded;
    happens(&world, Happening::CallingPaused { reason }).await;
    assert_eq!(told(&world).await.alerts, 1);
    let alert = world.ts.sms_alerts(10).await.unwrap().remove(0);
    assert_eq!(alert.user, user);
    assert!(world.ts.take_sms_alert(&alert).await.unwrap().is_some());
    assert!(world.ts.take_sms_alert(&alert).await.unwrap().is_none());
    let again = world.ts.now() + TimeDelta::minutes(5);
    let later = SmsOutcome::NotNow { again };
    world.ts.settle_sms_alert(&alert, later).await.unwrap();
    assert!(world.ts.sms_alerts(10).await.unwrap().is_empty());
    world.clock.forward(TimeDelta::minutes(5));
    let alert = world.ts.sms_alerts(10).await.unwrap().remove(0);
    // After six hours it is no news.
    world.clock.forward(TimeDelta::hours(6));
    assert!(world.ts.take_sms_alert(&alert).await.unwrap().is_none());
    assert!(world.ts.sms_alerts(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn messages_are_counted_marked_and_paged() {
    let world = World::memory().await;
    let user = member(&world, 1, None, only(Some(Switch::CallStatusUpdates))).await;
    for n in 0..5 {
        world.clock.forward(TimeDelta::seconds(1));
        let campaign = CampaignId::new(Uuid::from_u128(n));
        happens(&world, Happening::CampaignEnded { campaign }).await;
    }
    told(&world).await;
    assert_eq!(world.ts.unread_notices(user).await.unwrap(), 5);
    let (page, more) = world.ts.in_app_notices(user, 3, None).await.unwrap();
    assert!(more && page[0].at > page[2].at);
    let (rest, _) = world
        .ts
        .in_app_notices(user, 3, Some(page[2].id))
        .await
        .unwrap();
    assert_eq!(rest.len(), 2);
    assert!(world.ts.read_notice(user, page[1].id).await.unwrap());
    assert_eq!(world.ts.unread_notices(user).await.unwrap(), 4);
    world.ts.read_all_notices(user).await.unwrap();
    assert_eq!(world.ts.unread_notices(user).await.unwrap(), 0);
    let nobody = UserId::new(Uuid::from_u128(1));
    assert!(!world.ts.read_notice(nobody, page[1].id).await.unwrap());
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn settled(world: &World, outcome: &str, action: &str) {
    let mut tx = Tx::new();
    let entry = Entry::new("call.settled", "session", world.ts.new_id()).details(
        serde_json::json!({ "status": "completed", "outcome": outcome, "action": action }),
    );
    world
        .ts
        .log(&mut tx, &Actor::system("test"), entry)
        .unwrap();
    world.store.commit(tx).await.unwrap();
}

/// Opens a letter.
async fn read(world: &World, name: &str) -> Letter {
    let row: LetterRow = world.ts.letter(name).await.unwrap().unwrap();
    assert_eq!(row.letter_kind, "summary");
    world
        .ts
        .take_letter(name, true)
        .await
        .unwrap()
        .unwrap()
        .letter
}

fn figure(letter: &Letter, name: &str) -> String {
    let Letter::Summary { figures, .. } = letter else {
        panic!("no summary");
    };
    let mut rows = figures.iter().flat_map(|group| &group.rows);
    rows.find(|(each, _)| each == name).unwrap().1.clone()
}

/// S3-34: daily, weekly and monthly at nine where the business is, over both changes of the clocks, one each, with the
/// figures of exactly that time.
#[tokio::test]
async fn summaries_go_out_once_at_nine_over_clock_changes_with_the_figures_of_their_time() {
    let world = World::memory().await;
    // The Friday before the clocks go forward on Sunday 28 March 2027.
    world.clock.set(at("2027-03-26T12:00:00Z"));
    let mut wanted = only(None);
    wanted.email.daily_activity_summary = true;
    wanted.email.weekly_performance_report = true;
    wanted.email.monthly_business_review = true;
    member(&world, 1, None, wanted).await;
    member(&world, 2, None, only(None)).await;
    let mut tx = Tx::new();
    world
        .ts
        .stage_summaries_wanted(&mut tx, London)
        .await
        .unwrap();
    world.store.commit(tx).await.unwrap();

    let mut sent: Vec<(DateTime<Utc>, Letter)> = Vec::new();
    let until = at("2027-04-02T12:00:00Z");
    while world.ts.now() < until {
        let now = world.ts.now();
        // One call each local noon, and one a minute before and one at each local midnight.
        let local = now.with_timezone(&London).format("%H:%M").to_string();
        match local.as_str() {
            "12:00" => settled(&world, "answered", "confirmed").await,
            "23:30" => settled(&world, "no_answer", "no_action").await,
            "00:00" => settled(&world, "voicemail", "no_action").await,
            _ => {}
        }
        let due = world.ts.summaries().await.unwrap().unwrap().due;
        if due <= now {
            let (one, two) = tokio::join!(
                world.ts.send_summaries(London, None),
                world.ts.send_summaries(London, None)
            );
            let mut names = one.unwrap();
            names.extend(two.unwrap());
            names.sort();
            names.dedup();
            for name in names {
                sent.push((now, read(&world, &name).await));
            }
        }
        world.clock.forward(TimeDelta::minutes(30));
    }
    let when = |subject: &str| -> Vec<String> {
        let of = sent.iter().filter(
            |(_, letter)| matches!(letter, Letter::Summary { subject: each, .. } if each == subject),
        );
        of.map(|(at, _)| at.format("%dT%H:%MZ").to_string())
            .collect()
    };
    assert_eq!(
        when("Your daily summary"),
        [
            "27T09:00Z",
            "28T08:00Z",
            "29T08:00Z",
            "30T08:00Z",
            "31T08:00Z",
            "01T08:00Z",
            "02T08:00Z"
        ]
    );
    assert_eq!(when("Your weekly performance report"), ["29T08:00Z"]);
    assert_eq!(when("Your monthly business review"), ["01T08:00Z"]);
    let of = |subject: &str, nth: usize| {
        let mut all = sent.iter().filter(
            |(_, letter)| matches!(letter, Letter::Summary { subject: each, .. } if each == subject),
        );
        all.nth(nth).unwrap().1.clone()
    };
    // Saturday: a call at its midnight, one at noon, one before the next midnight. Sunday has 23 hours and the same.
    for day in [1, 2] {
        let letter = of("Your daily summary", day);
        assert_eq!(figure(&letter, "Made"), "3");
        assert_eq!(figure(&letter, "Answered"), "1");
        assert_eq!(figure(&letter, "Voicemail"), "1");
        assert_eq!(figure(&letter, "No answer"), "1");
        assert_eq!(figure(&letter, "Confirmed"), "1");
        assert_eq!(figure(&letter, "Answered, of all"), "33 %");
    }
    // From Friday noon to Sunday midnight: 2 + 3 + 3.
    let weekly = of("Your weekly performance report", 0);
    assert_eq!(figure(&weekly, "Made"), "8 (0 the week before)");
    let Letter::Summary { period, .. } = &weekly else {
        panic!("no summary");
    };
    assert_eq!(period, "Monday 22 March 2027 to Sunday 28 March 2027");
    let monthly = of("Your monthly business review", 0);
    assert_eq!(figure(&monthly, "Made"), "17 (0 the month before)");
}

/// Logs a change with what it is told as.
async fn logged(world: &World, entry: Entry) {
    let mut tx = Tx::new();
    let actor = Actor::system("test");
    world.ts.log(&mut tx, &actor, entry).unwrap();
    world.store.commit(tx).await.unwrap();
}

/// S3 section 9: call activity, confirmations and key figures each day; the week beside the week before, with what it
/// advises.
#[tokio::test]
async fn a_summary_says_what_became_of_appointments_messages_and_contacts() {
    let world = World::memory().await;
    world.clock.set(at("2027-03-02T12:00:00Z"));
    let mut wanted = only(None);
    wanted.email.daily_activity_summary = true;
    wanted.email.weekly_performance_report = true;
    member(&world, 1, None, wanted).await;
    let mut tx = Tx::new();
    let asked = world.ts.stage_summaries_wanted(&mut tx, London);
    asked.await.unwrap();
    world.store.commit(tx).await.unwrap();
    // A call in the week before the one that is reported on the 15th, whose Sunday comes then.
    settled(&world, "answered", "confirmed").await;
    world.clock.set(at("2027-03-14T12:00:00Z"));
    for (event, times) in [
        (EventType::ContactCreated, 3),
        (EventType::AppointmentCreated, 2),
        (EventType::AppointmentConfirmed, 4),
        (EventType::AppointmentCancelled, 1),
        (EventType::AppointmentRescheduled, 2),
        (EventType::ContactUpdated, 9),
    ] {
        for _ in 0..times {
            let id = world.ts.new_id();
            let (version, status) = (1, None);
            let news = News {
                event,
                id,
                version,
                status,
            };
            logged(
                &world,
                Entry::new("contact.updated", "contact", id).news([news]),
            )
            .await;
        }
    }
    // Of three messages one came back after it had arrived, and one was never sent.
    let ids = [(); 3].map(|()| world.ts.new_id());
    for (at, status) in [
        (0, "sending"),
        (0, "sent"),
        (0, "delivered"),
        (1, "sent"),
        (1, "bounced"),
        (2, "failed"),
        (2, "failed"),
    ] {
        let entry = Entry::new("message.changed", "message", ids[at]);
        logged(
            &world,
            entry.details(serde_json::json!({ "status": status })),
        )
        .await;
    }
    for _ in 0..20 {
        settled(&world, "no_answer", "no_action").await;
    }
    world.clock.set(at("2027-03-15T09:00:00Z"));
    let names = world.ts.send_summaries(London, None).await.unwrap();
    assert_eq!(names.len(), 2);
    for name in names {
        let letter = read(&world, &name).await;
        let Letter::Summary {
            subject,
            advice,
            figures,
            ..
        } = &letter
        else {
            panic!("no summary");
        };
        let weekly = subject == "Your weekly performance report";
        let expected = |now: u32, before: u32| match weekly {
            true => format!("{now} ({before} the week before)"),
            false => now.to_string(),
        };
        let of = |heading: &str, row: &str| {
            let group = figures.iter().find(|group| group.heading == heading);
            let mut rows = group.unwrap().rows.iter();
            rows.find(|(name, _)| name == row).unwrap().1.clone()
        };
        for (heading, row, now, before) in [
            ("Calls", "Made", 20, 1),
            ("Appointments, by whomever", "Made", 2, 0),
            ("Appointments, by whomever", "Confirmed", 4, 0),
            ("Appointments, by whomever", "Cancelled", 1, 0),
            ("Appointments, by whomever", "Moved, or to be moved", 2, 0),
            ("Messages", "Sent", 2, 0),
            ("Messages", "Not delivered", 2, 0),
            ("More", "Contacts added", 3, 0),
        ] {
            assert_eq!(of(heading, row), expected(now, before), "{heading}: {row}");
        }
        assert_eq!(of("More", "Waiting for somebody now"), "0");
        let said = advice.first().map(String::as_str).unwrap_or_default();
        assert_eq!(said.starts_with("100% of calls reach nobody."), weekly);
        assert_eq!(advice.is_empty(), !weekly);
    }
}

#[tokio::test]
async fn a_zone_that_moves_and_a_week_of_sleep_make_no_second_summary() {
    let world = World::memory().await;
    world.clock.set(at("2027-03-01T12:00:00Z"));
    let mut wanted = only(None);
    wanted.email.daily_activity_summary = true;
    let user = member(&world, 1, None, wanted).await;
    let mut tx = Tx::new();
    world
        .ts
        .stage_summaries_wanted(&mut tx, London)
        .await
        .unwrap();
    world.store.commit(tx).await.unwrap();
    world.clock.set(at("2027-03-02T09:00:00Z"));
    assert_eq!(
        world.ts.send_summaries(London, None).await.unwrap().len(),
        1
    );
    // The business moves west: its nine o'clock of the same day comes again, its summary does not.
    let york = chrono_tz::America::New_York;
    world.clock.set(at("2027-03-02T14:00:00Z"));
    assert_eq!(world.ts.send_summaries(york, None).await.unwrap().len(), 0);
    // After a week in which nobody looked there is one, of yesterday.
    world.clock.set(at("2027-03-09T20:00:00Z"));
    let late = world.ts.send_summaries(york, None).await.unwrap();
    assert_eq!(late.len(), 1);
    let Letter::Summary { period, .. } = read(&world, &late[0]).await else {
        panic!("no summary");
    };
    assert_eq!(period, "Monday 8 March 2027");
    // Nobody wants one any more: nothing is looked for.
    set(&world, user, only(None)).await;
    world.clock.set(at("2027-03-10T14:00:00Z"));
    assert!(
        world
            .ts
            .send_summaries(york, None)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(world.ts.summaries().await.unwrap().is_none());
    assert!(!NoticeSettings::default().wants(Summary::Daily));
}
