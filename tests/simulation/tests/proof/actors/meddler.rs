//! Changes what concerns one person: at leisure, and in the middle of a call's placement, where races are.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use http::Method;
use serde_json::json;
use vio_domain::ids::ContactId;

use super::{Actor, Scene};
use crate::rng::Rng;
use crate::world::{Known, World};

pub(super) struct Meddler;

/// What is done to one person.
async fn meddle(scene: &mut Scene, known: &Known) {
    let id = known.contact;
    let person = format!("/api/contacts/{id}");
    let patch = |body| (Method::PATCH, person.clone(), Some(body));
    let drawn = scene.rng.below(20);
    scene.world.fabric.count("meddled");
    let (method, path, body) = match drawn {
        0..3 => {
            let days = scene.rng.between(1, 5);
            let day = (scene.world.fabric.truth() + TimeDelta::days(days)).format("%Y-%m-%d");
            let hour = scene.rng.between(9, 17);
            patch(json!({ "appointment_time": format!("{day}T{hour:02}:30") }))
        }
        3 | 4 => patch(json!({ "appointment_status": "cancelled", "reason": "She rang us" })),
        5 => patch(json!({
            "appointment_status": "confirmed", "confirmation_method": "phone", "reason": "He rang us"
        })),
        6 | 7 => (Method::DELETE, person, None),
        8 => {
            let body = json!({ "on_duplicate": "create_new" });
            (Method::POST, format!("{person}/restore"), Some(body))
        }
        9..12 => {
            let body = json!({ "action": "withdrawn" });
            (Method::POST, format!("{person}/consents"), Some(body))
        }
        12 => {
            let body = json!({ "action": "given", "method": "verbal" });
            (Method::POST, format!("{person}/consents"), Some(body))
        }
        13..16 => {
            let body = json!({ "phone": known.phone });
            (Method::POST, "/api/dnc".to_owned(), Some(body))
        }
        16 => return unlist(scene, known).await,
        17 => {
            let forbidden = scene.rng.chance(2, 3);
            patch(json!({ "do_not_contact": forbidden }))
        }
        18 => {
            let zone =
                *scene
                    .rng
                    .pick(&["America/Los_Angeles", "Pacific/Auckland", "Europe/London"]);
            patch(json!({ "preferences": { "timezone": zone } }))
        }
        _ => {
            let phone = format!("+44791239{:04}", scene.rng.below(10_000));
            patch(json!({ "phone": phone, "on_duplicate": "create_new" }))
        }
    };
    scene.ask(method, &path, body).await;
}

/// Takes a number off the do-not-call list.
async fn unlist(scene: &mut Scene, known: &Known) {
    let Ok(number) = vio_domain::phone::E164::try_from(known.phone.clone()) else {
        return;
    };
    let store = &scene.site.store;
    if let Ok(Some(listed)) = store.do_not_call(store.phone_hash(&number)).await {
        let path = format!("/api/dnc/{}", listed.id);
        scene.ask(Method::DELETE, &path, None).await;
    }
}

#[async_trait]
impl Actor for Meddler {
    fn name(&self) -> &'static str {
        "meddler"
    }

    fn pause(&mut self, scene: &mut Scene) -> TimeDelta {
        TimeDelta::minutes(scene.rng.between(200, 40 * 60))
    }

    async fn act(&mut self, scene: &mut Scene) {
        if let Some(known) = scene.anybody() {
            meddle(scene, &known).await;
        }
    }
}

/// Sees every grant as it is committed, and meddles at times before the call is placed for certain.
pub(super) async fn watch(world: Arc<World>) {
    let (out, mut grants) = tokio::sync::mpsc::unbounded_channel();
    *world.table.grants.lock().unwrap() = Some(out);
    let mut rng = Rng::of(world.plan.seed, "watch", 0);
    let mut seen = std::collections::BTreeSet::new();
    while let Some(written) = grants.recv().await {
        if world.is_closing() {
            continue;
        }
        let fresh = seen.insert((written.pk.clone(), written.sk.clone()));
        if !fresh || !rng.chance(1, 7) {
            continue;
        }
        let Some(site) = world.sites.iter().find(|site| site.id == written.tenant) else {
            continue;
        };
        let Some(contact) = contact_of(&written.pk) else {
            continue;
        };
        let known = site
            .people
            .lock()
            .unwrap()
            .iter()
            .find(|known| known.contact == contact)
            .cloned();
        let Some(known) = known else { continue };
        let mut scene = Scene {
            world: world.clone(),
            site: site.clone(),
            rng: Rng::new(rng.draw()),
        };
        let pause = rng.chance(1, 5);
        let longest = if rng.chance(1, 2) { 400 } else { 25_000 };
        let wait = rng.between(0, longest);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())).await;
            if pause {
                scene
                    .ask(Method::POST, "/api/calls/pause", Some(json!({})))
                    .await;
                let rest = scene.rng.between(60, 3_000);
                tokio::time::sleep(Duration::from_secs(rest.unsigned_abs())).await;
                scene
                    .ask(Method::POST, "/api/calls/resume", Some(json!({})))
                    .await;
            } else {
                meddle(&mut scene, &known).await;
            }
        });
    }
}

/// The contact in the key of an item collection.
pub(crate) fn contact_of(pk: &str) -> Option<ContactId> {
    pk.split_once("#C#")?.1.parse().ok()
}
