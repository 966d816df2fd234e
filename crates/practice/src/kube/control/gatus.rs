//! The pods that run Gatus: each asks its questions once a minute, by practice's clock, and keeps the answers.
//!
//! Nothing of Gatus runs; what it would be answered is what the data path answers from inside the cluster, or the edge to a
//! visitor. With a clock that is held, the minutes that a test passes over are asked about as things are then; the machine's
//! own clock also runs on while the computer sleeps, and nobody asks then.

use super::{Pass, is_true, items, namespace, uid};
use crate::http::HangUp;
use crate::kube::gatus::{Answer, Config, Question, runs_in, volume_of};
use crate::kube::store::Key;
use crate::{edge, ingress};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::response::Response;
use serde_json::Value;
use std::time::Duration;

const EVERY_MS: i64 = 60_000;

pub fn reconcile(pass: &mut Pass<'_>) {
    let pods = pass.list("pods");
    let mut asks = false;
    for pod in pods.iter().filter(|pod| runs_in(pod) && is_true(pod, "Ready")) {
        let Some(volume) = volume_of(pass.store, pod) else { continue };
        let Some(config) = config(pass, pod) else { continue };
        let now = pass.homelab.clock.now();
        let due = due(pass, &volume, uid(pod), now);
        if !due.is_empty() {
            let answers: Vec<(String, Answer)> =
                config.endpoints.iter().map(|question| (question.key(), ask(pass, question))).collect();
            let mut volumes = pass.cluster.gatus.lock();
            let seen = volumes.entry(volume).or_default();
            seen.pod = uid(pod).to_owned();
            for at in &due {
                seen.asked = *at;
                seen.count += 1;
                for (key, answer) in &answers {
                    seen.answers.entry(key.clone()).or_default().push(Answer { at: *at, ..answer.clone() });
                }
            }
            // Of what it is not told to ask any more, it forgets the answers.
            seen.answers.retain(|key, _| answers.iter().any(|(asked, _)| asked == key));
            let most = config.storage.maximum_number_of_results;
            seen.answers.values_mut().for_each(|all| drop(all.drain(..all.len().saturating_sub(most))));
        }
        asks = true;
    }
    forget(pass);
    // Nobody wakes anybody when a minute is over.
    let wait = Duration::from_millis(EVERY_MS.unsigned_abs());
    if asks && pass.timers.over("gatus", wait) {
        pass.timers.forget("gatus");
        pass.timers.over("gatus", wait);
    }
}

/// The instants since the last question at which it was time for another one.
fn due(pass: &Pass<'_>, volume: &str, pod: &str, now: i64) -> Vec<i64> {
    let volumes = pass.cluster.gatus.lock();
    let Some(seen) = volumes.get(volume).filter(|seen| seen.pod == pod) else { return vec![now] };
    let held = pass.homelab.clock.watch().is_some();
    let mut all: Vec<i64> =
        (1..).map(|turn| seen.asked + turn * EVERY_MS).take_while(|at| *at <= now).collect();
    if !held && !all.is_empty() {
        all = vec![now];
    }
    all
}

fn config(pass: &Pass<'_>, pod: &Value) -> Option<Config> {
    let maps =
        items(&pod["spec"]["volumes"]).iter().filter_map(|volume| volume["configMap"]["name"].as_str());
    maps.into_iter().find_map(|map| {
        let map = pass.store.get(&Key::namespaced("configmaps", namespace(pod), map))?;
        serde_saphyr::from_str(map["data"]["config.yaml"].as_str()?).ok()
    })
}

/// What lay on volumes that are gone is gone.
fn forget(pass: &Pass<'_>) {
    let claims = pass.list("persistentvolumeclaims");
    pass.cluster.gatus.lock().retain(|volume, _| claims.iter().any(|claim| uid(claim) == volume));
}

fn ask(pass: &Pass<'_>, question: &Question) -> Answer {
    let (scheme, rest) = question.url.split_once("://").unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    let inside = host.strip_suffix(".svc.cluster.local").and_then(|name| name.split_once('.'));
    let (status, connected) = match (scheme, inside) {
        ("tcp", Some((service, namespace))) => (None, ingress::is_served(pass.cluster, namespace, service)),
        (_, Some((service, namespace))) => {
            let asked = request(question, authority);
            let answer = ingress::inside(pass.cluster, namespace, service, &asked, scheme == "https");
            (answer.as_ref().map(status), answer.is_some())
        }
        (_, None) => {
            let internet = pass.homelab.read(|state| state.internet);
            let answer =
                internet.then(|| edge::visit(&pass.homelab.cloud, pass.homelab, request(question, host)));
            // Where the edge has no certificate for the name, it hangs up.
            let answer = answer.filter(|answer| answer.extensions().get::<HangUp>().is_none());
            (answer.as_ref().map(status), answer.is_some())
        }
    };
    let holds = |condition: &String| match condition.as_str() {
        "[CONNECTED] == true" => connected,
        "[STATUS] < 500" => status.unwrap_or(0) < 500,
        _ => false,
    };
    let error = (!connected && scheme != "tcp").then(|| {
        let why = if inside.is_some() { "connect: connection refused" } else { "i/o timeout" };
        format!("Get {:?}: dial tcp {host}: {why}", question.url)
    });
    Answer {
        at: 0,
        status,
        connected,
        error,
        hostname: host.to_owned(),
        success: question.conditions.iter().all(holds),
    }
}

