//! Through each route where the text is refused.

use super::*;

/// Every operation of the document, refused in every way.
pub(crate) async fn refusals(world: &World) {
    let client = &world.client;
    let operations = client.coverage.lock().expect("no panic").operations();
    for operation in &operations {
        // Later ones must not find the sessions gone.
        if operation.path != "/api/auth/sessions" && operation.path != "/api/auth/sign-out" {
            refuse(client, operation).await;
        }
    }
    for operation in operations
        .iter()
        .filter(|operation| operation.path.starts_with("/api/auth/s"))
    {
        refuse(client, operation).await;
    }
    for path in [
        format!("/api/{WORD}"),
        format!("/{WORD}?{WORD}={WORD}"),
        format!("/api/contacts/{WORD}/{WORD}"),
    ] {
        client.ask(Method::GET, &path, &[], None).await;
        client.ask(Method::TRACE, &path, &[], None).await;
        let gone = format!("/api/contacts?{WORD}");
        client.ask(Method::DELETE, &gone, &[], None).await;
    }
}

async fn refuse(client: &Client, operation: &Operation) {
    let method: Method = operation.method.parse().expect("a method");
    let fill = |with: &str| {
        let parts = operation
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { with } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    let (nobody, nonsense) = (fill(NOBODY), fill(WORD));
    let members = |value: Value| {
        let names = operation.members.iter().flatten();
        Value::Object(names.map(|name| (name.clone(), value.clone())).collect())
    };
    let unknown = json!({ WORD: word("unknown"), "name": { WORD: WORD } });
    let bearer = format!("Bearer {WORD}.{WORD}.{WORD}");
    let basic = format!("Basic {WORD}");
    // By nobody, and by somebody who is not.
    client
        .send(method.clone(), &nobody, &[], Some(&unknown))
        .await;
    for authorization in [&bearer, &basic] {
        client
            .send(
                method.clone(),
                &nobody,
                &[("authorization", authorization)],
                Some(&unknown),
            )
            .await;
    }
    // Where nothing is, with words in the address.
    let query = format!(
        "{nonsense}?{WORD}={WORD}&status={WORD}&cursor={WORD}&sort={WORD}&log={WORD}&cookie={WORD}&others={WORD}&page={WORD}"
    );
    client.ask(method.clone(), &query, &[], None).await;
    client
        .ask(
            method.clone(),
            &format!("{nobody}?search={WORD}%20{WORD}&page_size={WORD}"),
            &[],
            None,
        )
        .await;
    client
        .ask(method.clone(), &nonsense, &[], Some(&unknown))
        .await;
    if operation.members.is_none() {
        return;
    }
    let quoted = format!("\"{WORD}\"");
    let odd = [
        ("if-match", quoted.as_str()),
        ("idempotency-key", WORD),
        ("x-request-id", WORD),
        ("referer", WORD),
        ("x-forwarded-for", WORD),
    ];
    for body in [
        unknown,
        members(json!(word("anything"))),
        members(json!([WORD])),
        members(json!({ WORD: [WORD] })),
        json!([WORD]),
        json!(WORD),
    ] {
        client.ask(method.clone(), &nobody, &odd, Some(&body)).await;
    }
    for (kind, body) in [
        (
            "application/json",
            format!("{{\"{WORD}\": \"{WORD}").into_bytes(),
        ),
        (
            "application/json",
            [b"{\"a\": \"", WORD.as_bytes(), b" \xff\xfe\"}"].concat(),
        ),
        (
            "application/json",
            format!("{}\"{WORD}\"{}", "[".repeat(200), "]".repeat(200)).into_bytes(),
        ),
        (
            "application/json",
            format!("{{\"{WORD}\":1,\"{WORD}\":2}}").into_bytes(),
        ),
        (WORD, format!("{WORD}={WORD}").into_bytes()),
        (
            "application/json",
            json!({ "notes": word("too much ").repeat(80_000) })
                .to_string()
                .into_bytes(),
        ),
    ] {
        client
            .ask_raw(
                method.clone(),
                &nobody,
                &[("content-type", kind)],
                Some(body),
            )
            .await;
    }
}
