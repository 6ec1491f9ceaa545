//! Query strings, read strictly: a parameter that is unknown, given twice or not built yet is a 400 that names it;
//! none is silently ignored (api.md).

use axum::extract::{FromRequestParts, MatchedPath};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::page::{CursorScope, PAGE_PARAMETERS, PageRequest};
use crate::problem::{FieldProblem, Kind, Problem};
use crate::serde_fault;

/// Parameters of one request are read up to this many.
const MOST_PARAMETERS: usize = 64;

/// A set of query parameters: a struct whose fields are `Option`s or have defaults. No `flatten`: it would hide
/// unknown parameters.
pub trait QueryParams: DeserializeOwned {
    /// Parameters of the contract that are not built yet; the refusal says so.
    const NOT_BUILT: &'static [&'static str] = &[];
}

/// No parameters at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub struct NoParams {}

impl QueryParams for NoParams {}

/// The query parameters of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<T>(pub T);

/// The query parameters of a list: its filters, and the page wanted (`page`, `page_size`, `cursor`).
#[derive(Debug, Clone)]
pub struct Paged<T> {
    /// The list's own parameters.
    pub filters: T,
    /// The page wanted.
    pub page: PageRequest,
}

impl<S: Send + Sync, T: QueryParams> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(&pairs(parts.uri.query())?).map(Self)
    }
}

impl<S: Send + Sync, T: QueryParams> FromRequestParts<S> for Paged<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = pairs(parts.uri.query())?;
        let (paging, own): (Vec<_>, Vec<_>) = pairs
            .into_iter()
            .partition(|(name, _)| PAGE_PARAMETERS.contains(&name.as_str()));
        let filters = read(&own)?;
        let path = parts.extensions.get::<MatchedPath>();
        let scope = CursorScope::new(path.map_or("", MatchedPath::as_str), &own);
        let page = PageRequest::read(&paging, scope)?;
        Ok(Self { filters, page })
    }
}

fn invalid(name: &str, detail: &str) -> Problem {
    Problem::new(Kind::InvalidParameter).error(FieldProblem::new(name, "invalid_value", detail))
}

/// Refuses every parameter: the route reads none.
pub(crate) fn none(query: Option<&str>) -> Result<(), Problem> {
    read(&pairs(query)?).map(|NoParams {}| ())
}

fn pairs(query: Option<&str>) -> Result<Vec<(String, String)>, Problem> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if pairs.len() == MOST_PARAMETERS {
            return Err(Problem::new(Kind::InvalidParameter)
                .detail(format!("At most {MOST_PARAMETERS} parameters are read.")));
        }
        if pairs.iter().any(|(seen, _)| *seen == name) {
            let name: String = name.chars().take(64).collect();
            return Err(invalid(&name, "This parameter is given twice.")
                .detail(format!("The parameter {name} is given twice.")));
        }
        pairs.push((name.into_owned(), value.into_owned()));
    }
    Ok(pairs)
}

fn unknown<T: QueryParams>(name: &str) -> Problem {
    let name: String = name.chars().take(64).collect();
    let (code, said) = if T::NOT_BUILT.contains(&name.as_str()) {
        ("not_built", "is not available yet")
    } else {
        ("unknown_parameter", "is not known here")
    };
    Problem::new(Kind::UnknownParameter)
        .detail(format!("The parameter {name} {said}."))
        .error(FieldProblem::new(
            name,
            code,
            format!("This parameter {said}."),
        ))
}

fn read<T: QueryParams>(pairs: &[(String, String)]) -> Result<T, Problem> {
    if let Some((name, _)) = pairs
        .iter()
        .find(|(name, _)| T::NOT_BUILT.contains(&name.as_str()))
    {
        return Err(unknown::<T>(name));
    }
    let text = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let mut stray = None;
    let mut track = serde_path_to_error::Track::new();
    let form = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    let tracked = serde_path_to_error::Deserializer::new(form, &mut track);
    let value = serde_ignored::deserialize(tracked, |path| {
        stray.get_or_insert_with(|| path.to_string());
    });
    if let Some(name) = stray {
        return Err(unknown::<T>(&name));
    }
    value.map_err(|error: serde_urlencoded::de::Error| {
        let pointer = serde_fault::pointer(&track.path());
        let problem = serde_fault::explain(pointer, &error.to_string());
        let name = problem.pointer.trim_start_matches('/');
        if problem.code == "unknown_field" {
            return unknown::<T>(name);
        }
        invalid(name, &problem.detail).detail(format!("The parameter {name} is not valid."))
    })
}
