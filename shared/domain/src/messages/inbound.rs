//! What a person's answer by SMS means.
//!
//! Twilio acts on some whole-message words itself, and answers them itself: it blocks the number after a stop word and
//! frees it after a start word. YES is a start word and CANCEL a stop word, so each can mean two things; which, follows
//! from whether the person is opted in and whether a question is open. Whatever stays ambiguous a person reads.

/// Words after which Twilio blocks the number.
const STOP: [&str; 8] = [
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
];
/// Words after which Twilio frees it.
const START: [&str; 3] = ["START", "YES", "UNSTOP"];
/// Words that Twilio answers with whom the messages are from.
const HELP: [&str; 2] = ["HELP", "INFO"];

/// What a message says as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word {
    /// Any stop word but CANCEL.
    Stop,
    Cancel,
    /// Any start word but YES.
    Start,
    Yes,
    Help,
    /// Anything else.
    Other,
}

impl Word {
    /// Reads a message: one word in any case; spaces around it and a full stop or exclamation mark after it are passed over.
    pub fn of(text: &str) -> Self {
        let word = text
            .trim()
            .trim_end_matches(['.', '!'])
            .trim_end()
            .to_uppercase();
        match word.as_str() {
            "CANCEL" => Self::Cancel,
            "YES" => Self::Yes,
            word if STOP.contains(&word) => Self::Stop,
            word if START.contains(&word) => Self::Start,
            word if HELP.contains(&word) => Self::Help,
            _ => Self::Other,
        }
    }

    /// With what Twilio itself took the message for (`OptOutType`: STOP, START or HELP): an account can have stop words of
    /// its own, after which Twilio blocks the number as well. Words that are known here keep what they mean.
    pub fn taken_for(self, by_provider: Option<&str>) -> Self {
        match (self, by_provider) {
            (Self::Other, Some("STOP")) => Self::Stop,
            (Self::Other, Some("START")) => Self::Start,
            (Self::Other, Some("HELP")) => Self::Help,
            _ => self,
        }
    }
}

/// What is known of the person when the message comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Standing {
    /// Whether messages may be sent to them.
    pub opted_in: bool,
    /// Whether a reminder that asks them to confirm has been sent and not been answered.
    pub question: bool,
}

/// What follows for the person's opt-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OptIn {
    Unchanged,
    /// They want messages (again).
    In,
    /// They want none. What else stops is the tenant's setting.
    Out,
}

/// What follows for the appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Then {
    Nothing,
    /// They come: the appointment that was asked about is confirmed.
    Confirm,
    /// They may want to cancel it: staff ask.
    AskAboutCancelling,
    /// A person reads it.
    Read,
}

/// What a message changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Meaning {
    pub opt_in: OptIn,
    pub then: Then,
}

