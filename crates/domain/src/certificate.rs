//! The way of a certificate: Certificate, CertificateRequest, Order, Challenge; and the first link that fails.
//!
//! Each link says in its own status how far it is. Only the first one that is not in order explains anything: what
//! comes after it waits. The words of cert-manager and of the authority are kept as they are.

use crate::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    Done,
    Pending,
    Failed,
}

/// One object of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    pub kind: String,
    pub name: String,
    pub state: LinkState,
    /// cert-manager's own words.
    pub reason: String,
    pub message: String,
}

/// A certificate with everything that leads to it, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CertificateChain {
    pub namespace: String,
    pub name: String,
    /// True when the secret holds a valid certificate for what is wanted.
    pub ready: bool,
    /// RFC 3339.
    pub not_after: Option<String>,
    pub links: Vec<Link>,
}

impl CertificateChain {
    /// `links` are the Certificate's, its newest request's, that one's order's and its challenges', as far as there are any.
    pub fn new(namespace: &str, name: &str, not_after: Option<String>, links: Vec<Link>) -> Self {
        let ready = links.first().is_some_and(|link| link.state == LinkState::Done);
        Self { namespace: namespace.into(), name: name.into(), ready, not_after, links }
    }

    /// The link that keeps the certificate from being there: a failed one, the innermost first, since the outer ones
    /// only repeat it; else the innermost that is not done.
    pub fn culprit(&self) -> Option<&Link> {
        if self.ready {
            return None;
        }
        self.failed().or_else(|| self.links.iter().rev().find(|link| link.state == LinkState::Pending))
    }

    fn failed(&self) -> Option<&Link> {
        self.links.iter().rev().find(|link| link.state == LinkState::Failed)
    }

    /// What failed on the way to the next certificate, innermost first, in the words of who refused it; while the last one is
    /// still good, nothing else tells.
    pub fn refusal(&self) -> Option<String> {
        let failed = self.failed()?;
        Some(format!("{} {}: {}", failed.kind, failed.name, failed.message))
    }

    /// Why there is no certificate yet.
    pub fn problem(&self) -> Option<Problem> {
        let name = format!("{}/{}", self.namespace, self.name);
        if self.links.is_empty() {
            return Some(
                Problem::new(Code::CertificatePending).arg("certificate", name).arg("link", "Certificate"),
            );
        }
        let link = self.culprit()?;
        let code = match link.state {
            LinkState::Failed => Code::CertificateFailed,
            LinkState::Pending | LinkState::Done => Code::CertificatePending,
        };
        let problem = Problem::new(code)
            .arg("certificate", name)
            .arg("link", format!("{} {}", link.kind, link.name))
            .arg("reason", &link.reason);
        Some(problem.detail(&link.message))
    }
}

impl Link {
    /// What an object of this kind says of itself. Items of a list do not say their kind.
    pub fn of(kind: &str, object: &Value) -> Self {
        let text =
            |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (state, reason, message) = match kind {
            "Order" | "Challenge" => {
                let word = text("/status/state");
                let state = match word.as_str() {
                    "valid" => LinkState::Done,
                    "invalid" | "errored" | "expired" => LinkState::Failed,
                    _ => LinkState::Pending,
                };
                (state, word, text("/status/reason"))
            }
            _ => condition(object),
        };
        // A challenge that cannot even be presented stays pending for ever and says why.
        let stuck = kind == "Challenge"
            && state == LinkState::Pending
            && !message.is_empty()
            && !is_waiting(&message);
        let state = if stuck { LinkState::Failed } else { state };
        Self { name: text("/metadata/name"), kind: kind.into(), state, reason, message }
    }
}

/// What cert-manager says while a record travels; the rest of its reasons are errors that it will only repeat.
fn is_waiting(message: &str) -> bool {
    message.starts_with("Waiting for")
}

fn condition(object: &Value) -> (LinkState, String, String) {
    let empty = Vec::new();
    let conditions = object["status"]["conditions"].as_array().unwrap_or(&empty);
    let of = |kind: &str| conditions.iter().find(|condition| condition["type"] == kind);
    let words = |condition: &Value| {
        let text = |key: &str| condition[key].as_str().unwrap_or_default().to_owned();
        (text("reason"), text("message"))
    };
    let holds = |kind: &str| of(kind).filter(|condition| condition["status"] == "True");
    if let Some(refused) = holds("Denied").or(holds("InvalidRequest")) {
        let (reason, message) = words(refused);
        return (LinkState::Failed, reason, message);
    }
    let Some(ready) = of("Ready") else { return (LinkState::Pending, String::new(), String::new()) };
    let (reason, message) = words(ready);
    let state = match (ready["status"] == "True", reason.as_str()) {
        (true, _) => LinkState::Done,
        (false, "Failed" | "Denied") => LinkState::Failed,
        (false, _) => LinkState::Pending,
    };
    (state, reason, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ready(kind: &str, status: &str, reason: &str) -> Value {
        json!({"kind": kind, "metadata": {"name": "echo-tls"}, "status": {"conditions": [
            {"type": "Ready", "status": status, "reason": reason, "message": format!("{kind} {reason}")}]}})
    }

    fn state(kind: &str, state: &str, reason: &str) -> Value {
        json!({"kind": kind, "metadata": {"name": "echo-tls-1"}, "status": {"state": state, "reason": reason}})
    }

    #[test]
    fn the_first_failing_link_is_named() {
        let waiting = ready("Certificate", "False", "DoesNotExist");
        let request = ready("CertificateRequest", "False", "Pending");
        let order = state("Order", "pending", "");
        let presented =
            state("Challenge", "pending", "Waiting for DNS-01 challenge propagation: no TXT record");
        let refused =
            state("Challenge", "pending", "Error presenting challenge: Cloudflare API Error: 10000");
        let cases = [
            (vec![], "CertificatePending Certificate", None),
            (vec![ready("Certificate", "True", "Ready")], "-", None),
            (vec![waiting.clone()], "CertificatePending Certificate echo-tls", Some("DoesNotExist")),
            (
                vec![waiting.clone(), request.clone(), order.clone(), presented],
                "CertificatePending Challenge echo-tls-1",
                Some("pending"),
            ),
            (
                vec![waiting.clone(), request.clone(), order, refused],
                "CertificateFailed Challenge echo-tls-1",
                Some("pending"),
            ),
            (
                vec![waiting.clone(), request, state("Order", "invalid", "rateLimited")],
                "CertificateFailed Order echo-tls-1",
                Some("invalid"),
            ),
            (
                vec![waiting, ready("CertificateRequest", "False", "Denied")],
                "CertificateFailed CertificateRequest echo-tls",
                Some("Denied"),
            ),
        ];
        for (objects, expected, reason) in cases {
            let links = objects.iter().map(|object| Link::of(object["kind"].as_str().unwrap(), object));
            let problem = CertificateChain::new("apps", "echo-tls", None, links.collect()).problem();
            let found = problem.as_ref().map_or("-".into(), |p| format!("{:?} {}", p.code, p.args["link"]));
            assert_eq!(found, expected);
            assert_eq!(problem.as_ref().and_then(|p| p.args.get("reason")).map(String::as_str), reason);
        }
    }
}
