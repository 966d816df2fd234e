//! The ways to change an object: JSON patch, merge patch, strategic merge, server-side apply.

use super::fields::{self, Author, Ownership, Set};
use super::refusal::Refusal;
use super::shape::{self, Shape};
use serde_json::{Value, json};

pub enum Patch {
    Json(json_patch::Patch),
    Merge(Value),
    Strategic(Value),
    Apply { config: Value, force: bool },
}

impl Patch {
    /// Reads a patch of the given content type. The body of an apply may be YAML.
    ///
    /// # Errors
    /// 415 for another type, 400 for what cannot be read.
    pub fn read(content_type: &str, body: &[u8], force: bool) -> Result<Patch, Refusal> {
        let unreadable = |error: String| Refusal::bad_request(format!("error decoding patch: {error}"));
        let json = || serde_json::from_slice::<Value>(body).map_err(|error| unreadable(error.to_string()));
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json-patch+json" => {
                Ok(Patch::Json(serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))?))
            }
            "application/merge-patch+json" => Ok(Patch::Merge(json()?)),
            "application/strategic-merge-patch+json" => Ok(Patch::Strategic(json()?)),
            "application/apply-patch+yaml" => {
                let config = serde_json::from_slice(body).or_else(|_| {
                    serde_saphyr::from_str(&String::from_utf8_lossy(body))
                        .map_err(|error| unreadable(error.to_string()))
                })?;
                Ok(Patch::Apply { config, force })
            }
            _ => Err(Refusal::unsupported()),
        }
    }
}

/// Merges by the known lists' keys; null deletes, `$patch: delete` takes an item out.
pub fn strategic(field: &str, target: &mut Value, patch: &Value) {
    match patch {
        Value::Object(entries) if target.is_object() || target.is_null() => {
            if entries.get("$patch") == Some(&json!("replace")) {
                *target = patch.clone();
                target.as_object_mut().map(|map| map.remove("$patch"));
                return;
            }
            if target.is_null() {
                *target = json!({});
            }
            for (name, value) in entries.iter().filter(|(name, _)| !name.starts_with('$')) {
                if value.is_null() {
                    target.as_object_mut().map(|map| map.remove(name));
                } else {
                    strategic(name, &mut target[name.as_str()], value);
                }
            }
        }
        Value::Array(items) if target.is_array() => match shape::keys(field, items) {
            Some(keys) => {
                for item in items {
                    let step = fields::item_step(item, keys);
                    let Some(list) = target.as_array_mut() else { return };
                    if item.get("$patch") == Some(&json!("delete")) {
                        list.retain(|old| !fields::matches(old, &step));
                    } else if let Some(old) = list.iter_mut().find(|old| fields::matches(old, &step)) {
                        strategic("", old, item);
                    } else {
                        list.push(item.clone());
                    }
                }
            }
            None => *target = patch.clone(),
        },
        other => *target = other.clone(),
    }
}

/// Another manager owns a field that the applied configuration wants otherwise.
#[derive(Debug)]
pub struct Conflict {
    pub manager: String,
    pub field: String,
}

/// Server-side apply: merges a manager's configuration into the live object and takes away what it no longer names.
///
/// # Errors
/// Without `force`, every field that another manager owns with another value.
pub fn apply(
    live: Option<&Value>,
    config: &Value,
    author: &Author,
    force: bool,
) -> Result<Value, Vec<Conflict>> {
    let wanted = fields::leaves(config);
    let mut owners = live.map(fields::owners).unwrap_or_default();
    let mut object = live.cloned().unwrap_or_else(|| json!({}));
    let differs = |path: &Vec<String>| fields::at(&object, path) != fields::at(config, path);
    let is_item =
        |path: &[String]| path.last().is_some_and(|step| step.starts_with("k:") || step.starts_with("v:"));
    let disputed: Set = wanted.iter().filter(|path| !is_item(path) && differs(path)).cloned().collect();
    let conflicts: Vec<Conflict> = owners
        .iter()
        .filter(|owner| owner.author != *author)
        .flat_map(|owner| owner.fields.intersection(&disputed).map(|path| conflict(owner, path)))
        .collect();
    if !conflicts.is_empty() && !force {
        return Err(conflicts);
    }
    for owner in owners.iter_mut().filter(|owner| owner.author != *author) {
        owner.fields.retain(|path| !disputed.contains(path));
    }
    let before = owners
        .iter()
        .find(|owner| owner.author == *author)
        .map(|owner| owner.fields.clone())
        .unwrap_or_default();
    merge("", &mut object, config);
    // What this manager applied before and names no more goes, unless somebody else owns it or something below it.
    let mut dropped: Vec<_> = before.difference(&wanted).cloned().collect();
    dropped.sort_by_key(|path| std::cmp::Reverse(path.len()));
    for path in dropped {
        let held = |owner: &Ownership| {
            owner.author != *author && owner.fields.iter().any(|field| field.starts_with(&path))
        };
        if !owners.iter().any(held) && !wanted.iter().any(|field| field.starts_with(&path)) {
            fields::cut(&mut object, &path);
        }
    }
    owners.retain(|owner| owner.author != *author || owner.fields == wanted);
    fields::give(&mut owners, author, config, wanted);
    fields::set_owners(&mut object, &owners);
    Ok(object)
}

