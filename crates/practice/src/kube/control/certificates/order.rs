//! Orders: placed with the authority, proven by their challenges, finalised into a certificate.
//!
//! Every order is proven anew; that an authority remembers proofs is not here. What the network does to an order is
//! retried and shown nowhere, as in life.

use super::issuer::solver;
use super::{CHALLENGES, ORDERS, below, issuer_of, numbered, request, written};
use crate::acme::{Verdict, proof};
use crate::homelab::sha256_hex;
use crate::kube::control::{Pass, items, name, namespace, owned_by, uid};
use crate::kube::store::Key;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;

const WHO: &str = "cert-manager-orders";

pub fn reconcile(pass: &mut Pass<'_>) {
    for order in pass.list(ORDERS) {
        if order["metadata"]["deletionTimestamp"].is_null() {
            advance(pass, &order);
        }
    }
}

fn advance(pass: &Pass<'_>, order: &Arc<Value>) {
    let Ok(issuer) = issuer_of(pass, order) else { return };
    match order["status"]["state"].as_str() {
        None => place(pass, order),
        Some("invalid" | "errored" | "expired") => {}
        Some("valid") => clear(pass, order),
        Some(_) => prove(pass, order, &issuer),
    }
}

fn settle(pass: &Pass<'_>, order: &Value, state: &str, reason: Option<&str>) {
    let now = written(pass.homelab.clock.now());
    pass.status(&Key::namespaced(ORDERS, namespace(order), name(order)), WHO, |object| {
        let status = &mut object["status"];
        status["state"] = json!(state);
        if let Some(reason) = reason {
            status["reason"] = json!(reason);
        }
        if ["invalid", "errored"].contains(&state) {
            status["failureTime"] = json!(now);
        }
    });
}

fn place(pass: &Pass<'_>, order: &Value) {
    let (internet, verdict) = pass.homelab.read(|state| (state.internet, state.acme.verdict.clone()));
    // The network's errors are retried and shown nowhere.
    if !internet {
        return;
    }
    if verdict == Verdict::RateLimit {
        let names: Vec<&str> = items(&order["spec"]["dnsNames"]).iter().filter_map(Value::as_str).collect();
        let why = format!(
            "Failed to create Order: 429 urn:ietf:params:acme:error:rateLimited: too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s ({})",
            names.join(",")
        );
        return settle(pass, order, "errored", Some(&why));
    }
    let base = format!("https://acme.invalid/acme/{}", &sha256_hex(uid(order).as_bytes())[..10]);
    let authorizations: Vec<Value> = items(&order["spec"]["dnsNames"])
        .iter()
        .filter_map(Value::as_str)
        .enumerate()
        .map(|(index, name)| {
            let token = &sha256_hex(format!("{} {name}", uid(order)).as_bytes())[..43];
            let challenge = json!({"type": "dns-01", "token": token, "url": format!("{base}/chall/{index}")});
            json!({
                "identifier": name.trim_start_matches("*."), "wildcard": name.starts_with("*."), "initialState": "pending",
                "url": format!("{base}/authz/{index}"), "challenges": [challenge],
            })
        })
        .collect();
    pass.status(&Key::namespaced(ORDERS, namespace(order), name(order)), WHO, |object| {
        object["status"] = json!({
            "state": "pending", "url": format!("{base}/order"), "finalizeURL": format!("{base}/finalize"), "authorizations": authorizations,
        });
    });
}

fn challenges(pass: &Pass<'_>, order: &Value) -> Vec<Arc<Value>> {
    let mut challenges = pass.store.list(CHALLENGES, Some(namespace(order))).0;
    challenges.retain(|challenge| owned_by(challenge, order));
    challenges
}

fn clear(pass: &Pass<'_>, order: &Value) {
    for challenge in challenges(pass, order) {
        pass.store.remove(&Key::namespaced(CHALLENGES, namespace(order), name(&challenge)));
    }
}

fn prove(pass: &Pass<'_>, order: &Arc<Value>, issuer: &Value) {
    for authorization in items(&order["status"]["authorizations"]) {
        if !challenge(pass, order, issuer, authorization) {
            let why = "Failed to determine a valid solver configuration for the set of domains on the Order: no configured challenge solvers can be used for this challenge";
            return pass.event(order, "Order", "Solver", why, true);
        }
    }
    let states: Vec<Value> =
        challenges(pass, order).iter().map(|challenge| challenge["status"]["state"].clone()).collect();
    if states.iter().any(|state| ["invalid", "errored", "expired"].iter().any(|bad| state == bad)) {
        return settle(pass, order, "invalid", None);
    }
    if states.is_empty() || states.iter().any(|state| state != "valid") {
        return;
    }
    let signed = request::der(order)
        .ok_or_else(|| "the request cannot be read".to_owned())
        .and_then(|der| pass.homelab.authority.sign(&der, pass.homelab.clock.now()));
    match signed {
        Ok(certificate) => {
            pass.event(order, "Order", "Complete", "Order completed successfully", false);
            pass.status(&Key::namespaced(ORDERS, namespace(order), name(order)), WHO, |object| {
                object["status"]["certificate"] = json!(STANDARD.encode(certificate));
                object["status"]["state"] = json!("valid");
            });
        }
        Err(why) => {
            let why = format!("Failed to finalize Order: 400 urn:ietf:params:acme:error:badCSR: {why}");
            settle(pass, order, "errored", Some(&why));
        }
    }
}

/// Makes the Challenge of an authorization unless it is there. False when nothing can solve it.
fn challenge(pass: &Pass<'_>, order: &Value, issuer: &Value, authorization: &Value) -> bool {
    let dns_name = authorization["identifier"].as_str().unwrap_or_default();
    let Some(solver) = solver(issuer, dns_name).filter(|solver| solver["dns01"].is_object()) else {
        return false;
    };
    let own = numbered(name(order), &format!("{dns_name} {}", authorization["wildcard"]));
    let key = Key::namespaced(CHALLENGES, namespace(order), &own);
    if pass.store.get(&key).is_some() {
        return true;
    }
    let offered = &authorization["challenges"][0];
    let token = offered["token"].as_str().unwrap_or_default();
    let mut object = json!({
        "apiVersion": "acme.cert-manager.io/v1", "kind": "Challenge", "metadata": below(order, &own),
        "spec": {
            "authorizationURL": authorization["url"], "dnsName": dns_name, "issuerRef": order["spec"]["issuerRef"], "key": proof(token),
            "solver": solver, "token": token, "type": "DNS-01", "url": offered["url"], "wildcard": authorization["wildcard"],
        },
    });
    object["metadata"]["finalizers"] = json!(["acme.cert-manager.io/finalizer"]);
    pass.store.put(&key, object, WHO);
    let said = format!("Created Challenge resource {own:?} for domain {dns_name:?}");
    pass.event(order, "Order", "Created", &said, false);
    true
}
