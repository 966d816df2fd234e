//! What a custom kind's schema demands, and the fields of a built-in kind: types, required fields, unknown ones.
//!
//! The words are those of the real server. Deliberately absent: patterns, limits, defaults and CEL rules of schemas,
//! and the fields of built-in kinds that [`super::known`] does not list.

use super::kinds::Kind;
use super::known;
use serde_json::Value;

pub type Cause = (String, &'static str, String);

/// The fields that an object has and its kind has not. With `prune` they are taken away.
pub fn unknown(kind: &Kind, object: &mut Value, prune: bool) -> Vec<String> {
    let mut found = Vec::new();
    match kind.schema() {
        Some(schema) => {
            if let Some(map) = object.as_object_mut().filter(|_| !keeps_all(schema)) {
                let described = |name: &str| !schema["properties"][name].is_null();
                strip(map, "", prune, |name| is_common(name) || described(name), &mut found);
                for (name, inner) in map.iter_mut().filter(|(name, _)| !is_common(name)) {
                    walk(&schema["properties"][name.as_str()], inner, name, prune, &mut found);
                }
            }
        }
        None if kind.is_custom() => {}
        None => known::unknown(&kind.kind, object, prune, &mut found),
    }
    found
}

/// What every object has; its form is not a schema's business.
pub fn is_common(field: &str) -> bool {
    ["apiVersion", "kind", "metadata"].contains(&field)
}

fn keeps_all(schema: &Value) -> bool {
    schema["x-kubernetes-preserve-unknown-fields"] == true
}

/// Notes, and takes away if asked to, the entries that are not known.
pub fn strip(
    map: &mut serde_json::Map<String, Value>,
    at: &str,
    prune: bool,
    known: impl Fn(&str) -> bool,
    found: &mut Vec<String>,
) {
    let strange: Vec<String> = map.keys().filter(|name| !known(name)).cloned().collect();
    for name in strange {
        found.push(if at.is_empty() { name.clone() } else { format!("{at}.{name}") });
        if prune {
            map.remove(&name);
        }
    }
}

fn walk(schema: &Value, value: &mut Value, at: &str, prune: bool, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if keeps_all(schema) {
                return;
            }
            let any = &schema["additionalProperties"];
            if !any.is_null() {
                for (name, inner) in map {
                    walk(any, inner, &format!("{at}.{name}"), prune, found);
                }
                return;
            }
            strip(map, at, prune, |name| !schema["properties"][name].is_null(), found);
            for (name, inner) in
                map.iter_mut().filter(|(name, _)| !schema["properties"][name.as_str()].is_null())
            {
                walk(&schema["properties"][name.as_str()], inner, &format!("{at}.{name}"), prune, found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter_mut().enumerate() {
                walk(&schema["items"], inner, &format!("{at}[{index}]"), prune, found);
            }
        }
        _ => {}
    }
}

/// What in an object breaks its kind's schema.
pub fn check(kind: &Kind, object: &Value, causes: &mut Vec<Cause>) {
    let Some(schema) = kind.schema() else { return };
    require(schema, object, "", causes);
    let described = schema["properties"].as_object().into_iter().flatten();
    for (name, inner) in described.filter(|(name, _)| !is_common(name)) {
        hold(inner, &object[name.as_str()], name, causes);
    }
}

fn require(schema: &Value, value: &Value, at: &str, causes: &mut Vec<Cause>) {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none_or(Value::is_null) {
            let field = if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
            causes.push((field, "FieldValueRequired", "Required value".to_owned()));
        }
    }
}

fn hold(schema: &Value, value: &Value, at: &str, causes: &mut Vec<Cause>) {
    let wanted = schema["type"].as_str().unwrap_or_default();
    let is = match value {
        Value::Null => return,
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = wanted.is_empty()
        || wanted == is
        || wanted == "number" && is == "integer"
        || schema["x-kubernetes-int-or-string"] == true;
    if !fits {
        causes.push((
            at.to_owned(),
            "FieldValueTypeInvalid",
            format!("Invalid value: {is:?}: {at} in body must be of type {wanted}: {is:?}"),
        ));
        return;
    }
    let allowed = schema["enum"].as_array().map_or(&[][..], Vec::as_slice);
    if !allowed.is_empty() && !allowed.contains(value) {
        let supported: Vec<String> = allowed.iter().map(Value::to_string).collect();
        let why = format!("Unsupported value: {value}: supported values: {}", supported.join(", "));
        causes.push((at.to_owned(), "FieldValueNotSupported", why));
    }
    match value {
        Value::Object(map) => {
            require(schema, value, at, causes);
            for (name, inner) in map {
                let below = &schema["properties"][name.as_str()];
                let below = if below.is_null() { &schema["additionalProperties"] } else { below };
                hold(below, inner, &format!("{at}.{name}"), causes);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                hold(&schema["items"], inner, &format!("{at}[{index}]"), causes);
            }
        }
        _ => {}
    }
}
