//! Predicates by tables: what is seen, and what it means for the step.

use super::*;
use crate::access::{AccessApp, AccessState, app_name};
use crate::dns::{Answers, Hostname};
use crate::observed::{HttpAnswer, LanPath, PublicPath, Seen, TlsAnswer};
use crate::problem::Code;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::IpAddr;

fn host() -> Hostname {
    Hostname::parse("echo.example.test").unwrap()
}

fn seen<T>(value: T) -> Seen<T> {
    Seen::Seen { value, at: 0 }
}

fn unseen<T>(code: Code) -> Seen<T> {
    Seen::Unseen { why: Problem::new(code) }
}

/// `yes`, `no`, or the code that blocks.
fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Yes => "yes".into(),
        Verdict::No { .. } => "no".into(),
        Verdict::Blocked { problem } => format!("{:?}", problem.code),
    }
}

fn app(name: &str, emails: &[&str]) -> AccessApp {
    AccessApp {
        id: "1".into(),
        name: name.into(),
        account_id: "a".into(),
        emails: emails.iter().map(|email| (*email).to_owned()).collect(),
        other_rules: false,
        policies: vec!["p".into()],
    }
}

#[test]
fn a_login_is_wanted_there_or_not_ours() {
    let ours = app_name(&host(), "home");
    let me = ["me@example.test"];
    let state = |app: Option<AccessApp>, policies: &[(&str, &str)]| {
        let policies = policies.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned()));
        seen(AccessState { app, policies: policies.collect() })
    };
    // A policy of ours that no application of ours names is left of one that was cut off.
    let (used, stray, theirs) =
        (("p", ours.as_str()), ("q", ours.as_str()), ("r", "echo.example.test (portico lab)"));
    for (seen, emails, expected) in [
        (state(None, &[]), &me[..], "no"),
        (state(None, &[]), &[], "yes"),
        (state(None, &[stray]), &[], "no"),
        (state(None, &[theirs]), &[], "yes"),
        (state(Some(app(&ours, &me)), &[used]), &me, "yes"),
        (state(Some(app(&ours, &me)), &[used, stray]), &me, "no"),
        (state(Some(app(&ours, &["you@example.test"])), &[used]), &me, "no"),
        (state(Some(app(&ours, &me)), &[used]), &[], "no"),
        (state(Some(app("by hand", &me)), &[]), &me, "AccessConflict"),
        (state(Some(app("by hand", &me)), &[]), &[], "yes"),
        (unseen(Code::AccessNotSetUp), &me, "AccessNotSetUp"),
        (unseen(Code::AccessNotSetUp), &[], "yes"),
        (unseen(Code::CloudflareScope), &[], "yes"),
        (unseen(Code::CloudflareUnreachable), &[], "CloudflareUnreachable"),
    ] {
        let emails: Vec<String> = emails.iter().map(|email| (*email).to_owned()).collect();
        let mut observed = Observed::default();
        observed.access.insert(host().to_string(), seen.clone());
        let action = Action::Access { hostname: host(), emails: emails.clone(), cluster: "home".into() };
        assert_eq!(word(&action.verdict(&observed)), expected, "{seen:?} {emails:?}");
    }
}

fn answers(addresses: &[&str]) -> Answers {
    let list = || Ok(addresses.iter().map(|address| address.parse().unwrap()).collect());
    Answers { authoritative: list(), public: list(), system: list() }
}

fn http(status: u16, location: &str) -> Result<HttpAnswer, Problem> {
    Ok(HttpAnswer { status, millis: 1, location: (!location.is_empty()).then(|| location.to_owned()) })
}

