//! Who does what in a world. An actor is one kind of person (or mishap) at one business: it waits, acts through the
//! product's own routes, and waits again. To add one, implement [`Actor`] and name it in [`cast`].

mod asker;
mod booker;
mod caller;
mod campaigner;
mod keeper;
mod meddler;
mod owner;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use http::{Method, StatusCode};
use serde_json::Value;

use crate::rng::Rng;
use crate::world::{Known, Site, World};

/// Where an actor acts.
pub(crate) struct Scene {
    pub(crate) world: Arc<World>,
    pub(crate) site: Arc<Site>,
    /// The actor's own draws.
    pub(crate) rng: Rng,
}

/// Somebody who acts now and then.
#[async_trait]
pub(crate) trait Actor: Send {
    /// Its name, from which its draws are made.
    fn name(&self) -> &'static str;
    /// How long until it acts; also before the first time.
    fn pause(&mut self, scene: &mut Scene) -> TimeDelta;
    /// What it does. A request that fails is not repeated: people shrug, too.
    async fn act(&mut self, scene: &mut Scene);
}

impl Scene {
    /// A request; None where it failed, for whatever reason.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<Value> {
        let (site, world) = (&self.site, &self.world);
        world.fabric.note(Some(site.id), || {
            let body = body.as_ref().map(Value::to_string).unwrap_or_default();
            format!("{method} {path} {body}")
        });
        let answer = world.request(site, method, path, body).await;
        let status = answer.as_ref().map(|(status, _)| *status);
        world
            .fabric
            .note(Some(site.id), || format!("  -> {status:?}"));
        world.fabric.count(match status {
            Some(status) if status.is_success() => "requests: done",
            Some(status) if status.is_server_error() => "requests: failed",
            Some(StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST) => "requests: invalid",
            Some(_) => "requests: refused",
            None => "requests: no answer",
        });
        answer
            .filter(|(status, _)| status.is_success())
            .map(|(_, body)| body)
    }

    /// Somebody who was booked here.
    pub(crate) fn anybody(&mut self) -> Option<Known> {
        let people = self.site.people.lock().unwrap();
        (!people.is_empty()).then(|| self.rng.pick(&people).clone())
    }
}

/// Everybody at one business.
fn cast(world: &World) -> Vec<Box<dyn Actor>> {
    let mut cast: Vec<Box<dyn Actor>> = vec![Box::new(keeper::Keeper)];
    match world.plan.crowd {
        Some(count) => cast.push(Box::new(booker::Crowd { count })),
        None => cast.push(Box::new(booker::Booker::default())),
    }
    if world.plan.asked {
        cast.push(Box::new(asker::Asker));
        cast.push(Box::new(asker::Presser));
        cast.push(Box::new(campaigner::Campaigner::default()));
    }
    if world.plan.rough.meddling {
        cast.push(Box::new(caller::Caller));
        cast.push(Box::new(campaigner::Campaigner::default()));
        cast.push(Box::new(meddler::Meddler));
        cast.push(Box::new(meddler::Colleagues));
        cast.push(Box::new(owner::Owner));
        cast.push(Box::new(owner::Pauser));
        cast.push(Box::new(owner::KeyChanger { keys: 0 }));
        cast.push(Box::new(owner::Operator));
    }
    cast
}

/// Lets everybody act.
pub(crate) fn start(world: &Arc<World>) {
    for site in &world.sites {
        for actor in cast(world) {
            tokio::spawn(play(world.clone(), site.clone(), actor));
        }
    }
    if world.plan.rough.meddling {
        tokio::spawn(meddler::watch(world.clone()));
    }
}

async fn play(world: Arc<World>, site: Arc<Site>, mut actor: Box<dyn Actor>) {
    let rng = Rng::of(world.plan.seed, actor.name(), site.number);
    let mut scene = Scene { world, site, rng };
    // Who resumes calling goes on to the end: work must not wait for ever.
    let lasting = actor.name() == keeper::NAME;
    loop {
        let pause = actor.pause(&mut scene).to_std().unwrap_or(Duration::ZERO);
        tokio::time::sleep(pause).await;
        if scene.world.is_closing() && !lasting {
            return;
        }
        actor.act(&mut scene).await;
    }
}
