//! The engine against a plain evaluation over plain structs: random tenants, edits in any order, snapshots at any point,
//! random readers and questions.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use vio_domain::permission::{ContactScopes, Scope};
use vio_view::snapshot::SnapshotKey;
use vio_view::*;

use crate::ask::{Ask, Term, ask};
use crate::naive::{Eyes, Person, compare, fold, people, sees_group, shows_group};
use crate::world::{Dice, World, base, tenant};

const SENSITIVE: [&str; 1] = ["Surgery"];

/// The view of a world, filled in a random order with repeats, through a snapshot or not.
pub(crate) fn view_of(world: &World, dice: &mut Dice, now: DateTime<Utc>) -> TenantView {
    let early = now - TimeDelta::days(dice.below(12) as i64);
    let mut view = TenantView::new(tenant(), early);
    let mut events = world.events.clone();
    let again: Vec<Change> = events.iter().filter(|_| dice.one_in(5)).cloned().collect();
    events.extend(again);
    dice.shuffle(&mut events);
    let split = dice.below(events.len() + 1);
    let overlap = split.saturating_sub(dice.below(20));
    view.apply(events[..split].iter().cloned()).unwrap();
    if dice.one_in(2) {
        while view.tidy() {}
    }
    if dice.one_in(2) {
        let key = SnapshotKey::new(&[dice.next() as u8; 32]).unwrap();
        let bytes = view.snapshot(&key, 3, early).unwrap();
        let (loaded, info) = TenantView::from_snapshot(&bytes, &key, tenant(), 3).unwrap();
        assert_eq!(info.complete_to, early);
        assert_eq!(loaded.contacts(), view.contacts());
        view = loaded;
    }
    view.advance(now - TimeDelta::hours(dice.below(100) as i64));
    let applied = view.apply(events[overlap..].iter().cloned()).unwrap();
    assert_eq!(applied.taken + applied.known, events.len() - overlap);
    view.advance(now);
    view
}

fn scopes(dice: &mut Dice) -> ContactScopes {
    let industries = BTreeSet::from(["healthcare".to_owned(), "wine".to_owned()]);
    let scope = |dice: &mut Dice| {
        dice.pick(&[
            Scope::All,
            Scope::All,
            Scope::Own,
            Scope::Industries(industries.clone()),
        ])
    };
    ContactScopes {
        view: Some(scope(dice)),
        edit: dice.maybe(3, scope),
    }
}

fn ids(rows: &[Found]) -> Vec<String> {
    rows.iter().map(|row| row.contact.id.to_string()).collect()
}

fn check(world: &World, dice: &mut Dice) {
    // Often the very instant of an appointment or a call.
    let now = base()
        + TimeDelta::hours(if dice.one_in(2) {
            12 * dice.below(5)
        } else {
            dice.below(48)
        } as i64);
    let zone = dice.pick(&[
        chrono_tz::Europe::London,
        chrono_tz::Pacific::Auckland,
        chrono_tz::UTC,
    ]);
    let view = view_of(world, dice, now);
    for _ in 0..3 {
        let scopes = scopes(dice);
        let eyes = Eyes {
            user: dice.pick(&world.users),
            administrator: dice.one_in(2),
            scopes: &scopes,
            sensitive: &SENSITIVE,
            now,
            zone,
        };
        let visibility =
            Visibility::new(tenant(), eyes.user, eyes.administrator, &scopes, SENSITIVE).unwrap();
        let reader = view.reader(&visibility, now, zone).unwrap();
        let visible: Vec<_> = world
            .group_ids
            .iter()
            .copied()
            .filter(|g| sees_group(world, &eyes, *g))
            .collect();
        let people = people(world, &eyes);
        for _ in 0..12 {
            let ask = ask(dice, world, &visible);
            question(world, dice, &eyes, &reader, &people, &ask, &visible);
        }
        for id in &world.group_ids {
            if !visible.contains(id) {
                let groups = GroupFilter {
                    groups: vec![*id],
                    logic: GroupLogic::Any,
                    include_ungrouped: false,
                };
                let filter = Filter {
                    groups: Some(groups),
                    ..Filter::default()
                };
                assert_eq!(reader.count(&filter), Err(ReadError::UnknownGroup(*id)));
            }
        }
    }
}

