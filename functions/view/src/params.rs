//! What a list can be asked for (api.md `GET /contacts`, `POST /contacts/search`).

use chrono::{DateTime, Utc};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use vio_http::page::CursorScope;
use vio_http::{FieldProblem, Fields, Kind, PageRequest, Problem, QueryParams};
use vio_view::{Params, QueryError};

/// Filters, order and page of a list. All filters hold together. Several values are separated by commas; in a body they
/// may be a list instead.
#[derive(Clone, Default, Deserialize, Serialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[schema(as = ContactSearch, example = json!({"search": "smith", "status": ["pending"], "sort": ["-appointment_time"]}))]
#[serde(default)]
pub(crate) struct ListParams {
    /// Status of the current appointment: any of `pending`, `confirmed`, `cancelled`, `rescheduled`.
    #[param(value_type = Option<String>, example = "pending,confirmed")]
    #[serde(deserialize_with = "words")]
    status: Option<Words>,
    /// Groups, by id.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<Ids>)]
    #[serde(deserialize_with = "words")]
    group_ids: Option<Words>,
    /// How the groups combine: `any` (the default), `all`, or `not`.
    #[param(example = "any")]
    group_logic: Option<String>,
    /// In no group (true), or in some (false).
    ungrouped: Option<bool>,
    /// With `group_ids`: those in no group as well.
    include_ungrouped: Option<bool>,
    /// Words to find in name, phone, e-mail, notes, appointment type, provider, company and instructions:
    /// `"exact phrase"`, `prefix*`, `-without`, `email:@gmail.com`; phone numbers in any formatting. In HIPAA mode only in
    /// the body of `POST /api/contacts/search`.
    #[param(max_length = 200)]
    #[schema(max_length = 200)]
    search: Option<String>,
    /// Time of the current appointment: `today`, `tomorrow`, `this_week` or `next_week` on the business's clock.
    #[param(example = "this_week")]
    appointment: Option<String>,
    /// The same from a date, or an instant with `Z`, on.
    #[param(example = "2027-01-18")]
    appointment_from: Option<String>,
    /// The same to a date, which is included, or before an instant with `Z`.
    #[param(example = "2027-01-22")]
    appointment_to: Option<String>,
    /// When the next call is due: `due_now`, `due_today`, `overdue` or `scheduled`.
    #[param(example = "due_today")]
    call: Option<String>,
    /// How urgent the next call is: `high_priority`, `standard` or `low_priority`.
    urgency: Option<String>,
    /// When somebody last answered: `never`, `today`, `week` or `month`.
    last_contact: Option<String>,
    /// Somebody answered within so many days, 1 to 3,650.
    #[param(minimum = 1, maximum = 3_650)]
    #[schema(minimum = 1, maximum = 3_650)]
    last_contact_days: Option<u32>,
    /// What the last call came to: `success` or `failure`.
    call_result: Option<String>,
    /// Any of `normal`, `high`, `urgent`.
    #[param(value_type = Option<String>)]
    #[serde(deserialize_with = "words")]
    priority: Option<Words>,
    /// Contacts with every one of these tags.
    #[param(value_type = Option<String>)]
    #[serde(deserialize_with = "words")]
    tag: Option<Words>,
    /// Any of these industries.
    #[param(value_type = Option<String>)]
    #[serde(deserialize_with = "words")]
    industry: Option<Words>,
    /// Any of `manual`, `import`, `api`, `form`, `calcom`, `calendly`.
    #[param(value_type = Option<String>)]
    #[serde(deserialize_with = "words")]
    booking_source: Option<Words>,
    /// The whole appointment type.
    #[param(max_length = 255)]
    #[schema(max_length = 255)]
    appointment_type: Option<String>,
    /// The whole name of the provider.
    #[param(max_length = 255)]
    #[schema(max_length = 255)]
    owner_name: Option<String>,
    /// Active contacts (true), or inactive ones.
    is_active: Option<bool>,
    /// On the work list (true), or not.
    attention: Option<bool>,
    /// Created by you or assigned to you (true), or not.
    own: Option<bool>,
    /// Created at or after this instant.
    created_since: Option<DateTime<Utc>>,
    /// The current appointment was made at or after this instant, or its status changed then.
    status_since: Option<DateTime<Utc>>,
    /// `name`, `status`, `appointment_time`, `call_attempts`, `created_at`, `last_contact`, `relevance`, or
    /// `added_to_group` with one group; `-` in front for descending, several in order. Relevance for a search, else newest
    /// first.
    #[param(value_type = Option<String>, example = "status,-appointment_time")]
    #[serde(deserialize_with = "words")]
    sort: Option<Words>,
    /// The page's number, from 1. Not together with `cursor`.
    #[param(minimum = 1, maximum = 1_000_000)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    page: Option<u32>,
    /// Rows of a page, 10 to 100; 25 where it is left out.
    #[param(minimum = 10, maximum = 100)]
    #[schema(minimum = 10, maximum = 100)]
    page_size: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    #[param(max_length = 4_096)]
    #[schema(max_length = 4_096)]
    cursor: Option<String>,
}

