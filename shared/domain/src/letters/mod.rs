//! Letters: e-mails to the business's own people, and those of identity. What each says is made here; nothing of it is
//! about anybody's health: a notice to staff names at most whom it is about, and never why they come.

pub mod rules;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::mail::{Block, Link, Page, Rendered};
use crate::words::spoken_when;

/// A link with the words to show for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labelled {
    /// Such as "Open the work list".
    pub label: String,
    pub to: Link,
}

/// Until when something holds, and the zone in which its reader is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    pub at: DateTime<Utc>,
    pub zone: Tz,
}

impl Moment {
    fn said(self) -> String {
        spoken_when(self.at, self.zone)
    }
}

/// A group of figures of a summary, under a heading of its own.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub heading: String,
    /// What is counted, and how many there are.
    pub rows: Vec<(String, String)>,
}

/// What is written to somebody on the staff. Links may hold secrets, so `Debug` shows the kind alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// Somebody is asked to join the team (S3 section 5).
    Invitation {
        /// Whom it is to; left out where nobody knows their name yet.
        name: Option<String>,
        /// Who asks.
        invited_by: Option<String>,
        link: Link,
        valid_until: Moment,
    },
    /// Somebody asked for a new password.
    PasswordReset {
        name: String,
        link: Link,
        valid_until: Moment,
    },
    /// A password was changed: whoever did not do that must learn of it.
    PasswordChanged { name: String, when: Moment },
    /// A new address is to be confirmed by its owner before it counts (S3 section 2).
    ConfirmAddress {
        name: String,
        link: Link,
        valid_until: Moment,
    },
    /// To the address so far: another one was asked for, or counts now.
    AddressChanged { name: String, when: Moment },
    /// Something happened that the reader wants to know (S3 section 11).
    Notice {
        subject: String,
        /// A paragraph each.
        lines: Vec<String>,
        link: Option<Labelled>,
    },
    /// What a day or a week came to (S3 section 9).
    Summary {
        subject: String,
        /// Such as "Tuesday 3 March".
        period: String,
        figures: Vec<Figures>,
        /// What they say to do: a sentence each.
        #[serde(default)]
        advice: Vec<String>,
        link: Option<Labelled>,
    },
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Letter({})", self.kind())
    }
}

impl Letter {
    /// The word for its kind, in records and logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "invitation",
            Self::PasswordReset { .. } => "password_reset",
            Self::PasswordChanged { .. } => "password_changed",
            Self::ConfirmAddress { .. } => "confirm_address",
            Self::AddressChanged { .. } => "address_changed",
            Self::Notice { .. } => "notice",
            Self::Summary { .. } => "summary",
        }
    }

    /// From when on it says nothing true any more: it is not sent then.
    pub fn expires(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Invitation { valid_until, .. }
            | Self::PasswordReset { valid_until, .. }
            | Self::ConfirmAddress { valid_until, .. } => Some(valid_until.at),
            _ => None,
        }
    }

    /// Writes it out, on behalf of a business with this name.
    pub fn render(&self, business: &str) -> Rendered {
        let mut page = self.page(business);
        page.footer = vec![Block::Paragraph(format!(
            "VioConcierge sends this for {business}, to people who work there. Please do not reply to this address."
        ))];
        page.render()
    }

    fn page(&self, business: &str) -> Page {
        match self {
            Self::Invitation {
                name,
                invited_by,
                link,
                valid_until,
            } => page(
                format!("Join {business} on VioConcierge"),
                vec![
                    greeting(name.as_deref()),
                    paragraph(match invited_by {
                        Some(who) => format!("{who} invites you to work with {business} on VioConcierge."),
                        None => format!("You are invited to work with {business} on VioConcierge."),
                    }),
                    go("Accept the invitation", link),
                    paragraph(format!(
                        "The link works once, until {}. If you do not know {business}, you need not do anything.",
                        valid_until.said()
                    )),
                ],
            ),
            Self::PasswordReset {
                name,
                link,
                valid_until,
            } => page(
                "Choose a new password".to_owned(),
                vec![
                    greeting(Some(name)),
                    paragraph("Somebody asked for a new password for your account.".to_owned()),
                    go("Choose a new password", link),
                    paragraph(format!(
                        "The link works once, until {}. If it was not you, you need not do anything: your password stays as it is.",
                        valid_until.said()
                    )),
                ],
            ),
            Self::PasswordChanged { name, when } => page(
                "Your password was changed".to_owned(),
                vec![
                    greeting(Some(name)),
                    paragraph(format!("The password of your account was changed on {}.", when.said())),
                    paragraph(
                        "If it was not you, ask for a new password at once, and tell an administrator of your business.".to_owned(),
                    ),
                ],
            ),
            Self::ConfirmAddress {
                name,
                link,
                valid_until,
            } => page(
                "Confirm your new e-mail address".to_owned(),
                vec![
                    greeting(Some(name)),
                    paragraph("This address is to be the one that you sign in with.".to_owned()),
                    go("Confirm this address", link),
                    paragraph(format!(
                        "The link works once, until {}. Until you use it, your address so far stays the one you sign in with.",
                        valid_until.said()
                    )),
                ],
            ),
            Self::AddressChanged { name, when } => page(
                "Your sign-in address is being changed".to_owned(),
                vec![
                    greeting(Some(name)),
                    paragraph(format!(
                        "On {} another e-mail address was asked for, to sign in to your account with.",
                        when.said()
                    )),
                    paragraph("If it was not you, change your password at once, and tell an administrator of your business.".to_owned()),
                ],
            ),
            Self::Notice {
                subject,
                lines,
                link,
            } => {
                let mut body: Vec<Block> = lines.iter().cloned().map(paragraph).collect();
                body.extend(link.as_ref().map(|link| go(&link.label, &link.to)));
                page(subject.clone(), body)
            }
            Self::Summary {
                subject,
                period,
                figures,
                advice,
                link,
            } => {
                let mut body = vec![paragraph(period.clone())];
                for group in figures {
                    body.push(Block::Heading(group.heading.clone()));
                    body.push(Block::Facts(group.rows.clone()));
                }
                if !advice.is_empty() {
                    body.push(Block::Heading("Worth a thought".to_owned()));
                }
                body.extend(advice.iter().cloned().map(paragraph));
                body.extend(link.as_ref().map(|link| go(&link.label, &link.to)));
                page(subject.clone(), body)
            }
        }
    }
}

