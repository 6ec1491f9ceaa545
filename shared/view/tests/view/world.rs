//! Random tenants, and their plain truth.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use vio_domain::appointment::{Appointment, AppointmentStatus};
use vio_domain::calling::session::Outcome;
use vio_domain::contact::*;
use vio_domain::groups::{Color, GroupName, Visibility as GroupVisibility};
use vio_domain::ids::*;
use vio_domain::phone::E164;
use vio_view::{Calls, Change, Group};

/// Numbers that look random and repeat for a seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
    pub(crate) fn id(&mut self) -> Uuid {
        Uuid::from_u128(u128::from(self.next()) << 64 | u128::from(self.next()))
    }
    pub(crate) fn maybe<T>(&mut self, n: usize, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (!self.one_in(n)).then(|| make(self))
    }
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = self.below(at + 1);
            items.swap(at, other);
        }
    }
}

pub(crate) const FIRST: [&str; 12] = [
    "Zoë",
    "John",
    "Łukasz",
    "ANNA",
    "Søren",
    "Jürgen",
    "Mary-Jane",
    "Éloïse",
    "Dr. Anna",
    "राम",
    "Ａda",
    "Straße",
];
pub(crate) const LAST: [&str; 10] = [
    "Smith",
    "O’Brien",
    "Großmann",
    "smithson",
    "Łuć",
    "Jones",
    "Ærø",
    "de la Cruz",
    "Johnson",
    "Ng",
];
pub(crate) const WORDS: [&str; 14] = [
    "knee",
    "Knee-pain",
    "left ear",
    "CANCELLED",
    "cancel",
    "no show",
    "café",
    "CAFE",
    "prefers\nmorning",
    "ring  twice",
    "12:30",
    "naïve",
    "smith",
    "anna",
];
pub(crate) const TYPES: [&str; 4] = ["Surgery", "Check-up", "Café visit", "surgery"];
pub(crate) const OWNERS: [&str; 3] = ["Dr Emily Jones", "Dr. Åse", "Nurse Smith"];
pub(crate) const INDUSTRIES: [&str; 3] = ["healthcare", "Legal", "wine"];
pub(crate) const TAGS: [&str; 4] = ["VIP", "vip", "Überfällig", "new"];

/// Everything that ever happened, in the order it did, and the plain truth at the end of it.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) events: Vec<Change>,
    pub(crate) contacts: BTreeMap<ContactId, (u64, Contact, Vec<u8>)>,
    pub(crate) gone: BTreeSet<ContactId>,
    pub(crate) appointments: BTreeMap<AppointmentId, (u64, ContactId, Option<Appointment>)>,
    pub(crate) joined: BTreeMap<(ContactId, GroupId), (DateTime<Utc>, Option<UserId>)>,
    pub(crate) calls: BTreeMap<ContactId, Calls>,
    pub(crate) groups: BTreeMap<GroupId, (u64, Option<Group>)>,
    pub(crate) group_ids: Vec<GroupId>,
    pub(crate) users: Vec<UserId>,
    clock: i64,
}

pub(crate) fn tenant() -> TenantId {
    TenantId::new(Uuid::from_u128(77))
}

pub(crate) fn base() -> DateTime<Utc> {
    "2026-07-18T22:30:00Z".parse().unwrap()
}

