//! Twilio's webhooks: signed forms in, messages and persons changed, nothing twice.

use axum::body::Body;
use http::{Request, StatusCode};
use proptest::prelude::*;
use tower::ServiceExt;
use vio_crypto::mac::sign_sha1_base64;
use vio_domain::appointment::AppointmentStatus;
use vio_domain::contact::AttentionReason;
use vio_domain::messages::OwnWords;
use vio_domain::messages::state::Status;
use vio_store::messages::{MessageRow, NewMessage, Ready, Taken, Words};

use crate::support::*;

pub(crate) const TOKEN: &str = "twilio-token-for-tests";
const SID: &str = "SM8c4d7beaf75ce73ce83ecaf57942bfe3";

pub(crate) async fn clinic() -> (Clinic, String) {
    let clinic = Clinic::new().await;
    let now = clinic.now();
    clinic
        .set(|opened| {
            let twilio = &mut opened.settings.integrations.twilio;
            twilio.enabled = true;
            twilio.account_sid = Some(format!("AC{}", "a".repeat(32)).parse().unwrap());
            let number = vio_domain::phone::parse("07700 153842", vio_domain::phone::Country::GB);
            twilio.from_number = Some(number.unwrap().e164);
            twilio.has_token = true;
            opened.secrets.twilio_token.rotate(TOKEN.into(), now);
        })
        .await;
    let endpoint = clinic.store().settings().await.unwrap().endpoints.sms;
    (clinic, format!("/api/webhook/sms/{endpoint}"))
}

/// A form as Twilio posts it, with its signature under this token.
pub(crate) fn signed(path: &str, fields: &[(&str, &str)], token: &str) -> (String, String) {
    let mut sorted = fields.to_vec();
    sorted.sort();
    let said: String = sorted
        .iter()
        .flat_map(|(name, value)| [*name, *value])
        .collect();
    let url = format!("https://app.example{path}");
    let signature = sign_sha1_base64(token.as_bytes(), &[url.as_bytes(), said.as_bytes()]);
    let encode = |text: &str| text.replace('+', "%2B").replace(' ', "+");
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    (pairs.join("&"), signature)
}

pub(crate) async fn post(clinic: &Clinic, path: &str, signature: &str, body: &str) -> StatusCode {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", signature)
        // Whatever a request says of its host, the address is ours.
        .header("host", "evil.example")
        .body(Body::from(body.to_owned()))
        .unwrap();
    clinic
        .service
        .clone()
        .oneshot(request)
        .await
        .unwrap()
        .status()
}

fn inbound(body: &'static str) -> [(&'static str, &'static str); 4] {
    [
        ("MessageSid", SID),
        ("SmsStatus", "received"),
        ("From", "+447911000001"),
        ("Body", body),
    ]
}

async fn person(clinic: &Clinic) {
    person_at(clinic, "+447911000001").await;
}

/// Somebody with a booking who takes messages at this number.
pub(crate) async fn person_at(clinic: &Clinic, number: &str) {
    clinic.hear(&[Booking::created("u1", 7, 0).json()]).await;
    let mut person = clinic.only_person().await;
    let number = vio_domain::phone::parse(number, vio_domain::phone::Country::GB);
    person.contact.phone = Some(number.unwrap().e164);
    person.contact.preferences.sms_opt_in = true;
    let mut tx = vio_store::tx::Tx::new();
    let claims = clinic.store().read_claims(&person).await.unwrap();
    clinic
        .store()
        .stage_claims(&mut tx, &[&person], claims)
        .unwrap();
    clinic.store().stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(clinic.store(), &mut tx, &person);
    clinic.store().store.commit(tx).await.unwrap();
}

