//! Certificates and the tunnel, for real: `portico stack set` installs what they need, cert-manager's own controllers
//! prove a name to an ACME server by a TXT record that they write through Cloudflare's API, and pods of the cluster's own
//! carry a visitor from the internet to the same service.
//!
//! By hand is only what Portico refuses to do. Needs root, the built binary, and the stand-in K3s in $PORTICO_STANDIN.

use portico_tests::kubectl::{Kubectl, echo, ingress, is_true};
use portico_tests::lab::Lab;
use portico_tests::outside::{Outside, https, sealed_token};
use portico_tests::portico::{Portico, SERVER_AND_TWO_AGENTS, standin};
use portico_tests::soon;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const VERSION: &str = "v1.34.4+k3s1";
const ZONE: &str = "example.test";
const HOST: &str = "lan.example.test";
/// Its token may read records and write none.
const REFUSED: &str = "refused.example.test";
const READ_ONLY: &str = "cfut_practiceReadOnlyZonesAndRecords00000000000004";
const WORKERS: [&str; 2] = ["h2", "h3"];

/// Why the challenge for the refused name does not get on; empty while there is nothing to say.
fn reason(challenges: &Value) -> &str {
    let mut all = challenges["items"].as_array().into_iter().flatten();
    let found = all.find(|challenge| challenge["spec"]["dnsName"] == REFUSED);
    found.and_then(|challenge| challenge["status"]["reason"].as_str()).unwrap_or_default()
}

/// A name inside the cluster, asked at its own name server from a machine that otherwise asks the router.
fn inside(lab: &Lab, name: &str) -> String {
    let ask = format!(
        "echo nameserver 10.43.0.10 >/run/inside && mount --bind /run/inside /etc/resolv.conf && getent ahostsv4 {name}"
    );
    let said = lab.run("h1", &format!("unshare -m sh -c '{ask}'"));
    said.split_whitespace().next().unwrap_or_default().to_owned()
}

/// The whole stack in one command; a cluster's token that is too narrow changes nothing.
fn stack(portico: &Portico, outside: &Outside, kubectl: &Kubectl) {
    let refused = portico.run(&["token", "--cluster"], READ_ONLY);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("DNS"), "{said}");
    portico.file("acme-ca.pem", &outside.acme_ca);
    let set = [
        "stack",
        "set",
        "--email",
        "someone@example.test",
        "--authority",
        Outside::ACME,
        "--authority-ca",
        "acme-ca.pem",
        "--tunnel",
        "portico-home",
    ];
    let narrow = [&set[..], &["--yes", "--ask-token", "--ask-cluster-token"]].concat();
    let token = portico.described()["cloudflareToken"].as_str().expect("a token");
    let refused = portico.run(&narrow, &format!("{token}\n{READ_ONLY}"));
    assert!(!refused.status.success(), "{}", String::from_utf8_lossy(&refused.stdout));
    assert!(kubectl.get("helmchart cert-manager -n kube-system").is_null(), "nothing was done");

    portico.changes(&set);
    let again = portico.changes(&set);
    assert!(again.ends_with("Everything is as it should be.\n"), "{again}");
    let shown = portico.succeeds(&["stack", "--ask-token", "--ask-cluster-token"], &portico.tokens());
    for component in ["ingress-nginx", "sealed-secrets", "cert-manager", "cloudflared"] {
        let well = |line: &&str| line.starts_with(component) && line.ends_with("healthy");
        assert!(shown.lines().any(|line| well(&line)), "{component} in {shown}");
    }

    let sealed = kubectl.get("sealedsecret cloudflare-token -n cert-manager");
    let cluster = portico.described()["clusterToken"].as_str().expect("a token");
    assert!(is_true(&sealed, "Synced") && !sealed.to_string().contains(cluster), "{sealed:#}");
    let class = kubectl.get("ingressclass nginx");
    assert_eq!("portico", class["metadata"]["labels"]["app.kubernetes.io/managed-by"], "{class:#}");
    let tunnel = kubectl.get("deployment cloudflared -n cloudflared");
    assert_eq!(
        (json!(2), json!(2)),
        (tunnel["spec"]["replicas"].clone(), tunnel["status"]["readyReplicas"].clone())
    );
}

