//! Certificates: whether the Secret is as it should be, when a new one is due, and the steps of getting it.
//!
//! Keys are made anew each time. Failures wait as cert-manager waits, by the practice clock. Of a spec, the names, the
//! Secret, the issuer, `renewBefore` and what an authority needs count.

use super::{CERTIFICATES, REQUESTS, WHO, below, kind_of, read, say, written};
use crate::kube::control::{Pass, condition, is_true, items, name, namespace};
use crate::kube::store::Key;
use crate::pem;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use serde_json::{Value, json};
use std::sync::Arc;

const HOUR: i64 = 3_600_000;

pub fn reconcile(pass: &mut Pass<'_>) {
    for certificate in pass.list(CERTIFICATES) {
        if certificate["metadata"]["deletionTimestamp"].is_null() {
            judge(pass, &certificate);
        }
    }
    for certificate in pass.list(CERTIFICATES) {
        if is_true(&certificate, "Issuing") {
            issue(pass, &certificate);
        }
    }
}

fn key(certificate: &Value) -> Key {
    Key::namespaced(CERTIFICATES, namespace(certificate), name(certificate))
}

/// The end certificate in a Secret: from when, until when (unix milliseconds), and for which names.
struct Held {
    from: i64,
    until: i64,
    names: Vec<String>,
}

fn held(secret: &Value) -> Option<Held> {
    let text = STANDARD.decode(secret["data"]["tls.crt"].as_str()?).ok()?;
    let (_, der) = pem::decode(&text)?;
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).ok()?;
    let names = parsed.subject_alternative_name().ok().flatten();
    let names =
        names.into_iter().flat_map(|names| &names.value.general_names).filter_map(|name| match name {
            x509_parser::extensions::GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        });
    let validity = parsed.validity();
    Some(Held {
        names: names.collect(),
        from: validity.not_before.timestamp() * 1000,
        until: validity.not_after.timestamp() * 1000,
    })
}

fn dns_names(certificate: &Value) -> Vec<&str> {
    items(&certificate["spec"]["dnsNames"]).iter().filter_map(Value::as_str).collect()
}

/// Why the Secret does not do, as reason and message; `None` when it does.
fn complaint(certificate: &Value, secret: Option<&Value>) -> Option<(&'static str, String)> {
    let Some(secret) = secret else {
        return Some(("DoesNotExist", "Issuing certificate as Secret does not exist".to_owned()));
    };
    let missing =
        |what: &str| Some(("MissingData", format!("Issuing certificate as Secret does not contain {what}")));
    let filled = |key: &str| secret["data"][key].as_str().is_some_and(|text| !text.is_empty());
    match (filled("tls.key"), filled("tls.crt")) {
        (false, false) => return missing("any data"),
        (false, true) => return missing("a private key"),
        (true, false) => return missing("a certificate"),
        (true, true) => {}
    }
    let Some(held) = held(secret) else {
        let why = "Issuing certificate as Secret contains an invalid certificate: error decoding certificate PEM block";
        return Some(("InvalidCertificate", why.to_owned()));
    };
    let said = |which: &str| secret["metadata"]["annotations"][format!("cert-manager.io/{which}")].as_str();
    let reference = &certificate["spec"]["issuerRef"];
    let by = (said("issuer-kind").unwrap_or_default(), said("issuer-name").unwrap_or_default());
    if by != (kind_of(reference), reference["name"].as_str().unwrap_or_default()) {
        let why = format!(
            "Issuing certificate as Secret was previously issued by \"{}.cert-manager.io/{}\"",
            by.0, by.1
        );
        return Some(("IncorrectIssuer", why));
    }
    let (mut has, mut wants) =
        (held.names.iter().map(String::as_str).collect::<Vec<_>>(), dns_names(certificate));
    has.sort_unstable();
    wants.sort_unstable();
    (has != wants).then(|| {
        let why = "Issuing certificate as Existing issued Secret is not up to date for spec: [spec.dnsNames]";
        ("SecretMismatch", why.to_owned())
    })
}

/// Sets Ready, and begins an issuance when one is due.
fn judge(pass: &mut Pass<'_>, certificate: &Arc<Value>) {
    let now = pass.homelab.clock.now();
    let secret = certificate["spec"]["secretName"].as_str().unwrap_or_default();
    let secret = pass.store.get(&Key::namespaced("secrets", namespace(certificate), secret));
    let held = secret.as_deref().and_then(held);
    let complaint = complaint(certificate, secret.as_deref());
    let renewal = held.as_ref().map(|held| held.until - renew_before(certificate, held));
    let expired = held.as_ref().filter(|held| held.until <= now).map(|held| {
        let when = jiff::Timestamp::from_millisecond(held.until).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        ("Expired", format!("Certificate expired on {}", when.strftime("%a, %d %b %Y %H:%M:%S UTC")))
    });
    let unfit = complaint.clone().or(expired);
    pass.status(&key(certificate), WHO, |object| {
        if let (Some(held), Some(renewal)) = (&held, renewal) {
            object["status"]["notBefore"] = json!(written(held.from));
            object["status"]["notAfter"] = json!(written(held.until));
            object["status"]["renewalTime"] = json!(written(renewal));
        }
        match &unfit {
            None => say(object, "Ready", "True", "Ready", "Certificate is up to date and has not expired"),
            Some((reason, message)) => say(object, "Ready", "False", reason, message),
        }
    });
    let due = complaint.or_else(|| {
        let renewal = renewal.filter(|renewal| *renewal <= now)?;
        let when = written(renewal).replace('T', " ").replace('Z', " +0000 UTC");
        Some(("Renewing", format!("Renewing certificate as renewal was scheduled at {when}")))
    });
    let Some((reason, message)) = due else { return };
    if is_true(certificate, "Issuing") || backs_off(pass, certificate, now) {
        return;
    }
    pass.event(certificate, "Certificate", "Issuing", &message, false);
    pass.status(&key(certificate), WHO, |object| say(object, "Issuing", "True", reason, &message));
}

