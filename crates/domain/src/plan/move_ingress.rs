//! The plan that lets the other ingress controller serve.
//!
//! The new one is brought up beside the old, on ports of its own, and every name is tried through it. Only then the
//! ports change hands; every name is tried again, and the old controller goes last. Both orders of the same words, so
//! that the way back is the same plan. What was done is seen on the cluster, so that a move that was cut off goes on
//! where it stopped instead of starting over.

use super::{Settings, cluster, ingress, reconcile, watcher};
use crate::change::Desired;
use crate::chart::Chart;
use crate::cluster::{K3sVersion, Release};
use crate::exposure::{Reach, Tls};
use crate::observed::{ObjectKey, Observed, Seen, Source};
use crate::problem::{Code, Problem};
use crate::stack::{IngressController, StackComponent, TRAEFIK_SINCE, ingress_class, traefik_config};
use crate::step::{Action, Claim, Stage, Step, last_applied};
use serde_json::json;

/// The first K3s whose Traefik is recent enough.
const TRAEFIK_K3S: &str = "v1.37.1+k3s1";

pub fn sources(
    to: IngressController,
    desired: &Desired,
    observed: &Observed,
    settings: &Settings,
) -> Vec<Source> {
    let mut sources: Vec<Source> = desired
        .cluster
        .iter()
        .flat_map(|document| document.servers().map(|machine| Source::Machine(machine.name.clone())))
        .collect();
    sources.extend([Source::Object(traefik_key()), Source::Object(nginx(desired, settings).key())]);
    sources.extend(
        planned(to, desired, observed, settings).into_iter().flat_map(|(_, _, action)| action.reads()),
    );
    sources
}

pub fn steps(
    to: IngressController,
    desired: &Desired,
    observed: &Observed,
    settings: &Settings,
) -> Result<Vec<Step>, Problem> {
    if to == IngressController::Traefik {
        recent_enough(desired)?;
    }
    // Its configuration follows from a machine's facts: without them, the wrong one would be written.
    let servers = desired.cluster.iter().flat_map(|document| document.servers());
    for machine in servers {
        match observed.machines.get(&machine.name) {
            Some(Seen::Unseen { why }) => return Err(why.clone()),
            Some(Seen::Seen { .. }) => {}
            None => return Err(Problem::new(Code::HostUnreachable).arg("machine", &machine.name)),
        }
    }
    Ok(super::chain(planned(to, desired, observed, settings)))
}

/// Of a release before it is known which Traefik it brings; afterwards the running one is judged.
fn recent_enough(desired: &Desired) -> Result<(), Problem> {
    let Some(document) = &desired.cluster else { return Ok(()) };
    let accepted = desired.stack.pin(StackComponent::Traefik).version;
    let since: Result<K3sVersion, _> = TRAEFIK_K3S.parse();
    match (&document.k3s.release, since) {
        (Release::Version(version), Ok(since)) if *version < since && accepted.is_none() => {
            let needed = TRAEFIK_SINCE.map(|number| number.to_string()).join(".");
            Err(Problem::new(Code::TraefikNotBundled)
                .arg("k3s", version)
                .arg("needed", needed)
                .arg("since", TRAEFIK_K3S))
        }
        _ => Ok(()),
    }
}

fn planned(
    to: IngressController,
    desired: &Desired,
    observed: &Observed,
    settings: &Settings,
) -> Vec<(String, Stage, Action)> {
    let mut steps = match to {
        IngressController::Traefik => to_traefik(desired, observed, settings),
        IngressController::Nginx => to_nginx(desired, observed, settings),
    };
    steps.extend(watcher::actions(desired, settings, Claim::Respect));
    steps
}

fn to_traefik(desired: &Desired, observed: &Observed, settings: &Settings) -> Vec<(String, Stage, Action)> {
    let mut steps = Vec::new();
    let serves = service_type(observed) == Some("LoadBalancer");
    let nginx_is_there = observed.object(&nginx(desired, settings).key()).is_some();
    steps.push(apply("ingress-class", ingress_class(), Claim::Respect));
    if !serves {
        steps.push(apply("traefik/config", traefik_config("NodePort"), Claim::Respect));
    }
    steps.extend(restarts(desired, observed));
    let accepted = desired.stack.pin(StackComponent::Traefik).version;
    steps.push(("traefik".into(), Stage::InstallComponent, Action::Traefik { accepted }));
    if !serves {
        steps.extend(rehearsal(IngressController::Traefik, desired, observed));
    }
    if nginx_is_there {
        steps.push(chart("ingress-nginx/yield", with_service(nginx(desired, settings), "ClusterIP")));
    }
    steps.push(apply("traefik/serve", traefik_config("LoadBalancer"), Claim::Respect));
    steps.extend(tries(desired, observed));
    let key = nginx(desired, settings).key();
    steps.push(("ingress-nginx".into(), Stage::RemoveComponent, Action::Delete { key }));
    steps
}

