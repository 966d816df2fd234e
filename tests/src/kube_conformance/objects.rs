//! Single objects: made, refused, defaulted, deleted.

use super::{map, maps, three};
use crate::kube_api::{Api, JSON, MERGE, names};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;

fn deployment(name: &str, label: &str) -> Value {
    let container = json!({"name": "web", "image": "portico.local/none:1"});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": label}}, "spec": {"containers": [container]}}}})
}

pub async fn refusals(api: Arc<Api>, space: String) {
    let maps = &maps(&space);
    let made = api.post(maps, &map("one", json!({"a": "1"}))).await.is(201);
    assert!(made["metadata"]["generation"].is_null(), "a ConfigMap counts no generations: {made:#}");
    assert_eq!((&made["kind"], &made["apiVersion"]), (&json!("ConfigMap"), &json!("v1")));
    api.post(maps, &map("one", json!({}))).await.refused(
        409,
        "AlreadyExists",
        "configmaps \"one\" already exists",
    );
    let missing =
        api.get(&format!("{maps}/two")).await.refused(404, "NotFound", "configmaps \"two\" not found");
    assert_eq!(missing["details"], json!({"name": "two", "kind": "configmaps"}));
    let lost = api.post("/api/v1/namespaces/nowhere-at-all/configmaps", &map("one", json!({}))).await;
    lost.refused(404, "NotFound", "namespaces \"nowhere-at-all\" not found");
    let named = api.post(maps, &map("Not_A_Name", json!({}))).await;
    let named = named.refused(
        422,
        "Invalid",
        "ConfigMap \"Not_A_Name\" is invalid: metadata.name: Invalid value: \"Not_A_Name\":",
    );
    assert_eq!(named["details"]["causes"][0]["field"], "metadata.name");
    assert_eq!(named["details"]["causes"][0]["reason"], "FieldValueInvalid");
    let mut nameless = map("", json!({}));
    nameless["metadata"] = json!({"generateName": "gen-"});
    let given = api.post(maps, &nameless).await.is(201);
    assert!(
        given["metadata"]["name"].as_str().is_some_and(|name| name.starts_with("gen-") && name.len() == 9)
    );
    let elsewhere = json!({"metadata": {"name": "x", "namespace": "default"}});
    api.post(maps, &elsewhere).await.refused(
        400,
        "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request",
    );

    let mut newer = made.clone();
    newer["data"]["a"] = json!("2");
    let path = format!("{maps}/one");
    let second = api.put(&path, &newer).await.is(200);
    assert_ne!(second["metadata"]["resourceVersion"], made["metadata"]["resourceVersion"]);
    let stale = "Operation cannot be fulfilled on configmaps \"one\": the object has been modified; please apply your changes to the latest version and try again";
    api.put(&path, &newer).await.refused(409, "Conflict", stale);
    let same = api.put(&path, &second).await.is(200);
    assert_eq!(
        same["metadata"]["resourceVersion"], second["metadata"]["resourceVersion"],
        "nothing was written"
    );
    let dry = api
        .send(Method::PATCH, &format!("{path}?dryRun=All"), MERGE, &json!({"data": {"a": "3"}}))
        .await
        .is(200);
    assert_eq!(dry["data"]["a"], "3");
    assert_eq!(api.get(&path).await.is(200)["data"]["a"], "2", "a dry run keeps nothing");
    api.post(&format!("{maps}?dryRun=All"), &map("dry", json!({}))).await.is(201);
    api.get(&format!("{maps}/dry")).await.refused(404, "NotFound", "");
    let (status, _) = api.post(&format!("{maps}/one"), &json!({})).await.parts();
    assert_eq!(status, 405);
}

