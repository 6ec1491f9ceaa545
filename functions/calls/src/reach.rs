//! Whose calls somebody sees: those of the contacts within their reach (rules.md People, roles, sessions).

use vio_domain::permission::Scope;
use vio_http::{FieldProblem, Kind, PageRequest, Principal, Problem};

/// Records that one request examines at most. A list that filters answers a shorter page rather than read on for ever.
pub(crate) const EXAMINED: usize = 1_000;

/// Whether every contact of the tenant is within reach, so that none need be read to know.
pub(crate) fn sees_all(who: &Principal) -> bool {
    who.scope.view == Some(Scope::All)
}

/// How many rows a page asked for by number leaves out. Far pages are reached by cursor: 400.
pub(crate) fn rows_before(page: &PageRequest) -> Result<usize, Problem> {
    let rows = (page.page.get() as usize - 1).saturating_mul(page.page_size as usize);
    if rows >= EXAMINED {
        let detail = "Pages this far are reached by next_cursor.";
        return Err(Problem::new(Kind::InvalidParameter)
            .detail(format!("The parameter page is not valid. {detail}"))
            .error(FieldProblem::new("page", "out_of_range", detail)));
    }
    Ok(rows)
}