#[tokio::test]
async fn what_somebody_writes_is_applied_once() {
    let (clinic, path) = clinic().await;
    person(&clinic).await;
    let (body, signature) = signed(&path, &inbound("Please move it"), TOKEN);
    for stored in [1, 0, 0] {
        assert_eq!(
            post(&clinic, &path, &signature, &body).await,
            StatusCode::OK
        );
        assert_eq!(clinic.drain().await, stored);
    }
    let person = clinic.only_person().await;
    assert_eq!(
        person.contact.needs_attention,
        Some(AttentionReason::ReplyToRead)
    );
    assert_eq!(person.appointments[0].status, AppointmentStatus::Pending);
    let contact = person.contact.id;
    let (entries, _) = clinic
        .store()
        .interactions_of(contact, 10, None)
        .await
        .unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].provider_id.as_deref(), Some(SID));
    assert_eq!(
        entries[0].text(&person.key).unwrap().as_str(),
        "Please move it"
    );
}

#[tokio::test]
async fn what_twilio_did_not_sign_is_refused() {
    let (clinic, path) = clinic().await;
    let (body, signature) = signed(&path, &inbound("STOP"), TOKEN);
    let (_, foreign) = signed(&path, &inbound("STOP"), "another-token");
    let other = format!("{path}?contact=x");
    for (path, signature, body) in [
        (&path, "", &body),
        (&path, foreign.as_str(), &body),
        (&path, &signature, &body.replace("STOP", "START")),
        (&path, &signature, &format!("{body}&More=1")),
    ] {
        let status = post(&clinic, path, signature, body).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{body}");
    }
    // The query is part of what is signed, and read strictly.
    let status = post(&clinic, &other, &signature, &body).await;
    assert!(status.is_client_error());
    let malformed = post(&clinic, &path, &signature, "Body=%zz").await;
    assert_eq!(malformed, StatusCode::BAD_REQUEST);
    let large = post(&clinic, &path, &signature, &"a".repeat(70_000)).await;
    assert_eq!(large, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(clinic.drain().await, 0);
}

/// A message whose send nobody heard the answer of, as the worker leaves it.
pub(crate) async fn sending(clinic: &Clinic) -> MessageRow {
    let contact = clinic.only_person().await.contact.id;
    let settings = clinic.store().settings().await.unwrap();
    let new = NewMessage {
        contact,
        id: vio_domain::ids::MessageId::new(clinic.store().new_id()),
        words: Some(OwnWords::Sms("Hello.".parse().unwrap())),
        channel: None,
        appointment: None,
        batch: None,
    };
    let actor = vio_store::log::Actor::system("tests");
    let sent = clinic
        .store()
        .send_message(&settings.settings, &new, &actor);
    let row = sent.await.unwrap().unwrap();
    let ready = Ready {
        sms: Some("here"),
        email: false,
        bound: chrono::TimeDelta::seconds(30),
    };
    let words = |_: &_, _: &_| Words {
        subject: None,
        text: String::new(),
        asks: false,
    };
    let taken = clinic
        .store()
        .take_message(&settings, ready, (contact, row.id), words);
    let Taken::Send(sending) = taken.await.unwrap() else {
        panic!("not sent");
    };
    sending.row
}

#[tokio::test]
async fn news_finds_its_message_by_its_address_and_ends_the_same_in_any_order() {
    let (clinic, path) = clinic().await;
    person(&clinic).await;
    let row = sending(&clinic).await;
    let path = format!("{path}?contact={}&message={}", row.contact, row.id);
    for status in ["delivered", "sent", "delivered", "queued"] {
        let fields = [
            ("MessageSid", SID),
            ("MessageStatus", status),
            ("To", "+447911000001"),
        ];
        let (body, signature) = signed(&path, &fields, TOKEN);
        assert_eq!(
            post(&clinic, &path, &signature, &body).await,
            StatusCode::OK
        );
        clinic.drain().await;
    }
    let row = clinic
        .store()
        .message(row.contact, row.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (row.status, row.provider_id.as_deref()),
        (Status::Delivered, Some(SID))
    );
    // One that did not arrive is on the work list, whatever came before.
    let row = sending(&clinic).await;
    let (path, _) = path.split_once('?').unwrap();
    let path = format!("{path}?contact={}&message={}", row.contact, row.id);
    let sid = "SM8c4d7beaf75ce73ce83ecaf57942bfe4";
    for status in ["undelivered", "sent"] {
        let fields = [
            ("MessageSid", sid),
            ("MessageStatus", status),
            ("ErrorCode", "30003"),
        ];
        let (body, signature) = signed(&path, &fields, TOKEN);
        assert_eq!(
            post(&clinic, &path, &signature, &body).await,
            StatusCode::OK
        );
        clinic.drain().await;
    }
    let row = clinic
        .store()
        .message(row.contact, row.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (row.status, row.error_code),
        (Status::Undelivered, Some(30003))
    );
    let reason = clinic.only_person().await.contact.needs_attention;
    assert_eq!(reason, Some(AttentionReason::MessageNotDelivered));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// News of a message in any order and however often ends as it does in order, and once more changes nothing.
    #[test]
    fn news_in_any_order_and_number_ends_alike(
        arrives in any::<bool>(),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        order in prop::collection::vec(any::<u32>(), 10),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let last = if arrives { "delivered" } else { "undelivered" };
            let news = ["queued", "sending", "sent", last];
            let in_order = after_news(&news).await;
            let mut heard = news.to_vec();
            heard.extend(picks.iter().map(|pick| *pick.get(&news)));
            let mut keyed: Vec<_> = heard.into_iter().zip(order.iter().cycle()).collect();
            keyed.sort_by_key(|(_, key)| **key);
            let mut shuffled: Vec<&str> = keyed.into_iter().map(|(news, _)| news).collect();
            prop_assert_eq!(&after_news(&shuffled).await, &in_order);
            shuffled.extend(news);
            prop_assert_eq!(&after_news(&shuffled).await, &in_order);
            let expected = if arrives { "delivered" } else { "undelivered" };
            prop_assert_eq!(in_order.0.as_str(), expected);
            prop_assert_eq!(in_order.1.is_some(), !arrives);
            Ok(())
        })?;
    }
}

