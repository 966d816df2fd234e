//! Label and field selectors, as they stand in a query.

use serde_json::{Map, Value};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

/// What a list or watch is narrowed to. The default selects everything.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    labels: Vec<(String, Test)>,
    fields: Vec<(String, String, bool)>,
}

impl Selector {
    /// # Errors
    /// The text of the selector that cannot be read.
    pub fn parse(labels: &str, fields: &str) -> Result<Selector, String> {
        let labels = split_outside_parentheses(labels).into_iter().map(label).collect::<Result<_, _>>()?;
        let mut tests = Vec::new();
        for part in fields.split(',').filter(|part| !part.trim().is_empty()) {
            let (field, value, equal) = if let Some((field, value)) = part.split_once("!=") {
                (field, value, false)
            } else {
                let (field, value) = part.split_once('=').ok_or_else(|| part.to_owned())?;
                (field, value.trim_start_matches('='), true)
            };
            tests.push((field.trim().to_owned(), value.trim().to_owned(), equal));
        }
        Ok(Selector { labels, fields: tests })
    }

    /// Whether each field is one that the kind can be selected by.
    ///
    /// # Errors
    /// The real server's words about one that is not.
    pub fn fields_of(&self, resource: &str) -> Result<(), String> {
        let own: &[&str] = match resource {
            "pods" => &[
                "spec.nodeName",
                "spec.restartPolicy",
                "spec.schedulerName",
                "spec.serviceAccountName",
                "spec.hostNetwork",
                "status.phase",
                "status.podIP",
                "status.podIPs",
                "status.nominatedNodeName",
            ],
            "nodes" => &["spec.unschedulable"],
            "namespaces" => &["status.phase"],
            "secrets" => &["type"],
            "services" => &["spec.clusterIP", "spec.type"],
            "jobs.batch" => &["status.successful"],
            "events" => &[
                "involvedObject.kind",
                "involvedObject.namespace",
                "involvedObject.name",
                "involvedObject.uid",
                "involvedObject.apiVersion",
                "involvedObject.resourceVersion",
                "involvedObject.fieldPath",
                "reason",
                "reportingComponent",
                "source",
                "type",
            ],
            _ => &[],
        };
        let known =
            |field: &str| ["metadata.name", "metadata.namespace"].contains(&field) || own.contains(&field);
        match self.fields.iter().find(|(field, ..)| !known(field)) {
            None => Ok(()),
            Some((field, ..)) => Err(format!(
                "{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            )),
        }
    }

    pub fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.labels.iter().all(|(key, test)| holds(test, labels.get(key).and_then(Value::as_str)))
            && self.fields.iter().all(|(field, wanted, equal)| {
                let found = field.split('.').fold(object, |value, step| &value[step]);
                let found = match found {
                    Value::String(text) => text.clone(),
                    Value::Null => String::new(),
                    other => other.to_string(),
                };
                (found == *wanted) == *equal
            })
    }
}

fn holds(test: &Test, value: Option<&str>) -> bool {
    match test {
        Test::In(values) => value.is_some_and(|value| values.iter().any(|wanted| wanted == value)),
        Test::NotIn(values) => value.is_none_or(|value| values.iter().all(|wanted| wanted != value)),
        Test::Exists => value.is_some(),
        Test::Absent => value.is_none(),
    }
}

fn label(part: &str) -> Result<(String, Test), String> {
    let part = part.trim();
    let set = |text: &str| -> Option<Vec<String>> {
        let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some(inner.split(',').map(|value| value.trim().to_owned()).collect())
    };
    if let Some((key, values)) = part.split_once(" notin ") {
        return set(values)
            .map(|values| (key.trim().to_owned(), Test::NotIn(values)))
            .ok_or_else(|| part.to_owned());
    }
    if let Some((key, values)) = part.split_once(" in ") {
        return set(values)
            .map(|values| (key.trim().to_owned(), Test::In(values)))
            .ok_or_else(|| part.to_owned());
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Ok((key.trim().to_owned(), Test::NotIn(vec![value.trim().to_owned()])));
    }
    if let Some((key, value)) = part.split_once('=') {
        return Ok((key.trim().to_owned(), Test::In(vec![value.trim_start_matches('=').trim().to_owned()])));
    }
    match part.strip_prefix('!') {
        Some(key) => Ok((key.trim().to_owned(), Test::Absent)),
        None if part.contains(' ') => Err(part.to_owned()),
        None => Ok((part.to_owned(), Test::Exists)),
    }
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0u32, 0);
    for (index, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Whether a workload's or service's plain selector picks these labels. An empty selector picks nothing.
pub fn picks(selector: &Value, labels: &Value) -> bool {
    let empty = Map::new();
    let wanted = selector.as_object().unwrap_or(&empty);
    !wanted.is_empty() && wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_select_as_kubectl_expects() {
        let object = json!({"metadata": {"name": "web", "labels": {"app": "web", "tier": "front"}}});
        let cases = [
            ("app=web", "", true),
            ("app==web,tier!=back", "", true),
            ("app in (api, web)", "", true),
            ("app notin (api,web)", "", false),
            ("!missing,tier", "", true),
            ("app=api", "", false),
            ("", "metadata.name=web", true),
            ("", "metadata.name!=web", false),
        ];
        for (labels, fields, expected) in cases {
            let selector = Selector::parse(labels, fields).expect("it reads");
            assert_eq!(selector.matches(&object), expected, "{labels:?} {fields:?}");
        }
        assert!(Selector::parse("app in web", "").is_err());
    }
}
