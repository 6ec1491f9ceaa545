//! A filled-in form, checked.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Field, FieldType, Form};
use crate::error::{FieldErrors, Invalid, pointer};
use crate::phone::{self, Country};
use crate::text::{Email, Lines, clean};

/// The values of a form, with the version they were checked against.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormData {
    /// The form's name.
    pub form: String,
    /// The form's version at the time.
    pub version: u32,
    /// The values by field name; fields left empty are absent.
    pub values: Map<String, Value>,
}

impl std::fmt::Debug for FormData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "FormData({} v{}, {} values)",
            self.form,
            self.version,
            self.values.len()
        )
    }
}

/// Checks what was filled in. `base` is the JSON pointer of the object in the request, such as `/custom_fields`;
/// `default_region` is the tenant's country, for phone numbers without a country code.
///
/// Null and blank texts count as not filled in; fields the form does not have are refused.
pub fn validate(
    form: &Form,
    value: &Value,
    base: &str,
    default_region: Country,
) -> Result<FormData, FieldErrors> {
    let mut errors = FieldErrors::new();
    let mut values = Map::new();
    let empty = Map::new();
    let given = match value {
        Value::Object(given) => given,
        Value::Null => &empty,
        _ => {
            errors.add(
                base,
                "not_an_object",
                "The form must be an object of fields and values.",
            );
            return Err(errors);
        }
    };
    for name in given
        .keys()
        .filter(|name| !form.fields.iter().any(|field| field.name == **name))
    {
        errors.add(
            pointer(base, name),
            "unknown_field",
            format!("The form \"{}\" has no such field.", form.label),
        );
    }
    for field in &form.fields {
        let at = pointer(base, &field.name);
        let filled = given.get(&field.name).filter(|value| !is_blank(value));
        match filled {
            Some(value) => {
                if let Some(value) = errors.check(at, check(field, value, default_region)) {
                    values.insert(field.name.clone(), value);
                }
            }
            None if field.required => {
                errors.add(at, "required", format!("{} is required.", field.label))
            }
            None => {}
        }
    }
    errors.into_result(FormData {
        form: form.form.clone(),
        version: form.version,
        values,
    })
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

fn check(field: &Field, value: &Value, default_region: Country) -> Result<Value, Invalid> {
    let label = &field.label;
    match field.kind {
        FieldType::Text => {
            clean(label, text(label, value)?, 1, max_length(field), Lines::One).map(Value::String)
        }
        FieldType::Textarea => clean(
            label,
            text(label, value)?,
            1,
            max_length(field),
            Lines::Many,
        )
        .map(Value::String),
        FieldType::Date => date(label, text(label, value)?),
        FieldType::Select => select(field, text(label, value)?),
        FieldType::Phone => phone::parse(text(label, value)?, default_region)
            .map(|phone| Value::String(phone.e164.into()))
            .map_err(Invalid::from),
        FieldType::Email => {
            Email::parse(text(label, value)?).map(|email| Value::String(email.into_string()))
        }
        FieldType::Number => number(field, value),
        FieldType::Boolean => match value {
            Value::Bool(_) => Ok(value.clone()),
            _ => Err(Invalid::new(
                "wrong_type",
                format!("{label} must be yes or no."),
            )),
        },
    }
}

fn max_length(field: &Field) -> usize {
    field
        .max_length
        .unwrap_or(Field::DEFAULT_MAX_LENGTH)
        .min(Field::MAX_LENGTH)
}

fn text<'a>(label: &str, value: &'a Value) -> Result<&'a str, Invalid> {
    value
        .as_str()
        .ok_or_else(|| Invalid::new("wrong_type", format!("{label} must be a text.")))
}

fn date(label: &str, text: &str) -> Result<Value, Invalid> {
    let text = text.trim();
    let digits_only = text.len() == 10
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| digits_only)
        .map(|date| Value::String(date.to_string()))
        .ok_or_else(|| {
            Invalid::new(
                "invalid_date",
                format!("{label} must be a day that exists, as year-month-day."),
            )
        })
}

