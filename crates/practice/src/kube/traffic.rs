//! What ingress controllers and cloudflared count, and how they tell it: Prometheus' text at `/metrics`.
//!
//! Counters belong to a pod and begin anew with it. Deliberately absent: histograms, sizes, and every other metric of the
//! programs but one that says who they are.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// By the pod's uid: the labels of a series as they are written, and its number.
type Counters = BTreeMap<String, BTreeMap<String, u64>>;

#[derive(Default)]
pub struct Traffic(Mutex<Counters>);

/// A request that a controller answered by one of its rules.
pub struct Served<'a> {
    pub ingress: &'a Value,
    pub host: &'a str,
    pub service: &'a str,
    /// As the Ingress has it, with a number or a name.
    pub port: &'a Value,
    pub method: &'a str,
    pub status: u16,
    /// Whether it came over TLS.
    pub secure: bool,
    /// The controller sent the visitor elsewhere itself, so that the service never heard of it.
    pub redirected: bool,
}

impl Traffic {
    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, pod: &Value, series: impl IntoIterator<Item = String>) {
        let uid = pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        let mut counters = self.counters();
        let of_pod = counters.entry(uid).or_default();
        for each in series {
            *of_pod.entry(each).or_default() += 1;
        }
    }

    /// What a pod of ingress-nginx or Traefik counts.
    pub fn served(&self, pod: &Value, request: &Served<'_>) {
        let Served { ingress, host, service, port, method, status, secure, redirected } = request;
        let text = |field: &str| ingress["metadata"][field].as_str().unwrap_or_default();
        let (namespace, name) = (text("namespace"), text("name"));
        let series = if is(pod, "traefik") {
            let entrypoint = if *secure { "websecure" } else { "web" };
            let rest = format!("method=\"{method}\",protocol=\"http\"");
            let port = port["name"].as_str().map_or_else(|| port["number"].to_string(), str::to_owned);
            let entered = format!(
                "traefik_entrypoint_requests_total{{code=\"{status}\",entrypoint=\"{entrypoint}\",{rest}}}"
            );
            let served = format!(
                "traefik_service_requests_total{{code=\"{status}\",{rest},service=\"{namespace}-{name}-{service}-{port}@kubernetesingressnginx\"}}"
            );
            std::iter::once(entered).chain((!redirected).then_some(served)).collect()
        } else {
            vec![format!(
                "nginx_ingress_controller_requests{{canary=\"\",controller_class=\"k8s.io/ingress-nginx\",controller_namespace=\"{}\",controller_pod=\"{}\",host=\"{host}\",ingress=\"{name}\",method=\"{method}\",namespace=\"{namespace}\",path=\"/\",service=\"{service}\",status=\"{status}\"}}",
                pod["metadata"]["namespace"].as_str().unwrap_or_default(),
                pod["metadata"]["name"].as_str().unwrap_or_default(),
            )]
        };
        self.count(pod, series);
    }

    /// A request that came through the tunnel.
    pub fn tunnelled(&self, pod: &Value) {
        self.count(pod, ["cloudflared_tunnel_total_requests".to_owned()]);
    }

    /// What the program in a pod answers on a port; `None` where nobody listens.
    pub fn answer(&self, pod: &Value, port: u16, path: &str) -> Option<(u16, String)> {
        let absent = || (404, "404 page not found\n".to_owned());
        let args: Vec<&str> = pod["spec"]["containers"][0]["args"]
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let has = |flag: &str| args.contains(&flag);
        let (own, enabled, head) = if is(pod, "ingress-nginx/controller") {
            let head = "# HELP nginx_ingress_controller_build_info A metric with a constant '1' labeled with information about the build.\n# TYPE nginx_ingress_controller_build_info gauge\nnginx_ingress_controller_build_info{build=\"practice\",release=\"practice\",repository=\"practice\"} 1\n";
            (10254, has("--enable-metrics=true"), head)
        } else if is(pod, "traefik") {
            let head = "# HELP traefik_config_reloads_total Config reloads\n# TYPE traefik_config_reloads_total counter\ntraefik_config_reloads_total 1\n";
            if !has("--metrics.prometheus=true") {
                return None;
            }
            (9100, true, head)
        } else if is(pod, "cloudflared") {
            let given = args.iter().position(|arg| *arg == "--metrics").and_then(|at| args.get(at + 1));
            let given = given.and_then(|address| address.rsplit_once(':')?.1.parse().ok());
            let head = "# HELP cloudflared_tunnel_total_requests Amount of requests proxied through all the tunnels\n# TYPE cloudflared_tunnel_total_requests counter\n";
            (given.unwrap_or(20241), true, head)
        } else {
            return None;
        };
        if port != own {
            return None;
        }
        if !enabled || path != "/metrics" {
            return Some(absent());
        }
        let mut text = head.to_owned();
        let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
        let counted = self.counters().get(uid).cloned().unwrap_or_default();
        if is(pod, "cloudflared") && counted.is_empty() {
            text.push_str("cloudflared_tunnel_total_requests 0\n");
        }
        for (series, number) in counted {
            let _ = writeln!(text, "{series} {number}");
        }
        Some((200, text))
    }
}

fn is(pod: &Value, image: &str) -> bool {
    pod["spec"]["containers"][0]["image"].as_str().is_some_and(|found| found.contains(image))
}
