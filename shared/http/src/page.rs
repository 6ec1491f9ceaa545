//! Pages of a list: `page`, `page_size` and an opaque `cursor` in, `pagination` out (api.md).

use std::num::NonZeroU32;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};

use crate::problem::{FieldProblem, Kind, Problem};

/// The parameters of every list.
pub const PAGE_PARAMETERS: &[&str] = &["page", "page_size", "cursor"];

/// [`PAGE_PARAMETERS`] for the document of a list: `params(Filters, PageParams)`.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by PageRequest, described here")]
pub struct PageParams {
    /// The page's number, from 1. Not together with `cursor`.
    #[param(minimum = 1, maximum = 1_000_000)]
    page: Option<u32>,
    /// Rows of a page.
    #[param(minimum = 10, maximum = 100, default = 25)]
    page_size: Option<u32>,
    /// `next_cursor` of the answer before, with the same filters.
    #[param(max_length = 4096)]
    cursor: Option<String>,
}

/// Rows of a page where none are asked for (api.md).
pub const DEFAULT_PAGE_SIZE: u32 = 25;

const PAGE_SIZES: std::ops::RangeInclusive<u32> = 10..=100;

/// The last page that can be asked for by number.
const LAST_PAGE: u32 = 1_000_000;

const CURSOR_VERSION: u8 = 1;
const LONGEST_CURSOR: usize = 4_096;
const MAC_LENGTH: usize = 16;

/// The page that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The page's number from 1; 1 where a cursor is given.
    pub page: NonZeroU32,
    /// Rows of a page, 10 to 100.
    pub page_size: u32,
    cursor: Option<String>,
    scope: CursorScope,
}

/// What a cursor belongs to: a route and its filters. A cursor of another list, or of other filters, is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorScope(String);

impl CursorScope {
    /// The scope of a route's template and its filters, in any order.
    pub fn new(path: &str, filters: &[(String, String)]) -> Self {
        let mut sorted: Vec<&(String, String)> = filters.iter().collect();
        sorted.sort();
        let mut hash = Context::new(&SHA256);
        let mut put = |text: &str| {
            hash.update(&(text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        put(path);
        for (name, value) in sorted {
            put(name);
            put(value);
        }
        Self(URL_SAFE_NO_PAD.encode(&hash.finish().as_ref()[..16]))
    }
}

/// Signs cursors, so that only ours come back. Without one a cursor is only checked for its form and scope: whoever
/// reads by it takes the tenant from the [`Principal`](crate::principal::Principal), never from the cursor.
pub trait CursorMac: Send + Sync {
    /// The first 16 bytes of a keyed hash over `message`.
    fn tag(&self, message: &[u8]) -> [u8; MAC_LENGTH];
    /// Whether `tag` belongs to `message`; compares in constant time.
    fn verify(&self, message: &[u8], tag: &[u8; MAC_LENGTH]) -> bool;
}

#[derive(Serialize, Deserialize)]
struct Envelope<P> {
    v: u8,
    s: String,
    n: u32,
    p: P,
}

impl PageRequest {
    pub(crate) fn read(pairs: &[(String, String)], scope: CursorScope) -> Result<Self, Problem> {
        let value = |wanted: &str| {
            pairs
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.as_str())
        };
        let number = |name: &str, allowed: std::ops::RangeInclusive<u32>| {
            let Some(text) = value(name) else {
                return Ok(None);
            };
            let plain = text.bytes().all(|b| b.is_ascii_digit());
            match text.parse::<u32>() {
                Ok(number) if plain && allowed.contains(&number) => Ok(Some(number)),
                _ => {
                    let detail = format!("Must be {} to {}.", allowed.start(), allowed.end());
                    Err(Problem::new(Kind::InvalidParameter)
                        .detail(format!("The parameter {name} is not valid. {detail}"))
                        .error(FieldProblem::new(name, "out_of_range", detail)))
                }
            }
        };
        let page = number("page", 1..=LAST_PAGE)?;
        let page_size = number("page_size", PAGE_SIZES)?.unwrap_or(DEFAULT_PAGE_SIZE);
        let cursor = value("cursor").map(str::to_owned);
        if page.is_some() && cursor.is_some() {
            return Err(Problem::new(Kind::InvalidParameter)
                .detail("Send either page or cursor, not both.")
                .error(FieldProblem::new(
                    "page",
                    "conflict",
                    "Not together with cursor.",
                )));
        }
        if cursor
            .as_ref()
            .is_some_and(|text| text.len() > LONGEST_CURSOR)
        {
            return Err(invalid_cursor());
        }
        Ok(Self {
            page: page.and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN),
            page_size,
            cursor,
            scope,
        })
    }

    /// The page wanted by a list that is asked for with a body, or with parameters of its own.
    pub fn wanted(
        page: Option<u32>,
        page_size: Option<u32>,
        cursor: Option<String>,
        scope: CursorScope,
    ) -> Result<Self, Problem> {
        let number = |name: &str, number: Option<u32>| Some((name.to_owned(), number?.to_string()));
        let cursor = cursor.map(|cursor| ("cursor".to_owned(), cursor));
        let pairs: Vec<_> = [number("page", page), number("page_size", page_size), cursor]
            .into_iter()
            .flatten()
            .collect();
        Self::read(&pairs, scope)
    }

    /// Page 1: a list that is read by its cursor has no others by number.
    fn first_only(&self) -> Result<u32, Problem> {
        if self.page.get() == 1 {
            return Ok(1);
        }
        Err(Problem::new(Kind::InvalidParameter)
            .detail("The parameter page is not available here; follow next_cursor.")
            .error(FieldProblem::new(
                "page",
                "out_of_range",
                "This list is read by its cursor.",
            )))
    }

    /// After what to go on, and the number of this page, in a list that is read by its cursor alone.
    pub fn after<P: DeserializeOwned>(&self) -> Result<(Option<P>, u32), Problem> {
        Ok(match self.position(None)? {
            Some((last, number)) => (Some(last), number),
            None => (None, self.first_only()?),
        })
    }

    /// Where the list stands with page `number`.
    pub fn pagination(
        &self,
        number: u32,
        total: Option<u64>,
        next_cursor: Option<String>,
    ) -> Pagination {
        Pagination {
            current_page: number,
            page_size: self.page_size,
            total,
            next_cursor,
        }
    }

    /// Whether a cursor came with the request.
    pub fn has_cursor(&self) -> bool {
        self.cursor.is_some()
    }

    /// Where to go on: the position that [`PageRequest::next_cursor`] wrapped, and the number of this page. `None`
    /// without a cursor; 400 for one that is not ours, of another version, or of another list.
    pub fn position<P: DeserializeOwned>(
        &self,
        mac: Option<&dyn CursorMac>,
    ) -> Result<Option<(P, u32)>, Problem> {
        let Some(text) = &self.cursor else {
            return Ok(None);
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid_cursor())?;
        let json = match mac {
            None => bytes.as_slice(),
            Some(mac) => {
                let (tag, message) = bytes
                    .split_first_chunk::<MAC_LENGTH>()
                    .ok_or_else(invalid_cursor)?;
                if !mac.verify(message, tag) {
                    return Err(invalid_cursor());
                }
                message
            }
        };
        let envelope: Envelope<P> = serde_json::from_slice(json).map_err(|_| invalid_cursor())?;
        if envelope.v != CURSOR_VERSION || envelope.s != self.scope.0 {
            return Err(invalid_cursor());
        }
        Ok(Some((envelope.p, envelope.n)))
    }

    /// The cursor of the page after number `current`, from the position where it begins. The position must hold no
    /// personal data: cursors travel in URLs.
    pub fn next_cursor<P: Serialize>(
        &self,
        position: P,
        current: u32,
        mac: Option<&dyn CursorMac>,
    ) -> Result<String, Problem> {
        let envelope = Envelope {
            v: CURSOR_VERSION,
            s: self.scope.0.clone(),
            n: current.saturating_add(1),
            p: position,
        };
        let json = serde_json::to_vec(&envelope).map_err(|error| Problem::internal(&error))?;
        let mut bytes = mac.map_or_else(Vec::new, |mac| mac.tag(&json).to_vec());
        bytes.extend_from_slice(&json);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }
}

fn invalid_cursor() -> Problem {
    Problem::new(Kind::InvalidCursor).error(FieldProblem::new(
        "cursor",
        "invalid_cursor",
        "This cursor is not valid for this list.",
    ))
}

/// Where a list stands: what goes into a type declared by [`pagination!`](crate::pagination).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pagination {
    /// The page's number, from 1.
    pub current_page: u32,
    /// Rows of a page.
    pub page_size: u32,
    /// Rows of the whole list; `None`, `null` in the answer, where it is read without counting it.
    pub total: Option<u64>,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<String>,
}

