//! The Kubernetes API by plain HTTPS: who gets in, writes and their conflicts, lists, watches.

use crate::support::{Api, Lab};
use reqwest::Method;
use serde_json::{Value, json};

const MERGE: &str = "application/merge-patch+json";
const PLAIN: &str = "application/json";

fn config_map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"app": name}}, "data": data})
}

#[tokio::test]
async fn only_the_clusters_own_certificate_gets_in() {
    let lab = Lab::cluster(0).await;
    let api = Api::of(&lab, "pi-1").await;
    let (status, version) = api.get("/version").await;
    assert_eq!((status.as_u16(), &version["gitVersion"]), (200, &json!("v1.34.4+k3s1")));
    let stranger =
        reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().expect("a client");
    for path in ["/version", "/readyz", "/api/v1/nodes"] {
        let refused = stranger
            .get(format!("{}{path}", api.base))
            .bearer_auth("guess")
            .send()
            .await
            .expect("it answers");
        assert_eq!(refused.status(), 401, "{path}");
        let status: Value = refused.json().await.expect("a Status");
        assert_eq!((&status["kind"], &status["reason"]), (&json!("Status"), &json!("Unauthorized")));
    }
    // Another cluster's administrator is a stranger, too.
    let other = Lab::cluster(0).await;
    let theirs = Api::of(&other, "pi-1").await;
    assert!(
        theirs.client.get(format!("{}/version", api.base)).send().await.is_err(),
        "the authority is another one"
    );
}

#[tokio::test]
async fn discovery_names_what_is_served() {
    let lab = Lab::cluster(0).await;
    let api = Api::of(&lab, "pi-1").await;
    let groups = api.get("/apis").await.1;
    let names: Vec<_> = groups["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .map(|group| group["name"].as_str().unwrap_or_default())
        .collect();
    for group in
        ["apps", "batch", "networking.k8s.io", "discovery.k8s.io", "helm.cattle.io", "coordination.k8s.io"]
    {
        assert!(names.contains(&group), "{group} in {names:?}");
    }
    let core = api.get("/api/v1").await.1;
    let node = core["resources"]
        .as_array()
        .expect("resources")
        .iter()
        .find(|resource| resource["name"] == "nodes")
        .cloned();
    assert_eq!(node.expect("nodes are served")["namespaced"], false);
    assert_eq!(api.get("/apis/apps/v1beta1").await.0, 404);
    assert_eq!(api.get("/api/v1/namespaces/default/unicorns").await.0, 404);
}

#[tokio::test]
async fn writes_are_refused_as_the_real_server_refuses_them() {
    let lab = Lab::cluster(0).await;
    let api = Api::of(&lab, "pi-1").await;
    let maps = "/api/v1/namespaces/default/configmaps";
    let (status, created) = api.post(maps, &config_map("one", json!({"a": "1"}))).await;
    assert_eq!(status, 201, "{created:#}");
    let again = api.post(maps, &config_map("one", json!({}))).await;
    assert_eq!((again.0.as_u16(), &again.1["reason"]), (409, &json!("AlreadyExists")));
    let lost = api.post("/api/v1/namespaces/nowhere/configmaps", &config_map("one", json!({}))).await;
    assert_eq!((lost.0.as_u16(), &lost.1["message"]), (404, &json!("namespaces \"nowhere\" not found")));
    let named = api.post(maps, &config_map("Not_A_Name", json!({}))).await;
    assert_eq!((named.0.as_u16(), &named.1["details"]["causes"][0]["field"]), (422, &json!("metadata.name")));
    let missing = api.get(&format!("{maps}/two")).await;
    assert_eq!((missing.0.as_u16(), &missing.1["message"]), (404, &json!("configmaps \"two\" not found")));

    let mut newer = created.clone();
    newer["data"]["a"] = json!("2");
    assert_eq!(api.send(Method::PUT, &format!("{maps}/one"), PLAIN, &newer).await.0, 200);
    let stale = api.send(Method::PUT, &format!("{maps}/one"), PLAIN, &newer).await;
    assert_eq!((stale.0.as_u16(), &stale.1["reason"]), (409, &json!("Conflict")));
    let dry =
        api.send(Method::PATCH, &format!("{maps}/one?dryRun=All"), MERGE, &json!({"data": {"a": "3"}})).await;
    assert_eq!((dry.0.as_u16(), &dry.1["data"]["a"]), (200, &json!("3")));
    assert_eq!(api.get(&format!("{maps}/one")).await.1["data"]["a"], "2", "a dry run keeps nothing");

    let bad = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
        "selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "other"}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}}});
    let refused = api.post("/apis/apps/v1/namespaces/default/deployments", &bad).await;
    assert_eq!(refused.0, 422, "{:#}", refused.1);
    assert!(
        refused.1["message"]
            .as_str()
            .unwrap_or_default()
            .contains("`selector` does not match template `labels`")
    );
}

#[tokio::test]
async fn patches_of_each_kind_change_what_they_name() {
    let lab = Lab::cluster(0).await;
    let api = Api::of(&lab, "pi-1").await;
    let node = "/api/v1/nodes/pi-1";
    api.until(node, |node| crate::support::holds(node, "Ready")).await;
    let taint = json!({"spec": {"taints": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]}});
    let tainted = api.send(Method::PATCH, node, "application/strategic-merge-patch+json", &taint).await;
    assert_eq!((tainted.0.as_u16(), &tainted.1["spec"]["taints"]), (200, &taint["spec"]["taints"]));
    let labelled =
        api.send(Method::PATCH, node, MERGE, &json!({"metadata": {"labels": {"a/b": "true"}}})).await;
    assert_eq!(labelled.1["metadata"]["labels"]["a/b"], "true");
    let steps = json!([{"op": "test", "path": "/metadata/labels/a~1b", "value": "true"}, {"op": "remove", "path": "/spec/taints"}]);
    let untainted = api.send(Method::PATCH, node, "application/json-patch+json", &steps).await;
    assert_eq!(untainted.0, 200, "{:#}", untainted.1);
    assert!(untainted.1["spec"]["taints"].is_null());
    let failing = json!([{"op": "test", "path": "/metadata/labels/a~1b", "value": "false"}]);
    assert_eq!(api.send(Method::PATCH, node, "application/json-patch+json", &failing).await.0, 422);
    assert_eq!(api.send(Method::PATCH, node, "text/plain", &json!({})).await.0, 415);
}

