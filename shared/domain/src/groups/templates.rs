//! Group templates: S2's three sets as written; consultants and general after S2's use cases (`target_use_cases`).

use super::Color;
use super::criteria::Criterion;
use crate::settings::BusinessType;

/// A group that many businesses of a kind have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its name in paths: `<business type>_<name>`.
    pub id: &'static str,
    pub business: BusinessType,
    pub name: &'static str,
    pub description: &'static str,
    pub color: Color,
    /// The criterion in S2's words.
    pub criteria: &'static str,
    /// Who is proposed as a member.
    pub criterion: Criterion,
}

macro_rules! templates {
    ($($business:ident { $($id:literal $name:literal $color:ident $criterion:expr, $description:literal, $criteria:literal;)+ })+) => {
        /// Every template, by business type in S2's order.
        pub static TEMPLATES: &[Template] = &[$($(Template {
            id: $id,
            business: BusinessType::$business,
            name: $name,
            description: $description,
            color: Color::$color,
            criteria: $criteria,
            criterion: $criterion,
        },)+)+];
    };
}

use Criterion as C;

templates! {
    Medical {
        "medical_vip_patients" "VIP Patients" Pink C::Valued { often: false },
            "High-priority patients requiring special attention", "patients_with_complex_needs_or_high_value";
        "medical_new_patients" "New Patients" Teal C::New,
            "First-time patients requiring onboarding", "patients_with_first_appointments";
        "medical_follow_up_required" "Follow-up Required" Orange C::FollowUp,
            "Patients needing follow-up appointments", "patients_with_follow_up_appointment_types";
        "medical_surgical_patients" "Surgical Patients" Red
            C::TypeMentions(&["surg", "procedure", "operation", "biops", "endoscop"]),
            "Patients with surgical procedures", "patients_with_procedure_appointment_types";
    }
    Salon {
        "salon_vip_clients" "VIP Clients" Pink C::Valued { often: true },
            "Premium clients with special service requirements", "clients_with_high_value_services_or_frequency";
        "salon_color_clients" "Color Clients" Purple C::TypeMentions(&["color", "colour", "highlight", "balayage"]),
            "Clients who regularly get hair color services", "appointment_type_contains_color_highlight_balayage";
        "salon_monthly_regulars" "Monthly Regulars" Green C::Monthly,
            "Clients who book monthly appointments", "clients_with_monthly_appointment_patterns";
        "salon_bridal_clients" "Bridal Clients" Orange C::TypeMentions(&["bridal", "bride", "wedding", "event"]),
            "Bridal and special event clients", "appointment_type_contains_bridal_wedding_event";
    }
    Restaurant {
        "restaurant_regular_guests" "Regular Guests" Green C::Visits(2),
            "Frequently dining guests", "guests_with_multiple_reservations";
        "restaurant_special_occasions" "Special Occasions" Pink C::TypeMentions(&["birthday", "anniversar"]),
            "Guests celebrating special occasions", "reservation_type_contains_birthday_anniversary";
        "restaurant_corporate_clients" "Corporate Clients" Gray C::Corporate,
            "Business dining and corporate events", "reservations_with_company_names_or_large_parties";
        "restaurant_wine_club_members" "Wine Club Members" Wine C::InstructionsMention(&["wine", "pairing"]),
            "Guests interested in wine experiences", "special_instructions_mention_wine_or_pairing";
    }
    Consultant {
        "consultant_active_projects" "Active Projects" Green C::Coming,
            "Clients whose work goes on", "clients_with_a_coming_appointment";
        "consultant_prospects" "Prospects" Teal C::Prospect,
            "People before their first meeting", "contacts_without_a_past_appointment";
        "consultant_past_clients" "Past Clients" Gray C::Past,
            "Clients without a coming appointment", "clients_whose_last_appointment_is_over";
        "consultant_referral_sources" "Referral Sources" Purple C::Tagged("referral"),
            "People who send others", "contacts_tagged_referral";
    }
    General {
        "general_high_priority" "High Priority" Red C::Urgent,
            "Contacts who go first", "contacts_of_high_or_urgent_priority";
        "general_new_customers" "New Customers" Teal C::New,
            "First-time customers", "customers_with_first_appointments";
        "general_repeat_clients" "Repeat Clients" Green C::Visits(2),
            "Customers who came back", "customers_with_more_than_one_appointment";
        "general_special_services" "Special Services" Purple C::TypeMentions(&["special", "premium", "custom", "bespoke"]),
            "Customers of special services", "appointment_type_contains_special_premium_custom";
    }
}

/// The template of an id.
pub fn template(id: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.id == id)
}

/// The templates of a kind of business.
pub fn templates_for(business: BusinessType) -> impl Iterator<Item = &'static Template> {
    TEMPLATES
        .iter()
        .filter(move |template| template.business == business)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::groups::{GroupDescription, GroupName};

    #[test]
    fn every_business_has_four_under_names_that_groups_can_have() {
        let ids: BTreeSet<&str> = TEMPLATES.iter().map(|template| template.id).collect();
        assert_eq!(ids.len(), TEMPLATES.len());
        for business in BusinessType::ALL {
            assert_eq!(templates_for(business).count(), 4, "{business:?}");
        }
        for known in TEMPLATES {
            GroupName::parse(known.name).unwrap();
            GroupDescription::parse(known.description).unwrap();
            assert!(
                known.id.starts_with(known.business.as_str()),
                "{}",
                known.id
            );
            assert_eq!(template(known.id), Some(known));
        }
        assert_eq!(
            template("restaurant_wine_club_members")
                .unwrap()
                .color
                .hex(),
            "#7C2D12"
        );
        assert_eq!(template("medical"), None);
    }
}
