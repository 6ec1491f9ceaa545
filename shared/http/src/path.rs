//! Ids in paths. One that is no id names nothing: 404, like an id that belongs to nobody.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::problem::Problem;

/// The one parameter of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<T>(pub T);

/// The two parameters of the path, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path2<A, B>(pub A, pub B);

async fn parameters<const N: usize, S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
) -> Result<[String; N], Problem> {
    let parameters = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| Problem::not_found())?; // not UTF-8
    let values: Vec<String> = parameters
        .iter()
        .map(|(_, value)| value.to_owned())
        .collect();
    values.try_into().map_err(|_| {
        Problem::internal_because("a handler reads other path parameters than its route has")
    })
}

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let [one] = parameters(parts, state).await?;
        one.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

impl<S: Send + Sync, A: FromStr, B: FromStr> FromRequestParts<S> for Path2<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let [one, two] = parameters(parts, state).await?;
        let one = one.parse().map_err(|_| Problem::not_found())?;
        let two = two.parse().map_err(|_| Problem::not_found())?;
        Ok(Self(one, two))
    }
}
