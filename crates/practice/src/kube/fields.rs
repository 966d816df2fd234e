//! Who owns which field: `managedFields`, kept per leaf path for every write.
//!
//! A path is a list of steps in the API's own notation (`f:spec`, `k:{"name":"web"}`, `v:"x"`). Which lists are maps
//! by key, sets or single values comes from [`super::shape`].

use super::shape::{self, Shape};
use super::store::timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

pub type Path = Vec<String>;
pub type Set = BTreeSet<Path>;

/// Who writes, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub manager: String,
    pub subresource: Option<String>,
    apply: bool,
}

impl Author {
    pub fn update(manager: &str, subresource: Option<&str>) -> Author {
        Author { manager: manager.to_owned(), subresource: subresource.map(str::to_owned), apply: false }
    }

    pub fn apply(manager: &str, subresource: Option<&str>) -> Author {
        Author { apply: true, ..Author::update(manager, subresource) }
    }

    pub fn is_apply(&self) -> bool {
        self.apply
    }
}

/// One entry of `managedFields`.
#[derive(Debug, Clone)]
pub struct Ownership {
    pub author: Author,
    pub api_version: String,
    pub time: String,
    pub fields: Set,
}

/// Fields of metadata that nobody owns.
const UNOWNED: &[&str] = &[
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generateName",
];

/// The leaf paths of an object.
pub fn leaves(object: &Value) -> Set {
    let mut set = Set::new();
    let Some(top) = object.as_object() else { return set };
    for (name, value) in top {
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                for (field, value) in value.as_object().into_iter().flatten() {
                    if !UNOWNED.contains(&field.as_str()) {
                        collect(
                            value,
                            &mut vec!["f:metadata".to_owned(), format!("f:{field}")],
                            field,
                            &mut set,
                        );
                    }
                }
            }
            _ => collect(value, &mut vec![format!("f:{name}")], name, &mut set),
        }
    }
    set
}

fn collect(value: &Value, path: &mut Path, field: &str, into: &mut Set) {
    match (value, shape::of(field, value)) {
        (Value::Object(entries), Shape::Granular) if !entries.is_empty() => {
            for (name, inner) in entries {
                path.push(format!("f:{name}"));
                collect(inner, path, name, into);
                path.pop();
            }
        }
        (Value::Array(items), Shape::Keyed(keys)) => {
            for item in items {
                path.push(item_step(item, keys));
                into.insert(path.clone());
                if let Some(entries) = item.as_object() {
                    for (name, inner) in entries {
                        path.push(format!("f:{name}"));
                        collect(inner, path, name, into);
                        path.pop();
                    }
                }
                path.pop();
            }
        }
        (Value::Array(items), Shape::Set) => {
            for item in items {
                path.push(format!("v:{item}"));
                into.insert(path.clone());
                path.pop();
            }
        }
        _ => drop(into.insert(path.clone())),
    }
}

pub fn item_step(item: &Value, keys: &[&str]) -> String {
    let named: Map<String, Value> = keys
        .iter()
        .map(|&key| {
            let default = if key == "protocol" { json!("TCP") } else { Value::Null };
            (key.to_owned(), item.get(key).cloned().unwrap_or(default))
        })
        .filter(|(_, value)| !value.is_null())
        .collect();
    format!("k:{}", Value::Object(named))
}

/// The value at a path.
pub fn at<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, step| {
        if let Some(name) = step.strip_prefix("f:") {
            return value.get(name);
        }
        value.as_array()?.iter().find(|item| matches(item, step))
    })
}

pub fn matches(item: &Value, step: &str) -> bool {
    if let Some(text) = step.strip_prefix("v:") {
        return serde_json::from_str::<Value>(text).is_ok_and(|wanted| wanted == *item);
    }
    let Some(Ok(Value::Object(keys))) = step.strip_prefix("k:").map(serde_json::from_str) else {
        return false;
    };
    keys.iter().all(|(key, wanted)| match item.get(key) {
        Some(value) => value == wanted,
        None => key == "protocol" && wanted == "TCP",
    })
}

/// Takes the value at a path away, and the maps that become empty by it.
pub fn cut(object: &mut Value, path: &[String]) {
    let [step, rest @ ..] = path else { return };
    if let (Some(name), Some(entries)) = (step.strip_prefix("f:"), object.as_object_mut()) {
        if rest.is_empty() {
            entries.remove(name);
        } else if let Some(inner) = entries.get_mut(name) {
            cut(inner, rest);
            let empty =
                inner.as_object().is_some_and(Map::is_empty) || inner.as_array().is_some_and(Vec::is_empty);
            if empty {
                entries.remove(name);
            }
        }
    } else if let Some(items) = object.as_array_mut() {
        if rest.is_empty() {
            items.retain(|item| !matches(item, step));
        } else if let Some(item) = items.iter_mut().find(|item| matches(item, step)) {
            cut(item, rest);
        }
    }
}

