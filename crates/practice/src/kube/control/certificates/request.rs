//! CertificateRequests: approved, passed to the issuer as an Order, and answered with what becomes of it.
//!
//! Everything is approved, as by cert-manager's own approver. Requests that a person makes go the same way.

use super::{ORDERS, REQUESTS, below, inside, issuer_of, kind_of, numbered, say, written};
use crate::kube::control::{Pass, condition, is_true, name, namespace};
use crate::kube::store::Key;
use crate::{acme, pem};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;

const WHO: &str = "cert-manager-certificaterequests-issuer-acme";

pub fn reconcile(pass: &mut Pass<'_>) {
    for request in pass.list(REQUESTS) {
        let reason = condition(&request, "Ready").map(|ready| ready["reason"].clone()).unwrap_or_default();
        let settled = ["Issued", "Failed", "Denied"].iter().any(|end| reason == *end);
        if !settled && request["metadata"]["deletionTimestamp"].is_null() {
            sign(pass, &request);
        }
    }
}

/// The request itself, in DER.
pub fn der(request: &Value) -> Option<Vec<u8>> {
    let text = STANDARD.decode(request["spec"]["request"].as_str()?).ok()?;
    Some(pem::decode(&text)?.1)
}

/// The names that it asks for.
pub fn names(request: &Value) -> Vec<String> {
    let Some(der) = der(request) else { return Vec::new() };
    X509CertificationRequest::from_der(&der).map(|(_, parsed)| acme::names(&parsed)).unwrap_or_default()
}

fn sign(pass: &Pass<'_>, request: &Arc<Value>) {
    let key = Key::namespaced(REQUESTS, namespace(request), name(request));
    let pending = |reason: &str, message: &str| {
        if condition(request, "Ready").is_none() {
            pass.event(request, "CertificateRequest", reason, message, false);
        }
        pass.status(&key, WHO, |object| say(object, "Ready", "False", "Pending", message));
    };
    if !is_true(request, "Approved") {
        let message = "Certificate request has been approved by cert-manager.io";
        pass.event(request, "CertificateRequest", "cert-manager.io", message, false);
        pass.status(&key, "cert-manager-certificaterequests-approver", |object| {
            say(object, "Approved", "True", "cert-manager.io", message);
        });
    }
    let issuer = match issuer_of(pass, request) {
        Ok(issuer) => issuer,
        Err(why) => {
            let kind = kind_of(&request["spec"]["issuerRef"]);
            return pending("IssuerNotFound", &format!("Referenced {kind:?} not found: {why}"));
        }
    };
    if !is_true(&issuer, "Ready") {
        return pending("IssuerNotReady", "Referenced issuer does not have a Ready status condition");
    }
    if let Some(signed) = inside::sign(pass, &issuer, request) {
        return match signed {
            Ok(signed) => issued(pass, request, &key, &signed.certificate, Some(&signed.authority)),
            Err(why) => pending("SigningError", &why),
        };
    }
    let names = names(request);
    let order = Key::namespaced(ORDERS, namespace(request), &numbered(name(request), &names.join(",")));
    let place = format!("{}/{}", order.namespace, order.name);
    let Some(made) = pass.store.get(&order) else {
        let mut object = json!({
            "apiVersion": "acme.cert-manager.io/v1", "kind": "Order", "metadata": below(request, &order.name),
            "spec": {"dnsNames": names, "issuerRef": request["spec"]["issuerRef"], "request": request["spec"]["request"]},
        });
        object["metadata"]["annotations"] = request["metadata"]["annotations"].clone();
        pass.store.put(&order, object, WHO);
        return pending("OrderCreated", &format!("Created Order resource {place}"));
    };
    let state = made["status"]["state"].as_str().unwrap_or_default();
    match (state, made["status"]["certificate"].as_str()) {
        ("invalid" | "errored" | "expired", _) => {
            let why = made["status"]["reason"].as_str().unwrap_or_default();
            let message = format!(
                "Failed to wait for order resource {:?} to become ready: order is in {state:?} state: {why}",
                order.name
            );
            let now = written(pass.homelab.clock.now());
            pass.event(request, "CertificateRequest", "OrderFailed", &message, true);
            pass.status(&key, WHO, |object| {
                object["status"]["failureTime"] = json!(now);
                say(object, "Ready", "False", "Failed", &message);
            });
        }
        ("valid", Some(certificate)) => issued(pass, request, &key, certificate, None),
        _ => {
            pending("OrderPending", &format!("Waiting on certificate issuance from order {place}: {state:?}"))
        }
    }
}

/// The certificate and, where it is known, the authority's own, both as base64 of PEM.
fn issued(pass: &Pass<'_>, request: &Value, key: &Key, certificate: &str, authority: Option<&str>) {
    let message = "Certificate fetched from issuer successfully";
    pass.event(request, "CertificateRequest", "CertificateIssued", message, false);
    pass.status(key, WHO, |object| {
        object["status"]["certificate"] = json!(certificate);
        if let Some(authority) = authority {
            object["status"]["ca"] = json!(authority);
        }
        say(object, "Ready", "True", "Issued", message);
    });
}
