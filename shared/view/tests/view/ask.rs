//! Random questions, with what they mean kept beside what is typed.

use chrono::TimeDelta;
use vio_domain::appointment::AppointmentStatus;
use vio_domain::contact::{BookingSource, Priority};
use vio_view::*;

use crate::world::{Dice, INDUSTRIES, LAST, OWNERS, TAGS, TYPES, WORDS, World, base};

#[derive(Debug, Clone)]
pub(crate) enum Term {
    Word(String),
    Phrase(String),
    Prefix(String),
    Field(Field, String),
    Phone(String),
    Group(String),
    Not(Box<Term>),
}

impl Term {
    pub(crate) fn typed(&self) -> String {
        match self {
            Self::Word(text) | Self::Phone(text) => text.clone(),
            Self::Phrase(text) => format!("\"{text}\""),
            Self::Prefix(text) => format!("{text}*"),
            Self::Field(field, text) => {
                let name = serde_json::to_value(field).unwrap();
                format!("{}:\"{text}\"", name.as_str().unwrap())
            }
            Self::Group(text) => format!("group:\"{text}\""),
            Self::Not(term) => format!("-{}", term.typed()),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) filter: Filter,
    pub(crate) terms: Vec<Term>,
    pub(crate) sort: Vec<Sort>,
}

fn piece(dice: &mut Dice, text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let from = dice.below(chars.len());
    let len = 1 + dice.below(chars.len() - from);
    let piece: String = chars[from..from + len].iter().collect();
    match dice.below(3) {
        0 => piece.to_uppercase(),
        1 => piece.to_lowercase(),
        _ => piece,
    }
}

fn word(dice: &mut Dice) -> String {
    let pool: Vec<&str> = WORDS
        .iter()
        .chain(&LAST)
        .chain(&TYPES)
        .chain(&OWNERS)
        .copied()
        .collect();
    loop {
        let text = dice.pick(&pool);
        let text = piece(dice, text.split_whitespace().next().unwrap());
        let plain = text.chars().all(char::is_alphabetic);
        if plain {
            return text;
        }
    }
}

fn term(dice: &mut Dice, world: &World) -> Term {
    match dice.below(11) {
        0..=2 => Term::Word(word(dice)),
        3 => loop {
            let pool = [dice.pick(&WORDS), "Emily Jones", "pain left", "Cruz"];
            let whole = dice.pick(&pool).replace('\n', " ");
            let text = piece(dice, &whole);
            if text.chars().any(char::is_alphabetic) {
                break Term::Phrase(text);
            }
        },
        4 => Term::Prefix(word(dice)),
        5 => Term::Field(dice.pick(&Field::ALL), word(dice)),
        6 => Term::Not(Box::new(Term::Word(word(dice)))),
        7 => Term::Not(Box::new(Term::Field(Field::Notes, word(dice)))),
        8 => Term::Group(piece(dice, "Group")),
        9 => {
            let last = dice.pick(&LAST);
            let text = piece(dice, last);
            let has_letters = text.chars().any(char::is_alphabetic);
            let group = Term::Group(if has_letters { text } else { "group".into() });
            match dice.one_in(3) {
                true => Term::Not(Box::new(group)),
                false => group,
            }
        }
        _ => {
            let phones = world
                .contacts
                .values()
                .filter_map(|(_, c, _)| c.phone.as_ref());
            let phones: Vec<&str> = phones.map(|p| p.as_str()).collect();
            if phones.is_empty() {
                return Term::Phone("07912 345".into());
            }
            let number = dice.pick(&phones);
            let (a, b) = (4 + dice.below(3), 8 + dice.below(4));
            // Two zeros first are a country code's, not two digits in the middle of a number.
            let a = if number[a..].starts_with("00") { 3 } else { a };
            Term::Phone(match dice.below(4) {
                0 => format!("0{} {}", &number[3..a + 2], &number[a + 2..b]),
                1 => format!("+44 {} {}", &number[3..a + 2], &number[a + 2..b]),
                2 => format!("{}-{}", &number[a..a + 2], &number[a + 2..b]),
                _ => number[a..b].to_owned(),
            })
        }
    }
}

pub(crate) fn ask(dice: &mut Dice, world: &World, visible: &[vio_domain::ids::GroupId]) -> Ask {
    use AppointmentStatus::*;
    let mut filter = Filter::default();
    let mut terms = Vec::new();
    for _ in 0..dice.below(4) {
        match dice.below(17) {
            0 => {
                filter.status = vec![
                    dice.pick(&[Pending, Confirmed]),
                    dice.pick(&[Cancelled, Rescheduled]),
                ]
            }
            1 => filter.status = vec![dice.pick(&[Pending, Confirmed, Cancelled])],
            2 | 3 if !visible.is_empty() => {
                filter.groups = Some(GroupFilter {
                    groups: (0..1 + dice.below(2)).map(|_| dice.pick(visible)).collect(),
                    logic: dice.pick(&[GroupLogic::Any, GroupLogic::All, GroupLogic::Not]),
                    include_ungrouped: dice.one_in(3),
                });
            }
            4 => filter.ungrouped = Some(dice.one_in(2)),
            5 => {
                let bound = |d: &mut Dice| match d.below(3) {
                    0 => None,
                    1 => Some(Bound::Instant(
                        base() + TimeDelta::hours(d.below(200) as i64 - 100),
                    )),
                    _ => Some(Bound::Day(
                        (base() + TimeDelta::days(d.below(6) as i64 - 3)).date_naive(),
                    )),
                };
                let custom = AppointmentRange::Between {
                    from: bound(dice),
                    to: bound(dice),
                };
                filter.appointment = Some(dice.pick(&[
                    AppointmentRange::Today,
                    AppointmentRange::Tomorrow,
                    AppointmentRange::ThisWeek,
                    AppointmentRange::NextWeek,
                    custom,
                ]));
            }
            6 => {
                filter.call = Some(dice.pick(&[
                    CallFilter::DueNow,
                    CallFilter::DueToday,
                    CallFilter::Overdue,
                    CallFilter::Scheduled,
                ]))
            }
            7 => {
                filter.urgency = Some(dice.pick(&[Urgency::High, Urgency::Standard, Urgency::Low]))
            }
            8 => {
                filter.last_contact = Some(dice.pick(&[
                    LastContact::Never,
                    LastContact::Today,
                    LastContact::Days(7),
                    LastContact::Days(13),
                ]))
            }
            9 => filter.call_result = Some(dice.pick(&[CallResult::Success, CallResult::Failure])),
            10 => filter.priority = vec![dice.pick(&[Priority::Normal, Priority::Urgent])],
            11 => filter.tags = vec![dice.pick(&TAGS).to_uppercase()],
            12 => filter.industry = vec![dice.pick(&INDUSTRIES).to_uppercase()],
            13 => filter.booking_source = vec![BookingSource::Manual, BookingSource::Calcom],
            14 => filter.is_active = Some(dice.one_in(2)),
            15 => match dice.below(4) {
                0 => filter.attention = Some(dice.one_in(2)),
                1 => filter.own = Some(dice.one_in(2)),
                2 => filter.appointment_type = Some(dice.pick(&TYPES).to_uppercase()),
                _ => filter.owner_name = Some(dice.pick(&OWNERS).to_uppercase()),
            },
            _ => {
                let since = Some(base() - TimeDelta::hours(dice.below(60) as i64));
                match dice.one_in(2) {
                    true => filter.created_since = since,
                    false => filter.status_since = since,
                }
            }
        }
    }
    if dice.one_in(2) {
        terms = (0..1 + dice.below(3)).map(|_| term(dice, world)).collect();
        // Two numbers in a row would be one.
        terms.dedup_by(|a, b| matches!((a, b), (Term::Phone(_), Term::Phone(_))));
        let typed: Vec<String> = terms.iter().map(Term::typed).collect();
        filter.search = Some(Search::parse(&typed.join(" ")).unwrap());
    }
    let mut by = vec![
        SortBy::Name,
        SortBy::Status,
        SortBy::AppointmentTime,
        SortBy::CallAttempts,
        SortBy::CreatedAt,
        SortBy::LastContact,
    ];
    if filter.search.is_some() {
        by.extend([SortBy::Relevance; 4]);
    }
    if filter.groups.as_ref().is_some_and(|g| g.groups.len() == 1) {
        by.extend([SortBy::AddedToGroup; 3]);
    }
    let mut sort: Vec<Sort> = Vec::new();
    for _ in 0..1 + dice.below(3) {
        let key = Sort {
            by: dice.pick(&by),
            descending: dice.one_in(2),
        };
        if sort.iter().all(|other| other.by != key.by) {
            sort.push(key);
        }
    }
    Ask {
        filter,
        terms,
        sort,
    }
}