fn to_nginx(desired: &Desired, observed: &Observed, settings: &Settings) -> Vec<(String, Stage, Action)> {
    let mut steps = Vec::new();
    let traefik_serves = service_type(observed) == Some("LoadBalancer");
    steps.push(apply("ingress-class", ingress_class(), Claim::Respect));
    if traefik_serves {
        steps.push(chart("ingress-nginx/beside", with_service(nginx(desired, settings), "NodePort")));
        steps.extend(rehearsal(IngressController::Nginx, desired, observed));
        steps.push(apply("traefik/yield", traefik_config("ClusterIP"), Claim::Respect));
    }
    steps.extend(ingress::actions(IngressController::Nginx, &desired.stack, settings).into_iter().skip(1));
    steps.extend(tries(desired, observed));
    // Without Traefik in their configuration, the servers take it down themselves.
    steps.extend(restarts(desired, observed));
    let key = traefik_key();
    steps.push(("traefik/config".into(), Stage::RemoveComponent, Action::Delete { key }));
    steps
}

fn traefik_key() -> ObjectKey {
    ObjectKey::new("helm.cattle.io/v1", "HelmChartConfig", "kube-system", "traefik")
}

/// The type of Traefik's Service that was configured last.
fn service_type(observed: &Observed) -> Option<&'static str> {
    let last = last_applied(observed.object(&traefik_key())?)?;
    ["LoadBalancer", "NodePort", "ClusterIP"].into_iter().find(|kind| last == traefik_config(kind))
}

fn nginx(desired: &Desired, settings: &Settings) -> Chart {
    let component = StackComponent::IngressNginx;
    let chart = component.chart(&desired.stack.pin(component), settings.charts.as_deref());
    chart.expect("ingress-nginx is a chart")
}

fn with_service(mut chart: Chart, kind: &str) -> Chart {
    chart.values["controller"]["service"]["type"] = json!(kind);
    chart
}

fn chart(id: &str, chart: Chart) -> (String, Stage, Action) {
    (id.into(), Stage::InstallComponent, Action::Chart { chart, claim: Claim::Respect })
}

fn apply(id: &str, manifest: serde_json::Value, claim: Claim) -> (String, Stage, Action) {
    (id.into(), Stage::InstallComponent, Action::Apply { manifest, claim })
}

/// The servers take the new configuration one after the other; pods keep running meanwhile.
fn restarts(desired: &Desired, observed: &Observed) -> Vec<(String, Stage, Action)> {
    let Some(document) = &desired.cluster else { return Vec::new() };
    let servers = document.servers();
    servers.flat_map(|machine| cluster::restart(document, machine, observed.facts(&machine.name))).collect()
}

/// Every name through the new controller's own ports, before anybody is sent there.
fn rehearsal(
    controller: IngressController,
    desired: &Desired,
    observed: &Observed,
) -> Option<(String, Stage, Action)> {
    let names = desired.exposures.iter().filter(|exposure| exposure.tls == Tls::Terminated);
    let hostnames: Vec<_> = names.map(|exposure| exposure.hostname.clone()).collect();
    let addresses = observed.lan_addresses();
    let action = Action::TryController { controller, hostnames: hostnames.clone(), addresses };
    (!hostnames.is_empty()).then(|| ("rehearsal".to_owned(), Stage::TryPath, action))
}

/// Every name as its visitors reach it, once its records stand and its route leads to the new controller.
fn tries(desired: &Desired, observed: &Observed) -> Vec<(String, Stage, Action)> {
    let addresses = observed.lan_addresses();
    let mut steps = reconcile::actions(desired, observed);
    for exposure in &desired.exposures {
        let (name, hostname) = (&exposure.name, exposure.hostname.clone());
        let passthrough = exposure.tls == Tls::Passthrough;
        let path = if exposure.reach == Reach::Public && desired.stack.tunnel.is_some() {
            Action::PublicPath { hostname, access: !exposure.access.is_empty() }
        } else {
            let tls = passthrough || exposure.certificate(desired.stack.issuer()).is_some();
            let at_home = desired.stack.home_domain().is_some();
            Action::LanPath { hostname, addresses: addresses.clone(), tls, passthrough, at_home }
        };
        steps.push((format!("{name}/path"), Stage::TryPath, path));
    }
    steps
}
