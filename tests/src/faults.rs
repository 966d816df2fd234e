//! The fault table: each thing that can break is broken on the practice homelab, and the one condition that it should
//! become is looked for.
//!
//! What counts: the expected cause is named, it is named alone, and it is over once the thing is whole again. Two services
//! stand on the homelab, one for the LAN with a certificate and one for the internet behind a login.

use crate::trust::field::{Field, TUNNEL};
use crate::trust::process::Process;
use portico_domain::change::Change;
use portico_domain::condition::Condition;
use portico_domain::dns::Hostname;
use portico_domain::exposure::{Backend, Exposure, Reach, Tls};
use portico_domain::problem::Code;
use portico_practice::cloudflare::Kept;
use portico_practice::dns::Switches;
use portico_practice::fault::{Fault as Strike, Rule, Service};
use portico_practice::kube::Key;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;
use std::pin::Pin;
use std::time::{Duration, Instant};

const LAN: &str = "lan.example.test";
const PUBLIC: &str = "open.example.test";
const IMAGE: &str = "docker.io/traefik/whoami:v1.11.0";

/// How long a fault may take to be seen, and its end.
const LIMIT: Duration = Duration::from_secs(30);

/// So often it is looked for in any case: one look may take long on a busy computer.
const LOOKS: u32 = 12;

/// Between two looks: each asks Cloudflare a dozen times, whose budget is kept.
const BETWEEN: Duration = Duration::from_millis(700);

/// What only comes along for a moment is gone by then.
const SETTLE: Duration = Duration::from_secs(6);

/// What became of one fault.
pub struct Row {
    pub fault: &'static str,
    pub cause: Code,
    /// What was seen when it had settled; empty when the cause was missed.
    pub seen: Vec<String>,
    pub seen_after: Duration,
    /// What was left standing where it was not over in time.
    pub over_after: Result<Duration, Vec<String>>,
}

impl Row {
    pub fn is_right(&self) -> bool {
        self.over_after.is_ok()
            && matches!(self.seen.as_slice(), [only] if only.split('/').next() == Some(&self.cause.word()))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let over = match &self.over_after {
            Ok(after) => format!("{:.1} s", after.as_secs_f64()),
            Err(left) => format!("never: {}", left.join(", ")),
        };
        let seen = if self.seen.is_empty() { "nothing".to_owned() } else { self.seen.join(", ") };
        let mark = if self.is_right() { "yes" } else { "NO" };
        let (fault, cause) = (self.fault, self.cause.word());
        write!(f, "| {fault} | {cause} | {seen} | {:.1} s | {over} | {mark} |", self.seen_after.as_secs_f64())
    }
}

/// The head of the table of rows.
pub const HEAD: &str = "| fault | cause | seen | after | over after | right |\n|---|---|---|---|---|---|";

struct Ground {
    field: Field,
    process: Process,
    /// The account and the objects when all is well.
    account: Kept,
    objects: Vec<(Key, Value)>,
    well: BTreeSet<String>,
}

type Break = for<'a> fn(&'a Ground) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

struct Fault {
    name: &'static str,
    cause: Code,
    breaks: Break,
}

macro_rules! faults {
    ($($name:literal => $cause:ident, |$ground:ident| $breaks:expr;)*) => {
        &[$(Fault {
            name: $name,
            cause: Code::$cause,
            breaks: |$ground| Box::pin(async move { $breaks; }),
        }),*]
    };
}

