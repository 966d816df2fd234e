//! What is asked, how it is told to Gatus, and what its answers mean.

use super::*;
use crate::stack::StackComponent;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn desired(exposures: Value) -> Desired {
    let document = "{version: 1, name: home, k3s: {version: v1.34.4+k3s1}, \
         machines: [{name: a, address: 192.168.1.2, role: server}]}";
    let cluster = Some(crate::cluster::parse(document).unwrap());
    Desired { cluster, exposures: serde_json::from_value(exposures).unwrap(), ..Desired::default() }
}

fn service(name: &str, reach: &str, tls: &str) -> Value {
    json!({
        "name": name, "hostname": format!("{}.example.test", name.replace('.', "-")), "reach": reach, "tls": tls,
        "backend": {"kind": "service", "namespace": "default", "name": "web", "port": 8443},
    })
}

fn asked(desired: &Desired) -> Vec<String> {
    let line = |check: Check| {
        let host = check.host.as_ref().map(|host| format!(" as {host}")).unwrap_or_default();
        format!("{} {} {}{host}", check.subject, check.key(), check.url)
    };
    checks(desired).into_iter().map(line).collect()
}

#[test]
fn each_service_is_asked_from_the_controller_on_and_a_public_one_as_visitors_do() {
    let mut home = desired(json!([
        service("web", "lan", "terminated"),
        service("wiki", "public", "terminated"),
        service("vault", "lan", "passthrough"),
        service("door", "public", "passthrough"),
    ]));
    insta::assert_snapshot!(asked(&home).join("\n"), @"
    ingress cluster_ingress tcp://ingress-nginx-controller.ingress-nginx.svc.cluster.local:80
    path/web inside_web http://ingress-nginx-controller.ingress-nginx.svc.cluster.local/ as web.example.test
    path/wiki inside_wiki http://ingress-nginx-controller.ingress-nginx.svc.cluster.local/ as wiki.example.test
    path/wiki public_wiki https://wiki.example.test/
    path/vault inside_vault https://web.default.svc.cluster.local:8443/ as vault.example.test
    path/door public_door https://door.example.test/
    ");
    // With certificates, plain requests are only sent elsewhere.
    home.stack.names =
        crate::stack::Names::Home { domain: crate::dns::Hostname::parse("example.test").unwrap() };
    home.stack.components.entry(StackComponent::CertManager).or_default();
    assert_eq!(
        asked(&home)[1],
        "path/web inside_web https://ingress-nginx-controller.ingress-nginx.svc.cluster.local/ as web.example.test"
    );
    home.cluster.as_mut().unwrap().options.traefik = true;
    assert_eq!(asked(&home)[0], "ingress cluster_ingress tcp://traefik.kube-system.svc.cluster.local:80");
}

#[test]
fn no_two_names_are_one_key() {
    let home = desired(json!(["a.b", "a-b", "a--b"].map(|name| service(name, "lan", "terminated"))));
    let keys: BTreeSet<String> = checks(&home).iter().map(Check::key).collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    // What Gatus makes of a name, by its config/key: nothing that it would replace is left.
    let replaced = ['/', '_', '.', ',', ' ', '#', '+', '&'];
    for check in checks(&home) {
        assert!(!check.name.contains(replaced) && check.name == check.name.to_lowercase(), "{}", check.name);
    }
}

#[test]
fn its_configuration_asks_for_an_answer_that_is_no_error() {
    let config: Value =
        serde_json::from_str(&config(&desired(json!([service("web", "lan", "terminated")])))).unwrap();
    insta::assert_snapshot!(config["endpoints"][1], @r#"{"client":{"ignore-redirect":true,"insecure":true,"timeout":"10s"},"conditions":["[CONNECTED] == true","[STATUS] < 500"],"group":"inside","headers":{"Host":"web.example.test"},"interval":"60s","name":"web","ui":{"hide-conditions":true},"url":"http://ingress-nginx-controller.ingress-nginx.svc.cluster.local/"}"#);
    assert_eq!(config["storage"]["maximum-number-of-results"], 10_080);
    assert_eq!(config["endpoints"][0]["conditions"], json!(["[CONNECTED] == true"]));
}

#[test]
fn another_service_is_another_pod_and_nothing_else() {
    let (one, two) = (desired(json!([])), desired(json!([service("web", "lan", "terminated")])));
    let changed: Vec<String> = watcher("gatus:1", &one)
        .iter()
        .zip(&watcher("gatus:1", &two))
        .filter(|(one, two)| one != two)
        .map(|(one, _)| one["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(changed, ["ConfigMap", "Deployment"]);
    assert_eq!(watcher("gatus:1", &two), watcher("gatus:1", &two));
}

#[test]
fn what_is_removed_is_what_was_made() {
    let made: BTreeSet<_> = watcher("gatus:1", &desired(json!([])))
        .iter()
        .filter_map(crate::observed::ObjectKey::of)
        .filter(|key| key.kind != "Namespace")
        .collect();
    assert_eq!(made, removal().into_iter().collect());
}

#[test]
fn an_answer_is_up_only_if_nothing_speaks_against_it() {
    let home = desired(json!([service("web", "lan", "terminated")]));
    let check = &checks(&home)[1];
    let answer = |text: &str| serde_json::from_str::<Answer>(text).unwrap();
    let table = [
        (r#"{"status":200,"duration":12345678,"success":true}"#, Health::Up, None),
        (r#"{"status":302,"duration":1,"success":true,"hostname":"x"}"#, Health::Up, None),
        (r#"{"status":503,"duration":1,"success":false}"#, Health::Down, Some("HTTP 503")),
        (
            r#"{"duration":1,"errors":["Get \"http://x/\": dial tcp 10.43.0.9:80: connect: connection refused"],"success":false}"#,
            Health::Down,
            Some("dial tcp 10.43.0.9:80: connect: connection refused"),
        ),
        // What Gatus would say if it was told to ask for the status alone.
        (r#"{"duration":1,"errors":["Get \"http://x/\": EOF"],"success":true}"#, Health::Down, Some("EOF")),
        (r#"{"duration":1,"success":false}"#, Health::Down, Some("no connection")),
    ];
    for (text, health, evidence) in table {
        let seen = check.sighting(7, &answer(text));
        let told = seen.reason.map(|reason| reason.args["evidence"].clone());
        assert_eq!((seen.health, told.as_deref()), (health, evidence), "{text}");
        assert_eq!(seen.millis.is_some(), health == Health::Up);
    }
}
