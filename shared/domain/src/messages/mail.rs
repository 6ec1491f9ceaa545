//! A message to a contact as an e-mail.

use serde::{Deserialize, Serialize};

use crate::mail::{Block, Link, Page, Rendered};
use crate::text::{Lines, ShortText, clean, text_type};

/// The subject of an e-mail that staff write.
pub type MailSubject = ShortText<150>;

/// The text of an e-mail that staff write, at most 4,000 characters: with its subject it fits an entry of the timeline.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailText(String);

impl MailText {
    /// Longest text, in characters.
    pub const MAX: usize = 4_000;

    /// Cleans and checks the text; line breaks stay.
    pub fn parse(text: &str) -> Result<Self, crate::error::Invalid> {
        clean("The message", text, 1, Self::MAX, Lines::Many).map(Self)
    }
}
text_type!(MailText);

/// What surrounds the words.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The trading name, else the legal name (S3).
    pub business: &'a str,
    /// Where the person ends e-mails to them.
    pub unsubscribe: &'a Link,
}

/// Writes an e-mail out. A blank line in the text begins a paragraph.
pub fn rendered(subject: &str, text: &str, around: Around<'_>) -> Rendered {
    let paragraphs = text.split("\n\n").map(str::trim);
    let body = paragraphs.filter(|text| !text.is_empty());
    let why = format!(
        "{} sends you this because you agreed to e-mails.",
        around.business
    );
    Page {
        subject: subject.to_owned(),
        heading: String::new(),
        body: body.map(|text| Block::Paragraph(text.to_owned())).collect(),
        footer: vec![
            Block::Paragraph(why),
            Block::Link {
                label: "Get no more e-mails".to_owned(),
                to: around.unsubscribe.clone(),
            },
        ],
    }
    .render()
}

/// The page that a person sees who follows that link, before (`done` false) and after they have said so.
pub fn unsubscribe_page(business: &str, done: bool) -> String {
    let text = match done {
        true => {
            format!("You get no more e-mails from {business}. To get them again, please tell them.")
        }
        false => format!(
            "Do you want no more e-mails from {business}? Your appointments stay as they are."
        ),
    };
    let button = "<form method=\"post\"><button style=\"font:inherit;padding:8px 16px\">Get no more e-mails</button></form>\n";
    let page = Page {
        subject: match done {
            true => "No more e-mails",
            false => "Get no more e-mails",
        }
        .to_owned(),
        heading: String::new(),
        body: vec![Block::Paragraph(text)],
        footer: Vec::new(),
    };
    let html = page.render().html;
    match done {
        true => html,
        // The page ends with the element that everything stands in.
        false => html.replacen("</div>\n</body>", &format!("{button}</div>\n</body>"), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_says_who_sends_it_and_how_to_end_it() {
        let unsubscribe = Link::parse("https://app.example/api/unsubscribe/x").unwrap();
        let around = Around {
            business: "Riverside <Dental>",
            unsubscribe: &unsubscribe,
        };
        let mail = rendered(
            "We open late",
            "Hello Zoe,\n\nwe open at 10.\nSee you.",
            around,
        );
        assert_eq!(
            mail.text,
            "We open late\n\nHello Zoe,\n\nwe open at 10.\nSee you.\n\n--\n\n\
             Riverside <Dental> sends you this because you agreed to e-mails.\n\n\
             Get no more e-mails:\nhttps://app.example/api/unsubscribe/x\n"
        );
        assert!(mail.html.contains(">Hello Zoe,</p>"));
        assert!(mail.html.contains("we open at 10.<br>\nSee you.</p>"));
        assert!(mail.html.contains("Riverside &lt;Dental&gt; sends"));
        assert!(
            mail.html
                .contains("href=\"https://app.example/api/unsubscribe/x\"")
        );
    }

    #[test]
    fn only_the_page_before_has_the_button() {
        for done in [false, true] {
            let page = unsubscribe_page("A & B", done);
            assert!(page.contains("A &amp; B"));
            assert_eq!(
                page.matches("<form method=\"post\">").count(),
                usize::from(!done)
            );
            assert!(page.ends_with("</div>\n</body>\n</html>\n"));
        }
    }

    #[test]
    fn texts_are_bounded_and_keep_their_lines() {
        assert_eq!(MailText::parse("a\r\n\r\nb").unwrap().as_str(), "a\n\nb");
        assert!(MailText::parse(&"é".repeat(4_000)).is_ok());
        assert!(MailText::parse(&"é".repeat(4_001)).is_err());
        assert!(MailText::parse(" \n ").is_err());
    }
}
