//! What a calendar's bookings do to contacts, as it is shown and changed (S3 section 11 "Automatic Contact Creation").

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::person::OnDuplicate;
use vio_domain::settings::integrations::BookingIntake;
use vio_http::{Fields, Patch};

/// What a booking does whose person may be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DuplicateHandling {
    /// A new contact all the same.
    CreateNew,
    /// One more appointment of the contact, where it is the only one with that number or address and an equal name.
    UpdateExisting,
    /// A new contact, and staff are asked whether the two are one.
    AskUser,
    /// Nothing: the booking is recorded, and makes no appointment.
    SkipDuplicates,
}

impl From<OnDuplicate> for DuplicateHandling {
    fn from(handling: OnDuplicate) -> Self {
        match handling {
            OnDuplicate::CreateNew => Self::CreateNew,
            OnDuplicate::UpdateExisting => Self::UpdateExisting,
            OnDuplicate::Ask => Self::AskUser,
            OnDuplicate::Skip => Self::SkipDuplicates,
        }
    }
}

impl From<DuplicateHandling> for OnDuplicate {
    fn from(handling: DuplicateHandling) -> Self {
        match handling {
            DuplicateHandling::CreateNew => Self::CreateNew,
            DuplicateHandling::UpdateExisting => Self::UpdateExisting,
            DuplicateHandling::AskUser => Self::Ask,
            DuplicateHandling::SkipDuplicates => Self::Skip,
        }
    }
}

/// Applies a request's two fields to a calendar's settings; `provider` is where they lie in it.
pub(crate) fn apply(
    provider: &str,
    auto_create: &Patch<bool>,
    handling: &Patch<DuplicateHandling>,
    intake: &mut BookingIntake,
    fields: &mut Fields,
) {
    let pointer = format!("{provider}/auto_create_contacts");
    auto_create.copy(fields, &pointer, &mut intake.auto_create_contacts);
    let mut wanted = intake.duplicate_handling.into();
    handling.copy(
        fields,
        &format!("{provider}/duplicate_handling"),
        &mut wanted,
    );
    intake.duplicate_handling = wanted.into();
}
