//! Who may do what: S3's permission names, the three roles, the presets on top of `client_user`, and which contacts
//! a person reaches (rules.md People, roles, sessions; S0, S1, S3 section 5).
//!
//! S3 names some powers twice and some inside others; [`SAME`], [`INCLUDES`] and [`REQUIRES`] say how they relate, so
//! that giving or taking either name does what the person who ticked the box expects.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::UserId;

/// The text names no permission, role or preset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known name")]
pub struct UnknownName;

macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(UnknownName) }
            }
        }
    };
}

names! {
    /// One permission, by S3's name (S3 section 5, both role lists and the custom permissions).
    Permission {
        /// See contacts: one's own, and more where the scope says so.
        ViewContacts = "view_contacts",
        /// Add contacts.
        CreateContacts = "create_contacts",
        /// Change contacts created by or assigned to oneself.
        EditOwnContacts = "edit_own_contacts",
        /// Ring a contact now.
        TriggerManualCalls = "trigger_manual_calls",
        /// See what calls led to.
        ViewCallResults = "view_call_results",
        /// See the basic figures.
        ViewBasicAnalytics = "view_basic_analytics",
        /// Change one's own profile.
        UpdateOwnProfile = "update_own_profile",
        /// Add, change and remove staff.
        ManageTeamMembers = "manage_team_members",
        /// Set up calendars and providers.
        ConfigureIntegrations = "configure_integrations",
        /// Change the business profile, locations, appointment types and tags.
        ManageBusinessSettings = "manage_business_settings",
        /// See all figures.
        ViewAllAnalytics = "view_all_analytics",
        /// Export any data.
        ExportData = "export_data",
        /// Change privacy and compliance settings, read the audit trail.
        ManageComplianceSettings = "manage_compliance_settings",
        /// Change when and how the agent calls.
        ConfigureCallSettings = "configure_call_settings",
        /// See every contact of the tenant.
        ViewAllContacts = "view_all_contacts",
        /// Change every contact of the tenant.
        EditAllContacts = "edit_all_contacts",
        /// Delete contacts one may change.
        DeleteContacts = "delete_contacts",
        /// Export contacts one may see.
        ExportContacts = "export_contacts",
        /// S3's second name for [`Permission::TriggerManualCalls`].
        TriggerImmediateCalls = "trigger_immediate_calls",
        /// Pause, resume and re-date planned calls.
        ModifyCallSchedules = "modify_call_schedules",
        /// See the figures about calls.
        ViewCallAnalytics = "view_call_analytics",
        /// Change how often and when failed calls are repeated.
        ManageRetrySettings = "manage_retry_settings",
        /// S3's second name for [`Permission::ConfigureIntegrations`].
        ManageIntegrations = "manage_integrations",
        /// S3's second name for [`Permission::ManageBusinessSettings`].
        ConfigureBusinessSettings = "configure_business_settings",
        /// See the figures about the system's use.
        ViewSystemAnalytics = "view_system_analytics",
    }
}

use Permission as P;

/// Two names for one power: whoever has, gets or loses one has, gets or loses the other.
const SAME: &[(P, P)] = &[
    (P::TriggerManualCalls, P::TriggerImmediateCalls),
    (P::ConfigureIntegrations, P::ManageIntegrations),
    (P::ManageBusinessSettings, P::ConfigureBusinessSettings),
];

/// A wide power and the narrow ones in it. Giving the wide one gives them; taking it takes them, except those given
/// by name. Taking a narrow one leaves the wide one for the rest.
const INCLUDES: &[(P, &[P])] = &[
    (P::ExportData, &[P::ExportContacts]),
    (
        P::ViewAllAnalytics,
        &[
            P::ViewBasicAnalytics,
            P::ViewCallAnalytics,
            P::ViewSystemAnalytics,
        ],
    ),
    (
        P::ConfigureCallSettings,
        &[P::ManageRetrySettings, P::ModifyCallSchedules],
    ),
];

/// What a power is pointless without. Giving one gives what it requires; one whose requirement was taken is gone.
const REQUIRES: &[(P, P)] = &[
    (P::ViewAllContacts, P::ViewContacts),
    (P::CreateContacts, P::ViewContacts),
    (P::EditOwnContacts, P::ViewContacts),
    (P::EditAllContacts, P::EditOwnContacts),
    (P::DeleteContacts, P::ViewContacts),
    (P::ExportContacts, P::ViewContacts),
    (P::TriggerManualCalls, P::ViewContacts),
    (P::TriggerImmediateCalls, P::ViewContacts),
];

