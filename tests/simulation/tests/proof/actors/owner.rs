//! Who runs the business: settings, pauses, keys; and the platform's operator.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use http::Method;
use serde_json::json;
use vio_store::tenants::TenantStatus;

use super::{Actor, Scene};

/// Changes hours, weekends, holidays, retries, notice, consent and, at times, the zone.
pub(super) struct Owner;

/// Zones that a business moves to.
const ZONES: [&str; 6] = [
    "Europe/London",
    "America/New_York",
    "Pacific/Auckland",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
];

#[async_trait]
impl Actor for Owner {
    fn name(&self) -> &'static str {
        "owner"
    }

    fn pause(&mut self, scene: &mut Scene) -> TimeDelta {
        TimeDelta::minutes(scene.rng.between(20 * 60, 150 * 60))
    }

    async fn act(&mut self, scene: &mut Scene) {
        let rng = &mut scene.rng;
        let calls = "/api/settings/calls";
        let (path, body) = match rng.below(10) {
            0..3 => {
                let (start, end) = *rng.pick(&[
                    ("08:00", "20:00"),
                    ("09:00", "17:00"),
                    ("10:30", "12:00"),
                    ("00:00", "24:00"),
                    ("07:15", "21:45"),
                ]);
                (
                    calls,
                    json!({ "call_hours": { "start_time": start, "end_time": end } }),
                )
            }
            3 => (
                calls,
                json!({ "call_hours": { "weekend_calling": rng.chance(1, 2) } }),
            ),
            4 => (
                calls,
                json!({ "call_hours": { "holiday_calling": rng.chance(1, 2) } }),
            ),
            5 => {
                let today = scene.world.fabric.truth().with_timezone(&scene.site.zone);
                let days: Vec<String> = (0..2)
                    .map(|_| {
                        let day = today.date_naive() + TimeDelta::days(rng.between(0, 9));
                        day.to_string()
                    })
                    .collect();
                (
                    calls,
                    json!({ "holiday_calendar": { "custom_holidays": days } }),
                )
            }
            6 => (
                calls,
                json!({
                    "maximum_retry_attempts": rng.below(4), "enable_automatic_retries": rng.chance(5, 6),
                    "no_answer_delay": *rng.pick(&[1, 2, 4]), "busy_signal_delay": *rng.pick(&[0.5, 1.0, 2.0]),
                }),
            ),
            7 => (calls, json!({ "minimum_notice_hours": rng.between(0, 6) })),
            8 => (
                "/api/settings/privacy",
                json!({ "require_voice_consent": rng.chance(1, 2) }),
            ),
            _ => (
                "/api/users/business",
                json!({ "timezone": rng.pick(&ZONES) }),
            ),
        };
        scene.ask(Method::PATCH, path, Some(body)).await;
    }
}

/// Pauses calling for a while.
pub(super) struct Pauser;

#[async_trait]
impl Actor for Pauser {
    fn name(&self) -> &'static str {
        "pauser"
    }

    fn pause(&mut self, scene: &mut Scene) -> TimeDelta {
        TimeDelta::minutes(scene.rng.between(20 * 60, 120 * 60))
    }

    async fn act(&mut self, scene: &mut Scene) {
        let nothing = Some(json!({}));
        scene
            .ask(Method::POST, "/api/calls/pause", nothing.clone())
            .await;
        let rest = scene.rng.between(60, 5 * 3_600);
        tokio::time::sleep(Duration::from_secs(rest.unsigned_abs())).await;
        scene.ask(Method::POST, "/api/calls/resume", nothing).await;
    }
}

/// Changes the provider's key, or moves to another account.
pub(super) struct KeyChanger {
    pub(super) keys: u32,
}

#[async_trait]
impl Actor for KeyChanger {
    fn name(&self) -> &'static str {
        "keys"
    }

    fn pause(&mut self, scene: &mut Scene) -> TimeDelta {
        TimeDelta::hours(scene.rng.between(60, 300))
    }

    async fn act(&mut self, scene: &mut Scene) {
        self.keys += 1;
        let mut retell =
            json!({ "api_key": format!("key-{}-{:04}", scene.site.number, self.keys) });
        if scene.rng.chance(1, 2) {
            let account = scene.rng.below(3);
            retell["base_url"] = json!(format!("https://voice{account}.example"));
        }
        let body = json!({ "retell": retell });
        scene
            .ask(Method::PATCH, "/api/settings/integrations", Some(body))
            .await;
    }
}

/// The platform's operator suspends a business for a while.
pub(super) struct Operator;

#[async_trait]
impl Actor for Operator {
    fn name(&self) -> &'static str {
        "operator"
    }

    fn pause(&mut self, scene: &mut Scene) -> TimeDelta {
        TimeDelta::hours(scene.rng.between(100, 500))
    }

    async fn act(&mut self, scene: &mut Scene) {
        let (world, site) = (&scene.world, &scene.site);
        world.fabric.count("business suspended");
        world.set_status(site, TenantStatus::Suspended).await;
        let rest = scene.rng.between(600, 5 * 3_600);
        tokio::time::sleep(Duration::from_secs(rest.unsigned_abs())).await;
        world.set_status(site, TenantStatus::Active).await;
    }
}
