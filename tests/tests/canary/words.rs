//! The canaries. One rare word stands in every text, so that one search finds whatever leaks, and the context says which
//! text it was.

use chrono::NaiveDate;

/// In every text.
pub(crate) const WORD: &str = "Zquovexpjk";
/// In texts that letters of another script can be in: escapes and encodings treat those differently.
pub(crate) const FOREIGN: &str = "Жѣщюѳъ";
/// A person's date of birth.
pub(crate) const BIRTH: NaiveDate = NaiveDate::from_ymd_opt(1931, 7, 23).expect("a date");

/// Numbers that Ofcom keeps for drama, each of them used in one place.
pub(crate) mod phone {
    pub(crate) const FIRST: &str = "+441134960461";
    pub(crate) const SECOND: &str = "+441134960462";
    pub(crate) const STAFF: &str = "+441134960463";
    pub(crate) const NOT_TO_BE_CALLED: &str = "+441134960464";
    pub(crate) const BOOKED: &str = "+441134960465";
    pub(crate) const EMERGENCY: &str = "+441134960466";
    pub(crate) const ASKED_ABOUT: &str = "+441134960467";
    pub(crate) const FROM: &str = "+441134960468";
    pub(crate) const BUSINESS: &str = "+441134960469";
    pub(crate) const CALLED: &str = "+441134960470";
    pub(crate) const REFUSED: &str = "+441134960471";
    pub(crate) const LARGE: &str = "+441134960472";

    pub(crate) const ALL: &[&str] = &[
        FIRST,
        SECOND,
        STAFF,
        NOT_TO_BE_CALLED,
        BOOKED,
        EMERGENCY,
        ASKED_ABOUT,
        FROM,
        BUSINESS,
        CALLED,
        REFUSED,
        LARGE,
    ];
}

/// Secrets and sign-ins.
pub(crate) const OWNER: &str = "zquovexpjk.owner@mail.example";
pub(crate) const PASSWORD: &str = "Zquovexpjk-77-Lighthouse";
pub(crate) const NEXT_PASSWORD: &str = "Zquovexpjk-99-Lighthouse";
pub(crate) const RETELL_KEY: &str = "zquovexpjk-retell-key";
pub(crate) const AGENT: &str = "agent_zquovexpjk";
pub(crate) const CALCOM_KEY: &str = "zquovexpjk-calcom-key";
pub(crate) const CALENDLY_KEY: &str = "zquovexpjk-calendly-token";
pub(crate) const SIGNING_KEY: &str = "zquovexpjk-signing-key";
pub(crate) const WEBHOOK_SECRET: &str = "zquovexpjk-webhook-secret";

/// Whether a text of a request holds a canary.
pub(crate) fn is_canary(text: &str) -> bool {
    text.to_lowercase().contains(&WORD.to_lowercase())
        || text.contains(FOREIGN)
        || phone::ALL.contains(&text)
        || text == BIRTH.to_string()
}
