//! The forms there are.

use std::collections::BTreeMap;
use std::collections::HashSet;

use super::{Field, FieldType, Form};

/// Forms by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FormRegistry(BTreeMap<String, Form>);

/// Why a form file is not usable.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// It is not a form.
    #[error("form file {file} cannot be read")]
    NotAForm {
        /// Which file, as the caller named it.
        file: String,
        /// What the JSON reader says.
        #[source]
        source: serde_json::Error,
    },
    /// It contradicts itself or another one.
    #[error("form file {file}: {reason}")]
    Inconsistent {
        /// Which file, as the caller named it.
        file: String,
        /// What is wrong.
        reason: String,
    },
}

/// The form of a business type that no form names.
const FALLBACK: &str = "general";

/// The files that come with the program, by name.
const EMBEDDED: [(&str, &str); 6] = [
    (
        "consultant.json",
        include_str!("../../data/forms/consultant.json"),
    ),
    (
        "general.json",
        include_str!("../../data/forms/general.json"),
    ),
    (
        "healthcare.json",
        include_str!("../../data/forms/healthcare.json"),
    ),
    ("legal.json", include_str!("../../data/forms/legal.json")),
    (
        "restaurant.json",
        include_str!("../../data/forms/restaurant.json"),
    ),
    ("salon.json", include_str!("../../data/forms/salon.json")),
];

impl FormRegistry {
    /// The forms that come with the program. Build it once, at start.
    pub fn embedded() -> Result<Self, RegistryError> {
        Self::from_strs(EMBEDDED)
    }

    /// Forms from (file name, JSON) pairs, as read from a folder: adding a file adds a form.
    pub fn from_strs<N: AsRef<str>, T: AsRef<str>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, RegistryError> {
        let mut registry = Self::default();
        for (name, json) in files {
            registry.add(name.as_ref(), json.as_ref())?;
        }
        Ok(registry)
    }

    /// Adds one form from its file; a name or a business type that is taken is refused.
    pub fn add(&mut self, file: &str, json: &str) -> Result<(), RegistryError> {
        let form: Form = serde_json::from_str(json).map_err(|source| RegistryError::NotAForm {
            file: file.to_owned(),
            source,
        })?;
        let inconsistent = |reason: String| RegistryError::Inconsistent {
            file: file.to_owned(),
            reason,
        };
        check(&form).map_err(inconsistent)?;
        if self.0.contains_key(&form.form) {
            return Err(inconsistent(format!("form {} exists already", form.form)));
        }
        if let Some(taken) = form
            .business_types
            .iter()
            .find(|kind| self.names_business_type(kind))
        {
            return Err(inconsistent(format!(
                "business type {taken} has a form already"
            )));
        }
        self.0.insert(form.form.clone(), form);
        Ok(())
    }

    /// The form of that name.
    pub fn get(&self, name: &str) -> Option<&Form> {
        self.0.get(name)
    }

    /// All forms, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Form> {
        self.0.values()
    }

    /// The form people of that business type get unless they choose another: the one that names the type, else the
    /// general one.
    pub fn for_business_type(&self, business_type: &str) -> Option<&Form> {
        self.0
            .values()
            .find(|form| form.business_types.iter().any(|kind| kind == business_type))
            .or_else(|| self.get(FALLBACK))
    }

    fn names_business_type(&self, business_type: &str) -> bool {
        self.0
            .values()
            .any(|form| form.business_types.iter().any(|kind| kind == business_type))
    }
}

fn check(form: &Form) -> Result<(), String> {
    if !is_snake_case(&form.form) {
        return Err("the form's name is not snake_case".to_owned());
    }
    if form.version == 0 {
        return Err("versions count from 1".to_owned());
    }
    let mut names = HashSet::new();
    for field in &form.fields {
        if !is_snake_case(&field.name) {
            return Err(format!("field {:?} is not snake_case", field.name));
        }
        if !names.insert(&field.name) {
            return Err(format!("field {} comes twice", field.name));
        }
        check_field(field).map_err(|reason| format!("field {}: {reason}", field.name))?;
    }
    Ok(())
}

fn check_field(field: &Field) -> Result<(), &'static str> {
    let text = matches!(field.kind, FieldType::Text | FieldType::Textarea);
    let mut values = HashSet::new();
    if field.label.trim().is_empty() {
        Err("has no label")
    } else if (field.kind == FieldType::Select) == field.options.is_empty() {
        Err("a select has options and nothing else has")
    } else if !field
        .options
        .iter()
        .all(|option| !option.value.is_empty() && values.insert(&option.value))
    {
        Err("an option is empty or comes twice")
    } else if field
        .max_length
        .is_some_and(|max| !text || max == 0 || max > Field::MAX_LENGTH)
    {
        Err("max_length is for texts, 1 to 5000")
    } else if (field.min.is_some() || field.max.is_some()) && field.kind != FieldType::Number {
        Err("min and max are for numbers")
    } else if field.min.zip(field.max).is_some_and(|(min, max)| min > max) {
        Err("min is above max")
    } else {
        Ok(())
    }
}

