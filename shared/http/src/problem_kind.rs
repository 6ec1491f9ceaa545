//! The one table of problem types: slug, status, title and the sentence used where a handler has none better. The
//! first of each status is the general one, used for an error that came without a type.

use http::StatusCode;

/// Where the types are documented. Stable: clients compare these URIs.
pub(crate) const TYPE_BASE: &str = "https://vioconcierge.dev/problems/";

macro_rules! kinds {
    ($($variant:ident: $slug:literal, $status:ident, $title:literal, $detail:literal;)+) => {
        /// A type of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            $(#[doc = $title] $variant,)+
        }

        impl Kind {
            /// Every type.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant),+];

            /// The last part of the type's URI.
            pub const fn slug(self) -> &'static str {
                match self { $(Kind::$variant => $slug),+ }
            }

            /// The HTTP status.
            pub const fn status(self) -> StatusCode {
                match self { $(Kind::$variant => StatusCode::$status),+ }
            }

            /// The type in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Kind::$variant => $title),+ }
            }

            /// A sentence a receptionist understands.
            pub const fn detail(self) -> &'static str {
                match self { $(Kind::$variant => $detail),+ }
            }
        }
    };
}

impl Kind {
    /// The stable URI of the type.
    pub fn uri(self) -> String {
        format!("{TYPE_BASE}{}", self.slug())
    }
}

