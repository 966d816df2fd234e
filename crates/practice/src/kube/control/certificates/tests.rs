//! From an Ingress to its certificate, and each place where that can stop.

use super::*;
use crate::acme::Verdict;
use crate::cloudflare::{CLUSTER_TOKEN, Kind, READ_ONLY_TOKEN};
use crate::kube::control::bench::{Bench, DAY};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const HOST: &str = "grafana.example.test";
const INGRESSES: &str = "ingresses.networking.k8s.io";
const ISSUERS: &str = "clusterissuers.cert-manager.io";
const SERVER: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";

/// cert-manager, an issuer with this server, and the Secret that its solver needs, if there is a token.
fn with_issuer(server: &str, token: Option<&str>) -> Bench {
    let mut bench = Bench::new();
    bench.chart("cert-manager", "cert-manager", json!({"crds": {"enabled": true}}));
    if let Some(token) = token {
        give_token(&mut bench, token);
    }
    let solver =
        json!({"dns01": {"cloudflare": {"apiTokenSecretRef": {"name": "cloudflare-token", "key": "token"}}}});
    let acme = json!({"server": server, "email": "me@example.test", "privateKeySecretRef": {"name": "staging"}, "solvers": [solver]});
    let issuer = json!({"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": "staging"}, "spec": {"acme": acme}});
    bench.put(ISSUERS, "", issuer);
    bench
}

fn give_token(bench: &mut Bench, token: &str) {
    let data = json!({"token": STANDARD.encode(token)});
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "cloudflare-token"}, "data": data});
    bench.put("secrets", "cert-manager", secret);
}

fn expose(bench: &mut Bench, host: &str) {
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "grafana", "annotations": {"cert-manager.io/cluster-issuer": "staging"}},
        "spec": {"tls": [{"hosts": [host], "secretName": "grafana-tls"}]},
    });
    bench.put(INGRESSES, "default", ingress);
}

fn certificate(bench: &Bench) -> Value {
    bench.the(CERTIFICATES, "default", "grafana-tls")
}

fn reason(bench: &Bench, resource: &str) -> String {
    let objects = bench.list(resource);
    let [one] = &objects[..] else { panic!("one of {resource}, not {objects:#?}") };
    one["status"]["reason"].as_str().unwrap_or_default().to_owned()
}

fn records(bench: &Bench) -> usize {
    bench.homelab.cloud.records("example.test").iter().filter(|record| record.kind == Kind::Txt).count()
}

#[test]
fn an_annotated_ingress_gets_its_certificate_and_a_new_one_in_time() {
    let mut bench = with_issuer(SERVER, Some(CLUSTER_TOKEN));
    assert!(bench.is(ISSUERS, "", "staging", "Ready"));
    let before = records(&bench);
    expose(&mut bench, HOST);
    let made = certificate(&bench);
    assert!(is_true(&made, "Ready"), "{:#}", made["status"]);
    assert_eq!(
        (&made["status"]["revision"], &made["metadata"]["ownerReferences"][0]["kind"]),
        (&json!(1), &json!("Ingress"))
    );
    assert!(!is_true(&made, "Issuing"));
    let secret = bench.the("secrets", "default", "grafana-tls");
    assert_eq!(
        (&secret["type"], &secret["metadata"]["annotations"]["cert-manager.io/alt-names"]),
        (&json!("kubernetes.io/tls"), &json!(HOST))
    );
    let text = STANDARD.decode(secret["data"]["tls.crt"].as_str().expect("text")).expect("base64");
    assert!(
        String::from_utf8(text).expect("text").ends_with(&bench.homelab.authority.root()),
        "the chain is whole"
    );
    assert_eq!(bench.list(ORDERS)[0]["status"]["state"], "valid");
    assert!(bench.list(CHALLENGES).is_empty(), "challenges go when the order is through");
    assert_eq!(records(&bench), before, "the record is gone again");

    bench.advance(59 * DAY);
    assert_eq!(certificate(&bench)["status"]["revision"], 1);
    bench.advance(2 * DAY);
    assert_eq!(certificate(&bench)["status"]["revision"], 2, "renewed when a third of its life is left");
    assert_ne!(bench.the("secrets", "default", "grafana-tls")["data"]["tls.key"], secret["data"]["tls.key"]);
    bench.remove(INGRESSES, "default", "grafana");
    assert!(bench.get(CERTIFICATES, "default", "grafana-tls").is_none());
    assert!(bench.get("secrets", "default", "grafana-tls").is_some(), "the Secret stays");
}

