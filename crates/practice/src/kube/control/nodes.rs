//! Nodes follow machines: they appear when K3s has joined, are Ready a moment later, and NotReady once it is silent.

use super::{Pass, condition, items, set_condition};
use crate::clock;
use crate::homelab::{Homelab, Machine, Role};
use crate::kube::cluster::Cluster;
use crate::kube::store::{Key, timestamp};
use serde_json::{Value, json};

pub fn reconcile(pass: &mut Pass<'_>) {
    let id = pass.cluster.id;
    let machines: Vec<Machine> = pass.homelab.read(|state| {
        let members = state
            .machines
            .iter()
            .filter(|machine| machine.k3s.as_ref().is_some_and(|k3s| k3s.cluster == Some(id)));
        members.cloned().collect()
    });
    for machine in &machines {
        let Some(k3s) = &machine.k3s else { continue };
        let key = Key::cluster("nodes", &k3s.node_name);
        let (joining, losing) = (format!("ready {}", k3s.node_name), format!("lost {}", k3s.node_name));
        if machine.running().is_some() {
            pass.timers.forget(&losing);
            // The kubelet registers when it starts; a node that is deleted stays away until then.
            let registered = pass.timers.registered.insert(k3s.node_name.clone(), k3s.generation);
            match pass.store.get(&key) {
                None if registered == Some(k3s.generation) => forget_password(pass, &k3s.node_name),
                None => drop(pass.store.put(&key, node(pass, machine, k3s.role, &k3s.node_name), "k3s")),
                Some(_) => {}
            }
            if pass.timers.over(&format!("{joining} {}", k3s.generation), pass.homelab.pace.node_ready) {
                ready(pass, &key, machine);
            }
        } else if pass.timers.over(&losing, pass.homelab.pace.node_lost) {
            lost(pass, &key);
        }
    }
}

/// What the kubelets that run have written since they were asked last. Theirs come every ten seconds, to be read or not; here
/// nobody is woken by what nobody reads.
pub fn renew_leases(homelab: &Homelab, cluster: &Cluster) {
    let machines = homelab.read(|state| {
        let running = state.machines.iter().filter_map(|machine| Some((machine.running()?, machine)));
        let members = running.filter(|(k3s, _)| k3s.cluster == Some(cluster.id));
        members.map(|(k3s, machine)| (k3s.node_name.clone(), machine.clock_offset_ms)).collect::<Vec<_>>()
    });
    for (node, offset) in machines {
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": node, "namespace": "kube-node-lease"},
            "spec": {
                "holderIdentity": node,
                "leaseDurationSeconds": 40,
                "renewTime": clock::timestamp(homelab.clock.now() + offset),
            },
        });
        cluster.store.put(
            &Key::namespaced("leases.coordination.k8s.io", "kube-node-lease", &node),
            lease,
            "kubelet",
        );
    }
}

fn forget_password(pass: &Pass<'_>, node: &str) {
    pass.store.remove(&Key::namespaced("secrets", "kube-system", &format!("{node}.node-password.k3s")));
}

fn ready(pass: &Pass<'_>, key: &Key, machine: &Machine) {
    pass.store.edit(key, "k3s", None, |node| {
        let pressure = json!({"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"});
        let theirs = ["not-ready", "unreachable", "disk-pressure"];
        taint(
            node,
            |key| !theirs.iter().any(|word| key == format!("node.kubernetes.io/{word}")),
            if machine.disk_is_full() { std::slice::from_ref(&pressure) } else { &[] },
        )
    });
    pass.status(key, "k3s", |node| {
        for (kind, reason, message) in [
            ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ] {
            set_condition(node, kind, "False", reason, message);
        }
        if machine.disk_is_full() {
            set_condition(
                node,
                "DiskPressure",
                "True",
                "KubeletHasDiskPressure",
                "kubelet has disk pressure",
            );
        } else {
            set_condition(
                node,
                "DiskPressure",
                "False",
                "KubeletHasNoDiskPressure",
                "kubelet has no disk pressure",
            );
        }
        set_condition(node, "Ready", "True", "KubeletReady", "kubelet is posting ready status");
        node["status"]["nodeInfo"]["bootID"] = json!(machine.boot_id);
    });
}

fn lost(pass: &Pass<'_>, key: &Key) {
    let unreachable = "node.kubernetes.io/unreachable";
    let taints = ["NoSchedule", "NoExecute"].map(|effect| json!({"key": unreachable, "effect": effect}));
    pass.store.edit(key, "k3s", None, |node| {
        // Written once: the time of a taint must not move with every pass.
        if !items(&node["spec"]["taints"]).iter().any(|taint| taint["key"] == unreachable) {
            taint(node, |_| true, &taints);
        }
    });
    pass.status(key, "k3s", |node| {
        for kind in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
            set_condition(node, kind, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.");
        }
    });
}

fn taint(node: &mut Value, keep: impl Fn(&str) -> bool, add: &[Value]) {
    let mut taints: Vec<Value> = items(&node["spec"]["taints"])
        .iter()
        .filter(|taint| taint["key"].as_str().is_some_and(&keep))
        .cloned()
        .collect();
    taints.extend(add.iter().cloned());
    if taints.is_empty() {
        if let Some(spec) = node["spec"].as_object_mut() {
            spec.remove("taints");
        }
    } else {
        node["spec"]["taints"] = json!(taints);
    }
}

