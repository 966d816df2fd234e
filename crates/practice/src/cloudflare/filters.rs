//! The filters and orders of the record list, with and without dots.
//!
//! Since 2025-02-21 an operator is part of the key (`name.contains=x`); the old form `name=contains:x` is an
//! exact match for that very text and so finds nothing. All comparisons ignore case. Parameters that the API
//! does not know are ignored.

use super::envelope::{Query, Refusal};
use super::records::Record;

/// The records that the query asks for, in its order.
pub(super) fn select<'a>(records: &'a [Record], query: &Query) -> Result<Vec<&'a Record>, Refusal> {
    let any = match query.get("match") {
        None | Some("all") => false,
        Some("any") => true,
        Some(other) => return Err(invalid("match", other)),
    };
    let matches = |record: &Record| {
        let mut verdicts = query.0.iter().filter_map(|(key, value)| judge(record, key, value)).peekable();
        if any && verdicts.peek().is_some() { verdicts.any(|hit| hit) } else { verdicts.all(|hit| hit) }
    };
    let mut found: Vec<&Record> = records.iter().filter(|record| matches(record)).collect();
    match query.get("order").unwrap_or("type") {
        "type" => found.sort_by_key(|record| (record.kind.text(), &record.name)),
        "name" => found.sort_by_key(|record| &record.name),
        "content" => found.sort_by_key(|record| &record.content),
        "ttl" => found.sort_by_key(|record| record.ttl),
        "proxied" => found.sort_by_key(|record| record.proxied),
        other => return Err(invalid("order", other)),
    }
    match query.get("direction") {
        None | Some("asc") => {}
        Some("desc") => found.reverse(),
        Some(other) => return Err(invalid("direction", other)),
    }
    Ok(found)
}

/// What one parameter says about one record; `None` when it is no filter.
fn judge(record: &Record, key: &str, value: &str) -> Option<bool> {
    let value = value.to_lowercase();
    let comment = record.comment.as_deref().unwrap_or_default();
    let (field, operator) = key.split_once('.').unwrap_or((key, "exact"));
    let text = match field {
        "name" => record.name.to_lowercase(),
        "content" => record.content.to_lowercase(),
        "comment" => comment.to_lowercase(),
        "type" if operator == "exact" => return Some(record.kind.text().to_lowercase() == value),
        "proxied" if operator == "exact" => return Some(record.proxied.to_string() == value),
        // No record has tags here, so that only their absence can be found.
        "tag" => return Some(operator == "absent"),
        "search" => {
            let all = format!("{} {} {comment}", record.name, record.content).to_lowercase();
            return Some(value.split_whitespace().all(|word| all.contains(word)));
        }
        _ => return None,
    };
    match operator {
        "exact" => Some(text == value),
        "contains" => Some(text.contains(&value)),
        "startswith" => Some(text.starts_with(&value)),
        "endswith" => Some(text.ends_with(&value)),
        "present" if field == "comment" => Some(!comment.is_empty()),
        "absent" if field == "comment" => Some(comment.is_empty()),
        _ => None,
    }
}

/// The refusal of a value outside the documented ones is not documented.
fn invalid(key: &str, value: &str) -> Refusal {
    Refusal::bad(1004, format!("Invalid value for {key}: {value}"))
}
