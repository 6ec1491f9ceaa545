//! What to do when a phone number or an e-mail address is already somebody's (rules.md Contacts, S3 duplicates).

use serde::{Deserialize, Serialize};

use super::{Similarity, compare, folded};
use crate::ids::ContactId;
use crate::settings::integrations::BookingIntake;

/// A contact that holds the same phone number or e-mail address, as found through its claims.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The contact.
    pub id: ContactId,
    /// Its name.
    pub name: &'a str,
    /// Whether its phone number is equal.
    pub same_phone: bool,
    /// Whether its e-mail address is equal.
    pub same_email: bool,
}

/// How a new person stands to one who is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same person: phone or e-mail equal, and a similar name.
    Duplicate,
    /// Another person who shares the phone or the e-mail address.
    Household,
    /// Nothing in common.
    None,
}

/// Two different contacts, whichever was named first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pair {
    first: ContactId,
    second: ContactId,
}

impl Pair {
    /// The pair of two contacts; none of one with itself.
    pub fn of(one: ContactId, other: ContactId) -> Option<Self> {
        (one != other).then(|| Self {
            first: one.min(other),
            second: one.max(other),
        })
    }

    /// Both, the lesser id first.
    pub fn ids(self) -> [ContactId; 2] {
        [self.first, self.second]
    }
}

/// How the person of that name stands to one candidate.
pub fn classify(name: &str, candidate: &Candidate<'_>) -> Relation {
    if !candidate.same_phone && !candidate.same_email {
        return Relation::None;
    }
    match compare(name, candidate.name) {
        Similarity::Same => Relation::Duplicate,
        Similarity::Different => Relation::Household,
    }
}

/// Everyone found, by relation, each id once and in the order found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Duplicate {
    /// The same person, possibly: what a 409 names.
    pub duplicates: Vec<ContactId>,
    /// Others at the same phone number: to be linked as `shares_phone_with`.
    pub shares_phone_with: Vec<ContactId>,
    /// Others at the same e-mail address alone: named in the warning.
    pub shares_email_with: Vec<ContactId>,
}

/// Sorts all candidates by their relation to the person of that name.
pub fn classify_all(name: &str, candidates: &[Candidate<'_>]) -> Duplicate {
    let mut found = Duplicate::default();
    for candidate in candidates {
        let list = match classify(name, candidate) {
            Relation::Duplicate => &mut found.duplicates,
            Relation::Household if candidate.same_phone => &mut found.shares_phone_with,
            Relation::Household => &mut found.shares_email_with,
            Relation::None => continue,
        };
        if !list.contains(&candidate.id) {
            list.push(candidate.id);
        }
    }
    found
}

/// What to do with a duplicate (rules.md Contacts; S3's four ways).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDuplicate {
    /// Refuse with 409 and the ids found, so that a person decides.
    Ask,
    /// Make a second contact all the same.
    CreateNew,
    /// Change the one found; with several found, ask.
    UpdateExisting,
    /// Leave the one found as it is and make nothing.
    Skip,
}

/// Where a new contact comes from, as far as duplicates go. A calendar has [`calendar_target`] instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Intake {
    /// A person typing, or a program through the API.
    Form,
    /// A file.
    Csv,
}

impl OnDuplicate {
    /// What happens unless the request says otherwise.
    pub fn default_for(intake: Intake) -> Self {
        match intake {
            Intake::Form => Self::Ask,
            Intake::Csv => Self::Skip,
        }
    }
}

/// Where a calendar booking goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalendarTarget {
    /// To this contact, as one more appointment.
    Existing(ContactId),
    /// To a new contact that needs attention as a possible duplicate of these.
    PossibleDuplicate(Vec<ContactId>),
    /// To a new contact; nobody like it is there (others may share the phone).
    New,
}

/// Why a calendar's booking made nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// The calendar's bookings make no contacts, and this one's person is not known for certain.
    NoContacts,
    /// The person may be there already, and such bookings are left out.
    Duplicate,
}

impl CalendarTarget {
    /// Where the booking goes as the business wants it (S3 section 11): only in the way of [`OnDuplicate::UpdateExisting`]
    /// does it go to somebody who is there.
    pub fn wanted(self, intake: BookingIntake) -> Result<Self, LeftOut> {
        let updates = intake.duplicate_handling == OnDuplicate::UpdateExisting;
        if !intake.auto_create_contacts {
            return match self {
                Self::Existing(_) if updates => Ok(self),
                _ => Err(LeftOut::NoContacts),
            };
        }
        match (intake.duplicate_handling, self) {
            (OnDuplicate::UpdateExisting, target) => Ok(target),
            (_, Self::New) | (OnDuplicate::CreateNew, _) => Ok(Self::New),
            (OnDuplicate::Skip, _) => Err(LeftOut::Duplicate),
            (OnDuplicate::Ask, Self::Existing(id)) => Ok(Self::PossibleDuplicate(vec![id])),
            (OnDuplicate::Ask, target) => Ok(target),
        }
    }
}