fn conflict(owner: &Ownership, path: &[String]) -> Conflict {
    let mut manager = format!("conflict with {:?}", owner.author.manager);
    if let Some(subresource) = &owner.author.subresource {
        manager.push_str(&format!(" with subresource {subresource:?}"));
    }
    // Who applied is named alone; who wrote otherwise, with the version that was written.
    if !owner.author.is_apply() {
        manager.push_str(&format!(" using {}", owner.api_version));
    }
    Conflict { manager, field: fields::display(path) }
}

fn merge(field: &str, target: &mut Value, config: &Value) {
    match (config, shape::of(field, config)) {
        (Value::Object(entries), Shape::Granular) => {
            if !target.is_object() {
                *target = json!({});
            }
            for (name, value) in entries {
                merge(name, &mut target[name.as_str()], value);
            }
        }
        (Value::Array(items), Shape::Keyed(keys)) if target.is_array() => {
            for item in items {
                let step = fields::item_step(item, keys);
                let Some(list) = target.as_array_mut() else { return };
                match list.iter_mut().find(|old| fields::matches(old, &step)) {
                    Some(old) => merge("", old, item),
                    None => list.push(item.clone()),
                }
            }
        }
        (Value::Array(items), Shape::Set) if target.is_array() => {
            let Some(list) = target.as_array_mut() else { return };
            for item in items.iter().filter(|item| !list.contains(item)).cloned().collect::<Vec<_>>() {
                list.push(item);
            }
        }
        _ => *target = config.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(image: &str, replicas: Option<u64>) -> Value {
        let mut object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"template": {"spec": {"containers": [{"name": "web", "image": image, "ports": [{"containerPort": 80}]}]}}},
        });
        if let Some(replicas) = replicas {
            object["spec"]["replicas"] = json!(replicas);
        }
        object
    }

    #[test]
    fn a_foreign_field_is_a_conflict_until_forced_and_then_it_changes_hands() {
        let ours = Author::apply("ours", None);
        let theirs = Author::apply("theirs", None);
        let live = apply(None, &deployment("a:1", Some(2)), &ours, false).expect("nothing is there yet");
        let conflicts =
            apply(Some(&live), &deployment("a:2", None), &theirs, false).expect_err("the image is ours");
        let named: Vec<_> = conflicts.iter().map(|conflict| conflict.field.as_str()).collect();
        assert_eq!(named, [".spec.template.spec.containers[name=\"web\"].image"]);
        let live = apply(Some(&live), &deployment("a:2", None), &theirs, true).expect("forced");
        assert_eq!(live["spec"]["template"]["spec"]["containers"][0]["image"], "a:2");
        assert_eq!(live["spec"]["replicas"], 2, "what theirs does not name stays");
        assert!(apply(Some(&live), &deployment("a:1", Some(2)), &ours, false).is_err(), "now it is theirs");
    }

    #[test]
    fn a_field_that_its_manager_drops_goes_unless_another_shares_it() {
        let ours = Author::apply("ours", None);
        let theirs = Author::apply("theirs", None);
        let live = apply(None, &deployment("a:1", Some(2)), &ours, false).expect("new");
        let alone = apply(Some(&live), &deployment("a:1", None), &ours, false).expect("ours");
        assert!(alone["spec"]["replicas"].is_null());
        let shared = apply(Some(&live), &deployment("a:1", Some(2)), &theirs, false).expect("same values");
        let kept = apply(Some(&shared), &deployment("a:1", None), &ours, false).expect("ours");
        assert_eq!(kept["spec"]["replicas"], 2);
    }

    #[test]
    fn applying_the_same_again_changes_nothing() {
        let ours = Author::apply("ours", None);
        let live = apply(None, &deployment("a:1", Some(2)), &ours, false).expect("new");
        let again = apply(Some(&live), &deployment("a:1", Some(2)), &ours, false).expect("ours");
        assert_eq!(live, again);
    }

    #[test]
    fn strategic_merge_goes_by_the_lists_keys() {
        let mut object = deployment("a:1", None);
        let patch = json!({"spec": {"template": {"spec": {"containers": [
            {"name": "web", "image": "a:2"}, {"name": "side", "image": "s:1"}]}}}});
        strategic("", &mut object, &patch);
        let containers = &object["spec"]["template"]["spec"]["containers"];
        assert_eq!(containers[0]["image"], "a:2");
        assert_eq!(containers[0]["ports"][0]["containerPort"], 80);
        assert_eq!(containers[1]["name"], "side");
        let patch =
            json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "$patch": "delete"}]}}}});
        strategic("", &mut object, &patch);
        assert_eq!(
            object["spec"]["template"]["spec"]["containers"],
            json!([{"name": "side", "image": "s:1"}])
        );
    }
}