/// Where a message and its person stand after this news, and how many entries of the log tell of the message.
async fn after_news(news: &[&str]) -> (String, Option<AttentionReason>, usize) {
    let (clinic, path) = clinic().await;
    person(&clinic).await;
    let row = sending(&clinic).await;
    let path = format!("{path}?contact={}&message={}", row.contact, row.id);
    for status in news {
        let mut fields = vec![("MessageSid", SID), ("MessageStatus", *status)];
        if *status == "undelivered" {
            fields.push(("ErrorCode", "30003"));
        }
        let (body, signature) = signed(&path, &fields, TOKEN);
        let answered = post(&clinic, &path, &signature, &body).await;
        assert_eq!(answered, StatusCode::OK);
        clinic.drain().await;
    }
    let row = clinic.store().message(row.contact, row.id).await;
    let row = row.unwrap().unwrap();
    let attention = clinic.only_person().await.contact.needs_attention;
    let list = clinic
        .store()
        .attention(Default::default(), 100, None)
        .await;
    (
        row.status.as_str().to_owned(),
        attention,
        list.unwrap().0.len(),
    )
}

/// The account has a stop word of its own, after which Twilio lets nothing through.
#[tokio::test]
async fn a_stop_word_that_only_twilio_knows_ends_the_opt_in() {
    let (clinic, path) = clinic().await;
    person(&clinic).await;
    let fields = [
        ("MessageSid", "SM00000000000000000000000000000001"),
        ("SmsStatus", "received"),
        ("From", "+447911000001"),
        ("Body", "ARRET"),
        ("OptOutType", "STOP"),
    ];
    let (form, signature) = signed(&path, &fields, TOKEN);
    let answered = post(&clinic, &path, &signature, &form).await;
    assert_eq!(answered, StatusCode::OK);
    clinic.drain().await;
    let person = clinic.only_person().await;
    assert!(!person.contact.preferences.sms_opt_in);
    assert_eq!(person.contact.needs_attention, None, "it was understood");
}

