//! A clinic's worth of contacts, as many as wanted, the same for the same seed.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use vio_domain::appointment::{Appointment, AppointmentStatus};
use vio_domain::contact::{BookingSource, Contact, Priority};
use vio_domain::groups::{Color, GroupName, Visibility};
use vio_domain::ids::{AppointmentId, ContactId, GroupId, TenantId, UserId};
use vio_domain::phone::E164;
use vio_view::{Change, Group};

pub(crate) const GROUPS: usize = 60;

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
        (self.next() % n as u64) as usize
    }
    pub(crate) fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
    fn id(&mut self, millis: i64) -> Uuid {
        let random = u128::from(self.next()) << 64 | u128::from(self.next());
        let version_7 = (random & !(0xF << 76) | 7 << 76) & ((1 << 80) - 1);
        Uuid::from_u128((millis as u128) << 80 | version_7)
    }
}

const SYLLABLES: [&str; 24] = [
    "an", "be", "co", "da", "el", "fi", "ga", "ha", "is", "jo", "ka", "li", "ma", "no", "ol", "pe",
    "ra", "sa", "ti", "ur", "va", "wi", "ya", "zu",
];
pub(crate) const COMMON: [&str; 8] = [
    "patient", "morning", "prefers", "called", "please", "parking", "english", "reminder",
];
const PLAIN: [&str; 40] = [
    "left",
    "right",
    "knee",
    "shoulder",
    "referred",
    "by",
    "the",
    "hospital",
    "needs",
    "wheelchair",
    "access",
    "allergic",
    "to",
    "penicillin",
    "asks",
    "for",
    "late",
    "slots",
    "only",
    "on",
    "fridays",
    "daughter",
    "drives",
    "bring",
    "x-rays",
    "from",
    "last",
    "visit",
    "blood",
    "pressure",
    "tablets",
    "nervous",
    "about",
    "needles",
    "speaks",
    "polish",
    "and",
    "some",
    "hearing",
    "aid",
];
/// Words that about one contact in a hundred has.
pub(crate) const ONE_IN_HUNDRED: [&str; 6] = [
    "diabetic",
    "interpreter",
    "orthodontic",
    "vegetarian",
    "pacemaker",
    "chiropody",
];
pub(crate) const TYPES: [&str; 6] = [
    "Check-up",
    "Consultation",
    "Follow-up",
    "Cleaning",
    "Surgery review",
    "Vaccination",
];
pub(crate) const OWNERS: [&str; 12] = [
    "Dr Emily Jones",
    "Dr Sam Patel",
    "Dr Ann Lee",
    "Nurse Okafor",
    "Dr Tom Baker",
    "Dr Ruth Adams",
    "Dr Ian Clarke",
    "Nurse Green",
    "Dr Mia Rossi",
    "Dr Leo Novak",
    "Dr Eva Stein",
    "Dr Max Weber",
];
const COMPANIES: [&str; 5] = [
    "Northside Clinic",
    "Harbour Dental",
    "Park Surgery",
    "City Health",
    "Riverside Practice",
];

fn word(dice: &mut Dice, syllables: usize) -> String {
    let word: String = (0..syllables).map(|_| dice.pick(&SYLLABLES)).collect();
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    })
}

pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) user: UserId,
    pub(crate) now: DateTime<Utc>,
    pub(crate) groups: Vec<GroupId>,
    pub(crate) people: Vec<(Contact, Appointment)>,
}

impl Tenant {
    pub(crate) fn new(contacts: usize) -> Result<Self, Box<dyn std::error::Error>> {
        let mut dice = Dice(2026);
        let now: DateTime<Utc> = "2026-11-21T10:00:00Z".parse()?;
        let mut tenant = Self {
            id: TenantId::new(dice.id(1)),
            user: UserId::new(dice.id(1)),
            now,
            groups: (0..GROUPS).map(|_| GroupId::new(dice.id(2))).collect(),
            people: Vec::with_capacity(contacts),
        };
        for number in 0..contacts {
            let person = tenant.person(&mut dice, number)?;
            tenant.people.push(person);
        }
        Ok(tenant)
    }