#[test]
fn a_public_name_answers_or_asks_for_a_login_and_never_loops() {
    let login = "https://team.cloudflareaccess.com/cdn-cgi/access/login/echo.example.test";
    for (answer, access, expected) in [
        (http(200, ""), false, "yes"),
        (http(401, ""), false, "yes"),
        (http(302, "https://echo.example.test/login"), false, "yes"),
        (http(308, "https://echo.example.test/"), false, "no"),
        (http(404, ""), false, "no"),
        (http(530, ""), false, "no"),
        (http(302, login), false, "no"),
        (http(302, login), true, "yes"),
        (http(200, ""), true, "no"),
        (Err(Problem::new(Code::ProbeFailed)), false, "no"),
    ] {
        let mut observed = Observed::default();
        let path = PublicPath { answers: answers(&["104.16.0.1"]), http: answer.clone() };
        observed.public_paths.insert(host().to_string(), seen(path));
        let action = Action::PublicPath { hostname: host(), access };
        assert_eq!(word(&action.verdict(&observed)), expected, "{answer:?} {access}");
    }
}

#[test]
fn a_lan_name_resolves_answers_and_shows_its_own_certificate() {
    let address: IpAddr = "10.0.0.2".parse().unwrap();
    let shown = |name: &str| {
        // The controller's own is told by its issuer, whatever its names.
        let issuer = match name {
            "ingress.local" => "O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate",
            _ => "CN=x",
        };
        Ok(TlsAnswer { names: vec![name.into()], issuer: issuer.into(), not_after: 0, millis: 1 })
    };
    for (resolved, status, certificate, expected) in [
        ("10.0.0.2", 200, "echo.example.test", "yes"),
        ("10.0.0.2", 308, "*.example.test", "yes"),
        ("10.0.0.2", 200, "ingress.local", "no"),
        ("10.0.0.2", 404, "echo.example.test", "no"),
        ("10.0.0.9", 200, "echo.example.test", "no"),
    ] {
        let path = LanPath {
            answers: answers(&[resolved]),
            http: BTreeMap::from([(address, http(status, ""))]),
            tls: BTreeMap::from([(address, shown(certificate))]),
        };
        let mut observed = Observed::default();
        observed.lan_paths.insert(host().to_string(), seen(path));
        let action = Action::LanPath {
            hostname: host(),
            addresses: vec![address],
            tls: true,
            passthrough: false,
            at_home: false,
        };
        assert_eq!(word(&action.verdict(&observed)), expected, "{resolved} {status} {certificate}");
    }
    for (certificate, expected) in [("argocd-server", "yes"), ("ingress.local", "no")] {
        let tls = BTreeMap::from([(address, shown(certificate))]);
        let path = LanPath { answers: answers(&["10.0.0.2"]), http: BTreeMap::new(), tls };
        let mut observed = Observed::default();
        observed.lan_paths.insert(host().to_string(), seen(path));
        let addresses = vec![address];
        let action =
            Action::LanPath { hostname: host(), addresses, tls: true, passthrough: true, at_home: false };
        assert_eq!(word(&action.verdict(&observed)), expected, "{certificate} passed through");
    }
}

#[test]
fn an_object_is_ours_foreign_changed_by_hand_or_as_it_should_be() {
    let manifest = |replicas: u32| {
        json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "b", "labels": crate::exposure::ours()}, "spec": {"replicas": replicas}})
    };
    let mut edited = stamped(&manifest(1));
    edited["spec"]["replicas"] = json!(7);
    let mut extended = stamped(&manifest(1));
    extended["status"] = json!({"by": "the server"});
    let mut foreign = manifest(1);
    foreign["metadata"]["labels"] = json!({});
    for (live, claim, expected) in [
        (None, Claim::Respect, "no"),
        (Some(extended), Claim::Respect, "yes"),
        (Some(stamped(&manifest(2))), Claim::Respect, "no"),
        (Some(edited.clone()), Claim::Respect, "HandEdited"),
        (Some(edited), Claim::Repair, "no"),
        (Some(foreign.clone()), Claim::Respect, "ForeignObject"),
        (Some(foreign.clone()), Claim::Repair, "ForeignObject"),
        (Some(foreign), Claim::Adopt, "no"),
    ] {
        let manifest = manifest(1);
        let mut observed = Observed::default();
        let key = crate::observed::ObjectKey::of(&manifest).unwrap();
        observed.objects.insert(key, seen(live.clone()));
        let action = Action::Apply { manifest, claim };
        assert_eq!(word(&action.verdict(&observed)), expected, "{live:?} {claim:?}");
    }
}
