//! Calls many at once: a group or a selection, at once, at an instant or spread; holds it, lets it go on, ends it.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use vio_domain::ids::CampaignId;

use super::{Actor, Scene};
use crate::history::CampaignEstimate;

#[derive(Default)]
pub(super) struct Campaigner {
    groups: u32,
}

/// Members of a campaign at most: a few windows' worth.
const MOST: i64 = 16;

impl Campaigner {
    /// How it is to be called.
    fn how(scene: &mut Scene) -> Value {
        let rng = &mut scene.rng;
        let mut body =
            json!({ "priority_level": rng.pick(&["normal", "normal", "high", "urgent"]) });
        match rng.below(6) {
            0 => {
                body["call_timing"] = json!("staggered");
                body["stagger_duration_minutes"] = json!(rng.pick(&[15, 30, 60, 120]));
            }
            1 => {
                let ahead = TimeDelta::minutes(rng.between(1, 20 * 60));
                body["call_timing"] = json!("scheduled");
                body["scheduled_datetime"] = json!(scene.world.fabric.truth() + ahead);
            }
            _ => body["call_timing"] = json!("immediate"),
        }
        let rng = &mut scene.rng;
        if body["call_timing"] != "staggered" && rng.chance(1, 4) {
            body["call_interval_minutes"] = json!(rng.between(1, 20));
        }
        if rng.chance(1, 8) {
            body["override_call_timing"] = json!(true);
            body["custom_hours_before"] = json!(rng.pick(&[2, 24, 48]));
        }
        body
    }

    /// Begins one; the answer.
    async fn begin(&mut self, scene: &mut Scene) -> Option<Value> {
        let mut contacts = Vec::new();
        for _ in 0..scene.rng.between(2, MOST) {
            if let Some(known) = scene.anybody()
                && !contacts.contains(&known.contact)
            {
                contacts.push(known.contact);
            }
        }
        if contacts.is_empty() {
            return None;
        }
        let mut body = Self::how(scene);
        if scene.rng.chance(1, 2) {
            body["contact_ids"] = json!(contacts);
            return scene.ask(Method::POST, "/api/campaigns", Some(body)).await;
        }
        self.groups += 1;
        let group =
            json!({ "name": format!("Group {}", self.groups), "initial_contact_ids": contacts });
        let group = scene.ask(Method::POST, "/api/groups", Some(group)).await?;
        let path = format!("/api/groups/{}/call-all", group["id"].as_str()?);
        scene.ask(Method::POST, &path, Some(body)).await
    }
}

/// Writes down when it is said to be through.
fn note(scene: &Scene, campaign: CampaignId, answer: &Value) {
    let said = answer["estimated_completion"].as_str();
    if let Some(instant) = said.and_then(|text| text.parse().ok()) {
        let at = scene.world.fabric.truth();
        let mut all = scene.site.campaign_estimates.lock().unwrap();
        all.push(CampaignEstimate {
            at,
            campaign,
            instant,
        });
    }
}

#[async_trait]
impl Actor for Campaigner {
    fn name(&self) -> &'static str {
        "campaigner"
    }

    fn pause(&mut self, scene: &mut Scene) -> TimeDelta {
        TimeDelta::minutes(scene.rng.between(4 * 60, 50 * 60))
    }

    async fn act(&mut self, scene: &mut Scene) {
        let Some(begun) = self.begin(scene).await else {
            return;
        };
        let id = begun["campaign_id"].as_str().and_then(|id| id.parse().ok());
        let Some(id) = id else { return };
        scene.world.fabric.count("campaigns begun");
        note(scene, id, &begun);
        let place = format!("/api/groups/campaigns/{id}");
        let nothing = || Some(json!({}));
        for _ in 0..scene.rng.below(5) {
            let wait = scene.rng.between(0, 2_500);
            tokio::time::sleep(Duration::from_secs(wait.unsigned_abs())).await;
            match scene.rng.below(if scene.world.plan.rough.meddling {
                4
            } else {
                12
            }) {
                0 => {
                    scene.world.fabric.count("campaigns held");
                    let path = format!("{place}/pause");
                    scene.ask(Method::POST, &path, nothing()).await;
                    let rest = scene.rng.between(1, 20_000);
                    tokio::time::sleep(Duration::from_secs(rest.unsigned_abs())).await;
                    let path = format!("{place}/resume");
                    scene.ask(Method::POST, &path, nothing()).await;
                }
                1 => {
                    scene.world.fabric.count("campaigns ended");
                    let path = format!("{place}/cancel");
                    scene.ask(Method::POST, &path, nothing()).await;
                    return;
                }
                _ => {
                    let path = format!("{place}/status");
                    if let Some(status) = scene.ask(Method::GET, &path, None).await {
                        note(scene, id, &status);
                    }
                }
            }
        }
    }
}
