//! The stack on top of a cluster, from outside: certificates by name, TLS passed through, Traefik in the place of nginx.

use crate::nodes::web;
use crate::support::{Api, Lab, holds};
use portico_practice::cloudflare::CLUSTER_TOKEN;
use portico_practice::homelab::raspberry_pi;
use reqwest::{Certificate, Client, Method, redirect};
use serde_json::{Value, json};
use std::net::SocketAddr;

const HOST: &str = "echo.example.test";
const MERGE: &str = "application/merge-patch+json";

async fn chart(api: &Api, name: &str, namespace: &str, values: Value) {
    let spec = json!({"chart": name, "repo": "https://charts.example.test", "targetNamespace": namespace, "createNamespace": true, "backOffLimit": 3, "valuesContent": values.to_string()});
    let object = json!({"apiVersion": "helm.cattle.io/v1", "kind": "HelmChart", "metadata": {"name": name, "namespace": "kube-system"}, "spec": spec});
    let applied = api
        .apply(
            &format!("/apis/helm.cattle.io/v1/namespaces/kube-system/helmcharts/{name}"),
            "portico",
            false,
            &object,
        )
        .await;
    assert_eq!(applied.0, 201, "{:#}", applied.1);
    api.until(&format!("/apis/batch/v1/namespaces/kube-system/jobs/helm-install-{name}"), |job| {
        holds(job, "Complete")
    })
    .await;
}

async fn available(api: &Api, namespace: &str, deployment: &str) {
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}");
    api.until(&path, |one| holds(one, "Available")).await;
}

async fn expose(api: &Api, annotations: Value, spec: Value) {
    let service = json!({"metadata": {"name": "echo"}, "spec": {"selector": {"app": "echo"}, "ports": [{"port": 80, "targetPort": 8080}]}});
    assert_eq!(
        api.post("/apis/apps/v1/namespaces/default/deployments", &web("echo", "portico.local/echo:1", 1))
            .await
            .0,
        201
    );
    assert_eq!(api.post("/api/v1/namespaces/default/services", &service).await.0, 201);
    ingress(api, "default", "echo", HOST, ("echo", 80), annotations, spec).await;
    available(api, "default", "echo").await;
}