const FAULTS: &[Fault] = faults! {
    "a worker is unplugged" => NodeNotReady, |on| on.cut("pi-2");
    "the other worker is unplugged" => NodeNotReady, |on| on.cut("pi-3");
    "a worker hangs" => NodeNotReady, |on| on.field.practice.homelab.hang("pi-2").expect("a machine");
    "the only server is unplugged" => KubeUnreachable, |on| on.cut("pi-1");
    "a worker's disk is full" => NodePressure, |on| on.fill("pi-3");
    "a worker is cordoned" => NodeCordoned, |on| on.edit("nodes", "", "pi-2", |node| {
        node["spec"]["taints"] = json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]);
    });
    "a worker's clock is an hour ahead" => ClockSkewed, |on| on.set_clock("pi-2", 3_600_000);
    "a service has no pods" => WorkloadNotReady, |on| on.scale("apps", "lan", 0);
    "the other service has none" => WorkloadNotReady, |on| on.scale("apps", "open", 0);
    "a service is deleted" => WorkloadNotReady, |on| on.remove("services", "apps", "lan");
    "the public service is deleted" => WorkloadNotReady, |on| on.remove("services", "apps", "open");
    "cert-manager is scaled to nothing" => WorkloadNotReady, |on| on.scale("cert-manager", "cert-manager", 0);
    "its webhook is scaled to nothing" => WorkloadNotReady, |on| on.scale("cert-manager", "cert-manager-webhook", 0);
    "sealed-secrets is scaled to nothing" => WorkloadNotReady, |on| on.scale("kube-system", "sealed-secrets-controller", 0);
    "the ingress controller is scaled to nothing" => WorkloadNotReady, |on| {
        on.scale("ingress-nginx", "ingress-nginx-controller", 0)
    };
    "somebody deletes an Ingress" => IngressMissing, |on| on.remove("ingresses.networking.k8s.io", "apps", "lan");
    "and that of the public name" => IngressMissing, |on| on.remove("ingresses.networking.k8s.io", "apps", "open");
    "an Ingress gets another class" => IngressClassDiffers, |on| {
        on.edit("ingresses.networking.k8s.io", "apps", "lan", |ingress| {
            ingress["spec"]["ingressClassName"] = json!("haproxy");
        })
    };
    "an Ingress gets another host" => IngressMissing, |on| {
        on.edit("ingresses.networking.k8s.io", "apps", "lan", |ingress| {
            ingress["spec"]["rules"][0]["host"] = json!("elsewhere.example.test");
        })
    };
    "the public name's Ingress gets another class" => IngressClassDiffers, |on| {
        on.edit("ingresses.networking.k8s.io", "apps", "open", |ingress| {
            ingress["spec"]["ingressClassName"] = json!("haproxy");
        })
    };
    "the public name's Ingress gets another host" => IngressMissing, |on| {
        on.edit("ingresses.networking.k8s.io", "apps", "open", |ingress| {
            ingress["spec"]["rules"][0]["host"] = json!("elsewhere.example.test");
        })
    };
    "all address records are deleted" => RecordMissing, |on| on.delete_records(LAN, 9).await;
    "one address record is deleted" => ResolveFailed, |on| on.delete_records(LAN, 1).await;
    "somebody adds an address" => ResolveFailed, |on| on.field.hand.make_record("A", LAN, "192.168.1.77").await;
    "an address is changed" => ResolveFailed, |on| {
        on.edit_records(LAN, &json!({"content": "192.168.1.78"})).await
    };
    "the public name's record is deleted" => RecordMissing, |on| on.delete_records(PUBLIC, 9).await;
    "the router hides private addresses" => RebindingProtection, |on| {
        on.field.practice.system.switch(Switches { drop_private: true, ..Switches::default() })
    };
    "the name server at home is silent" => ResolverSilent, |on| {
        on.field.practice.faults.add(Rule::next(Service::Dns, Strike::DropBefore).on("system *").always());
    };
    "the line to the internet is dead" => InternetAway, |on| on.field.practice.homelab.set_internet(false);
    "somebody adds a wildcard" => WildcardRecord, |on| on.field.practice.cloud.set_wildcard("example.test", true);
    "the tunnel's rule is removed" => RouteMissing, |on| on.rules(|rules| {
        rules.retain(|rule| rule["hostname"] != PUBLIC && rule["hostname"] != "*.example.test");
    }).await;
    "the tunnel's rule leads elsewhere" => RouteElsewhere, |on| on.rules(|rules| {
        for rule in rules.iter_mut().filter(|rule| rule["hostname"] == PUBLIC) {
            rule["service"] = json!("http://nas:80");
        }
    }).await;
    "cloudflared is scaled to nothing" => HandEdited, |on| on.scale("cloudflared", "cloudflared", 0);
    "the tunnel is deleted" => TunnelMissing, |on| on.field.hand.delete_tunnel(TUNNEL).await;
    "the login is deleted" => AccessMissing, |on| on.delete_app().await;
    "the token is revoked" => CloudflareToken, |on| on.revoke();
    "Cloudflare's API is down" => CloudflareUnreachable, |on| on.strike(&Strike::HtmlError { status: 500 });
    "Cloudflare's API hangs up" => CloudflareUnreachable, |on| on.strike(&Strike::DropBefore);
    "a chart is changed by hand" => HandEdited, |on| {
        on.edit("helmcharts.helm.cattle.io", "kube-system", "cert-manager", |chart| {
            chart["spec"]["backOffLimit"] = json!(9);
        })
    };
    "another chart is changed by hand" => HandEdited, |on| {
        on.edit("helmcharts.helm.cattle.io", "kube-system", "sealed-secrets", |chart| {
            chart["spec"]["version"] = json!("2.0.0");
        })
    };
    "the ingress controller's chart is changed by hand" => HandEdited, |on| {
        on.edit("helmcharts.helm.cattle.io", "kube-system", "ingress-nginx", |chart| {
            chart["spec"]["targetNamespace"] = json!("elsewhere");
        })
    };
    "an issuer is changed by hand" => HandEdited, |on| {
        on.edit("clusterissuers.cert-manager.io", "", "letsencrypt-staging", |issuer| {
            issuer["spec"]["acme"]["email"] = json!("other@example.test");
        })
    };
    "the ingress class is changed by hand" => HandEdited, |on| {
        on.edit("ingressclasses.networking.k8s.io", "", "nginx", |class| {
            class["spec"]["controller"] = json!("example.test/other");
        })
    };
};