fn status(response: &Response) -> u16 {
    response.status().as_u16()
}

fn request(question: &Question, address: &str) -> Request {
    let host = question.headers.get("Host").map_or(address, String::as_str);
    let mut request = Request::new(Body::empty());
    if let Ok(host) = host.parse() {
        request.headers_mut().insert(header::HOST, host);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::control::bench::Bench;
    use serde_json::json;

    const CONFIG: &str = r#"{"endpoints": [
        {"group": "inside", "name": "web", "url": "http://web.default.svc.cluster.local/",
         "conditions": ["[CONNECTED] == true", "[STATUS] < 500"]}
    ], "storage": {"type": "sqlite", "maximum-number-of-results": 5}}"#;

    fn deployment(name: &str, image: &str, volumes: &Value) -> Value {
        let labels = json!({"app": name});
        let containers = json!([{"name": name, "image": image}]);
        let spec = json!({
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers, "volumes": volumes}},
        });
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec})
    }

    fn claim() -> Value {
        let spec = json!({
            "accessModes": ["ReadWriteOnce"], "storageClassName": "local-path",
            "resources": {"requests": {"storage": "1Gi"}},
        });
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "seen"}, "spec": spec})
    }

    fn with_gatus() -> Bench {
        let mut bench = Bench::new();
        let ports = json!([{"port": 80, "protocol": "TCP", "targetPort": 80}]);
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
            "spec": {"type": "ClusterIP", "selector": {"app": "web"}, "ports": ports},
        });
        bench.put("services", "default", service);
        bench.put("deployments.apps", "default", deployment("web", "echo:1", &json!([])));
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "gatus"}, "data": {"config.yaml": CONFIG},
        });
        bench.put("configmaps", "default", map);
        bench.put("persistentvolumeclaims", "default", claim());
        let volumes = json!([
            {"name": "config", "configMap": {"name": "gatus"}},
            {"name": "data", "persistentVolumeClaim": {"claimName": "seen"}},
        ]);
        bench.put("deployments.apps", "default", deployment("gatus", "twin/gatus:v5", &volumes));
        bench.settle();
        bench
    }

    /// Each answer: after how many seconds, and whether it was one.
    fn seen(bench: &Bench, since: i64) -> Vec<(i64, bool)> {
        let volumes = bench.cluster.gatus.lock();
        let answers = volumes.values().flat_map(|seen| seen.answers.get("inside_web")).flatten();
        answers.map(|answer| ((answer.at - since) / 1_000, answer.success)).collect()
    }

    fn pass_minutes(bench: &mut Bench, minutes: i64) {
        bench.homelab.clock.advance(minutes * EVERY_MS);
        bench.settle();
    }

    #[test]
    fn it_asks_every_minute_and_keeps_what_it_saw_with_its_volume() {
        let mut bench = with_gatus();
        let start = bench.homelab.clock.now();
        assert_eq!(seen(&bench, start), [(0, true)]);
        pass_minutes(&mut bench, 1);
        bench.edit("deployments.apps", "default", "web", |one| one["spec"]["replicas"] = json!(0));
        bench.settle();
        pass_minutes(&mut bench, 2);
        let after = [(0, true), (60, true), (120, false), (180, false)];
        assert_eq!(seen(&bench, start), after);
        // Another pod goes on where that one was, and asks at once.
        bench.edit("deployments.apps", "default", "gatus", |one| one["spec"]["replicas"] = json!(0));
        bench.settle();
        pass_minutes(&mut bench, 1);
        assert_eq!(seen(&bench, start), after, "nobody asks");
        bench.edit("deployments.apps", "default", "gatus", |one| one["spec"]["replicas"] = json!(1));
        bench.settle();
        assert_eq!(seen(&bench, start).last(), Some(&(240, false)));
        pass_minutes(&mut bench, 2);
        assert_eq!(seen(&bench, start).first(), Some(&(120, false)), "five are kept");
    }

    #[test]
    fn without_its_volume_it_does_not_start_and_has_seen_nothing() {
        let mut bench = with_gatus();
        let start = bench.homelab.clock.now();
        bench.cluster.store.remove(&Key::namespaced("persistentvolumeclaims", "default", "seen"));
        bench.settle();
        assert_eq!(seen(&bench, start), []);
        bench.edit("deployments.apps", "default", "gatus", |one| one["spec"]["replicas"] = json!(0));
        bench.settle();
        bench.edit("deployments.apps", "default", "gatus", |one| one["spec"]["replicas"] = json!(1));
        bench.settle();
        assert!(!bench.is("deployments.apps", "default", "gatus", "Available"));
        bench.put("persistentvolumeclaims", "default", claim());
        bench.settle();
        assert!(bench.is("deployments.apps", "default", "gatus", "Available"));
    }
}
