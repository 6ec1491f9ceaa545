//! Looks at how long waiting calls will have to wait, and presses Call Now where slots are short: what the product says
//! is held against what happens (`check/estimates.rs`).

use async_trait::async_trait;
use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use vio_domain::calling::order::Band;
use vio_domain::ids::SessionId;

use super::{Actor, Scene};
use crate::history::Estimate;

/// Calls looked at in one go.
const LOOKS: usize = 5;

/// Opens waiting calls now and then.
pub(super) struct Asker;

#[async_trait]
impl Actor for Asker {
    fn name(&self) -> &'static str {
        "asker"
    }

    fn pause(&mut self, scene: &mut Scene) -> TimeDelta {
        TimeDelta::seconds(scene.rng.between(1_000, 4_000))
    }

    async fn act(&mut self, scene: &mut Scene) {
        let mut due = Vec::new();
        for band in Band::ALL {
            let items = scene.site.store.due_items(band, 50).await;
            due.extend(items.unwrap_or_default());
        }
        while due.len() > LOOKS {
            let one = scene.rng.below(due.len() as u64);
            due.swap_remove(usize::try_from(one).unwrap_or(0));
        }
        for item in due {
            let path = format!("/api/calls/{}", item.session);
            if let Some(call) = scene.ask(Method::GET, &path, None).await {
                note(scene, item.session, &call);
            }
        }
    }
}

/// Writes down what was said of a call that waits.
fn note(scene: &Scene, session: SessionId, call: &Value) {
    if call["status"] != "planned" {
        return;
    }
    let instant = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
    let fabric = &scene.world.fabric;
    fabric.count("estimates asked for");
    scene.site.estimates.lock().unwrap().push(Estimate {
        at: fabric.truth(),
        session,
        position: call["position"].as_u64(),
        instant: instant(&call["estimated_at"]),
    });
}

/// Presses Call Now, at times for several people in a row, and waits where that is needed.
pub(super) struct Presser;

#[async_trait]
impl Actor for Presser {
    fn name(&self) -> &'static str {
        "presser"
    }

    fn pause(&mut self, scene: &mut Scene) -> TimeDelta {
        TimeDelta::minutes(scene.rng.between(3 * 60, 40 * 60))
    }

    async fn act(&mut self, scene: &mut Scene) {
        let most = if scene.rng.chance(1, 3) { 6 } else { 1 };
        for _ in 0..most {
            let Some(known) = scene.anybody() else { return };
            let path = format!("/api/contacts/{}/call-now", known.contact);
            let body = json!({ "queue": true });
            let Some(called) = scene.ask(Method::POST, &path, Some(body)).await else {
                continue;
            };
            scene.world.fabric.count("called now");
            let session = called["session_id"].as_str().and_then(|id| id.parse().ok());
            if let Some(session) = session {
                note(scene, session, &called);
            }
        }
    }
}
