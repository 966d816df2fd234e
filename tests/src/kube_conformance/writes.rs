//! Changes to what is there: patches, server-side apply, fields that no kind has.

use super::{map, maps};
use crate::kube_api::{APPLY, Api, JSON, JSON_PATCH, MERGE, STRATEGIC};
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;

pub async fn patches(api: Arc<Api>, space: String) {
    let maps = &maps(&space);
    let path = format!("{maps}/one");
    api.post(maps, &map("one", json!({"a": "2"}))).await.is(201);
    let steps = json!([{"op": "test", "path": "/data/a", "value": "2"}, {"op": "add", "path": "/data/b", "value": "1"}]);
    assert_eq!(
        api.send(Method::PATCH, &path, JSON_PATCH, &steps).await.is(200)["data"],
        json!({"a": "2", "b": "1"})
    );
    let failing = json!([{"op": "test", "path": "/data/a", "value": "7"}]);
    assert_eq!(api.send(Method::PATCH, &path, JSON_PATCH, &failing).await.status, 422);
    let removed = api.merge(&path, &json!({"data": {"b": null}})).await.is(200);
    assert_eq!(removed["data"], json!({"a": "2"}));
    let stale = api.merge(&path, &json!({"metadata": {"resourceVersion": "1"}, "data": {"a": "3"}})).await;
    stale.refused(409, "Conflict", "Operation cannot be fulfilled on configmaps \"one\"");
    assert_eq!(
        api.send(Method::PATCH, &path, STRATEGIC, &json!({"metadata": {"labels": {"x": "y"}}})).await.is(200)
            ["metadata"]["labels"]["x"],
        "y"
    );
    assert_eq!(api.send(Method::PATCH, &path, JSON, &json!({})).await.status, 415);
    assert_eq!(api.merge(&format!("{maps}/nobody"), &json!({})).await.status, 404);
}

pub async fn server_side_apply(api: Arc<Api>, space: String) {
    let maps = &maps(&space);
    let path = format!("{maps}/shared");
    let made = api.apply(&path, "ours", false, &map("shared", json!({"a": "1", "b": "1"}))).await.is(201);
    let owner = &made["metadata"]["managedFields"][0];
    assert_eq!(
        (&owner["manager"], &owner["operation"], &owner["fieldsType"]),
        (&json!("ours"), &json!("Apply"), &json!("FieldsV1"))
    );
    assert_eq!(owner["fieldsV1"]["f:data"], json!({"f:a": {}, "f:b": {}}));
    assert_eq!(owner["fieldsV1"]["f:metadata"], json!({"f:labels": {"f:app": {}}}));
    let conflict = api.apply(&path, "theirs", false, &map("shared", json!({"a": "2"}))).await;
    let conflict =
        conflict.refused(409, "Conflict", "Apply failed with 1 conflict: conflict with \"ours\": .data.a");
    assert_eq!(
        conflict["details"]["causes"],
        json!([{"reason": "FieldManagerConflict", "message": "conflict with \"ours\"", "field": ".data.a"}])
    );
    let dry = api
        .send(
            Method::PATCH,
            &format!("{path}?fieldManager=theirs&force=true&dryRun=All"),
            APPLY,
            &map("shared", json!({"a": "2"})),
        )
        .await;
    assert_eq!(dry.is(200)["data"]["a"], "2");
    assert_eq!(api.get(&path).await.is(200)["data"]["a"], "1");
    let forced = api.apply(&path, "theirs", true, &map("shared", json!({"a": "2"}))).await.is(200);
    assert_eq!(forced["data"], json!({"a": "2", "b": "1"}));
    let dropped = api.apply(&path, "ours", false, &map("shared", json!({}))).await.is(200);
    assert_eq!(dropped["data"], json!({"a": "2"}), "b was ours alone, a is not ours any more");
    let again = api.apply(&path, "ours", false, &map("shared", json!({}))).await.is(200);
    assert_eq!(
        again["metadata"]["resourceVersion"], dropped["metadata"]["resourceVersion"],
        "nothing was written"
    );
    api.send(Method::PATCH, &format!("{path}?fieldManager=by-hand"), MERGE, &json!({"data": {"c": "9"}}))
        .await
        .is(200);
    let conflict = api.apply(&path, "ours", false, &map("shared", json!({"c": "1"}))).await;
    conflict.refused(
        409,
        "Conflict",
        "Apply failed with 1 conflict: conflict with \"by-hand\" using v1: .data.c",
    );
    let shared = api.apply(&path, "ours", false, &map("shared", json!({"c": "9"}))).await.is(200);
    assert_eq!(shared["data"]["c"], "9", "who wants the same shares it");
    let nobody = api.send(Method::PATCH, &path, APPLY, &map("shared", json!({}))).await;
    nobody.refused(
        422,
        "Invalid",
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
    );
    let kindless = api.apply(&path, "ours", false, &json!({"metadata": {"name": "shared"}})).await;
    assert_eq!(kindless.status, 400);
}

pub async fn unknown_fields(api: Arc<Api>, space: String) {
    let maps = &maps(&space);
    let mut strange = map("strange", json!({}));
    strange["dat"] = json!({"a": "1"});
    let strict = format!("{maps}?fieldValidation=Strict");
    let said = "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"dat\"";
    api.post(&strict, &strange).await.refused(400, "BadRequest", said);
    let made = api.post(maps, &strange).await.is(201);
    assert!(made.get("dat").is_none(), "it is dropped: {made:#}");
    let patched = api
        .send(Method::PATCH, &format!("{maps}/strange?fieldValidation=Strict"), MERGE, &json!({"dat": {}}))
        .await;
    assert_eq!(patched.status, 422);
    let applied = api.apply(&format!("{maps}/strange"), "ours", false, &strange).await;
    let applied = applied.refused(500, "", "failed to create typed patch object (");
    assert!(
        applied["message"]
            .as_str()
            .is_some_and(|text| text.ends_with("; /v1, Kind=ConfigMap): .dat: field not declared in schema")),
        "{applied:#}"
    );
}