/// S3's `client_user`, which is also the preset basic staff.
const BASIC_STAFF: &[P] = &[
    P::ViewContacts,
    P::CreateContacts,
    P::EditOwnContacts,
    P::TriggerManualCalls,
    P::ViewCallResults,
    P::ViewBasicAnalytics,
    P::UpdateOwnProfile,
];

/// What S3's `client_admin` adds to `client_user`.
const ADMIN_ADDS: &[P] = &[
    P::ManageTeamMembers,
    P::ConfigureIntegrations,
    P::ManageBusinessSettings,
    P::ViewAllAnalytics,
    P::ExportData,
    P::ManageComplianceSettings,
    P::ConfigureCallSettings,
];

/// Full access within the tenant (S0 on `client_admin`): S3's contact powers that no role list names.
const ALL_CONTACTS: &[P] = &[P::ViewAllContacts, P::EditAllContacts, P::DeleteContacts];

names! {
    /// What an account is for (S0, S3).
    Role {
        /// Operates the platform; sees no tenant's people (rules.md).
        SuperAdmin = "super_admin",
        /// Runs one tenant.
        ClientAdmin = "client_admin",
        /// Works for one tenant, by preset.
        ClientUser = "client_user",
    }
}

names! {
    /// What a `client_user` starts from (rules.md People, roles, sessions).
    #[derive(Default)]
    Preset {
        /// Sees and edits all contacts and appointments, rings, works the attention list. New staff start here.
        #[default]
        Receptionist = "receptionist",
        /// S3's list: creates, sees and edits own.
        BasicStaff = "basic_staff",
        /// Everything about contacts and calls for the industries they are given (S1).
        Manager = "manager",
        /// Sees, changes nothing but their own profile (S0).
        ReadOnly = "read_only",
    }
}

/// A set of permissions. JSON: an array of names, in the order of [`Permission::ALL`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PermissionSet(u32);

const _: () = assert!(Permission::ALL.len() <= u32::BITS as usize);

impl PermissionSet {
    /// Nothing.
    pub const EMPTY: Self = Self(0);

    /// Everything there is.
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    /// Whether the permission is in the set.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// Whether at least one of them is in the set.
    pub fn contains_any(self, permissions: &[Permission]) -> bool {
        permissions.iter().any(|p| self.contains(*p))
    }

    /// Puts one in.
    pub const fn insert(&mut self, permission: Permission) {
        self.0 |= 1 << permission as u32;
    }

    /// Takes one out.
    pub const fn remove(&mut self, permission: Permission) {
        self.0 &= !(1 << permission as u32);
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is here and not there.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The permissions in it, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(move |p| self.contains(*p))
    }

    /// Applies `step` until nothing changes.
    fn settle(mut self, step: impl Fn(&mut Self)) -> Self {
        loop {
            let before = self;
            step(&mut self);
            if self == before {
                return self;
            }
        }
    }

    fn with_second_names(self) -> Self {
        self.settle(|set| {
            for (a, b) in SAME {
                if set.contains_any(&[*a, *b]) {
                    set.insert(*a);
                    set.insert(*b);
                }
            }
        })
    }

    fn with_included(self) -> Self {
        self.settle(|set| {
            for (wide, narrow) in INCLUDES {
                if set.contains(*wide) {
                    narrow.iter().for_each(|p| set.insert(*p));
                }
            }
        })
    }

    fn with_required(self) -> Self {
        self.settle(|set| {
            for (power, needed) in REQUIRES {
                if set.contains(*power) {
                    set.insert(*needed);
                }
            }
        })
    }

    fn without_unsupported(self) -> Self {
        self.settle(|set| {
            for (power, needed) in REQUIRES {
                if !set.contains(*needed) {
                    set.remove(*power);
                }
            }
        })
    }

    fn expanded(self) -> Self {
        self.with_second_names()
            .with_included()
            .with_required()
            .with_second_names()
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let mut set = Self::EMPTY;
        permissions.into_iter().for_each(|p| set.insert(p));
        set
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(Permission::as_str))
            .finish()
    }
}

impl Serialize for PermissionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for PermissionSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Permission>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

/// What a person has beyond or short of their role (S3 custom permissions). A name in both is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CustomPermissions {
    /// Given on top.
    #[serde(default)]
    pub add: PermissionSet,
    /// Taken away.
    #[serde(default)]
    pub remove: PermissionSet,
}

