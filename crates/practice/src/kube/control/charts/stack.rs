//! The charts that run things: sealed-secrets, cert-manager, and those of the catalogue.
//!
//! Of a chart's many objects only those that clients look at: workloads, services, definitions and what guards writes.

use super::Release;
use super::parts::{Parts, container, or};
use crate::kube::control::definitions;
use crate::kube::kinds::DEFINITIONS;
use crate::kube::store::Key;
use serde_json::{Value, json};

type Objects = Vec<(Key, Value)>;

pub fn sealed_secrets(release: &Release<'_>, version: &str, app: &str) -> Objects {
    let mut parts = Parts::of(release, "sealed-secrets", version);
    let name = parts.full_name();
    let image = format!("bitnami/sealed-secrets-controller:{app}");
    let mut controller = container("controller", &image, &[("http", 8080), ("metrics", 8081)]);
    controller["args"] = json!([
        "--update-status",
        "--key-prefix",
        or(&release.values["secretName"], json!("sealed-secrets-key"))
    ]);
    parts.account(&name, "controller");
    parts.workload(
        &name,
        "controller",
        Some(json!(1)),
        json!({"serviceAccountName": name, "containers": [controller]}),
    );
    let port =
        release.values["service"]["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or(8080);
    parts.service(&name, "controller", json!({"type": "ClusterIP"}), &[("http", port, "http")]);
    parts.service(
        &format!("{name}-metrics"),
        "controller",
        json!({"type": "ClusterIP"}),
        &[("metrics", 8081, "metrics")],
    );
    // Helm installs what lies in a chart's `crds` folder once, as it stands there, and never again touches it.
    for definition in definitions::of("sealed-secrets") {
        parts.objects.push((Key::cluster(DEFINITIONS, "sealedsecrets.bitnami.com"), definition));
    }
    parts.objects
}

pub fn cert_manager(release: &Release<'_>, version: &str, app: &str) -> Objects {
    let mut parts = Parts::of(release, "cert-manager", version);
    let values = &release.values;
    let name = parts.full_name();
    if values["crds"]["enabled"] == true || values["installCRDs"] == true {
        for mut definition in definitions::of("cert-manager") {
            if values["crds"]["keep"] != false {
                definition["metadata"]["annotations"]["helm.sh/resource-policy"] = json!("keep");
            }
            let own = definition["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            parts.add(DEFINITIONS, false, &own, "crds", definition);
        }
    }
    for (component, suffix, image, ports) in [
        ("controller", "", "cert-manager-controller", &[("http-metrics", 9402)][..]),
        ("webhook", "-webhook", "cert-manager-webhook", &[("https", 10250)][..]),
        ("cainjector", "-cainjector", "cert-manager-cainjector", &[("http-metrics", 9402)][..]),
    ] {
        let own = format!("{name}{suffix}");
        let container =
            container(&format!("cert-manager-{component}"), &format!("jetstack/{image}:{app}"), ports);
        let settings = if component == "controller" { values } else { &values[component] };
        let mut pod = json!({"serviceAccountName": own, "containers": [container]});
        if settings["tolerations"].is_array() {
            pod["tolerations"] = settings["tolerations"].clone();
        }
        parts.account(&own, component);
        parts.workload(&own, component, Some(or(&settings["replicaCount"], json!(1))), pod);
    }
    let internal = json!({"type": "ClusterIP"});
    parts.service(&name, "controller", internal.clone(), &[("http-metrics", 9402, "http-metrics")]);
    let webhook = format!("{name}-webhook");
    parts.service(&webhook, "webhook", internal, &[("https", 443, "https")]);
    let rule = json!({"apiGroups": ["cert-manager.io", "acme.cert-manager.io"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["*/*"]});
    parts.webhook("webhook.cert-manager.io", "webhook", &webhook, "/validate", rule);
    parts.objects
}

pub fn traefik_definitions(release: &Release<'_>, version: &str) -> Objects {
    let mut parts = Parts::of(release, "traefik-crd", version);
    for definition in definitions::of("traefik") {
        let own = definition["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        parts.add(DEFINITIONS, false, &own, "crds", definition);
    }
    parts.objects
}

/// What a chart of the catalogue runs: name after the release, image, container port, service ports by name.
struct Workload {
    suffix: &'static str,
    component: &'static str,
    image: &'static str,
    port: u16,
    ports: &'static [(&'static str, u16)],
}

const PROMETHEUS: &[Workload] = &[
    Workload {
        suffix: "-grafana",
        component: "grafana",
        image: "grafana/grafana:13.2.0",
        port: 3000,
        ports: &[("http-web", 80)],
    },
    Workload {
        suffix: "-operator",
        component: "prometheus-operator",
        image: "prometheus-operator/prometheus-operator:v0.93.1",
        port: 10250,
        ports: &[("https", 443)],
    },
];

const ARGO_CD: &[Workload] = &[
    Workload {
        suffix: "-server",
        component: "server",
        image: "argoproj/argocd:v3.4.4",
        port: 8080,
        ports: &[("http", 80), ("https", 443)],
    },
    Workload {
        suffix: "-repo-server",
        component: "repo-server",
        image: "argoproj/argocd:v3.4.4",
        port: 8081,
        ports: &[("tcp-repo-server", 8081)],
    },
];

pub fn prometheus(release: &Release<'_>, version: &str) -> Objects {
    let parts = Parts::of(release, "kube-prometheus-stack", version);
    let name = parts.full_name();
    run(parts, &name, PROMETHEUS)
}

/// Its names begin with `argocd` whatever the release is called.
pub fn argo_cd(release: &Release<'_>, version: &str) -> Objects {
    let name = or(&release.values["fullnameOverride"], json!("argocd"));
    run(Parts::of(release, "argo-cd", version), name.as_str().unwrap_or("argocd"), ARGO_CD)
}

fn run(mut parts: Parts<'_>, name: &str, workloads: &[Workload]) -> Objects {
    for workload in workloads {
        let own = format!("{name}{}", workload.suffix);
        let container = container(workload.component, workload.image, &[("server", workload.port)]);
        parts.account(&own, workload.component);
        parts.workload(
            &own,
            workload.component,
            Some(json!(1)),
            json!({"serviceAccountName": own, "containers": [container]}),
        );
        let ports: Vec<_> = workload.ports.iter().map(|&(name, port)| (name, port, "server")).collect();
        parts.service(&own, workload.component, json!({"type": "ClusterIP"}), &ports);
    }
    parts.objects
}
