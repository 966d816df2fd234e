//! A cluster of one node for the controllers' own tests: no sockets, no waiting, a clock that is held.

use super::{Pass, Timers, is_true, pass, tunnel};
use crate::clock::Clock;
use crate::homelab::{Homelab, K3s, Options, Pace, Role, UnitState, bare};
use crate::kube::store::Key;
use crate::kube::{Cluster, Founding, Settings};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

pub const DAY: i64 = 86_400_000;

pub struct Bench {
    pub homelab: Arc<Homelab>,
    pub cluster: Arc<Cluster>,
    timers: Timers,
}

impl Bench {
    pub fn new() -> Bench {
        Bench::with("disable: [traefik]\n")
    }

    /// `config` is what stands in the server's config.yaml.
    pub fn with(config: &str) -> Bench {
        let none = Duration::ZERO;
        let pace = Pace {
            service_start: none,
            reboot: none,
            node_ready: none,
            node_lost: none,
            pod_start: none,
            chart: none,
        };
        let clock = Clock::held_at(jiff::Timestamp::now().as_millisecond());
        let options = Options { machines: vec![bare("pi-1")], pace, clock, ..Options::default() };
        let homelab = Homelab::new(options).expect("ports are free");
        let cluster = Cluster::found(Founding {
            id: 0,
            password: "secret".to_owned(),
            settings: Settings::parse(config).expect("it reads"),
            version: "v1.34.4+k3s1".to_owned(),
            created: 0,
        })
        .expect("keys can be made");
        homelab.change(|state| {
            state.clusters.push(Arc::clone(&cluster));
            state.machines[0].k3s = Some(K3s {
                role: Role::Server,
                state: UnitState::Active,
                started_with: None,
                cluster: Some(0),
                node_name: "pi-1".to_owned(),
                joined: true,
                loaded: None,
                failure: None,
                generation: 1,
            });
        });
        let mut bench = Bench { homelab, cluster, timers: Timers::default() };
        bench.settle();
        bench
    }

    /// Runs passes until nothing changes any more.
    pub fn settle(&mut self) {
        for _ in 0..100 {
            let before = self.cluster.store.revision();
            let mut now = Pass {
                homelab: &self.homelab,
                cluster: &self.cluster,
                store: &self.cluster.store,
                timers: &mut self.timers,
            };
            pass(&mut now);
            tunnel::reconcile(&mut now, true);
            if self.cluster.store.revision() == before {
                return;
            }
        }
        panic!("the controllers never come to rest");
    }

    pub fn put(&mut self, resource: &str, namespace: &str, object: Value) {
        let mut object = object;
        let name = object["metadata"]["name"].as_str().expect("a name").to_owned();
        if !namespace.is_empty() {
            object["metadata"]["namespace"] = json!(namespace);
        }
        self.cluster.store.put(&Key::namespaced(resource, namespace, &name), object, "test");
        self.settle();
    }

    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.cluster.store.get(&Key::namespaced(resource, namespace, name))
    }

    /// What is surely there.
    pub fn the(&self, resource: &str, namespace: &str, name: &str) -> Value {
        let found = self.get(resource, namespace, name);
        (*found.unwrap_or_else(|| panic!("{resource} {namespace}/{name} is not there"))).clone()
    }

    pub fn list(&self, resource: &str) -> Vec<Arc<Value>> {
        self.cluster.store.list(resource, None).0
    }

    pub fn remove(&mut self, resource: &str, namespace: &str, name: &str) {
        self.cluster.store.remove(&Key::namespaced(resource, namespace, name));
        self.settle();
    }

    pub fn edit(&mut self, resource: &str, namespace: &str, name: &str, change: impl FnOnce(&mut Value)) {
        self.cluster.store.edit(&Key::namespaced(resource, namespace, name), "test", None, change);
        self.settle();
    }

    /// A HelmChart of kube-system, for a namespace that is made with it.
    pub fn chart(&mut self, chart: &str, namespace: &str, values: Value) {
        let spec = json!({"chart": chart, "repo": "https://charts.example.test", "targetNamespace": namespace, "createNamespace": true, "backOffLimit": 3, "values": values});
        let object = json!({"apiVersion": "helm.cattle.io/v1", "kind": "HelmChart", "metadata": {"name": chart}, "spec": spec});
        self.put("helmcharts.helm.cattle.io", "kube-system", object);
    }

    pub fn is(&self, resource: &str, namespace: &str, name: &str, condition: &str) -> bool {
        self.get(resource, namespace, name).is_some_and(|object| is_true(&object, condition))
    }

    pub fn message(&self, resource: &str, namespace: &str, name: &str, condition: &str) -> String {
        let object = self.the(resource, namespace, name);
        super::condition(&object, condition)
            .and_then(|found| found["message"].as_str())
            .unwrap_or_default()
            .to_owned()
    }

    pub fn advance(&mut self, milliseconds: i64) {
        self.homelab.clock.advance(milliseconds);
        self.settle();
    }
}
