//! How many requests go through: counters of the ingress controller and of cloudflared, two readings of which make a rate.
//!
//! A rate is only told of what was counted twice. A counter that fell has begun anew, a pod that was not there before says
//! nothing yet, and what Portico asked itself while it looked is taken off. Reading the counters is `engine`'s.

mod text;

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
    /// By hostname, where it is told; a name that is not there has had no request.
    pub hosts: Option<BTreeMap<String, f64>>,
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
    hosts: Option<BTreeMap<String, Rate>>,
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
                    let mut hosts = BTreeMap::new();
                    for one in series(text, "nginx_ingress_controller_requests") {
                        let host = one.labels.get("host").cloned().unwrap_or_default();
                        *hosts.entry(host).or_default() += one.value;
                    }
                    Count { all: hosts.values().sum(), hosts: Some(hosts) }
                })
            }
            // Its services have names of the provider's making; the entry points are those of visitors and its own.
            Self::Controller(IngressController::Traefik) => has_family(text, "traefik_").then(|| {
                let own = |name: &String| name == "traefik" || name == "metrics";
                let of_visitors = series(text, "traefik_entrypoint_requests_total")
                    .filter(|one| !one.labels.get("entrypoint").is_some_and(own));
                Count { all: of_visitors.map(|one| one.value).sum(), hosts: None }
            }),
            Self::Cloudflared => {
                let mut told = series(text, "cloudflared_tunnel_total_requests").peekable();
                told.peek()?;
                Some(Count { all: told.map(|one| one.value).sum(), hosts: None })
            }
        }
    }
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
        let hosts = controller.as_ref().and_then(|grown| grown.hosts.as_ref());
        Self {
            controller: controller.as_ref().map(|grown| rate(grown.all, own.hosts.values().sum())),
            tunnel: tunnel.map(|grown| rate(grown.all, own.tunnel)),
            hosts: hosts.map(|hosts| {
                let own = |host: &String| own.hosts.get(host).copied().unwrap_or_default();
                hosts.iter().map(|(host, grown)| (host.clone(), rate(*grown, own(host)))).collect()
            }),
        }
    }

    /// Of one name, where names are told apart.
    pub fn of(&self, hostname: &str) -> Option<Rate> {
        let hosts = self.hosts.as_ref()?;
        let none = || self.controller.map(|all| Rate { per_second: 0.0, ..all });
        hosts.get(hostname).copied().or_else(none)
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
        let Some(hosts) = &now.hosts else { continue };
        let known = |host: &String| then.hosts.as_ref().and_then(|hosts| hosts.get(host)).copied();
        let sums = sum.hosts.get_or_insert_default();
        for (host, count) in hosts {
            *sums.entry(host.clone()).or_default() += since(known(host).unwrap_or_default(), *count);
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count(hosts: &[(&str, f64)]) -> Count {
        let hosts: BTreeMap<String, f64> = hosts.iter().map(|(host, n)| ((*host).into(), *n)).collect();
        Count { all: hosts.values().sum(), hosts: Some(hosts) }
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
                       traefik_entrypoint_requests_total{code=\"200\",entrypoint=\"metrics\"} 99\n";
        let count = Counter::Controller(IngressController::Traefik).read(traefik);
        assert_eq!(count, Some(Count { all: 9.0, hosts: None }));

        let cloudflared = Counter::Cloudflared.read("cloudflared_tunnel_total_requests 12\n");
        assert_eq!(cloudflared, Some(Count { all: 12.0, hosts: None }));
        assert_eq!(Counter::Cloudflared.read("go_goroutines 9\n"), None);
    }

    #[test]
    fn a_rate_needs_two_readings_of_a_pod_and_minds_what_began_anew() {
        let none = OwnRequests::default();
        type Case = (Vec<(&'static str, Count)>, Vec<(&'static str, Count)>, Option<f64>, Option<f64>);
        let cases: Vec<Case> = vec![
            (vec![], vec![("p", count(&[("a", 50.0)]))], None, None),
            (vec![("p", count(&[("a", 50.0)]))], vec![("p", count(&[("a", 92.0)]))], Some(4.2), Some(4.2)),
            // The first request of a name makes its line.
            (vec![("p", count(&[]))], vec![("p", count(&[("a", 5.0)]))], Some(0.5), Some(0.5)),
            (vec![("p", count(&[("b", 1.0)]))], vec![("p", count(&[("b", 1.0)]))], Some(0.0), Some(0.0)),
            // The program began anew; a second pod has come.
            (vec![("p", count(&[("a", 50.0)]))], vec![("p", count(&[("a", 3.0)]))], Some(0.3), Some(0.3)),
            (
                vec![("p", count(&[("a", 5.0)]))],
                vec![("p", count(&[("a", 6.0)])), ("q", count(&[("a", 900.0)]))],
                Some(0.1),
                Some(0.1),
            ),
        ];
        for (earlier, later, all, of_a) in cases {
            let rates = Rates::between(&reading(0, &earlier), &reading(10_000, &later), &none);
            assert_eq!(rates.controller.map(|rate| rate.per_second), all, "{earlier:?} {later:?}");
            assert_eq!(rates.of("a").map(|rate| rate.per_second), of_a, "{earlier:?} {later:?}");
        }
        let same = reading(5, &[("p", count(&[]))]);
        assert_eq!(Rates::between(&same, &same, &none), Rates::default());
    }

    #[test]
    fn what_portico_asked_itself_is_taken_off() {
        let own = OwnRequests { hosts: BTreeMap::from([("a".into(), 10)]), tunnel: 0 };
        let (earlier, later) =
            (reading(0, &[("p", count(&[("a", 0.0)]))]), reading(10_000, &[("p", count(&[("a", 30.0)]))]));
        let rates = Rates::between(&earlier, &later, &own);
        assert_eq!((rates.of("a"), rates.tunnel), (Some(Rate { per_second: 2.0, at: 10_000 }), None));
        let quiet = reading(10_000, &[("p", count(&[("a", 9.0)]))]);
        assert_eq!(Rates::between(&earlier, &quiet, &own).of("a").map(|rate| rate.per_second), Some(0.0));
    }

    proptest! {
        #[test]
        fn a_rate_is_never_negative(then in 0.0..1e9f64, now in 0.0..1e9f64, own in 0u64..1000, ms in 1i64..1 << 30) {
            let own = OwnRequests { hosts: BTreeMap::from([("a".into(), own)]), tunnel: 0 };
            let (earlier, later) = (reading(0, &[("p", count(&[("a", then)]))]), reading(ms, &[("p", count(&[("a", now)]))]));
            let rate = Rates::between(&earlier, &later, &own).of("a").map(|rate| rate.per_second);
            prop_assert!(rate.is_some_and(|rate| rate >= 0.0 && rate.is_finite()));
        }
    }
}