/// What takes no minute, while a certificate is waited for.
fn meanwhile(lab: &Lab, portico: &Portico, outside: &Outside, kubectl: &Kubectl) {
    // What is wrong with a poor token stands at the challenge, in the words of Cloudflare's answer.
    kubectl.apply(&[sealed_token(lab, "poor-token", READ_ONLY), outside.issuer("poor", "poor-token")]);
    kubectl.apply(&echo("web"));
    let tls = json!([{"hosts": [REFUSED], "secretName": "refused-tls"}]);
    let issued = json!({"cert-manager.io/cluster-issuer": "poor"});
    kubectl.apply(&[ingress("web", "refused", REFUSED, "http", &issued, &tls)]);
    let challenges =
        kubectl.until("challenges -n web", 60, |challenges| reason(challenges).contains("Cloudflare"));
    assert!(reason(&challenges).contains("10000"), "{challenges:#}");
    assert!(!is_true(&kubectl.get("certificate refused-tls -n web"), "Ready"));
    assert!(outside.audit(&format!("_acme-challenge.{REFUSED}")).is_empty());

    // cert-manager's own webhook judges what is applied.
    let mut wrong = outside.issuer("wrong", "cloudflare-token");
    wrong["spec"]["acme"]["solvers"][0]["dns01"]["cloudflare"]["apiKeySecretRef"] =
        json!({"name": "a", "key": "b"});
    let refused = lab.try_run("h1", &format!("k3s kubectl apply -f - <<'END'\n{wrong}\nEND"));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("webhook.cert-manager.io"), "{said}");

    let service = kubectl.get("service echo -n web");
    assert_eq!(service["spec"]["clusterIP"], inside(lab, "echo.web.svc.cluster.local").as_str());
    assert_eq!("192.168.1.50", inside(lab, "nas.example.test"));
    keys(portico, kubectl);
}

/// The controller's key is saved, lost, and put back.
fn keys(portico: &Portico, kubectl: &Kubectl) {
    let passphrase = "correct horse battery";
    let saved = portico.succeeds(&["keys", "save", "keys.age"], passphrase);
    let name = saved.split_whitespace().next().expect("a key's name").to_owned();
    let key = format!("secret {name} -n kube-system");
    let before = kubectl.get(&key);
    kubectl.0.run("h1", &format!("k3s kubectl delete {key}"));
    let restored = portico.succeeds(&["keys", "restore", "keys.age"], passphrase);
    assert!(restored.contains(&name), "{restored}");
    let after = kubectl.get(&key);
    assert_eq!((&before["data"], &before["type"]), (&after["data"], &after["type"]));
    assert_eq!(before["metadata"]["labels"], after["metadata"]["labels"]);
}

/// A change by hand is said and left alone until somebody asks for its repair.
fn repair(portico: &Portico, kubectl: &Kubectl) {
    let chart = "helmchart cert-manager -n kube-system";
    let edit = r#"{"spec":{"backOffLimit":9}}"#;
    kubectl.0.run("h1", &format!("k3s kubectl patch {chart} --type merge -p '{edit}'"));
    let told = portico.run(&["stack", "--ask-token", "--ask-cluster-token"], &portico.tokens());
    let shown = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(!told.status.success() && shown.contains("spec.backOffLimit: 9 -> 3"), "{shown}");
    assert!(!portico.tries(&["stack", "install", "cert-manager"]).status.success(), "it is left alone");
    portico.changes(&["stack", "repair", "cert-manager"]);
    assert_eq!(json!(3), kubectl.get(chart)["spec"]["backOffLimit"]);
}

