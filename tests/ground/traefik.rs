//! From ingress-nginx to the controller that K3s brings along and back, for real: each carries HTTP, certificates and TLS
//! that it does not open, over the address of every worker, by the same Ingresses. Traefik is Traefik itself.
//!
//! By hand is only what somebody else has in the cluster. Needs root, the built binary, and the stand-in K3s in
//! $PORTICO_STANDIN.

use portico_domain::stack::IngressController;
use portico_domain::traffic::{Counter, OwnRequests, Rates, Reading};
use portico_tests::kubectl::{Kubectl, echo, ingress, is_true};
use portico_tests::lab::Lab;
use portico_tests::outside::{https, shown};
use portico_tests::portico::{Portico, SERVER_AND_TWO_AGENTS, standin};
use portico_tests::soon;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const VERSION: &str = "v1.34.4+k3s1";
const TRAEFIK: &str = "3.6.13";
const PLAIN: &str = "plain.example.test";
const SIGNED: &str = "signed.example.test";
const THROUGH: &str = "through.example.test";

/// An authority of the cluster's own: how names are proven to one outside is told in certificates.rs, and takes a minute.
fn authority() -> [Value; 3] {
    let issuer = |name: &str, how: Value| json!({"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": name}, "spec": how});
    [
        issuer("nobody", json!({"selfSigned": {}})),
        json!({
            "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
            "metadata": {"name": "authority", "namespace": "cert-manager"},
            "spec": {
                "isCA": true, "commonName": "The cluster itself", "secretName": "authority",
                "issuerRef": {"name": "nobody", "kind": "ClusterIssuer"},
            },
        }),
        issuer("own", json!({"ca": {"secretName": "authority"}})),
    ]
}

/// What somebody else has in the cluster: an app that speaks HTTP and TLS, and a name with a certificate for it.
fn somebody_elses(lab: &Lab, kubectl: &Kubectl) -> tempfile::NamedTempFile {
    kubectl.apply(&authority());
    kubectl.apply(&echo("web"));
    let secure = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "secure", "namespace": "web"},
        "spec": {"selector": {"app": "echo"}, "ports": [{"port": 443, "targetPort": "https"}]},
    });
    let tls = json!([{"hosts": [SIGNED], "secretName": "signed-tls"}]);
    let issued = json!({"cert-manager.io/cluster-issuer": "own"});
    kubectl.apply(&[secure, ingress("web", "signed", SIGNED, "http", &issued, &tls)]);
    kubectl.rolled_out("echo -n web");
    kubectl.until("certificate signed-tls -n web", 60, |found| is_true(found, "Ready"));
    let path = r"{.data.ca\.crt}";
    let certificate =
        lab.run("h1", &format!("k3s kubectl get secret signed-tls -n web -o jsonpath='{path}' | base64 -d"));
    let root = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(root.path(), certificate).expect("written");
    root
}

fn answers(lab: &Lab, portico: &Portico, worker: &str) {
    soon(|| match portico.status(PLAIN, &lab.machine(worker).address).as_str() {
        "200" => Ok(()),
        other => Err(format!("{other} over {worker}")),
    });
}

