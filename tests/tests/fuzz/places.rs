//! Addresses: query parameters that nobody knows, that come twice, too long or of the wrong kind, and ids that are none.

use serde_json::{Value, json};
use uuid::Uuid;
use vio_tests::contract::{Ask, schema};

use crate::{CANARY, Target};

pub(crate) async fn wrong(target: &Target<'_>) {
    parameters(target).await;
    ids(target).await;
}

fn at(target: &Target<'_>, query: &str) -> Ask {
    let mut ask = target.ask();
    ask.path = format!("{}?{query}", ask.path);
    match target.operation.body().map(|_| target.example()) {
        Some(body) => {
            let path = ask.path;
            let mut ask = target.with_json(body);
            ask.path = path;
            ask
        }
        None => ask,
    }
}

async fn bad(target: &Target<'_>, what: &str, query: &str, named: &str) {
    if let Some(answer) = target.send(what, &at(target, query)).await {
        target.is_refusal(what, &answer, &[400], Some(named));
    }
}

async fn parameters(target: &Target<'_>) {
    bad(
        target,
        "an unknown parameter",
        &format!("zz_unknown={CANARY}"),
        "zz_unknown",
    )
    .await;
    bad(
        target,
        "an unknown parameter without a value",
        "zz_unknown",
        "zz_unknown",
    )
    .await;
    let long = "z".repeat(500);
    bad(
        target,
        "a parameter with a long name",
        &format!("{long}={CANARY}"),
        &long[..64],
    )
    .await;
    let many: Vec<String> = (0..70).map(|n| format!("zz{n}=1")).collect();
    let what = "seventy parameters";
    if let Some(answer) = target.send(what, &at(target, &many.join("&"))).await {
        target.is_refusal(what, &answer, &[400], None);
    }
    for parameter in target.operation.parameters("query") {
        let name = parameter["name"].as_str().expect("a name");
        let what = format!("{name} twice");
        bad(
            target,
            &what,
            &format!("{name}={CANARY}&{name}={CANARY}"),
            name,
        )
        .await;
        let what = format!("{name} without end");
        bad(
            target,
            &what,
            &format!("{name}={CANARY}{}", "x".repeat(5_000)),
            name,
        )
        .await;
        let candidates = [json!(CANARY), json!(-1), json!(u64::MAX), json!(1.5)];
        for value in candidates {
            let fits = |value: &Value| {
                schema::faults(&target.stage.document, &parameter["schema"], value).is_empty()
            };
            let text = match &value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if fits(&value) || fits(&json!(text)) {
                continue;
            }
            let what = format!("{name}={text}");
            bad(target, &what, &what, name).await;
        }
    }
}

/// An id that is none names nothing, like one that belongs to nobody.
async fn ids(target: &Target<'_>) {
    let count = target.operation.placeholders().len();
    if count == 0 {
        return;
    }
    let ask = |values: &[String]| {
        let path = Ask::to(target.operation, values).path;
        let mut ask = match target.operation.body().map(|_| target.example()) {
            Some(body) => target.with_json(body),
            None => target.ask(),
        };
        ask.path = path;
        ask
    };
    let nobodys = vec![Uuid::now_v7().to_string(); count];
    let Some(unknown) = target.send("an unknown id", &ask(&nobodys)).await else {
        return;
    };
    target.is_refusal("an unknown id", &unknown, &[404], None);
    let id = Uuid::now_v7();
    let malformed = [
        "x".to_owned(),
        "0".to_owned(),
        "null".to_owned(),
        "%00".to_owned(),
        "%FF".to_owned(),
        "%20".to_owned(),
        "%2F".to_owned(),
        "%F0%9F%93%9E".to_owned(),
        "%7Bid%7D".to_owned(),
        format!("{id}x"),
        format!("{id}%0A"),
        format!("{id},{id}"),
        "a".repeat(2_000),
        CANARY.to_owned(),
    ];
    for word in malformed {
        for place in 0..count {
            let mut values = target.values.clone();
            values[place] = word.clone();
            let what = format!("the id {:.40}", word);
            let Some(answer) = target.send(&what, &ask(&values)).await else {
                continue;
            };
            target.is_refusal(&what, &answer, &[404], None);
            if answer.without(&[]) != unknown.without(&[]) {
                target.note(
                    &what,
                    &format!("another answer than an unknown id: {}", answer.text),
                );
            }
        }
    }
}
