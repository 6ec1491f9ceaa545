//! Letters to staff: they come, once as far as anybody can tell, and leave nothing behind that opens a door.

use chrono::TimeDelta;
use vio_domain::letters::{Letter, Moment};
use vio_domain::mail::Link;
use vio_domain::text::Email;
use vio_providers::ses::Refusal;
use vio_providers::ses::feedback::Happened;
use vio_store::letters::{LetterRow, LetterStatus, NewLetter};
use vio_store::mail_stops::MailStop;
use vio_store::tx::Tx;

use super::world::{Posts, World};

const TO: &str = "dana@example.com";
const SECRET: &str = "token=oPen-sEsame";

fn to() -> Email {
    Email::parse(TO).unwrap()
}

async fn write(world: &World, about: &str) -> String {
    let ts = world.ts();
    let letter = Letter::PasswordReset {
        name: "Dana Reyes".to_owned(),
        link: Link::parse(&format!("https://app.example/reset#{SECRET}")).unwrap(),
        valid_until: Moment {
            at: ts.now() + TimeDelta::hours(1),
            zone: chrono_tz::Europe::London,
        },
    };
    let mut tx = Tx::new();
    let new = NewLetter {
        to: &to(),
        user: Some(world.tenant.admin.id),
        letter,
        about,
        due: ts.now(),
    };
    let name = ts.write_letter(&mut tx, new).await.unwrap();
    ts.store.commit(tx).await.unwrap();
    name
}

async fn row(world: &World, name: &str) -> LetterRow {
    world.ts().letter(name).await.unwrap().unwrap()
}

/// Everything that the table holds of a letter.
fn held(row: &LetterRow) -> String {
    serde_json::to_string(row).unwrap()
}

#[tokio::test]
async fn a_letter_is_found_by_the_tick_sent_once_and_forgets_what_it_said() {
    let world = World::new().await;
    let name = write(&world, "password_reset/1").await;
    assert_eq!(write(&world, "password_reset/1").await, name);
    let before = row(&world, &name).await;
    assert!(held(&before).contains("\"content\":["));
    world.tick().await;
    world.tick().await;
    let mail = world.post_office.only();
    assert_eq!(mail.to, TO);
    assert_eq!(
        mail.from.header(),
        "\"VioConcierge\" <no-reply@mail.example.com>"
    );
    assert_eq!(mail.subject, "Choose a new password");
    assert!(mail.text.contains(SECRET) && mail.html.contains(SECRET));
    assert!(mail.text.contains("Corner Salon"));
    assert_eq!((mail.unsubscribe, mail.reply_to), (None, None));
    let after = row(&world, &name).await;
    assert_eq!((after.status, after.tries), (LetterStatus::Sent, 1));
    assert_eq!(after.provider_id.as_deref(), Some("mail-0"));
    assert!(!held(&after).contains("\"content\":[") && !held(&after).contains("\"to\":["));
    // About the same it is not written again, about something else it is.
    write(&world, "password_reset/1").await;
    world.tick().await;
    assert_eq!(world.post_office.count(), 1);
    write(&world, "password_reset/2").await;
    world.tick().await;
    assert_eq!(world.post_office.count(), 2);
}

/// A reset link that is lost locks somebody out; one that comes twice does not.
#[tokio::test]
async fn what_was_not_answered_is_sent_again_until_it_says_nothing_true_any_more() {
    let world = World::new().await;
    for _ in 0..2 {
        world.post_office.will(Posts::Loses);
    }
    let name = write(&world, "password_reset/1").await;
    for _ in 0..10 {
        world.tick().await;
        world.advance(TimeDelta::minutes(1));
    }
    assert_eq!(*world.post_office.asked.lock().unwrap(), 3);
    assert_eq!(row(&world, &name).await.status, LetterStatus::Sent);

    let world = World::new().await;
    for _ in 0..100 {
        world.post_office.will(Posts::Loses);
    }
    let name = write(&world, "password_reset/1").await;
    for _ in 0..90 {
        world.tick().await;
        world.advance(TimeDelta::minutes(1));
    }
    let after = row(&world, &name).await;
    assert_eq!(after.status, LetterStatus::Failed);
    // 0, 1, 5 and 21 minutes after it was written; the link ends before the next.
    assert_eq!(*world.post_office.asked.lock().unwrap(), 4);
    assert!(!held(&after).contains("\"content\":["));
}

#[tokio::test]
async fn refusals_wait_or_end_it() {
    for (about, asked, end) in [
        (Refusal::TooMany, 2, LetterStatus::Sent),
        (Refusal::Account, 2, LetterStatus::Sent),
        (Refusal::Quota, 2, LetterStatus::Sent),
        (Refusal::Mail, 1, LetterStatus::Failed),
    ] {
        let world = World::new().await;
        world.post_office.will(Posts::Refuses(400, about));
        let name = write(&world, "password_reset/1").await;
        for _ in 0..20 {
            world.tick().await;
            world.advance(TimeDelta::minutes(1));
        }
        assert_eq!(row(&world, &name).await.status, end, "{about:?}");
        let told = world.ts().notices(10).await.unwrap().len();
        let account = matches!(about, Refusal::Account | Refusal::Quota);
        assert_eq!(told, usize::from(account), "{about:?}");
        assert_eq!(*world.post_office.asked.lock().unwrap(), asked, "{about:?}");
    }
}

#[tokio::test]
async fn without_a_way_out_it_waits() {
    let mut world = World::new().await;
    let mail = world.app.mail.take();
    let name = write(&world, "password_reset/1").await;
    world.tick().await;
    assert_eq!(row(&world, &name).await.tries, 0);
    world.app.mail = mail;
    world.advance(TimeDelta::minutes(16));
    world.tick().await;
    assert_eq!(row(&world, &name).await.status, LetterStatus::Sent);
}

/// An address that bounced is left alone for a month, and the team's page can say so.
#[tokio::test]
async fn a_bounce_stops_letters_to_the_address_for_a_month() {
    let world = World::new().await;
    let name = write(&world, "password_reset/1").await;
    world.tick().await;
    world.happens(0, Happened::Delivery, "").await;
    assert_eq!(row(&world, &name).await.status, LetterStatus::Sent);
    world.happens(0, Happened::Bounce, "Transient").await;
    assert_eq!(row(&world, &name).await.status, LetterStatus::Returned);
    assert_eq!(world.ts().mail_is_stopped(&to()).await.unwrap(), None);
    world.happens(0, Happened::Bounce, "Permanent").await;
    let other = Email::parse("ann@example.com").unwrap();
    let stops = world.ts().mail_stops(&[other, to()]).await.unwrap();
    assert_eq!(stops, [None, Some(MailStop::Bounced)]);
    let second = write(&world, "password_reset/2").await;
    world.tick().await;
    assert_eq!(row(&world, &second).await.status, LetterStatus::Stopped);
    assert_eq!(world.post_office.count(), 1);
    world.advance(TimeDelta::days(31));
    assert_eq!(world.ts().mail_is_stopped(&to()).await.unwrap(), None);
    write(&world, "password_reset/3").await;
    world.tick().await;
    assert_eq!(world.post_office.count(), 2);
}
