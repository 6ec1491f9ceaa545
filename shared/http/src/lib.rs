//! What every HTTP function shares: problems, strict extractors, the access table, request ids and logs, security
//! headers, paging, entity tags, idempotency keys, and the OpenAPI document.
//!
//! A function crate declares its routes with `utoipa_axum`, splits them into a router and a document, and puts the
//! router behind [`service::service`]. Nothing here knows AWS or the store; what it needs of them are ports:
//! [`principal::Authenticator`], [`rate::RateLimiter`], [`idempotency::IdempotencyStore`], [`page::CursorMac`].

pub mod access;
mod access_table;
pub mod body;
pub mod edge;
pub mod etag;
mod example;
pub mod idempotency;
mod json_guard;
mod objects;
pub mod openapi;
pub mod origin;
pub mod page;
pub mod patch;
pub mod path;
pub mod principal;
pub mod problem;
mod problem_kind;
pub mod query;
pub mod rate;
mod serde_fault;
pub mod service;
pub mod validate;

pub use access::{Access, Route};
pub use body::{Json, RawBody};
pub use edge::RequestId;
pub use etag::{ETag, IfMatch};
pub use idempotency::Idempotent;
pub use page::{PageRequest, Pagination};
pub use patch::Patch;
pub use path::{Path, Path2};
pub use principal::{AuthError, Authenticator, Client, Principal};
pub use problem::{FieldProblem, Kind, Problem};
pub use query::{NoParams, Paged, Query, QueryParams};
pub use service::{Shared, service};
pub use validate::{Fields, Validate};
