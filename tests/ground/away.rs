//! Gatus itself watches while Portico is closed: built from its own module, installed by `portico stack install`, read back
//! through the genuine API server. Its answers are joined with what Portico saw before and after.
//!
//! Two things are the ground's: the volume of the class that K3s' local-path provisioner would serve, and who takes the service
//! away. Needs root, the built binary, and the stand-in K3s in $PORTICO_STANDIN.

use portico_tests::kubectl::Kubectl;
use portico_tests::lab::Lab;
use portico_tests::portico::{Member, Portico, standin};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const HOST: &str = "echo.example.test";

/// What the provisioner would make for the claim: a folder that every user may write to.
fn volume(kubectl: &Kubectl) {
    kubectl.0.run("h1", "install -d -m 0777 /var/lib/rancher/k3s/storage/gatus");
    kubectl.apply(&[json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "gatus"},
        "spec": {
            "storageClassName": "local-path", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/var/lib/rancher/k3s/storage/gatus"},
        },
    })]);
}

fn echo(portico: &Portico) -> Value {
    let said = portico.succeeds(&["--json", "history", "echo"], "");
    serde_json::from_str(&said).expect("a history")
}

fn timeline(portico: &Portico) -> Vec<Value> {
    let said = portico.succeeds(&["--json", "timeline"], "");
    said.lines().map(|line| serde_json::from_str(line).expect("an entry")).collect()
}

/// Portico is open until there is what is waited for.
fn open_until<T>(portico: &Portico, what: &str, ask: impl Fn() -> Option<T>) -> T {
    let watching = portico.followed(&["status", "--watch", "--ask-token"], &portico.tokens());
    let end = Instant::now() + Duration::from_secs(60);
    let found = loop {
        if let Some(found) = ask() {
            break found;
        }
        assert!(Instant::now() < end, "{what}: {:#?}", timeline(portico));
        std::thread::sleep(Duration::from_secs(1));
    };
    watching.kill();
    found
}

/// What this computer asks of the machine does not arrive there any more.
fn unheard(lab: &Lab) {
    lab.run("h1", &format!("iptables -t raw -I {UNHEARD}"));
}

/// This computer is in another network, with a router to the machine.
fn elsewhere(lab: &Lab) {
    moved(
        lab,
        "ip addr add 10.88.0.1/32 dev br0 && ip addr del 10.88.0.1/24 dev br0 &&
        ip route add 10.88.0.0/24 dev br0 src 10.88.0.1 &&
        ip link add cafe type veth peer name router && ip addr add 192.168.77.5/24 dev cafe &&
        ip link set cafe up && ip link set router up",
    );
}

fn home(lab: &Lab) {
    moved(
        lab,
        "ip link del cafe && ip route del 10.88.0.0/24 dev br0 src 10.88.0.1 &&
        ip addr add 10.88.0.1/24 dev br0 && ip addr del 10.88.0.1/32 dev br0",
    );
    lab.run("h1", &format!("iptables -t raw -D {UNHEARD}"));
}

const UNHEARD: &str = "PREROUTING -s 10.88.0.1 -p tcp -m multiport --dports 22,80,443,6443 -j DROP";

fn moved(lab: &Lab, script: &str) {
    assert!(lab.command("sh").args(["-c", script]).status().expect("a shell").success(), "{script}");
}

fn wait(seconds: u64) {
    std::thread::sleep(Duration::from_secs(seconds));
}

/// Where the cluster was once reached over a router, its silence is an outage, also for a Portico that starts only then.
fn routed(lab: &Lab, portico: &Portico) {
    let said = || {
        String::from_utf8_lossy(
            &portico.run(&["--json", "conditions", "--ask-token"], &portico.tokens()).stdout,
        )
        .into_owned()
    };
    elsewhere(lab);
    let well = said();
    assert!(!well.contains("kube-unreachable") && !well.contains("away-from-home"), "{well}");
    unheard(lab);
    let silent = said();
    assert!(silent.contains("kube-unreachable") && !silent.contains("away-from-home"), "{silent}");
}

#[test]
fn gatus_sees_what_happens_while_portico_is_closed() {
    let lab = Lab::up("watcher", 1);
    lab.mirror(&standin());
    lab.registry("v1.34.4+k3s1");
    lab.pulls(&["gatus"]);
    let kubectl = Kubectl(&lab);
    let portico = Portico::in_lab(&lab);
    let members = [Member { machine: "h1", role: "server", user: "op" }];
    portico.document("version: v1.34.4+k3s1", &members);
    portico.connect(&members);
    portico.apply("");
    volume(&kubectl);
    portico.changes(&["stack", "install", "gatus"]);
    portico.expose_echo(HOST);
    let again = portico.changes(&["stack", "install", "gatus"]);
    assert!(again.ends_with("Everything is as it should be.\n"), "{again}");
    let pod = kubectl.get("pods -n gatus")["items"][0].clone();
    assert_eq!(pod["spec"]["securityContext"]["runAsNonRoot"], true, "{pod:#}");

    open_until(&portico, "the service is seen", || {
        timeline(&portico)
            .iter()
            .find(|entry| entry["change"]["subject"] == "path/echo" && entry["change"]["to"] == "up")
            .map(drop)
    });
    wait(45);
    lab.run("h1", "k3s kubectl scale deployment echo -n apps --replicas 0");
    wait(75);
    lab.run("h1", "k3s kubectl scale deployment echo -n apps --replicas 1");
    kubectl.rolled_out("echo -n apps");
    // Open, and in another network: what is not seen from there is no less a gap.
    unheard(&lab);
    elsewhere(&lab);
    let watching = portico.followed(&["status", "--watch", "--ask-token"], &portico.tokens());
    wait(70);
    watching.kill();
    let returns =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_millis();
    home(&lab);
    let history = open_until(&portico, "what Gatus saw is joined", || {
        let history = echo(&portico);
        (history["watched"].as_f64()? > 0.0).then_some(history)
    });

    // From the look before to the look after all of it is known, and for a minute or two the service was away.
    let entries = timeline(&portico);
    let gap = entries.iter().find(|entry| entry["kind"] == "gap").expect("the time without Portico");
    let (from, until) = (gap["from"].as_i64().expect("ms"), gap["until"].as_i64().expect("ms"));
    assert!(gap["watched"].as_i64().expect("ms") > (until - from) * 9 / 10, "{gap}");
    assert!(until as u128 >= returns, "elsewhere nothing is seen: {entries:#?}");
    let turns: Vec<&Value> = entries
        .iter()
        .map(|entry| &entry["change"])
        .filter(|change| change["subject"] == "path/echo")
        .collect();
    let [back, gone, ..] = turns[..] else { panic!("{entries:#?}") };
    assert_eq!((&back["to"], &back["by"]), (&json!("up"), &json!("watcher")), "{back}");
    assert_eq!((&gone["to"], &gone["by"]), (&json!("down"), &json!("watcher")), "{gone}");
    assert_eq!(gone["reason"]["args"]["evidence"], "HTTP 503", "{gone}");
    let away = back["at"].as_i64().expect("ms") - gone["at"].as_i64().expect("ms");
    assert!((50_000..200_000).contains(&away), "{away} ms");
    assert!(history["latency"]["answers"].as_i64().is_some_and(|answers| answers > 0), "{history}");
    routed(&lab, &portico);
}
