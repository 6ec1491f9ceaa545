//! What staff are told, and how: what happened, which switch decides, on which channels, and who is asked (S3 section 9;
//! it wins over section 2). One table, [`Switch::ALL`], that the API, the console and the tests read.

mod happening;
mod settings;
mod summary;

pub use happening::{Audience, Change, Happening, Limit, Topic};
pub use settings::{
    CallCompletion, EmailNotices, InAppNotices, NoticeDuration, NoticePosition, NoticeSettings,
    SmsNotices, Switch,
};
pub use summary::{Appointments, Figures, SUMMARY_HOUR, Summary};

use serde::{Deserialize, Serialize};

/// How somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    Sms,
    InApp,
}

/// On which channels one person is told of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Channels {
    pub email: bool,
    pub sms: bool,
    pub in_app: bool,
}

impl Channels {
    /// Whether the person is told at all.
    pub fn any(self) -> bool {
        self.email || self.sms || self.in_app
    }
}

impl NoticeSettings {
    /// On which channels somebody with these settings is told of something. Each channel is used at most once for it,
    /// however many switches ask for it. `has_phone`: alerts by SMS need a number (S3 `phone_number_provided`).
    pub fn channels(&self, happening: &Happening, has_phone: bool) -> Channels {
        let mut channels = Channels::default();
        for switch in Switch::ALL {
            if !switch.asks_for(self, happening) {
                continue;
            }
            match switch.channel() {
                Channel::Email => channels.email = true,
                Channel::Sms => channels.sms |= has_phone && self.sms.enable_sms,
                Channel::InApp => channels.in_app = true,
            }
        }
        channels
    }
}

#[cfg(test)]
mod tests;
