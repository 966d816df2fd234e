//! Lists, whole or page by page; a page names the object that the next one begins after.
//!
//! The token has the real one's form. Deliberately absent: pages of one moment; a later page shows what is there then.

use super::api::Query;
use super::discovery::list_kind;
use super::kinds::Kind;
use super::refusal::Refusal;
use super::select::Selector;
use super::store::Store;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::Arc;

/// # Errors
/// 400 for a token that is none, 410 for one whose moment is forgotten.
pub fn page(
    store: &Store,
    kind: &Kind,
    namespace: Option<&str>,
    selector: &Selector,
    query: &Query,
) -> Result<Value, Refusal> {
    let (objects, now) = store.list(&kind.resource(), namespace);
    let mut items: Vec<&Arc<Value>> = objects.iter().filter(|object| selector.matches(object)).collect();
    let mut revision = now;
    if !query.get("continue").is_empty() {
        let (at, after) = read(query.get("continue"))
            .ok_or_else(|| Refusal::bad_request("invalid continue token: continue key is not valid"))?;
        revision = at;
        if store.since(at).is_err() {
            return Err(Refusal::new(
                410,
                "Expired",
                "The provided continue parameter is too old to display a consistent list result.",
            ));
        }
        items.retain(|object| place(object) > after);
    }
    let mut metadata = json!({"resourceVersion": revision.to_string()});
    if let Ok(limit @ 1..) = query.get("limit").parse::<usize>()
        && items.len() > limit
    {
        // How many are left is known only when all of them count.
        if selector.is_everything() {
            metadata["remainingItemCount"] = json!(items.len() - limit);
        }
        items.truncate(limit);
        metadata["continue"] = json!(items.last().map(|last| token(revision, &place(last))));
    }
    let bare = |object: &&Arc<Value>| {
        let mut object = (***object).clone();
        if let Some(fields) = object.as_object_mut().filter(|_| !kind.is_custom()) {
            fields.retain(|field, _| field != "kind" && field != "apiVersion");
        }
        object
    };
    let items: Vec<Value> = items.iter().map(bare).collect();
    Ok(
        json!({"kind": list_kind(kind), "apiVersion": kind.api_version(), "metadata": metadata, "items": items}),
    )
}

/// Where an object stands in a list.
fn place(object: &Value) -> String {
    let part = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    format!("{}/{}", part("namespace"), part("name"))
}

fn token(revision: u64, after: &str) -> String {
    let text = json!({"v": "meta.k8s.io/v1", "rv": revision, "start": format!("{after}\u{0}")}).to_string();
    URL_SAFE_NO_PAD.encode(text)
}

fn read(token: &str) -> Option<(u64, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let read: Value = serde_json::from_slice(&bytes).ok()?;
    Some((read["rv"].as_u64()?, read["start"].as_str()?.trim_end_matches('\u{0}').to_owned()))
}
