//! A query as clients write it (api.md `GET /contacts`, `POST /contacts/search`).

use chrono::{DateTime, Utc};
use serde::Deserialize;
use vio_domain::appointment::AppointmentStatus;
use vio_domain::contact::{BookingSource, Priority};

use super::{
    AppointmentRange, Bound, CallFilter, CallResult, Cursor, Filter, GroupFilter, GroupLogic,
    LastContact, PageSize, Query, QueryError, Search, Sort, SortBy, Start, Urgency,
};

/// Values of one filter at most.
const MOST_VALUES: usize = 100;
const LONGEST_TEXT: usize = 255;

/// The parameters, by their names in the API; lists by comma. Every field means what api.md says; S2's own names
/// (`filter_logic`, `status_filter`, …) are translated by its routes.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Params {
    pub status: Option<String>,
    pub group_ids: Option<String>,
    pub group_logic: Option<String>,
    pub ungrouped: Option<bool>,
    pub include_ungrouped: Option<bool>,
    pub search: Option<String>,
    pub appointment: Option<String>,
    pub appointment_from: Option<String>,
    pub appointment_to: Option<String>,
    pub call: Option<String>,
    pub urgency: Option<String>,
    pub last_contact: Option<String>,
    pub last_contact_days: Option<u32>,
    pub call_result: Option<String>,
    pub priority: Option<String>,
    pub tag: Option<String>,
    pub industry: Option<String>,
    pub booking_source: Option<String>,
    pub appointment_type: Option<String>,
    pub owner_name: Option<String>,
    pub is_active: Option<bool>,
    pub attention: Option<bool>,
    pub own: Option<bool>,
    pub created_since: Option<DateTime<Utc>>,
    pub status_since: Option<DateTime<Utc>>,
    pub sort: Option<String>,
    pub page: Option<u32>,
    pub page_size: Option<u32>,
}