impl World {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        Self {
            users: (0..3).map(|_| UserId::new(dice.id())).collect(),
            group_ids: (0..5).map(|_| GroupId::new(dice.id())).collect(),
            ..Self::default()
        }
    }

    /// An instant near the base: some days around it, often the very same ones.
    fn near(&mut self, dice: &mut Dice) -> DateTime<Utc> {
        base()
            + TimeDelta::minutes(dice.below(40) as i64 * 720 - 20 * 720)
            + TimeDelta::minutes(dice.below(3) as i64 * 10)
    }

    pub(crate) fn step(&mut self, dice: &mut Dice) {
        self.clock += 1;
        let ids: Vec<ContactId> = self
            .contacts
            .keys()
            .copied()
            .filter(|id| !self.gone.contains(id))
            .collect();
        match dice.below(20) {
            0..=5 => self.save_contact(dice, None),
            6..=8 if !ids.is_empty() => {
                let id = dice.pick(&ids);
                self.save_contact(dice, Some(id));
            }
            9..=12 if !ids.is_empty() => {
                let id = dice.pick(&ids);
                self.save_appointment(dice, id);
            }
            13 if !self.appointments.is_empty() => {
                let all: Vec<AppointmentId> = self.appointments.keys().copied().collect();
                let id = dice.pick(&all);
                let (version, contact, appointment) = self.appointments.get_mut(&id).unwrap();
                *version += 1;
                *appointment = None;
                self.events.push(Change::AppointmentGone {
                    contact: *contact,
                    id,
                    version: *version,
                });
            }
            14 | 15 if !ids.is_empty() => {
                let (contact, group) = (dice.pick(&ids), dice.pick(&self.group_ids));
                let at = base() - TimeDelta::days(40) + TimeDelta::seconds(self.clock);
                let by = dice.maybe(3, |d| d.pick(&self.users));
                self.joined.insert((contact, group), (at, by));
                self.events.push(Change::Joined {
                    contact,
                    group,
                    at,
                    by,
                });
            }
            16 if !ids.is_empty() => {
                let contact = dice.pick(&ids);
                let made = dice.below(5) as u32 + 1;
                let outcomes = [
                    Outcome::Answered,
                    Outcome::Busy,
                    Outcome::NoAnswer,
                    Outcome::Voicemail,
                ];
                let calls = Calls {
                    made,
                    answered: dice.below(made as usize + 1) as u32,
                    last_outcome: dice.maybe(5, |d| d.pick(&outcomes)),
                };
                self.calls.insert(contact, calls);
                self.events.push(Change::Calls {
                    contact,
                    version: self.clock as u64,
                    calls,
                });
            }
            17 if dice.one_in(4) && !ids.is_empty() => {
                let id = dice.pick(&ids);
                self.gone.insert(id);
                self.events.push(Change::ContactGone { id });
            }
            _ => self.save_group(dice),
        }
    }

    fn save_group(&mut self, dice: &mut Dice) {
        let id = dice.pick(&self.group_ids);
        let version = self.groups.get(&id).map_or(1, |(version, _)| version + 1);
        let visibility = match dice.below(4) {
            0 => GroupVisibility::AdminsOnly,
            1 => GroupVisibility::Custom {
                users: BTreeSet::from([self.users[0]]),
            },
            _ => GroupVisibility::AllStaff,
        };
        let group = dice.maybe(6, |dice| Group {
            id,
            name: GroupName::parse(&format!("Group {version} {}", dice.pick(&LAST))).unwrap(),
            description: None,
            color: Color::Teal,
            icon: None,
            visibility,
            archived: dice.one_in(5),
        });
        self.groups.insert(id, (version, group.clone()));
        self.events.push(match group {
            Some(group) => Change::Group {
                version,
                group: Box::new(group),
            },
            None => Change::GroupGone { id, version },
        });
    }

    fn save_contact(&mut self, dice: &mut Dice, id: Option<ContactId>) {
        let old = id.and_then(|id| self.contacts.get(&id));
        let version = old.map_or(1, |(version, ..)| version + 1);
        let id = id.unwrap_or_else(|| ContactId::new(dice.id()));
        let created_at = old
            .map(|(_, contact, _)| contact.created_at)
            .unwrap_or_else(|| base() - TimeDelta::hours(dice.below(60) as i64));
        let words = |dice: &mut Dice, n: usize| {
            (0..1 + dice.below(n))
                .map(|_| dice.pick(&WORDS))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let number = format!("+44791{:07}", dice.below(4_000) * 2_477);
        let groups = self.group_ids.clone();
        let contact = Contact {
            version: version * 10,
            phone: dice.maybe(8, |_| E164::try_from(number).unwrap()),
            email: dice.maybe(3, |d| {
                let host = d.pick(&["gmail.com", "EXAMPLE.org"]);
                format!(
                    "{}{}@{host}",
                    d.pick(&["anna", "Smith", "j.smith"]),
                    d.below(30)
                )
                .parse()
                .unwrap()
            }),
            company_name: dice.maybe(2, |d| {
                d.pick(&["Acme GmbH", "Café Smith", "ACME"])
                    .parse()
                    .unwrap()
            }),
            industry: dice.maybe(3, |d| d.pick(&INDUSTRIES).parse().unwrap()),
            notes: dice.maybe(3, |d| words(d, 6).parse().unwrap()),
            tags: (0..dice.below(3))
                .map(|_| dice.pick(&TAGS).parse().unwrap())
                .collect(),
            group_ids: groups.into_iter().filter(|_| dice.one_in(3)).collect(),
            priority: dice.pick(&[Priority::Normal, Priority::High, Priority::Urgent]),
            preferred_contact_method: dice.pick(&[ContactMethod::Voice, ContactMethod::Sms]),
            do_not_contact: dice.one_in(5),
            assigned_to: dice.maybe(2, |d| d.pick(&self.users)),
            is_active: !dice.one_in(4),
            booking_source: dice.pick(&[
                BookingSource::Manual,
                BookingSource::Calcom,
                BookingSource::Import,
            ]),
            last_contact_time: dice
                .maybe(2, |d| base() - TimeDelta::hours(d.below(60) as i64 * 13)),
            needs_attention: dice.maybe(2, |d| {
                d.pick(&[AttentionReason::NO_PHONE, AttentionReason::NoCallWindow])
            }),
            call_state: dice.pick(&[CallState::None, CallState::Settled]),
            next_call_at: if dice.one_in(4) {
                Some(self.near(dice))
            } else {
                None
            },
            created_by: dice.maybe(2, |d| d.pick(&self.users)),
            updated_at: base() + TimeDelta::seconds(version as i64),
            deleted: dice.one_in(9).then(|| Deleted {
                at: base(),
                by: None,
            }),
            ..Contact::named(
                id,
                tenant(),
                format!("{} {}", dice.pick(&FIRST), dice.pick(&LAST))
                    .parse()
                    .unwrap(),
                created_at,
            )
        };
        let rest = format!("{{\"v\":{version}}}").into_bytes();
        self.contacts
            .insert(id, (version, contact.clone(), rest.clone()));
        self.events.push(Change::Contact {
            version,
            contact: Box::new(contact),
            rest,
        });
    }

    fn save_appointment(&mut self, dice: &mut Dice, contact: ContactId) {
        let of_contact: Vec<AppointmentId> = self
            .appointments
            .iter()
            .filter(|(_, (_, of, _))| *of == contact)
            .map(|(id, _)| *id)
            .collect();
        let again = !of_contact.is_empty() && dice.one_in(2);
        let id = if again {
            dice.pick(&of_contact)
        } else {
            AppointmentId::new(dice.id())
        };
        let version = self
            .appointments
            .get(&id)
            .map_or(1, |(version, ..)| version + 1);
        let statuses = [
            AppointmentStatus::Pending,
            AppointmentStatus::Confirmed,
            AppointmentStatus::Cancelled,
            AppointmentStatus::Rescheduled,
        ];
        let time = self.near(dice);
        let appointment = Appointment {
            version,
            duration: dice.maybe(3, |_| 30.try_into().unwrap()),
            appointment_type: dice.maybe(4, |d| d.pick(&TYPES).parse().unwrap()),
            owner_name: dice.maybe(3, |d| d.pick(&OWNERS).parse().unwrap()),
            location: dice.maybe(3, |d| LocationId::new(d.id())),
            special_instructions: dice.maybe(3, |d| d.pick(&WORDS).parse().unwrap()),
            status: dice.pick(&statuses),
            status_since: base() - TimeDelta::hours(dice.below(60) as i64),
            call_attempts: dice.below(4) as u32,
            next_call_at: if dice.one_in(2) {
                Some(self.near(dice))
            } else {
                None
            },
            ..Appointment::at(
                id,
                tenant(),
                contact,
                time,
                chrono_tz::Europe::London,
                base(),
            )
        };
        self.appointments
            .insert(id, (version, contact, Some(appointment.clone())));
        self.events.push(Change::Appointment {
            version,
            appointment: Box::new(appointment),
        });
    }
}
