//! What is served: discovery, custom kinds, and namespaces that come and go.

use super::map;
use crate::kube_api::{Api, STRATEGIC};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;

pub async fn discovery(api: Arc<Api>, _: String) {
    let version = api.get("/version").await.is(200);
    assert!(version["gitVersion"].as_str().is_some_and(|text| text.starts_with("v1.")), "{version}");
    let groups = api.get("/apis").await.is(200);
    let listed: Vec<_> =
        groups["groups"].as_array().expect("groups").iter().map(|group| group["name"].clone()).collect();
    for group in ["apps", "batch", "networking.k8s.io", "apiextensions.k8s.io", "coordination.k8s.io"] {
        assert!(listed.contains(&json!(group)), "{group} in {listed:?}");
    }
    let apps = api.get("/apis/apps/v1").await.is(200);
    let deployments =
        apps["resources"].as_array().expect("resources").iter().find(|one| one["name"] == "deployments");
    let deployments = deployments.expect("deployments");
    assert_eq!((&deployments["kind"], &deployments["namespaced"]), (&json!("Deployment"), &json!(true)));
    assert!(
        apps["resources"]
            .as_array()
            .expect("resources")
            .iter()
            .any(|one| one["name"] == "deployments/status")
    );
    for path in ["/apis/nowhere.test", "/apis/apps/v0", "/api/v1/namespaces/default/unicorns"] {
        let (status, _) = api.get(path).await.parts();
        assert_eq!(status, 404, "{path}");
    }
    let stranger = api.without_certificate("/api/v1/namespaces").await;
    assert_eq!((stranger.status, &stranger.body["reason"]), (401, &json!("Unauthorized")));
}

pub async fn definitions(api: Arc<Api>, space: String) {
    let group = format!("{space}.test");
    let boxes = format!("/apis/{group}/v1/namespaces/{space}/boxes");
    assert_eq!(api.get(&boxes).await.status, 404, "unknown before it is defined");
    let spec = json!({"type": "object", "required": ["size"], "properties": {"size": {"type": "integer"}, "colour": {"type": "string", "enum": ["red", "blue"]}, "notes": {"type": "object", "additionalProperties": {"type": "string"}}}});
    let schema = json!({"type": "object", "properties": {"spec": spec, "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}});
    let version = json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}}});
    let name = format!("boxes.{group}");
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let definition = json!({"metadata": {"name": name}, "spec": {"group": group, "scope": "Namespaced", "names": {"kind": "Box", "plural": "boxes", "singular": "box"}, "versions": [version]}});
    api.post(definitions, &definition).await.is(201);
    let path = format!("{definitions}/{name}");
    let established = |object: &Value| {
        let conditions = object["status"]["conditions"].as_array();
        conditions
            .is_some_and(|all| all.iter().any(|one| one["type"] == "Established" && one["status"] == "True"))
    };
    api.until(&path, established).await;
    api.until(&format!("/apis/{group}/v1"), |list| list["resources"][0]["name"] == "boxes").await;
    api.until(&boxes, |list| list["kind"] == "BoxList").await;

    let one = |name: &str, spec: Value| json!({"apiVersion": format!("{group}/v1"), "kind": "Box", "metadata": {"name": name}, "spec": spec});
    let bad = api.post(&boxes, &one("b", json!({}))).await;
    let bad =
        bad.refused(422, "Invalid", &format!("Box.{group} \"b\" is invalid: spec.size: Required value"));
    assert_eq!(bad["details"]["causes"][0]["field"], "spec.size");
    let bad = api.post(&boxes, &one("b", json!({"size": "big"}))).await;
    bad.refused(422, "Invalid", &format!("Box.{group} \"b\" is invalid: spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\""));
    let bad = api.post(&boxes, &one("b", json!({"size": 1, "colour": "green"}))).await;
    bad.refused(422, "Invalid", &format!("Box.{group} \"b\" is invalid: spec.colour: Unsupported value: \"green\": supported values: \"red\", \"blue\""));
    let strange = one("b", json!({"size": 1, "weight": 2}));
    let said = "Box in version \"v1\" cannot be handled as a Box: strict decoding error: unknown field \"spec.weight\"";
    api.post(&format!("{boxes}?fieldValidation=Strict"), &strange).await.refused(400, "BadRequest", said);
    let applied = api.apply(&format!("{boxes}/b"), "ours", false, &strange).await;
    let applied = applied.refused(500, "", "failed to create typed patch object (");
    assert!(
        applied["message"]
            .as_str()
            .is_some_and(|text| text.ends_with(", Kind=Box): .spec.weight: field not declared in schema")),
        "{applied:#}"
    );
    let mut made = strange;
    made["status"] = json!({"phase": "Mine"});
    let made = api.post(&boxes, &made).await.is(201);
    assert_eq!(
        (&made["spec"], made.get("status")),
        (&json!({"size": 1}), None),
        "unknown fields and status are dropped"
    );
    let path_b = format!("{boxes}/b");
    let told = api
        .merge(&format!("{path_b}/status"), &json!({"status": {"phase": "Full"}, "spec": {"size": 9}}))
        .await
        .is(200);
    assert_eq!(
        (&told["status"]["phase"], &told["spec"]["size"], &told["metadata"]["generation"]),
        (&json!("Full"), &json!(1), &json!(1))
    );
    let changed =
        api.merge(&path_b, &json!({"status": {"phase": "Empty"}, "spec": {"size": 2}})).await.is(200);
    assert_eq!(
        (&changed["status"]["phase"], &changed["metadata"]["generation"]),
        (&json!("Full"), &json!(2))
    );
    assert_eq!(
        api.send(Method::PATCH, &path_b, STRATEGIC, &json!({})).await.status,
        415,
        "custom kinds have no strategic merge"
    );
    api.delete(&path).await.is(200);
    api.gone(&path).await;
    api.gone(&boxes).await;
}

pub async fn namespaces(api: Arc<Api>, space: String) {
    let name = format!("{space}-short");
    let made = api.post("/api/v1/namespaces", &json!({"metadata": {"name": name}})).await.is(201);
    assert_eq!(made["metadata"]["labels"]["kubernetes.io/metadata.name"], name.as_str());
    assert_eq!(
        (&made["status"]["phase"], &made["spec"]["finalizers"]),
        (&json!("Active"), &json!(["kubernetes"]))
    );
    let (path, maps) =
        (format!("/api/v1/namespaces/{name}"), format!("/api/v1/namespaces/{name}/configmaps"));
    let mut held = map("held", json!({}));
    held["metadata"]["finalizers"] = json!(["portico.test/wait"]);
    api.post(&maps, &held).await.is(201);
    let going = api.delete(&path).await;
    assert_eq!(going.is(200)["status"]["phase"], "Terminating");
    let late = api.post(&maps, &map("late", json!({}))).await;
    let said = format!(
        "configmaps \"late\" is forbidden: unable to create new content in namespace {name} because it is being terminated"
    );
    let late = late.refused(403, "Forbidden", &said);
    assert_eq!(late["details"]["causes"][0]["reason"], "NamespaceTerminating");
    api.until(&format!("{maps}/held"), |object| object["metadata"]["deletionTimestamp"].is_string()).await;
    api.merge(&format!("{maps}/held"), &json!({"metadata": {"finalizers": null}})).await.is(200);
    api.gone(&path).await;
    let kept = api.delete("/api/v1/namespaces/kube-system").await;
    kept.refused(
        403,
        "Forbidden",
        "namespaces \"kube-system\" is forbidden: this namespace may not be deleted",
    );
}
