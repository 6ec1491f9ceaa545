//! The one template of every e-mail: a page of headings, paragraphs, figures and links, written out as plain text and as
//! HTML that says the same. Nothing in it is fetched: no images, no styles, nothing that tells who read it when.

use std::fmt::Write;

use super::Link;

/// The language in which e-mails are written (BCP 47).
pub const LANGUAGE: &str = "en-GB";
/// Characters of a subject at most.
const LONGEST_SUBJECT: usize = 150;

/// Colours of text, lesser text, lines and links: each text has a contrast of at least 6.5 : 1 on white (WCAG 2.2).
const TEXT: &str = "#1f2933";
const LESSER: &str = "#52606d";
const LINE: &str = "#cbd2d9";
const LINK: &str = "#0b4f8a";

/// One piece of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading of second rank.
    Heading(String),
    /// Text; its line breaks stay.
    Paragraph(String),
    /// What is named, and what it is.
    Facts(Vec<(String, String)>),
    /// A place to go on at. It is written out as well, for those who see no links.
    Link { label: String, to: Link },
}

/// What an e-mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Also the title; the heading of first rank where `heading` is empty.
    pub subject: String,
    pub heading: String,
    pub body: Vec<Block>,
    /// Below the line: from whom it is, and how to get no more.
    pub footer: Vec<Block>,
}

/// An e-mail ready to go out: both forms say the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rendered")
    }
}

/// A text as one line without control characters: what may stand in a header.
pub fn one_line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of many lines without other control characters.
fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let kept = text.chars().filter(|c| !c.is_control() || *c == '\n');
    kept.collect::<String>().trim().to_owned()
}

/// Escapes a text for HTML, in elements and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

impl Page {
    /// Writes the page out.
    pub fn render(&self) -> Rendered {
        let subject: String = one_line(&self.subject)
            .chars()
            .take(LONGEST_SUBJECT)
            .collect();
        let heading = match one_line(&self.heading) {
            heading if heading.is_empty() => subject.clone(),
            heading => heading,
        };
        Rendered {
            text: self.text(&heading),
            html: self.html(&subject, &heading),
            subject,
        }
    }

    fn text(&self, heading: &str) -> String {
        let body = self.body.iter().map(plain);
        let rule = std::iter::once("--".to_owned()).filter(|_| !self.footer.is_empty());
        let footer = self.footer.iter().map(plain);
        let parts: Vec<String> = std::iter::once(heading.to_owned())
            .chain(body)
            .chain(rule)
            .chain(footer)
            .filter(|part| !part.is_empty())
            .collect();
        parts.join("\n\n") + "\n"
    }

    fn html(&self, title: &str, heading: &str) -> String {
        let mut out = format!(
            "<!DOCTYPE html>\n<html lang=\"{LANGUAGE}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{}</title>\n</head>\n\
             <body style=\"margin:0;background:#ffffff;color:{TEXT};font:16px/1.5 Arial,Helvetica,sans-serif\">\n\
             <div role=\"main\" style=\"max-width:36em;margin:0 auto;padding:24px\">\n\
             <h1 style=\"font-size:22px;line-height:1.3;margin:0 0 16px\">{}</h1>\n",
            escaped(title),
            escaped(heading)
        );
        for block in &self.body {
            html_block(&mut out, block, TEXT);
        }
        if !self.footer.is_empty() {
            let _ = writeln!(
                out,
                "<hr style=\"border:0;border-top:1px solid {LINE};margin:24px 0\">"
            );
            for block in &self.footer {
                html_block(&mut out, block, LESSER);
            }
        }
        out.push_str("</div>\n</body>\n</html>\n");
        out
    }
}

fn plain(block: &Block) -> String {
    match block {
        Block::Heading(text) => one_line(text),
        Block::Paragraph(text) => lines(text),
        Block::Facts(facts) => facts
            .iter()
            .map(|(name, value)| format!("{}: {}", one_line(name), one_line(value)))
            .collect::<Vec<_>>()
            .join("\n"),
        Block::Link { label, to } => format!("{}:\n{}", one_line(label), to.as_str()),
    }
}