impl QueryParams for ListParams {}

/// One value, or several: separated by commas in one text, or a list of texts without commas.
#[derive(Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Words {
    Text(String),
    List(Vec<String>),
}

/// Ids: separated by commas in one text, or a list.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "read as words, described here")]
enum Ids {
    Text(String),
    List(Vec<uuid::Uuid>),
}

impl Words {
    fn joined(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(list) => list.join(","),
        }
    }
}

fn joined(words: Option<&Words>) -> Option<String> {
    words.map(Words::joined)
}

fn words<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Words>, D::Error> {
    struct Either;
    impl<'de> Visitor<'de> for Either {
        type Value = Option<Words>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a string or an array of strings")
        }
        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
            from.deserialize_any(self)
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(Words::Text(text.to_owned())))
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(one) = list.next_element::<String>()? {
                if one.contains(',') {
                    return Err(A::Error::custom("a value must not contain a comma"));
                }
                all.push(one);
            }
            Ok((!all.is_empty()).then_some(Words::List(all)))
        }
    }
    from.deserialize_any(Either)
}

impl ListParams {
    /// What the engine is asked, besides the page.
    pub(crate) fn filters(&self) -> Params {
        Params {
            status: joined(self.status.as_ref()),
            group_ids: joined(self.group_ids.as_ref()),
            group_logic: self.group_logic.clone(),
            ungrouped: self.ungrouped,
            include_ungrouped: self.include_ungrouped,
            search: self.search.clone(),
            appointment: self.appointment.clone(),
            appointment_from: self.appointment_from.clone(),
            appointment_to: self.appointment_to.clone(),
            call: self.call.clone(),
            urgency: self.urgency.clone(),
            last_contact: self.last_contact.clone(),
            last_contact_days: self.last_contact_days,
            call_result: self.call_result.clone(),
            priority: joined(self.priority.as_ref()),
            tag: joined(self.tag.as_ref()),
            industry: joined(self.industry.as_ref()),
            booking_source: joined(self.booking_source.as_ref()),
            appointment_type: self.appointment_type.clone(),
            owner_name: self.owner_name.clone(),
            is_active: self.is_active,
            attention: self.attention,
            own: self.own,
            created_since: self.created_since,
            status_since: self.status_since,
            sort: joined(self.sort.as_ref()),
            page: None,
            page_size: None,
        }
    }

    /// The page wanted, of the list at `path`.
    pub(crate) fn page(&self, path: &str) -> Result<PageRequest, Problem> {
        let scope = CursorScope::new(path, &self.pairs()?);
        PageRequest::wanted(self.page, self.page_size, self.cursor.clone(), scope)
    }

    /// Notes an order or a page where only filters count; `at`: where these are in the body.
    pub(crate) fn only_filters(&self, fields: &mut Fields, at: &str) {
        let sort = self.sort.is_some().then_some("sort");
        for name in sort.into_iter().chain(self.paging()) {
            let detail = "Neither a selection nor a count has order or pages.";
            fields.note(&format!("{at}/{name}"), "not_here", detail);
        }
    }