pub async fn defaults(api: Arc<Api>, space: String) {
    let deployments = format!("/apis/apps/v1/namespaces/{space}/deployments");
    let bad = api.post(&deployments, &deployment("web", "other")).await;
    bad.refused(
        422,
        "Invalid",
        "Deployment.apps \"web\" is invalid: spec.template.metadata.labels: Invalid value: ",
    );
    let made = api.post(&deployments, &deployment("web", "web")).await.is(201);
    assert_eq!(
        (&made["metadata"]["generation"], &made["spec"]["revisionHistoryLimit"]),
        (&json!(1), &json!(10))
    );
    assert_eq!(made["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"], "IfNotPresent");
    let path = format!("{deployments}/web");
    let labelled = api.merge(&path, &json!({"metadata": {"labels": {"a": "b"}}})).await.is(200);
    assert_eq!(labelled["metadata"]["generation"], 1, "labels are no change of what is wanted");
    let changed = api.merge(&path, &json!({"spec": {"minReadySeconds": 1}})).await.is(200);
    assert_eq!(changed["metadata"]["generation"], 2);
    let moved = api.merge(&path, &json!({"spec": {"selector": {"matchLabels": {"app": "other"}}, "template": {"metadata": {"labels": {"app": "other"}}}}})).await;
    let moved =
        moved.refused(422, "Invalid", "Deployment.apps \"web\" is invalid: spec.selector: Invalid value: ");
    assert!(moved["message"].as_str().is_some_and(|text| text.ends_with("field is immutable")), "{moved:#}");
    api.delete(&path).await.is(200);

    let services = format!("/api/v1/namespaces/{space}/services");
    let made = api.post(&services, &json!({"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}], "selector": {"app": "web"}}})).await.is(201);
    let address = made["spec"]["clusterIP"].as_str().expect("an address");
    assert!(
        address.parse::<std::net::Ipv4Addr>().is_ok() && made["spec"]["clusterIPs"] == json!([address]),
        "{made:#}"
    );
    assert_eq!(
        (
            &made["spec"]["type"],
            &made["spec"]["ports"][0]["protocol"],
            &made["spec"]["ports"][0]["targetPort"]
        ),
        (&json!("ClusterIP"), &json!("TCP"), &json!(80))
    );
    let open = api.merge(&format!("{services}/web"), &json!({"spec": {"type": "NodePort"}})).await.is(200);
    assert!(
        open["spec"]["ports"][0]["nodePort"].as_u64().is_some_and(|port| (30_000..32_768).contains(&port)),
        "{open:#}"
    );
    api.post(&services, &json!({"metadata": {"name": "Web"}, "spec": {"ports": [{"port": 80}]}}))
        .await
        .refused(422, "Invalid", "Service \"Web\" is invalid: ");

    let secrets = format!("/api/v1/namespaces/{space}/secrets");
    let made =
        api.post(&secrets, &json!({"metadata": {"name": "s"}, "stringData": {"a": "1"}})).await.is(201);
    assert_eq!(
        (&made["data"]["a"], &made["type"], made.get("stringData")),
        (&json!("MQ=="), &json!("Opaque"), None)
    );
    let other = api.merge(&format!("{secrets}/s"), &json!({"type": "kubernetes.io/tls"})).await;
    other.refused(422, "Invalid", "Secret \"s\" is invalid: ");

    let ingresses = format!("/apis/networking.k8s.io/v1/namespaces/{space}/ingresses");
    let bare = json!({"metadata": {"name": "i"}, "spec": {"rules": [{"host": "a.test", "http": {"paths": [{"path": "/", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]}});
    let bare = api.post(&ingresses, &bare).await.refused(
        422,
        "Invalid",
        "Ingress.networking.k8s.io \"i\" is invalid: spec.rules[0].http.paths[0].pathType: Required value",
    );
    assert_eq!(bare["details"]["causes"][0]["reason"], "FieldValueRequired");
}

pub async fn deletion(api: Arc<Api>, space: String) {
    let maps = &maps(&space);
    let mut held = map("held", json!({}));
    held["metadata"]["finalizers"] = json!(["portico.test/wait"]);
    let owner = api.post(maps, &held).await.is(201);
    for (name, owner) in
        [("child", owner["metadata"]["uid"].clone()), ("lost", json!("00000000-0000-0000-0000-000000000000"))]
    {
        let mut child = map(name, json!({}));
        child["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "held", "uid": owner}]);
        api.post(maps, &child).await.is(201);
    }
    api.gone(&format!("{maps}/lost")).await;
    let path = format!("{maps}/held");
    let wrong = json!({"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}});
    api.send(Method::DELETE, &path, JSON, &wrong).await.refused(
        409,
        "Conflict",
        "Operation cannot be fulfilled on ConfigMap \"held\": the UID in the precondition",
    );
    let marked = api.delete(&path).await.is(200);
    assert!(marked["metadata"]["deletionTimestamp"].is_string(), "{marked:#}");
    api.delete(&path).await.is(200);
    api.get(&format!("{maps}/child")).await.is(200);
    api.merge(&path, &json!({"metadata": {"finalizers": null}})).await.is(200);
    api.get(&path).await.refused(404, "NotFound", "");
    api.gone(&format!("{maps}/child")).await;
    three(&api, maps).await;
    let ended = api.delete(&format!("{maps}/l-a")).await.is(200);
    assert_eq!(
        (&ended["kind"], &ended["status"], &ended["details"]["name"]),
        (&json!("Status"), &json!("Success"), &json!("l-a"))
    );
    let rest =
        api.send(Method::DELETE, &format!("{maps}?labelSelector=list"), JSON, &Value::Null).await.is(200);
    assert_eq!(
        (rest["kind"].as_str(), names(&rest)),
        (Some("ConfigMapList"), vec!["l-b".to_owned(), "l-c".to_owned()])
    );
}
