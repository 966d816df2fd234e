//! What the API fills in and what it refuses when an object is written.
//!
//! Only rules that a well-behaved client can run into: names, required fields, immutable fields, the defaults that
//! others read. Not the whole of the real server's validation.

use super::kinds::Kind;
use super::refusal::Refusal;
use super::schema::{self, Cause};
use base64::Engine;
use serde_json::{Value, json};

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start \
     and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with \
     an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

fn is_label(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.len() <= 63
        && edge(text.chars().next())
        && edge(text.chars().last())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

/// # Errors
/// 422 with one cause for each field that does not hold.
pub fn validate(kind: &Kind, old: Option<&Value>, object: &Value) -> Result<(), Refusal> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let mut causes: Vec<Cause> = Vec::new();
    let mut invalid = |field: &str, value: &str, why: &str| {
        causes.push((field.to_owned(), "FieldValueInvalid", format!("Invalid value: {value:?}: {why}")));
    };
    let by_label = matches!(&*kind.kind, "Namespace" | "Service");
    let roles = kind.group.starts_with("rbac");
    if !roles && !(if by_label { is_label(name) } else { is_subdomain(name) }) {
        invalid("metadata.name", name, if by_label { LABEL } else { SUBDOMAIN });
    }
    for (key, value) in object["metadata"]["labels"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        let fits = value.is_empty()
            || value.len() <= 63
                && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
                && value.starts_with(|c: char| c.is_ascii_alphanumeric())
                && value.ends_with(|c: char| c.is_ascii_alphanumeric());
        if !fits || key.is_empty() {
            invalid(
                "metadata.labels",
                value,
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            );
        }
    }
    if kind.is_custom() {
        schema::check(kind, object, &mut causes);
        return settle(kind, name, &causes);
    }
    if kind.kind == "Node" {
        for taint in list(&object["spec"]["taints"]) {
            let effect = taint["effect"].as_str().unwrap_or_default();
            if !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) {
                causes.push(("metadata.taints[0].effect".to_owned(), "FieldValueNotSupported", format!("Unsupported value: {effect:?}: supported values: \"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\"")));
            }
        }
    }
    workload(kind, old, object, &mut causes);
    if kind.kind == "Secret" {
        secret_of_type(old, object, &mut causes);
    }
    if kind.kind == "Ingress" {
        ingress(object, &mut causes);
    }
    if kind.kind == "Service"
        && list(&object["spec"]["ports"]).is_empty()
        && object["spec"]["type"] != "ExternalName"
        && object["spec"]["clusterIP"] != "None"
    {
        causes.push(("spec.ports".to_owned(), "FieldValueRequired", "Required value".to_owned()));
    }
    if let Some(old) = old {
        immutable(kind, old, object, &mut causes);
    }
    settle(kind, name, &causes)
}

fn settle(kind: &Kind, name: &str, causes: &[Cause]) -> Result<(), Refusal> {
    if causes.is_empty() { Ok(()) } else { Err(Refusal::invalid(kind, name, causes)) }
}

