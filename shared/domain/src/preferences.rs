//! How the console looks and behaves for one person (S3 sections 7, 10 and 11): kept with their account, so that it is the
//! same in another browser. Nothing here is personal, and nothing decides what they may do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Invalid;

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $(#[$default:meta] $first:ident = $first_text:literal,)? $($variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
        pub enum $name {
            $(#[$default] #[serde(rename = $first_text)] $first,)?
            $(#[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// The words of the choices.
            pub const WORDS: &'static [&'static str] = &[$($first_text,)? $($text,)*];
        }
    };
}

choice! {
    /// Light, dark, or as the device says.
    Theme { #[default] Light = "light", Dark = "dark", Auto = "auto", }
}
choice! {
    /// How much space there is around things.
    Density { #[default] Comfortable = "comfortable", Compact = "compact", Spacious = "spacious", }
}
choice! {
    /// The five colours of S3. None chosen: that of the type of business.
    PrimaryColor {
        #[default] Blue = "#3B82F6", Green = "#10B981", Purple = "#8B5CF6", Orange = "#F59E0B", Gray = "#6B7280",
    }
}
choice! {
    /// When the menu at the side is narrow.
    Sidebar {
        #[default] AutoCollapse = "auto_collapse", AlwaysExpanded = "always_expanded", AlwaysCollapsed = "always_collapsed",
    }
}
choice! {
    /// How lists of contacts are shown at first.
    ContactView { #[default] Grid = "grid", List = "list", Compact = "compact", }
}
choice! {
    /// How large text is.
    FontSize { #[default] Medium = "medium", Small = "small", Large = "large", ExtraLarge = "extra_large", }
}
choice! {
    /// What opens after signing in.
    DashboardView { #[default] Overview = "overview", Contacts = "contacts", Analytics = "analytics", Calls = "calls", }
}
choice! {
    /// How times of day are written: `9:30am` or `09:30`.
    TimeFormat { #[default] Twelve = "12_hour", TwentyFour = "24_hour", }
}

/// How many are on a page: 10, 25, 50 or 100 (S3 `items_per_page`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct ItemsPerPage(u16);

impl ItemsPerPage {
    /// S3's choices.
    pub const CHOICES: [u16; 4] = [10, 25, 50, 100];
}

impl Default for ItemsPerPage {
    fn default() -> Self {
        Self(25)
    }
}

impl TryFrom<u16> for ItemsPerPage {
    type Error = Invalid;

    fn try_from(items: u16) -> Result<Self, Invalid> {
        if Self::CHOICES.contains(&items) {
            Ok(Self(items))
        } else {
            Err(Invalid::new("not_offered", "Choose 10, 25, 50 or 100."))
        }
    }
}

impl From<ItemsPerPage> for u16 {
    fn from(items: ItemsPerPage) -> u16 {
        items.0
    }
}

/// Seconds after which figures are asked for again: 30, 60, 300, 900, or 0 for never (S3 `dashboard_refresh_rate`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct RefreshRate(u16);

impl RefreshRate {
    /// S3's choices.
    pub const CHOICES: [u16; 5] = [30, 60, 300, 900, 0];
}

impl Default for RefreshRate {
    fn default() -> Self {
        Self(300)
    }
}

impl TryFrom<u16> for RefreshRate {
    type Error = Invalid;

    fn try_from(seconds: u16) -> Result<Self, Invalid> {
        if Self::CHOICES.contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(Invalid::new(
                "not_offered",
                "Choose 30, 60, 300 or 900 seconds, or 0 for never.",
            ))
        }
    }
}

impl From<RefreshRate> for u16 {
    fn from(seconds: RefreshRate) -> u16 {
        seconds.0
    }
}

/// Which columns of the list of contacts are shown, in which order and how wide.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContactColumns {
    shown: Vec<String>,
    widths: BTreeMap<String, u16>,
}

impl ContactColumns {
    /// Columns that can be named.
    pub const MOST: usize = 40;
    /// The widest column, in pixels.
    pub const WIDEST: u16 = 2_000;

    /// Takes names such as `appointment_time` and widths in pixels. Which columns there are is the console's to know.
    pub fn new(shown: Vec<String>, widths: BTreeMap<String, u16>) -> Result<Self, Invalid> {
        let named = |name: &String| {
            (1..=40).contains(&name.len())
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        };
        let fits = shown.len() <= Self::MOST
            && widths.len() <= Self::MOST
            && shown.iter().chain(widths.keys()).all(named)
            && widths
                .values()
                .all(|width| (1..=Self::WIDEST).contains(width));
        let mut names = shown.clone();
        names.sort();
        names.dedup();
        if fits && names.len() == shown.len() {
            Ok(Self { shown, widths })
        } else {
            Err(Invalid::new(
                "invalid_columns",
                "At most 40 columns, each named once, none wider than 2,000.",
            ))
        }
    }

    /// Their names in order.
    pub fn shown(&self) -> &[String] {
        &self.shown
    }

    /// Their widths where they are not the usual ones.
    pub fn widths(&self) -> &BTreeMap<String, u16> {
        &self.widths
    }
}

/// What one person prefers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    pub theme: Theme,
    pub density: Density,
    /// None: that of the type of business.
    pub primary_color: Option<PrimaryColor>,
    pub sidebar_behavior: Sidebar,
    pub default_contact_view: ContactView,
    pub items_per_page: ItemsPerPage,
    /// Lists are scrolled to their end instead of being cut into pages.
    pub scroll_lists: bool,
    pub contact_columns: Option<ContactColumns>,
    pub font_size: FontSize,
    pub time_format: TimeFormat,
    pub high_contrast_mode: bool,
    pub reduced_motion: bool,
    /// Single letters as shortcuts (WCAG 2.1.4).
    pub letter_shortcuts: bool,
    pub default_dashboard_view: DashboardView,
    pub dashboard_refresh_rate: RefreshRate,
    pub real_time_updates: bool,
    /// Which figures are shown (S3 `metrics_visibility`): how many calls were answered and confirmed, in percent.
    pub show_call_success_rates: bool,
    /// How calls and confirmations went over time.
    pub show_appointment_trends: bool,
    /// How many contacts came.
    pub show_contact_growth: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            density: Density::default(),
            primary_color: None,
            sidebar_behavior: Sidebar::default(),
            default_contact_view: ContactView::default(),
            items_per_page: ItemsPerPage::default(),
            scroll_lists: true,
            contact_columns: None,
            font_size: FontSize::default(),
            time_format: TimeFormat::default(),
            high_contrast_mode: false,
            reduced_motion: false,
            letter_shortcuts: true,
            default_dashboard_view: DashboardView::default(),
            dashboard_refresh_rate: RefreshRate::default(),
            real_time_updates: true,
            show_call_success_rates: true,
            show_appointment_trends: true,
            show_contact_growth: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_reads_back_and_what_is_new_takes_its_default() {
        let preferences = Preferences {
            theme: Theme::Dark,
            primary_color: Some(PrimaryColor::Purple),
            items_per_page: ItemsPerPage::try_from(50).unwrap(),
            ..Preferences::default()
        };
        let stored = serde_json::to_value(&preferences).unwrap();
        assert_eq!(stored["primary_color"], "#8B5CF6");
        assert_eq!(
            serde_json::from_value::<Preferences>(stored).unwrap(),
            preferences
        );
        let old = serde_json::json!({ "theme": "dark" });
        let read: Preferences = serde_json::from_value(old).unwrap();
        assert_eq!(
            (read.theme, read.items_per_page),
            (Theme::Dark, ItemsPerPage(25))
        );
    }

    #[test]
    fn only_what_is_offered_is_taken() {
        assert!(
            ItemsPerPage::CHOICES
                .iter()
                .all(|n| ItemsPerPage::try_from(*n).is_ok())
        );
        assert!(ItemsPerPage::try_from(20).is_err());
        assert!(
            RefreshRate::CHOICES
                .iter()
                .all(|n| RefreshRate::try_from(*n).is_ok())
        );
        assert!(RefreshRate::try_from(1).is_err());
        assert_eq!(PrimaryColor::WORDS.len(), 5);
        assert!(serde_json::from_value::<Theme>(serde_json::json!("pink")).is_err());
        let named = |names: &[&str]| {
            ContactColumns::new(
                names.iter().map(ToString::to_string).collect(),
                BTreeMap::new(),
            )
        };
        assert!(named(&["name", "appointment_time"]).is_ok());
        for bad in [&["name", "name"][..], &[""], &["<b>"]] {
            assert!(named(bad).is_err(), "{bad:?}");
        }
    }
}
