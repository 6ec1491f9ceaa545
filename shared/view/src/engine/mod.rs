//! Answering queries.

mod alike;
mod card;
mod choices;
mod facets;
mod filters;
mod matches;
mod order;
mod reader;
mod scan;

pub use alike::{Alike, MOST_COMPARED};
pub use card::{Appointed, Card, GroupOf};
pub use facets::{Facets, GroupCount, StatusCounts};
pub use matches::Match;
pub use reader::{Found, Page, ReadError, Reader};
