//! Contact groups (S2, rules.md Groups): what one is called, how it looks, and who sees it. Groups are flat; a contact
//! may be in several.

pub mod criteria;
pub mod suggestions;
#[cfg(test)]
mod suggestions_tests;
pub mod templates;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::Invalid;
use crate::ids::UserId;
use crate::permission::Permission;
use crate::text::ShortText;

/// Groups one contact may be in. S2 sets no bound; one keeps what is written with a contact within one transaction.
pub const MOST_GROUPS_OF_A_CONTACT: usize = 20;
/// Groups that one edit of a contact joins and leaves: each is three operations of a transaction, which has a hundred.
pub const MOST_MOVES: usize = 25;
/// Contacts that one request adds (`bulk-add` takes more, as a job).
pub const MOST_ADDED_AT_ONCE: usize = 100;
/// Users whom a custom visibility may name.
pub const MOST_VIEWERS: usize = 200;

/// Who puts contacts into groups and takes them out: one of these is enough, which administrators, receptionists and
/// managers have and basic staff has not (rules.md People, roles, sessions).
pub const CHANGES_MEMBERS: &[Permission] =
    &[Permission::EditAllContacts, Permission::ModifyCallSchedules];

/// A group's name: 1 to 50 characters, unique within the tenant whatever the case (S2).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupName(ShortText<{ Self::LONGEST }>);

impl GroupName {
    /// Characters at most (S2).
    pub const LONGEST: usize = 50;

    /// Cleans and checks the name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        ShortText::parse(text).map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What decides whether two names are the same one: without regard to case and to the width of spaces.
    pub fn folded(&self) -> String {
        criteria::folded(self.as_str())
    }
}

impl std::fmt::Debug for GroupName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GroupName({} characters)", self.as_str().chars().count())
    }
}

/// What a group is for, at most 255 characters (S2).
pub type GroupDescription = ShortText<255>;

/// S2's eight colours, in the API as their hex value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Color {
    /// High priority.
    Red,
    /// Medium priority.
    Orange,
    /// Standard.
    Green,
    /// Information.
    #[default]
    Blue,
    /// Special.
    Purple,
    /// Archive.
    Gray,
    /// VIP.
    Pink,
    /// New.
    Teal,
    /// The wine club template's own (S2); no group else has it.
    Wine,
}

impl Color {
    /// Those that people choose from, as S2 lists them.
    pub const ALL: [Self; 8] = [
        Self::Red,
        Self::Orange,
        Self::Green,
        Self::Blue,
        Self::Purple,
        Self::Gray,
        Self::Pink,
        Self::Teal,
    ];

    /// The value that S2 gives it.
    pub const fn hex(self) -> &'static str {
        match self {
            Self::Red => "#EF4444",
            Self::Orange => "#F59E0B",
            Self::Green => "#10B981",
            Self::Blue => "#3B82F6",
            Self::Purple => "#8B5CF6",
            Self::Gray => "#6B7280",
            Self::Pink => "#EC4899",
            Self::Teal => "#14B8A6",
            Self::Wine => "#7C2D12",
        }
    }

    /// The colour of a hex value, whatever its case.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|color| color.hex().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| {
                let all: Vec<&str> = Self::ALL.iter().map(|color| color.hex()).collect();
                Invalid::new("not_offered", format!("Choose one of {}.", all.join(", ")))
            })
    }
}

impl TryFrom<String> for Color {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        match text.as_str() {
            wine if wine == Self::Wine.hex() => Ok(Self::Wine),
            other => Self::parse(other),
        }
    }
}

impl From<Color> for String {
    fn from(color: Color) -> String {
        color.hex().to_owned()
    }
}

/// S2's icons: medical, salon, restaurant, consultant, general.
pub const ICONS: [&str; 24] = [
    "🏥",
    "👨‍⚕️",
    "💊",
    "🩺",
    "💅",
    "✂️",
    "💄",
    "🧴",
    "💆",
    "🍽️",
    "🍷",
    "🎂",
    "👨‍🍳",
    "🥂",
    "💼",
    "📊",
    "📈",
    "🤝",
    "💡",
    "⭐",
    "👥",
    "📋",
    "🎯",
    "🔔",
];

