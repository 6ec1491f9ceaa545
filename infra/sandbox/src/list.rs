//! `POST /v3/list-calls`: filters, order and pages.

use serde_json::{Map, Value, json};

/// Retell's default page, and its largest.
const DEFAULT_LIMIT: usize = 50;
const MOST: usize = 1_000;

/// The fields that can be filtered on here; another one is refused rather than ignored.
const FIELDS: [&str; 9] = [
    "call_id",
    "agent_id",
    "call_status",
    "from_number",
    "to_number",
    "direction",
    "disconnection_reason",
    "start_timestamp",
    "end_timestamp",
];

pub(crate) struct Query {
    filters: Vec<Filter>,
    limit: usize,
    after: Option<String>,
    skip: usize,
    ascending: bool,
    include_total: bool,
}

struct Filter {
    /// Where in the call: a field, or a key of its metadata.
    metadata: bool,
    key: String,
    op: Op,
}

enum Op {
    Equal(Value),
    NotEqual(Value),
    Greater(f64),
    GreaterOrEqual(f64),
    Less(f64),
    LessOrEqual(f64),
    In(Vec<Value>),
    NotIn(Vec<Value>),
}

impl Query {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let body = if body.is_empty() { b"{}" } else { body };
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
            return Err("the body is not a JSON object".into());
        };
        let filters = match body.get("filter_criteria") {
            None => Vec::new(),
            Some(Value::Object(criteria)) => filters(criteria)?,
            Some(_) => return Err("filter_criteria must be an object".into()),
        };
        let ascending = match body.get("sort_order").map(Value::as_str) {
            None | Some(Some("descending")) => false,
            Some(Some("ascending")) => true,
            Some(_) => return Err("sort_order must be ascending or descending".into()),
        };
        let after = match body.get("pagination_key") {
            None => None,
            Some(Value::String(key)) => Some(key.clone()),
            Some(_) => return Err("pagination_key must be a string".into()),
        };
        Ok(Self {
            filters,
            limit: integer(&body, "limit", 1, MOST)?.unwrap_or(DEFAULT_LIMIT),
            after,
            skip: integer(&body, "skip", 0, usize::MAX)?.unwrap_or(0),
            ascending,
            include_total: body
                .get("include_total")
                .and_then(Value::as_bool)
                .unwrap_or(false),
        })
    }

    /// The page of `calls`, which come oldest first.
    pub(crate) fn page(&self, mut calls: Vec<Value>) -> Value {
        calls.retain(|call| self.filters.iter().all(|filter| filter.passes(call)));
        if !self.ascending {
            calls.reverse();
        }
        let total = calls.len();
        let from = match &self.after {
            None => 0,
            Some(key) => calls
                .iter()
                .position(|call| call["call_id"] == **key)
                .map_or(total, |at| at + 1),
        };
        let mut items: Vec<Value> = calls
            .into_iter()
            .skip(from.saturating_add(self.skip))
            .collect();
        let has_more = items.len() > self.limit;
        items.truncate(self.limit);
        for item in &mut items {
            if let Some(item) = item.as_object_mut() {
                item.retain(|field, _| !field.starts_with("transcript"));
            }
        }
        let mut page = json!({"has_more": has_more});
        if has_more && let Some(last) = items.last() {
            page["pagination_key"] = last["call_id"].clone();
        }
        if self.include_total {
            page["total"] = json!(total);
        }
        page["items"] = Value::Array(items);
        page
    }
}

fn integer(
    body: &Map<String, Value>,
    name: &str,
    least: usize,
    most: usize,
) -> Result<Option<usize>, String> {
    let Some(value) = body.get(name) else {
        return Ok(None);
    };
    match value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok())
    {
        Some(number) if (least..=most).contains(&number) => Ok(Some(number)),
        _ => Err(format!("{name} is not an integer in range")),
    }
}

fn filters(criteria: &Map<String, Value>) -> Result<Vec<Filter>, String> {
    let mut filters = Vec::new();
    for (name, filter) in criteria {
        if name == "metadata" {
            let Value::Array(conditions) = filter else {
                return Err("the metadata filter must be an array".into());
            };
            for condition in conditions {
                let key = condition["key"]
                    .as_str()
                    .ok_or("a metadata filter needs a key")?
                    .to_owned();
                filters.push(Filter {
                    metadata: true,
                    key,
                    op: Op::parse(condition)?,
                });
            }
        } else if FIELDS.contains(&name.as_str()) {
            filters.push(Filter {
                metadata: false,
                key: name.clone(),
                op: Op::parse(filter)?,
            });
        } else {
            return Err("filter_criteria has an unknown filter".into());
        }
    }
    Ok(filters)
}

impl Op {
    fn parse(filter: &Value) -> Result<Self, String> {
        let op = filter["op"].as_str().ok_or("a filter needs an op")?;
        let kind = filter["type"].as_str().ok_or("a filter needs a type")?;
        let value = filter
            .get("value")
            .cloned()
            .ok_or("a filter needs a value")?;
        let fits = match kind {
            "string" => value.is_string(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "enum" => value.is_array(),
            _ => false,
        };
        if !fits {
            return Err("a filter's value is not of its type".into());
        }
        let number = || value.as_f64().ok_or("this op compares numbers");
        Ok(match (op, value.clone()) {
            ("eq", value) if kind != "enum" => Self::Equal(value),
            ("ne", value) if kind != "enum" => Self::NotEqual(value),
            ("gt", _) => Self::Greater(number()?),
            ("ge", _) => Self::GreaterOrEqual(number()?),
            ("lt", _) => Self::Less(number()?),
            ("le", _) => Self::LessOrEqual(number()?),
            ("in", Value::Array(values)) => Self::In(values),
            ("not_in", Value::Array(values)) => Self::NotIn(values),
            _ => return Err("a filter has an unknown op".into()),
        })
    }
}

impl Filter {
    fn passes(&self, call: &Value) -> bool {
        let fields = if self.metadata {
            &call["metadata"]
        } else {
            call
        };
        let Some(found) = fields.get(&self.key) else {
            return false;
        };
        let compare = |test: fn(f64, f64) -> bool, to: f64| {
            found.as_f64().is_some_and(|found| test(found, to))
        };
        match &self.op {
            Op::Equal(value) => found == value,
            Op::NotEqual(value) => found != value,
            Op::Greater(to) => compare(|a, b| a > b, *to),
            Op::GreaterOrEqual(to) => compare(|a, b| a >= b, *to),
            Op::Less(to) => compare(|a, b| a < b, *to),
            Op::LessOrEqual(to) => compare(|a, b| a <= b, *to),
            Op::In(values) => values.contains(found),
            Op::NotIn(values) => !values.contains(found),
        }
    }
}
