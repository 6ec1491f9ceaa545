//! The HTTP functions, each behind the layers that it has on Lambda, and the document of them all.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use utoipa::openapi::OpenApi;
use vio_http::openapi::{self, DocumentError};
use vio_runtime::StartError;
use vio_runtime::lambda::behind_edge;
use vio_views::{ViewApp, Views};
use vio_webhooks::Webhooks;

use crate::invocations::{Invocations, UnderWay};
use crate::routes::Function;

/// Every HTTP function of the product.
#[derive(Clone)]
pub(crate) struct Functions {
    routers: BTreeMap<Function, Router>,
    invocations: Arc<Invocations>,
}

/// Each function's routes and document.
fn mounted(webhooks: &Webhooks, views: &Views) -> Vec<(Function, (Router, OpenApi))> {
    let app = &webhooks.app;
    let view = ViewApp {
        app: app.clone(),
        views: views.clone(),
    };
    vec![
        (Function::Calls, vio_calls::router(app.clone())),
        (Function::Campaigns, vio_campaigns::router(app.clone())),
        (Function::Contacts, vio_contacts::router(app.clone())),
        (Function::Groups, vio_groups::router(app.clone())),
        (Function::Identity, vio_identity::router(app.clone())),
        (Function::Jobs, vio_jobs::router(app.clone())),
        (Function::Live, vio_live::router(app.clone())),
        (Function::Messaging, vio_messaging::router(app.clone())),
        (Function::Profile, vio_profile::router(app.clone())),
        (Function::View, vio_views::router(view)),
        (Function::Webhooks, vio_webhooks::router(webhooks.clone())),
    ]
}

/// The description of the whole API, made from the code; `docs/openapi.json` is this, written down.
pub fn document() -> Result<OpenApi, DocumentError> {
    openapi::merge([
        vio_calls::document(),
        vio_campaigns::document(),
        vio_contacts::document(),
        vio_groups::document(),
        vio_identity::document(),
        vio_jobs::document(),
        vio_live::document(),
        vio_messaging::document(),
        vio_profile::document(),
        vio_views::document(),
        vio_webhooks::document(),
    ])
}

impl Functions {
    /// Mounts them all over one app.
    pub(crate) fn new(
        webhooks: &Webhooks,
        views: &Views,
        invocations: Arc<Invocations>,
    ) -> Result<Self, StartError> {
        let mut functions = BTreeMap::new();
        for (function, (routes, _)) in mounted(webhooks, views) {
            functions.insert(function, behind_edge(&webhooks.app, routes)?);
        }
        Ok(Self {
            routers: functions,
            invocations,
        })
    }

    /// One of them.
    pub(crate) fn get(&self, function: Function) -> Router {
        self.routers.get(&function).cloned().unwrap_or_default()
    }

    /// Counts an invocation that is under way.
    pub(crate) fn invoked(&self) -> UnderWay {
        self.invocations.begin("http")
    }
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::path::PathItem;
    use vio_http::access::Method;

    use super::*;
    use crate::routes::owner;

    fn has(item: &PathItem, method: Method) -> bool {
        match method {
            Method::Delete => item.delete.is_some(),
            Method::Get => item.get.is_some(),
            Method::Patch => item.patch.is_some(),
            Method::Post => item.post.is_some(),
            Method::Put => item.put.is_some(),
        }
    }

    /// A route that the template sends to another function than the one that has it would never be reached.
    #[tokio::test(flavor = "multi_thread")]
    async fn every_route_is_sent_to_the_function_that_has_it() {
        let host = crate::Host::start(crate::HostOptions::ephemeral())
            .await
            .unwrap();
        for (function, (_, document)) in mounted(host.webhooks(), host.views()) {
            let ours = vio_http::access::TABLE.iter().filter(|route| {
                let item = document.paths.paths.get(route.path);
                item.is_some_and(|item| has(item, route.method))
            });
            for route in ours {
                let (method, path) = (route.method.as_str(), route.path);
                assert_eq!(owner(method, path).0, function, "{method} {path}");
            }
        }
        host.shutdown().await;
    }
}
