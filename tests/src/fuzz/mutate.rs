//! Inputs made of others, by what they are: values of a document, fields of a line, bytes of a packet.
//!
//! Most of what is made still parses, and is wrong in one or a few places: another type, a number at its limit, a key that
//! is missing or there twice, a text that is long, odd or cut in the middle of a letter.

use crate::trust::chance::Chance;
use serde_json::{Map, Number, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Json,
    /// JSON is YAML: documents are changed as such, and as text.
    Yaml,
    /// Lines with fields, `key=value`, spaces and tabs.
    Text,
    Bytes,
}

/// Numbers at which arithmetic goes wrong.
const NUMBERS: [i64; 14] = [
    0,
    1,
    -1,
    255,
    256,
    65_535,
    65_536,
    i32::MAX as i64,
    i32::MIN as i64,
    u32::MAX as i64,
    1_800_000_000_000,
    i64::MAX,
    i64::MIN,
    i64::MAX / 1_000 + 1,
];

const TEXTS: [&str; 34] = [
    "",
    " ",
    "-",
    ".",
    "..",
    "*",
    "*.",
    "*.*",
    "/",
    "//",
    ":",
    "=",
    ",",
    "%",
    "0",
    "-1",
    "99999999999999999999",
    "1e400",
    "NaN",
    "true",
    "null",
    "ä",
    "日本語",
    "\u{202e}x",
    "a\u{301}",
    "𝒳",
    "\u{feff}",
    "xn--",
    "xn--a.xn--b",
    "::",
    "::ffff:10.0.0.1",
    "255.255.255.255/33",
    "9999-99-99T99:99:99Z",
    "line\nline\r\n\0",
];

/// Bytes of an input, as libFuzzer is told; nothing in it is repeated to more.
const LONGEST: usize = 64 * 1024;

/// Another input, made of `input` and, now and then, of a part of `other`.
pub fn mutated(shape: Shape, input: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let as_document = match shape {
        Shape::Json => !chance.one_in(8),
        Shape::Yaml => chance.one_in(2),
        Shape::Text | Shape::Bytes => false,
    };
    if as_document && let Ok(mut value) = serde_json::from_slice::<Value>(input) {
        let graft = serde_json::from_slice::<Value>(other).unwrap_or_default();
        for _ in 0..chance.up_to(3) {
            let places = places(&value);
            let at = chance.below(places);
            change(&mut value, &mut { at }, &graft, chance);
        }
        return value.to_string().into_bytes();
    }
    let mut bytes = input.to_vec();
    for _ in 0..chance.up_to(3) {
        if shape == Shape::Bytes {
            change_bytes(&mut bytes, other, chance)
        } else {
            change_text(&mut bytes, other, chance)
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(places).sum(),
        Value::Object(fields) => fields.values().map(places).sum(),
        _ => 0,
    }
}

/// Changes the value that is `at` places further on.
fn change(value: &mut Value, at: &mut usize, graft: &Value, chance: &mut Chance) -> bool {
    if *at == 0 {
        change_here(value, graft, chance);
        return true;
    }
    *at -= 1;
    match value {
        Value::Array(list) => list.iter_mut().any(|value| change(value, at, graft, chance)),
        Value::Object(fields) => fields.values_mut().any(|value| change(value, at, graft, chance)),
        _ => false,
    }
}

fn change_here(value: &mut Value, graft: &Value, chance: &mut Chance) {
    match value {
        Value::Object(fields) if !fields.is_empty() && !chance.one_in(4) => {
            let key = chance.pick(&fields.keys().cloned().collect::<Vec<_>>()).clone();
            let old = fields.remove(&key).unwrap_or_default();
            match chance.below(4) {
                0 => {}
                // Under a name that is nearly its own.
                1 => _ = fields.insert(text(&key, chance), old),
                2 => _ = fields.insert(key, any(graft, chance)),
                _ => fields.extend([(key, old), (text("", chance), any(graft, chance))]),
            }
        }
        Value::Array(list) if !list.is_empty() && !chance.one_in(4) => {
            let at = chance.below(list.len());
            match chance.below(4) {
                0 => _ = list.remove(at),
                1 => list.insert(at, list[at].clone()),
                2 => list.reverse(),
                _ => {
                    let again = list[at].clone();
                    list.extend(std::iter::repeat_n(again, chance.below(40)));
                }
            }
        }
        Value::String(old) if !chance.one_in(4) => *old = text(old, chance),
        Value::Number(old) if !chance.one_in(4) => *value = Value::Number(number(old, chance)),
        _ => *value = any(graft, chance),
    }
}

/// Some value; one of the graft's in half of the cases.
fn any(graft: &Value, chance: &mut Chance) -> Value {
    match chance.below(14) {
        0 => Value::Null,
        1 => Value::Bool(chance.one_in(2)),
        2 => Value::Number(number(&Number::from(0), chance)),
        3 => Value::String(text("", chance)),
        4 => Value::Array(Vec::new()),
        5 => Value::Object(Map::new()),
        6 => (0..chance.below(100)).fold(Value::Null, |inner, _| Value::Array(vec![inner])),
        _ => part(graft, &mut { chance.below(places(graft)) }).cloned().unwrap_or_default(),
    }
}

fn part<'a>(value: &'a Value, at: &mut usize) -> Option<&'a Value> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    match value {
        Value::Array(list) => list.iter().find_map(|value| part(value, at)),
        Value::Object(fields) => fields.values().find_map(|value| part(value, at)),
        _ => None,
    }
}