/// The same service for the internet, through the cluster's own connectors, and for nobody.
fn public(portico: &Portico, outside: &Outside, kubectl: &Kubectl, before: &[String]) {
    let open = ["expose", "echo", "--host", HOST, "--public"];
    assert!(!portico.tries(&open).status.success(), "ingress-nginx wants a yes of its own");
    portico.changes(&[&open[..], &["--accept-retired-ingress"]].concat());
    let records: Vec<String> =
        outside.records(ZONE).into_iter().filter(|record| record.starts_with(HOST)).collect();
    assert!(
        matches!(records.as_slice(), [only] if only.contains(" CNAME ") && only.ends_with(".cfargotunnel.com proxied")),
        "{records:?}"
    );
    let seen = outside.visit(HOST);
    assert!(seen.ends_with("200") && seen.contains(&format!("\"host\": \"{HOST}\"")), "{seen}");
    assert!(kubectl.get("ingress echo -n apps")["spec"]["tls"].is_null());

    portico.changes(&[&open[..], &["--access", "me@example.test"]].concat());
    let seen = outside.visit(HOST);
    assert!(seen.ends_with("302"), "a login stands in front: {seen}");

    portico.changes(&["hide", "echo"]);
    assert_eq!(before, outside.records(ZONE), "all that others made is as it was");
    let seen = outside.visit(HOST);
    assert!(seen.ends_with("409"), "the edge knows the name no more: {seen}");
    assert!(kubectl.get("ingress echo -n apps").is_null());
}

/// Nobody was there to renew the certificate, and it has ended: that is one thing.
fn ended(lab: &Lab, portico: &Portico, kubectl: &Kubectl) {
    let scale = "k3s kubectl scale deployment cert-manager -n cert-manager --replicas";
    lab.run("h1", &format!("{scale}=0"));
    kubectl.until("pods -n cert-manager -l app=cert-manager", 60, |pods| {
        pods["items"].as_array().is_some_and(Vec::is_empty)
    });
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut certificate = rcgen::CertificateParams::new([HOST.to_owned()]).expect("a certificate's");
    certificate.not_after = rcgen::date_time_ymd(2026, 1, 2);
    let certificate = certificate.self_signed(&key).expect("a certificate");
    let data = json!({"stringData": {"tls.crt": certificate.pem(), "tls.key": key.serialize_pem()}});
    lab.run("h1", &format!("k3s kubectl patch secret echo-tls -n apps --type merge -p '{data}'"));

    soon(|| {
        let said = portico.run(&["--json", "conditions", "--ask-token"], &portico.tokens());
        let told: Value = serde_json::from_slice(&said.stdout).map_err(|error| error.to_string())?;
        let told = told["conditions"].as_array().into_iter().flatten();
        let about = told.filter(|each| each["id"].as_str().is_some_and(|id| id.contains("cert")));
        let about: Vec<Value> =
            about.map(|each| json!([each["id"], each["severity"], each["hostnames"]])).collect();
        let wanted = json!([["workload-not-ready/cert-manager", "down", [HOST]]]);
        if json!(about) == wanted { Ok(()) } else { Err(format!("{about:?}")) }
    });
    let why = portico.run(&["why", HOST, "--ask-token"], &portico.tokens());
    let why = String::from_utf8_lossy(&why.stdout).into_owned();
    assert!(why.contains("has expired"), "{why}");

    lab.run("h1", &format!("{scale}=1"));
}

