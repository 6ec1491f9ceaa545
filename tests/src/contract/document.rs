//! The document, operation by operation.

use std::path::PathBuf;

use serde_json::Value;

/// The OpenAPI document.
#[derive(Debug, Clone)]
pub struct Document {
    /// The whole of it.
    pub json: Value,
}

/// One operation, as described.
#[derive(Debug, Clone)]
pub struct Operation {
    /// In capitals.
    pub method: String,
    /// With its parameters in braces.
    pub path: String,
    /// What is said of it.
    pub spec: Value,
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

impl Document {
    /// As it follows from the code.
    #[must_use]
    pub fn generated() -> Self {
        let document = vio_local::document().expect("documents that make one");
        Self {
            json: serde_json::to_value(document).expect("JSON"),
        }
    }

    /// Where it is kept.
    #[must_use]
    pub fn file() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json")
    }

    /// As it is kept: indented, so that a change shows in a review.
    #[must_use]
    pub fn text(&self) -> String {
        let text = serde_json::to_string_pretty(&self.json).expect("JSON");
        format!("{text}\n")
    }

    /// Every operation, in order of path and method.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        let paths = self.json["paths"].as_object().expect("paths");
        let of_path = |(path, item): (&String, &Value)| {
            METHODS
                .iter()
                .filter_map(|method| {
                    Some(Operation {
                        method: method.to_uppercase(),
                        path: path.clone(),
                        spec: item.get(*method)?.clone(),
                    })
                })
                .collect::<Vec<_>>()
        };
        paths.iter().flat_map(of_path).collect()
    }

    /// What a `$ref` leads to, or the value itself.
    #[must_use]
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else {
            return value;
        };
        let pointer = reference.strip_prefix('#').expect("a reference within");
        let target = self.json.pointer(pointer);
        target.unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    /// The types of problem that the document lists, as URIs.
    #[must_use]
    pub fn problem_types(&self) -> Vec<String> {
        let responses = self.json["components"]["responses"].as_object();
        let mut types = Vec::new();
        for response in responses.expect("responses").values() {
            let examples = response["content"]["application/problem+json"]["examples"].as_object();
            for example in examples.into_iter().flatten() {
                let uri = example.1["value"]["type"].as_str().expect("a type");
                types.push(uri.to_owned());
            }
        }
        types
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Operation {
    /// Parameters of one kind: `path`, `query` or `header`.
    pub fn parameters<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        let all = self.spec["parameters"].as_array().into_iter().flatten();
        all.filter(move |parameter| parameter["in"] == kind)
    }

    /// The names of those parameters.
    #[must_use]
    pub fn names(&self, kind: &str) -> Vec<String> {
        let name = |parameter: &Value| parameter["name"].as_str().expect("a name").to_owned();
        self.parameters(kind).map(name).collect()
    }

    /// The names in braces in the path.
    #[must_use]
    pub fn placeholders(&self) -> Vec<String> {
        let parts = self.path.split('/');
        let name = |part: &str| Some(part.strip_prefix('{')?.strip_suffix('}')?.to_owned());
        parts.filter_map(name).collect()
    }

    /// Whether a session is needed.
    #[must_use]
    pub fn needs_session(&self) -> bool {
        let schemes = self.spec["security"].as_array();
        !schemes.expect("security is always said").is_empty()
    }

    /// One of these permissions is needed; none where any session will do.
    #[must_use]
    pub fn permissions(&self) -> Vec<String> {
        let names = self.spec["x-permissions"].as_array().into_iter().flatten();
        names
            .map(|name| name.as_str().expect("a name").to_owned())
            .collect()
    }

    /// The content of the body, by media type.
    #[must_use]
    pub fn body(&self) -> Option<&Value> {
        self.spec.get("requestBody").map(|body| &body["content"])
    }

    /// Whether the body is a form and not JSON.
    #[must_use]
    pub fn takes_form(&self) -> bool {
        self.body()
            .is_some_and(|content| content.get("application/json").is_none())
    }

    /// The schema of a JSON body.
    #[must_use]
    pub fn body_schema(&self) -> Option<&Value> {
        Some(&self.body()?.get("application/json")?["schema"])
    }

    /// The first example of the body.
    #[must_use]
    pub fn body_example(&self) -> Option<Value> {
        let content = &self.body()?["application/json"];
        examples(content).into_iter().next().map(|(_, value)| value)
    }
}

/// The examples of a content, with their names.
#[must_use]
pub fn examples(content: &Value) -> Vec<(String, Value)> {
    let named = content["examples"].as_object().into_iter().flatten();
    let mut found: Vec<_> = named
        .map(|(name, example)| (name.clone(), example["value"].clone()))
        .collect();
    if let Some(example) = content.get("example") {
        found.push(("example".to_owned(), example.clone()));
    }
    found
}
