//! Issuers: ready once their account is registered with the authority.
//!
//! An account is registered again only when its server or its e-mail changed. Issuers inside the cluster are ready
//! when `inside` can sign with them; those of other kinds stay as they are: nobody here makes them ready.

use super::{WHO, inside, say};
use crate::kube::control::{Pass, is_true, items, name, namespace};
use crate::kube::store::Key;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub fn reconcile(pass: &mut Pass<'_>, home: &str) {
    for resource in ["clusterissuers.cert-manager.io", "issuers.cert-manager.io"] {
        for issuer in pass.list(resource) {
            let acme = &issuer["spec"]["acme"];
            let key = Key::namespaced(resource, namespace(&issuer), name(&issuer));
            let kept = is_true(&issuer, "Ready")
                && issuer["status"]["acme"]["uri"].as_str().map(host) == acme["server"].as_str().map(host)
                && issuer["status"]["acme"]["lastRegisteredEmail"] == acme["email"];
            let space = if namespace(&issuer).is_empty() { home } else { namespace(&issuer) };
            if let Some(ready) = inside::ready(pass, &issuer, space) {
                pass.status(&key, WHO, |issuer| match &ready {
                    Ok((reason, message)) => say(issuer, "Ready", "True", reason, message),
                    Err(why) => say(issuer, "Ready", "False", "ErrGetKeyPair", why),
                });
                continue;
            }
            if acme.is_null() || !issuer["metadata"]["deletionTimestamp"].is_null() || kept {
                continue;
            }
            set_up(pass, &issuer, &key, space);
        }
    }
}

fn host(url: &str) -> &str {
    url.split('/').nth(2).unwrap_or_default()
}

fn set_up(pass: &Pass<'_>, issuer: &Value, key: &Key, space: &str) {
    let acme = &issuer["spec"]["acme"];
    account_key(pass, acme, space);
    let server = acme["server"].as_str().unwrap_or_default();
    let bundled = acme["caBundle"].is_string() || acme["skipTLSVerify"] == true;
    let registered =
        pass.homelab.read(|state| state.acme.registers(server, bundled, state.internet)).and_then(|()| {
            match acme["email"].as_str() {
                Some(email) if email.rsplit('@').next().is_some_and(|domain| !domain.contains('.')) => Err(format!(
                    "400 urn:ietf:params:acme:error:invalidContact: Error validating contact(s) :: unable to parse email address {email:?}"
                )),
                _ => Ok(()),
            }
        });
    let kind = issuer["kind"].as_str().unwrap_or_default();
    if let Err(why) = &registered {
        let message = format!("Failed to register ACME account: {why}");
        pass.event(issuer, kind, "ErrInitIssuer", &format!("Error initializing issuer: {why}"), true);
        return pass.status(key, WHO, |issuer| {
            say(issuer, "Ready", "False", "ErrRegisterACMEAccount", &message);
        });
    }
    let account = &crate::homelab::sha256_hex(issuer["metadata"]["uid"].to_string().as_bytes())[..12];
    let email = acme["email"].clone();
    pass.status(key, WHO, |issuer| {
        issuer["status"]["acme"] = json!({
            "uri": format!("https://{}/acme/acct/{account}", host(server)), "lastRegisteredEmail": email,
        });
        let message = "The ACME account was registered with the ACME server";
        say(issuer, "Ready", "True", "ACMEAccountRegistered", message);
    });
}

/// The account's key, which cert-manager makes when it is not there.
fn account_key(pass: &Pass<'_>, acme: &Value, space: &str) {
    let secret = acme["privateKeySecretRef"]["name"].as_str().unwrap_or_default();
    let key = Key::namespaced("secrets", space, secret);
    if pass.store.get(&key).is_some() {
        return;
    }
    let Ok(pair) = rcgen::KeyPair::generate() else { return };
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"tls.key": STANDARD.encode(pair.serialize_pem())},
        "metadata": {"name": secret, "namespace": space},
    });
    pass.store.put(&key, object, WHO);
}

/// The solver of an issuer for a name: the one with the most exact selector, of those that fit.
pub fn solver(issuer: &Value, dns_name: &str) -> Option<Value> {
    let fit = |solver: &&Value| {
        let selector = &solver["selector"];
        let (names, zones) = (items(&selector["dnsNames"]), items(&selector["dnsZones"]));
        let inside = |zone: &Value| {
            zone.as_str().is_some_and(|zone| dns_name == zone || dns_name.ends_with(&format!(".{zone}")))
        };
        (names.is_empty() || names.contains(&json!(dns_name)))
            && (zones.is_empty() || zones.iter().any(inside))
    };
    let exact = |solver: &&Value| {
        let selector = &solver["selector"];
        (!items(&selector["dnsNames"]).is_empty(), !items(&selector["dnsZones"]).is_empty())
    };
    items(&issuer["spec"]["acme"]["solvers"]).iter().filter(fit).max_by_key(exact).cloned()
}