async fn ingress(
    api: &Api,
    namespace: &str,
    name: &str,
    host: &str,
    to: (&str, u16),
    annotations: Value,
    mut spec: Value,
) {
    spec["ingressClassName"] = json!("nginx");
    spec["rules"] = json!([{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": to.0, "port": {"number": to.1}}}}]}}]);
    let object = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "namespace": namespace, "annotations": annotations}, "spec": spec});
    let path = format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses/{name}");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    // The controller's webhook has to answer first, and says so.
    loop {
        let (status, said) = api.apply(&path, "portico", true, &object).await;
        if status.is_success() {
            return;
        }
        let waits = said["message"].as_str().is_some_and(|text| text.contains("failed calling webhook"));
        assert!(waits && std::time::Instant::now() < end, "{said:#}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// A client that finds these hosts at a machine's address, and trusts the practice authority alone if `trusting`.
fn client(lab: &Lab, trusting: bool, port: u16) -> Client {
    let at = SocketAddr::from(([127, 77, 0, 11], port));
    let builder = Client::builder().redirect(redirect::Policy::none()).pool_max_idle_per_host(0);
    let builder = [HOST, "other.example.test", "argocd.example.test"]
        .iter()
        .fold(builder, |builder, host| builder.resolve(host, at));
    let root = Certificate::from_pem(lab.homelab.authority.root().as_bytes()).expect("the root");
    let builder =
        if trusting { builder.tls_certs_only([root]) } else { builder.tls_danger_accept_invalid_certs(true) };
    builder.build().expect("a client")
}

/// Asks until the way is open: status, `Location`, body.
async fn ask(client: &Client, url: &str) -> (u16, String, String) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        match client.get(url).send().await {
            Ok(response) => {
                let location = response.headers().get("location").and_then(|value| value.to_str().ok());
                let (status, location) =
                    (response.status().as_u16(), location.unwrap_or_default().to_owned());
                return (status, location, response.text().await.expect("text"));
            }
            Err(error) => assert!(std::time::Instant::now() < end, "{url}: {error:?}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_name_on_the_lan_has_a_certificate_and_argo_cd_shows_its_own() {
    let lab = Lab::cluster(0).await;
    let api = Api::of(&lab, "pi-1").await;
    assert_eq!(api.get("/apis/cert-manager.io/v1").await.0, 404, "unknown until the chart is there");
    chart(
        &api,
        "ingress-nginx",
        "ingress-nginx",
        json!({"controller": {"extraArgs": {"enable-ssl-passthrough": ""}}}),
    )
    .await;
    chart(&api, "cert-manager", "cert-manager", json!({"crds": {"enabled": true}})).await;
    chart(&api, "sealed-secrets", "kube-system", json!({"fullnameOverride": "sealed-secrets-controller"}))
        .await;
    chart(&api, "argo-cd", "argocd", json!({})).await;
    for (namespace, name) in [
        ("ingress-nginx", "ingress-nginx-controller"),
        ("cert-manager", "cert-manager"),
        ("cert-manager", "cert-manager-webhook"),
        ("kube-system", "sealed-secrets-controller"),
        ("argocd", "argocd-server"),
    ] {
        available(&api, namespace, name).await;
    }
    let pem = "/api/v1/namespaces/kube-system/services/http:sealed-secrets-controller:8080/proxy/v1/cert.pem";
    let pem = api
        .client
        .get(format!("{}{pem}", api.base))
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
    let elsewhere = "/api/v1/namespaces/kube-system/services/sealed-secrets-controller:9/proxy/healthz";
    assert_eq!(
        api.get(elsewhere).await.1["message"],
        "no service port \"9\" found for service \"sealed-secrets-controller\""
    );

    let token = json!({"metadata": {"name": "cloudflare-token"}, "stringData": {"token": CLUSTER_TOKEN}});
    assert_eq!(api.post("/api/v1/namespaces/cert-manager/secrets", &token).await.0, 201);
    let bad = json!({"metadata": {"name": "staging"}, "spec": {"acme": {"server": "https://acme-v02.api.letsencrypt.org/directory"}}});
    let issuers = "/apis/cert-manager.io/v1/clusterissuers";
    let refused = api.post(issuers, &bad).await;
    assert_eq!(
        (refused.0.as_u16(), &refused.1["details"]["causes"][0]["field"]),
        (422, &json!("spec.acme.privateKeySecretRef"))
    );
    let mut issuer = bad;
    issuer["spec"]["acme"]["privateKeySecretRef"] = json!({"name": "staging"});
    issuer["spec"]["acme"]["solvers"] = json!([{"dns01": {"cloudflare": {"apiTokenSecretRef": {"name": "cloudflare-token", "key": "token"}}}}]);
    assert_eq!(api.post(issuers, &issuer).await.0, 201);
    let tls = json!({"tls": [{"hosts": [HOST], "secretName": "echo-tls"}]});
    expose(&api, json!({"cert-manager.io/cluster-issuer": "staging"}), tls).await;
    api.until("/apis/cert-manager.io/v1/namespaces/default/certificates/echo-tls", |one| holds(one, "Ready"))
        .await;

    let (http, https) = (lab.homelab.ports.http, lab.homelab.ports.https);
    let (status, _, body) = ask(&client(&lab, true, https), &format!("https://{HOST}:{https}/")).await;
    assert!(status == 200 && body.starts_with("pod=echo-"), "{status} {body}");
    let other = client(&lab, true, https).get(format!("https://other.example.test:{https}/")).send().await;
    assert!(other.is_err(), "other names get the controller's own certificate");
    let (status, _, body) =
        ask(&client(&lab, false, https), &format!("https://other.example.test:{https}/")).await;
    assert!(status == 404 && body.contains("nginx"), "{status} {body}");
    let (status, location, _) = ask(&client(&lab, false, http), &format!("http://{HOST}:{http}/a?b=1")).await;
    assert_eq!((status, location.as_str()), (308, &*format!("https://{HOST}/a?b=1")));

    ingress(&api, "argocd", "argocd", "argocd.example.test", ("argocd-server", 80), json!({}), json!({}))
        .await;
    let (status, location, _) =
        ask(&client(&lab, false, http), &format!("http://argocd.example.test:{http}/")).await;
    assert_eq!(
        (status, location.as_str()),
        (307, "https://argocd.example.test/"),
        "it sends plain requests away"
    );
    let passing = json!({"nginx.ingress.kubernetes.io/ssl-passthrough": "true", "nginx.ingress.kubernetes.io/backend-protocol": "HTTPS"});
    ingress(&api, "argocd", "argocd", "argocd.example.test", ("argocd-server", 443), passing, json!({}))
        .await;
    let (status, _, body) =
        ask(&client(&lab, false, https), &format!("https://argocd.example.test:{https}/")).await;
    assert!(status == 200 && body.starts_with("pod=argocd-server-"), "{status} {body}");
}

#[tokio::test]
async fn traefik_serves_the_class_of_nginx_and_a_node_port_when_told_to() {
    let lab = Lab::of(vec![raspberry_pi("pi-1", 5)]).await;
    assert_eq!(lab.install("pi-1", "server", "", "").await.status, 0);
    let api = Api::of(&lab, "pi-1").await;
    let configs = "/apis/helm.cattle.io/v1/namespaces/kube-system/helmchartconfigs/traefik";
    let values = |kind: &str| json!({"providers": {"kubernetesIngressNGINX": {"enabled": true}, "kubernetesIngress": {"enabled": false}}, "service": {"type": kind}});
    let config = |kind: &str| json!({"apiVersion": "helm.cattle.io/v1", "kind": "HelmChartConfig", "metadata": {"name": "traefik", "namespace": "kube-system"}, "spec": {"valuesContent": values(kind).to_string()}});
    assert_eq!(api.apply(configs, "portico", false, &config("LoadBalancer")).await.0, 201);
    let class = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}});
    assert_eq!(api.post("/apis/networking.k8s.io/v1/ingressclasses", &class).await.0, 201);
    available(&api, "kube-system", "traefik").await;
    expose(&api, json!({}), json!({})).await;
    let echo = "/apis/networking.k8s.io/v1/namespaces/default/ingresses/echo";
    api.until(echo, |one| one["status"]["loadBalancer"]["ingress"][0]["ip"] == "127.77.0.11").await;
    let http = lab.homelab.ports.http;
    let plain = client(&lab, false, http);
    let (status, _, body) = ask(&plain, &format!("http://{HOST}:{http}/")).await;
    assert!(status == 200 && body.starts_with("pod=echo-"), "{status} {body}");
    let (status, _, body) = ask(&plain, &format!("http://other.example.test:{http}/")).await;
    assert_eq!((status, body.as_str()), (404, "404 page not found\n"));
    let passing = json!({"nginx.ingress.kubernetes.io/ssl-passthrough": "true"});
    ingress(&api, "default", "passing", "argocd.example.test", ("echo", 80), passing, json!({})).await;
    let (status, _, _) = ask(&plain, &format!("http://argocd.example.test:{http}/")).await;
    assert_eq!(status, 404, "what is passed through is on the secure port alone");
    api.send(
        Method::PATCH,
        "/apis/apps/v1/namespaces/default/deployments/echo",
        MERGE,
        &json!({"spec": {"replicas": 0}}),
    )
    .await;
    api.until("/api/v1/namespaces/default/endpoints/echo", |one| one["subsets"][0]["addresses"].is_null())
        .await;
    let (status, _, body) = ask(&plain, &format!("http://{HOST}:{http}/")).await;
    assert_eq!((status, body.as_str()), (503, "no available server\n"));

    assert_eq!(api.apply(configs, "portico", false, &config("NodePort")).await.0, 200);
    let service = api
        .until("/api/v1/namespaces/kube-system/services/traefik", |one| one["spec"]["type"] == "NodePort")
        .await;
    let number = service["spec"]["ports"][0]["nodePort"]
        .as_u64()
        .and_then(|number| u16::try_from(number).ok())
        .expect("a port");
    let (status, _, _) = ask(&client(&lab, false, number), &format!("http://{HOST}:{number}/")).await;
    assert_eq!(status, 503);
    api.until("/apis/apps/v1/namespaces/kube-system/daemonsets", |list| {
        list["items"].as_array().is_some_and(Vec::is_empty)
    })
    .await;
    let closed = plain.get(format!("http://{HOST}:{http}/")).send().await;
    assert!(closed.is_err(), "the standard ports are closed");
}