impl Ground {
    async fn new() -> Self {
        let field = Field::build().await;
        let process = field.begin().await;
        for (name, hostname, reach) in [("lan", LAN, Reach::Lan), ("open", PUBLIC, Reach::Public)] {
            let access = if reach == Reach::Public { vec!["me@example.test".to_owned()] } else { Vec::new() };
            let exposure = Exposure {
                name: name.into(),
                hostname: Hostname::parse(hostname).expect("a hostname"),
                reach,
                tls: Tls::Terminated,
                access,
                backend: Backend::Echo { image: IMAGE.into() },
            };
            let change = Change::Expose { exposure, adopt: false, accept_retired: true };
            let outcome = process.try_change(&change).await.expect("nobody kills it");
            assert!(outcome.is_done(), "{:?}", outcome.problems());
        }
        let mut ground = Self {
            account: field.practice.cloud.keep(),
            field,
            process,
            objects: Vec::new(),
            well: BTreeSet::new(),
        };
        ground.objects = ground.present();
        ground.well = ground.conditions().await.into_iter().map(|condition| condition.id).collect();
        ground
    }

    /// The objects that faults are done to.
    fn present(&self) -> Vec<(Key, Value)> {
        let store = self.field.store();
        let kinds = [
            "deployments.apps",
            "services",
            "ingresses.networking.k8s.io",
            "helmcharts.helm.cattle.io",
            "clusterissuers.cert-manager.io",
            "ingressclasses.networking.k8s.io",
            "nodes",
        ];
        let of = |kind: &'static str| {
            store.list(kind, None).0.into_iter().map(move |object| {
                let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
                (Key::namespaced(kind, &text("namespace"), &text("name")), (*object).clone())
            })
        };
        kinds.into_iter().flat_map(of).collect()
    }

    async fn conditions(&self) -> Vec<Condition> {
        let asked = self.process.with(|engine| async move { engine.conditions().await }).await;
        asked.expect("nobody kills it").expect("conditions")
    }

    /// Those that are not there when all is well.
    async fn wrong(&self) -> Vec<String> {
        let found = self.conditions().await.into_iter().map(|condition| condition.id);
        found.filter(|id| !self.well.contains(id)).collect()
    }

    async fn until(&self, is: impl Fn(&[String]) -> bool) -> (Option<Duration>, Vec<String>) {
        let begun = Instant::now();
        let mut looks = 0;
        loop {
            looks += 1;
            let wrong = self.wrong().await;
            if is(&wrong) {
                return (Some(begun.elapsed()), wrong);
            }
            if begun.elapsed() > LIMIT && looks >= LOOKS {
                return (None, wrong);
            }
            tokio::time::sleep(BETWEEN).await;
        }
    }

    async fn suffer(&self, fault: &Fault) -> Row {
        (fault.breaks)(self).await;
        let word = fault.cause.word();
        let is_it = |id: &String| id.split('/').next() == Some(&word);
        let (seen_after, mut seen) = self.until(|wrong| wrong.iter().any(is_it)).await;
        let settled = Instant::now();
        while seen.len() != 1 && seen_after.is_some() && settled.elapsed() < SETTLE {
            tokio::time::sleep(BETWEEN).await;
            seen = self.wrong().await;
        }
        self.put_right();
        let (over_after, left) = self.until(<[String]>::is_empty).await;
        let over_after = over_after.ok_or(left);
        let seen_after = seen_after.unwrap_or(LIMIT);
        Row { fault: fault.name, cause: fault.cause, seen, seen_after, over_after }
    }

    /// Everything as it was.
    fn put_right(&self) {
        let practice = &self.field.practice;
        practice.faults.clear();
        practice.homelab.set_internet(true);
        practice.system.switch(Switches::default());
        practice.cloud.put_back(&self.account);
        for machine in ["pi-1", "pi-2", "pi-3"] {
            let (homelab, is) = (&practice.homelab, "a machine");
            homelab.unhang(machine).expect(is);
            homelab.power_on(machine).expect(is);
            homelab.change_machine(machine, |machine| machine.fill_disk(false)).expect(is);
            self.set_clock(machine, 0);
        }
        let store = self.field.store();
        for (key, value) in &self.objects {
            let live = store.get(key);
            let differs = live.as_ref().is_none_or(|live| live["spec"] != value["spec"]);
            if differs && key.resource == "nodes" {
                store.edit(key, "kubectl", None, |node| node["spec"] = value["spec"].clone());
            } else if differs {
                store.put(key, value.clone(), "portico");
            }
        }
    }

    fn cut(&self, machine: &str) {
        self.field.practice.homelab.cut_power(machine).expect("a machine");
    }

    fn fill(&self, machine: &str) {
        let homelab = &self.field.practice.homelab;
        homelab.change_machine(machine, |machine| machine.fill_disk(true)).expect("a machine");
    }

    fn set_clock(&self, machine: &str, offset_ms: i64) {
        let homelab = &self.field.practice.homelab;
        homelab.change_machine(machine, |machine| machine.clock_offset_ms = offset_ms).expect("a machine");
    }

    fn edit(&self, resource: &str, namespace: &str, name: &str, change: impl FnOnce(&mut Value)) {
        self.field.store().edit(&Key::namespaced(resource, namespace, name), "kubectl", None, change);
    }

    fn scale(&self, namespace: &str, name: &str, replicas: u32) {
        self.edit("deployments.apps", namespace, name, |object| object["spec"]["replicas"] = json!(replicas));
    }

    fn remove(&self, resource: &str, namespace: &str, name: &str) {
        drop(self.field.store().remove(&Key::namespaced(resource, namespace, name)));
    }

    async fn delete_records(&self, name: &str, at_most: usize) {
        for record in self.field.hand.records(name).await.into_iter().take(at_most) {
            self.field.hand.delete_record(record["id"].as_str().expect("an id")).await;
        }
    }

    async fn edit_records(&self, name: &str, change: &Value) {
        let record = self.field.hand.records(name).await.swap_remove(0);
        self.field.hand.edit_record(record["id"].as_str().expect("an id"), change).await;
    }

    async fn rules(&self, change: impl FnOnce(&mut Vec<Value>)) {
        self.field.hand.change_rules(TUNNEL, change).await;
    }

    async fn delete_app(&self) {
        let apps = self.field.hand.apps().await;
        let app = apps.iter().find(|app| app["domain"] == PUBLIC).expect("a login");
        self.field.hand.delete_app(app["id"].as_str().expect("an id")).await;
    }

    /// Every token that Portico has been given on this homelab.
    fn revoke(&self) {
        self.strike(&Strike::Error {
            status: 401,
            body: json!({"success": false, "errors": [{"code": 1000, "message": "Invalid API Token"}], "messages": [], "result": null}).to_string(),
        });
    }

    fn strike(&self, strike: &Strike) {
        self.field.practice.faults.add(Rule::next(Service::Cloudflare, strike.clone()).always());
    }
}

/// Breaks everything, one after the other; `tell` hears of each.
pub async fn table(tell: impl Fn(&Row)) -> Vec<Row> {
    let ground = Ground::new().await;
    let mut rows = Vec::new();
    for fault in FAULTS {
        let row = ground.suffer(fault).await;
        tell(&row);
        rows.push(row);
    }
    rows
}