#[test]
fn servers_that_are_none_leave_the_issuer_not_ready() {
    for (server, why) in [
        ("https://acme.nowhere.test/directory", "no such host"),
        (
            "https://acme-v02.api.letsencrypt.org/wrong",
            "404 urn:ietf:params:acme:error:malformed: Page not found",
        ),
        ("acme.test", "unsupported protocol scheme \"\""),
    ] {
        let mut bench = with_issuer(server, Some(CLUSTER_TOKEN));
        let said = bench.message(ISSUERS, "", "staging", "Ready");
        assert!(said.starts_with("Failed to register ACME account: ") && said.ends_with(why), "{said}");
        expose(&mut bench, HOST);
        let said = bench.message(REQUESTS, "default", "grafana-tls-1", "Ready");
        assert_eq!(said, "Referenced issuer does not have a Ready status condition");
    }
}

#[test]
fn each_missing_link_says_what_it_lacks_and_goes_on_when_it_is_there() {
    let mut bench = with_issuer(SERVER, None);
    expose(&mut bench, HOST);
    assert_eq!(
        reason(&bench, CHALLENGES),
        "error getting cloudflare secret: secrets \"cloudflare-token\" not found"
    );
    assert!(!is_true(&certificate(&bench), "Ready") && is_true(&certificate(&bench), "Issuing"));
    give_token(&mut bench, READ_ONLY_TOKEN);
    let said = reason(&bench, CHALLENGES);
    assert!(
        said.contains("while querying the Cloudflare API for POST \"/zones/")
            && said.contains("Error: 10000"),
        "{said}"
    );
    give_token(&mut bench, CLUSTER_TOKEN);
    assert!(is_true(&certificate(&bench), "Ready"));

    let mut bench = with_issuer(SERVER, Some(CLUSTER_TOKEN));
    expose(&mut bench, "grafana.elsewhere.test");
    assert!(
        reason(&bench, CHALLENGES)
            .starts_with("Found no Zones for domain _acme-challenge.grafana.elsewhere.test.")
    );
    bench.remove(ISSUERS, "", "staging");
    bench.remove(INGRESSES, "default", "grafana");
    expose(&mut bench, HOST);
    let said = bench.message(REQUESTS, "default", "grafana-tls-1", "Ready");
    assert_eq!(
        said,
        "Referenced \"ClusterIssuer\" not found: clusterissuer.cert-manager.io \"staging\" not found"
    );
}

#[test]
fn a_refusal_fails_the_order_and_is_tried_again_after_an_hour() {
    let mut bench = with_issuer(SERVER, Some(CLUSTER_TOKEN));
    bench.homelab.set_verdict(Verdict::Refuse("CAA record for example.test prevents issuance".to_owned()));
    expose(&mut bench, HOST);
    assert!(reason(&bench, CHALLENGES).ends_with(
        "403 urn:ietf:params:acme:error:unauthorized: CAA record for example.test prevents issuance"
    ));
    let said = bench.message(CERTIFICATES, "default", "grafana-tls", "Issuing");
    assert!(said.starts_with("The certificate request has failed to complete and will be retried: Failed to wait for order resource \"grafana-tls-1-"), "{said}");
    assert!(said.contains("order is in \"invalid\" state"), "{said}");
    let before = records(&bench);
    bench.homelab.set_verdict(Verdict::RateLimit);
    bench.advance(DAY / 48);
    assert_eq!(certificate(&bench)["status"]["failedIssuanceAttempts"], 1, "it waits for an hour");
    bench.advance(DAY / 24);
    assert_eq!(certificate(&bench)["status"]["failedIssuanceAttempts"], 2);
    assert!(
        reason(&bench, ORDERS)
            .starts_with("Failed to create Order: 429 urn:ietf:params:acme:error:rateLimited")
    );
    bench.homelab.set_verdict(Verdict::Issue);
    bench.advance(3 * DAY / 24);
    assert!(is_true(&certificate(&bench), "Ready"), "{:#}", certificate(&bench)["status"]);
    assert_eq!(records(&bench), before);
}
