//! Looks whether the product paused calling, and resumes it: what a person does whom it asks to.

use async_trait::async_trait;
use chrono::TimeDelta;
use http::Method;
use serde_json::json;

use super::{Actor, Scene};

pub(super) const NAME: &str = "keeper";

pub(super) struct Keeper;

#[async_trait]
impl Actor for Keeper {
    fn name(&self) -> &'static str {
        NAME
    }

    fn pause(&mut self, scene: &mut Scene) -> TimeDelta {
        TimeDelta::minutes(scene.rng.between(60, 180))
    }

    async fn act(&mut self, scene: &mut Scene) {
        // Looks at the record itself: one request less in a world that mostly needs none.
        let Some(reason) = scene.world.table.pause_of(scene.site.id).await else {
            return;
        };
        if reason != "person" || scene.world.is_closing() {
            scene.world.fabric.count("pause: resumed by a person");
            scene
                .ask(Method::POST, "/api/calls/resume", Some(json!({})))
                .await;
        }
    }
}