fn html_block(out: &mut String, block: &Block, color: &str) {
    // Writing to a string does not fail.
    let _ = match block {
        Block::Heading(text) => writeln!(
            out,
            "<h2 style=\"font-size:18px;line-height:1.3;margin:24px 0 8px\">{}</h2>",
            escaped(&one_line(text))
        ),
        Block::Paragraph(text) => writeln!(
            out,
            "<p style=\"margin:0 0 16px;color:{color}\">{}</p>",
            escaped(&lines(text)).replace('\n', "<br>\n")
        ),
        Block::Facts(facts) => {
            out.push_str("<table style=\"border-collapse:collapse;margin:0 0 16px\">\n");
            for (name, value) in facts {
                let _ = writeln!(
                    out,
                    "<tr><th scope=\"row\" style=\"text-align:left;padding:4px 16px 4px 0;font-weight:normal;color:{LESSER}\">{}</th>\
                     <td style=\"padding:4px 0\">{}</td></tr>",
                    escaped(&one_line(name)),
                    escaped(&one_line(value))
                );
            }
            writeln!(out, "</table>")
        }
        Block::Link { label, to } => {
            let to = escaped(to.as_str());
            writeln!(
                out,
                "<p style=\"margin:0 0 16px;color:{color}\"><a href=\"{to}\" style=\"color:{LINK};text-decoration:underline\">{}</a><br>\n\
                 <span style=\"color:{LESSER};word-break:break-all\">{to}</span></p>",
                escaped(&one_line(label))
            )
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        Page {
            subject: "News of <Anna> & \"Co\"\r\nBcc: all@example.com".to_owned(),
            heading: String::new(),
            body: vec![
                Block::Heading("To do".to_owned()),
                Block::Paragraph("One <b>line</b>\nand one more\u{7}".to_owned()),
                Block::Facts(vec![("Calls".to_owned(), "3 < 4".to_owned())]),
                Block::Link {
                    label: "Open".to_owned(),
                    to: Link::parse("https://app.example/x?a=1&b=2").unwrap(),
                },
            ],
            footer: vec![Block::Paragraph("From us.".to_owned())],
        }
    }

    #[test]
    fn both_forms_say_the_same_and_escape_what_they_hold() {
        let mail = page().render();
        assert_eq!(mail.subject, "News of <Anna> & \"Co\" Bcc: all@example.com");
        assert_eq!(
            mail.text,
            "News of <Anna> & \"Co\" Bcc: all@example.com\n\nTo do\n\nOne <b>line</b>\nand one more\n\n\
             Calls: 3 < 4\n\nOpen:\nhttps://app.example/x?a=1&b=2\n\n--\n\nFrom us.\n"
        );
        for piece in [
            "<html lang=\"en-GB\">",
            "<title>News of &lt;Anna&gt; &amp; &quot;Co&quot; Bcc: all@example.com</title>",
            ">News of &lt;Anna&gt; &amp; &quot;Co&quot; Bcc: all@example.com</h1>",
            ">To do</h2>",
            "One &lt;b&gt;line&lt;/b&gt;<br>\nand one more</p>",
            "<th scope=\"row\"",
            "3 &lt; 4</td>",
            "<a href=\"https://app.example/x?a=1&amp;b=2\"",
            ">https://app.example/x?a=1&amp;b=2</span>",
        ] {
            assert!(mail.html.contains(piece), "{piece}\n{}", mail.html);
        }
        for fetched in ["<img", "src=", "url(", "<script", "<link", "@import"] {
            assert!(!mail.html.contains(fetched), "{fetched}");
        }
    }

    #[test]
    fn a_subject_is_one_line_of_a_bounded_length() {
        let mut page = page();
        page.subject = "x".repeat(1_000);
        page.footer.clear();
        let mail = page.render();
        assert_eq!(mail.subject.len(), LONGEST_SUBJECT);
        assert!(!mail.html.contains("<hr"));
        assert!(!mail.text.contains("--"));
    }
}