fn page(subject: String, body: Vec<Block>) -> Page {
    Page {
        subject,
        heading: String::new(),
        body,
        footer: Vec::new(),
    }
}

fn paragraph(text: String) -> Block {
    Block::Paragraph(text)
}

fn greeting(name: Option<&str>) -> Block {
    Block::Paragraph(match name {
        Some(name) => format!("Hello {name},"),
        None => "Hello,".to_owned(),
    })
}

fn go(label: &str, to: &Link) -> Block {
    Block::Link {
        label: label.to_owned(),
        to: to.clone(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn link() -> Link {
        Link::parse("https://app.example/invitation#token=s3cret").unwrap()
    }

    fn moment() -> Moment {
        Moment {
            at: Utc.with_ymd_and_hms(2026, 7, 3, 13, 5, 0).unwrap(),
            zone: chrono_tz::Europe::London,
        }
    }

    fn all() -> Vec<Letter> {
        let name = || "Dana <Reyes>".to_owned();
        vec![
            Letter::Invitation {
                name: Some(name()),
                invited_by: Some("Amara Okafor".to_owned()),
                link: link(),
                valid_until: moment(),
            },
            Letter::PasswordReset {
                name: name(),
                link: link(),
                valid_until: moment(),
            },
            Letter::PasswordChanged {
                name: name(),
                when: moment(),
            },
            Letter::ConfirmAddress {
                name: name(),
                link: link(),
                valid_until: moment(),
            },
            Letter::AddressChanged {
                name: name(),
                when: moment(),
            },
            Letter::Notice {
                subject: "Calling is paused".to_owned(),
                lines: vec!["The provider refuses calls.".to_owned()],
                link: Some(Labelled {
                    label: "Open".to_owned(),
                    to: link(),
                }),
            },
            Letter::Summary {
                subject: "Your day".to_owned(),
                period: "Thursday 2 July".to_owned(),
                figures: vec![Figures {
                    heading: "Calls".to_owned(),
                    rows: vec![("Placed".to_owned(), "12".to_owned())],
                }],
                advice: vec!["60% of calls reach nobody.".to_owned()],
                link: None,
            },
        ]
    }

    #[test]
    fn every_letter_names_the_business_and_hides_its_secrets() {
        for letter in all() {
            let mail = letter.render("Smith & Sons");
            assert!(mail.text.contains("Smith & Sons"), "{letter:?}");
            assert!(mail.html.contains("Smith &amp; Sons"), "{letter:?}");
            assert!(!mail.html.contains("<Reyes>"), "{letter:?}");
            let has_link = mail.text.contains("#token=s3cret");
            assert_eq!(has_link, mail.html.contains("#token=s3cret"));
            assert!(!format!("{letter:?} {mail:?}").contains("s3cret"));
            let stored = serde_json::to_string(&letter).unwrap();
            assert_eq!(serde_json::from_str::<Letter>(&stored).unwrap(), letter);
        }
    }

    #[test]
    fn what_opens_a_door_says_until_when_and_ends_then() {
        for letter in all() {
            let opens = matches!(
                letter.kind(),
                "invitation" | "password_reset" | "confirm_address"
            );
            assert_eq!(letter.expires().is_some(), opens, "{letter:?}");
            let text = letter.render("Riverside").text;
            assert_eq!(
                text.contains("until Friday 3 July at 2:05 PM"),
                opens,
                "{text}"
            );
        }
    }

    #[test]
    fn an_invitation() {
        let mail = all()[0].render("Riverside");
        assert_eq!(mail.subject, "Join Riverside on VioConcierge");
        assert_eq!(
            mail.text,
            "Join Riverside on VioConcierge\n\nHello Dana <Reyes>,\n\n\
             Amara Okafor invites you to work with Riverside on VioConcierge.\n\n\
             Accept the invitation:\nhttps://app.example/invitation#token=s3cret\n\n\
             The link works once, until Friday 3 July at 2:05 PM. If you do not know Riverside, you need not do anything.\n\n\
             --\n\nVioConcierge sends this for Riverside, to people who work there. Please do not reply to this address.\n"
        );
    }
}
