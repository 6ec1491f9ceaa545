//! Which parts may be said, by HIPAA level and personalization.

use serde::{Deserialize, Serialize};

/// How much a call may say in HIPAA mode (S3 `hipaa_compliance_level`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HipaaLevel {
    /// First name, business, "an appointment"; date and time only after the person confirmed who they are.
    Strict,
    /// Also a generic type, the provider's first name, the location.
    #[default]
    Standard,
    /// Also the last name's initial, the type as `spoken_as`, instructions without health information.
    Basic,
}

/// How much of the appointment is said (S3 `personalization_level`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Personalization {
    /// Name, date and time.
    Minimal,
    /// Also type and provider.
    #[default]
    Standard,
    /// Also location, duration and instructions.
    Enhanced,
}

/// How the agent speaks (S3 `voice_tone`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Professional and formal.
    #[default]
    Professional,
    /// Friendly and warm.
    Friendly,
    /// Casual and relaxed.
    Casual,
    /// Medical and respectful.
    Medical,
}

/// How long the call should be (S3 `call_script_length`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScriptLength {
    /// 30-45 seconds: no duration, no instructions.
    Brief,
    /// 60-90 seconds.
    #[default]
    Standard,
    /// 90-120 seconds.
    Detailed,
}

impl Tone {
    /// The word the agent's prompt gets.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Professional => "professional",
            Self::Friendly => "friendly",
            Self::Casual => "casual",
            Self::Medical => "medical",
        }
    }
}

impl ScriptLength {
    /// The word the agent's prompt gets.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Brief => "brief",
            Self::Standard => "standard",
            Self::Detailed => "detailed",
        }
    }
}

/// How much of the last name is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LastNameRule {
    None,
    Initial,
    Full,
}

/// How the type is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TypeRule {
    /// "appointment".
    None,
    /// A word that tells nothing, such as "consultation".
    Generic,
    /// As the tenant's list says; a type without that stays generic.
    SpokenAs,
    /// As the list says, else by its name.
    Named,
}

/// How much of the provider's name is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ProviderRule {
    None,
    FirstName,
    Full,
}

/// What may be said: each part has its own scale, and the lesser of two rules wins part by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowed {
    pub(super) last_name: LastNameRule,
    /// Whether date and time may be said before the person confirmed who they are.
    pub(super) time_at_once: bool,
    pub(super) kind: TypeRule,
    pub(super) provider: ProviderRule,
    pub(super) location: bool,
    pub(super) duration: bool,
    pub(super) instructions: bool,
    pub(super) custom_message: bool,
}

impl Allowed {
    /// The stricter of HIPAA level and personalization, part by part (rules.md Privacy); outside HIPAA mode the
    /// personalization alone.
    pub(super) fn new(
        hipaa: Option<HipaaLevel>,
        personalization: Personalization,
        length: ScriptLength,
    ) -> Self {
        let base = Self::by_personalization(personalization, length);
        match hipaa {
            Some(level) => base.stricter(Self::by_level(level)),
            None => base,
        }
    }

    fn by_level(level: HipaaLevel) -> Self {
        let (standard, basic) = (level != HipaaLevel::Strict, level == HipaaLevel::Basic);
        Self {
            last_name: if basic {
                LastNameRule::Initial
            } else {
                LastNameRule::None
            },
            time_at_once: standard,
            kind: match level {
                HipaaLevel::Strict => TypeRule::None,
                HipaaLevel::Standard => TypeRule::Generic,
                HipaaLevel::Basic => TypeRule::SpokenAs,
            },
            provider: if standard {
                ProviderRule::FirstName
            } else {
                ProviderRule::None
            },
            location: standard,
            // No level names it.
            duration: false,
            instructions: basic,
            custom_message: standard,
        }
    }

    fn by_personalization(personalization: Personalization, length: ScriptLength) -> Self {
        let standard = personalization != Personalization::Minimal;
        let enhanced = personalization == Personalization::Enhanced;
        let brief = length == ScriptLength::Brief;
        Self {
            last_name: LastNameRule::Full,
            time_at_once: true,
            kind: if standard {
                TypeRule::Named
            } else {
                TypeRule::None
            },
            provider: if standard {
                ProviderRule::Full
            } else {
                ProviderRule::None
            },
            location: enhanced,
            duration: enhanced && !brief,
            instructions: enhanced && !brief,
            // Written for this call by a person; no setting takes it back.
            custom_message: true,
        }
    }

    fn stricter(self, other: Self) -> Self {
        Self {
            last_name: self.last_name.min(other.last_name),
            time_at_once: self.time_at_once && other.time_at_once,
            kind: self.kind.min(other.kind),
            provider: self.provider.min(other.provider),
            location: self.location && other.location,
            duration: self.duration && other.duration,
            instructions: self.instructions && other.instructions,
            custom_message: self.custom_message && other.custom_message,
        }
    }
}
