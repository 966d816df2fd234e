//! Certificates issued for real: cert-manager's own controllers and webhook prove a name to an ACME server by a TXT
//! record that they write through Cloudflare's API, and the ingress controller shows what they got.
//!
//! What is applied by hand here is what Portico applies. Needs root, the built binary, and the stand-in K3s in
//! $PORTICO_STANDIN.

use portico_tests::kubectl::{Kubectl, echo, ingress, is_true};
use portico_tests::lab::Lab;
use portico_tests::outside::{Outside, cert_manager, https, sealed_secrets, sealed_token};
use portico_tests::portico::{Member, Portico, standin};
use portico_tests::soon;
use serde_json::{Value, json};

const VERSION: &str = "v1.34.4+k3s1";
const HOST: &str = "lan.example.test";
/// Its token may read records and write none.
const REFUSED: &str = "refused.example.test";
const READ_ONLY: &str = "cfut_practiceReadOnlyZonesAndRecords00000000000004";
const EVERYTHING: &str = "cfut_practicePorticoAllThatItNeeds0000000000000001";

/// A service for the LAN alone, with a certificate of the issuer's.
fn lan_only(name: &str, host: &str, issuer: &str) -> Value {
    let tls = json!([{"hosts": [host], "secretName": format!("{name}-tls")}]);
    ingress("web", name, host, "http", &json!({"cert-manager.io/cluster-issuer": issuer}), &tls)
}

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

/// The tunnel's Deployment as Portico applies it.
fn tunnel(name: &str, token: &str) -> Value {
    let labels = json!({"app": name});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "web"},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{
                "name": "cloudflared", "image": "docker.io/cloudflare/cloudflared:2026.8.2",
                "args": ["tunnel", "--no-autoupdate", "--metrics", "0.0.0.0:2000", "run"],
                "env": [{"name": "TUNNEL_TOKEN", "value": token}],
                "readinessProbe": {"httpGet": {"path": "/ready", "port": 2000}},
            }]}},
        },
    })
}

/// What has nothing to do with certificates, while one is waited for.
fn meanwhile(lab: &Lab, kubectl: &Kubectl) {
    let service = kubectl.get("service echo -n web");
    assert_eq!(service["spec"]["clusterIP"], inside(lab, "echo.web.svc.cluster.local").as_str());
    assert_eq!("192.168.1.50", inside(lab, "nas.example.test"));

    // {"a":"9a7c","t":"6ff42ae2-765d-4adf-8112-31c55c1551ef","s":"c2VjcmV0"}
    let token =
        "eyJhIjoiOWE3YyIsInQiOiI2ZmY0MmFlMi03NjVkLTRhZGYtODExMi0zMWM1NWMxNTUxZWYiLCJzIjoiYzJWamNtVjAifQ==";
    kubectl.apply(&[tunnel("good", token), tunnel("bad", "nonsense")]);
    kubectl.rolled_out("good -n web");
    kubectl.until("pods -n web -l app=bad", 30, |pods| {
        let restarts = &pods["items"][0]["status"]["containerStatuses"][0]["restartCount"];
        restarts.as_u64().is_some_and(|count| count > 0)
    });
}

#[test]
fn a_name_is_proven_by_dns_and_its_certificate_is_shown_on_every_worker() {
    let lab = Lab::up("certs", 3);
    lab.mirror(&standin());
    lab.registry(VERSION);
    lab.pulls(&["cert-manager", "sealed-secrets", "cloudflared"]);
    let portico = Portico::in_lab(&lab);
    let outside = Outside::start(&portico, &lab);
    let members = [("h1", "server"), ("h2", "agent"), ("h3", "agent")].map(|(machine, role)| Member {
        machine,
        role,
        user: "op",
    });
    portico.connect(&members);
    portico.document(&format!("version: {VERSION}"), &members);
    portico.apply("");

    let kubectl = Kubectl(&lab);
    sealed_secrets(&kubectl);
    cert_manager(&kubectl);
    kubectl.apply(&[
        sealed_token(&lab, "cloudflare-token", EVERYTHING),
        sealed_token(&lab, "poor-token", READ_ONLY),
    ]);
    let unsealed =
        kubectl.until("sealedsecret cloudflare-token -n cert-manager", 30, |found| is_true(found, "Synced"));
    assert!(!unsealed.to_string().contains(EVERYTHING), "{unsealed}");
    kubectl.apply(&[outside.issuer("acme", "cloudflare-token"), outside.issuer("poor", "poor-token")]);
    kubectl.until("clusterissuer acme", 30, |issuer| is_true(issuer, "Ready"));
    kubectl.apply(&echo("web"));
    kubectl.apply(&[lan_only("echo", HOST, "acme"), lan_only("refused", REFUSED, "poor")]);

    // What is wrong with the poor token stands at the challenge, in the words of Cloudflare's answer.
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

    meanwhile(&lab, &kubectl);

    // After its own look at the record, cert-manager waits for a minute, always.
    let certificate = kubectl.until("certificate echo-tls -n web", 120, |found| is_true(found, "Ready"));
    assert_eq!(json!([HOST]), certificate["spec"]["dnsNames"]);
    let record = [("portico".to_owned(), "create".to_owned()), ("portico".to_owned(), "delete".to_owned())];
    kubectl.until("challenges -n web", 30, |challenges| {
        let open = challenges["items"].as_array().into_iter().flatten();
        open.filter(|challenge| challenge["spec"]["dnsName"] == HOST).count() == 0
    });
    assert_eq!(
        record.to_vec(),
        outside.audit(&format!("_acme-challenge.{HOST}")),
        "written and taken away again"
    );

    kubectl.rolled_out("echo -n web");
    for worker in ["h2", "h3"] {
        let address = &lab.machine(worker).address;
        let body = soon(|| https(&lab, HOST, address, outside.root.path()));
        assert!(body.contains(&format!("\"host\": \"{HOST}\"")), "over {worker}: {body}");
        let other =
            https(&lab, REFUSED, address, outside.root.path()).expect_err("nobody signed for this name");
        assert!(other.contains("certificate"), "over {worker}: {other}");
    }
}