fn is_snake_case(name: &str) -> bool {
    name.len() <= 50
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Country;

    const GB: Country = Country::GB;

    #[test]
    fn the_embedded_forms_are_those_of_the_requirements() {
        let forms = FormRegistry::embedded().unwrap();
        let fields = |name: &str| -> Vec<(String, FieldType)> {
            forms
                .get(name)
                .unwrap()
                .fields
                .iter()
                .map(|field| (field.name.clone(), field.kind))
                .collect()
        };
        let own = |list: &[(&str, FieldType)]| {
            list.iter()
                .map(|(name, kind)| ((*name).to_owned(), *kind))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            fields("healthcare"),
            own(&[
                ("date_of_birth", FieldType::Date),
                ("insurance_provider", FieldType::Text),
                ("emergency_contact", FieldType::Text),
                ("emergency_phone", FieldType::Phone),
                ("medical_notes", FieldType::Textarea),
            ])
        );
        assert!(
            forms
                .get("healthcare")
                .unwrap()
                .fields
                .iter()
                .all(|field| field.sensitive)
        );
        assert_eq!(
            fields("legal"),
            own(&[
                ("case_type", FieldType::Select),
                ("case_status", FieldType::Select),
                ("attorney_notes", FieldType::Textarea),
            ])
        );
        let options = |field: usize| -> Vec<&str> {
            forms.get("legal").unwrap().fields[field]
                .options
                .iter()
                .map(|option| option.value.as_str())
                .collect()
        };
        assert_eq!(
            options(0),
            [
                "personal-injury",
                "family-law",
                "business-law",
                "criminal-law"
            ]
        );
        assert_eq!(options(1), ["active", "pending", "closed"]);
    }

    #[test]
    fn each_business_type_has_its_form() {
        let forms = FormRegistry::embedded().unwrap();
        for (business_type, form) in [
            ("medical", "healthcare"),
            ("salon", "salon"),
            ("restaurant", "restaurant"),
            ("consultant", "consultant"),
            ("general", "general"),
            ("circus", "general"),
        ] {
            assert_eq!(forms.for_business_type(business_type).unwrap().form, form);
        }
    }

    #[test]
    fn adding_a_file_adds_a_form() {
        let mut forms = FormRegistry::embedded().unwrap();
        let before = forms.iter().count();
        let vet = r#"{"form": "vet", "version": 1, "label": "Vet", "business_types": ["vet"],
            "fields": [{"name": "species", "label": "Species", "type": "select", "required": true,
                        "options": [{"value": "cat", "label": "Cat"}]}]}"#;
        forms.add("vet.json", vet).unwrap();
        assert_eq!(forms.iter().count(), before + 1);
        let form = forms.for_business_type("vet").unwrap();
        assert!(
            super::super::validate(form, &serde_json::json!({"species": "cat"}), "", GB).is_ok()
        );
        assert!(super::super::validate(form, &serde_json::json!({}), "", GB).is_err());
        assert!(forms.add("again.json", vet).is_err());
    }

    #[test]
    fn files_that_contradict_themselves_are_refused() {
        let with = |field: &str| {
            FormRegistry::from_strs([(
                "x.json",
                format!(r#"{{"form":"x","version":1,"label":"X","fields":[{field}]}}"#),
            )])
        };
        assert!(with(r#"{"name":"a","label":"A","type":"text"}"#).is_ok());
        for field in [
            r#"{"name":"firstName","label":"A","type":"text"}"#,
            r#"{"name":"a","label":" ","type":"text"}"#,
            r#"{"name":"a","label":"A","type":"select"}"#,
            r#"{"name":"a","label":"A","type":"text","options":[{"value":"v","label":"V"}]}"#,
            r#"{"name":"a","label":"A","type":"select","options":[{"value":"v","label":"V"},{"value":"v","label":"V"}]}"#,
            r#"{"name":"a","label":"A","type":"text","max_length":5001}"#,
            r#"{"name":"a","label":"A","type":"date","max_length":5}"#,
            r#"{"name":"a","label":"A","type":"text","min":1}"#,
            r#"{"name":"a","label":"A","type":"number","min":2,"max":1}"#,
            r#"{"name":"a","label":"A","type":"colour"}"#,
            r#"{"name":"a","label":"A","type":"text","placeholder":"x"}"#,
            r#"{"name":"a","label":"A","type":"text"},{"name":"a","label":"B","type":"text"}"#,
        ] {
            assert!(with(field).is_err(), "{field}");
        }
    }
}
