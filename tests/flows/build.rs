//! From bare machines to a cluster: one machine, one server with two agents, three servers.

use crate::story::{Story, apply, done, nothing_needed};
use portico_domain::step::CONTROL_PLANE_TAINT;
use serde_json::{Value, json};
use std::sync::Arc;

fn tainted(node: &Value) -> bool {
    node["spec"]["taints"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|taint| taint["key"] == CONTROL_PLANE_TAINT && taint["effect"] == "NoSchedule")
}

fn label<'a>(node: &'a Value, name: &str) -> Option<&'a str> {
    node["metadata"]["labels"][name].as_str()
}

/// The nodes by name, all of them Ready at the wanted version.
fn nodes(story: &Story, names: &[&str]) -> Vec<Arc<Value>> {
    let nodes = story.objects("nodes", None);
    let found: Vec<_> = nodes.iter().filter_map(|node| node["metadata"]["name"].as_str()).collect();
    assert_eq!(found, names);
    for node in story.end_state()["nodes"].as_array().expect("nodes") {
        assert_eq!(node["ready"], json!(true), "{node}");
        assert_eq!(node["version"], "v1.34.4+k3s1", "{node}");
    }
    nodes
}

async fn builds(story: &Story, servers: usize, machines: &[&str]) {
    let engine = story.built(servers, machines).await;
    let change = story.build(servers, machines);
    nothing_needed(&engine.preview(change.clone()).await.expect("a preview"));
    let before = story.practice.faults.calls().len();
    let again = apply(&engine, change).await;
    done(&again);
    // Run again, no script that writes reaches a machine.
    let writes = ["place-file", "configure", "install", "cgroup-fix", "reboot"];
    let calls = story.practice.faults.calls();
    let wrote: Vec<_> =
        calls[before..].iter().filter(|call| writes.iter().any(|name| call.call.ends_with(name))).collect();
    assert!(wrote.is_empty(), "{wrote:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_machine_is_server_and_worker_at_once() {
    let story = Story::start().await;
    builds(&story, 1, &["pi-1"]).await;
    let nodes = nodes(&story, &["pi-1"]);
    assert!(!tainted(&nodes[0]), "the only node has to carry workloads");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_and_two_agents_one_of_which_needs_a_restart_first() {
    let story = Story::start().await;
    builds(&story, 1, &["pi-1", "pi-2", "pi-3"]).await;
    let nodes = nodes(&story, &["pi-1", "pi-2", "pi-3"]);
    assert_eq!(nodes.iter().map(|node| tainted(node)).collect::<Vec<_>>(), [true, false, false]);
    let lb = "svccontroller.k3s.cattle.io/enablelb";
    let labelled: Vec<_> = nodes.iter().map(|node| label(node, lb)).collect();
    assert_eq!(labelled, [None, Some("true"), Some("true")], "servicelb keeps to the workers");
    story.practice.homelab.read(|state| {
        let third = state.machine("pi-3").expect("pi-3");
        assert!(third.cgroup_memory && third.boots == state.machine("pi-2").expect("pi-2").boots + 1);
        assert_eq!(third.cmdline().matches("cgroup_memory=1 cgroup_enable=memory").count(), 1);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn three_servers_hold_one_database_and_carry_workloads() {
    let story = Story::start().await;
    builds(&story, 3, &["pi-1", "pi-2", "pi-3"]).await;
    let nodes = nodes(&story, &["pi-1", "pi-2", "pi-3"]);
    for node in &nodes {
        assert_eq!(label(node, "node-role.kubernetes.io/etcd"), Some("true"));
        assert!(!tainted(node), "without workers the servers carry the workloads");
    }
    let clusters = story.clusters_of(&["pi-1", "pi-2", "pi-3"]);
    assert_eq!(clusters.len(), 1, "the second and third server joined the first");
}
