//! Many objects at once: lists, pages, watches.

use super::{map, maps, three};
use crate::kube_api::{Api, events, names};
use serde_json::{Value, json};
use std::sync::Arc;

pub async fn lists(api: Arc<Api>, space: String) {
    let maps = &maps(&space);
    three(&api, maps).await;
    for (selector, wanted) in [
        ("app%20in%20(l-a,l-c)", vec!["l-a", "l-c"]),
        ("list=yes,app!=l-a", vec!["l-b", "l-c"]),
        ("list,app%20notin%20(l-a,l-b)", vec!["l-c"]),
        ("!app,list", vec![]),
    ] {
        assert_eq!(
            names(&api.get(&format!("{maps}?labelSelector={selector}")).await.is(200)),
            wanted,
            "{selector}"
        );
    }
    assert_eq!(names(&api.get(&format!("{maps}?fieldSelector=metadata.name%3Dl-b")).await.is(200)), ["l-b"]);
    assert_eq!(
        api.get(&format!("{maps}?fieldSelector=data.a%3D1")).await.status,
        400,
        "not every field can be selected by"
    );
    assert_eq!(api.get(&format!("{maps}?labelSelector=a%20in%20b")).await.status, 400);
    let whole = api.get(maps).await.is(200);
    assert_eq!((&whole["kind"], &whole["apiVersion"]), (&json!("ConfigMapList"), &json!("v1")));
    assert!(whole["items"][0]["kind"].is_null(), "items do not repeat their kind");
    let all = names(&whole);
    let mut paged = Vec::new();
    let mut path = format!("{maps}?limit=2");
    loop {
        let page = api.get(&path).await.is(200);
        paged.extend(names(&page));
        let Some(token) = page["metadata"]["continue"].as_str().filter(|token| !token.is_empty()) else {
            break;
        };
        assert_eq!(page["metadata"]["remainingItemCount"], json!(all.len() - paged.len()));
        path = format!("{maps}?limit=2&continue={token}");
    }
    assert_eq!(paged, all);
    let selected = api.get(&format!("{maps}?limit=2&labelSelector=list")).await.is(200);
    assert!(
        selected["metadata"]["continue"].is_string() && selected["metadata"]["remainingItemCount"].is_null(),
        "{}",
        selected["metadata"]
    );
    assert_eq!(api.get(&format!("{maps}?limit=2&continue=nonsense")).await.status, 400);
}

pub async fn watches(api: Arc<Api>, space: String) {
    let maps = &maps(&space);
    let revision =
        api.get(maps).await.is(200)["metadata"]["resourceVersion"].as_str().expect("a revision").to_owned();
    let made = api.post(maps, &map("w", json!({"a": "1"}))).await.is(201);
    api.merge(&format!("{maps}/w"), &json!({"data": {"a": "2"}})).await.is(200);
    api.merge(&format!("{maps}/w"), &json!({"metadata": {"labels": {"app": "other"}}})).await.is(200);
    api.delete(&format!("{maps}/w")).await.is(200);
    let kinds = |events: &[Value]| {
        events.iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect::<Vec<_>>()
    };
    let since = format!("{maps}?watch=true&resourceVersion={revision}");
    let all = events(&api, &format!("{since}&fieldSelector=metadata.name%3Dw"), 4).await;
    assert_eq!(kinds(&all), ["ADDED", "MODIFIED", "MODIFIED", "DELETED"]);
    assert_eq!(all[0]["object"]["metadata"]["resourceVersion"], made["metadata"]["resourceVersion"]);
    let labelled = events(&api, &format!("{since}&labelSelector=app%3Dw"), 3).await;
    assert_eq!(kinds(&labelled), ["ADDED", "MODIFIED", "DELETED"], "leaving the selection is a deletion");
    three(&api, maps).await;
    let initial = format!(
        "{maps}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&labelSelector=list"
    );
    let initial = events(&api, &initial, 4).await;
    assert_eq!(kinds(&initial), ["ADDED", "ADDED", "ADDED", "BOOKMARK"]);
    assert_eq!(initial[3]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    let gone = events(&api, &format!("{maps}?watch=true&resourceVersion=1"), 1).await;
    assert_eq!(
        (&gone[0]["type"], &gone[0]["object"]["code"], &gone[0]["object"]["reason"]),
        (&json!("ERROR"), &json!(410), &json!("Expired"))
    );
}