/// Decides for a calendar booking: only one single candidate with an equal folded name gets the appointment, because
/// health data must not land on a relative (rules.md Contacts).
pub fn calendar_target(name: &str, candidates: &[Candidate<'_>]) -> CalendarTarget {
    let wanted = folded(name);
    let mut equal: Vec<ContactId> = candidates
        .iter()
        .filter(|candidate| candidate.same_phone || candidate.same_email)
        .filter(|candidate| folded(candidate.name) == wanted)
        .map(|candidate| candidate.id)
        .collect();
    equal.sort_unstable();
    equal.dedup();
    if let [only] = equal[..] {
        return CalendarTarget::Existing(only);
    }
    let similar = classify_all(name, candidates).duplicates;
    if similar.is_empty() {
        CalendarTarget::New
    } else {
        CalendarTarget::PossibleDuplicate(similar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> ContactId {
        ContactId::new(uuid::Uuid::from_u128(n))
    }

    fn on_phone(n: u128, name: &str) -> Candidate<'_> {
        Candidate {
            id: id(n),
            name,
            same_phone: true,
            same_email: false,
        }
    }

    #[test]
    fn duplicates_households_and_strangers() {
        let candidates = [
            on_phone(1, "John Smith"),
            on_phone(2, "Emma Smith"),
            Candidate {
                id: id(3),
                name: "Anna Smith",
                same_phone: false,
                same_email: true,
            },
            Candidate {
                id: id(4),
                name: "John Smith",
                same_phone: false,
                same_email: false,
            },
            on_phone(1, "John Smith"),
        ];
        let found = classify_all("Jon Smith", &candidates);
        assert_eq!(found.duplicates, [id(1)]);
        assert_eq!(found.shares_phone_with, [id(2)]);
        assert_eq!(found.shares_email_with, [id(3)]);
        let household = Duplicate {
            duplicates: Vec::new(),
            shares_phone_with: vec![id(2)],
            shares_email_with: vec![id(3)],
        };
        assert_eq!(classify_all("Zoë Brown", &candidates[1..3]), household);
        let nobody = classify_all("John Smith", &candidates[3..4]);
        assert_eq!(nobody, Duplicate::default());
    }

    #[test]
    fn a_booking_lands_only_on_an_equal_name() {
        let john = on_phone(1, "John Smith");
        let emma = on_phone(2, "Emma Smith");
        assert_eq!(
            calendar_target("SMITH, John", &[john, emma]),
            CalendarTarget::Existing(id(1))
        );
        assert_eq!(
            calendar_target("Jon Smith", &[john, emma]),
            CalendarTarget::PossibleDuplicate(vec![id(1)])
        );
        assert_eq!(
            calendar_target("John Smith", &[john, on_phone(3, "john smith")]),
            CalendarTarget::PossibleDuplicate(vec![id(1), id(3)])
        );
        assert_eq!(
            calendar_target("Zoë Smith", &[john, emma]),
            CalendarTarget::New
        );
        assert_eq!(
            calendar_target("Mrs Smith", &[on_phone(1, "Mr Smith")]),
            CalendarTarget::New
        );
        let stranger = Candidate {
            same_phone: false,
            ..john
        };
        assert_eq!(
            calendar_target("John Smith", &[stranger]),
            CalendarTarget::New
        );
    }

    #[test]
    fn a_booking_goes_where_the_business_wants_it() {
        use CalendarTarget::{Existing, New, PossibleDuplicate};
        let (known, like) = (Existing(id(1)), PossibleDuplicate(vec![id(2)]));
        let flagged = PossibleDuplicate(vec![id(1)]);
        let no_contacts = || Err(LeftOut::NoContacts);
        let duplicate = || Err(LeftOut::Duplicate);
        for (auto_create_contacts, duplicate_handling, expected) in [
            (
                true,
                OnDuplicate::UpdateExisting,
                [Ok(known.clone()), Ok(like.clone()), Ok(New)],
            ),
            (true, OnDuplicate::CreateNew, [Ok(New), Ok(New), Ok(New)]),
            (
                true,
                OnDuplicate::Ask,
                [Ok(flagged), Ok(like.clone()), Ok(New)],
            ),
            (true, OnDuplicate::Skip, [duplicate(), duplicate(), Ok(New)]),
            (
                false,
                OnDuplicate::UpdateExisting,
                [Ok(known.clone()), no_contacts(), no_contacts()],
            ),
            (
                false,
                OnDuplicate::CreateNew,
                [no_contacts(), no_contacts(), no_contacts()],
            ),
        ] {
            let intake = BookingIntake {
                auto_create_contacts,
                duplicate_handling,
            };
            let wanted = [known.clone(), like.clone(), New].map(|target| target.wanted(intake));
            assert_eq!(wanted, expected, "{intake:?}");
        }
    }

    #[test]
    fn a_pair_is_the_same_whoever_is_named_first() {
        assert_eq!(Pair::of(id(1), id(2)), Pair::of(id(2), id(1)));
        assert_eq!(Pair::of(id(2), id(1)).unwrap().ids(), [id(1), id(2)]);
        assert_eq!(Pair::of(id(1), id(1)), None);
    }

    #[test]
    fn defaults_by_source() {
        assert_eq!(OnDuplicate::default_for(Intake::Form), OnDuplicate::Ask);
        assert_eq!(OnDuplicate::default_for(Intake::Csv), OnDuplicate::Skip);
        assert_eq!(
            serde_json::to_string(&OnDuplicate::UpdateExisting).unwrap(),
            "\"update_existing\""
        );
    }
}