fn secret_of_type(old: Option<&Value>, object: &Value, causes: &mut Vec<Cause>) {
    let kind = &object["type"];
    if old.is_some_and(|old| old["type"] != *kind) {
        causes.push((
            "type".to_owned(),
            "FieldValueInvalid",
            format!("Invalid value: {kind}: field is immutable"),
        ));
    }
    let needed: &[&str] = if kind == "kubernetes.io/tls" { &["tls.crt", "tls.key"] } else { &[] };
    for key in needed.iter().filter(|key| object["data"][**key].is_null()) {
        causes.push((format!("data[{key}]"), "FieldValueRequired", "Required value".to_owned()));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn workload(kind: &Kind, old: Option<&Value>, object: &Value, causes: &mut Vec<Cause>) {
    let (pod, at) = match &*kind.kind {
        "Pod" => (&object["spec"], "spec"),
        "Deployment" | "DaemonSet" | "ReplicaSet" | "Job" => {
            (&object["spec"]["template"]["spec"], "spec.template.spec")
        }
        _ => return,
    };
    if list(&pod["containers"]).is_empty() {
        causes.push((format!("{at}.containers"), "FieldValueRequired", "Required value".to_owned()));
    }
    for (index, container) in list(&pod["containers"]).iter().enumerate() {
        for field in ["name", "image"] {
            if container[field].as_str().is_none_or(str::is_empty) {
                causes.push((
                    format!("{at}.containers[{index}].{field}"),
                    "FieldValueRequired",
                    "Required value".to_owned(),
                ));
            }
        }
    }
    if !matches!(&*kind.kind, "Deployment" | "DaemonSet" | "ReplicaSet") {
        return;
    }
    let selector = &object["spec"]["selector"];
    if selector["matchLabels"].as_object().is_none_or(|labels| labels.is_empty())
        && selector["matchExpressions"].is_null()
    {
        causes.push(("spec.selector".to_owned(), "FieldValueRequired", "Required value".to_owned()));
    } else if !selector["matchLabels"].is_null()
        && !super::select::picks(&selector["matchLabels"], &object["spec"]["template"]["metadata"]["labels"])
    {
        causes.push((
            "spec.template.metadata.labels".to_owned(),
            "FieldValueInvalid",
            format!(
                "Invalid value: {}: `selector` does not match template `labels`",
                object["spec"]["template"]["metadata"]["labels"]
            ),
        ));
    }
    if old.is_some_and(|old| old["spec"]["selector"] != *selector) {
        causes.push((
            "spec.selector".to_owned(),
            "FieldValueInvalid",
            format!("Invalid value: {selector}: field is immutable"),
        ));
    }
}

fn ingress(object: &Value, causes: &mut Vec<Cause>) {
    for (index, rule) in list(&object["spec"]["rules"]).iter().enumerate() {
        let host = rule["host"].as_str().unwrap_or_default();
        if !host.is_empty() && !is_subdomain(host.strip_prefix("*.").unwrap_or(host)) {
            causes.push((
                format!("spec.rules[{index}].host"),
                "FieldValueInvalid",
                format!("Invalid value: {host:?}: {SUBDOMAIN}"),
            ));
        }
        for (number, path) in list(&rule["http"]["paths"]).iter().enumerate() {
            let at = format!("spec.rules[{index}].http.paths[{number}]");
            if path["pathType"].is_null() {
                causes.push((
                    format!("{at}.pathType"),
                    "FieldValueRequired",
                    "Required value: pathType must be specified".to_owned(),
                ));
            }
            if path["backend"]["service"]["name"].is_null() {
                causes.push((
                    format!("{at}.backend"),
                    "FieldValueRequired",
                    "Required value: a service or resource is required".to_owned(),
                ));
            }
        }
    }
    if list(&object["spec"]["rules"]).is_empty() && object["spec"]["defaultBackend"].is_null() {
        causes.push((
            "spec".to_owned(),
            "FieldValueInvalid",
            "Invalid value: []: either `defaultBackend` or `rules` must be specified".to_owned(),
        ));
    }
}

fn immutable(kind: &Kind, old: &Value, object: &Value, causes: &mut Vec<Cause>) {
    let mut fixed = |field: &str, changed: bool| {
        if changed {
            causes.push((
                field.to_owned(),
                "FieldValueInvalid",
                "Invalid value: field is immutable".to_owned(),
            ));
        }
    };
    match &*kind.kind {
        "Secret" => {
            fixed("data", old["immutable"] == true && old["data"] != object["data"]);
        }
        "Job" => fixed("spec.template", old["spec"]["template"] != object["spec"]["template"]),
        "Service" => fixed(
            "spec.clusterIPs[0]",
            old["spec"]["clusterIP"].is_string() && old["spec"]["clusterIP"] != object["spec"]["clusterIP"],
        ),
        "IngressClass" => fixed("spec.controller", old["spec"]["controller"] != object["spec"]["controller"]),
        _ => {}
    }
}

/// Fills in what the real server fills in.
pub fn fill(kind: &Kind, object: &mut Value) {
    if kind.is_custom() {
        return;
    }
    match &*kind.kind {
        "Pod" => pod(&mut object["spec"]),
        "Deployment" => {
            let spec = &mut object["spec"];
            set(spec, "replicas", json!(1));
            set(spec, "revisionHistoryLimit", json!(10));
            set(spec, "progressDeadlineSeconds", json!(600));
            set(
                spec,
                "strategy",
                json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}),
            );
            pod(&mut spec["template"]["spec"]);
        }
        "ReplicaSet" => {
            set(&mut object["spec"], "replicas", json!(1));
            pod(&mut object["spec"]["template"]["spec"]);
        }
        "DaemonSet" => {
            set(
                &mut object["spec"],
                "updateStrategy",
                json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}),
            );
            pod(&mut object["spec"]["template"]["spec"]);
        }
        "Job" => {
            for (field, value) in [("backoffLimit", 6), ("completions", 1), ("parallelism", 1)] {
                set(&mut object["spec"], field, json!(value));
            }
            pod(&mut object["spec"]["template"]["spec"]);
        }
        "Service" => service(&mut object["spec"]),
        "Secret" => secret(object),
        "Namespace" => {
            let name = object["metadata"]["name"].clone();
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
            set(&mut object["spec"], "finalizers", json!(["kubernetes"]));
            set(&mut object["status"], "phase", json!("Active"));
        }
        _ => {}
    }
}