/// One of S2's [`ICONS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Icon(usize);

impl Icon {
    /// The icon, if it is one of the set.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        ICONS
            .iter()
            .position(|icon| *icon == text.trim())
            .map(Self)
            .ok_or_else(|| {
                Invalid::new("not_offered", format!("Choose one of {}.", ICONS.join(" ")))
            })
    }

    /// The icon.
    pub fn as_str(self) -> &'static str {
        ICONS.get(self.0).copied().unwrap_or_default()
    }
}

impl TryFrom<String> for Icon {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Icon> for String {
    fn from(icon: Icon) -> String {
        icon.as_str().to_owned()
    }
}

/// Who sees a group (S2). Whoever does not see it does not learn that it is there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "visibility", rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody of the team.
    #[default]
    AllStaff,
    /// Administrators.
    AdminsOnly,
    /// Administrators and those named.
    Custom {
        /// Who else.
        users: BTreeSet<UserId>,
    },
}

impl Visibility {
    /// The word used in the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AllStaff => "all_staff",
            Self::AdminsOnly => "admins_only",
            Self::Custom { .. } => "custom",
        }
    }

    /// Whether `user` sees the group; an administrator sees every one.
    pub fn shows(&self, user: UserId, administrator: bool) -> bool {
        administrator
            || match self {
                Self::AllStaff => true,
                Self::AdminsOnly => false,
                Self::Custom { users } => users.contains(&user),
            }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn names_have_1_to_50_characters_and_fold() {
        let name = |text: &str| GroupName::parse(text);
        assert!(name("").is_err() && name("  ").is_err());
        assert!(name(&"é".repeat(50)).is_ok());
        assert_eq!(name(&"é".repeat(51)).unwrap_err().code, "too_long");
        assert_eq!(name(" VIP  Patients ").unwrap().folded(), "vip patients");
        assert_eq!(name("ÉTÉ").unwrap().folded(), name("été").unwrap().folded());
        assert_ne!(
            name("VIP").unwrap().folded(),
            name("VIPs").unwrap().folded()
        );
        let debug = format!("{:?}", name("Surgical patients").unwrap());
        assert!(!debug.contains("Surgical"), "{debug}");
    }

    #[test]
    fn eight_colours_and_no_other() {
        assert_eq!(Color::default().hex(), "#3B82F6");
        for color in Color::ALL {
            assert_eq!(Color::parse(color.hex()), Ok(color));
            assert_eq!(Color::parse(&color.hex().to_lowercase()), Ok(color));
        }
        // The wine template's own is stored and not chosen.
        let wine = serde_json::to_string(&Color::Wine).unwrap();
        assert_eq!(serde_json::from_str::<Color>(&wine).unwrap(), Color::Wine);
        for other in ["#7C2D12", "blue", "", "#3B82F"] {
            assert_eq!(Color::parse(other).unwrap_err().code, "not_offered");
        }
    }

    #[test]
    fn icons_of_the_set_only() {
        for icon in ICONS {
            let parsed = Icon::parse(icon).unwrap();
            let json = serde_json::to_string(&parsed).unwrap();
            assert_eq!(serde_json::from_str::<Icon>(&json).unwrap(), parsed);
        }
        assert!(Icon::parse("🚀").is_err() && Icon::parse("").is_err());
    }

    #[test]
    fn visibility_shows_to_whom_it_says() {
        let [ada, ben] = [1, 2].map(|n| UserId::new(Uuid::from_u128(n)));
        let users = BTreeSet::from([ada]);
        for (visibility, shows_ada, shows_ben) in [
            (Visibility::AllStaff, true, true),
            (Visibility::AdminsOnly, false, false),
            (Visibility::Custom { users }, true, false),
        ] {
            assert_eq!(visibility.shows(ada, false), shows_ada);
            assert_eq!(visibility.shows(ben, false), shows_ben);
            assert!(visibility.shows(ben, true));
        }
    }
}
