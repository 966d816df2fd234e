//! How many requests go through: counters of the ingress controller and of cloudflared, two readings of which make a rate.
//!
//! A rate is only told of what was counted twice. A counter that fell has begun anew, a pod that was not there before says
//! nothing yet, and what Portico asked itself while it looked is taken off. Reading the counters is `engine`'s.

mod text;

use crate::exposure::{Exposure, Tls};
use crate::stack::{CLOUDFLARED_METRICS, CLOUDFLARED_NAMESPACE, IngressController};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use text::{has_family, series};
use ts_rs::TS;

/// Between two readings, ms: a controller of many names tells megabytes.
pub const READ_EVERY_MS: i64 = 10_000;

/// Requests per second, as they were on the average up to an instant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    pub per_second: f64,
    /// Unix ms of the later reading.
    #[ts(type = "number")]
    pub at: i64,
}

/// Who counts requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    Controller(IngressController),
    Cloudflared,
}

/// Where the pods of a counter are, and the port at which they tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub namespace: &'static str,
    /// A label selector.
    pub pods: &'static str,
    pub port: u16,
}

/// What one pod has counted since it began.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Count {
    pub all: f64,
    /// By what a controller calls a service, see [`called`]; who is not there has had no request.
    pub services: BTreeMap<String, f64>,
}

/// By the uid of the pod.
pub type Counts = BTreeMap<String, Count>;

/// Everything that was counted up to one instant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Unix ms.
    pub at: i64,
    pub controller: Counts,
    pub tunnel: Counts,
}

/// What Portico itself asked between two readings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnRequests {
    pub hosts: BTreeMap<String, u64>,
    /// Those of them that went through the tunnel.
    pub tunnel: u64,
}

/// What is known of the traffic; what is not known is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rates {
    pub controller: Option<Rate>,
    pub tunnel: Option<Rate>,
    /// Requests per second by what the controller calls a service, Portico's own among them.
    services: BTreeMap<String, f64>,
    /// Those of Portico itself, by hostname.
    own: BTreeMap<String, f64>,
}

impl Counter {
    pub fn place(self) -> Place {
        match self {
            Self::Controller(IngressController::Nginx) => Place {
                namespace: "ingress-nginx",
                pods: "app.kubernetes.io/name=ingress-nginx,app.kubernetes.io/component=controller",
                port: 10254,
            },
            Self::Controller(IngressController::Traefik) => {
                Place { namespace: "kube-system", pods: "app.kubernetes.io/name=traefik", port: 9100 }
            }
            Self::Cloudflared => Place {
                namespace: CLOUDFLARED_NAMESPACE,
                pods: "app.kubernetes.io/name=cloudflared",
                port: CLOUDFLARED_METRICS,
            },
        }
    }

    /// What a pod tells in the text format of Prometheus; `None` where it does not count.
    pub fn read(self, text: &str) -> Option<Count> {
        match self {
            Self::Controller(IngressController::Nginx) => {
                has_family(text, "nginx_ingress_controller_").then(|| {
                    let services = by(text, "nginx_ingress_controller_requests", "host");
                    Count { all: services.values().sum(), services }
                })
            }
            // The entry points are those of visitors and its own; what is redirected there reaches no service.
            Self::Controller(IngressController::Traefik) => has_family(text, "traefik_").then(|| {
                let own = |name: &String| name == "traefik" || name == "metrics";
                let all = by(text, "traefik_entrypoint_requests_total", "entrypoint");
                Count {
                    all: all.iter().filter(|(name, _)| !own(name)).map(|(_, count)| count).sum(),
                    services: by(text, "traefik_service_requests_total", "service"),
                }
            }),
            Self::Cloudflared => {
                let mut told = series(text, "cloudflared_tunnel_total_requests").peekable();
                told.peek()?;
                Some(Count { all: told.map(|one| one.value).sum(), services: BTreeMap::new() })
            }
        }
    }
}

/// What a controller calls an exposure where it counts.
fn called(exposure: &Exposure, by: IngressController) -> String {
    match by {
        IngressController::Nginx => exposure.hostname.to_string(),
        // As its provider for the Ingresses of ingress-nginx makes it.
        IngressController::Traefik => {
            let (service, port) = exposure.service();
            let (namespace, name) = (exposure.namespace(), &exposure.name);
            format!("{namespace}-{name}-{service}-{port}@kubernetesingressnginx")
        }
    }
}

