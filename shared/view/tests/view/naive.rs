//! What a query means, without any cleverness.

use std::cmp::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use vio_domain::appointment::{Appointment, current};
use vio_domain::calling::day::{day_start, next_midnight};
use vio_domain::calling::session::Outcome;
use vio_domain::contact::{Contact, Priority};
use vio_domain::ids::{GroupId, UserId};
use vio_domain::permission::{ContactOwnership, ContactScopes};
use vio_view::*;

use crate::ask::{Ask, Term};
use crate::world::World;

pub(crate) fn fold(text: &str) -> String {
    let spelled: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) || ('\u{900}'..'\u{980}').contains(c))
        .collect::<String>()
        .to_lowercase();
    let spelled = spelled
        .replace('ł', "l")
        .replace('ß', "ss")
        .replace('ø', "o")
        .replace('æ', "ae")
        .replace('’', "'");
    let mut out = String::new();
    for c in spelled.chars() {
        if !(c.is_whitespace() && out.ends_with(' ')) {
            out.push(if c.is_whitespace() { ' ' } else { c });
        }
    }
    out
}

pub(crate) struct Eyes<'a> {
    pub(crate) user: UserId,
    pub(crate) administrator: bool,
    pub(crate) scopes: &'a ContactScopes,
    pub(crate) sensitive: &'a [&'a str],
    pub(crate) now: DateTime<Utc>,
    pub(crate) zone: Tz,
}

/// A contact with its live appointments, as the eyes see it.
pub(crate) struct Person<'a> {
    pub(crate) contact: &'a Contact,
    pub(crate) rest: &'a [u8],
    pub(crate) appointments: Vec<Appointment>,
    pub(crate) current: Option<Appointment>,
    /// Those that are shown.
    pub(crate) groups: Vec<GroupId>,
    /// Archived ones too.
    pub(crate) reached: Vec<GroupId>,
    pub(crate) calls: Calls,
    /// The names of the groups shown, folded.
    pub(crate) group_names: Vec<String>,
    /// The eight fields; the type only if it is for these eyes.
    pub(crate) fields: [String; 8],
}

pub(crate) fn sees_group(world: &World, eyes: &Eyes<'_>, id: GroupId) -> bool {
    let group = world.groups.get(&id).and_then(|(_, group)| group.as_ref());
    group.is_some_and(|g| g.visibility.shows(eyes.user, eyes.administrator))
}

/// An archived group is out of sight for everybody.
pub(crate) fn shows_group(world: &World, eyes: &Eyes<'_>, id: GroupId) -> bool {
    let group = world.groups.get(&id).and_then(|(_, group)| group.as_ref());
    sees_group(world, eyes, id) && group.is_some_and(|group| !group.archived)
}

pub(crate) fn people<'a>(world: &'a World, eyes: &Eyes<'_>) -> Vec<Person<'a>> {
    let mut people = Vec::new();
    for (id, (_, contact, rest)) in &world.contacts {
        let ownership = ContactOwnership {
            created_by: contact.created_by,
            assigned_to: contact.assigned_to,
            industry: contact.industry.as_ref().map(|t| t.as_str()),
        };
        if world.gone.contains(id)
            || contact.deleted.is_some()
            || !eyes.scopes.can_view(eyes.user, &ownership)
        {
            continue;
        }
        let of = world.appointments.values().filter(|(_, of, _)| of == id);
        let appointments: Vec<Appointment> = of.filter_map(|(_, _, a)| a.clone()).collect();
        let now = current(&appointments, eyes.now).cloned();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let kind = text(
            now.as_ref()
                .and_then(|a| a.appointment_type.as_ref())
                .map(|t| t.as_str()),
        );
        let masked = eyes.sensitive.iter().any(|s| fold(s) == fold(&kind))
            && !eyes.scopes.can_edit(eyes.user, &ownership);
        people.push(Person {
            contact,
            rest,
            fields: [
                contact.name.as_str().to_owned(),
                text(contact.phone.as_ref().map(|t| t.as_str())),
                text(contact.email.as_ref().map(|t| t.as_str())),
                text(contact.notes.as_ref().map(|t| t.as_str())),
                if masked { String::new() } else { kind },
                text(
                    now.as_ref()
                        .and_then(|a| a.owner_name.as_ref())
                        .map(|t| t.as_str()),
                ),
                text(contact.company_name.as_ref().map(|t| t.as_str())),
                text(
                    now.as_ref()
                        .and_then(|a| a.special_instructions.as_ref())
                        .map(|t| t.as_str()),
                ),
            ],
            current: now,
            appointments,
            group_names: contact
                .group_ids
                .iter()
                .filter(|g| shows_group(world, eyes, **g))
                .filter_map(|g| world.groups.get(g)?.1.as_ref())
                .map(|group| fold(group.name.as_str()))
                .collect(),
            groups: contact
                .group_ids
                .iter()
                .copied()
                .filter(|g| shows_group(world, eyes, *g))
                .collect(),
            reached: contact
                .group_ids
                .iter()
                .copied()
                .filter(|g| sees_group(world, eyes, *g))
                .collect(),
            calls: world.calls.get(id).copied().unwrap_or_default(),
        });
    }
    people
}