fn word<T: Copy>(
    parameter: &'static str,
    text: &str,
    words: &[(&'static str, T)],
    offered: &'static str,
) -> Result<T, QueryError> {
    let found = words.iter().find(|(word, _)| *word == text.trim());
    found
        .map(|(_, value)| *value)
        .ok_or(QueryError::NotOffered { parameter, offered })
}

fn list<T>(
    parameter: &'static str,
    text: Option<&String>,
    read: impl Fn(&str) -> Result<T, QueryError>,
) -> Result<Vec<T>, QueryError> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let values: Vec<&str> = text.split(',').map(str::trim).collect();
    if values.len() > MOST_VALUES {
        return Err(QueryError::TooMany {
            parameter,
            max: MOST_VALUES,
        });
    }
    if values.iter().any(|value| value.is_empty()) {
        return Err(QueryError::Empty { parameter });
    }
    values.into_iter().map(read).collect()
}

fn text(parameter: &'static str, text: &str) -> Result<String, QueryError> {
    if text.trim().is_empty() {
        return Err(QueryError::Empty { parameter });
    }
    if text.chars().count() > LONGEST_TEXT {
        return Err(QueryError::TooLong {
            parameter,
            max: LONGEST_TEXT,
        });
    }
    Ok(text.trim().to_owned())
}

impl Params {
    /// The query that is meant. `cursor` is what came sealed with the request, opened.
    pub fn parse(&self, cursor: Option<Cursor>) -> Result<Query, QueryError> {
        let filter = self.filter()?;
        let sort = self.sort(&filter)?;
        let start = match (self.page, cursor) {
            (Some(_), Some(_)) => {
                return Err(QueryError::Together {
                    parameter: "page",
                    with: "cursor",
                });
            }
            (None, Some(cursor)) => Start::After(cursor),
            (page, None) => match page.unwrap_or(1) {
                page @ 1..=1_000_000 => Start::Page(page),
                _ => {
                    return Err(QueryError::OutOfRange {
                        parameter: "page",
                        min: 1,
                        max: 1_000_000,
                    });
                }
            },
        };
        let page_size = self
            .page_size
            .map_or(Ok(PageSize::DEFAULT), PageSize::new)?;
        Ok(Query {
            filter,
            sort,
            start,
            page_size,
            facets: true,
            shares: false,
        })
    }

    /// The filter alone, for selections and counts.
    pub fn filter(&self) -> Result<Filter, QueryError> {
        let status = |text: &str| {
            use AppointmentStatus::{Cancelled, Confirmed, Pending, Rescheduled};
            let words = [Pending, Confirmed, Cancelled, Rescheduled].map(|s| (s.as_str(), s));
            word(
                "status",
                text,
                &words,
                "pending, confirmed, cancelled, rescheduled",
            )
        };
        let priority = |text: &str| {
            let words = [
                ("normal", Priority::Normal),
                ("high", Priority::High),
                ("urgent", Priority::Urgent),
            ];
            word("priority", text, &words, "normal, high, urgent")
        };
        let source = |text: &str| {
            let words = [
                ("manual", BookingSource::Manual),
                ("import", BookingSource::Import),
                ("api", BookingSource::Api),
                ("form", BookingSource::Form),
                ("calcom", BookingSource::Calcom),
                ("calendly", BookingSource::Calendly),
            ];
            word(
                "booking_source",
                text,
                &words,
                "manual, import, api, form, calcom, calendly",
            )
        };
        let call = |text: &String| {
            let words = [
                ("due_now", CallFilter::DueNow),
                ("due_today", CallFilter::DueToday),
                ("overdue", CallFilter::Overdue),
                ("scheduled", CallFilter::Scheduled),
            ];
            word(
                "call",
                text,
                &words,
                "due_now, due_today, overdue, scheduled",
            )
        };
        let urgency = |text: &String| {
            let words = [
                ("high_priority", Urgency::High),
                ("standard", Urgency::Standard),
                ("low_priority", Urgency::Low),
            ];
            word(
                "urgency",
                text,
                &words,
                "high_priority, standard, low_priority",
            )
        };
        let result = |text: &String| {
            let words = [
                ("success", CallResult::Success),
                ("failure", CallResult::Failure),
            ];
            word("call_result", text, &words, "success, failure")
        };
        let one = |parameter, value: Option<&String>| value.map(|t| text(parameter, t)).transpose();
        Ok(Filter {
            status: list("status", self.status.as_ref(), status)?,
            groups: self.groups()?,
            ungrouped: self.ungrouped,
            search: self.search.as_deref().map(Search::parse).transpose()?,
            appointment: self.appointment()?,
            call: self.call.as_ref().map(call).transpose()?,
            urgency: self.urgency.as_ref().map(urgency).transpose()?,
            last_contact: self.last_contact()?,
            call_result: self.call_result.as_ref().map(result).transpose()?,
            priority: list("priority", self.priority.as_ref(), priority)?,
            tags: list("tag", self.tag.as_ref(), |tag| text("tag", tag))?,
            industry: list("industry", self.industry.as_ref(), |t| text("industry", t))?,
            booking_source: list("booking_source", self.booking_source.as_ref(), source)?,
            appointment_type: one("appointment_type", self.appointment_type.as_ref())?,
            owner_name: one("owner_name", self.owner_name.as_ref())?,
            is_active: self.is_active,
            attention: self.attention,
            own: self.own,
            created_since: self.created_since,
            status_since: self.status_since,
        })
    }

    fn groups(&self) -> Result<Option<GroupFilter>, QueryError> {
        let groups = list("group_ids", self.group_ids.as_ref(), |id| {
            let parameter = "group_ids";
            id.parse().map_err(|_| QueryError::NotAnId { parameter })
        })?;
        let words = [
            ("any", GroupLogic::Any),
            ("all", GroupLogic::All),
            ("not", GroupLogic::Not),
        ];
        let logic = self
            .group_logic
            .as_ref()
            .map(|text| word("group_logic", text, &words, "any, all, not"))
            .transpose()?;
        if groups.is_empty() {
            let needs = |parameter| QueryError::Needs {
                parameter,
                needs: "group_ids",
            };
            return match (logic, self.include_ungrouped) {
                (Some(_), _) => Err(needs("group_logic")),
                (None, Some(true)) => Err(needs("include_ungrouped")),
                _ => Ok(None),
            };
        }
        Ok(Some(GroupFilter {
            groups,
            logic: logic.unwrap_or_default(),
            include_ungrouped: self.include_ungrouped.unwrap_or_default(),
        }))
    }

    fn appointment(&self) -> Result<Option<AppointmentRange>, QueryError> {
        let words = [
            ("today", AppointmentRange::Today),
            ("tomorrow", AppointmentRange::Tomorrow),
            ("this_week", AppointmentRange::ThisWeek),
            ("next_week", AppointmentRange::NextWeek),
        ];
        let offered = "today, tomorrow, this_week, next_week";
        let named = self.appointment.as_ref();
        let named = named
            .map(|text| word("appointment", text, &words, offered))
            .transpose()?;
        let bound = |parameter, value: Option<&String>| {
            value
                .map(|text| Bound::parse(parameter, text.trim()))
                .transpose()
        };
        let from = bound("appointment_from", self.appointment_from.as_ref())?;
        let to = bound("appointment_to", self.appointment_to.as_ref())?;
        match (named, from, to) {
            (named, None, None) => Ok(named),
            (Some(_), from, _) => Err(QueryError::Together {
                parameter: "appointment",
                with: if from.is_some() {
                    "appointment_from"
                } else {
                    "appointment_to"
                },
            }),
            (None, from, to) => {
                let backwards = match (from, to) {
                    (Some(Bound::Day(from)), Some(Bound::Day(to))) => from > to,
                    (Some(Bound::Instant(from)), Some(Bound::Instant(to))) => from > to,
                    _ => false,
                };
                if backwards {
                    return Err(QueryError::EmptyRange);
                }
                Ok(Some(AppointmentRange::Between { from, to }))
            }
        }
    }

    fn last_contact(&self) -> Result<Option<LastContact>, QueryError> {
        let words = [
            ("never", LastContact::Never),
            ("today", LastContact::Today),
            ("week", LastContact::Days(7)),
            ("month", LastContact::Days(30)),
        ];
        let named = self.last_contact.as_ref();
        let named =
            named.map(|text| word("last_contact", text, &words, "never, today, week, month"));
        match (named.transpose()?, self.last_contact_days) {
            (Some(_), Some(_)) => Err(QueryError::Together {
                parameter: "last_contact",
                with: "last_contact_days",
            }),
            (named, None) => Ok(named),
            (None, Some(days @ 1..=3_650)) => Ok(Some(LastContact::Days(days))),
            (None, Some(_)) => Err(QueryError::OutOfRange {
                parameter: "last_contact_days",
                min: 1,
                max: 3_650,
            }),
        }
    }

    fn sort(&self, filter: &Filter) -> Result<Vec<Sort>, QueryError> {
        let sort = match &self.sort {
            Some(text) => Sort::parse(text)?,
            None if filter.search.is_some() => {
                vec![
                    Sort::ascending(SortBy::Relevance),
                    Sort::ascending(SortBy::Name),
                ]
            }
            None => vec![Sort::descending(SortBy::CreatedAt)],
        };
        let has = |by| sort.iter().any(|key| key.by == by);
        let needs = |needs| QueryError::Needs {
            parameter: "sort",
            needs,
        };
        if has(SortBy::Relevance) && filter.search.is_none() {
            return Err(needs("search, to sort by relevance"));
        }
        let groups = filter.groups.as_ref();
        if has(SortBy::AddedToGroup) && groups.is_none_or(|g| g.groups.len() != 1) {
            return Err(needs("one group in group_ids, to sort by added_to_group"));
        }
        Ok(sort)
    }
}

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Params").finish_non_exhaustive()
    }
}