fn base(role: Role, preset: Option<Preset>) -> PermissionSet {
    let lists: &[&[P]] = match (role, preset.unwrap_or_default()) {
        (Role::SuperAdmin, _) => &[&[P::UpdateOwnProfile, P::ViewSystemAnalytics]],
        (Role::ClientAdmin, _) => &[BASIC_STAFF, ADMIN_ADDS, ALL_CONTACTS],
        (Role::ClientUser, Preset::BasicStaff) => &[BASIC_STAFF],
        (Role::ClientUser, Preset::Receptionist) => {
            &[BASIC_STAFF, &[P::ViewAllContacts, P::EditAllContacts]]
        }
        (Role::ClientUser, Preset::Manager) => &[
            BASIC_STAFF,
            &[
                P::DeleteContacts,
                P::ExportContacts,
                P::ModifyCallSchedules,
                P::ViewCallAnalytics,
            ],
        ],
        (Role::ClientUser, Preset::ReadOnly) => &[&[
            P::ViewContacts,
            P::ViewAllContacts,
            P::ViewCallResults,
            P::ViewBasicAnalytics,
            P::UpdateOwnProfile,
        ]],
    };
    lists.iter().flat_map(|list| list.iter().copied()).collect()
}

/// What a person may do. The preset counts for `client_user` only; without one it is [`Preset::Receptionist`].
/// A super admin's account takes no custom permissions: it never reaches a tenant's people this way (rules.md).
pub fn effective(role: Role, preset: Option<Preset>, custom: CustomPermissions) -> PermissionSet {
    let from_role = base(role, preset).expanded();
    if role == Role::SuperAdmin {
        return from_role;
    }
    let taken = custom.remove.with_second_names();
    let given = custom.add.with_second_names().without(taken);
    // A wide power that is taken takes the narrow ones in it, but not the basic figures every role has.
    let taken_with_parts = taken
        .with_included()
        .without(given)
        .without(PermissionSet::from_iter([P::ViewBasicAnalytics]).without(taken));
    from_role
        .union(given.expanded())
        .without(taken_with_parts)
        .without_unsupported()
}

/// Which contacts a person reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every contact of the tenant.
    All,
    /// Contacts created by or assigned to the person (rules.md).
    Own,
    /// Contacts of these industries (S1), and own ones.
    Industries(BTreeSet<String>),
}

/// What decides whether a contact is in a [`Scope`].
#[derive(Debug, Clone, Copy)]
pub struct ContactOwnership<'a> {
    /// Who added the contact; none for a booking or an import by the system.
    pub created_by: Option<UserId>,
    /// Who looks after the contact.
    pub assigned_to: Option<UserId>,
    /// The contact's industry, by the slug of its form.
    pub industry: Option<&'a str>,
}

impl Scope {
    /// Whether the contact is within reach of `user`.
    pub fn covers(&self, user: UserId, contact: &ContactOwnership<'_>) -> bool {
        let own = contact.created_by == Some(user) || contact.assigned_to == Some(user);
        match self {
            Self::All => true,
            Self::Own => own,
            Self::Industries(given) => {
                own || contact.industry.is_some_and(|name| given.contains(name))
            }
        }
    }
}

/// The contacts a person sees and the ones they may change. `None`: none at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactScopes {
    /// Who is seen.
    pub view: Option<Scope>,
    /// Who may be changed, rung or, with [`Permission::DeleteContacts`], deleted.
    pub edit: Option<Scope>,
}

impl ContactScopes {
    /// The reach that follows from effective permissions. A manager reaches the industries given; custom
    /// `view_all_contacts` and `edit_all_contacts` lift that limit.
    pub fn new(
        role: Role,
        preset: Option<Preset>,
        permissions: PermissionSet,
        industries: &BTreeSet<String>,
    ) -> Self {
        let manager = role == Role::ClientUser && preset == Some(Preset::Manager);
        let reach = |all: Permission, some: Permission| {
            if permissions.contains(all) {
                Some(Scope::All)
            } else if !permissions.contains(some) {
                None
            } else if manager {
                Some(Scope::Industries(industries.clone()))
            } else {
                Some(Scope::Own)
            }
        };
        Self {
            view: reach(P::ViewAllContacts, P::ViewContacts),
            edit: reach(P::EditAllContacts, P::EditOwnContacts),
        }
    }

    /// Whether `user` may see the contact. One they may not see is 404, not 403.
    pub fn can_view(&self, user: UserId, contact: &ContactOwnership<'_>) -> bool {
        self.view.as_ref().is_some_and(|s| s.covers(user, contact))
    }

    /// Whether `user` may change the contact; only what is seen can be changed (S1).
    pub fn can_edit(&self, user: UserId, contact: &ContactOwnership<'_>) -> bool {
        self.can_view(user, contact) && self.edit.as_ref().is_some_and(|s| s.covers(user, contact))
    }
}

#[cfg(test)]
#[path = "permission_tests.rs"]
mod tests;