/// What a message means for a person who stands so.
pub fn meaning(word: Word, standing: Standing) -> Meaning {
    let (opt_in, then) = match (word, standing.opted_in, standing.question) {
        // Out also for somebody who was not in: what else stops with it, calls say, has not stopped yet.
        (Word::Stop, _, _) => (OptIn::Out, Then::Nothing),
        // Twilio has blocked the number either way, and people cancel appointments with this word.
        (Word::Cancel, _, _) => (OptIn::Out, Then::AskAboutCancelling),
        (Word::Start, true, _) => (OptIn::Unchanged, Then::Nothing),
        (Word::Start, false, _) => (OptIn::In, Then::Nothing),
        (Word::Yes, true, true) => (OptIn::Unchanged, Then::Confirm),
        (Word::Yes, true, false) => (OptIn::Unchanged, Then::Read),
        // It opts them in at Twilio. Whether it also answers the question, nobody can tell.
        (Word::Yes, false, true) => (OptIn::In, Then::Read),
        (Word::Yes, false, false) => (OptIn::In, Then::Nothing),
        (Word::Help, _, _) => (OptIn::Unchanged, Then::Nothing),
        (Word::Other, _, _) => (OptIn::Unchanged, Then::Read),
    };
    Meaning { opt_in, then }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_word_of_the_account_s_own_stops() {
        let taken = |text, by_provider| Word::of(text).taken_for(by_provider);
        assert_eq!(taken("ARRET", Some("STOP")), Word::Stop);
        assert_eq!(taken("weiter", Some("START")), Word::Start);
        assert_eq!(taken("hilfe", Some("HELP")), Word::Help);
        assert_eq!(taken("ARRET", None), Word::Other);
        assert_eq!(taken("ARRET", Some("stop?")), Word::Other);
        assert_eq!(taken("CANCEL", Some("STOP")), Word::Cancel);
        assert_eq!(taken("YES", Some("START")), Word::Yes);
    }

    /// Every word for every standing: what follows for the opt-in, and for the appointment.
    #[test]
    fn every_answer_of_everybody() {
        use OptIn::{In, Out, Unchanged};
        use Then::{AskAboutCancelling as Ask, Confirm, Nothing, Read};
        //                    opted in             opted in             opted out            opted out
        //                    asked                not asked            asked                not asked
        #[rustfmt::skip]
        let table = [
            ("STOP",        [(Out, Nothing),       (Out, Nothing),      (Out, Nothing),       (Out, Nothing)]),
            ("STOPALL",     [(Out, Nothing),       (Out, Nothing),      (Out, Nothing),       (Out, Nothing)]),
            ("UNSUBSCRIBE", [(Out, Nothing),       (Out, Nothing),      (Out, Nothing),       (Out, Nothing)]),
            ("END",         [(Out, Nothing),       (Out, Nothing),      (Out, Nothing),       (Out, Nothing)]),
            ("QUIT",        [(Out, Nothing),       (Out, Nothing),      (Out, Nothing),       (Out, Nothing)]),
            ("REVOKE",      [(Out, Nothing),       (Out, Nothing),      (Out, Nothing),       (Out, Nothing)]),
            ("OPTOUT",      [(Out, Nothing),       (Out, Nothing),      (Out, Nothing),       (Out, Nothing)]),
            ("CANCEL",      [(Out, Ask),           (Out, Ask),          (Out, Ask),           (Out, Ask)]),
            ("START",       [(Unchanged, Nothing), (Unchanged, Nothing), (In, Nothing),       (In, Nothing)]),
            ("UNSTOP",      [(Unchanged, Nothing), (Unchanged, Nothing), (In, Nothing),       (In, Nothing)]),
            ("YES",         [(Unchanged, Confirm), (Unchanged, Read),   (In, Read),           (In, Nothing)]),
            ("HELP",        [(Unchanged, Nothing), (Unchanged, Nothing), (Unchanged, Nothing), (Unchanged, Nothing)]),
            ("INFO",        [(Unchanged, Nothing), (Unchanged, Nothing), (Unchanged, Nothing), (Unchanged, Nothing)]),
            ("NO",          [(Unchanged, Read),    (Unchanged, Read),   (Unchanged, Read),    (Unchanged, Read)]),
            ("yes please",  [(Unchanged, Read),    (Unchanged, Read),   (Unchanged, Read),    (Unchanged, Read)]),
            ("Can I cancel?", [(Unchanged, Read),  (Unchanged, Read),   (Unchanged, Read),    (Unchanged, Read)]),
            ("",            [(Unchanged, Read),    (Unchanged, Read),   (Unchanged, Read),    (Unchanged, Read)]),
        ];
        let standings = [(true, true), (true, false), (false, true), (false, false)];
        for (text, expected) in table {
            for ((opted_in, question), (opt_in, then)) in standings.into_iter().zip(expected) {
                let standing = Standing { opted_in, question };
                let found = meaning(Word::of(text), standing);
                assert_eq!(found, Meaning { opt_in, then }, "{text} {standing:?}");
            }
        }
    }

    #[test]
    fn a_word_is_the_whole_message_in_any_case() {
        for (text, word) in [
            ("yes", Word::Yes),
            (" Yes!\r\n", Word::Yes),
            ("stop.", Word::Stop),
            ("Cancel", Word::Cancel),
            ("y", Word::Other),
            ("stop it", Word::Other),
            ("nonstop", Word::Other),
        ] {
            assert_eq!(Word::of(text), word, "{text:?}");
        }
    }
}