/// `.spec.containers[name="web"].image`, as error messages name a field.
pub fn display(path: &[String]) -> String {
    path.iter()
        .map(|step| match step.split_at(2) {
            ("f:", name) => format!(".{name}"),
            ("k:", keys) => {
                let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                let named: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                format!("[{}]", named.join(","))
            }
            (_, value) => format!("[={value}]"),
        })
        .collect()
}

/// Reads `managedFields`.
pub fn owners(object: &Value) -> Vec<Ownership> {
    let entries = object["metadata"]["managedFields"].as_array();
    let read = |entry: &Value| {
        let author = Author {
            manager: entry["manager"].as_str()?.to_owned(),
            subresource: entry["subresource"].as_str().map(str::to_owned),
            apply: entry["operation"] == "Apply",
        };
        let mut fields = Set::new();
        parse(&entry["fieldsV1"], &mut Vec::new(), &mut fields);
        Some(Ownership {
            author,
            api_version: entry["apiVersion"].as_str().unwrap_or_default().to_owned(),
            time: entry["time"].as_str().unwrap_or_default().to_owned(),
            fields,
        })
    };
    entries.into_iter().flatten().filter_map(read).collect()
}

fn parse(tree: &Value, path: &mut Path, into: &mut Set) {
    let Some(entries) = tree.as_object() else { return };
    if entries.is_empty() || entries.contains_key(".") {
        into.insert(path.clone());
    }
    for (step, inner) in entries.iter().filter(|(step, _)| *step != ".") {
        path.push(step.clone());
        parse(inner, path, into);
        path.pop();
    }
}

/// Writes `managedFields`, leaving out who owns nothing.
pub fn set_owners(object: &mut Value, owners: &[Ownership]) {
    let entries: Vec<Value> = owners.iter().filter(|owner| !owner.fields.is_empty()).map(entry).collect();
    object["metadata"]["managedFields"] = json!(entries);
}

fn entry(owner: &Ownership) -> Value {
    let mut tree = json!({});
    for path in &owner.fields {
        let mut node = &mut tree;
        for step in path {
            node = &mut node[step.as_str()];
            if node.is_null() {
                *node = json!({});
            }
        }
        node["."] = json!({});
    }
    trim(&mut tree);
    let mut entry = json!({
        "manager": owner.author.manager, "operation": if owner.author.apply { "Apply" } else { "Update" },
        "apiVersion": owner.api_version, "time": owner.time, "fieldsType": "FieldsV1", "fieldsV1": tree,
    });
    if let Some(subresource) = &owner.author.subresource {
        entry["subresource"] = json!(subresource);
    }
    entry
}

/// A leaf is `{}`; the dot is kept only where the path has others below it.
fn trim(tree: &mut Value) {
    let Some(entries) = tree.as_object_mut() else { return };
    if entries.len() == 1 && entries.contains_key(".") {
        entries.clear();
    }
    for (_, inner) in entries.iter_mut().filter(|(step, _)| *step != ".") {
        trim(inner);
    }
}

/// Records a plain write: what changed belongs to the author from now on.
pub fn record(old: Option<&Value>, object: &mut Value, author: &Author) {
    let now = leaves(object);
    let changed: Set = match old {
        None => now.clone(),
        Some(old) => now.iter().filter(|path| at(old, path) != at(object, path)).cloned().collect(),
    };
    let mut owners = old.map(owners).unwrap_or_default();
    let removed_something = owners.iter().any(|owner| !owner.fields.is_subset(&now));
    if changed.is_empty() && !removed_something && old.is_some() {
        let kept = old.map_or(Value::Null, |old| old["metadata"]["managedFields"].clone());
        object["metadata"]["managedFields"] = kept;
        return;
    }
    for owner in &mut owners {
        owner.fields.retain(|path| now.contains(path) && !changed.contains(path));
    }
    give(&mut owners, author, object, changed);
    set_owners(object, &owners);
}

/// Adds fields to an author's entry.
pub fn give(owners: &mut Vec<Ownership>, author: &Author, object: &Value, fields: Set) {
    let api_version = object["apiVersion"].as_str().unwrap_or_default().to_owned();
    match owners.iter_mut().find(|owner| owner.author == *author) {
        Some(owner) => {
            if !fields.is_subset(&owner.fields) {
                owner.time = timestamp();
            }
            owner.fields.extend(fields);
        }
        None => owners.push(Ownership { author: author.clone(), api_version, time: timestamp(), fields }),
    }
}
