//! The two ingress controllers: the chart ingress-nginx, and the Traefik that K3s brings.
//!
//! What the data path has to know of a controller stands in its container's arguments, as it does in life, and is read
//! from there. Values that change nothing of this are accepted and do nothing.

use super::Release;
use super::parts::{Parts, container, or};
use crate::kube::store::Key;
use serde_json::{Value, json};

const CLASSES: &str = "ingressclasses.networking.k8s.io";

pub fn nginx(release: &Release<'_>, version: &str, app: &str) -> Vec<(Key, Value)> {
    let mut parts = Parts::of(release, "ingress-nginx", version);
    let values = &release.values["controller"];
    let base = parts.full_name();
    let full = format!("{base}-controller");
    let image = format!("registry.k8s.io/ingress-nginx/controller:v{app}");
    let mut controller = container("controller", &image, &[("http", 80), ("https", 443), ("webhook", 8443)]);
    let flags = values["extraArgs"].as_object().into_iter().flatten();
    controller["args"] = flags
        .map(|(name, value)| match value.as_str() {
            Some("") => json!(format!("--{name}")),
            Some(text) => json!(format!("--{name}={text}")),
            None => json!(format!("--{name}={value}")),
        })
        .chain([json!(format!("--enable-metrics={}", values["metrics"]["enabled"] == true))])
        .collect();
    let mut pod = json!({"serviceAccountName": base, "containers": [controller]});
    for field in ["tolerations", "nodeSelector"] {
        if !values[field].is_null() {
            pod[field] = values[field].clone();
        }
    }
    let replicas = (values["kind"] != "DaemonSet").then(|| or(&values["replicaCount"], json!(1)));
    parts.account(&base, "controller");
    let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": or(&values["config"], json!({}))});
    parts.add("configmaps", true, &full, "controller", config);
    parts.workload(&full, "controller", replicas, pod);
    let mut service = json!({"type": or(&values["service"]["type"], json!("LoadBalancer"))});
    if let Some(policy) =
        values["service"]["externalTrafficPolicy"].as_str().filter(|policy| !policy.is_empty())
    {
        service["externalTrafficPolicy"] = json!(policy);
    }
    parts.service(&full, "controller", service, &[("http", 80, "http"), ("https", 443, "https")]);
    let class = &values["ingressClassResource"];
    if class["enabled"] != false {
        let name = class["name"].as_str().unwrap_or("nginx");
        ingress_class(
            &mut parts,
            name,
            class["default"] == true,
            &or(&class["controllerValue"], json!("k8s.io/ingress-nginx")),
        );
    }
    if values["admissionWebhooks"]["enabled"] != false {
        let admission = format!("{full}-admission");
        parts.service(
            &admission,
            "controller",
            json!({"type": "ClusterIP"}),
            &[("https-webhook", 443, "webhook")],
        );
        let rule = json!({"apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["ingresses"]});
        let path = "/networking/v1/ingresses";
        parts.webhook("validate.nginx.ingress.kubernetes.io", "admission-webhook", &admission, path, rule);
    }
    parts.objects
}

fn ingress_class(parts: &mut Parts<'_>, name: &str, default: bool, controller: &Value) {
    let mut class = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "spec": {"controller": controller}});
    if default {
        class["metadata"]["annotations"]["ingressclass.kubernetes.io/is-default-class"] = json!("true");
    }
    parts.add(CLASSES, false, name, "controller", class);
}

/// Which providers are on stands in the arguments of its container, where the data path reads it.
pub fn traefik(release: &Release<'_>, version: &str) -> Vec<(Key, Value)> {
    let mut parts = Parts::of(release, "traefik", version);
    let values = &release.values;
    let name = parts.full_name();
    let mut controller = container(
        "traefik",
        "rancher/mirrored-library-traefik:3.7.13",
        &[("web", 8000), ("websecure", 8443)],
    );
    let providers = &values["providers"];
    let nginx = &providers["kubernetesIngressNGINX"];
    let mut flags = vec![
        "--entryPoints.web.address=:8000/tcp".to_owned(),
        "--entryPoints.websecure.address=:8443/tcp".to_owned(),
        "--entryPoints.metrics.address=:9100/tcp".to_owned(),
        "--metrics.prometheus=true".to_owned(),
        "--metrics.prometheus.entrypoint=metrics".to_owned(),
    ];
    if providers["kubernetesIngress"]["enabled"] != false {
        flags.push("--providers.kubernetesingress".to_owned());
    }
    if nginx["enabled"] == true {
        flags.push("--providers.kubernetesingressnginx".to_owned());
        let class = nginx["controllerClass"].as_str().unwrap_or("k8s.io/ingress-nginx");
        flags.push(format!("--providers.kubernetesingressnginx.controllerclass={class}"));
    }
    controller["args"] = json!(flags);
    let pod = json!({"serviceAccountName": name, "containers": [controller], "tolerations": or(&values["tolerations"], json!([
        {"key": "CriticalAddonsOnly", "operator": "Exists"},
        {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"},
    ]))});
    parts.account(&name, "controller");
    parts.workload(&name, "controller", Some(or(&values["deployment"]["replicas"], json!(1))), pod);
    if values["service"]["enabled"] != false {
        let service = json!({"type": or(&values["service"]["type"], json!("LoadBalancer"))});
        parts.service(&name, "controller", service, &[("web", 80, "web"), ("websecure", 443, "websecure")]);
    }
    let class = &values["ingressClass"];
    if class["enabled"] != false {
        let controller = json!("traefik.io/ingress-controller");
        ingress_class(
            &mut parts,
            class["name"].as_str().unwrap_or("traefik"),
            class["isDefaultClass"] != false,
            &controller,
        );
    }
    parts.objects
}
