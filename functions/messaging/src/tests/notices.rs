//! Staff are told: by SMS at most once, by letter and in the console exactly once, and only of what was not their own doing.

use chrono::TimeDelta;
use vio_domain::calling::pause::PauseReason;
use vio_domain::contact::AttentionReason;
use vio_domain::letters::Letter;
use vio_domain::notices::{Change, Happening};
use vio_runtime::queues::NoticeWork;
use vio_store::tx::Tx;

use super::world::{Does, PHONE, World};

async fn happens(world: &World, happening: Happening) {
    let ts = world.ts();
    let mut tx = Tx::new();
    ts.tell(&mut tx, happening).unwrap();
    world.app.store.commit(tx).await.unwrap();
}

async fn tell(world: &World) {
    let work = NoticeWork {
        notices: world.tenant.id,
    };
    crate::tell(&world.app, &work).await.unwrap();
}

/// The administrator has a phone and wants alerts.
async fn wants_alerts(world: &World) {
    let ts = world.ts();
    let mut row = ts.user(world.tenant.admin.id).await.unwrap().unwrap();
    let mut personal = ts.open_personal(&row).unwrap();
    let country = vio_domain::phone::Country::GB;
    personal.phone = Some(
        vio_domain::phone::parse("07912 345679", country)
            .unwrap()
            .e164,
    );
    ts.set_personal(&mut row, &personal).unwrap();
    row.notices.sms.enable_sms = true;
    let mut tx = Tx::new();
    tx.update(&mut row).unwrap();
    world.app.store.commit(tx).await.unwrap();
}

fn stopped() -> Happening {
    Happening::CallingPaused {
        reason: PauseReason::PaymentNeeded,
    }
}

#[tokio::test]
async fn an_alert_goes_out_once_and_names_nobody() {
    let world = World::new().await;
    wants_alerts(&world).await;
    happens(&world, stopped()).await;
    tell(&world).await;
    tell(&world).await;
    let sent = world.provider.requests.lock().unwrap().clone();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].to, "+447912345679");
    assert!(
        sent[0].body.contains("Calling stopped by itself."),
        "{}",
        sent[0].body
    );
    assert_eq!(sent[0].status_callback, "");
    // And one letter, of the switch for disruptions, which is on by default.
    let letters = world.test.queues.take_letters();
    assert_eq!(letters.len(), 1);
    let letter = world
        .ts()
        .take_letter(&letters[0].letter, true)
        .await
        .unwrap();
    assert!(matches!(
        letter.unwrap().letter,
        Letter::Notice { link: Some(_), .. }
    ));
}

#[tokio::test]
async fn an_alert_that_may_have_arrived_is_not_repeated_and_one_that_did_not_is() {
    let world = World::new().await;
    wants_alerts(&world).await;
    world.provider.will(Does::LoseSilently);
    happens(&world, stopped()).await;
    tell(&world).await;
    world.test.advance(TimeDelta::hours(1));
    tell(&world).await;
    assert_eq!(world.provider.requests.lock().unwrap().len(), 1);
    world.provider.will(Does::Refuse(429, 20429));
    happens(&world, stopped()).await;
    tell(&world).await;
    assert_eq!(world.provider.requests.lock().unwrap().len(), 2);
    tell(&world).await;
    assert_eq!(world.provider.requests.lock().unwrap().len(), 2, "it waits");
    world.test.advance(TimeDelta::minutes(2));
    tell(&world).await;
    tell(&world).await;
    assert_eq!(world.provider.requests.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn what_a_person_answers_is_told_and_what_staff_do_is_not() {
    let world = World::new().await;
    let contact = world.texter().await;
    world.advance(TimeDelta::hours(2));
    world.tick().await;
    assert!(world.ts().notices(10).await.unwrap().is_empty());
    world.hears(PHONE, "yes").await;
    let told = world.ts().notices(10).await.unwrap();
    let appointment = world.read(contact).await.appointments[0].id;
    let confirmed = Happening::AppointmentChanged {
        contact,
        appointment,
        change: Change::Confirmed,
    };
    let happened: Vec<Happening> = told.iter().map(|row| row.happening).collect();
    assert_eq!(happened, [confirmed]);
    tell(&world).await;
    let admin = world.tenant.admin.id;
    assert_eq!(world.ts().unread_notices(admin).await.unwrap(), 1);
    // What must be read by somebody is told as what it is.
    world.hears(PHONE, "Is there parking?").await;
    let told = world.ts().notices(10).await.unwrap();
    assert_eq!(
        told[0].happening,
        Happening::NeedsAttention {
            contact,
            reason: AttentionReason::ReplyToRead
        }
    );
}
