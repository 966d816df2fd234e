//! Predicates on Kubernetes objects: applied, changed by hand, foreign, healthy, gone.
//!
//! What was applied last is kept on the object itself. By it a new wish (ours has changed) is told from a change by
//! hand (the live object no longer says what was applied), and what somebody merely added is left to them.

use super::{Claim, Phrase, Sign, Verdict, add, cluster_token_key, line, no_if, tunnel_secret_key, waiting};
use crate::chart::Chart;
use crate::credential::CredentialKind;
use crate::difference::{contains, dropped, lines};
use crate::exposure::is_ours;
use crate::observed::{ChartJob, ObjectKey, Observed, Seen};
use crate::problem::{Code, Problem};
use crate::stack::{StackComponent, TRAEFIK_SINCE, TUNNEL_ANNOTATION, traefik_is_recent};
use serde_json::{Value, json};

/// On every object that Portico applies (never on a Secret): what was applied last, as JSON.
const LAST_APPLIED: &str = "portico.dev/last-applied";

/// The manifest together with the note of what it is.
pub fn stamped(manifest: &Value) -> Value {
    let mut stamped = manifest.clone();
    if manifest["kind"] != "Secret" {
        stamped["metadata"]["annotations"][LAST_APPLIED] = json!(manifest.to_string());
    }
    stamped
}

/// What was applied last, as the live object tells.
pub fn last_applied(live: &Value) -> Option<Value> {
    serde_json::from_str(live["metadata"]["annotations"][LAST_APPLIED].as_str()?).ok()
}

pub(super) fn applied(observed: &Observed, manifest: &Value, claim: Claim) -> Verdict {
    let Some(key) = ObjectKey::of(manifest) else {
        return Verdict::Blocked { problem: Problem::new(Code::Internal).detail("manifest without a name") };
    };
    let title = key.title();
    let Some(live) = observed.object(&key) else { return add(title) };
    if !is_ours(live) {
        return match (key.kind.as_str(), claim) {
            // A namespace is a place, not a thing: using one that is there takes nothing over.
            ("Namespace", _) => Verdict::Yes,
            (_, Claim::Adopt) => change(&title, live, manifest),
            _ => Verdict::Blocked { problem: Problem::new(Code::ForeignObject).arg("object", title) },
        };
    }
    let last = last_applied(live);
    // An object from before the note was kept is brought up to it.
    let renewed = last.as_ref().is_none_or(|last| last != manifest);
    let by_hand = last.as_ref().is_some_and(|last| !contains(live, last));
    if by_hand && claim == Claim::Respect && !contains(live, manifest) {
        let edited = lines(live, last.as_ref().unwrap_or(manifest));
        let text: Vec<String> = edited.into_iter().map(|line| line.text).collect();
        let problem = Problem::new(Code::HandEdited).arg("object", title).arg("fields", text.join("; "));
        return Verdict::Blocked { problem };
    }
    if renewed || !contains(live, manifest) {
        return change(&title, live, manifest);
    }
    healthy(&title, live)
}

fn change(title: &str, live: &Value, manifest: &Value) -> Verdict {
    let mut diff = vec![line(Sign::Change, title)];
    let gone = last_applied(live).map(|last| dropped(&last, manifest)).unwrap_or_default();
    diff.extend(gone.into_iter().map(|found| line(found.sign, format!("    {}", found.text))));
    diff.extend(
        lines(live, manifest).into_iter().map(|found| line(found.sign, format!("    {}", found.text))),
    );
    Verdict::No { diff }
}