/// Declares the `pagination` of a list, named for what it counts (api.md):
/// `pagination! { ContactsPagination = "total_contacts" }`. The type is made with `.into()` from [`Pagination`].
#[macro_export]
macro_rules! pagination {
    ($($(#[$doc:meta])* $name:ident = $total:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name($crate::page::Pagination);

        impl From<$crate::page::Pagination> for $name {
            fn from(pagination: $crate::page::Pagination) -> Self {
                Self(pagination)
            }
        }

        impl $crate::page::serde::Serialize for $name {
            fn serialize<S: $crate::page::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                self.0.serialize_as($total, to)
            }
        }

        impl $crate::page::utoipa::PartialSchema for $name {
            fn schema() -> $crate::page::utoipa::openapi::RefOr<$crate::page::utoipa::openapi::schema::Schema> {
                $crate::page::Pagination::schema_as($total)
            }
        }

        impl $crate::page::utoipa::ToSchema for $name {}
    )+};
}

#[doc(hidden)]
pub use {serde, utoipa};

impl Pagination {
    #[doc(hidden)]
    pub fn serialize_as<S: Serializer>(
        &self,
        total: &'static str,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let pages = self
            .total
            .map(|rows| rows.div_ceil(u64::from(self.page_size.max(1))));
        let mut map = to.serialize_map(Some(5))?;
        map.serialize_entry("current_page", &self.current_page)?;
        map.serialize_entry("page_size", &self.page_size)?;
        map.serialize_entry("total_pages", &pages)?;
        map.serialize_entry(total, &self.total)?;
        map.serialize_entry("next_cursor", &self.next_cursor)?;
        map.end()
    }

    #[doc(hidden)]
    pub fn schema_as(total: &'static str) -> RefOr<Schema> {
        let number = || {
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(1))
        };
        let perhaps = |kind, said: &str| {
            ObjectBuilder::new()
                .schema_type(SchemaType::from_iter([kind, Type::Null]))
                .description(Some(said))
        };
        let uncounted = "Null where the list is read without counting it.";
        ObjectBuilder::new()
            .property("current_page", number())
            .property("page_size", number())
            .property("total_pages", perhaps(Type::Integer, uncounted))
            .property(total, perhaps(Type::Integer, uncounted))
            .property(
                "next_cursor",
                perhaps(Type::String, "Null on the last page."),
            )
            .required("current_page")
            .required("page_size")
            .required("total_pages")
            .required(total)
            .required("next_cursor")
            .into()
    }
}
