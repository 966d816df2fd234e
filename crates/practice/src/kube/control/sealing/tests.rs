//! Sealing as kubeseal does it, and what the controller makes of it.

use super::*;
use crate::kube::control::bench::{Bench, DAY};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};

const SEALED: &str = "sealedsecrets.bitnami.com";

fn with_controller() -> Bench {
    let mut bench = Bench::new();
    bench.chart("sealed-secrets", "kube-system", json!({"fullnameOverride": "sealed-secrets-controller"}));
    bench
}

fn certificate(bench: &Bench) -> String {
    let keyring = bench.cluster.keyring.lock().expect("no panic before");
    answer(&keyring, "GET", "/v1/cert.pem", b"").2
}

fn seal(certificate: &str, label: &str, plain: &[u8]) -> String {
    let (_, der) = crate::pem::decode(certificate.as_bytes()).expect("PEM");
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).expect("a certificate");
    let key = PublicEncryptingKey::from_der(parsed.tbs_certificate.subject_pki.raw).expect("an RSA key");
    let key = OaepPublicEncryptingKey::new(key).expect("it encrypts");
    let session = [7u8; 32];
    let mut buffer = vec![0; key.ciphertext_size()];
    let wrapped = key
        .encrypt(&OAEP_SHA256_MGF1SHA256, &session, &mut buffer, Some(label.as_bytes()))
        .expect("it encrypts");
    let aes = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &session).expect("32 bytes"));
    let mut body = plain.to_vec();
    aes.seal_in_place_append_tag(Nonce::assume_unique_for_key([0; 12]), Aad::empty(), &mut body)
        .expect("sealed");
    let length = u16::try_from(wrapped.len()).expect("short").to_be_bytes();
    STANDARD.encode([&length, &*wrapped, &body].concat())
}

fn sealed(name: &str, values: Value) -> Value {
    json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": {"name": name},
        "spec": {"encryptedData": values, "template": {"type": "Opaque", "metadata": {"labels": {"a": "b"}}}},
    })
}

fn synced(bench: &Bench, name: &str) -> (bool, String) {
    let found = bench.is(SEALED, "default", name, "Synced");
    (found, bench.message(SEALED, "default", name, "Synced"))
}

#[test]
fn a_sealed_value_becomes_a_secret_and_goes_with_what_it_came_from() {
    let mut bench = with_controller();
    let value = seal(&certificate(&bench), "default/one", b"hello");
    bench.put(SEALED, "default", sealed("one", json!({"token": value})));
    assert_eq!(synced(&bench, "one"), (true, String::new()));
    let secret = bench.the("secrets", "default", "one");
    assert_eq!(
        (&secret["data"]["token"], &secret["metadata"]["labels"]["a"]),
        (&json!(STANDARD.encode("hello")), &json!("b"))
    );
    assert_eq!(secret["metadata"]["ownerReferences"][0]["kind"], "SealedSecret");
    bench.remove("secrets", "default", "one");
    assert!(bench.get("secrets", "default", "one").is_some(), "a Secret that is deleted comes back");
    bench.remove(SEALED, "default", "one");
    assert!(bench.get("secrets", "default", "one").is_none());
}

#[test]
fn what_does_not_open_says_so_and_what_is_not_its_own_stays() {
    let mut bench = with_controller();
    let value = seal(&certificate(&bench), "other/two", b"hello");
    bench.put(SEALED, "default", sealed("two", json!({"token": value, "b": "AAE"})));
    let (ok, why) = synced(&bench, "two");
    assert!(
        !ok && why.contains("no key could decrypt secret (token)") && why.contains("illegal base64"),
        "{why}"
    );
    bench.put(
        "secrets",
        "default",
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "three"}}),
    );
    let value = seal(&certificate(&bench), "default/three", b"hello");
    bench.put(SEALED, "default", sealed("three", json!({"token": value})));
    let why = "failed update: Resource \"three\" already exists and is not managed by SealedSecret";
    assert_eq!(synced(&bench, "three"), (false, why.to_owned()));
    assert!(bench.the("secrets", "default", "three")["data"].is_null());
}

#[test]
fn keys_are_renewed_and_restored_ones_count_from_the_next_start() {
    let mut bench = with_controller();
    let first = certificate(&bench);
    let old = seal(&first, "default/old", b"1");
    bench.advance(31 * DAY);
    assert_ne!(certificate(&bench), first, "the newest key is handed out");
    bench.put(SEALED, "default", sealed("old", json!({"a": old})));
    assert!(synced(&bench, "old").0, "the one before still opens");

    let label = "sealedsecrets.bitnami.com/sealed-secrets-key";
    let keys: Vec<_> = bench
        .list("secrets")
        .into_iter()
        .filter(|secret| secret["metadata"]["labels"][label] == "active")
        .collect();
    assert_eq!(keys.len(), 2);
    assert!(keys.iter().all(|key| key["type"] == "kubernetes.io/tls"));
    let mut other = with_controller();
    other.put(SEALED, "default", sealed("old", json!({"a": old})));
    assert!(!synced(&other, "old").0);
    for key in &keys {
        let mut key = (**key).clone();
        key["metadata"]["uid"] = Value::Null;
        other.put(
            "secrets",
            "kube-system",
            json!({"apiVersion": "v1", "kind": "Secret", "type": key["type"], "data": key["data"],
            "metadata": {"name": key["metadata"]["name"], "labels": key["metadata"]["labels"]}}),
        );
    }
    assert!(!synced(&other, "old").0, "the controller does not look");
    let pod = running(&other.cluster.store).expect("its pod");
    other.remove("pods", "kube-system", name(&pod));
    assert_eq!(synced(&other, "old"), (true, String::new()));
}

#[test]
fn verify_tells_what_would_open() {
    let bench = with_controller();
    let mut object = sealed("v", json!({"a": seal(&certificate(&bench), "default/v", b"1")}));
    object["metadata"]["namespace"] = json!("default");
    let ask = |object: &Value| {
        let keyring = bench.cluster.keyring.lock().expect("no panic before");
        answer(&keyring, "POST", "/v1/verify", object.to_string().as_bytes()).0
    };
    assert_eq!(ask(&object), 200);
    object["metadata"]["name"] = json!("w");
    assert_eq!((ask(&object), ask(&json!({}))), (409, 500));
}