/// Words that say nothing of the others: none takes back what another did.
const WORDS: [&str; 5] = ["STOP", "CANCEL", "HELP", "Please move it", "yes please"];

/// Where a person stands after what they wrote: each message by its number, once or more often.
async fn after_words(heard: &[(usize, &str)]) -> (bool, bool, Vec<String>, Vec<String>) {
    let (clinic, path) = clinic().await;
    person(&clinic).await;
    for (number, body) in heard {
        let sid = format!("SM{number:032x}");
        let fields = [
            ("MessageSid", sid.as_str()),
            ("SmsStatus", "received"),
            ("From", "+447911000001"),
            ("Body", *body),
        ];
        let (form, signature) = signed(&path, &fields, TOKEN);
        let answered = post(&clinic, &path, &signature, &form).await;
        assert_eq!(answered, StatusCode::OK);
        clinic.drain().await;
    }
    let person = clinic.only_person().await;
    let store = clinic.store();
    let list = store
        .attention(Default::default(), 100, None)
        .await
        .unwrap();
    let mut reasons: Vec<String> = list
        .0
        .iter()
        .map(|row| row.reason.as_str().to_owned())
        .collect();
    reasons.sort();
    // Two replies share an entry where nothing else came between them.
    reasons.dedup();
    let entries = store.interactions_of(person.contact.id, 50, None).await;
    let mut texts: Vec<String> = entries
        .unwrap()
        .0
        .iter()
        .map(|entry| entry.text(&person.key).unwrap().into_string())
        .collect();
    texts.sort();
    let called = person.open_sessions().next().is_some();
    (
        person.contact.preferences.sms_opt_in,
        called,
        reasons,
        texts,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What somebody writes comes to the same in any order and however often it is delivered, where no word takes back
    /// another's.
    #[test]
    fn words_in_any_order_and_number_end_alike(
        words in prop::sample::subsequence(WORDS.to_vec(), 1..=WORDS.len()),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        order in prop::collection::vec(any::<u32>(), 10),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let written: Vec<(usize, &str)> = words.iter().copied().enumerate().collect();
            let in_order = after_words(&written).await;
            let mut heard = written.clone();
            heard.extend(picks.iter().map(|pick| *pick.get(&written)));
            let mut keyed: Vec<_> = heard.into_iter().zip(order.iter().cycle()).collect();
            keyed.sort_by_key(|(_, key)| **key);
            let shuffled: Vec<_> = keyed.into_iter().map(|(one, _)| one).collect();
            prop_assert_eq!(&after_words(&shuffled).await, &in_order);
            let stopped = words.contains(&"STOP") || words.contains(&"CANCEL");
            prop_assert_eq!((in_order.0, in_order.1), (!stopped, !stopped));
            prop_assert_eq!(in_order.3.len(), words.len());
            Ok(())
        })?;
    }

    /// A word that takes back another's counts as it came first: Twilio says no instant, and gives no order to go by. Repeats
    /// of either, whenever they come, change nothing.
    #[test]
    fn repeats_of_words_that_contradict_change_nothing(
        words in prop::collection::vec(prop::sample::select(vec!["STOP", "START", "YES", "CANCEL", "no"]), 1..5),
        repeats in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let written: Vec<(usize, &str)> = words.iter().copied().enumerate().collect();
            let once = after_words(&written).await;
            let mut heard = written.clone();
            for (which, place) in &repeats {
                let again = *which.get(&written);
                let first = heard.iter().position(|one| *one == again).unwrap_or(0);
                let after = first + 1 + place.index(heard.len() - first);
                heard.insert(after, again);
            }
            heard.extend(&written);
            prop_assert_eq!(after_words(&heard).await, once);
            Ok(())
        })?;
    }
}