    pub(crate) fn person(
        &self,
        dice: &mut Dice,
        number: usize,
    ) -> Result<(Contact, Appointment), Box<dyn std::error::Error>> {
        let created_at = self.now - TimeDelta::minutes(dice.below(3 * 365 * 1_440) as i64);
        let id = ContactId::new(dice.id(created_at.timestamp_millis()));
        let first = word(dice, 2);
        let last = if dice.below(20) == 0 {
            format!("{}é", word(dice, 3))
        } else {
            word(dice, 3)
        };
        let mut notes: Vec<String> = Vec::new();
        for _ in 0..26 {
            notes.push(dice.pick(&PLAIN).to_owned());
        }
        for common in COMMON {
            if dice.below(4) == 0 {
                notes.push(common.to_owned());
            }
        }
        for rare in ONE_IN_HUNDRED {
            if dice.below(100) == 0 {
                notes.push(rare.to_owned());
            }
        }
        if number.is_multiple_of(2_000) {
            notes.push(format!("reference zq{number}x"));
        }
        let groups = (0..dice.below(4)).map(|_| dice.below(GROUPS) * dice.below(GROUPS) / GROUPS);
        let groups: BTreeSet<usize> = groups.collect();
        let source = [
            BookingSource::Manual,
            BookingSource::Calcom,
            BookingSource::Import,
        ][dice.below(3)];
        let status = [
            AppointmentStatus::Pending,
            AppointmentStatus::Pending,
            AppointmentStatus::Confirmed,
            AppointmentStatus::Cancelled,
            AppointmentStatus::Rescheduled,
        ][dice.below(5)];
        let time = self.now + TimeDelta::minutes(dice.below(90 * 96) as i64 * 15 - 60 * 1_440);
        let email = format!(
            "{}.{}{}@{}",
            first.to_lowercase(),
            dice.pick(&SYLLABLES),
            dice.below(9_999),
            dice.pick(&["gmail.com", "example.org", "mail.example.net"])
        );
        let contact = Contact {
            version: 1,
            phone: Some(
                E164::try_from(format!("+447{:09}", dice.below(1_000_000_000)))
                    .map_err(|_| "phone")?,
            ),
            email: Some(email.parse().map_err(|_| "email")?),
            company_name: Some(dice.pick(&COMPANIES).parse().map_err(|_| "company")?),
            industry: Some("healthcare".parse().map_err(|_| "industry")?),
            notes: Some(notes.join(" ").parse().map_err(|_| "notes")?),
            group_ids: groups.into_iter().map(|at| self.groups[at]).collect(),
            priority: [
                Priority::Normal,
                Priority::Normal,
                Priority::High,
                Priority::Urgent,
            ][dice.below(4)],
            is_active: dice.below(10) > 0,
            booking_source: source,
            last_contact_time: (dice.below(2) == 0)
                .then(|| self.now - TimeDelta::minutes(dice.below(60 * 1_440) as i64)),
            appointments_count: 1,
            created_by: Some(self.user),
            ..Contact::named(
                id,
                self.id,
                format!("{first} {last}").parse().map_err(|_| "name")?,
                created_at,
            )
        };
        let appointment = Appointment {
            version: 1,
            duration: Some(30.try_into().map_err(|_| "duration")?),
            appointment_type: Some(dice.pick(&TYPES).parse().map_err(|_| "type")?),
            owner_name: Some(dice.pick(&OWNERS).parse().map_err(|_| "owner")?),
            special_instructions: Some(
                "Please arrive ten minutes early"
                    .parse()
                    .map_err(|_| "instructions")?,
            ),
            status,
            source,
            call_attempts: dice.below(4) as u32,
            next_call_at: (status == AppointmentStatus::Pending)
                .then(|| time - TimeDelta::hours(24)),
            ..Appointment::at(
                AppointmentId::new(dice.id(created_at.timestamp_millis())),
                self.id,
                id,
                time,
                chrono_tz::Europe::London,
                created_at,
            )
        };
        Ok((contact, appointment))
    }

    /// All of it as changes, as a build enumerates it.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Change> + '_ {
        let groups = self.groups.iter().enumerate().filter_map(|(number, id)| {
            let group = Group {
                id: *id,
                name: GroupName::parse(&format!("Group {number}")).ok()?,
                description: None,
                color: Color::Blue,
                icon: None,
                visibility: Visibility::AllStaff,
                archived: false,
            };
            Some(Change::Group {
                version: 1,
                group: Box::new(group),
            })
        });
        groups.chain(
            self.people
                .iter()
                .flat_map(|(contact, appointment)| changes_of(contact, appointment, 1)),
        )
    }
}

pub(crate) fn changes_of(
    contact: &Contact,
    appointment: &Appointment,
    version: u64,
) -> [Change; 2] {
    [
        Change::Contact {
            version,
            contact: Box::new(contact.clone()),
            rest: b"{\"custom_fields\":{}}".to_vec(),
        },
        Change::Appointment {
            version,
            appointment: Box::new(appointment.clone()),
        },
    ]
}