    /// What was sent, for the audit; sealed there.
    pub(crate) fn sent(&self) -> Result<serde_json::Map<String, serde_json::Value>, Problem> {
        let sent = serde_json::to_value(self).map_err(|error| Problem::internal(&error))?;
        let serde_json::Value::Object(mut sent) = sent else {
            return Ok(serde_json::Map::new());
        };
        let paging = vio_http::page::PAGE_PARAMETERS;
        sent.retain(|name, value| !value.is_null() && !paging.contains(&name.as_str()));
        Ok(sent)
    }

    fn pairs(&self) -> Result<Vec<(String, String)>, Problem> {
        let sent = self.sent()?.into_iter();
        Ok(sent
            .map(|(name, value)| (name, value.to_string()))
            .collect())
    }

    /// A parameter of the page, if one was sent.
    pub(crate) fn paging(&self) -> Option<&'static str> {
        let sent = [
            (self.page.is_some(), "page"),
            (self.page_size.is_some(), "page_size"),
            (self.cursor.is_some(), "cursor"),
        ];
        sent.into_iter()
            .find_map(|(sent, name)| sent.then_some(name))
    }

    /// Whether something is searched for.
    pub(crate) fn searches(&self) -> bool {
        self.search.is_some()
    }
}

/// Where parameters were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    InAddress,
    /// By S2's names.
    InAddressOfS2,
    /// The same, with the group in the path.
    OfGroup,
    InBody,
    /// In the member `filters` of a body.
    ToBeSaved,
    /// As the filter of a selection.
    InSelection,
    /// In the member `filter` of a body.
    InFilter,
}

impl Sent {
    /// Whether nobody reads it in an address.
    pub(crate) fn is_in_body(self) -> bool {
        matches!(self, Self::InBody | Self::ToBeSaved)
    }

    /// Where the parameters stand in the body.
    fn within(self) -> &'static str {
        match self {
            Self::ToBeSaved => "/filters",
            Self::InSelection => "/selection/filter",
            Self::InFilter => "/filter",
            _ => "",
        }
    }

    /// The problem of what is wrong with a query. Says nothing of values.
    pub(crate) fn refused(self, error: &QueryError) -> Problem {
        let (name, code) = (error.parameter(), error.code());
        let name = match (self, name) {
            (Self::InAddressOfS2 | Self::OfGroup, "status") => "status_filter",
            (Self::InAddressOfS2 | Self::OfGroup, "call_result") => "call_status_filter",
            _ => name,
        };
        let detail = format!("{error}.").replacen(error.parameter(), name, 1);
        match self {
            Self::InAddress | Self::InAddressOfS2 | Self::OfGroup => {
                Problem::new(Kind::InvalidParameter)
                    .detail(format!("The parameter {name} is not valid: {detail}"))
                    .error(FieldProblem::new(name, code, detail))
            }
            Self::InBody | Self::ToBeSaved | Self::InSelection | Self::InFilter => {
                Problem::validation(vec![FieldProblem::new(
                    format!("{}/{name}", self.within()),
                    code,
                    detail,
                )])
            }
        }
    }

    /// A problem of the page, told of the place where the page was asked for.
    pub(crate) fn paged(self, problem: Problem) -> Problem {
        if self != Self::InBody {
            return problem;
        }
        let kind = match problem.kind() {
            Kind::InvalidParameter => Kind::Validation,
            kind => kind,
        };
        let errors = problem.errors().iter().cloned();
        errors.fold(Problem::new(kind), |told, mut error| {
            error.pointer.insert(0, '/');
            told.error(error)
        })
    }

    /// The problem of a group that is not there, or not for the caller to know of.
    /// `place` is its place among the groups that were sent.
    pub(crate) fn unknown_group(self, place: usize) -> Problem {
        let (code, detail) = ("unknown_group", "There is no such group.");
        match self {
            Self::OfGroup => Problem::not_found(),
            Self::InAddress | Self::InAddressOfS2 => Problem::new(Kind::InvalidParameter)
                .detail("The parameter group_ids names a group that is not there.")
                .error(FieldProblem::new("group_ids", code, detail)),
            Self::InBody | Self::ToBeSaved | Self::InSelection | Self::InFilter => {
                Problem::validation(vec![FieldProblem::new(
                    format!("{}/group_ids/{place}", self.within()),
                    code,
                    detail,
                )])
            }
        }
    }
}
