//! The main job, from bare machines to an answering service, on real machines with genuine Kubernetes.
//!
//! `portico` itself is run as a person would. Each story has a lab of its own. Needs root, the built binary, and
//! the stand-in K3s in $PORTICO_STANDIN (see `standin/build.sh`).

use portico_tests::lab::Lab;
use portico_tests::portico::{Member, Portico, air_gap, standin};
use serde_json::Value;
use std::collections::BTreeMap;

const HOST: &str = "echo.example.test";
const VERSION: &str = "v1.34.4+k3s1";

fn lab(name: &str, machines: usize) -> Lab {
    let lab = Lab::up(name, machines);
    lab.mirror(&standin());
    lab
}

fn member<'a>(machine: &'a str, role: &'a str, user: &'a str) -> Member<'a> {
    Member { machine, role, user }
}

/// Items of `kubectl get WHAT`, asked at the first server's console.
fn get(lab: &Lab, what: &str) -> Vec<Value> {
    let said = lab.run("h1", &format!("k3s kubectl get {what} -o json"));
    let list: Value = serde_json::from_str(&said).expect("JSON");
    list["items"].as_array().cloned().unwrap_or_default()
}

/// Name -> (Ready, runs the version, has the control plane's taint, may carry services' ports).
fn nodes(lab: &Lab) -> BTreeMap<String, (bool, bool, bool, bool)> {
    let told = |node: Value| {
        let ready = node["status"]["conditions"].as_array().is_some_and(|conditions| {
            conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
        });
        let tainted = node["spec"]["taints"].as_array().is_some_and(|taints| {
            taints.iter().any(|taint| {
                taint["key"] == "node-role.kubernetes.io/control-plane" && taint["effect"] == "NoSchedule"
            })
        });
        let version = node["status"]["nodeInfo"]["kubeletVersion"] == VERSION;
        let carries = node["metadata"]["labels"]["svccontroller.k3s.cattle.io/enablelb"] == "true";
        (node["metadata"]["name"].as_str().unwrap_or_default().to_owned(), (ready, version, tainted, carries))
    };
    get(lab, "nodes").into_iter().map(told).collect()
}

/// The machines that the ingress controller's ports are published on.
fn published_on(lab: &Lab) -> Vec<String> {
    let pods =
        get(lab, "pods -n kube-system -l svccontroller.k3s.cattle.io/svcname=ingress-nginx-controller");
    let mut on: Vec<_> =
        pods.iter().filter_map(|pod| pod["spec"]["nodeName"].as_str().map(str::to_owned)).collect();
    on.sort();
    on
}

fn nothing_left_to_do(portico: &Portico, input: &str) {
    let again = portico.apply(input);
    assert!(again.ends_with("Everything is as it should be.\n"), "{again}");
}

fn state<'a>(run: &'a Value, step: &str) -> &'a str {
    let steps = run["steps"].as_array().expect("steps");
    let found = steps.iter().find(|found| found["id"] == step).expect("a step of the run");
    found["state"].as_str().expect("a state")
}

/// One machine, K3s from the mirror by its channel, and a laptop that dies at every step: in the middle of it and
/// right after it.
#[test]
fn one_machine_and_a_process_that_is_killed_at_every_step() {
    let lab = lab("one", 1);
    lab.registry(VERSION);
    let members = [member("h1", "server", "op")];
    let portico = Portico::in_lab(&lab);
    portico.connect(&members);
    portico.document("channel: stable", &members);

    let mut run: Option<String> = None;
    let mut died = Vec::new();
    for round in 0.. {
        assert!(round < 40, "no end after {died:?}");
        let sign = if round % 2 == 0 { "… " } else { "✓ " };
        let mut following = portico.follow(run.as_deref(), "");
        let step = loop {
            let Some(news) = following.news() else { break None };
            if let Some(id) = news.strip_prefix("Run ").filter(|id| !id.contains(':')) {
                run = Some(id.to_owned());
            } else if let Some(step) = news.strip_prefix(sign) {
                break Some(step.to_owned());
            }
        };
        let Some(step) = step else {
            assert!(following.end().success(), "the last round completes the cluster");
            break;
        };
        following.kill();
        let state = portico.runs()[0]["state"].clone();
        // The end of the last step is that of the run, which may be quicker than the kill.
        let over = sign == "✓ " && state == "done";
        assert!(over || state == "interrupted", "{state} after {step}");
        died.push((sign, step));
        if over {
            break;
        }
    }
    // A quick step may be over before the kill that was meant for its middle; then the next round is about the next one.
    for step in ["h1/copy", "h1/configure", "kubeconfig", "ingress-nginx"] {
        assert!(died.iter().any(|(_, at)| at == step), "never killed at {step}: {died:?}");
    }
    for sign in ["… ", "✓ "] {
        assert!(died.iter().filter(|(at, _)| *at == sign).count() >= 4, "hardly killed at {sign}: {died:?}");
    }
    nothing_left_to_do(&portico, "");
    assert_eq!(BTreeMap::from([("h1".into(), (true, true, false, false))]), nodes(&lab));
    lab.run("h1", "! find / -xdev -name '*.portico-part' | grep .");
    assert_eq!(vec!["h1"], published_on(&lab));

    portico.expose_echo(HOST);
    assert_eq!("200", portico.status(HOST, &lab.machine("h1").address));
    assert_eq!("404", portico.status("other.example.test", &lab.machine("h1").address));
}

