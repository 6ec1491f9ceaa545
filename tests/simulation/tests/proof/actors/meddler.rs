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
use crate::table::Moment;
use crate::world::{Known, Site, World};

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

/// Meddles in the middle of things: while the pump decides about a person, and from the grant until the call is placed
/// for certain.
pub(super) async fn watch(world: Arc<World>) {
    let (out, mut moments) = tokio::sync::mpsc::unbounded_channel();
    *world.table.moments.lock().unwrap() = Some(out);
    let mut rng = Rng::of(world.plan.seed, "watch", 0);
    let mut seen = std::collections::BTreeSet::new();
    while let Some(moment) = moments.recv().await {
        if world.is_closing() {
            continue;
        }
        let (pk, wait) = match moment {
            Moment::Attempt(written) => {
                let fresh = seen.insert((written.pk.clone(), written.sk));
                if !fresh || !rng.chance(world.plan.rough.races, 100) {
                    continue;
                }
                let longest = if rng.chance(1, 2) { 400 } else { 25_000 };
                (written.pk, rng.between(0, longest))
            }
            Moment::Read(pk) => (pk, 0),
        };
        let Some((site, known)) = whose(&world, &pk) else {
            continue;
        };
        let mut scene = Scene {
            world: world.clone(),
            site,
            rng: Rng::new(rng.draw()),
        };
        let pause = rng.chance(1, 5);
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

/// The person of an item collection, and the business.
fn whose(world: &World, pk: &str) -> Option<(Arc<Site>, Known)> {
    let contact = contact_of(pk)?;
    let tenant = crate::table::tenant_of(pk)?;
    let site = world.sites.iter().find(|site| site.id == tenant)?;
    let people = site.people.lock().unwrap();
    let known = people.iter().find(|known| known.contact == contact)?;
    Some((site.clone(), known.clone()))
}

/// Two people at one desk: one takes down that somebody is not to be called, the other, who has not heard, presses Call
/// Now within minutes. At times both save the same person at once.
pub(super) struct Colleagues;

#[async_trait]
impl Actor for Colleagues {
    fn name(&self) -> &'static str {
        "colleagues"
    }

    fn pause(&mut self, scene: &mut Scene) -> TimeDelta {
        let most = scene.world.plan.rough.colleagues;
        TimeDelta::minutes(scene.rng.between(most / 10, most))
    }

    async fn act(&mut self, scene: &mut Scene) {
        let Some(known) = scene.anybody() else { return };
        let person = format!("/api/contacts/{}", known.contact);
        if scene.rng.chance(1, 3) {
            let withdrawn = Some(json!({ "action": "withdrawn" }));
            let zone = Some(json!({ "preferences": { "timezone": "Europe/London" } }));
            let consents = format!("{person}/consents");
            tokio::join!(
                scene.ask(Method::POST, &consents, withdrawn),
                scene.ask(Method::PATCH, &person, zone),
            );
            return;
        }
        let (method, path, body) = match scene.rng.below(4) {
            0 | 1 => {
                let body = json!({ "phone": known.phone });
                (Method::POST, "/api/dnc".to_owned(), body)
            }
            2 => {
                let body = json!({ "action": "withdrawn" });
                (Method::POST, format!("{person}/consents"), body)
            }
            _ => (
                Method::PATCH,
                person.clone(),
                json!({ "do_not_contact": true }),
            ),
        };
        scene.ask(method, &path, Some(body)).await;
        let wait = scene.rng.between(0, 500);
        tokio::time::sleep(Duration::from_secs(wait.unsigned_abs())).await;
        let body = json!({ "queue": true });
        let path = format!("{person}/call-now");
        scene.ask(Method::POST, &path, Some(body)).await;
    }
}

/// The contact in the key of an item collection.
pub(crate) fn contact_of(pk: &str) -> Option<ContactId> {
    pk.split_once("#C#")?.1.parse().ok()
}
