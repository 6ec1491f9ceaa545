//! Basic staff reach their own contacts: those of a colleague are not there, whatever is asked of them.

use serde_json::json;
use uuid::Uuid;
use vio_tests::contract::{Ask, World};

use crate::Stage;

/// Parameters of paths that lead to a contact.
const OF_CONTACTS: [&str; 4] = ["contact_id", "appointment_id", "attention_id", "session_id"];

pub(crate) async fn contacts_of_others_are_not_there(stage: &Stage) {
    let world = World::sign_up(&stage.api, "own").await;
    let staff = json!({ "role": "client_user", "preset": "basic_staff" });
    let person = world.colleague("basic", staff).await;
    for operation in &stage.operations {
        let names = operation.placeholders();
        let of_contact = names
            .iter()
            .any(|name| OF_CONTACTS.contains(&name.as_str()))
            && !operation.path.starts_with("/api/auth/");
        if !of_contact {
            continue;
        }
        let of_colleague = world.values(&operation.path, &names, &world.admin).await;
        let body = world.example(operation, &person).await;
        let (of_colleague, body) = match (of_colleague, body) {
            (Ok(values), Ok(body)) => (values, body),
            (Err(missing), _) | (_, Err(missing)) => return stage.found.note(missing),
        };
        let ask = |values: &[String]| {
            let ask = Ask::to(operation, values).body(body.clone());
            ask.token(&person.token).header("if-match", "*")
        };
        let answer = stage.api.send(&ask(&of_colleague)).await;
        stage.judge("basic staff", operation, &answer);
        let needs = operation.permissions();
        let may = needs.iter().any(|name| person.permissions.contains(name));
        let right = if may { 404 } else { 403 };
        stage.found.expect(answer.status == right, || {
            format!(
                "{operation} of a colleague's contact: {} {}",
                answer.status, answer.text
            )
        });
        let nobodys: Vec<String> = names.iter().map(|_| Uuid::now_v7().to_string()).collect();
        let unknown = stage.api.send(&ask(&nobodys)).await;
        stage.found.expect(
            answer.without(&of_colleague) == unknown.without(&nobodys),
            || {
                format!(
                    "{operation} tells a colleague's contact from none: {} and {}",
                    answer.text, unknown.text
                )
            },
        );
    }
    nothing_of_them_in_lists(stage, &world, &person).await;
}

/// The lists leave them out too.
async fn nothing_of_them_in_lists(
    stage: &Stage,
    world: &World,
    person: &vio_tests::contract::Person,
) {
    let colleague = world.contact(&world.admin.user, json!({})).await;
    let own = world.contact(&person.user, json!({})).await;
    let (colleague, own) = (
        colleague["id"].as_str().unwrap(),
        own["id"].as_str().unwrap(),
    );
    for operation in &stage.operations {
        if operation.method != "GET"
            || !operation.placeholders().is_empty()
            || !operation.needs_session()
        {
            continue;
        }
        let answer = stage
            .api
            .send(&Ask::to(operation, &[]).token(&person.token))
            .await;
        stage.found.expect(!answer.text.contains(colleague), || {
            format!("{operation} shows basic staff a colleague's contact")
        });
        if operation.path == "/api/contacts" {
            stage.found.expect(answer.text.contains(own), || {
                "the list lacks one's own".to_owned()
            });
        }
    }
}