/// Without Cloudflare: the cluster's own authority signs for names at home, and convinces nobody of others.
fn at_home(lab: &Lab, portico: &Portico, outside: &Outside, kubectl: &Kubectl, before: &[String]) {
    const NAME: &str = "echo.home.arpa";
    const STRAY: &str = "stray.example.test";
    portico.changes(&["stack", "set", "--home-domain", "home.arpa"]);
    assert!(kubectl.get("deployment cloudflared -n cloudflared").is_null(), "nobody comes in by the tunnel");
    assert!(kubectl.get("sealedsecret cloudflare-token -n cert-manager").is_null());
    portico.changes(&["expose", "echo", "--host", NAME, "--lan"]);
    assert_eq!(before, outside.records(ZONE), "no record is made for it");

    let home: Value = serde_json::from_str(&portico.succeeds(&["--json", "home"], "")).expect("JSON");
    let mut authority = tempfile::NamedTempFile::new().expect("a file");
    let certificate = home["authority"]["certificatePem"].as_str().expect("a certificate");
    std::io::Write::write_all(&mut authority, certificate.as_bytes()).expect("written");
    // The same authority, told to sign for a name that it may not sign for.
    let stray = json!([{"hosts": [STRAY], "secretName": "stray-tls"}]);
    let issued = json!({"cert-manager.io/cluster-issuer": "home-authority"});
    kubectl.apply(&[ingress("web", "stray", STRAY, "http", &issued, &stray)]);
    kubectl.until("certificate stray-tls -n web", 30, |certificate| is_true(certificate, "Ready"));
    for worker in WORKERS {
        let address = &lab.machine(worker).address;
        let body = soon(|| https(lab, NAME, address, authority.path()));
        assert!(body.contains(&format!("\"host\": \"{NAME}\"")), "over {worker}: {body}");
        let refused = soon(|| match https(lab, STRAY, address, authority.path()) {
            Err(said) if said.contains("permitted subtree violation") => Ok(said),
            other => Err(format!("{other:?}")),
        });
        assert!(refused.contains("certificate"), "over {worker}: {refused}");
    }
}

#[test]
fn a_name_is_proven_by_dns_shown_on_every_worker_and_then_public() {
    let lab = Lab::up("certs", 3);
    lab.mirror(&standin());
    lab.registry(VERSION);
    lab.pulls(&["cert-manager", "sealed-secrets", "cloudflared"]);
    let portico = Portico::in_lab(&lab);
    let outside = Outside::start(&portico, &lab);
    portico.connect(&SERVER_AND_TWO_AGENTS);
    portico.document(&format!("version: {VERSION}"), &SERVER_AND_TWO_AGENTS);
    portico.apply("");

    let kubectl = Kubectl(&lab);
    let before = outside.records(ZONE);
    stack(&portico, &outside, &kubectl);

    // After its own look at the record, cert-manager waits for a minute, always.
    std::thread::scope(|scope| {
        let exposing = scope.spawn(|| portico.changes(&["expose", "echo", "--host", HOST, "--lan"]));
        meanwhile(&lab, &portico, &outside, &kubectl);
        exposing.join().expect("the service is exposed");
    });
    assert_eq!(json!([HOST]), kubectl.get("certificate echo-tls -n apps")["spec"]["dnsNames"]);
    let record = [("cluster".to_owned(), "create".to_owned()), ("cluster".to_owned(), "delete".to_owned())];
    let proven = || {
        kubectl.until("challenges -n apps", 30, |challenges| {
            challenges["items"].as_array().is_some_and(Vec::is_empty)
        });
    };
    proven();
    assert_eq!(
        record.to_vec(),
        outside.audit(&format!("_acme-challenge.{HOST}")),
        "written and taken away again"
    );
    for worker in WORKERS {
        let address = &lab.machine(worker).address;
        let body = soon(|| https(&lab, HOST, address, outside.root.path()));
        assert!(body.contains(&format!("\"host\": \"{HOST}\"")), "over {worker}: {body}");
        let other =
            https(&lab, REFUSED, address, outside.root.path()).expect_err("nobody signed for this name");
        assert!(other.contains("certificate"), "over {worker}: {other}");
    }
    let services = portico.succeeds(&["services"], "");
    assert!(services.lines().any(|line| line.contains(HOST) && line.ends_with("LAN only")), "{services}");

    ended(&lab, &portico, &kubectl);
    repair(&portico, &kubectl);
    // With who asks for it comes the next one, by itself.
    let began = Instant::now();
    for worker in WORKERS {
        let address = &lab.machine(worker).address;
        while let Err(said) = https(&lab, HOST, address, outside.root.path()) {
            assert!(began.elapsed() < Duration::from_secs(300), "over {worker}: {said}");
            std::thread::sleep(Duration::from_millis(250));
        }
    }
    proven();
    public(&portico, &outside, &kubectl, &before);
    at_home(&lab, &portico, &outside, &kubectl, &before);
}
