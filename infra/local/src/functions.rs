//! The HTTP functions, each behind the layers that it has on Lambda, and their one document.

use axum::Router;
use vio_http::openapi::{self, DocumentError};
use vio_http::service;
use vio_runtime::App;

use crate::routes::Function;

/// Every HTTP function of the product.
#[derive(Clone)]
pub(crate) struct Functions {
    profile: Router,
}

impl Functions {
    /// Mounts them all over one app.
    pub(crate) fn new(app: &App) -> Result<Self, DocumentError> {
        let document = openapi::merge([])?;
        let shared = app.shared();
        let mount = |routes: Router| service(routes, shared.clone());
        Ok(Self {
            profile: mount(openapi::routes(&document)?),
        })
    }

    /// One of them.
    pub(crate) fn get(&self, function: Function) -> Router {
        match function {
            _ => &self.profile,
        }
        .clone()
    }
}
