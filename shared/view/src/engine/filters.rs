//! From a filter to the rows it holds for.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::calling::day::{day_start, next_midnight};
use vio_domain::contact::Priority;

use super::reader::{ReadError, Reader};
use super::scan::begins_word;
use crate::memory::{Bits, NO_TEXT, Wiped};
use crate::model::columns::{
    NEVER, OUTCOMES, PRIORITIES, SOURCES, STATUSES, code, code_or_none, micros,
};
use crate::query::{
    Anchor, CallFilter, CallResult, Clause, Filter, GroupFilter, GroupLogic, InGroup, LastContact,
    Needle, OVERDUE_AFTER_MINUTES, Urgency,
};
use crate::text::Field;
use crate::text::fold::folded;

/// The rows that a filter holds for, and those that it would hold for without the filters that can be chosen from
/// counts.
pub(super) struct Divided {
    pub(super) rows: Bits,
    pub(super) of_any_status: Bits,
    pub(super) of_any_group: Bits,
}

impl Reader<'_> {
    /// The rows that a filter holds for, and what a search in it is worth on each.
    pub(super) fn rows(
        &self,
        filter: &Filter,
        scores: Option<&mut Vec<u16>>,
    ) -> Result<Bits, ReadError> {
        let mut rows = self.seen.clone();
        for chosen in [self.of_status(filter), self.of_groups(filter)?] {
            chosen.iter().for_each(|chosen| rows.and(chosen));
        }
        self.keep_rest(&mut rows, filter, scores);
        Ok(rows)
    }

    /// The same, and the rows of any status and of any group. What is dear, each row's other columns and texts, is
    /// looked at once, for all rows that are in one of the three.
    pub(super) fn divided(
        &self,
        filter: &Filter,
        scores: Option<&mut Vec<u16>>,
    ) -> Result<Divided, ReadError> {
        let (status, groups) = (self.of_status(filter), self.of_groups(filter)?);
        let mut all = self.seen.clone();
        if let (Some(status), Some(groups)) = (&status, &groups) {
            let mut either = status.clone();
            either.or(groups);
            all.and(&either);
        }
        // To weigh a hit is dearer than to find it: where fewer rows are left in the end, only those are weighed.
        let (at_once, in_the_end) = match (&status, &groups) {
            (None, None) => (scores, None),
            _ => (None, scores),
        };
        self.keep_rest(&mut all, filter, at_once);
        let of = |chosen: &[&Option<Bits>]| {
            let mut rows = all.clone();
            let chosen = chosen.iter().copied().flatten();
            chosen.for_each(|chosen| rows.and(chosen));
            rows
        };
        let mut rows = of(&[&status, &groups]);
        if in_the_end.is_some() {
            self.keep_found(&mut rows, filter, in_the_end);
        }
        Ok(Divided {
            rows,
            of_any_status: of(&[&groups]),
            of_any_group: of(&[&status]),
        })
    }

    /// The rows of the statuses chosen.
    fn of_status(&self, filter: &Filter) -> Option<Bits> {
        (!filter.status.is_empty()).then(|| {
            let mut any = Bits::none(0);
            for status in &filter.status {
                any.or(&self.view.by_status[usize::from(code(STATUSES, status))]);
            }
            any
        })
    }

    /// The rows of the groups chosen, and in some group or in none where that is.
    fn of_groups(&self, filter: &Filter) -> Result<Option<Bits>, ReadError> {
        if filter.groups.is_none() && filter.ungrouped.is_none() {
            return Ok(None);
        }
        let mut rows = self.seen.clone();
        if let Some(groups) = &filter.groups {
            self.keep_grouped(&mut rows, groups)?;
        }
        if let Some(wanted) = filter.ungrouped {
            let grouped = self.grouped();
            if wanted {
                rows.and_not(&grouped);
            } else {
                rows.and(&grouped);
            }
        }
        Ok(Some(rows))
    }

    /// Keeps the rows for which everything else in the filter holds.
    pub(super) fn keep_rest(
        &self,
        rows: &mut Bits,
        filter: &Filter,
        scores: Option<&mut Vec<u16>>,
    ) {
        let columns = &self.view.columns;
        if let Some(range) = filter.appointment {
            let (from, to) = range.instants(self.now, self.zone);
            keep_between(rows, &columns.appointment_time, from, to);
        }
        self.keep_calls(rows, filter);
        if let Some(since) = filter.created_since {
            keep_between(rows, &columns.created_at, Some(since), None);
        }
        if let Some(since) = filter.status_since {
            let since = micros(since);
            let appointments = &self.view.appointments;
            rows.retain(|row| {
                let current = appointments.get(row).get(columns.current[row] as usize);
                current.is_some_and(|a| a.status_since >= since)
            });
        }
        if !filter.priority.is_empty() {
            let codes: Vec<u8> = filter
                .priority
                .iter()
                .map(|p| code(PRIORITIES, p))
                .collect();
            rows.retain(|row| codes.contains(&columns.priority[row]));
        }
        if !filter.booking_source.is_empty() {
            let sources = filter.booking_source.iter();
            let codes: Vec<u8> = sources.map(|s| code(SOURCES, s)).collect();
            rows.retain(|row| codes.contains(&columns.source[row]));
        }
        if let Some(wanted) = filter.is_active {
            rows.retain(|row| columns.is_active[row] == u8::from(wanted));
        }
        if let Some(wanted) = filter.attention {
            rows.retain(|row| (columns.attention[row] != NO_TEXT) == wanted);
        }
        if let Some(wanted) = filter.own {
            let user = self.view.words.find(&self.visibility.user.to_string());
            rows.retain(|row| self.view.is_own(row, user) == wanted);
        }
        if !filter.industry.is_empty() {
            let numbers = self.numbers(&filter.industry);
            rows.retain(|row| numbers.contains(&columns.industry[row]));
        }
        for tag in &filter.tags {
            let numbers = self.numbers(std::slice::from_ref(tag));
            let tags = &self.view.tags;
            rows.retain(|row| tags.get(row).iter().any(|tag| numbers.contains(tag)));
        }
        self.keep_found(rows, filter, scores);
    }

    /// The numbers of all words that equal one of these without regard to case and accents.
    fn numbers(&self, words: &[String]) -> Vec<u32> {
        let wanted: Vec<Vec<u8>> = words.iter().map(|word| folded(word)).collect();
        let all = self.view.words.iter();
        all.filter(|(_, word)| wanted.contains(&folded(word)))
            .map(|(number, _)| number)
            .collect()
    }

    /// The rows in at least one group that the reader sees.
    pub(super) fn grouped(&self) -> Bits {
        let mut grouped = Bits::none(self.view.columns.id.len());
        for (number, slot) in self.view.groups.slots.iter().enumerate() {
            if self.shows_group(number) {
                grouped.or(&slot.members);
            }
        }
        grouped
    }

    fn keep_grouped(&self, rows: &mut Bits, filter: &GroupFilter) -> Result<(), ReadError> {
        let mut members = Vec::new();
        for id in &filter.groups {
            let number = self.view.groups.find(*id).map(|number| number as usize);
            let number = number.filter(|number| self.sees_group(*number));
            let number = number.ok_or(ReadError::UnknownGroup(*id))?;
            members.push(&self.view.groups.slots[number].members);
        }
        let mut wanted = rows.clone();
        match filter.logic {
            GroupLogic::Any => {
                let mut any = Bits::none(0);
                members.iter().for_each(|group| any.or(group));
                wanted.and(&any);
            }
            GroupLogic::All => members.iter().for_each(|group| wanted.and(group)),
            GroupLogic::Not => members.iter().for_each(|group| wanted.and_not(group)),
        }
        if filter.include_ungrouped {
            let mut ungrouped = rows.clone();
            ungrouped.and_not(&self.grouped());
            wanted.or(&ungrouped);
        }
        rows.and(&wanted);
        Ok(())
    }

    /// Filters about calls, made and planned.
    fn keep_calls(&self, rows: &mut Bits, filter: &Filter) {
        let columns = &self.view.columns;
        let today = || {
            (
                day_start(self.zone, self.now),
                next_midnight(self.zone, self.now),
            )
        };
        if let Some(call) = filter.call {
            // An instant that may be placed now is at or before now, to the microsecond.
            let after_now = self.now + TimeDelta::microseconds(1);
            let (from, to) = match call {
                CallFilter::DueNow => (None, Some(after_now)),
                CallFilter::Overdue => {
                    let since = after_now - TimeDelta::minutes(OVERDUE_AFTER_MINUTES);
                    (None, Some(since))
                }
                CallFilter::DueToday => {
                    let (from, to) = today();
                    (Some(from), Some(to))
                }
                CallFilter::Scheduled => (Some(after_now), None),
            };
            keep_between(rows, &columns.next_call, from, to);
        }
        if let Some(urgency) = filter.urgency {
            let normal = code(PRIORITIES, &Priority::Normal);
            rows.retain(|row| {
                let of = match (
                    columns.priority[row] == normal,
                    columns.next_is_reminder[row],
                ) {
                    (false, _) => Urgency::High,
                    (true, 1) => Urgency::Standard,
                    (true, _) => Urgency::Low,
                };
                columns.next_call[row] != NEVER && of == urgency
            });
        }
        match filter.last_contact {
            None => {}
            Some(LastContact::Never) => rows.retain(|row| columns.last_contact[row] == NEVER),
            Some(LastContact::Today) => {
                let (from, to) = today();
                keep_between(rows, &columns.last_contact, Some(from), Some(to));
            }
            Some(LastContact::Days(days)) => {
                let since = self.now - TimeDelta::days(i64::from(days));
                keep_between(rows, &columns.last_contact, Some(since), None);
            }
        }
        if let Some(result) = filter.call_result {
            let answered = code_or_none(
                OUTCOMES,
                Some(&vio_domain::calling::session::Outcome::Answered),
            );
            rows.retain(|row| match columns.last_outcome[row] {
                0 => false,
                outcome => (outcome == answered) == (result == CallResult::Success),
            });
        }
    }

    fn keep_found(&self, rows: &mut Bits, filter: &Filter, scores: Option<&mut Vec<u16>>) {
        let exact = [
            (Field::AppointmentType, &filter.appointment_type),
            (Field::OwnerName, &filter.owner_name),
        ];
        for (field, text) in exact {
            if let Some(text) = text {
                let clause = Clause {
                    exclude: false,
                    any: vec![vec![Needle::whole(field, text)]],
                };
                self.search(rows, &[clause], None);
            }
        }
        if let Some(search) = &filter.search {
            for wanted in &search.groups {
                let members = self.named(wanted);
                if wanted.exclude {
                    rows.and_not(&members);
                } else {
                    rows.and(&members);
                }
            }
            self.search(rows, &search.clauses, scores);
        }
    }

    /// The rows in a group in use that the reader sees and whose name has this text.
    fn named(&self, wanted: &InGroup) -> Bits {
        let mut members = Bits::none(self.view.columns.id.len());
        for (number, slot) in self.view.groups.slots.iter().enumerate() {
            let name = slot.group.as_ref().map(|group| folded(group.name.as_str()));
            let has = name.is_some_and(|name| {
                let mut hits = memchr::memmem::find_iter(&name, &wanted.name);
                hits.any(|at| wanted.anchor == Anchor::Anywhere || begins_word(&name, at))
            });
            if has && self.shows_group(number) {
                members.or(&slot.members);
            }
        }
        members
    }
}

/// Keeps the rows whose instant is in a half-open range; those without one are out.
fn keep_between(
    rows: &mut Bits,
    column: &Wiped<i64>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) {
    let from = from.map_or(NEVER + 1, micros_up);
    let to = to.map_or(i64::MAX, micros_up);
    rows.retain(|row| (from..to).contains(&column[row]));
}

/// The first whole microsecond at or after an instant.
fn micros_up(instant: DateTime<Utc>) -> i64 {
    let whole = micros(instant);
    let rest = instant.timestamp_subsec_nanos() % 1_000;
    whole + i64::from(rest > 0)
}