#[tokio::test]
async fn server_side_apply_keeps_owners_apart() {
    let lab = Lab::cluster(0).await;
    let api = Api::of(&lab, "pi-1").await;
    let path = "/api/v1/namespaces/default/configmaps/shared";
    let (status, created) =
        api.apply(path, "portico", false, &config_map("shared", json!({"a": "1", "b": "1"}))).await;
    assert_eq!(status, 201, "{created:#}");
    let owner = &created["metadata"]["managedFields"][0];
    assert_eq!((&owner["manager"], &owner["operation"]), (&json!("portico"), &json!("Apply")));
    assert_eq!(owner["fieldsV1"]["f:data"], json!({"f:a": {}, "f:b": {}}));

    let refused = api.apply(path, "other", false, &config_map("shared", json!({"a": "2"}))).await;
    assert_eq!((refused.0.as_u16(), &refused.1["reason"]), (409, &json!("Conflict")));
    assert_eq!(
        refused.1["details"]["causes"],
        json!([{"reason": "FieldManagerConflict", "message": "conflict with \"portico\"", "field": ".data.a"}])
    );
    let forced = api.apply(path, "other", true, &config_map("shared", json!({"a": "2"}))).await;
    assert_eq!((forced.0.as_u16(), &forced.1["data"]), (200, &json!({"a": "2", "b": "1"})));

    let dropped = api.apply(path, "portico", false, &config_map("shared", json!({}))).await;
    assert_eq!(
        (dropped.0.as_u16(), &dropped.1["data"]),
        (200, &json!({"a": "2"})),
        "b was ours alone, a is not ours any more"
    );
    let version = dropped.1["metadata"]["resourceVersion"].clone();
    let same = api.apply(path, "portico", false, &config_map("shared", json!({}))).await;
    assert_eq!(same.1["metadata"]["resourceVersion"], version, "nothing changed, nothing was written");

    let written = api
        .send(
            Method::PATCH,
            &format!("{path}?fieldManager=kubectl-edit"),
            MERGE,
            &json!({"data": {"c": "9"}}),
        )
        .await;
    assert_eq!(written.0, 200);
    let refused = api.apply(path, "portico", false, &config_map("shared", json!({"c": "1"}))).await;
    assert_eq!(refused.0, 409, "a field that a plain write set is owned as well");
    assert_eq!(api.apply(path, "", false, &config_map("shared", json!({}))).await.0, 422);
}

#[tokio::test]
async fn lists_are_narrowed_and_paged() {
    let lab = Lab::cluster(0).await;
    let api = Api::of(&lab, "pi-1").await;
    api.post("/api/v1/namespaces", &json!({"metadata": {"name": "apps"}})).await;
    let maps = "/api/v1/namespaces/apps/configmaps";
    for name in ["a", "b", "c"] {
        assert_eq!(api.post(maps, &config_map(name, json!({}))).await.0, 201);
    }
    let names = |list: &Value| -> Vec<String> {
        let items = list["items"].as_array().expect("items").iter();
        items.filter_map(|item| item["metadata"]["name"].as_str()).map(str::to_owned).collect()
    };
    assert_eq!(names(&api.get(&format!("{maps}?labelSelector=app%20in%20(a,c)")).await.1), ["a", "c"]);
    assert_eq!(names(&api.get(&format!("{maps}?fieldSelector=metadata.name%3Db")).await.1), ["b"]);
    let all = api
        .until(&format!("{maps}?fieldSelector=metadata.name!%3Dkube-root-ca.crt"), |list| {
            names(list).len() == 3
        })
        .await;
    assert_eq!(all["kind"], "ConfigMapList");
    let first = api.get(&format!("{maps}?labelSelector=app&limit=2")).await.1;
    assert_eq!(names(&first), ["a", "b"]);
    let token = first["metadata"]["continue"].as_str().expect("there is more");
    assert_eq!(names(&api.get(&format!("{maps}?labelSelector=app&limit=2&continue={token}")).await.1), ["c"]);
    assert_eq!(api.get(&format!("{maps}?labelSelector=a%20in%20b")).await.0, 400);
}