/// A server and three workers out of an air-gap folder, three ways to become root, and a worker that is unplugged
/// while it joins.
#[test]
fn one_server_and_three_workers_one_of_them_unplugged() {
    let lab = lab("four", 4);
    let members = [
        member("h1", "server", "op"),
        member("h2", "agent", "pat"),
        member("h3", "agent", "root"),
        member("h4", "agent", "op"),
    ];
    let portico = Portico::in_lab(&lab);

    let scanned = portico.succeeds(&["--json", "scan"], "");
    for machine in lab.machines() {
        let found = scanned.lines().any(|line| {
            line.contains(&format!("\"{}\"", machine.address)) && line.contains(&machine.host_key)
        });
        assert!(found, "{} with its host key is not in {scanned}", machine.name);
    }

    portico.connect(&members);
    let folder = tempfile::tempdir().expect("a directory");
    air_gap(&standin(), folder.path());
    portico.document(&format!("version: {VERSION}, folder: {}", folder.path().display()), &members);
    let password = lab.user("pat").password.clone().expect("pat has a password");

    let mut following = portico.follow(None, &password);
    while let Some(news) = following.news() {
        if news == "✓ h1/install" {
            lab.cut("h4");
            break;
        }
    }
    assert_eq!(Some(1), following.end().code(), "a run with a machine that is away fails");
    let run = portico.runs().remove(0);
    assert_eq!("failed", run["state"]);
    for step in ["h1/ready", "h2/ready", "h3/ready", "h2/label", "h3/label", "h1/taint"] {
        let state = state(&run, step);
        assert!(["done", "skipped"].contains(&state), "{step} is {state}, though only h4 is away");
    }
    assert_eq!("not-run", state(&run, "h4/ready"));
    assert_eq!("not-run", state(&run, "ingress-nginx"));

    lab.join("h4");
    lab.wait("h4");
    let id = run["id"].as_str().expect("an id").to_owned();
    let said = portico.succeeds(&["resume", &id, "--ask-password"], &password);
    assert!(!said.contains("✓ h2/") && !said.contains("✓ h3/"), "what is done stays done: {said}");
    nothing_left_to_do(&portico, &password);

    let worker = (true, true, false, true);
    let wanted = [("h1", (true, true, true, false)), ("h2", worker), ("h3", worker), ("h4", worker)];
    assert_eq!(BTreeMap::from(wanted.map(|(name, told)| (name.to_owned(), told))), nodes(&lab));
    assert_eq!(vec!["h2", "h3", "h4"], published_on(&lab));
    assert_eq!("0600 root", lab.run("h2", "stat -c '0%a %U' /etc/rancher/k3s/config.yaml").trim());
    let token = lab.run("h1", "cat /var/lib/rancher/k3s/server/node-token");
    for machine in lab.machines() {
        let said =
            lab.run(&machine.name, "journalctl -o cat --no-pager; cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
        assert!(!said.contains(token.trim()), "the token was seen on {}", machine.name);
        assert!(!said.contains(&password), "the password was seen on {}", machine.name);
    }

    portico.expose_echo(HOST);
    for worker in ["h2", "h3", "h4"] {
        assert_eq!("200", portico.status(HOST, &lab.machine(worker).address), "over {worker}");
    }
    assert_eq!("000", portico.status(HOST, &lab.machine("h1").address), "the server carries no ports");
    let services = portico.succeeds(&["services"], "");
    assert!(services.lines().any(|line| line.contains(HOST) && line.ends_with("LAN only")), "{services}");
}

/// Three servers: they join one at a time, and one that loses its power does not take the cluster along.
#[test]
fn three_servers() {
    let lab = lab("three", 3);
    let members = ["h1", "h2", "h3"].map(|machine| member(machine, "server", "op"));
    let portico = Portico::in_lab(&lab);
    portico.connect(&members);
    let folder = tempfile::tempdir().expect("a directory");
    air_gap(&standin(), folder.path());
    portico.document(&format!("version: {VERSION}, folder: {}", folder.path().display()), &members);
    let said = portico.apply("");
    let at = |line: &str| said.find(line).unwrap_or_else(|| panic!("no {line} in {said}"));
    assert!(at("✓ h2/install") < at("… h3/install"), "one at a time: {said}");
    nothing_left_to_do(&portico, "");
    let server = (true, true, false, false);
    let wanted = ["h1", "h2", "h3"].map(|name| (name.to_owned(), server));
    assert_eq!(BTreeMap::from(wanted), nodes(&lab));
    let members = get(&lab, "nodes -l node-role.kubernetes.io/etcd=true");
    assert_eq!(3, members.len(), "each of them holds the cluster's data");

    portico.expose_echo(HOST);
    for machine in lab.machines() {
        assert_eq!("200", portico.status(HOST, &machine.address), "over {}", machine.name);
    }
    lab.crash("h3");
    assert_eq!(3, get(&lab, "nodes").len(), "two of three still answer");
}
