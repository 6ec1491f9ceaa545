//! The sample events of `events/messaging`, as API Gateway and SQS send them.

use lambda_http::Context;
use serde_json::{Value, json};
use vio_domain::text::Email;

use super::world::{PHONE, World};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/messaging");

#[tokio::test]
async fn samples_are_answered() {
    let world = World::new().await;
    let email = Email::parse("ada@example.com").unwrap();
    let contact = world
        .person(PHONE, |contact| {
            contact.email = Some(email.clone());
            contact.preferences.email_opt_in = true;
        })
        .await;
    let unsubscribe = world.ts().unsubscribe_token(contact, &email);
    let service = vio_http::service(crate::router(world.app.clone()).0, world.app.shared());
    let names = [
        "send_sms",
        "send_email",
        "send_reminder",
        "send_many",
        "messages",
        "mail",
        "unsubscribe",
    ];
    for name in names {
        if name == "unsubscribe" {
            world.tick().await;
        }
        let event = std::fs::read_to_string(format!("{SAMPLES}/{name}.json")).unwrap();
        let event = event
            .replace("ANY /api/contacts/{contact_id}", "ANY /api/contacts/{id}")
            .replace("ANY /api/unsubscribe/{token}", "ANY /api/unsubscribe/{t}")
            .replace(
                "/api/unsubscribe/{token}",
                &format!("/api/unsubscribe/{unsubscribe}"),
            )
            .replace("{token}", &world.tenant.admin.token)
            .replace("{contact_id}", &contact.to_string());
        let event: Value = serde_json::from_str(&event).unwrap();
        let answer = crate::invoke(&world.app, &service, event, Context::default())
            .await
            .unwrap();
        match name {
            "messages" | "mail" => assert_eq!(answer["batchItemFailures"], json!([])),
            "unsubscribe" => assert_eq!(answer["statusCode"], 200, "{answer}"),
            _ => assert_eq!(answer["statusCode"], 202, "{name}: {answer}"),
        }
    }
    assert_eq!((world.provider.count(), world.post_office.count()), (3, 1));
    assert!(!world.read(contact).await.contact.preferences.email_opt_in);
}