/// Reads events from a watch until there are as many as wanted.
async fn events(api: &Api, path: &str, count: usize) -> Vec<(String, String)> {
    let mut response = api.client.get(format!("{}{path}", api.base)).send().await.expect("the watch begins");
    let (mut text, mut seen) = (String::new(), Vec::new());
    while seen.len() < count {
        let chunk = response.chunk().await.expect("the stream holds").expect("it does not end before");
        text.push_str(&String::from_utf8_lossy(&chunk));
        while let Some((line, rest)) = text.split_once('\n') {
            let event: Value = serde_json::from_str(line).expect("one object a line");
            let about = event["object"]["metadata"]["name"].as_str().or(event["object"]["reason"].as_str());
            seen.push((
                event["type"].as_str().unwrap_or_default().to_owned(),
                about.unwrap_or_default().to_owned(),
            ));
            text = rest.to_owned();
        }
    }
    seen
}

#[tokio::test]
async fn a_watch_tells_every_change_after_its_revision() {
    let lab = Lab::cluster(0).await;
    let api = Api::of(&lab, "pi-1").await;
    let maps = "/api/v1/namespaces/default/configmaps";
    let revision =
        api.get(maps).await.1["metadata"]["resourceVersion"].as_str().expect("a revision").to_owned();
    api.post(maps, &config_map("w", json!({"a": "1"}))).await;
    api.send(Method::PATCH, &format!("{maps}/w"), MERGE, &json!({"data": {"a": "2"}})).await;
    api.send(Method::PATCH, &format!("{maps}/w"), MERGE, &json!({"metadata": {"labels": {"app": "x"}}}))
        .await;
    api.send(Method::DELETE, &format!("{maps}/w"), PLAIN, &Value::Null).await;
    let told =
        |names: &[&str]| names.iter().map(|event| ((*event).to_owned(), "w".to_owned())).collect::<Vec<_>>();
    let all = events(
        &api,
        &format!("{maps}?watch=true&resourceVersion={revision}&fieldSelector=metadata.name=w"),
        4,
    )
    .await;
    assert_eq!(all, told(&["ADDED", "MODIFIED", "MODIFIED", "DELETED"]));
    let labelled =
        events(&api, &format!("{maps}?watch=true&resourceVersion={revision}&labelSelector=app%3Dw"), 3).await;
    assert_eq!(labelled, told(&["ADDED", "MODIFIED", "DELETED"]), "leaving the selection is a deletion");

    lab.homelab.read(|state| state.clusters[0].store.compact());
    let gone = events(&api, &format!("{maps}?watch=true&resourceVersion=1"), 1).await;
    assert_eq!(gone, [("ERROR".to_owned(), "Expired".to_owned())]);
    let initial = events(&api, "/api/v1/namespaces?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan", 5).await;
    assert_eq!(initial.last().map(|(kind, _)| kind.as_str()), Some("BOOKMARK"));
}

#[tokio::test]
async fn deletion_waits_for_finalizers_and_takes_dependents_along() {
    let lab = Lab::cluster(0).await;
    let api = Api::of(&lab, "pi-1").await;
    let maps = "/api/v1/namespaces/default/configmaps";
    let mut held = config_map("held", json!({}));
    held["metadata"]["finalizers"] = json!(["portico.test/wait"]);
    let owner = api.post(maps, &held).await.1;
    let mut child = config_map("child", json!({}));
    child["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "held", "uid": owner["metadata"]["uid"]}]);
    assert_eq!(api.post(maps, &child).await.0, 201);
    let marked = api.send(Method::DELETE, &format!("{maps}/held"), PLAIN, &Value::Null).await.1;
    assert!(marked["metadata"]["deletionTimestamp"].is_string(), "{marked:#}");
    assert_eq!(api.get(&format!("{maps}/child")).await.0, 200, "its owner is still there");
    api.send(Method::PATCH, &format!("{maps}/held"), MERGE, &json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(api.get(&format!("{maps}/held")).await.0, 404);
    api.until(maps, |list| {
        !list["items"].as_array().expect("items").iter().any(|item| item["metadata"]["name"] == "child")
    })
    .await;

    api.post("/api/v1/namespaces", &json!({"metadata": {"name": "short"}})).await;
    api.post("/api/v1/namespaces/short/configmaps", &config_map("x", json!({}))).await;
    let going = api.send(Method::DELETE, "/api/v1/namespaces/short", PLAIN, &Value::Null).await.1;
    assert_eq!(going["status"]["phase"], "Terminating");
    api.until("/api/v1/namespaces", |list| {
        !list["items"].as_array().expect("items").iter().any(|item| item["metadata"]["name"] == "short")
    })
    .await;
    assert_eq!(api.get("/api/v1/namespaces/short/configmaps/x").await.0, 404);
}