kinds! {
    // what was sent
    MalformedJson: "malformed-json", BAD_REQUEST, "The request is not valid JSON", "The request could not be read as JSON.";
    MalformedRequest: "malformed-request", BAD_REQUEST, "The request is malformed", "A part of the request could not be read.";
    UnknownParameter: "unknown-parameter", BAD_REQUEST, "Unknown parameter", "The request has a parameter that this address does not know.";
    InvalidParameter: "invalid-parameter", BAD_REQUEST, "A parameter is not valid", "A parameter of the address has a value that is not allowed.";
    InvalidCursor: "invalid-cursor", BAD_REQUEST, "The cursor is not valid", "This page link is no longer valid. Start again from the first page.";
    PayloadTooLarge: "too-large", PAYLOAD_TOO_LARGE, "The request is too large", "What was sent is larger than allowed here.";
    UnsupportedMediaType: "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type", "Send the request as application/json.";
    Validation: "validation", UNPROCESSABLE_ENTITY, "Some fields need correcting", "Please correct the fields listed and try again.";

    // who asks
    Unauthorized: "unauthorized", UNAUTHORIZED, "Sign in to continue", "You are not signed in, or your session has ended. Please sign in again.";
    WrongCredentials: "wrong-credentials", UNAUTHORIZED, "Sign-in failed", "The e-mail address or password is wrong.";
    TotpRequired: "totp-required", UNAUTHORIZED, "A second factor is needed", "Enter the code from your authenticator app.";
    InvalidSignature: "invalid-signature", UNAUTHORIZED, "The signature is not valid", "The signature is missing or does not match.";
    RateLimited: "rate-limited", TOO_MANY_REQUESTS, "Too many requests", "Too many requests from this business. Please wait a moment.";
    LockedOut: "locked-out", TOO_MANY_REQUESTS, "Too many failed sign-ins", "There were too many failed sign-ins. Please wait before trying again.";
    Forbidden: "forbidden", FORBIDDEN, "Not allowed", "Your account does not allow this. Ask an administrator if you need it.";
    TenantSuspended: "tenant-suspended", FORBIDDEN, "The account is suspended", "This business's account is suspended. Please contact support.";
    SignUpClosed: "sign-up-closed", FORBIDDEN, "Sign-up is closed", "New businesses are added by the platform's operator.";

    // what is there
    NotFound: "not-found", NOT_FOUND, "Not found", "There is nothing here, or it is not yours to see.";
    MethodNotAllowed: "method-not-allowed", METHOD_NOT_ALLOWED, "Method not allowed", "This address does not support that operation.";
    Conflict: "conflict", CONFLICT, "Conflict with the present state", "This does not fit what is stored now. Reload and try again.";
    DuplicateContact: "duplicate-contact", CONFLICT, "This contact may already exist", "A contact with this phone number or e-mail address and a similar name exists.";
    EmailTaken: "email-taken", CONFLICT, "The e-mail address is in use", "An account with this e-mail address exists.";
    NameTaken: "name-taken", CONFLICT, "The name is in use", "Something with this name exists. Choose another name.";
    TooManyCampaigns: "too-many-campaigns", CONFLICT, "Five campaigns run already", "Five campaigns are not over yet. Cancel one, or wait until one is through.";
    CampaignOver: "campaign-over", CONFLICT, "The campaign is over", "This campaign is over; nothing is left to change.";
    GroupArchived: "group-archived", CONFLICT, "The group is archived", "This group is archived. Bring it back first.";
    TooManyJobs: "too-many-jobs", CONFLICT, "Too much is under way", "Three jobs over contacts are under way already. Wait until one is through.";
    NotUndoable: "not-undoable", CONFLICT, "This cannot be undone any more", "This can be undone for ten minutes after it is done, once.";
    LastAdministrator: "last-administrator", CONFLICT, "The last administrator stays", "Somebody has to run the business. Make another member an administrator first.";
    BookedInCalendar: "booked-in-calendar", CONFLICT, "An appointment stands in a calendar", "A calendar goes on telling of this contact's next appointment here. Keep this contact, or wait until the appointment is over.";
    InUse: "in-use", CONFLICT, "Still in use", "This is still in use and cannot be removed.";
    VersionMismatch: "version-mismatch", PRECONDITION_FAILED, "Somebody else changed this meanwhile", "This was changed after you opened it. Reload to see the change, then make yours again.";
    PreconditionRequired: "precondition-required", PRECONDITION_REQUIRED, "If-Match is required", "Send the version being replaced in the If-Match header.";
    IdempotencyMismatch: "idempotency-mismatch", UNPROCESSABLE_ENTITY, "The idempotency key was used for something else", "This Idempotency-Key was already used for a different request.";
    IdempotencyInProgress: "idempotency-in-progress", CONFLICT, "The same request is under way", "The same request is being worked on. Try again in a moment.";

    // why nobody is rung
    CallInProgress: "call-in-progress", CONFLICT, "A call is in progress", "A call to this person or number is already in progress.";
    CallingPaused: "calling-paused", CONFLICT, "Calling is paused", "Calling is paused for this business. An administrator can resume it.";
    CallingNotConfigured: "calling-not-configured", CONFLICT, "Calling is not set up", "The calling agent or its number is not set up yet.";
    OutsideCallHours: "outside-call-hours", CONFLICT, "Outside the call hours", "Calls are not allowed at this time where the person is.";
    DoNotCall: "do-not-call", CONFLICT, "The person does not want calls", "This person is on the do-not-call list.";
    DoNotContact: "do-not-contact", CONFLICT, "The person does not want to be contacted", "This contact is marked as not to be contacted.";
    ConsentRequired: "consent-required", CONFLICT, "Consent is missing", "Record the person's consent to calls first.";
    NoEmail: "no-email", CONFLICT, "No e-mail address", "This contact has no e-mail address.";
    NoPhone: "no-phone", CONFLICT, "No phone number", "This contact has no phone number.";
    NumberNotCallable: "number-not-callable", CONFLICT, "The number cannot be called", "This phone number cannot or must not be called: it is a premium, foreign or incomplete number.";
    NotCallable: "not-callable", CONFLICT, "No call is due", "The appointment's status does not call for a call.";
    AttemptsExhausted: "attempts-exhausted", CONFLICT, "No attempts left", "All call attempts for this appointment have been used.";
    CalledRecently: "called-recently", CONFLICT, "Called recently", "This person was called recently. Please wait before calling again.";
    NumberLimit: "number-limit", CONFLICT, "This number was called too often", "This number was called too often within a day.";
    CallLimitReached: "call-limit-reached", TOO_MANY_REQUESTS, "The call limit is reached", "All call slots are in use. Queue the call or try again later.";
    DailyCallLimitReached: "daily-call-limit-reached", TOO_MANY_REQUESTS, "Today's call limit is reached", "All calls of today have been used.";

    // why nobody is written to
    MessagingNotConfigured: "messaging-not-configured", CONFLICT, "Messages are not set up", "Sending messages is not set up yet. Complete the settings under Integrations.";
    NotOptedIn: "not-opted-in", CONFLICT, "The person did not opt in", "This person has not agreed to get messages this way.";

    // what broke
    Internal: "internal", INTERNAL_SERVER_ERROR, "Something went wrong on our side", "Something went wrong on our side. Please try again; if it stays, tell support the request number.";
    Unavailable: "unavailable", SERVICE_UNAVAILABLE, "Temporarily unavailable", "The service is busy or being restarted. Please try again in a moment.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_first_of_a_status_is_the_general_one() {
        for general in [
            Kind::Unauthorized,
            Kind::Forbidden,
            Kind::Conflict,
            Kind::Validation,
            Kind::RateLimited,
        ] {
            let first = Kind::ALL
                .iter()
                .find(|kind| kind.status() == general.status());
            assert_eq!(first, Some(&general));
        }
    }

    #[test]
    fn slugs_are_unique_and_spelled_alike() {
        let slugs: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
        assert_eq!(slugs.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert!(
                kind.slug()
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '-'),
                "{kind:?}"
            );
            assert!(kind.status().is_client_error() || kind.status().is_server_error());
            assert!(
                kind.detail().ends_with('.') && !kind.title().ends_with('.'),
                "{kind:?}"
            );
        }
    }
}