fn select(field: &Field, text: &str) -> Result<Value, Invalid> {
    match field.options.iter().find(|option| option.value == text) {
        Some(option) => Ok(Value::String(option.value.clone())),
        None => {
            let labels: Vec<&str> = field
                .options
                .iter()
                .map(|option| option.label.as_str())
                .collect();
            Err(Invalid::new(
                "not_an_option",
                format!("{} must be one of: {}.", field.label, labels.join(", ")),
            ))
        }
    }
}

fn number(field: &Field, value: &Value) -> Result<Value, Invalid> {
    let label = &field.label;
    let number = value
        .as_f64()
        .ok_or_else(|| Invalid::new("wrong_type", format!("{label} must be a number.")))?;
    // Bounds of a form are small; as floats they are exact.
    let below = field.min.filter(|min| number < *min as f64);
    let above = field.max.filter(|max| number > *max as f64);
    match (below, above) {
        (Some(min), _) => Err(Invalid::new(
            "out_of_range",
            format!("{label} must be at least {min}."),
        )),
        (_, Some(max)) => Err(Invalid::new(
            "out_of_range",
            format!("{label} must be at most {max}."),
        )),
        _ => Ok(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::FormRegistry;
    use super::*;

    fn check_form(form: &str, value: Value) -> Result<FormData, Vec<(String, &'static str)>> {
        let forms = FormRegistry::embedded().unwrap();
        validate(
            forms.get(form).unwrap(),
            &value,
            "/custom_fields",
            Country::GB,
        )
        .map_err(|errors| {
            errors
                .into_iter()
                .map(|error| (error.pointer, error.code))
                .collect()
        })
    }

    #[test]
    fn healthcare_in_full() {
        let data = check_form(
            "healthcare",
            json!({
                "date_of_birth": "1980-02-29", "insurance_provider": " Bupa ", "emergency_contact": "Emma Smith",
                "emergency_phone": "07912 345678", "medical_notes": "line one\nline two"
            }),
        )
        .unwrap();
        assert_eq!((data.form.as_str(), data.version), ("healthcare", 1));
        assert_eq!(data.values["insurance_provider"], "Bupa");
        assert_eq!(data.values["emergency_phone"], "+447912345678");
        assert_eq!(data.values.len(), 5);
        assert_eq!(format!("{data:?}"), "FormData(healthcare v1, 5 values)");
    }

    #[test]
    fn every_refusal_points_into_the_form() {
        let at = |name: &str| format!("/custom_fields/{name}");
        assert_eq!(
            check_form(
                "legal",
                json!({"case_type": "tax-law", "case_status": 3, "judge": "x", "a/b": 1})
            ),
            Err(vec![
                (at("a~1b"), "unknown_field"),
                (at("judge"), "unknown_field"),
                (at("case_type"), "not_an_option"),
                (at("case_status"), "wrong_type"),
            ])
        );
        assert_eq!(
            check_form(
                "healthcare",
                json!({"date_of_birth": "1981-02-29", "emergency_phone": "123"})
            ),
            Err(vec![
                (at("date_of_birth"), "invalid_date"),
                (at("emergency_phone"), "too_short")
            ])
        );
        assert_eq!(
            check_form("restaurant", json!({"party_size": 0, "high_chair": "yes"})),
            Err(vec![
                (at("party_size"), "out_of_range"),
                (at("high_chair"), "wrong_type")
            ])
        );
        assert_eq!(
            check_form("consultant", json!({"billing_email": "x"})),
            Err(vec![(at("billing_email"), "invalid_email")])
        );
        assert_eq!(
            check_form("legal", json!([])),
            Err(vec![("/custom_fields".to_owned(), "not_an_object")])
        );
        assert_eq!(
            check_form("general", json!({"reference": "r".repeat(101)})),
            Err(vec![(at("reference"), "too_long")])
        );
    }

    #[test]
    fn blank_is_not_filled_in() {
        let data = check_form(
            "legal",
            json!({"case_type": "", "case_status": null, "attorney_notes": "  "}),
        )
        .unwrap();
        assert!(data.values.is_empty());
        assert!(check_form("legal", Value::Null).unwrap().values.is_empty());
    }
}