fn node(pass: &Pass<'_>, machine: &Machine, role: Role, name: &str) -> Value {
    let registration = pass.cluster.registration(name);
    let settings = registration.as_ref().map(|known| known.settings.clone()).unwrap_or_default();
    let version = registration.map_or_else(|| pass.cluster.version.clone(), |known| known.version);
    let address = settings.first("node-ip").unwrap_or_else(|| machine.address.to_string());
    let arch = match machine.arch.as_str() {
        "aarch64" => "arm64",
        "x86_64" => "amd64",
        _ => "arm",
    };
    let mut labels = json!({
        "beta.kubernetes.io/arch": arch, "beta.kubernetes.io/instance-type": "k3s", "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": arch, "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "k3s",
    });
    if role == Role::Server {
        labels["node-role.kubernetes.io/control-plane"] = json!("true");
        if pass.cluster.etcd {
            labels["node-role.kubernetes.io/etcd"] = json!("true");
        }
    }
    for label in settings.list("node-label") {
        let (key, value) = label.split_once('=').unwrap_or((&label, ""));
        labels[key] = json!(value);
    }
    let mut taints = vec![json!({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"})];
    for given in settings.list("node-taint") {
        let Some((what, effect)) = given.rsplit_once(':') else { continue };
        let (key, value) = what.split_once('=').unwrap_or((what, ""));
        let mut taint = json!({"key": key, "effect": effect});
        if !value.is_empty() {
            taint["value"] = json!(value);
        }
        taints.push(taint);
    }
    let number = (0u8..=254)
        .find(|number| {
            !pass
                .list("nodes")
                .iter()
                .any(|node| node["spec"]["podCIDR"] == json!(format!("10.42.{number}.0/24")))
        })
        .unwrap_or(255);
    let capacity = json!({
        "cpu": machine.cpus.to_string(), "memory": format!("{}Ki", machine.memory_kib), "pods": "110",
        "ephemeral-storage": format!("{}Ki", machine.disk_kib),
    });
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": name, "labels": labels, "finalizers": ["wrangler.cattle.io/node"],
            "annotations": {
                "alpha.kubernetes.io/provided-node-ip": address, "k3s.io/hostname": name, "k3s.io/internal-ip": address,
                "k3s.io/node-args": json!([role.word()]).to_string(), "k3s.io/node-env": "{}",
                "flannel.alpha.coreos.com/backend-type": "vxlan", "flannel.alpha.coreos.com/kube-subnet-manager": "true",
                "flannel.alpha.coreos.com/public-ip": address, "node.alpha.kubernetes.io/ttl": "0",
            },
        },
        "spec": {"podCIDR": format!("10.42.{number}.0/24"), "podCIDRs": [format!("10.42.{number}.0/24")], "providerID": format!("k3s://{name}"), "taints": taints},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "capacity": capacity, "allocatable": capacity, "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "conditions": [{
                "type": "Ready", "status": "False", "reason": "KubeletNotReady", "lastTransitionTime": timestamp(),
                "message": "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
            }],
            "nodeInfo": {
                "architecture": arch, "bootID": machine.boot_id, "machineID": machine.machine_id, "systemUUID": machine.machine_id,
                "containerRuntimeVersion": "containerd://2.1.5-k3s1", "kernelVersion": machine.os.kernel,
                "kubeProxyVersion": "", "kubeletVersion": version, "operatingSystem": "linux", "osImage": machine.os.pretty,
            },
        },
    })
}

pub fn is_ready(node: &Value) -> bool {
    condition(node, "Ready").is_some_and(|ready| ready["status"] == "True")
}

/// The node's address of a type, `InternalIP` or `ExternalIP`.
pub fn address<'a>(node: &'a Value, kind: &str) -> Option<&'a str> {
    items(&node["status"]["addresses"]).iter().find(|address| address["type"] == kind)?["address"].as_str()
}

/// The first taint with one of these effects that nothing tolerates.
pub fn untolerated<'a>(node: &'a Value, tolerations: &Value, effects: &[&str]) -> Option<&'a Value> {
    items(&node["spec"]["taints"]).iter().find(|taint| {
        effects.iter().any(|effect| taint["effect"] == *effect)
            && !items(tolerations).iter().any(|toleration| tolerates(toleration, taint))
    })
}

fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let any = |field: &str| toleration[field].as_str().is_none_or(str::is_empty);
    let effect = any("effect") || toleration["effect"] == taint["effect"];
    let exists = toleration["operator"] == "Exists";
    let key = toleration["key"] == taint["key"] || any("key") && exists;
    let value = exists
        || toleration["value"].as_str().unwrap_or_default() == taint["value"].as_str().unwrap_or_default();
    effect && key && value
}

/// Whether a pod with this selector may run on the node, by its labels alone.
pub fn selected(node: &Value, selector: &Value) -> bool {
    selector.as_object().is_none_or(|wanted| {
        wanted.iter().all(|(key, value)| node["metadata"]["labels"].get(key) == Some(value))
    })
}
