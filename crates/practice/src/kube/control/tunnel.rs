//! The pods that run cloudflared: each holds its tunnel open while its machine runs, and is ready for as long as it does.
//!
//! Nothing of cloudflared runs; the account is told who dials with which token, and its answer becomes the pod's readiness
//! and log. A pod that cannot connect is not ready and not restarted, as with a readiness probe on `/ready`.

use super::pods::LOG;
use super::{Pass, is_true, items, name, namespace, set_condition, uid};
use crate::kube::store::{Key, timestamp};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The container of a pod that runs cloudflared.
pub fn container(pod: &Value) -> Option<&Value> {
    let is = |one: &&Value| one["image"].as_str().is_some_and(|image| image.contains("cloudflared"));
    items(&pod["spec"]["containers"]).iter().find(is)
}

/// `alive` is whether the cluster can write down what becomes of its pods.
pub fn reconcile(pass: &mut Pass<'_>, alive: bool) {
    let pods = pass.list("pods");
    let tunnels: Vec<_> = pods.iter().filter(|pod| container(pod).is_some()).collect();
    let id = pass.cluster.id;
    let (internet, hosts) = pass.homelab.read(|state| {
        let running = state.machines.iter().filter_map(|machine| machine.running());
        let here = running.filter(|k3s| k3s.cluster == Some(id));
        (state.internet, here.map(|k3s| k3s.node_name.clone()).collect::<BTreeSet<String>>())
    });
    let mut connected = BTreeSet::new();
    for pod in &tunnels {
        let here = pod["spec"]["nodeName"].as_str().is_some_and(|node| hosts.contains(node));
        if pod["status"]["phase"] != "Running" || !here {
            continue;
        }
        let outcome = if internet { dial(pass, pod) } else { Err(OFFLINE.to_owned()) };
        if outcome.is_ok() {
            connected.insert(uid(pod).to_owned());
        }
        if alive {
            tell(pass, pod, &outcome);
        }
    }
    for gone in pass.timers.connectors.difference(&connected) {
        pass.homelab.cloud.connector_down(gone);
    }
    pass.timers.connectors = connected;
    // What becomes of a tunnel at Cloudflare wakes nobody here.
    if !tunnels.is_empty() && pass.timers.over("tunnels", pass.homelab.pace.node_lost) {
        pass.timers.forget("tunnels");
        pass.timers.over("tunnels", pass.homelab.pace.node_lost);
    }
}

const OFFLINE: &str = "edge discovery: error looking up Cloudflare edge IPs: the DNS query failed error=\"lookup _v2-origintunneld._tcp.argotunnel.com on 10.43.0.10:53: server misbehaving\"";

fn dial(pass: &Pass<'_>, pod: &Value) -> Result<String, String> {
    let token =
        container(pod).and_then(|container| token(pass, namespace(pod), container)).unwrap_or_default();
    pass.homelab.cloud.connector_up(&token, uid(pod))
}

/// `TUNNEL_TOKEN` of a container, given there or in a Secret.
fn token(pass: &Pass<'_>, space: &str, container: &Value) -> Option<String> {
    let entry = items(&container["env"]).iter().find(|entry| entry["name"] == "TUNNEL_TOKEN")?;
    if let Some(plain) = entry["value"].as_str() {
        return Some(plain.to_owned());
    }
    let reference = &entry["valueFrom"]["secretKeyRef"];
    let secret = pass.store.get(&Key::namespaced("secrets", space, reference["name"].as_str()?))?;
    let bytes = STANDARD.decode(secret["data"][reference["key"].as_str()?].as_str()?).ok()?;
    String::from_utf8(bytes).ok()
}

