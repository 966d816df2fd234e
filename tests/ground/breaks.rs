//! What breaks on real machines while somebody watches: each fault becomes its one condition, and is over with its cause.
//!
//! Two watches stand beside the lab, as windows would: one tells conditions, with their patience, the other the picture.
//! How long each took is printed and not judged. Needs root, the built binary, and the stand-in K3s in
//! $PORTICO_STANDIN.

use portico_tests::kubectl::Kubectl;
use portico_tests::lab::Lab;
use portico_tests::portico::{Portico, SERVER_AND_TWO_AGENTS, Watching, standin};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const HOST: &str = "echo.example.test";
const VERSION: &str = "v1.34.4+k3s1";

/// Longer than any patience, and than Kubernetes takes to call a node away.
const LIMIT: Duration = Duration::from_secs(120);

/// What only comes along for a moment is told by then.
const SETTLE: Duration = Duration::from_secs(8);

struct Story<'a> {
    lab: &'a Lab,
    conditions: Watching,
    picture: Watching,
    /// What stands while all is well.
    well: BTreeSet<String>,
}

/// The ids of the conditions of a line.
fn conditions(line: &Value) -> BTreeSet<String> {
    let all = line["conditions"].as_array().into_iter().flatten();
    all.filter_map(|each| each["id"].as_str().map(str::to_owned)).collect()
}

/// The codes of the causes that a picture shows.
fn causes(line: &Value) -> BTreeSet<String> {
    codes(&line["causes"])
}

fn codes(problems: &Value) -> BTreeSet<String> {
    let all = problems.as_array().into_iter().flatten();
    all.filter_map(|each| each["code"].as_str().map(str::to_owned)).collect()
}

/// The port of `127.0.0.1:PORT`, also within a URL.
fn port(address: &Value) -> String {
    let address = address.as_str().expect("an address");
    let port = address.split("127.0.0.1:").nth(1).expect("on this computer");
    port.split('/').next().unwrap_or_default().to_owned()
}

impl Story<'_> {
    fn until(&self, watching: &Watching, what: &str, wanted: impl Fn(&Value) -> bool) -> Duration {
        let began = Instant::now();
        while !watching.last().is_some_and(|line| wanted(&line)) {
            assert!(began.elapsed() < LIMIT, "{what}: {:#}", watching.last().unwrap_or_default());
            std::thread::sleep(Duration::from_millis(20));
        }
        began.elapsed()
    }

    /// Does harm, waits for the one condition, undoes the harm and waits for its end.
    fn becomes(&self, fault: &str, id: &str, harm: impl Fn(&Lab), undo: impl Fn(&Lab)) {
        let before = self.conditions.said();
        harm(self.lab);
        let code = id.split('/').next().expect("a code");
        let began = Instant::now();
        // What cannot be seen is drawn as unknown, without a cause in the picture.
        let is_drawn = |line: &Value| {
            let mut shown = causes(line).into_iter().chain(codes(&line["conditions"]));
            shown.any(|shown| shown == code) || line["health"] == "unknown"
        };
        let drawn = self.until(&self.picture, fault, is_drawn);
        self.until(&self.conditions, fault, |line| conditions(line).contains(id));
        let told = began.elapsed();
        std::thread::sleep(SETTLE);
        let lines = self.conditions.lines();
        let all: BTreeSet<String> = lines[before..].iter().flat_map(conditions).collect();
        let new: Vec<&String> = all.difference(&self.well).collect();
        assert_eq!(vec![id], new, "{fault} is one thing");
        undo(self.lab);
        let over = self.until(&self.conditions, fault, |line| conditions(line) == self.well);
        eprintln!(
            "{fault}: {id}, drawn after {:.1} s, told after {:.1} s, over after {:.1} s",
            drawn.as_secs_f64(),
            told.as_secs_f64(),
            over.as_secs_f64()
        );
    }
}

