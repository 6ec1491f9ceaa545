//! News of e-mails on their way to the queue: what the rules of EventBridge in `template.yaml` let through, which is who
//! never, and what happened to which e-mail only. A test compares the two.

use aws_sdk_sqs::Client;
use serde_json::{Map, Value};
use vio_sandbox::MailEvents;

/// A rule: for which events, and which part of the event becomes which field of the message.
struct Rule {
    name: &'static str,
    events: &'static [&'static str],
    fields: &'static [(&'static str, &'static str)],
}

static RULES: [Rule; 2] = [
    Rule {
        name: "MailBounces",
        events: &["Bounce"],
        fields: &[
            ("mail", "$.detail.mail.tags.vio_mail[0]"),
            ("id", "$.detail.mail.messageId"),
            ("event", "$.detail.eventType"),
            ("kind", "$.detail.bounce.bounceType"),
        ],
    },
    Rule {
        name: "MailEvents",
        events: &["Complaint", "Delivery", "Reject"],
        fields: &[
            ("mail", "$.detail.mail.tags.vio_mail[0]"),
            ("id", "$.detail.mail.messageId"),
            ("event", "$.detail.eventType"),
        ],
    },
];

/// The part of an event that a path names.
fn part<'a>(event: &'a Value, path: &str) -> Option<&'a Value> {
    let mut steps = path.strip_prefix("$.")?.split('.');
    steps.try_fold(event, |value, step| match step.split_once('[') {
        Some((name, index)) => {
            let index: usize = index.trim_end_matches(']').parse().ok()?;
            value.get(name)?.get(index)
        }
        None => value.get(step),
    })
}

/// The message that an event becomes, with the rule that makes it so; None where no rule takes it.
fn message(event: &Value) -> Option<(&'static str, Value)> {
    let kind = event["detail"]["eventType"].as_str()?;
    let rule = RULES.iter().find(|rule| rule.events.contains(&kind))?;
    let fields = rule.fields.iter();
    let message: Option<Map<String, Value>> = fields
        .map(|(name, path)| Some(((*name).to_owned(), part(event, path)?.clone())))
        .collect();
    Some((rule.name, Value::Object(message?)))
}

/// Puts news of e-mails on the queue.
pub(crate) fn to_queue(sqs: Client, queue: String) -> MailEvents {
    std::sync::Arc::new(move |event| {
        let Some((rule, message)) = message(&event) else {
            return;
        };
        let (sqs, queue) = (sqs.clone(), queue.clone());
        tokio::spawn(async move {
            let sent = sqs.send_message().queue_url(queue);
            if let Err(error) = sent.message_body(message.to_string()).send().await {
                tracing::warn!(rule, error = %error, "news of an e-mail was lost");
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str) -> Value {
        json!({ "source": "aws.ses", "detail": {
            "eventType": kind,
            "bounce": { "bounceType": "Permanent", "bouncedRecipients": [{ "emailAddress": "zoe@example.com" }] },
            "mail": { "messageId": "m-1", "destination": ["zoe@example.com"], "tags": { "vio_mail": ["m_1"] } },
        }})
    }

    #[test]
    fn only_what_happened_to_which_goes_on() {
        assert_eq!(
            message(&event("Bounce")),
            Some((
                "MailBounces",
                json!({ "mail": "m_1", "id": "m-1", "event": "Bounce", "kind": "Permanent" })
            ))
        );
        assert_eq!(
            message(&event("Complaint")),
            Some((
                "MailEvents",
                json!({ "mail": "m_1", "id": "m-1", "event": "Complaint" })
            ))
        );
        assert_eq!(message(&event("Open")), None);
        let mut foreign = event("Bounce");
        foreign["detail"]["mail"]["tags"] = json!({});
        assert_eq!(message(&foreign), None);
    }

    #[test]
    fn the_template_has_the_same_rules() {
        let template = include_str!("../../../template.yaml");
        for rule in &RULES {
            let start = template.find(&format!("\n  {}:\n", rule.name)).unwrap();
            let text = &template[start..];
            let end = 1 + text[1..].find("\n\n").unwrap();
            let text = &text[..end];
            assert!(
                text.contains(&format!("eventType: [{}]", rule.events.join(", "))),
                "{text}"
            );
            for (name, path) in rule.fields {
                assert!(
                    text.contains(&format!("{name}: \"{path}\"")),
                    "{name}: {text}"
                );
            }
            let fields: Vec<String> = rule
                .fields
                .iter()
                .map(|(name, _)| format!("\"{name}\": <{name}>"))
                .collect();
            assert!(
                text.contains(&format!("'{{{}}}'", fields.join(", "))),
                "{text}"
            );
        }
    }
}
