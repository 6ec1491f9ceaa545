//! Presses Call Now, and at times takes it back.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use http::Method;
use serde_json::json;

use super::{Actor, Scene};

pub(super) struct Caller;

#[async_trait]
impl Actor for Caller {
    fn name(&self) -> &'static str {
        "caller"
    }

    fn pause(&mut self, scene: &mut Scene) -> TimeDelta {
        TimeDelta::minutes(scene.rng.between(6 * 60, 60 * 60))
    }

    async fn act(&mut self, scene: &mut Scene) {
        let Some(known) = scene.anybody() else { return };
        let body = json!({ "queue": scene.rng.chance(2, 3) });
        let path = format!("/api/contacts/{}/call-now", known.contact);
        let Some(called) = scene.ask(Method::POST, &path, Some(body)).await else {
            return;
        };
        scene.world.fabric.count("called now");
        if let Some(session) = called["session_id"].as_str()
            && scene.rng.chance(1, 4)
        {
            let wait = scene.rng.between(0, 90);
            tokio::time::sleep(Duration::from_secs(wait.unsigned_abs())).await;
            let path = format!("/api/calls/{session}/cancel");
            scene.ask(Method::POST, &path, Some(json!({}))).await;
        }
    }
}
