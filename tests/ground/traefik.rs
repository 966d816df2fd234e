//! The ingress controller that K3s brings along, for real: Traefik itself carries HTTP, certificates and TLS that it
//! does not open, over the address of every worker, by the annotations that were made for ingress-nginx.
//!
//! What is applied by hand here is what Portico applies. Needs root, the built binary, and the stand-in K3s in
//! $PORTICO_STANDIN.

use portico_tests::kubectl::{Kubectl, echo, ingress, is_true};
use portico_tests::lab::Lab;
use portico_tests::outside::{cert_manager, https, shown};
use portico_tests::portico::{Member, Portico, standin};
use portico_tests::soon;
use serde_json::{Value, json};

const VERSION: &str = "v1.34.4+k3s1";
const PLAIN: &str = "plain.example.test";
const SIGNED: &str = "signed.example.test";
const THROUGH: &str = "through.example.test";

/// Traefik's settings, and the class whose Ingresses it takes over.
fn settings() -> [Value; 2] {
    let values = json!({
        "providers": {"kubernetesIngressNGINX": {"enabled": true}, "kubernetesIngress": {"enabled": false}},
        "service": {"type": "LoadBalancer"},
    });
    [
        json!({
            "apiVersion": "helm.cattle.io/v1", "kind": "HelmChartConfig",
            "metadata": {"name": "traefik", "namespace": "kube-system"},
            "spec": {"valuesContent": values.to_string()},
        }),
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
            "metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"},
        }),
    ]
}

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

/// The cluster as Portico builds it today, with K3s' own controller in the place of ingress-nginx.
fn exchange(lab: &Lab, kubectl: &Kubectl) {
    lab.run("h1", "k3s kubectl delete helmchart ingress-nginx -n kube-system");
    kubectl.until("deployment,daemonset -A -l app.kubernetes.io/name=ingress-nginx", 60, |left| {
        left["items"].as_array().is_some_and(Vec::is_empty)
    });
    kubectl.apply(&settings());
    lab.run(
        "h1",
        "sed -i '/^disable:/d; /^- traefik$/d' /etc/rancher/k3s/config.yaml && systemctl restart k3s",
    );
    kubectl.until("deployment traefik -n kube-system", 60, |found| {
        found["spec"].to_string().contains("providers.kubernetesingressnginx=true")
    });
    kubectl.rolled_out("traefik -n kube-system");
}

#[test]
fn traefik_carries_http_certificates_and_tls_that_it_does_not_open() {
    let lab = Lab::up("traefik", 3);
    lab.mirror(&standin());
    lab.registry(VERSION);
    lab.pulls(&["traefik", "cert-manager"]);
    let portico = Portico::in_lab(&lab);
    let members = [("h1", "server"), ("h2", "agent"), ("h3", "agent")].map(|(machine, role)| Member {
        machine,
        role,
        user: "op",
    });
    portico.connect(&members);
    portico.document(&format!("version: {VERSION}"), &members);
    portico.apply("");
    let kubectl = Kubectl(&lab);
    exchange(&lab, &kubectl);
    cert_manager(&kubectl);
    kubectl.apply(&authority());

    kubectl.apply(&echo("web"));
    let signed = json!([{"hosts": [SIGNED], "secretName": "signed-tls"}]);
    let through = json!({
        "nginx.ingress.kubernetes.io/ssl-passthrough": "true",
        "nginx.ingress.kubernetes.io/backend-protocol": "HTTPS",
    });
    let plain = json!({"nginx.ingress.kubernetes.io/ssl-redirect": "false"});
    kubectl.apply(&[
        ingress("web", "plain", PLAIN, "http", &plain, &json!([])),
        ingress("web", "signed", SIGNED, "http", &json!({"cert-manager.io/cluster-issuer": "own"}), &signed),
        ingress("web", "through", THROUGH, "https", &through, &json!([])),
    ]);
    kubectl.rolled_out("echo -n web");
    kubectl.until("certificate signed-tls -n web", 60, |found| is_true(found, "Ready"));
    let path = r"{.data.ca\.crt}";
    let certificate =
        lab.run("h1", &format!("k3s kubectl get secret signed-tls -n web -o jsonpath='{path}' | base64 -d"));
    let root = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(root.path(), certificate).expect("written");

    let pods: Vec<String> = kubectl.get("pods -n web")["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|pod| pod["metadata"]["name"].as_str().map(str::to_owned))
        .collect();
    for worker in ["h2", "h3"] {
        let address = &lab.machine(worker).address;
        soon(|| match portico.status(PLAIN, address).as_str() {
            "200" => Ok(()),
            other => Err(format!("{other} over {worker}")),
        });
        assert_eq!("404", portico.status("other.example.test", address), "over {worker}");

        let body = soon(|| https(&lab, SIGNED, address, root.path()));
        assert!(body.contains(&format!("\"host\": \"{SIGNED}\"")), "over {worker}: {body}");
        assert_eq!(
            "308",
            portico.status(SIGNED, address),
            "a name with a certificate is not answered in the clear"
        );

        // The certificate that the pod made for itself: nobody in between has opened the connection.
        let seen = shown(&lab, THROUGH, address);
        assert!(
            pods.iter().any(|pod| seen.contains(pod.as_str())) && seen.ends_with("200"),
            "over {worker}: {seen}"
        );
        let stranger = shown(&lab, "other.example.test", address);
        assert!(!pods.iter().any(|pod| stranger.contains(pod.as_str())), "over {worker}: {stranger}");
    }
    assert_eq!("000", portico.status(PLAIN, &lab.machine("h1").address), "the server carries no ports");
}
