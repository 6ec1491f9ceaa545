//! Where on a calendar's booking each field is found, as it is shown and changed (S3 "Cal.com Field Mapping", and the same
//! for Calendly).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::settings::mapping::{BookingField, FieldMapping};
use vio_http::{Fields, Patch};

/// Where on a booking each field is found: `invitee.name`, `invitee.email`, `invitee.phone`, `eventType.title`,
/// `organizer.name`, `booking.notes`, or `responses.` with the identifier of a question on the booking page. Calendly's
/// questions have their words for one (`Which practitioner?` is `which_practitioner`), or their place from 0.
#[derive(Serialize, ToSchema)]
#[schema(as = FieldMapping)]
pub(crate) struct MappingView {
    #[schema(example = "invitee.name")]
    name: String,
    #[schema(example = "invitee.email")]
    email: String,
    #[schema(example = "responses.phone")]
    phone: String,
    #[schema(example = "eventType.title")]
    appointment_type: String,
    #[schema(example = "responses.practitioner")]
    owner_name: String,
    #[schema(example = "responses.additionalNotes")]
    special_instructions: String,
}

impl MappingView {
    pub(crate) fn of(mapping: &FieldMapping) -> Self {
        Self {
            name: mapping.name.word(),
            email: mapping.email.word(),
            phone: mapping.phone.word(),
            appointment_type: mapping.appointment_type.word(),
            owner_name: mapping.owner_name.word(),
            special_instructions: mapping.special_instructions.word(),
        }
    }
}

/// Which places to change; null puts the default back.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = FieldMappingPatch)]
pub(crate) struct MappingPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "invitee.name")]
    name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "invitee.email")]
    email: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "responses.phone")]
    phone: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "eventType.title")]
    appointment_type: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "responses.practitioner")]
    owner_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "responses.additionalNotes")]
    special_instructions: Patch<String>,
}

impl MappingPatch {
    /// Applies it to a provider's mapping; `provider` is where that lies in the request, `usual` what null puts back.
    pub(crate) fn apply(
        &self,
        provider: &str,
        usual: FieldMapping,
        mapping: &mut FieldMapping,
        fields: &mut Fields,
    ) {
        let changes = [
            ("name", &self.name, &mut mapping.name, usual.name),
            ("email", &self.email, &mut mapping.email, usual.email),
            ("phone", &self.phone, &mut mapping.phone, usual.phone),
            (
                "appointment_type",
                &self.appointment_type,
                &mut mapping.appointment_type,
                usual.appointment_type,
            ),
            (
                "owner_name",
                &self.owner_name,
                &mut mapping.owner_name,
                usual.owner_name,
            ),
            (
                "special_instructions",
                &self.special_instructions,
                &mut mapping.special_instructions,
                usual.special_instructions,
            ),
        ];
        for (name, patch, target, usual) in changes {
            let pointer = format!("{provider}/field_mapping/{name}");
            let mut place = Some(target.clone());
            patch.put_optional(fields, &pointer, &mut place, |text| {
                BookingField::parse(text)
            });
            *target = place.unwrap_or(usual);
        }
    }
}
