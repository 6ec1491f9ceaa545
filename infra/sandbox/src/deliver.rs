//! Webhooks: what is due goes out, in order for each call, signed, and tried again on failure.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::call::{Event, WebhookAttempt};
use crate::journal::Entry;
use crate::script::Fault;
use crate::server::Server;
use crate::sign;

/// Retell waits this long for an answer, unless the call says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Real time before each retry: Retell retries up to three times on anything but a 2xx.
const BACK_OFF: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
];
/// Deliveries under way at once, over all calls.
const AT_ONCE: usize = 32;

/// Hands out webhooks as they fall due on the developer clock, until it is aborted.
pub(crate) async fn dispatch(server: Arc<Server>) {
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    let mut lines: HashMap<String, mpsc::UnboundedSender<Event>> = HashMap::new();
    let mut workers = JoinSet::new();
    loop {
        let due = server.ledger().next_due();
        match due {
            None => server.changed.notified().await,
            Some(instant) => {
                tokio::select! {
                    () = server.clock.sleep_until(instant) => {}
                    () = server.changed.notified() => continue,
                }
            }
        }
        let taken = server.ledger().take_due(server.clock.now());
        for (call_id, event, last) in taken {
            let line = lines.entry(call_id.clone()).or_insert_with(|| {
                let (line, events) = mpsc::unbounded_channel();
                workers.spawn(deliver_in_order(
                    server.clone(),
                    at_once.clone(),
                    call_id.clone(),
                    events,
                ));
                line
            });
            // The worker lives as long as its line.
            let _ = line.send(event);
            if last {
                lines.remove(&call_id);
            }
        }
        while workers.try_join_next().is_some() {}
    }
}

async fn deliver_in_order(
    server: Arc<Server>,
    at_once: Arc<Semaphore>,
    call_id: String,
    mut events: mpsc::UnboundedReceiver<Event>,
) {
    while let Some(event) = events.recv().await {
        let _turn = at_once.acquire().await;
        deliver(&server, &call_id, event).await;
    }
}

/// Delivers one event, once or (by script) twice.
async fn deliver(server: &Server, call_id: &str, event: Event) {
    let (url, api_key, body, timeout, copies) = {
        let ledger = server.ledger();
        let Some(call) = ledger.find(call_id) else {
            return;
        };
        // Gone, if the call was deleted in the meantime.
        let Some(url) = call.agent.webhook_url.clone() else {
            return;
        };
        let body = json!({"event": event.name(), "call": call.at_event(event)}).to_string();
        let timeout = call
            .agent
            .webhook_timeout_ms
            .map_or(TIMEOUT, Duration::from_millis);
        let copies = if call.outcome.fault == Some(Fault::DuplicateWebhooks) {
            2
        } else {
            1
        };
        (url, call.api_key.clone(), body, timeout, copies)
    };
    for copy in 1..=copies {
        for (tries, pause) in BACK_OFF.iter().copied().map(Some).chain([None]).enumerate() {
            let sent_at = Utc::now();
            let sent_at_clock = server.clock.now();
            let signature =
                sign::retell_signature(&api_key, body.as_bytes(), sent_at.timestamp_millis());
            let answer = post(
                server,
                &url,
                &[("x-retell-signature", signature)],
                body.clone(),
                timeout,
            )
            .await;
            let accepted = matches!(answer, Ok(200..=299));
            let attempt = WebhookAttempt {
                event,
                attempt: u32::try_from(tries).unwrap_or(u32::MAX).saturating_add(1),
                sent_at,
                sent_at_clock,
                status: answer.as_ref().ok().copied(),
                error: answer.err().map(str::to_owned),
            };
            let settled = copy == copies && (accepted || pause.is_none());
            let entry = Entry::Webhook {
                call_id: call_id.to_owned(),
                attempt,
                settled,
            };
            if let Err(error) = server.ledger().record(entry) {
                tracing::error!(call_id, event = event.name(), error = %error, "a webhook attempt was not recorded");
            }
            match pause {
                Some(pause) if !accepted => tokio::time::sleep(pause).await,
                _ => break,
            }
        }
    }
}

/// Posts a form to a loopback address, as [`post`] does JSON.
pub(crate) async fn post_form(
    server: &Server,
    url: &str,
    headers: &[(&'static str, String)],
    form: &[(String, String)],
    timeout: Duration,
) -> Result<u16, &'static str> {
    let mut body = reqwest::Url::parse("form:").map_err(|_| "not a URL")?;
    body.query_pairs_mut().extend_pairs(form);
    let body = body.query().unwrap_or_default().to_owned();
    let kind = "application/x-www-form-urlencoded";
    post_as(server, url, headers, kind, body, timeout).await
}

/// Posts JSON to a loopback address and answers the status, or why there is none. Elsewhere it
/// refuses: invented calls and real people's data must not leave the machine.
pub(crate) async fn post(
    server: &Server,
    url: &str,
    headers: &[(&'static str, String)],
    body: String,
    timeout: Duration,
) -> Result<u16, &'static str> {
    post_as(server, url, headers, "application/json", body, timeout).await
}

async fn post_as(
    server: &Server,
    url: &str,
    headers: &[(&'static str, String)],
    content_type: &'static str,
    body: String,
    timeout: Duration,
) -> Result<u16, &'static str> {
    let url = reqwest::Url::parse(url).map_err(|_| "not a URL")?;
    if !is_loopback(&url) {
        return Err("not a loopback address: the sandbox delivers nowhere else");
    }
    let mut request = server
        .http
        .post(url)
        .timeout(timeout)
        .header("content-type", content_type)
        .body(body);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    match request.send().await {
        Ok(answer) => Ok(answer.status().as_u16()),
        Err(error) if error.is_timeout() => Err("timed out"),
        Err(error) if error.is_connect() => Err("could not connect"),
        Err(_) => Err("no answer"),
    }
}

fn is_loopback(url: &reqwest::Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}