fn number(old: &Number, chance: &mut Chance) -> Number {
    let near = old.as_i64().unwrap_or_default();
    match chance.below(6) {
        0 => near.wrapping_add(1).into(),
        1 => near.wrapping_neg().into(),
        2 => u64::MAX.into(),
        3 => Number::from_f64(1e300).unwrap_or(0.into()),
        _ => (*chance.pick(&NUMBERS)).into(),
    }
}

fn text(old: &str, chance: &mut Chance) -> String {
    let odd = *chance.pick(&TEXTS);
    let mut letters: Vec<char> = old.chars().collect();
    let at = chance.below(letters.len() + 1);
    match chance.below(8) {
        0 => odd.to_owned(),
        1 => chance.pick(&NUMBERS).to_string(),
        2 => letters[..at].iter().collect(),
        3 => letters[at..].iter().collect(),
        4 => {
            letters.splice(at..at, odd.chars());
            letters.into_iter().collect()
        }
        5 => old.repeat(1 + chance.below(200.min(LONGEST / old.len().max(1)).max(1))),
        6 => odd.repeat(1 + chance.below(400)),
        _ => {
            letters.reverse();
            letters.into_iter().collect()
        }
    }
}

fn change_text(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    if chance.one_in(6) {
        return change_bytes(bytes, other, chance);
    }
    let whole = String::from_utf8_lossy(bytes).into_owned();
    let mut lines: Vec<String> = whole.split('\n').map(str::to_owned).collect();
    let at = chance.below(lines.len());
    match chance.below(6) {
        0 => _ = lines.remove(at),
        1 => lines.insert(at, lines[at].clone()),
        2 => {
            let from = String::from_utf8_lossy(other);
            let others: Vec<&str> = from.split('\n').collect();
            lines.insert(at, (*chance.pick(&others)).to_owned());
        }
        3 => lines[at] = text(&lines[at], chance),
        // One field of the line.
        _ => {
            let line = lines[at].clone();
            let cuts: Vec<usize> = line
                .char_indices()
                .filter(|(_, letter)| !letter.is_alphanumeric())
                .map(|(at, letter)| at + letter.len_utf8())
                .collect();
            let from = if cuts.is_empty() { 0 } else { *chance.pick(&cuts) };
            let to = line[from..]
                .find(|letter: char| !letter.is_alphanumeric())
                .map_or(line.len(), |to| from + to);
            lines[at] = format!("{}{}{}", &line[..from], text(&line[from..to], chance), &line[to..]);
        }
    }
    *bytes = lines.join("\n").into_bytes();
}

fn change_bytes(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    let at = chance.below(bytes.len() + 1);
    let to = at + chance.below(bytes.len() - at.min(bytes.len()) + 1);
    let some = |chance: &mut Chance| u8::try_from(chance.below(256)).unwrap_or_default();
    match chance.below(7) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..to)),
        2 => {
            let again = bytes[at..to].to_vec();
            bytes.splice(at..at, again);
        }
        3 => {
            let from = chance.below(other.len() + 1);
            bytes.splice(at..at, other[from..].iter().copied().take(64));
        }
        4 => bytes.insert(at, some(chance)),
        // Lengths and offsets are what packets go wrong by.
        5 if at + 2 <= bytes.len() => {
            let odd = *chance.pick(&[0_u16, 1, 0x7fff, 0x8000, 0xc000, 0xc00c, 0xffff]);
            bytes[at..at + 2].copy_from_slice(&odd.to_be_bytes());
        }
        _ if at < bytes.len() => bytes[at] = some(chance),
        _ => bytes.push(some(chance)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_documents_are_others_and_still_documents() {
        let input = br#"{"items": [{"name": "a", "at": 1}, {"name": "b", "at": 2}], "more": true}"#;
        let mut chance = Chance::of(1);
        let made: Vec<_> = (0..500).map(|_| mutated(Shape::Json, input, input, &mut chance)).collect();
        let documents = made.iter().filter(|made| serde_json::from_slice::<Value>(made).is_ok()).count();
        let others = made.iter().filter(|made| made.as_slice() != input).count();
        assert!(documents > 350 && others > 450, "{documents} documents, {others} others");
    }
}
