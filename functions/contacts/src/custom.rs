//! Custom fields: those of the industry's form are checked by it, the others are the tenant's own.

use std::sync::LazyLock;

use serde_json::{Map, Value};
use vio_domain::contact::Contact;
use vio_domain::error::pointer;
use vio_domain::forms::{self, FieldType, Form, FormData, FormRegistry};
use vio_domain::phi::FieldPolicy;
use vio_domain::settings::Settings;
use vio_domain::text::CustomFields;
use vio_http::{Fields, Problem};

use crate::phi;
use crate::warnings::Warning;

/// The pointer of the object in requests.
pub(crate) const POINTER: &str = "/custom_fields";

static FORMS: LazyLock<Result<FormRegistry, String>> =
    LazyLock::new(|| FormRegistry::embedded().map_err(|error| error.to_string()));

/// The forms that come with the program.
pub(crate) fn registry() -> Result<&'static FormRegistry, Problem> {
    FORMS
        .as_ref()
        .map_err(|error| Problem::internal_because(error.clone()))
}

/// Both kinds, as they are stored.
#[derive(Debug, Default)]
pub(crate) struct Custom {
    pub(crate) own: CustomFields,
    pub(crate) form: Option<FormData>,
}

/// The form for contacts of an industry: the one of that name, else that of the business type.
pub(crate) fn form_for<'a>(
    forms: &'a FormRegistry,
    settings: &Settings,
    industry: Option<&str>,
) -> Option<&'a Form> {
    industry
        .and_then(|name| forms.get(name))
        .or_else(|| forms.for_business_type(settings.business.business_type.as_str()))
}

/// Checks an object of custom fields.
pub(crate) fn check(
    forms: &FormRegistry,
    settings: &Settings,
    industry: Option<&str>,
    value: Value,
    fields: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Option<Custom> {
    let whole = fields.take(POINTER, CustomFields::parse(value))?.into_map();
    let form = form_for(forms, settings, industry);
    let field = |name: &str| form.and_then(|form| form.fields.iter().find(|f| f.name == name));
    for (name, value) in &whole {
        // A phone number or a date of a form is what it says it is; only texts are looked through.
        let text = [FieldType::Text, FieldType::Textarea];
        if field(name).is_some_and(|field| !text.contains(&field.kind)) {
            continue;
        }
        let at = pointer(POINTER, name);
        let mut texts = Vec::new();
        gather(value, &mut texts);
        let text = texts.join("\n");
        phi::screen(
            settings,
            FieldPolicy::StaffNotes,
            &at,
            &text,
            fields,
            warnings,
        );
    }
    let (of_form, own): (Map<_, _>, Map<_, _>) = whole
        .into_iter()
        .partition(|(name, _)| field(name).is_some());
    let own = fields.take(POINTER, CustomFields::parse(Value::Object(own)))?;
    let Some(form) = form else {
        return Some(Custom { own, form: None });
    };
    let country = settings.business.country;
    match forms::validate(form, &Value::Object(of_form), POINTER, country) {
        Ok(data) => Some(Custom {
            own,
            form: Some(data).filter(|data| !data.values.is_empty()),
        }),
        Err(errors) => {
            fields.extend(errors);
            None
        }
    }
}

fn gather(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, texts)),
        Value::Object(inner) => inner.values().for_each(|item| gather(item, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The object as clients see it: both kinds together.
pub fn merged(contact: &Contact) -> Map<String, Value> {
    let mut fields = contact.custom_fields.as_map().clone();
    if let Some(form) = &contact.form {
        fields.extend(form.values.clone());
    }
    fields
}