#[test]
fn each_fault_is_one_condition_and_ends_with_its_cause() {
    let lab = Lab::up("watch", 3);
    lab.disk("h2", 3072);
    // A kubelet waits for five minutes before it believes that its disk has room again.
    let settings = "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d";
    let quick = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nevictionPressureTransitionPeriod: 15s\n";
    lab.run("h2", &format!("mkdir -p {settings} && printf '{quick}' >{settings}/90-quick.conf"));
    lab.mirror(&standin());
    lab.registry(VERSION);
    let portico = Portico::in_lab(&lab);
    portico.connect(&SERVER_AND_TWO_AGENTS);
    portico.document(&format!("version: {VERSION}"), &SERVER_AND_TWO_AGENTS);
    portico.apply("");
    portico.expose_echo(HOST);
    let kubectl = Kubectl(&lab);

    let (told, picture) = (portico.watch(&["conditions"]), portico.watch(&["status"]));
    let mut story = Story { lab: &lab, conditions: told, picture, well: BTreeSet::new() };
    let is_up = |line: &Value| line["services"][HOST] == "up" && causes(line).is_empty();
    story.until(&story.picture, "all is well", is_up);
    // What is asked for seldom has been asked for by then.
    std::thread::sleep(SETTLE);
    story.well = conditions(&story.conditions.last().unwrap_or_default());
    let at_work = ["node-not-ready", "workload-not-ready", "kube-unreachable", "probe-failed"];
    assert!(!story.well.iter().any(|id| at_work.iter().any(|code| id.starts_with(code))), "{:?}", story.well);

    // The kubelets' own leases tell that all clocks agree.
    let token = portico.described()["cloudflareToken"].as_str().expect("a token");
    let why = portico.succeeds(&["why", HOST, "--ask-token"], token);
    assert!(why.lines().any(|line| line.contains("✓ the clocks") && line.contains("h3")), "{why}");

    // A pod that is replaced at once is seen and is no condition.
    let before = (story.conditions.said(), story.picture.said());
    lab.run("h1", "k3s kubectl delete pod -n apps --all --force --grace-period=0");
    let gone = |line: &Value| causes(line).contains("workload-not-ready");
    let drawn = Instant::now();
    while !story.picture.lines()[before.1..].iter().any(gone) {
        assert!(drawn.elapsed() < LIMIT, "the picture never showed it");
        std::thread::sleep(Duration::from_millis(10));
    }
    eprintln!("a pod is deleted: drawn {:.2} s after kubectl had ended", drawn.elapsed().as_secs_f64());
    story.until(&story.picture, "it is replaced", is_up);
    std::thread::sleep(SETTLE);
    let told: BTreeSet<String> = story.conditions.lines()[before.0..].iter().flat_map(conditions).collect();
    assert!(told.is_subset(&story.well), "{told:?}");

    let scale = |count: u8| {
        move |lab: &Lab| {
            lab.run("h1", &format!("k3s kubectl scale deployment echo -n apps --replicas={count}"));
        }
    };
    story.becomes("a service has no pods", "workload-not-ready/echo", scale(0), scale(1));
    kubectl.rolled_out("echo -n apps");

    let kept = "/root/ingress.yaml";
    story.becomes(
        "somebody deletes an Ingress",
        &format!("ingress-missing/{HOST}"),
        |lab| {
            let own = "k3s kubectl get ingress echo -n apps -o yaml | grep -vE '^  (resourceVersion|uid):'";
            lab.run("h1", &format!("{own} >{kept}"));
            lab.run("h1", "k3s kubectl delete ingress echo -n apps");
        },
        |lab| drop(lab.run("h1", &format!("k3s kubectl create -f {kept}"))),
    );

    // What carries the names is none of what a kubelet may stop for want of room.
    story.becomes(
        "a worker's disk is full",
        "node-pressure/h2/disk",
        |lab| lab.full("h2", 60 << 10),
        |lab| lab.free("h2"),
    );

    // For this computer alone, and before the rules by which a node's ports lead to pods.
    let firewall = |act: &'static str, host: &'static str, ports: &'static str| {
        move |lab: &Lab| {
            let rule = format!("PREROUTING -s 10.88.0.1 -p tcp -m multiport --dports {ports} -j DROP");
            lab.run(host, &format!("iptables -t raw -{act} {rule}"));
        }
    };
    story.becomes(
        "a worker's firewall drops visitors",
        "probe-failed/10.88.0.13:80",
        firewall("I", "h3", "80,443"),
        firewall("D", "h3", "80,443"),
    );
    story.becomes(
        "the server's firewall drops who comes to the API",
        "kube-unreachable",
        firewall("I", "h1", "6443"),
        firewall("D", "h1", "6443"),
    );
    // On this computer's own side: who stands for the world listens on its loopback.
    let endpoints = &portico.described()["endpoints"];
    let [system, public, authoritative] =
        ["system", "public", "authoritative"].map(|role| port(&endpoints["resolvers"][role][0]));
    let silent = |act: &'static str, ports: String| {
        move |lab: &Lab| {
            for protocol in ["udp", "tcp"] {
                let rule = format!("-{act} INPUT -i lo -p {protocol} -m multiport --dports {ports} -j DROP");
                let done = lab.command("iptables").args(rule.split(' ')).status().expect("iptables");
                assert!(done.success(), "{rule}");
            }
        }
    };
    story.becomes(
        "the name server at home is silent",
        "resolver-silent",
        silent("I", system.clone()),
        silent("D", system.clone()),
    );
    let line = [system, public, authoritative, port(&endpoints["cloudflare"])].join(",");
    story.becomes(
        "the line to the internet is dead",
        "internet-away",
        silent("I", line.clone()),
        silent("D", line),
    );
    story.becomes("a worker is unplugged", "node-not-ready/h2", |lab| lab.cut("h2"), |lab| lab.join("h2"));
    story.becomes(
        "the control plane is killed and does not come back",
        "kube-unreachable",
        |lab| drop(lab.run("h1", "systemctl kill --signal=KILL k3s; systemctl stop k3s")),
        |lab| drop(lab.run("h1", "systemctl start k3s")),
    );
    story.becomes("the server is unplugged", "kube-unreachable", |lab| lab.cut("h1"), |lab| lab.join("h1"));
}
