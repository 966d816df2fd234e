//! Nodes, workloads and charts: what the controllers make of machines and objects.

use crate::support::{Api, Lab, holds};
use portico_practice::homelab::raspberry_pi;
use reqwest::Method;
use serde_json::{Value, json};

const MERGE: &str = "application/merge-patch+json";

fn items(list: &Value) -> &[Value] {
    list["items"].as_array().map_or(&[], Vec::as_slice)
}

pub fn web(name: &str, image: &str, replicas: u64) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": name, "image": image, "ports": [{"containerPort": 8080}]}]}}}})
}

#[tokio::test]
async fn one_server_and_three_agents_become_ready_nodes() {
    let lab = Lab::cluster(3).await;
    let api = Api::of(&lab, "pi-1").await;
    let nodes = api
        .until("/api/v1/nodes", |list| {
            items(list).len() == 4 && items(list).iter().all(|node| holds(node, "Ready"))
        })
        .await;
    let server =
        items(&nodes).iter().find(|node| node["metadata"]["name"] == "pi-1").expect("the server is a node");
    assert_eq!(server["metadata"]["labels"]["node-role.kubernetes.io/control-plane"], "true");
    assert_eq!(server["metadata"]["labels"]["kubernetes.io/arch"], "arm64");
    assert_eq!(server["status"]["addresses"][0], json!({"type": "InternalIP", "address": "127.77.0.11"}));
    assert_eq!(server["status"]["nodeInfo"]["kubeletVersion"], "v1.34.4+k3s1");
    assert!(server["spec"]["taints"].is_null(), "the first taints go with readiness");

    lab.homelab.cut_power("pi-3").expect("pi-3 exists");
    let lost = api
        .until("/api/v1/nodes/pi-3", |node| {
            node["status"]["conditions"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one["type"] == "Ready" && one["status"] == "Unknown"))
        })
        .await;
    assert_eq!(lost["spec"]["taints"][0]["key"], "node.kubernetes.io/unreachable");
    lab.homelab.power_on("pi-3").expect("pi-3 exists");
    let back = api
        .until("/api/v1/nodes/pi-3", |node| holds(node, "Ready") && node["spec"]["taints"].is_null())
        .await;
    assert_ne!(back["status"]["nodeInfo"]["bootID"], lost["status"]["nodeInfo"]["bootID"]);
}

#[tokio::test]
async fn three_servers_answer_each_and_go_on_without_one() {
    let machines = (1..=3).map(|number| raspberry_pi(&format!("pi-{number}"), 5)).collect();
    let lab = Lab::of(machines).await;
    let first = lab.install("pi-1", "server", "cluster-init: true\n", "").await;
    assert_eq!(first.status, 0, "{first:?}");
    let token = lab.script("pi-1", "token", b"").await.values("token")[0].to_owned();
    for name in ["pi-2", "pi-3"] {
        let joined = lab
            .install(
                name,
                "server",
                "server: https://127.77.0.11:6443\ntoken-file: /etc/rancher/k3s/join-token\n",
                &token,
            )
            .await;
        assert_eq!(joined.status, 0, "{joined:?}");
    }
    let api = Api::of(&lab, "pi-1").await;
    let third = Api { base: lab.api_url("pi-3"), client: api.client.clone() };
    third
        .until("/api/v1/nodes", |list| {
            items(list).len() == 3 && items(list).iter().all(|node| holds(node, "Ready"))
        })
        .await;
    lab.homelab.cut_power("pi-1").expect("pi-1 exists");
    assert_eq!(third.get("/readyz").await.0, 200);
    lab.homelab.cut_power("pi-2").expect("pi-2 exists");
    assert_eq!(third.get("/readyz").await.0, 500, "one of three has no quorum");
}

