//! The ingress controllers that a cluster runs, told by their Services and workloads: ingress-nginx, Traefik.
//!
//! Which Ingresses each one serves stands in its flags and in the IngressClasses. How it answers is the data path's.

use super::select::picks;
use super::store::Store;
use serde_json::Value;
use std::sync::Arc;

/// A controller, by the Service that leads to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Engine {
    pub namespace: String,
    pub service: String,
    pub flavour: Flavour,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flavour {
    Nginx {
        /// Whether it was started with `--enable-ssl-passthrough`.
        passthrough: bool,
    },
    Traefik {
        /// Whether it serves classes of its own.
        native: bool,
        /// The controller value whose classes it serves in the place of ingress-nginx.
        nginx: Option<String>,
    },
}

impl Engine {
    /// Whether Ingresses of this class are its own.
    pub fn serves(&self, class: &Value) -> bool {
        let controller = class["spec"]["controller"].as_str().unwrap_or_default();
        match &self.flavour {
            Flavour::Nginx { .. } => controller == "k8s.io/ingress-nginx",
            Flavour::Traefik { native, nginx } => {
                *native && controller == "traefik.io/ingress-controller"
                    || nginx.as_deref() == Some(controller)
            }
        }
    }

    /// Whether it lets TLS of an Ingress that asks for it through untouched.
    pub fn passes_through(&self) -> bool {
        matches!(
            &self.flavour,
            Flavour::Nginx { passthrough: true } | Flavour::Traefik { nginx: Some(_), .. }
        )
    }
}

/// All of them, ready or not.
pub fn engines(store: &Store) -> Vec<Engine> {
    let services = store.list("services", None).0;
    let mut found: Vec<Engine> = services.iter().filter_map(|service| of(store, service)).collect();
    found.sort();
    found
}

/// The controller behind a Service, if that is what it leads to.
pub fn of(store: &Store, service: &Value) -> Option<Engine> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    if !list(&service["spec"]["ports"]).iter().any(|port| port["port"] == 80 || port["port"] == 443) {
        return None;
    }
    let namespace = service["metadata"]["namespace"].as_str()?;
    let behind = |object: &&Arc<Value>| {
        picks(&service["spec"]["selector"], &object["spec"]["template"]["metadata"]["labels"])
    };
    let workloads = ["deployments.apps", "daemonsets.apps"].map(|kind| store.list(kind, Some(namespace)).0);
    let workload = workloads.iter().flatten().find(behind)?;
    let container = &workload["spec"]["template"]["spec"]["containers"][0];
    let image = container["image"].as_str()?;
    let flags = list(&container["args"]);
    let has = |flag: &str| flags.iter().any(|one| one == flag || one == &format!("{flag}=true"));
    // The admission webhook of ingress-nginx leads to the same pods by another port.
    let leads = |targets: &[&str]| {
        list(&service["spec"]["ports"])
            .iter()
            .any(|port| targets.iter().any(|target| port["targetPort"] == *target))
    };
    let flavour = if image.contains("ingress-nginx") && leads(&["http", "https"]) {
        Flavour::Nginx { passthrough: has("--enable-ssl-passthrough") }
    } else if image.contains("traefik") && leads(&["web", "websecure"]) {
        let class = "--providers.kubernetesingressnginx.controllerclass=";
        let class = flags.iter().filter_map(Value::as_str).find_map(|flag| flag.strip_prefix(class));
        let nginx = has("--providers.kubernetesingressnginx");
        Flavour::Traefik {
            native: has("--providers.kubernetesingress"),
            nginx: nginx.then(|| class.unwrap_or("k8s.io/ingress-nginx").to_owned()),
        }
    } else {
        return None;
    };
    let service = service["metadata"]["name"].as_str()?.to_owned();
    Some(Engine { namespace: namespace.to_owned(), service, flavour })
}