const WEIGHTS: [u32; 8] = [3, 3, 3, 2, 2, 2, 1, 1];

impl Person<'_> {
    pub(crate) fn next_call(&self) -> Option<DateTime<Utc>> {
        let planned = self.appointments.iter().filter_map(|a| a.next_call_at);
        planned.chain(self.contact.next_call_at).min()
    }

    fn text_weight(&self, only: Option<usize>, hit: impl Fn(&str) -> bool) -> Option<u32> {
        let fields = self.fields.iter().enumerate();
        let fields = fields.filter(|(at, text)| only.is_none_or(|o| o == *at) && !text.is_empty());
        fields
            .filter(|(at, text)| {
                if *at == 1 {
                    hit(text) || hit(&format!("0{}", &text[3..]))
                } else {
                    hit(&fold(text))
                }
            })
            .map(|(at, _)| WEIGHTS[at])
            .max()
    }

    /// What a term is worth here; none if it is not there.
    pub(crate) fn term(&self, term: &Term) -> Option<u32> {
        match term {
            Term::Word(text) | Term::Phrase(text) => {
                self.text_weight(None, |f| f.contains(&fold(text)))
            }
            Term::Prefix(text) => {
                let wanted = fold(text);
                self.text_weight(None, |field| {
                    field.match_indices(&wanted).any(|(at, _)| {
                        !field[..at]
                            .chars()
                            .next_back()
                            .is_some_and(char::is_alphanumeric)
                    })
                })
            }
            Term::Field(field, text) => {
                self.text_weight(Some(*field as usize), |f| f.contains(&fold(text)))
            }
            Term::Phone(text) => {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                let digits = if text.starts_with('+') {
                    format!("+{digits}")
                } else {
                    digits
                };
                let phone = self.text_weight(Some(1), |f| f.contains(&digits));
                let words = text
                    .split_whitespace()
                    .map(|w| self.text_weight(None, |f| f.contains(w)));
                let words: Option<Vec<u32>> = words.collect();
                phone.max(words.and_then(|w| w.into_iter().min()))
            }
            Term::Group(text) => {
                let wanted = fold(text);
                let mut names = self.group_names.iter();
                names.any(|name| name.contains(&wanted)).then_some(0)
            }
            Term::Not(term) => self.term(term).is_none().then_some(0),
        }
    }

    pub(crate) fn holds(&self, ask: &Ask, eyes: &Eyes<'_>) -> Option<u32> {
        let (filter, contact) = (&ask.filter, self.contact);
        let now = eyes.now;
        let within = |at: Option<DateTime<Utc>>,
                      from: Option<DateTime<Utc>>,
                      to: Option<DateTime<Utc>>| {
            at.is_some_and(|at| from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to))
        };
        let today = (day_start(eyes.zone, now), next_midnight(eyes.zone, now));
        let mut all = vec![
            filter.status.is_empty()
                || filter
                    .status
                    .contains(&self.current.as_ref().map(|a| a.status).unwrap_or_default()),
            filter
                .ungrouped
                .is_none_or(|wanted| self.groups.is_empty() == wanted),
            filter.priority.is_empty() || filter.priority.contains(&contact.priority),
            filter.booking_source.is_empty()
                || filter.booking_source.contains(&contact.booking_source),
            filter
                .is_active
                .is_none_or(|wanted| contact.is_active == wanted),
            filter
                .attention
                .is_none_or(|wanted| contact.needs_attention.is_some() == wanted),
            filter
                .tags
                .iter()
                .all(|tag| contact.tags.iter().any(|t| fold(t.as_str()) == fold(tag))),
            filter.industry.is_empty()
                || filter.industry.iter().any(|i| {
                    contact
                        .industry
                        .as_ref()
                        .is_some_and(|of| fold(of.as_str()) == fold(i))
                }),
            filter.own.is_none_or(|wanted| {
                (contact.created_by == Some(eyes.user) || contact.assigned_to == Some(eyes.user))
                    == wanted
            }),
            filter
                .created_since
                .is_none_or(|since| contact.created_at >= since),
            filter.status_since.is_none_or(|since| {
                let current = self.current.as_ref();
                current.is_some_and(|a| a.status_since >= since)
            }),
            filter
                .appointment_type
                .as_ref()
                .is_none_or(|t| !self.fields[4].is_empty() && fold(&self.fields[4]) == fold(t)),
            filter
                .owner_name
                .as_ref()
                .is_none_or(|t| fold(&self.fields[5]) == fold(t)),
        ];
        if let Some(groups) = &filter.groups {
            let mut is_in = groups.groups.iter().map(|g| self.reached.contains(g));
            let found = match groups.logic {
                GroupLogic::Any => is_in.any(|x| x),
                GroupLogic::All => is_in.all(|x| x),
                GroupLogic::Not => !is_in.any(|x| x),
            };
            all.push(found || groups.include_ungrouped && self.groups.is_empty());
        }
        if let Some(range) = filter.appointment {
            let (from, to) = range.instants(now, eyes.zone);
            all.push(within(self.current.as_ref().map(|a| a.time), from, to));
        }
        let next = self.next_call();
        all.push(match filter.call {
            None => true,
            Some(CallFilter::DueNow) => next.is_some_and(|at| at <= now),
            Some(CallFilter::Overdue) => next.is_some_and(|at| at <= now - TimeDelta::minutes(15)),
            Some(CallFilter::DueToday) => within(next, Some(today.0), Some(today.1)),
            Some(CallFilter::Scheduled) => next.is_some_and(|at| at > now),
        });
        let reminder = self
            .appointments
            .iter()
            .any(|a| a.next_call_at.is_some() && a.next_call_at == next);
        all.push(match filter.urgency {
            None => true,
            Some(Urgency::High) => next.is_some() && contact.priority != Priority::Normal,
            Some(Urgency::Standard) => reminder && contact.priority == Priority::Normal,
            Some(Urgency::Low) => {
                next.is_some() && !reminder && contact.priority == Priority::Normal
            }
        });
        all.push(match filter.last_contact {
            None => true,
            Some(LastContact::Never) => contact.last_contact_time.is_none(),
            Some(LastContact::Today) => {
                within(contact.last_contact_time, Some(today.0), Some(today.1))
            }
            Some(LastContact::Days(days)) => within(
                contact.last_contact_time,
                Some(now - TimeDelta::days(days.into())),
                None,
            ),
        });
        all.push(match (filter.call_result, self.calls.last_outcome) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wanted), Some(outcome)) => {
                (outcome == Outcome::Answered) == (wanted == CallResult::Success)
            }
        });
        if all.contains(&false) {
            return None;
        }
        ask.terms.iter().map(|term| self.term(term)).sum()
    }

    fn key(&self, world: &World, ask: &Ask, sort: Sort) -> Option<Key> {
        let time = |at: Option<DateTime<Utc>>| at.map(|at| Key::Number(at.timestamp_micros()));
        match sort.by {
            SortBy::Name => Some(Key::Text(fold(self.contact.name.as_str()))),
            SortBy::Status => Some(Key::Number(
                self.current.as_ref().map(|a| a.status).unwrap_or_default() as i64,
            )),
            SortBy::CallAttempts => Some(Key::Number(
                self.current.as_ref().map_or(0, |a| a.call_attempts).into(),
            )),
            SortBy::AppointmentTime => time(self.current.as_ref().map(|a| a.time)),
            SortBy::CreatedAt => time(Some(self.contact.created_at)),
            SortBy::LastContact => time(self.contact.last_contact_time),
            SortBy::Relevance => {
                let score: Option<u32> = ask.terms.iter().map(|term| self.term(term)).sum();
                Some(Key::Number(-i64::from(score.unwrap_or_default())))
            }
            SortBy::AddedToGroup => {
                let group = ask.filter.groups.as_ref().unwrap().groups[0];
                let listed = self.contact.group_ids.contains(&group);
                let joined = world.joined.get(&(self.contact.id, group));
                // Somebody who never was in the group and whom `not` found has no such date, unless one is known.
                let _ = listed;
                joined.map(|(at, _)| Key::Number(at.timestamp_micros()))
            }
        }
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(String),
}

pub(crate) fn compare(world: &World, ask: &Ask, a: &Person<'_>, b: &Person<'_>) -> Ordering {
    let mut order = Ordering::Equal;
    for sort in &ask.sort {
        order = order.then_with(
            || match (a.key(world, ask, *sort), b.key(world, ask, *sort)) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(a), Some(b)) if sort.descending => b.cmp(&a),
                (Some(a), Some(b)) => a.cmp(&b),
            },
        );
    }
    let ids = a.contact.id.cmp(&b.contact.id);
    let descending = ask.sort.last().is_some_and(|s| s.descending);
    order.then(if descending { ids.reverse() } else { ids })
}