/// How long before its end a certificate is renewed: a third of its life, unless the spec says.
fn renew_before(certificate: &Value, held: &Held) -> i64 {
    let hours = certificate["spec"]["renewBefore"].as_str().and_then(|text| text.split_once('h'));
    let given = hours.and_then(|(hours, _)| hours.parse::<i64>().ok()).map(|hours| hours * HOUR);
    given.filter(|before| *before < held.until - held.from).unwrap_or((held.until - held.from) / 3)
}

/// After a failure an hour passes before the next attempt, then twice as long each time, unless what is wanted changed.
fn backs_off(pass: &Pass<'_>, certificate: &Value, now: i64) -> bool {
    let Some(failed) = read(&certificate["status"]["lastFailureTime"]) else { return false };
    let attempts = certificate["status"]["failedIssuanceAttempts"].as_u64().unwrap_or(1).clamp(1, 6);
    let same = pass.store.get(&request_key(certificate)).is_none_or(|request| matches(&request, certificate));
    same && now < failed + (HOUR << (attempts - 1)).min(32 * HOUR)
}

fn revision(certificate: &Value) -> u64 {
    certificate["status"]["revision"].as_u64().unwrap_or(0) + 1
}

/// The request of the next revision.
fn request_key(certificate: &Value) -> Key {
    let name = format!("{}-{}", name(certificate), revision(certificate));
    Key::namespaced(REQUESTS, namespace(certificate), &name)
}

/// Whether a request asks for what the certificate is to be.
fn matches(request: &Value, certificate: &Value) -> bool {
    let asked = super::request::names(request);
    request["spec"]["issuerRef"] == certificate["spec"]["issuerRef"]
        && asked.iter().map(String::as_str).eq(dns_names(certificate))
}

/// Key, request, and in the end the Secret: whatever is next.
fn issue(pass: &Pass<'_>, certificate: &Arc<Value>) {
    let Some(pair) = next_key(pass, certificate) else { return };
    let request_key = request_key(certificate);
    let request = pass.store.get(&request_key);
    let begun = condition(certificate, "Issuing").and_then(|issuing| read(&issuing["lastTransitionTime"]));
    let Some(request) = request else { return ask(pass, certificate, &request_key, &pair) };
    let ready = condition(&request, "Ready");
    let reason = ready.map(|ready| ready["reason"].clone()).unwrap_or_default();
    let failed = reason == "Failed" || reason == "Denied";
    // A failed request of an earlier attempt makes way for a new one, as does one for something else.
    let key_name = &request["metadata"]["annotations"]["cert-manager.io/private-key-secret-name"];
    let old = *key_name != certificate["status"]["nextPrivateKeySecretName"] || begun.is_none();
    if old || !matches(&request, certificate) {
        pass.store.remove(&request_key);
    } else if failed {
        let why = ready.and_then(|ready| ready["message"].as_str()).unwrap_or_default();
        fail(pass, certificate, reason.as_str().unwrap_or_default(), why);
    } else if reason == "Issued" {
        store(pass, certificate, &request, &pair);
    }
}

/// The key for the next certificate, in a Secret of its own until then.
fn next_key(pass: &Pass<'_>, certificate: &Value) -> Option<KeyPair> {
    if let Some(kept) = certificate["status"]["nextPrivateKeySecretName"].as_str() {
        let secret = pass.store.get(&Key::namespaced("secrets", namespace(certificate), kept))?;
        let text = STANDARD.decode(secret["data"]["tls.key"].as_str()?).ok()?;
        return KeyPair::from_pem(&String::from_utf8(text).ok()?).ok();
    }
    let pair = KeyPair::generate().ok()?;
    let suffix = uuid::Uuid::new_v4().simple().to_string();
    let secret = format!("{}-{}", name(certificate), &suffix[..5]);
    let mut object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": below(certificate, &secret),
        "data": {"tls.key": STANDARD.encode(pair.serialize_pem())},
    });
    object["metadata"]["labels"]["cert-manager.io/next-private-key"] = json!("true");
    object["metadata"]["labels"]["controller.cert-manager.io/fao"] = json!("true");
    pass.store.put(&Key::namespaced("secrets", namespace(certificate), &secret), object, WHO);
    let said = format!("Stored new private key in temporary Secret resource {secret:?}");
    pass.event(certificate, "Certificate", "Generated", &said, false);
    pass.status(&key(certificate), WHO, |object| {
        object["status"]["nextPrivateKeySecretName"] = json!(secret)
    });
    Some(pair)
}

