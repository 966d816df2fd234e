//! Challenges by DNS-01: the record is written with the token of a Secret, seen, judged by the authority, and removed.
//!
//! The record of a challenge is found again by its content, as cert-manager does. That others see the record takes a moment
//! of its own; name servers that disagree are not here.

use super::{CHALLENGES, issuer_of};
use crate::kube::control::{Pass, name, namespace, uid};
use crate::kube::store::Key;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;

const WHO: &str = "cert-manager-challenges";

pub fn reconcile(pass: &mut Pass<'_>, home: &str) {
    for challenge in pass.list(CHALLENGES) {
        let state = challenge["status"]["state"].as_str().unwrap_or_default();
        let over = ["valid", "invalid", "errored", "expired"].contains(&state);
        if over || !challenge["metadata"]["deletionTimestamp"].is_null() {
            clean_up(pass, &challenge, home);
        } else if challenge["status"]["presented"] != true {
            present(pass, &challenge, home);
        } else {
            accept(pass, &challenge);
        }
    }
}

fn key(challenge: &Value) -> Key {
    Key::namespaced(CHALLENGES, namespace(challenge), name(challenge))
}

/// The token for Cloudflare, from the Secret that the solver names.
fn token(pass: &Pass<'_>, challenge: &Value, home: &str) -> Result<String, String> {
    let cloudflare = &challenge["spec"]["solver"]["dns01"]["cloudflare"];
    let reference = &cloudflare["apiTokenSecretRef"];
    if reference.is_null() {
        return Err(
            "no Cloudflare credential has been given (can be either an API key or an API token)".to_owned()
        );
    }
    let cluster_wide = challenge["spec"]["issuerRef"]["kind"] == "ClusterIssuer";
    let space = if cluster_wide { home } else { namespace(challenge) };
    let (secret, entry) =
        (reference["name"].as_str().unwrap_or_default(), reference["key"].as_str().unwrap_or_default());
    let found = pass
        .store
        .get(&Key::namespaced("secrets", space, secret))
        .ok_or_else(|| format!("error getting cloudflare secret: secrets {secret:?} not found"))?;
    let data = found["data"][entry]
        .as_str()
        .ok_or_else(|| format!("specified key {entry:?} not found in secret {space}/{secret}"))?;
    let bytes = STANDARD.decode(data).unwrap_or_default();
    String::from_utf8(bytes).ok().filter(|token| !token.contains(['\n', '\r'])).ok_or_else(|| {
        let why = "the Cloudflare API token is invalid (does the API token contain a newline?)";
        format!("error instantiating cloudflare challenge solver: {why}")
    })
}

/// The record's name, absolute as cert-manager writes it.
fn record(challenge: &Value) -> String {
    format!("_acme-challenge.{}.", challenge["spec"]["dnsName"].as_str().unwrap_or_default())
}

fn present(pass: &mut Pass<'_>, challenge: &Arc<Value>, home: &str) {
    if challenge["status"]["state"].is_null() {
        return pass.status(&key(challenge), WHO, |object| {
            object["status"] = json!({"state": "pending", "processing": true, "presented": false});
        });
    }
    if issuer_of(pass, challenge).is_err() {
        return;
    }
    let fqdn = record(challenge);
    let content = challenge["spec"]["key"].as_str().unwrap_or_default();
    let presented = token(pass, challenge, home).and_then(|token| {
        if !pass.homelab.read(|state| state.internet) {
            let zone = fqdn.trim_end_matches('.');
            return Err(format!(
                "while attempting to find Zones for domain {fqdn}\nwhile querying the Cloudflare API for GET \"/zones?name={zone}\": dial tcp: lookup api.cloudflare.com on 10.43.0.10:53: server misbehaving"
            ));
        }
        pass.homelab.cloud.txt_create(&token, &fqdn, content)
    });
    match presented {
        Ok(_) => {
            pass.event(
                challenge,
                "Challenge",
                "Presented",
                "Presented challenge using DNS-01 challenge mechanism",
                false,
            );
            let waiting = format!(
                "Waiting for DNS-01 challenge propagation: DNS record for {:?} not yet propagated",
                challenge["spec"]["dnsName"].as_str().unwrap_or_default()
            );
            pass.status(&key(challenge), WHO, |object| {
                object["status"]["presented"] = json!(true);
                object["status"]["reason"] = json!(waiting);
            });
        }
        Err(why) => {
            pass.event(
                challenge,
                "Challenge",
                "PresentError",
                &format!("Error presenting challenge: {why}"),
                true,
            );
            pass.status(&key(challenge), WHO, |object| object["status"]["reason"] = json!(why));
            again(pass, challenge);
        }
    }
}

/// What failed at Cloudflare is tried again after a while, since nothing in the cluster changes when it is put right.
fn again(pass: &mut Pass<'_>, challenge: &Value) {
    let timer = format!("present {}", uid(challenge));
    if pass.timers.over(&timer, pass.homelab.pace.node_lost) {
        pass.timers.forget(&timer);
        pass.timers.over(&timer, pass.homelab.pace.node_lost);
    }
}

fn accept(pass: &mut Pass<'_>, challenge: &Arc<Value>) {
    if !pass.timers.over(&format!("propagation {}", uid(challenge)), pass.homelab.pace.pod_start) {
        return;
    }
    let (internet, verdict) = pass.homelab.read(|state| (state.internet, state.acme.verdict.clone()));
    if !internet {
        return again(pass, challenge);
    }
    let text = |field: &str| challenge["spec"][field].as_str().unwrap_or_default();
    let judged = pass.homelab.authority.judge(&pass.homelab.cloud, &verdict, text("dnsName"), text("key"));
    let (state, reason) = match judged {
        Ok(()) => {
            let said = format!("Domain {:?} verified with \"DNS-01\" validation", text("dnsName"));
            pass.event(challenge, "Challenge", "DomainVerified", &said, false);
            ("valid", "Successfully authorized domain".to_owned())
        }
        Err(why) => {
            let said = format!("Accepting challenge authorization failed: {why}");
            pass.event(challenge, "Challenge", "Failed", &said, true);
            ("invalid", format!("Error accepting authorization: {why}"))
        }
    };
    pass.status(&key(challenge), WHO, |object| {
        object["status"]["state"] = json!(state);
        object["status"]["reason"] = json!(reason);
    });
}

/// Removes the record, and only then lets the challenge go.
fn clean_up(pass: &mut Pass<'_>, challenge: &Arc<Value>, home: &str) {
    let content = challenge["spec"]["key"].as_str().unwrap_or_default();
    let presented = challenge["status"]["presented"] == true;
    if let Some(id) = pass.homelab.cloud.txt_find(&record(challenge), content).filter(|_| presented) {
        let removed =
            token(pass, challenge, home).and_then(|token| pass.homelab.cloud.txt_delete(&token, &id));
        if let Err(why) = removed {
            let why = format!("Error cleaning up challenge: {why}");
            pass.event(challenge, "Challenge", "CleanUpError", &why, true);
            pass.status(&key(challenge), WHO, |object| object["status"]["reason"] = json!(why));
            return again(pass, challenge);
        }
    }
    pass.store.edit(&key(challenge), WHO, None, |object| {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("finalizers");
        }
    });
    pass.status(&key(challenge), WHO, |object| {
        object["status"]["presented"] = json!(false);
        object["status"]["processing"] = json!(false);
    });
}