fn question(
    world: &World,
    dice: &mut Dice,
    eyes: &Eyes<'_>,
    reader: &Reader<'_>,
    people: &[Person<'_>],
    ask: &Ask,
    visible: &[vio_domain::ids::GroupId],
) {
    let mut right: Vec<&Person<'_>> = people
        .iter()
        .filter(|p| p.holds(ask, eyes).is_some())
        .collect();
    right.sort_by(|a, b| compare(world, ask, a, b));
    let right_ids: Vec<String> = right.iter().map(|p| p.contact.id.to_string()).collect();
    let size = PageSize::new(10 + dice.below(20) as u32).unwrap();
    let number = 1 + dice.below(3) as u32;
    let mut query = Query {
        filter: ask.filter.clone(),
        sort: ask.sort.clone(),
        start: Start::Page(number),
        page_size: size,
        facets: true,
        shares: true,
    };
    let page = reader.page(&query).unwrap();
    let from = (number as usize - 1) * size.rows();
    let expected: Vec<String> = right_ids
        .iter()
        .skip(from)
        .take(size.rows())
        .cloned()
        .collect();
    assert_eq!(ids(&page.rows), expected, "{ask:?}");
    assert_eq!(page.total, right.len());
    assert_eq!(
        page.next.is_some(),
        from + size.rows() < right.len() && !expected.is_empty()
    );

    let facets = page.facets.unwrap();
    // What can be chosen by a filter is counted without that filter.
    let mut without = Ask {
        filter: ask.filter.clone(),
        terms: ask.terms.clone(),
        sort: ask.sort.clone(),
    };
    without.filter.status.clear();
    let of_any_status: Vec<&Person<'_>> = people
        .iter()
        .filter(|p| p.holds(&without, eyes).is_some())
        .collect();
    without.filter = vio_view::Filter {
        groups: None,
        ungrouped: None,
        ..ask.filter.clone()
    };
    let of_any_group: Vec<&Person<'_>> = people
        .iter()
        .filter(|p| p.holds(&without, eyes).is_some())
        .collect();
    let status = |s: vio_domain::appointment::AppointmentStatus| {
        of_any_status
            .iter()
            .filter(|p| p.current.as_ref().map(|a| a.status).unwrap_or_default() == s)
            .count()
    };
    use vio_domain::appointment::AppointmentStatus::*;
    let counts = StatusCounts {
        pending: status(Pending),
        confirmed: status(Confirmed),
        cancelled: status(Cancelled),
        rescheduled: status(Rescheduled),
    };
    assert_eq!(facets.status, counts);
    assert_eq!(facets.total, right.len());
    assert_eq!(
        facets.ungrouped,
        of_any_group.iter().filter(|p| p.groups.is_empty()).count()
    );
    let day = eyes.now - TimeDelta::hours(24);
    assert_eq!(
        facets.recent_24h,
        right.iter().filter(|p| p.contact.created_at >= day).count()
    );
    let in_use = visible.iter().filter(|id| shows_group(world, eyes, **id));
    assert_eq!(facets.groups.len(), in_use.count());
    for group in &facets.groups {
        assert_eq!(
            group.count,
            of_any_group
                .iter()
                .filter(|p| p.groups.contains(&group.id))
                .count()
        );
    }

    counted(dice, eyes, reader, people, ask);

    // By cursors, page after page, every row comes once and in order.
    query.start = Start::Page(1);
    query.facets = false;
    let mut walked = Vec::new();
    loop {
        let page = reader.page(&query).unwrap();
        walked.extend(ids(&page.rows));
        for row in &page.rows {
            let person = right
                .iter()
                .find(|p| p.contact.id == row.contact.id)
                .unwrap();
            shown(world, row, person, visible);
            assert_eq!(row.shares_phone_with, others_at_number(people, person));
            hits(row, person, ask);
        }
        let Some(next) = page.next else { break };
        query.start = Start::After(Cursor::from_bytes(&next.to_bytes()).unwrap());
    }
    assert_eq!(walked, right_ids, "{ask:?}");
    let mut sorted = right_ids;
    sorted.sort();
    let selected: Vec<String> = reader
        .select(&ask.filter)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(selected, sorted);
}

/// Each value of a choice finds as many as it is counted for.
fn counted(
    dice: &mut Dice,
    eyes: &Eyes<'_>,
    reader: &Reader<'_>,
    people: &[Person<'_>],
    ask: &Ask,
) {
    let typed: Vec<String> = ask.terms.iter().map(Term::typed).collect();
    let asked = serde_json::json!({
        "priority": dice.maybe(2, |_| "urgent"),
        "call": dice.maybe(2, |_| "scheduled"),
        "status": dice.maybe(2, |_| "pending,confirmed"),
        "status_since": dice.maybe(3, |_| eyes.now - TimeDelta::days(2)),
        "search": Some(typed.join(" ")).filter(|typed| !typed.is_empty()),
    });
    let params: Params = serde_json::from_value(asked.clone()).unwrap();
    let alternatives = |choice: &Choice| choice.alternatives(&params).unwrap();
    let of: Vec<Alternatives> = Choice::ALL.iter().map(alternatives).collect();
    let counts = reader.choices(&of).unwrap();
    for (choice, counts) in Choice::ALL.iter().zip(counts) {
        assert_eq!(counts.len(), choice.values().len());
        for (value, count) in choice.values().iter().zip(counts) {
            let mut sent = asked.clone();
            sent[choice.parameter()] = match *value {
                "true" => true.into(),
                "false" => false.into(),
                word => word.into(),
            };
            let params: Params = serde_json::from_value(sent).unwrap();
            let ask = Ask {
                filter: params.filter().unwrap(),
                terms: ask.terms.clone(),
                sort: ask.sort.clone(),
            };
            let right = people.iter().filter(|p| p.holds(&ask, eyes).is_some());
            assert_eq!(count, right.count(), "{} {value}", choice.parameter());
        }
    }
}

/// Who else within reach has somebody's number.
fn others_at_number(people: &[Person<'_>], of: &Person<'_>) -> Vec<vio_domain::ids::ContactId> {
    let has = |p: &&Person<'_>| p.contact.phone.is_some() && p.contact.phone == of.contact.phone;
    let others = people.iter().filter(has).map(|p| p.contact.id);
    let mut others: Vec<_> = others.filter(|id| *id != of.contact.id).collect();
    others.sort();
    others
}

/// The card says what the records say.
fn shown(world: &World, row: &Found, person: &Person<'_>, visible: &[vio_domain::ids::GroupId]) {
    let (card, contact) = (&row.contact, person.contact);
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let f = &person.fields;
    assert_eq!(card.name, f[0]);
    assert_eq!(
        [&card.phone, &card.email, &card.notes, &card.company_name],
        [&text(&f[1]), &text(&f[2]), &text(&f[3]), &text(&f[6])]
    );
    assert_eq!(card.version, contact.version);
    assert_eq!(
        card.tags,
        contact.tags.iter().map(|t| t.as_str()).collect::<Vec<_>>()
    );
    assert_eq!(card.created_by, contact.created_by);
    assert_eq!(card.created_at, Some(contact.created_at));
    assert_eq!(card.last_contact_time, contact.last_contact_time);
    assert_eq!(card.next_call_at, person.next_call());
    assert_eq!(
        card.needs_attention.as_deref(),
        contact.needs_attention.map(|r| r.as_str())
    );
    assert_eq!(
        card.industry.as_deref(),
        contact.industry.as_ref().map(|t| t.as_str())
    );
    assert_eq!(
        (card.booking_source, card.priority, card.call_state),
        (contact.booking_source, contact.priority, contact.call_state)
    );
    assert_eq!(card.rest, person.rest);
    assert_eq!(card.calls, person.calls);
    assert_eq!(card.appointments_count as usize, person.appointments.len());
    assert_eq!(card.appointment.is_some(), person.current.is_some());
    if let (Some(shown), Some(a)) = (&card.appointment, &person.current) {
        assert_eq!(
            (shown.id, shown.time, shown.status, shown.call_attempts),
            (a.id, Some(a.time), a.status, a.call_attempts)
        );
        assert_eq!(
            [
                &shown.appointment_type,
                &shown.owner_name,
                &shown.special_instructions
            ],
            [&text(&f[4]), &text(&f[5]), &text(&f[7])]
        );
        assert_eq!(shown.location_id, a.location);
        assert_eq!(shown.duration, a.duration.map(u16::from));
    }
    let groups: BTreeSet<_> = card.groups.iter().map(|g| g.id).collect();
    assert_eq!(groups, person.groups.iter().copied().collect());
    for group in &card.groups {
        assert!(visible.contains(&group.id));
        let joined = world.joined.get(&(contact.id, group.id));
        assert_eq!(
            (group.added_at, group.added_by),
            joined.map_or((None, None), |(at, by)| (Some(*at), *by))
        );
    }
}

/// Every hit covers characters that fold to what was searched; a search of one word is hit wherever it is.
fn hits(row: &Found, person: &Person<'_>, ask: &Ask) {
    for hit in &row.matches {
        let field = &person.fields[hit.field as usize];
        assert!(
            hit.start < hit.end && hit.end as usize <= field.chars().count(),
            "{hit:?}"
        );
    }
    if let [Term::Word(text)] = &ask.terms[..] {
        assert!(!row.matches.is_empty());
        for hit in &row.matches {
            let field = &person.fields[hit.field as usize];
            let covered: String = field
                .chars()
                .skip(hit.start as usize)
                .take((hit.end - hit.start) as usize)
                .collect();
            assert!(fold(&covered).contains(&fold(text)), "{covered} / {text}");
        }
        let fields: BTreeSet<usize> = row.matches.iter().map(|hit| hit.field as usize).collect();
        for (at, field) in person.fields.iter().enumerate() {
            assert_eq!(
                fields.contains(&at),
                at != 1 && fold(field).contains(&fold(text)),
                "{field} / {text}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn answers_as_a_plain_evaluation_does(seed in any::<u64>(), steps in 0..260usize) {
        let mut dice = Dice(seed);
        let mut world = World::new(&mut dice);
        for _ in 0..steps {
            world.step(&mut dice);
        }
        check(&world, &mut dice);
    }
}
