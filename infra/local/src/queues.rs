//! Which function reads which queue.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use tokio::task::JoinSet;
use vio_calendar_sync::CalendarSync;
use vio_projector::Projector;
use vio_runtime::batch::{self, MessageError};
use vio_runtime::queues::QueueUrls;
use vio_stack::Stack;
use vio_webhooks::Webhooks;

use crate::clock::DomainClock;
use crate::consumers::{QueueConsumer, QueueFunction, Stop};
use crate::invocations::Invocations;

/// A function behind a queue, from its handler of one message.
fn function<M, F, Fut>(handler: F) -> QueueFunction
where
    M: DeserializeOwned + Send + 'static,
    F: Fn(M) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<(), MessageError>> + Send + 'static,
{
    Arc::new(move |event| Box::pin(batch::handle(event, handler.clone())))
}

/// What the functions behind queues are made of.
pub(crate) struct Readers {
    pub webhooks: Webhooks,
    pub projector: Projector,
    pub clock: Arc<DomainClock>,
}

/// Starts a consumer for each queue; they end with the host.
pub(crate) fn start(
    tasks: &mut JoinSet<()>,
    stack: &Stack,
    urls: QueueUrls,
    readers: &Readers,
    invocations: &Arc<Invocations>,
    stopping: &Stop,
) {
    let Readers {
        webhooks,
        projector,
        clock,
    } = readers;
    // The clock does not move while a call or a message may be on its way out.
    let dial = {
        let (app, clock) = (webhooks.app.clone(), Arc::clone(clock));
        function(move |message| {
            let (app, clock) = (app.clone(), Arc::clone(&clock));
            async move {
                let _sending = clock.sending().await;
                vio_campaign_worker::handle(&app, message).await
            }
        })
    };
    let messages = {
        let (app, clock) = (webhooks.app.clone(), Arc::clone(clock));
        function(move |message| {
            let (app, clock) = (app.clone(), Arc::clone(&clock));
            async move {
                let _sending = clock.sending().await;
                vio_messaging::process(&app, message).await
            }
        })
    };
    let outgoing = {
        let projector = projector.clone();
        function(move |message| {
            let projector = projector.clone();
            async move { projector.process(message).await }
        })
    };
    let inbox = {
        let webhooks = webhooks.clone();
        function(move |message| {
            let webhooks = webhooks.clone();
            async move { vio_webhooks::process(&webhooks, message).await }
        })
    };
    let jobs = {
        let app = webhooks.app.clone();
        function(move |message| {
            let app = app.clone();
            async move { vio_jobs::process(&app, message).await }
        })
    };
    let calendar = {
        let sync = CalendarSync::new(webhooks.app.clone());
        function(move |message| {
            let sync = sync.clone();
            async move { vio_calendar_sync::handle(&sync, message).await }
        })
    };
    // Messages per event as in template.yaml.
    for (name, url, batch, function) in [
        ("campaign-worker", urls.dial, 1, dial),
        ("webhooks", urls.inbox, 10, inbox),
        ("messaging", urls.messages, 5, messages),
        ("jobs", urls.jobs, 1, jobs),
        ("calendar-sync", urls.calendar, 1, calendar),
        ("projector", urls.outgoing, 1, outgoing),
    ] {
        let consumer = QueueConsumer {
            name,
            invocations: Arc::clone(invocations),
            client: stack.sqs(),
            url,
            batch,
            function,
        };
        tasks.spawn(consumer.run(stopping.clone()));
    }
}