fn tell(pass: &Pass<'_>, pod: &Value, outcome: &Result<String, String>) {
    let key = Key::namespaced("pods", namespace(pod), name(pod));
    let log = pod["metadata"]["annotations"][LOG].as_str().unwrap_or_default();
    let (ready, lines) = match outcome {
        Ok(tunnel) => {
            let registered = (0..4).map(|index| {
                format!("INF Registered tunnel connection connIndex={index} event=0 ip=198.41.192.{} location=fra08 protocol=quic", 27 + index)
            });
            let started = format!("INF Starting tunnel tunnelID={tunnel}");
            (true, std::iter::once(started).chain(registered).collect())
        }
        Err(why) if why.starts_with("Unauthorized") => {
            let line = format!(
                "ERR Register tunnel error from server side error={why:?} connIndex=0 event=0 ip=198.41.192.27"
            );
            (false, vec![line])
        }
        Err(why) => (false, vec![format!("ERR {why}")]),
    };
    // A state that lasts says its words once.
    if ready == is_true(pod, "Ready")
        && lines.last().is_none_or(|last| log.trim_end().ends_with(last.as_str()))
    {
        return;
    }
    let now = timestamp();
    let said: String = lines.iter().map(|line| format!("{now} {line}\n")).collect();
    let log = format!("{log}{said}");
    pass.store.edit(&key, "k3s", None, |pod| pod["metadata"]["annotations"][LOG] = json!(log));
    pass.status(&key, "k3s", |pod| {
        let (status, reason) = if ready { ("True", "") } else { ("False", "ContainersNotReady") };
        let why = if ready { "" } else { "containers with unready status: [cloudflared]" };
        for kind in ["ContainersReady", "Ready"] {
            set_condition(pod, kind, status, reason, why);
        }
        for container in pod["status"]["containerStatuses"].as_array_mut().into_iter().flatten() {
            container["ready"] = json!(ready);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudflare::{ACCOUNT_ID, PORTICO_TOKEN};
    use crate::kube::control::bench::Bench;
    use crate::kube::control::pods;
    use tower::ServiceExt;

    fn with_cloudflared(token: Option<&str>) -> Bench {
        let mut bench = Bench::new();
        if let Some(token) = token {
            give(&mut bench, token);
        }
        let env = json!([{"name": "TUNNEL_TOKEN", "valueFrom": {"secretKeyRef": {"name": "tunnel-token", "key": "token"}}}]);
        let container =
            json!({"name": "cloudflared", "image": "cloudflare/cloudflared:2026.8.2", "env": env});
        let template =
            json!({"metadata": {"labels": {"app": "cloudflared"}}, "spec": {"containers": [container]}});
        let spec =
            json!({"replicas": 1, "selector": {"matchLabels": {"app": "cloudflared"}}, "template": template});
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "cloudflared"}, "spec": spec});
        bench.put("deployments.apps", "default", object);
        bench
    }

    fn give(bench: &mut Bench, token: &str) {
        let data = json!({"token": STANDARD.encode(token)});
        bench.put(
            "secrets",
            "default",
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tunnel-token"}, "data": data}),
        );
    }

    fn pod(bench: &Bench) -> Value {
        let pods = bench.list("pods");
        (**pods.iter().find(|pod| container(pod).is_some()).expect("a cloudflared")).clone()
    }

    #[test]
    fn a_pod_without_its_secret_waits_and_one_with_a_bad_token_runs_unready() {
        let mut bench = with_cloudflared(None);
        let waiting = pod(&bench)["status"]["containerStatuses"][0]["state"]["waiting"].clone();
        assert_eq!(
            waiting,
            json!({"reason": "CreateContainerConfigError", "message": "secret \"tunnel-token\" not found"})
        );
        give(&mut bench, "nonsense");
        let found = pod(&bench);
        assert_eq!((&found["status"]["phase"], is_true(&found, "Ready")), (&json!("Running"), false));
        let log = pods::log(&found).expect("it runs");
        assert!(log.contains("ERR Provided Tunnel token is not valid."), "{log}");
        assert!(!bench.is("deployments.apps", "default", "cloudflared", "Available"));
        assert_eq!(found["status"]["containerStatuses"][0]["restartCount"], 0);
    }

    /// One call of Cloudflare's API with a token that may do everything; the result.
    async fn call(bench: &Bench, method: &str, path: &str, body: &Value) -> Value {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(format!("/client/v4/accounts/{ACCOUNT_ID}/cfd_tunnel{path}"))
            .header("authorization", format!("Bearer {PORTICO_TOKEN}"))
            .body(axum::body::Body::from(body.to_string()))
            .expect("a request");
        let Ok(response) = bench.homelab.cloud.router().oneshot(request).await;
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        serde_json::from_slice::<Value>(&bytes).expect("JSON")["result"].clone()
    }

    #[tokio::test]
    async fn a_tunnel_is_open_while_pod_machine_and_internet_are_there() {
        let mut bench = with_cloudflared(None);
        let made = call(&bench, "POST", "", &json!({"name": "home", "config_src": "cloudflare"})).await;
        let path = format!("/{}", made["id"].as_str().expect("an id"));
        give(&mut bench, made["token"].as_str().expect("a token"));
        let status = async |bench: &Bench| call(bench, "GET", &path, &Value::Null).await["status"].clone();
        assert!(
            is_true(&pod(&bench), "Ready")
                && bench.is("deployments.apps", "default", "cloudflared", "Available")
        );
        assert_eq!(status(&bench).await, "healthy");
        let log = pods::log(&pod(&bench)).expect("it runs");
        assert_eq!(log.matches("Registered tunnel connection").count(), 4, "{log}");

        bench.homelab.set_internet(false);
        bench.settle();
        assert_eq!(status(&bench).await, "down");
        let found = pod(&bench);
        assert!(!is_true(&found, "Ready") && found["status"]["containerStatuses"][0]["restartCount"] == 0);
        assert!(pods::log(&found).expect("it runs").contains("edge discovery: error looking up"));
        bench.homelab.set_internet(true);
        bench.settle();
        assert_eq!(status(&bench).await, "healthy");

        bench.edit("deployments.apps", "default", "cloudflared", |one| one["spec"]["replicas"] = json!(0));
        assert_eq!(status(&bench).await, "down");
        bench.edit("deployments.apps", "default", "cloudflared", |one| one["spec"]["replicas"] = json!(1));
        assert_eq!(status(&bench).await, "healthy");
        bench.homelab.cut_power("pi-1").expect("pi-1 exists");
        bench.settle();
        assert_eq!(status(&bench).await, "down", "nobody is left to say so in the cluster");
    }
}