/// Applied is not yet at work: workloads have their pods, issuers their account.
fn healthy(title: &str, live: &Value) -> Verdict {
    match live["kind"].as_str() {
        Some("Deployment") if !is_available(live) => waiting(Phrase::PodsAwaited.of(&[("object", &title)])),
        Some("ClusterIssuer" | "Issuer") => {
            let conditions = live["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
            let ready = conditions.iter().find(|condition| condition["type"] == "Ready");
            match ready {
                Some(condition) if condition["status"] == "True" => Verdict::Yes,
                Some(condition) => {
                    let message = condition["message"].as_str().unwrap_or_default();
                    waiting(format!("{title}: {message}"))
                }
                None => waiting(Phrase::AccountAwaited.of(&[("object", &title)])),
            }
        }
        _ => Verdict::Yes,
    }
}

/// True when a Deployment has as many available pods as it wants, as of its newest generation.
pub fn is_available(deployment: &Value) -> bool {
    let number = |pointer| deployment.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let wanted = deployment.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
    number("/status/observedGeneration") >= number("/metadata/generation")
        && number("/status/updatedReplicas") >= wanted
        && number("/status/availableReplicas") >= wanted
}

/// The same, and it wants some: one that somebody scaled to nothing is as it should be, and serves nobody.
pub fn is_serving(deployment: &Value) -> bool {
    is_available(deployment) && deployment.pointer("/spec/replicas").is_none_or(|replicas| *replicas != 0)
}

pub(super) fn chart(observed: &Observed, chart: &Chart, claim: Claim) -> Verdict {
    let name = &chart.name;
    match applied(observed, &chart.helm_chart(), claim) {
        Verdict::Yes => {}
        other => return other,
    }
    match observed.chart_jobs.get(name).and_then(Seen::value) {
        Some(ChartJob::Complete) => {}
        Some(ChartJob::Failed { log }) => {
            let problem = Problem::new(Code::ChartFailed).arg("chart", name).detail(log.join("\n"));
            return Verdict::Blocked { problem };
        }
        _ => return waiting(Phrase::JobAwaited.of(&[("chart", name)])),
    }
    let asleep = chart.health.iter().find(|key| !observed.object(key).is_some_and(is_available));
    match asleep {
        Some(key) => waiting(Phrase::PodsAwaited.of(&[("object", &key.title())])),
        None => Verdict::Yes,
    }
}

pub(super) fn traefik(observed: &Observed, accepted: Option<&str>) -> Verdict {
    let keys = StackComponent::Traefik.health();
    let Some(live) = keys.first().and_then(|key| observed.object(key)) else {
        return waiting(Phrase::TraefikAwaited.of(&[]));
    };
    let image =
        live.pointer("/spec/template/spec/containers/0/image").and_then(Value::as_str).unwrap_or_default();
    let tag = image.split('@').next().and_then(|name| name.rsplit_once(':')).map_or("", |(_, tag)| tag);
    let is_accepted =
        accepted.is_some_and(|version| version.trim_start_matches('v') == tag.trim_start_matches('v'));
    if !traefik_is_recent(tag) && !is_accepted {
        let needed = TRAEFIK_SINCE.map(|number| number.to_string()).join(".");
        let problem = Problem::new(Code::TraefikTooOld).arg("version", tag).arg("needed", needed);
        return Verdict::Blocked { problem };
    }
    let awaited = || vec![line(Sign::Change, Phrase::PodsAwaited.of(&[("object", &"traefik")]))];
    no_if(!is_available(live), awaited)
}

pub(super) fn deleted(observed: &Observed, key: &ObjectKey) -> Verdict {
    match observed.objects.get(key) {
        Some(Seen::Unseen { why }) => Verdict::Blocked { problem: why.clone() },
        // What is not ours is nobody's to remove but its owner's.
        _ => no_if(observed.object(key).is_some_and(is_ours), || vec![line(Sign::Remove, key.title())]),
    }
}

/// The digest of one value of a Secret; observing replaces the values themselves by it.
fn digest<'a>(observed: &'a Observed, key: &ObjectKey, name: &str) -> Option<&'a str> {
    observed.object(key)?["data"][name].as_str()?.strip_prefix("sha256:")
}

pub(super) fn sealed(observed: &Observed) -> Verdict {
    let token = match observed.credentials.get(&CredentialKind::ClusterToken) {
        Some(Seen::Seen { value: Some(token), .. }) => token,
        Some(Seen::Unseen { why }) => return Verdict::Blocked { problem: why.clone() },
        _ => {
            let problem = Problem::new(Code::SecretMissing).arg("secret", "cluster-token");
            return Verdict::Blocked { problem };
        }
    };
    let key = cluster_token_key();
    let title = format!("SealedSecret {}/{}", key.namespace, key.name);
    match digest(observed, &key, "token") {
        Some(found) if found == token => Verdict::Yes,
        Some(_) => waiting(Phrase::OtherToken.of(&[("object", &title)])),
        None => add(title),
    }
}

pub(super) fn tunnel_secret(observed: &Observed, tunnel: &str) -> Verdict {
    let key = tunnel_secret_key();
    let Some(live) = observed.object(&key) else { return add(key.title()) };
    if !is_ours(live) {
        return Verdict::Blocked { problem: Problem::new(Code::ForeignObject).arg("object", key.title()) };
    }
    let (Some(id), Some(token)) = (observed.tunnel_id(tunnel), observed.tunnel_token(tunnel)) else {
        return waiting(key.title());
    };
    let marked = live["metadata"]["annotations"][TUNNEL_ANNOTATION] == id.id.as_str();
    let current = digest(observed, &key, "token") == Some(token);
    let other = || Phrase::TunnelToken.of(&[("object", &key.title()), ("tunnel", &tunnel)]);
    no_if(!(marked && current), || vec![line(Sign::Change, other())])
}