/// Every name over every worker, and the name that nobody has.
fn all_answer(lab: &Lab, portico: &Portico, kubectl: &Kubectl, root: &Path) {
    let pods: Vec<String> = kubectl.get("pods -n web")["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|pod| pod["metadata"]["name"].as_str().map(str::to_owned))
        .collect();
    for worker in ["h2", "h3"] {
        let address = &lab.machine(worker).address;
        answers(lab, portico, worker);
        assert_eq!("404", portico.status("other.example.test", address), "over {worker}");

        let body = soon(|| https(lab, SIGNED, address, root));
        assert!(body.contains(&format!("\"host\": \"{SIGNED}\"")), "over {worker}: {body}");
        assert_eq!(
            "308",
            portico.status(SIGNED, address),
            "a name with a certificate is not answered in the clear"
        );

        // The certificate that the pod made for itself: nobody in between has opened the connection.
        let seen = shown(lab, THROUGH, address);
        assert!(
            pods.iter().any(|pod| seen.contains(pod.as_str())) && seen.ends_with("200"),
            "over {worker}: {seen}"
        );
        let stranger = shown(lab, "other.example.test", address);
        assert!(!pods.iter().any(|pod| stranger.contains(pod.as_str())), "over {worker}: {stranger}");
    }
    assert_eq!("000", portico.status(PLAIN, &lab.machine("h1").address), "the server carries no ports");
}

/// Says that it is over however a scope is left: a thread that asks until then would hold a failed test for ever.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Moves, asks for a name all the while, and gives for how long it was not answered in one piece; `rehearsed` is called
/// when the new controller was tried and the old one still serves.
fn moves(lab: &Lab, portico: &Portico, arguments: &[&str], rehearsed: impl Fn()) -> Duration {
    let over = AtomicBool::new(false);
    let address = &lab.machine("h2").address;
    std::thread::scope(|scope| {
        let asked = Over(&over);
        let asking = scope.spawn(|| {
            let (mut longest, mut last) = (Duration::ZERO, Instant::now());
            while !over.load(Ordering::Relaxed) {
                if portico.status(PLAIN, address) == "200" {
                    longest = longest.max(last.elapsed());
                    last = Instant::now();
                }
                std::thread::sleep(Duration::from_millis(200));
            }
            longest
        });
        let began = Instant::now();
        let mut following = portico.followed(&portico.with_tokens(arguments), &portico.tokens());
        while let Some(news) = following.news() {
            eprintln!("{:>4} s  {news}", began.elapsed().as_secs());
            if news == "… rehearsal" {
                rehearsed();
            }
        }
        let said = following.said.clone();
        let status = following.end();
        drop(asked);
        let longest = asking.join().expect("it was asked to the end");
        assert!(status.success(), "{said}");
        longest
    })
}

/// What the pod of Traefik has counted by now.
fn counted(kubectl: &Kubectl, at: i64) -> Reading {
    // The one before it may still be on its way out, and counts nothing any more.
    kubectl.rolled_out("traefik -n kube-system");
    let pods = kubectl.get("pods -n kube-system -l app.kubernetes.io/name=traefik");
    let mut pods = pods["items"].as_array().expect("pods").iter().map(|pod| &pod["metadata"]);
    let stays = pods.find(|metadata| metadata["deletionTimestamp"].is_null()).expect("a pod of Traefik");
    let name = stays["name"].as_str().expect("its name").to_owned();
    let raw = format!("/api/v1/namespaces/kube-system/pods/{name}:9100/proxy/metrics");
    let text = kubectl.0.run("h1", &format!("k3s kubectl get --raw {raw}"));
    let count = Counter::Controller(IngressController::Traefik).read(&text).expect("it counts");
    Reading { at, controller: [(name, count)].into(), ..Reading::default() }
}

/// Traefik calls a service as Portico looks for it.
fn is_counted(lab: &Lab, portico: &Portico, kubectl: &Kubectl) {
    let echo = serde_json::from_value(json!({
        "name": "echo", "hostname": PLAIN, "reach": "lan", "backend": {"kind": "echo", "image": "echo:1"},
    }));
    let echo = echo.expect("an exposure");
    let earlier = counted(kubectl, 0);
    for _ in 0..10 {
        assert_eq!("200", portico.status(PLAIN, &lab.machine("h2").address));
    }
    let rates = Rates::between(&earlier, &counted(kubectl, 1000), &OwnRequests::default());
    let rate = rates.of(&echo, IngressController::Traefik).expect("a rate").per_second;
    assert!(rate == 10.0, "{rate} per second: {rates:?}");
}

#[test]
fn the_ports_change_hands_and_every_name_goes_on() {
    let lab = Lab::up("traefik", 3);
    lab.mirror(&standin());
    lab.registry(VERSION);
    lab.pulls(&["traefik", "cert-manager"]);
    let portico = Portico::in_lab(&lab);
    portico.connect(&SERVER_AND_TWO_AGENTS);
    portico.document(&format!("version: {VERSION}"), &SERVER_AND_TWO_AGENTS);
    portico.apply("");
    let kubectl = Kubectl(&lab);
    portico.changes(&["stack", "install", "cert-manager"]);
    let root = somebody_elses(&lab, &kubectl);
    portico.changes(&["expose", "echo", "--host", PLAIN, "--lan"]);
    portico.changes(&["expose", "web/secure:443", "--host", THROUGH, "--lan", "--passthrough"]);
    all_answer(&lab, &portico, &kubectl, root.path());

    let to_traefik = ["stack", "move-ingress", "traefik", "--accept", TRAEFIK];
    assert!(
        !portico.tries(&to_traefik[..3]).status.success(),
        "this K3s brings an old one: somebody has to say yes"
    );
    let silent = moves(&lab, &portico, &to_traefik, || {
        answers(&lab, &portico, "h2");
        // A probe of the controller may be late while another one starts on the same cores.
        soon(|| {
            let controller = kubectl.get("deployment ingress-nginx-controller -n ingress-nginx");
            if is_true(&controller, "Available") { Ok(()) } else { Err(controller.to_string()) }
        });
    });
    assert!(silent < Duration::from_secs(30), "no answer for {silent:?}");
    all_answer(&lab, &portico, &kubectl, root.path());
    assert!(kubectl.get("helmchart ingress-nginx -n kube-system").is_null());
    assert!(portico.succeeds(&["stack"], "").contains("✓ healthy"));
    is_counted(&lab, &portico, &kubectl);

    let back = ["stack", "move-ingress", "nginx"];
    let silent = moves(&lab, &portico, &back, || answers(&lab, &portico, "h2"));
    assert!(silent < Duration::from_secs(30), "no answer for {silent:?}");
    all_answer(&lab, &portico, &kubectl, root.path());
    kubectl.until("deployment traefik -n kube-system", 120, Value::is_null);
}
