//! What is left on a mailbox, where anyone may hear it.

use super::spoken::speakable;
use super::{HipaaLevel, WordsInput};

/// The message for a mailbox: the business and a number to call, and nothing of the person or the appointment. `None`
/// at HIPAA strict, and where there is no number to give: then the agent hangs up (rules.md Privacy "Providers").
pub fn voicemail_message(input: &WordsInput<'_>) -> Option<String> {
    if input.hipaa == Some(HipaaLevel::Strict) {
        return None;
    }
    let number = input.callback_number?.national();
    Some(format!(
        "Hello, this is a message from {}. Please call us on {number}.",
        speakable(input.business_name)
    ))
}
