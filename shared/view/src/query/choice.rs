//! Filters with a handful of values, to be offered with what each of them would find.

use super::{Filter, Params, QueryError};

/// A filter with a handful of values that can be chosen; status and groups are counted with every list.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    parameter: &'static str,
    values: &'static [&'static str],
    set: fn(&mut Params, Option<&str>),
}

/// What a [`Choice`] is between.
#[derive(Debug, Clone)]
pub struct Alternatives {
    /// All other filters.
    pub(crate) others: Filter,
    /// Each value as a filter of nothing else.
    pub(crate) values: Vec<Filter>,
}

const EITHER: &[&str] = &["true", "false"];

fn owned(value: Option<&str>) -> Option<String> {
    value.map(str::to_owned)
}

fn flag(value: Option<&str>) -> Option<bool> {
    value.map(|value| value == "true")
}

impl Choice {
    /// All there are.
    pub const ALL: [Self; 10] = [
        Self {
            parameter: "appointment",
            values: &["today", "tomorrow", "this_week", "next_week"],
            set: |params, value| {
                params.appointment = owned(value);
                params.appointment_from = None;
                params.appointment_to = None;
            },
        },
        Self {
            parameter: "call",
            values: &["due_now", "due_today", "overdue", "scheduled"],
            set: |params, value| params.call = owned(value),
        },
        Self {
            parameter: "urgency",
            values: &["high_priority", "standard", "low_priority"],
            set: |params, value| params.urgency = owned(value),
        },
        Self {
            parameter: "last_contact",
            values: &["never", "today", "week", "month"],
            set: |params, value| {
                params.last_contact = owned(value);
                params.last_contact_days = None;
            },
        },
        Self {
            parameter: "call_result",
            values: &["success", "failure"],
            set: |params, value| params.call_result = owned(value),
        },
        Self {
            parameter: "priority",
            values: &["normal", "high", "urgent"],
            set: |params, value| params.priority = owned(value),
        },
        Self {
            parameter: "booking_source",
            values: &["manual", "import", "api", "form", "calcom", "calendly"],
            set: |params, value| params.booking_source = owned(value),
        },
        Self {
            parameter: "attention",
            values: EITHER,
            set: |params, value| params.attention = flag(value),
        },
        Self {
            parameter: "own",
            values: EITHER,
            set: |params, value| params.own = flag(value),
        },
        Self {
            parameter: "is_active",
            values: EITHER,
            set: |params, value| params.is_active = flag(value),
        },
    ];

    /// The choice that a parameter is, if it is one.
    pub fn named(parameter: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|choice| choice.parameter == parameter)
    }

    /// The parameter's name.
    pub fn parameter(self) -> &'static str {
        self.parameter
    }

    /// The values as they are written.
    pub fn values(self) -> &'static [&'static str] {
        self.values
    }

    /// What is to be counted for this choice beside what else was asked for.
    pub fn alternatives(self, params: &Params) -> Result<Alternatives, QueryError> {
        let mut others = params.clone();
        (self.set)(&mut others, None);
        let alone = |value: &&str| {
            let mut params = Params::default();
            (self.set)(&mut params, Some(value));
            params.filter()
        };
        Ok(Alternatives {
            others: others.filter()?,
            values: self.values.iter().map(alone).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_a_filter_of_its_own() {
        for choice in Choice::ALL {
            let name = choice.parameter();
            let found = Choice::named(name)
                .unwrap()
                .alternatives(&Params::default());
            let Alternatives { others, values } = found.unwrap();
            assert!(others == Filter::default(), "{name}");
            for (place, value) in values.iter().enumerate() {
                assert!(*value != others, "{name}");
                assert!(!values[..place].contains(value), "{name}");
            }
        }
        assert!(Choice::named("status").is_none());
    }

    #[test]
    fn what_was_chosen_is_left_out_with_its_other_forms() {
        let params = Params {
            appointment_from: Some("2026-01-01".into()),
            call: Some("overdue".into()),
            ..Params::default()
        };
        let others = |name| {
            let choice = Choice::named(name).unwrap();
            choice.alternatives(&params).unwrap().others
        };
        assert!(others("appointment").appointment.is_none());
        assert!(others("appointment").call.is_some());
        assert!(others("call").appointment.is_some());
        assert!(others("call").call.is_none());
    }
}
