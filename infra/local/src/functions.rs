//! The HTTP functions, each behind the layers that it has on Lambda, and their one document.

use std::collections::BTreeMap;

use axum::Router;
use vio_http::openapi;
use vio_runtime::App;
use vio_runtime::lambda::behind_edge;

use crate::routes::Function;

/// Every HTTP function of the product.
#[derive(Clone)]
pub(crate) struct Functions(BTreeMap<Function, Router>);

impl Functions {
    /// Mounts them all over one app.
    pub(crate) fn new(app: &App) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut mounted = vec![(Function::Identity, vio_identity::router(app.clone()))];
        mounted.push((Function::Profile, (Router::new(), openapi::merge([])?)));
        let document = openapi::merge(mounted.iter().map(|(_, (_, document))| document.clone()))?;
        let mut functions = BTreeMap::new();
        for (function, (mut routes, _)) in mounted {
            if function == Function::Profile {
                routes = routes.merge(openapi::routes(&document)?);
            }
            functions.insert(function, behind_edge(app, routes)?);
        }
        Ok(Self(functions))
    }

    /// One of them.
    pub(crate) fn get(&self, function: Function) -> Router {
        self.0.get(&function).cloned().unwrap_or_default()
    }
}
