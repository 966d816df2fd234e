//! Comparing what is wanted with what is there, field by field, and saying the difference in lines.
//!
//! What the server or somebody else adds is allowed: only what is wanted has to be found. The same comparison
//! decides whether a step is needed and prints what it would change.

use crate::step::{DiffLine, Sign, line};
use serde_json::Value;

/// Values longer than this are shown by their beginning.
const LONGEST: usize = 160;

/// True when `live` has everything that `wanted` says; what the server adds is allowed.
pub fn contains(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            wanted.iter().all(|(key, value)| live.get(key).is_some_and(|found| contains(found, value)))
        }
        (Value::Array(live), Value::Array(wanted)) => {
            live.len() == wanted.len() && live.iter().zip(wanted).all(|(found, value)| contains(found, value))
        }
        _ => live == wanted,
    }
}

/// One line for each field that differs: `spec.replicas: 1 -> 2`. Text of many lines is compared line by line.
pub fn lines(live: &Value, wanted: &Value) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    walk("", live, wanted, &mut lines);
    lines
}

/// One line for each field that was said last and is said no more.
pub fn dropped(last: &Value, wanted: &Value) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    drop_walk("", last, wanted, &mut lines);
    lines
}

fn drop_walk(path: &str, last: &Value, wanted: &Value, lines: &mut Vec<DiffLine>) {
    let (Value::Object(last), Value::Object(wanted)) = (last, wanted) else { return };
    for (key, value) in last {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match wanted.get(key) {
            Some(next) => drop_walk(&path, value, next, lines),
            None => lines.push(line(Sign::Remove, format!("{path}: {}", short(value)))),
        }
    }
}

fn walk(path: &str, live: &Value, wanted: &Value, lines: &mut Vec<DiffLine>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (live, wanted) {
        _ if contains(live, wanted) => {}
        (Value::Object(live), Value::Object(wanted)) => {
            for (key, value) in wanted {
                walk(&below(key), live.get(key).unwrap_or(&Value::Null), value, lines);
            }
        }
        (Value::Array(live), Value::Array(wanted)) if live.len() == wanted.len() => {
            for (index, (live, wanted)) in live.iter().zip(wanted).enumerate() {
                walk(&format!("{path}[{index}]"), live, wanted, lines);
            }
        }
        (Value::String(live), Value::String(wanted)) if live.contains('\n') || wanted.contains('\n') => {
            text(path, live, wanted, lines);
        }
        (Value::Null, _) => lines.push(line(Sign::Add, format!("{path}: {}", short(wanted)))),
        _ => lines.push(line(Sign::Change, format!("{path}: {} -> {}", short(live), short(wanted)))),
    }
}

/// Lines that only one side has, in their order; enough for values and configuration, which have no long moves.
fn text(path: &str, live: &str, wanted: &str, lines: &mut Vec<DiffLine>) {
    let (live, wanted): (Vec<&str>, Vec<&str>) = (live.lines().collect(), wanted.lines().collect());
    let gone = live.iter().filter(|text| !wanted.contains(text)).map(|text| (Sign::Remove, text));
    let come = wanted.iter().filter(|text| !live.contains(text)).map(|text| (Sign::Add, text));
    lines.extend(gone.chain(come).map(|(sign, text)| line(sign, format!("{path}: {}", text.trim()))));
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_difference_is_named_by_its_field() {
        let live =
            json!({"spec": {"replicas": 1, "ports": [{"port": 80}], "values": "a: 1\nb: 2\n"}, "more": true});
        let wanted = json!({"spec": {"replicas": 2, "ports": [{"port": 81}], "values": "a: 1\nb: 3\n", "new": {"x": 1}}});
        let text: Vec<String> =
            lines(&live, &wanted).iter().map(|line| format!("{:?} {}", line.sign, line.text)).collect();
        insta::assert_snapshot!(text.join("\n"), @r#"
        Add spec.new: {"x":1}
        Change spec.ports[0].port: 80 -> 81
        Change spec.replicas: 1 -> 2
        Remove spec.values: b: 2
        Add spec.values: b: 3
        "#);
        assert!(lines(&live, &json!({"spec": {"replicas": 1}})).is_empty());
        let gone = dropped(&json!({"a": {"b": 1, "c": 2}}), &json!({"a": {"c": 3}, "d": 4}));
        assert_eq!(gone, [line(Sign::Remove, "a.b: 1")]);
    }
}