#[tokio::test]
async fn a_taint_keeps_pods_waiting_with_the_schedulers_reason() {
    let lab = Lab::cluster(0).await;
    let api = Api::of(&lab, "pi-1").await;
    api.until("/api/v1/nodes/pi-1", |node| holds(node, "Ready")).await;
    let taint = json!({"spec": {"taints": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]}});
    api.send(Method::PATCH, "/api/v1/nodes/pi-1", MERGE, &taint).await;
    assert_eq!(
        api.post("/apis/apps/v1/namespaces/default/deployments", &web("web", "web:1", 1)).await.0,
        201
    );
    let pods = "/api/v1/namespaces/default/pods?labelSelector=app%3Dweb";
    let waiting = api
        .until(pods, |list| {
            items(list).iter().any(|pod| pod["status"]["conditions"][0]["reason"] == "Unschedulable")
        })
        .await;
    let message =
        items(&waiting)[0]["status"]["conditions"][0]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.starts_with("0/1 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }"), "{message}");
    api.until("/api/v1/namespaces/default/events", |list| {
        items(list).iter().any(|event| event["reason"] == "FailedScheduling")
    })
    .await;
    api.send(Method::PATCH, "/api/v1/nodes/pi-1", MERGE, &json!({"spec": {"taints": null}})).await;
    let done = api
        .until("/apis/apps/v1/namespaces/default/deployments/web", |object| {
            object["status"]["readyReplicas"] == 1
        })
        .await;
    assert!(holds(&done, "Available"), "{done:#}");
    assert_eq!(done["status"]["observedGeneration"], done["metadata"]["generation"]);
}

#[tokio::test]
async fn an_image_that_nobody_has_is_not_pulled() {
    let lab = Lab::cluster(0).await;
    lab.homelab.change(|state| state.unpullable.insert("nowhere/web:9".to_owned()));
    let api = Api::of(&lab, "pi-1").await;
    api.post("/apis/apps/v1/namespaces/default/deployments", &web("web", "nowhere/web:9", 1)).await;
    let pods = "/api/v1/namespaces/default/pods?labelSelector=app%3Dweb";
    api.until(pods, |list| {
        items(list).iter().any(|pod| {
            pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "ImagePullBackOff"
        })
    })
    .await;
    let fixed = api
        .send(
            Method::PATCH,
            "/apis/apps/v1/namespaces/default/deployments/web",
            "application/strategic-merge-patch+json",
            &json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}}}),
        )
        .await;
    assert_eq!(fixed.0, 200, "{:#}", fixed.1);
    api.until(pods, |list| items(list).len() == 1 && items(list).iter().all(|pod| holds(pod, "Ready"))).await;
}

#[tokio::test]
async fn a_chart_that_is_not_there_fails_after_its_back_off_with_a_log() {
    let lab = Lab::cluster(0).await;
    let api = Api::of(&lab, "pi-1").await;
    let chart = json!({"apiVersion": "helm.cattle.io/v1", "kind": "HelmChart", "metadata": {"name": "ingress-nginx"}, "spec": {
        "chart": "ingress-nginx", "repo": "https://charts.example.test", "version": "9.9.9", "targetNamespace": "ingress-nginx",
        "createNamespace": true, "failurePolicy": "abort", "backOffLimit": 1}});
    let path = "/apis/helm.cattle.io/v1/namespaces/kube-system/helmcharts";
    assert_eq!(api.post(path, &chart).await.0, 201);
    let failed = api.until(&format!("{path}/ingress-nginx"), |chart| holds(chart, "Failed")).await;
    assert_eq!(failed["status"]["jobName"], "helm-install-ingress-nginx");
    let job = api.get("/apis/batch/v1/namespaces/kube-system/jobs/helm-install-ingress-nginx").await.1;
    assert!(holds(&job, "Failed"), "{job:#}");
    let pods = api.get("/api/v1/namespaces/kube-system/pods?labelSelector=helmcharts.helm.cattle.io/chart%3Dingress-nginx").await.1;
    let pod = items(&pods)[0]["metadata"]["name"].as_str().expect("the pod stays for its log").to_owned();
    let log = api
        .client
        .get(format!("{}/api/v1/namespaces/kube-system/pods/{pod}/log", api.base))
        .send()
        .await
        .expect("an answer");
    let log = log.text().await.expect("text");
    assert!(log.contains("no chart version found for ingress-nginx-9.9.9"), "{log}");
    let fixed = api
        .send(Method::PATCH, &format!("{path}/ingress-nginx"), MERGE, &json!({"spec": {"version": "4.15.1"}}))
        .await;
    assert_eq!(fixed.0, 200);
    api.until("/apis/apps/v1/namespaces/ingress-nginx/deployments", |list| {
        items(list).iter().any(|one| holds(one, "Available"))
    })
    .await;
}
