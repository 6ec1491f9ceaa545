//! The sample events of `events/messaging`, as API Gateway and SQS send them.

use lambda_http::Context;
use serde_json::{Value, json};

use super::world::World;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/messaging");

#[tokio::test]
async fn samples_are_answered() {
    let world = World::new().await;
    let contact = world.texter().await;
    let service = vio_http::service(crate::router(world.app.clone()).0, world.app.shared());
    for name in ["send_sms", "send_reminder", "send_many", "messages"] {
        let event = std::fs::read_to_string(format!("{SAMPLES}/{name}.json")).unwrap();
        let event = event
            .replace("ANY /api/contacts/{contact_id}", "ANY /api/contacts/{id}")
            .replace("{token}", &world.tenant.admin.token)
            .replace("{contact_id}", &contact.to_string());
        let event: Value = serde_json::from_str(&event).unwrap();
        let answer = crate::invoke(&world.app, &service, event, Context::default())
            .await
            .unwrap();
        if name == "messages" {
            assert_eq!(answer["batchItemFailures"], json!([]));
        } else {
            assert_eq!(answer["statusCode"], 202, "{name}: {answer}");
        }
    }
    world.tick().await;
    assert_eq!(world.provider.count(), 3);
}
