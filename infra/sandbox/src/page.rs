//! The page that shows what was said. Everything on it came from outside, and is escaped.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::call::SandboxCall;
use crate::ledger::{Ledger, SandboxRequest};

/// The newest calls shown; all of them are under `/control/calls`.
const SHOWN: usize = 200;

const HEAD: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width"><title>Sandbox calls</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
article{border:1px solid #bbb;border-radius:.5rem;padding:0 1rem;margin:1rem 0}
h2{font-size:1.1rem}dt{font-weight:600}dd{margin:0 0 .4rem;white-space:pre-wrap;overflow-wrap:anywhere}
small,.quiet{color:#555}table{border-collapse:collapse}td,th{text-align:left;padding:.1rem .8rem .1rem 0}
</style></head><body><h1>Sandbox calls</h1>
"#;

pub(crate) fn render(
    calls: &[SandboxCall],
    requests: &[SandboxRequest],
    ledger: &Ledger,
    now: DateTime<Utc>,
) -> String {
    let mut page = HEAD.to_owned();
    let refused = requests
        .iter()
        .filter(|request| request.status.is_some_and(|status| status >= 400))
        .count();
    let repeats = requests.iter().filter(|request| request.repeat).count();
    // Writing to a String cannot fail.
    let _ = writeln!(
        page,
        "<p>{} calls placed, {repeats} repeats answered with a call that was there, {refused} requests refused. \
         The developer clock shows {}. Nobody's telephone rings from here.</p>",
        calls.len(),
        instant(now),
    );
    for call in calls.iter().rev().take(SHOWN) {
        article(&mut page, call);
    }
    if calls.len() > SHOWN {
        let _ = writeln!(
            page,
            "<p class=quiet>{} older calls are not shown.</p>",
            calls.len() - SHOWN
        );
    }
    page.push_str("<h1>Sandbox messages</h1>\n");
    for text in ledger.texts().iter().rev().take(SHOWN) {
        let _ = writeln!(
            page,
            "<article><h2>{} {}: {}</h2><p>{}</p><p class=quiet>{} <small>{}</small></p></article>",
            escape(&text.direction),
            escape(if text.direction == "inbound" {
                &text.from
            } else {
                &text.to
            }),
            escape(&text.status),
            escape(&text.body),
            instant(text.created_at_clock),
            escape(&text.sid),
        );
    }
    page.push_str("<h1>Sandbox e-mails</h1>\n");
    for mail in ledger.mails().iter().rev().take(SHOWN) {
        let _ = writeln!(
            page,
            "<article><h2>To {}: {}</h2><p class=quiet>From {}, {}</p><p style=\"white-space:pre-wrap\">{}</p><p class=quiet>{} <small>{}</small></p></article>",
            escape(&mail.to),
            escape(&mail.subject),
            escape(&mail.from),
            escape(&mail.status),
            escape(&mail.text),
            instant(mail.created_at_clock),
            escape(&mail.id),
        );
    }
    page.push_str("<h1>Sandbox calendars</h1>\n");
    calendars(&mut page, ledger);
    page.push_str("</body></html>\n");
    page
}

/// What each calendar holds, and what was asked of it.
fn calendars(page: &mut String, ledger: &Ledger) {
    let calcom = ledger.bookings().map(|one| {
        let who = &one.value["attendees"][0]["name"];
        ("Cal.com", who, &one.value["start"], &one.value["status"])
    });
    let calendly = ledger.invitees().map(|one| {
        let (who, status) = (&one.invitee["name"], &one.invitee["status"]);
        ("Calendly", who, &one.event["start_time"], status)
    });
    page.push_str("<table><tr><th>calendar</th><th>who</th><th>when</th><th>status</th></tr>");
    for (calendar, who, start, status) in calcom.take(SHOWN).chain(calendly.take(SHOWN)) {
        let word = |value: &serde_json::Value| escape(value.as_str().unwrap_or("none"));
        let _ = write!(
            page,
            "<tr><td>{calendar}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            word(who),
            word(start),
            word(status)
        );
    }
    page.push_str(
        "</table><table><tr><th>asked of</th><th>change</th><th>at</th><th>answer</th></tr>",
    );
    let asked = ledger.calendar_changes().iter().map(|one| ("Cal.com", one));
    let asked = asked.chain(
        ledger
            .calendly_changes()
            .iter()
            .map(|one| ("Calendly", one)),
    );
    for (calendar, change) in asked.take(SHOWN) {
        let answer = change
            .status
            .map_or("none".to_owned(), |status| status.to_string());
        let _ = write!(
            page,
            "<tr><td>{calendar}</td><td>{}</td><td>{}</td><td>{answer}</td></tr>",
            escape(&change.action),
            instant(change.arrived_at_clock)
        );
    }
    let _ = writeln!(
        page,
        "</table><p class=quiet>Calendly's webhooks are subscribed to {} times, {} switched off.</p>",
        ledger.hooks().len(),
        ledger.hooks().iter().filter(|hook| !hook.active).count()
    );
}

fn article(page: &mut String, call: &SandboxCall) {
    let to = if call.deleted {
        "a deleted contact".to_owned()
    } else {
        escape(&call.to_number)
    };
    let action = call
        .outcome
        .appointment_action
        .map_or_else(String::new, |action| {
            serde_json::to_value(action)
                .ok()
                .and_then(|name| Some(format!(", {}", name.as_str()?)))
                .unwrap_or_default()
        });
    let _ = writeln!(
        page,
        "<article><h2>To {to}: {}</h2><p>By script: {}{action}. Arrived {} on the developer clock. <small>{}</small></p>",
        escape(&call.call_status),
        escape(&call.outcome.disconnection_reason),
        instant(call.arrived_at_clock),
        escape(&call.call_id),
    );
    if !call.dynamic_variables.is_empty() {
        page.push_str("<h3>What the agent was given to say</h3><dl>");
        for (name, value) in &call.dynamic_variables {
            let _ = write!(page, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(value));
        }
        page.push_str("</dl>");
    }
    if !call.webhooks.is_empty() {
        page.push_str("<h3>Webhooks</h3><table><tr><th>event</th><th>try</th><th>sent</th><th>answer</th></tr>");
        for webhook in &call.webhooks {
            let answer = match (webhook.status, &webhook.error) {
                (Some(status), _) => status.to_string(),
                (None, Some(error)) => escape(error),
                (None, None) => "none".to_owned(),
            };
            let _ = write!(
                page,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{answer}</td></tr>",
                webhook.event.name(),
                webhook.attempt,
                instant(webhook.sent_at_clock),
            );
        }
        page.push_str("</table>");
    }
    page.push_str("</article>\n");
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn escape(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, c| {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
            out
        })
}
