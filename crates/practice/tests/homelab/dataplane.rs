//! From the LAN to a pod: chart, service addresses, Ingress, HTTP.

use crate::nodes::web;
use crate::support::{Api, Lab, holds};
use reqwest::{Client, Method, redirect};
use serde_json::{Value, json};

const MERGE: &str = "application/merge-patch+json";

fn items(list: &Value) -> &[Value] {
    list["items"].as_array().map_or(&[], Vec::as_slice)
}

pub async fn with_controller(lab: &Lab) -> Api {
    let api = Api::of(lab, "pi-1").await;
    let chart = json!({"apiVersion": "helm.cattle.io/v1", "kind": "HelmChart", "metadata": {"name": "ingress-nginx", "namespace": "kube-system"}, "spec": {
        "chart": "ingress-nginx", "repo": "https://charts.example.test", "version": "4.15.1", "targetNamespace": "ingress-nginx",
        "createNamespace": true, "failurePolicy": "abort", "backOffLimit": 3}});
    let path = "/apis/helm.cattle.io/v1/namespaces/kube-system/helmcharts/ingress-nginx";
    let applied = api.apply(path, "portico", false, &chart).await;
    assert_eq!(applied.0, 201, "{:#}", applied.1);
    api.until("/apis/batch/v1/namespaces/kube-system/jobs/helm-install-ingress-nginx", |job| {
        holds(job, "Complete")
    })
    .await;
    api.until("/apis/apps/v1/namespaces/ingress-nginx/deployments/ingress-nginx-controller", |one| {
        holds(one, "Available")
    })
    .await;
    let releases = api
        .get("/api/v1/namespaces/ingress-nginx/secrets?labelSelector=owner%3Dhelm,status%3Ddeployed")
        .await
        .1;
    assert_eq!(items(&releases)[0]["metadata"]["name"], "sh.helm.release.v1.ingress-nginx.v1");
    assert_eq!(
        api.get("/apis/networking.k8s.io/v1/ingressclasses/nginx").await.1["spec"]["controller"],
        "k8s.io/ingress-nginx"
    );
    api
}

pub async fn with_echo(api: &Api) {
    assert_eq!(api.post("/api/v1/namespaces", &json!({"metadata": {"name": "apps"}})).await.0, 201);
    let service = json!({"metadata": {"name": "echo"}, "spec": {"selector": {"app": "echo"}, "ports": [{"port": 80, "targetPort": 8080}]}});
    let ingress = json!({"metadata": {"name": "echo"}, "spec": {"ingressClassName": "nginx", "rules": [{"host": "echo.example.test", "http": {"paths": [
        {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "echo", "port": {"number": 80}}}}]}}]}});
    assert_eq!(
        api.post("/apis/apps/v1/namespaces/apps/deployments", &web("echo", "portico.local/echo:1", 2))
            .await
            .0,
        201
    );
    assert_eq!(api.post("/api/v1/namespaces/apps/services", &service).await.0, 201);
    let made = api.post("/apis/networking.k8s.io/v1/namespaces/apps/ingresses", &ingress).await;
    assert_eq!(made.0, 201, "{:#}", made.1);
}

fn addresses(object: &Value) -> Vec<String> {
    let entries = object["status"]["loadBalancer"]["ingress"].as_array();
    entries.into_iter().flatten().filter_map(|entry| entry["ip"].as_str()).map(str::to_owned).collect()
}

async fn ask(lab: &Lab, address: &str, host: &str) -> (u16, String) {
    let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
    let url = format!("http://{address}:{}/hello", lab.homelab.ports.http);
    let response = client.get(url).header("host", host).send().await.expect("the controller answers");
    (response.status().as_u16(), response.text().await.expect("text"))
}

#[tokio::test]
async fn a_single_node_carries_a_request_to_a_pod() {
    let lab = Lab::cluster(0).await;
    let api = with_controller(&lab).await;
    with_echo(&api).await;
    let ingress = api
        .until("/apis/networking.k8s.io/v1/namespaces/apps/ingresses/echo", |ingress| {
            !addresses(ingress).is_empty()
        })
        .await;
    assert_eq!(addresses(&ingress), ["127.77.0.11"]);
    api.until("/apis/apps/v1/namespaces/apps/deployments/echo", |one| one["status"]["readyReplicas"] == 2)
        .await;
    let (status, body) = ask(&lab, "127.77.0.11", "echo.example.test").await;
    assert_eq!(status, 200, "{body}");
    assert!(
        body.starts_with("pod=echo-") && body.contains("node=pi-1") && body.contains("path=/hello"),
        "{body}"
    );
    let (status, body) = ask(&lab, "127.77.0.11", "other.example.test").await;
    assert_eq!(status, 404);
    assert!(body.contains("<center><h1>404 Not Found</h1></center>") && body.contains("nginx"), "{body}");

    api.send(
        Method::PATCH,
        "/apis/apps/v1/namespaces/apps/deployments/echo",
        MERGE,
        &json!({"spec": {"replicas": 0}}),
    )
    .await;
    api.until("/api/v1/namespaces/apps/endpoints/echo", |one| {
        one["subsets"].as_array().is_none_or(Vec::is_empty)
    })
    .await;
    assert_eq!(ask(&lab, "127.77.0.11", "echo.example.test").await.0, 503);
    let tls = json!({"spec": {"tls": [{"hosts": ["echo.example.test"], "secretName": "echo-tls"}]}});
    api.send(Method::PATCH, "/apis/networking.k8s.io/v1/namespaces/apps/ingresses/echo", MERGE, &tls).await;
    assert_eq!(ask(&lab, "127.77.0.11", "echo.example.test").await.0, 308);
}

#[tokio::test]
async fn workers_alone_are_published_when_the_taint_and_the_label_say_so() {
    let lab = Lab::cluster(3).await;
    let api = Api::of(&lab, "pi-1").await;
    api.until("/api/v1/nodes", |list| {
        items(list).len() == 4 && items(list).iter().all(|node| holds(node, "Ready"))
    })
    .await;
    let taint = json!({"spec": {"taints": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]}});
    api.send(Method::PATCH, "/api/v1/nodes/pi-1", MERGE, &taint).await;
    let api = with_controller(&lab).await;
    with_echo(&api).await;
    let service = "/api/v1/namespaces/ingress-nginx/services/ingress-nginx-controller";
    let all = api.until(service, |service| addresses(service).len() == 4).await;
    assert!(addresses(&all).contains(&"127.77.0.11".to_owned()), "servicelb tolerates the taint");
    for worker in ["pi-2", "pi-3", "pi-4"] {
        let label = json!({"metadata": {"labels": {"svccontroller.k3s.cattle.io/enablelb": "true"}}});
        api.send(Method::PATCH, &format!("/api/v1/nodes/{worker}"), MERGE, &label).await;
    }
    let workers = api.until(service, |service| addresses(service).len() == 3).await;
    assert_eq!(addresses(&workers), ["127.77.0.12", "127.77.0.13", "127.77.0.14"]);
    api.until("/apis/apps/v1/namespaces/apps/deployments/echo", |one| one["status"]["readyReplicas"] == 2)
        .await;
    for address in addresses(&workers) {
        let (status, body) = ask(&lab, &address, "echo.example.test").await;
        assert_eq!(status, 200, "{address}: {body}");
        assert!(!body.contains("node=pi-1 "), "the taint keeps pods off the server: {body}");
    }
    lab.homelab.cut_power("pi-4").expect("pi-4 exists");
    let fewer = api.until(service, |service| addresses(service).len() == 2).await;
    assert_eq!(addresses(&fewer), ["127.77.0.12", "127.77.0.13"]);
}