fn ask(pass: &Pass<'_>, certificate: &Value, key: &Key, pair: &KeyPair) {
    let request =
        CertificateParams::new(dns_names(certificate).into_iter().map(str::to_owned).collect::<Vec<_>>())
            .and_then(|mut params| {
                params.distinguished_name = DistinguishedName::new();
                params.serialize_request(pair)?.pem()
            });
    let Ok(request) = request else { return };
    // The Secret's name was written in this very pass, perhaps.
    let Some(fresh) = pass.store.get(&self::key(certificate)) else { return };
    let mut object = json!({
        "apiVersion": "cert-manager.io/v1", "kind": "CertificateRequest", "metadata": below(certificate, &key.name),
        "spec": {
            "issuerRef": certificate["spec"]["issuerRef"], "request": STANDARD.encode(request),
            "username": "system:serviceaccount:cert-manager:cert-manager", "usages": ["digital signature", "key encipherment"],
        },
    });
    if certificate["spec"]["isCA"] == true {
        object["spec"]["isCA"] = json!(true);
    }
    object["metadata"]["annotations"] = json!({
        "cert-manager.io/certificate-name": name(certificate), "cert-manager.io/certificate-revision": revision(certificate).to_string(),
        "cert-manager.io/private-key-secret-name": fresh["status"]["nextPrivateKeySecretName"],
    });
    pass.store.put(key, object, "cert-manager-certificates-request-manager");
    let said = format!("Created new CertificateRequest resource {:?}", key.name);
    pass.event(certificate, "Certificate", "Requested", &said, false);
}

fn fail(pass: &Pass<'_>, certificate: &Value, reason: &str, why: &str) {
    let message = format!("The certificate request has failed to complete and will be retried: {why}");
    let now = written(pass.homelab.clock.now());
    pass.event(certificate, "Certificate", reason, &message, true);
    forget_key(pass, certificate);
    pass.status(&key(certificate), WHO, |object| {
        say(object, "Issuing", "False", reason, &message);
        let status = &mut object["status"];
        status["lastFailureTime"] = json!(now);
        status["failedIssuanceAttempts"] = json!(status["failedIssuanceAttempts"].as_u64().unwrap_or(0) + 1);
        drop_fields(status, &["nextPrivateKeySecretName"]);
    });
}

fn store(pass: &Pass<'_>, certificate: &Value, request: &Value, pair: &KeyPair) {
    let secret = certificate["spec"]["secretName"].as_str().unwrap_or_default();
    let reference = &certificate["spec"]["issuerRef"];
    let names = dns_names(certificate);
    let common = certificate["spec"]["commonName"].as_str().or(names.first().copied()).unwrap_or_default();
    let mut object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "data": {"tls.crt": request["status"]["certificate"], "tls.key": STANDARD.encode(pair.serialize_pem())},
        "metadata": {"name": secret, "namespace": namespace(certificate), "labels": {"controller.cert-manager.io/fao": "true"}, "annotations": {
            "cert-manager.io/alt-names": names.join(","), "cert-manager.io/certificate-name": name(certificate),
            "cert-manager.io/common-name": common, "cert-manager.io/ip-sans": "", "cert-manager.io/uri-sans": "",
            "cert-manager.io/issuer-group": reference["group"].as_str().unwrap_or_default(),
            "cert-manager.io/issuer-kind": kind_of(reference), "cert-manager.io/issuer-name": reference["name"],
        }},
    });
    if let Some(authority) = request["status"]["ca"].as_str() {
        object["data"]["ca.crt"] = json!(authority);
    }
    pass.store.put(
        &Key::namespaced("secrets", namespace(certificate), secret),
        object,
        "cert-manager-certificates-issuing",
    );
    forget_key(pass, certificate);
    pass.event(certificate, "Certificate", "Issuing", "The certificate has been successfully issued", false);
    let next = revision(certificate);
    pass.status(&key(certificate), WHO, |object| {
        object["status"]["revision"] = json!(next);
        drop_fields(
            &mut object["status"],
            &["nextPrivateKeySecretName", "lastFailureTime", "failedIssuanceAttempts"],
        );
        if let Some(conditions) = object["status"]["conditions"].as_array_mut() {
            conditions.retain(|condition| condition["type"] != "Issuing");
        }
    });
}

fn forget_key(pass: &Pass<'_>, certificate: &Value) {
    if let Some(secret) = certificate["status"]["nextPrivateKeySecretName"].as_str() {
        pass.store.remove(&Key::namespaced("secrets", namespace(certificate), secret));
    }
}

fn drop_fields(status: &mut Value, fields: &[&str]) {
    if let Some(status) = status.as_object_mut() {
        status.retain(|field, _| !fields.contains(&field.as_str()));
    }
}