fn set(target: &mut Value, field: &str, value: Value) {
    if target.is_null() {
        *target = json!({});
    }
    if let Some(map) = target.as_object_mut() {
        map.entry(field).or_insert(value);
    }
}

fn pod(spec: &mut Value) {
    if !spec.is_object() {
        return;
    }
    for (field, value) in [
        ("restartPolicy", json!("Always")),
        ("dnsPolicy", json!("ClusterFirst")),
        ("schedulerName", json!("default-scheduler")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("securityContext", json!({})),
    ] {
        set(spec, field, value);
    }
    for container in ["containers", "initContainers"]
        .iter()
        .filter_map(|field| spec.get(field).map(|_| *field))
        .collect::<Vec<_>>()
    {
        for container in spec[container].as_array_mut().into_iter().flatten() {
            let image = container["image"].as_str().unwrap_or_default();
            let moving = image.ends_with(":latest")
                || !image.rsplit('/').next().unwrap_or_default().contains([':', '@']);
            set(container, "imagePullPolicy", json!(if moving { "Always" } else { "IfNotPresent" }));
            set(container, "terminationMessagePath", json!("/dev/termination-log"));
            set(container, "terminationMessagePolicy", json!("File"));
            set(container, "resources", json!({}));
            for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
                set(port, "protocol", json!("TCP"));
            }
        }
    }
}

fn service(spec: &mut Value) {
    set(spec, "type", json!("ClusterIP"));
    set(spec, "sessionAffinity", json!("None"));
    set(spec, "internalTrafficPolicy", json!("Cluster"));
    if spec["type"] == "LoadBalancer" || spec["type"] == "NodePort" {
        set(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if spec["type"] == "LoadBalancer" {
        set(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        set(port, "protocol", json!("TCP"));
        let number = port["port"].clone();
        set(port, "targetPort", number);
    }
}

fn secret(object: &mut Value) {
    set(object, "type", json!("Opaque"));
    let Some(Value::Object(plain)) = object.as_object_mut().and_then(|map| map.remove("stringData")) else {
        return;
    };
    for (key, value) in plain {
        let text = value.as_str().unwrap_or_default();
        object["data"][key.as_str()] = json!(base64::engine::general_purpose::STANDARD.encode(text));
    }
}