/// The sums of a metric's series, by one of their labels.
fn by(text: &str, metric: &str, label: &str) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for mut one in series(text, metric) {
        *sums.entry(one.labels.remove(label).unwrap_or_default()).or_default() += one.value;
    }
    sums
}

impl Rates {
    /// What went on from one reading to the next.
    pub fn between(earlier: &Reading, later: &Reading, own: &OwnRequests) -> Self {
        let seconds = (later.at - earlier.at) as f64 / 1000.0;
        if seconds <= 0.0 {
            return Self::default();
        }
        let rate = |requests: f64, own: u64| Rate {
            per_second: (requests - own as f64).max(0.0) / seconds,
            at: later.at,
        };
        let controller = grown(&earlier.controller, &later.controller);
        let tunnel = grown(&earlier.tunnel, &later.tunnel);
        Self {
            controller: controller.as_ref().map(|grown| rate(grown.all, own.hosts.values().sum())),
            tunnel: tunnel.map(|grown| rate(grown.all, own.tunnel)),
            services: controller
                .into_iter()
                .flat_map(|grown| grown.services)
                .map(|(service, grown)| (service, grown / seconds))
                .collect(),
            own: own.hosts.iter().map(|(host, times)| (host.clone(), *times as f64 / seconds)).collect(),
        }
    }

    /// Of one exposure at its controller. What is passed through unread has no requests that could be counted.
    pub fn of(&self, exposure: &Exposure, controller: IngressController) -> Option<Rate> {
        let at = self.controller.filter(|_| exposure.tls == Tls::Terminated)?.at;
        let counted = self.services.get(&called(exposure, controller)).copied().unwrap_or_default();
        let own = self.own.get(exposure.hostname.as_str()).copied().unwrap_or_default();
        Some(Rate { per_second: (counted - own).max(0.0), at })
    }
}

