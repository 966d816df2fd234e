//! The charts that practice can install, as the objects that they become.

use crate::kube::store::Key;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is installed, under which name, where, and with which values.
pub struct Release<'a> {
    pub name: &'a str,
    pub namespace: &'a str,
    pub chart: &'a str,
    pub version: &'a str,
    pub repo: &'a str,
    pub values: Value,
}

/// The objects of a release. `known` has the versions of each chart.
///
/// # Errors
/// Helm's own words when the chart or the version is not to be had.
pub fn render(
    release: &Release<'_>,
    known: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<(Key, Value)>, String> {
    // K3s' bundled charts come from the server itself, under a path that ends in NAME-VERSION.tgz.
    if release.chart.starts_with("https://%{KUBERNETES_API}%/static/charts/") {
        return Ok(controller(release, "traefik", "rancher/mirrored-library-traefik:3.5.1", "traefik"));
    }
    let repo = if release.repo.is_empty() { "the default repository" } else { release.repo };
    let versions = known
        .get(release.chart)
        .ok_or_else(|| format!("chart {:?} not found in {repo} repository", release.chart))?;
    let version = match release.version {
        "" => versions.last().cloned().unwrap_or_default(),
        wanted => versions
            .iter()
            .find(|version| *version == wanted)
            .cloned()
            .ok_or_else(|| format!("chart {:?} matching {wanted} not found in {repo} index. (try 'helm repo update'): no chart version found for {}-{wanted}", release.chart, release.chart))?,
    };
    match release.chart {
        "ingress-nginx" => Ok(controller(
            release,
            "ingress-nginx",
            "registry.k8s.io/ingress-nginx/controller:v1.15.1",
            &format!("ingress-nginx-{version}"),
        )),
        other => Err(format!("chart {other:?} has nothing that practice could install")),
    }
}

/// An ingress controller: Deployment or DaemonSet, LoadBalancer Service, IngressClass and what goes with them.
fn controller(release: &Release<'_>, app: &str, image: &str, chart: &str) -> Vec<(Key, Value)> {
    let values = &release.values["controller"];
    let base =
        if release.name.contains(app) { release.name.to_owned() } else { format!("{}-{app}", release.name) };
    let full = if app == "traefik" { base.clone() } else { format!("{base}-controller") };
    let selector = json!({"app.kubernetes.io/name": app, "app.kubernetes.io/instance": release.name, "app.kubernetes.io/component": "controller"});
    let mut labels = selector.clone();
    labels["app.kubernetes.io/managed-by"] = json!("Helm");
    labels["app.kubernetes.io/part-of"] = json!(app);
    labels["helm.sh/chart"] = json!(chart.replace('+', "_"));
    let meta = |name: &str, spaced: bool| {
        let mut meta = json!({"name": name, "labels": labels, "annotations": {"meta.helm.sh/release-name": release.name, "meta.helm.sh/release-namespace": release.namespace}});
        if spaced {
            meta["namespace"] = json!(release.namespace);
        }
        meta
    };
    let here = |resource: &str, name: &str| Key::namespaced(resource, release.namespace, name);
    let or = |value: &Value, default: Value| if value.is_null() { default } else { value.clone() };
    let mut pod = json!({
        "serviceAccountName": base, "nodeSelector": or(&values["nodeSelector"], json!({"kubernetes.io/os": "linux"})), "restartPolicy": "Always",
        "containers": [{"name": "controller", "image": image, "ports": [
            {"name": "http", "containerPort": 80, "protocol": "TCP"}, {"name": "https", "containerPort": 443, "protocol": "TCP"},
        ]}],
    });
    if values["tolerations"].is_array() {
        pod["tolerations"] = values["tolerations"].clone();
    }
    if app == "traefik" {
        pod["tolerations"] = json!([{"key": "CriticalAddonsOnly", "operator": "Exists"}, {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}]);
    }
    let daemon = values["kind"] == "DaemonSet";
    let mut workload = json!({
        "apiVersion": "apps/v1", "kind": if daemon { "DaemonSet" } else { "Deployment" }, "metadata": meta(&full, true),
        "spec": {"selector": {"matchLabels": selector}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    });
    if !daemon {
        workload["spec"]["replicas"] = or(&values["replicaCount"], json!(1));
    }
    let kind = or(&values["service"]["type"], json!("LoadBalancer"));
    let number =
        release.name.bytes().fold(11u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % 200 + 30;
    let ip = format!("10.43.1.{number}");
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": meta(&full, true),
        "spec": {
            "type": kind, "selector": selector, "clusterIP": ip, "clusterIPs": [ip], "sessionAffinity": "None",
            "externalTrafficPolicy": or(&values["service"]["externalTrafficPolicy"], json!("Cluster")),
            "ports": [
                {"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http", "nodePort": 32_000 + u32::from(number)},
                {"name": "https", "port": 443, "protocol": "TCP", "targetPort": "https", "nodePort": 32_300 + u32::from(number)},
            ],
        },
    });
    let class = or(
        &values["ingressClassResource"]["name"],
        json!(if app == "traefik" { "traefik" } else { "nginx" }),
    );
    let class = class.as_str().unwrap_or("nginx").to_owned();
    let mut class_meta = meta(&class, false);
    if values["ingressClassResource"]["default"] == true || app == "traefik" {
        class_meta["annotations"]["ingressclass.kubernetes.io/is-default-class"] = json!("true");
    }
    let manages = if app == "traefik" { "traefik.io/ingress-controller" } else { "k8s.io/ingress-nginx" };
    let manages = or(&values["ingressClassResource"]["controllerValue"], json!(manages));
    vec![
        (
            here("serviceaccounts", &base),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta(&base, true)}),
        ),
        (
            here("configmaps", &full),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(&full, true), "data": or(&values["config"], json!({}))}),
        ),
        (here(if daemon { "daemonsets.apps" } else { "deployments.apps" }, &full), workload),
        (here("services", &full), service),
        (
            Key::cluster("ingressclasses.networking.k8s.io", &class),
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": class_meta, "spec": {"controller": manages}}),
        ),
    ]
}