/// By how much the pods that were read twice have counted on. `None` when there is none.
fn grown(earlier: &Counts, later: &Counts) -> Option<Count> {
    let mut both = later.iter().filter_map(|(pod, now)| Some((earlier.get(pod)?, now))).peekable();
    both.peek()?;
    let mut sum = Count::default();
    for (then, now) in both {
        // A process that began anew, in the same pod, counts from nothing.
        let anew = now.all < then.all;
        let since = |then: f64, now: f64| if anew || now < then { now } else { now - then };
        sum.all += since(then.all, now.all);
        for (service, count) in &now.services {
            let known = then.services.get(service).copied().unwrap_or_default();
            *sum.services.entry(service.clone()).or_default() += since(known, *count);
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn count(services: &[(&str, f64)]) -> Count {
        let services: BTreeMap<String, f64> = services.iter().map(|(name, n)| ((*name).into(), *n)).collect();
        Count { all: services.values().sum(), services }
    }

    fn exposure(tls: &str) -> Exposure {
        serde_json::from_value(json!({
            "name": "echo", "hostname": "a.test", "reach": "lan", "tls": tls, "backend": {"kind": "echo", "image": "echo:1"},
        }))
        .expect("an exposure")
    }

    fn of_a(rates: &Rates) -> Option<f64> {
        rates.of(&exposure("terminated"), IngressController::Nginx).map(|rate| rate.per_second)
    }

    fn reading(at: i64, pods: &[(&str, Count)]) -> Reading {
        let controller = pods.iter().map(|(pod, count)| ((*pod).into(), count.clone())).collect();
        Reading { at, controller, ..Reading::default() }
    }

    #[test]
    fn what_each_program_tells() {
        let nginx = "nginx_ingress_controller_requests{host=\"a.test\",status=\"200\"} 7\n\
                     nginx_ingress_controller_requests{host=\"a.test\",status=\"404\"} 2\n\
                     nginx_ingress_controller_requests{host=\"b.test\",status=\"200\"} 1\n\
                     nginx_ingress_controller_request_duration_seconds_count{host=\"a.test\"} 9\n";
        let controller = Counter::Controller(IngressController::Nginx);
        assert_eq!(controller.read(nginx), Some(count(&[("a.test", 9.0), ("b.test", 1.0)])));
        // Before its first request it only tells of itself.
        let idle = "nginx_ingress_controller_nginx_process_requests_total 1\n";
        assert_eq!(controller.read(idle), Some(count(&[])));
        assert_eq!(controller.read("go_goroutines 9\n"), None);

        let traefik = "traefik_entrypoint_requests_total{code=\"200\",entrypoint=\"web\"} 4\n\
                       traefik_entrypoint_requests_total{code=\"200\",entrypoint=\"websecure\"} 5\n\
                       traefik_entrypoint_requests_total{code=\"200\",entrypoint=\"metrics\"} 99\n\
                       traefik_service_requests_total{code=\"200\",service=\"apps-echo-echo-80@kubernetesingressnginx\"} 4\n\
                       traefik_service_requests_total{code=\"502\",service=\"apps-echo-echo-80@kubernetesingressnginx\"} 1\n";
        let counted = Counter::Controller(IngressController::Traefik).read(traefik);
        let name = called(&exposure("terminated"), IngressController::Traefik);
        assert_eq!(counted, Some(Count { all: 9.0, services: BTreeMap::from([(name, 5.0)]) }));

        let cloudflared = Counter::Cloudflared.read("cloudflared_tunnel_total_requests 12\n");
        assert_eq!(cloudflared, Some(Count { all: 12.0, services: BTreeMap::new() }));
        assert_eq!(Counter::Cloudflared.read("go_goroutines 9\n"), None);
    }

    #[test]
    fn a_rate_needs_two_readings_of_a_pod_and_minds_what_began_anew() {
        let none = OwnRequests::default();
        type Case = (Vec<(&'static str, Count)>, Vec<(&'static str, Count)>, Option<f64>, Option<f64>);
        let cases: Vec<Case> = vec![
            (vec![], vec![("p", count(&[("a.test", 50.0)]))], None, None),
            (
                vec![("p", count(&[("a.test", 50.0)]))],
                vec![("p", count(&[("a.test", 92.0)]))],
                Some(4.2),
                Some(4.2),
            ),
            // The first request of a name makes its line.
            (vec![("p", count(&[]))], vec![("p", count(&[("a.test", 5.0)]))], Some(0.5), Some(0.5)),
            (
                vec![("p", count(&[("b.test", 1.0)]))],
                vec![("p", count(&[("b.test", 1.0)]))],
                Some(0.0),
                Some(0.0),
            ),
            // The program began anew; a second pod has come.
            (
                vec![("p", count(&[("a.test", 50.0)]))],
                vec![("p", count(&[("a.test", 3.0)]))],
                Some(0.3),
                Some(0.3),
            ),
            (
                vec![("p", count(&[("a.test", 5.0)]))],
                vec![("p", count(&[("a.test", 6.0)])), ("q", count(&[("a.test", 900.0)]))],
                Some(0.1),
                Some(0.1),
            ),
        ];
        for (earlier, later, all, one) in cases {
            let rates = Rates::between(&reading(0, &earlier), &reading(10_000, &later), &none);
            assert_eq!(rates.controller.map(|rate| rate.per_second), all, "{earlier:?} {later:?}");
            assert_eq!(of_a(&rates), one, "{earlier:?} {later:?}");
            assert_eq!(rates.of(&exposure("passthrough"), IngressController::Nginx), None);
        }
        let same = reading(5, &[("p", count(&[]))]);
        assert_eq!(Rates::between(&same, &same, &none), Rates::default());
    }

    #[test]
    fn what_portico_asked_itself_is_taken_off() {
        let own = OwnRequests { hosts: BTreeMap::from([("a.test".into(), 10)]), tunnel: 0 };
        let (earlier, later) = (
            reading(0, &[("p", count(&[("a.test", 0.0)]))]),
            reading(10_000, &[("p", count(&[("a.test", 30.0)]))]),
        );
        let rates = Rates::between(&earlier, &later, &own);
        let a = rates.of(&exposure("terminated"), IngressController::Nginx);
        assert_eq!((a, rates.tunnel), (Some(Rate { per_second: 2.0, at: 10_000 }), None));
        let quiet = reading(10_000, &[("p", count(&[("a.test", 9.0)]))]);
        assert_eq!(of_a(&Rates::between(&earlier, &quiet, &own)), Some(0.0));
    }

    proptest! {
        #[test]
        fn a_rate_is_never_negative(then in 0.0..1e9f64, now in 0.0..1e9f64, own in 0u64..1000, ms in 1i64..1 << 30) {
            let own = OwnRequests { hosts: BTreeMap::from([("a.test".into(), own)]), tunnel: 0 };
            let (earlier, later) = (reading(0, &[("p", count(&[("a.test", then)]))]), reading(ms, &[("p", count(&[("a.test", now)]))]));
            let rate = of_a(&Rates::between(&earlier, &later, &own));
            prop_assert!(rate.is_some_and(|rate| rate >= 0.0 && rate.is_finite()));
        }
    }
}
