//! The plan that makes a service reachable under a name, on the LAN alone or from the internet.
//!
//! The name comes last: a record is written once everything behind it stands, so that it never leads to a controller
//! that does not know it, and never past the login that was asked for. A change from one reach to the other is the
//! same plan: what the other reach needed goes after the records have moved.

use super::{Settings, ingress, stack, watcher};
use crate::change::Desired;
use crate::dns::Hostname;
use crate::exposure::{Backend, Exposure, Reach, Tls};
use crate::observed::{ObjectKey, Observed, Seen, Source};
use crate::problem::{Code, Problem};
use crate::stack::IngressController;
use crate::step::{Action, Claim, RecordTarget, RecordWish, Stage, Step, Verdict};
use crate::tunnel::{Route, RouteWish};

pub fn sources(
    exposure: &Exposure,
    adopt: bool,
    desired: &Desired,
    observed: &Observed,
    settings: &Settings,
) -> Vec<Source> {
    let mut sources = vec![Source::Kubeconfig, Source::Nodes];
    let actions = actions(exposure, adopt, desired, observed, settings);
    let actions = actions.into_iter().chain(former(exposure, desired, settings));
    let actions = actions.chain(watcher::actions(desired, settings, Claim::Respect));
    sources.extend(actions.flat_map(|(_, _, action)| action.reads()));
    if exposure.reach == Reach::Public {
        // Whether the name is too deep follows from its zone.
        sources.push(Source::Records { hostname: exposure.hostname.to_string() });
    }
    if let Backend::Service { namespace, name, .. } = &exposure.backend {
        sources.push(Source::Object(service_key(namespace, name)));
    }
    sources
}

pub fn steps(
    exposure: &Exposure,
    adopt: bool,
    desired: &Desired,
    observed: &Observed,
    settings: &Settings,
) -> Result<Vec<Step>, Problem> {
    // Nodes that could not be looked at are no sign that there are none.
    if let Some(Seen::Unseen { why }) = &observed.nodes {
        return Err(why.clone());
    }
    match exposure.reach {
        Reach::Lan if observed.lan_addresses().is_empty() => return Err(Problem::new(Code::NoReadyWorker)),
        Reach::Lan => {}
        Reach::Public => may_be_public(exposure, desired, observed)?,
    }
    if let Backend::Service { namespace, name, port } = &exposure.backend {
        service_is_there(observed, namespace, name, *port)?;
    }
    let mut actions = actions(exposure, adopt, desired, observed, settings);
    actions.extend(former_left(exposure, desired, observed, settings));
    actions.extend(watcher::actions(desired, settings, Claim::Respect));
    Ok(super::chain(actions))
}

fn may_be_public(exposure: &Exposure, desired: &Desired, observed: &Observed) -> Result<(), Problem> {
    let hostname = &exposure.hostname;
    if desired.stack.tunnel.is_none() {
        return Err(Problem::new(Code::NoTunnel).arg("hostname", hostname));
    }
    if desired.ingress() == IngressController::Nginx && !desired.stack.retired_accepted {
        return Err(Problem::new(Code::IngressNotAccepted).arg("hostname", hostname));
    }
    let zone = observed.records.get(hostname.as_str()).and_then(Seen::value).map(|found| &found.zone);
    match zone {
        Some(zone) if !hostname.has_universal_ssl(zone) => {
            Err(Problem::new(Code::NameTooDeep).arg("hostname", hostname).arg("zone", zone))
        }
        _ => Ok(()),
    }
}

type Planned = Vec<(String, Stage, Action)>;

fn actions(
    exposure: &Exposure,
    adopt: bool,
    desired: &Desired,
    observed: &Observed,
    settings: &Settings,
) -> Planned {
    let name = &exposure.name;
    let claim = if adopt { Claim::Adopt } else { Claim::Respect };
    let mut actions = ingress::actions(desired.ingress(), &desired.stack, settings);
    if exposure.reach == Reach::Public {
        actions.extend(stack::tunnel(desired, observed, settings, Claim::Respect));
    }
    if let Backend::App { app } = &exposure.backend {
        let chart = app.chart(&exposure.hostname, settings.charts.as_deref());
        actions.push((format!("{name}/chart"), Stage::DeployWorkload, Action::Chart { chart, claim }));
    }
    actions.extend(exposure.workload().into_iter().map(|manifest| {
        let kind = manifest["kind"].as_str().unwrap_or_default().to_lowercase();
        (format!("{name}/{kind}"), Stage::DeployWorkload, Action::Apply { manifest, claim })
    }));
    let issuer = desired.stack.issuer();
    let manifest = exposure.ingress(issuer);
    actions.push((format!("{name}/ingress"), Stage::RouteHostname, Action::Apply { manifest, claim }));
    if let Some(secret) = exposure.certificate(issuer) {
        let action = Action::Certificate { namespace: exposure.namespace().into(), name: secret };
        actions.push((format!("{name}/certificate"), Stage::IssueCertificate, action));
    }
    match exposure.reach {
        Reach::Lan => lan(exposure, adopt, desired, observed, &mut actions),
        Reach::Public => public(exposure, adopt, desired, &mut actions),
    }
    actions
}

/// What hostnames of earlier times still have: all of it goes, once the present one answers.
pub(super) fn former(
    exposure: &Exposure,
    desired: &Desired,
    settings: &Settings,
) -> Vec<(String, Stage, Action)> {
    let of = |hostname: &Hostname| {
        let former = Exposure {
            name: format!("{}@{hostname}", exposure.name),
            hostname: hostname.clone(),
            ..exposure.clone()
        };
        let gone = records(&former, RecordTarget::Nothing, false, desired);
        gone.into_iter().chain(not_public(&former, desired)).collect::<Vec<_>>()
    };
    settings.former.iter().flat_map(of).collect()
}

/// Of that, what is still there; otherwise not a word of it.
pub(super) fn former_left(
    exposure: &Exposure,
    desired: &Desired,
    observed: &Observed,
    settings: &Settings,
) -> impl Iterator<Item = (String, Stage, Action)> {
    let all = former(exposure, desired, settings).into_iter();
    all.filter(|(_, _, action)| matches!(action.verdict(observed), Verdict::No { .. }))
}

fn lan(exposure: &Exposure, adopt: bool, desired: &Desired, observed: &Observed, actions: &mut Planned) {
    let (name, hostname) = (&exposure.name, &exposure.hostname);
    let addresses = observed.lan_addresses();
    actions.extend(records(exposure, RecordTarget::Lan { addresses: addresses.clone() }, adopt, desired));
    let passthrough = exposure.tls == Tls::Passthrough;
    let tls = passthrough || exposure.certificate(desired.stack.issuer()).is_some();
    let at_home = desired.stack.home_domain().is_some();
    let path = Action::LanPath { hostname: hostname.clone(), addresses, tls, passthrough, at_home };
    actions.push((format!("{name}/path"), Stage::TryPath, path));
    actions.extend(not_public(exposure, desired));
}

fn public(exposure: &Exposure, adopt: bool, desired: &Desired, actions: &mut Planned) {
    let (name, hostname) = (&exposure.name, &exposure.hostname);
    let tunnel = desired.stack.tunnel.clone().unwrap_or_default();
    let protected = !exposure.access.is_empty();
    if protected {
        actions.push(access(exposure, exposure.access.clone(), desired));
    }
    let route = Route::to(hostname, desired.ingress(), exposure.tls == Tls::Passthrough);
    let routes = vec![RouteWish { hostname: hostname.clone(), route: Some(route), adopt }];
    let action = Action::Routes { tunnel: tunnel.clone(), routes };
    actions.push((format!("{name}/route"), Stage::RouteTunnel, action));
    actions.extend(records(exposure, RecordTarget::Tunnel { name: tunnel }, adopt, desired));
    if !protected {
        actions.push(access(exposure, Vec::new(), desired));
    }
    let path = Action::PublicPath { hostname: hostname.clone(), access: protected };
    actions.push((format!("{name}/path"), Stage::TryPath, path));
}

/// What a public name has and a LAN-only one must not have: its route and its login. Judged by what is seen, so that
/// a change that was cut off is finished by the next plan.
pub(super) fn not_public(exposure: &Exposure, desired: &Desired) -> Planned {
    let Some(tunnel) = desired.stack.tunnel.clone() else { return Vec::new() };
    let wish = RouteWish { hostname: exposure.hostname.clone(), route: None, adopt: false };
    let route = Action::Routes { tunnel, routes: vec![wish] };
    vec![
        (format!("{}/route", exposure.name), Stage::RouteTunnel, route),
        access(exposure, Vec::new(), desired),
    ]
}

fn access(exposure: &Exposure, emails: Vec<String>, desired: &Desired) -> (String, Stage, Action) {
    let action = Action::Access {
        hostname: exposure.hostname.clone(),
        emails,
        cluster: desired.cluster_name().into(),
    };
    (format!("{}/access", exposure.name), Stage::ProtectHostname, action)
}

/// The records of the name; none where the home's own resolver answers for it.
pub(super) fn records(
    exposure: &Exposure,
    target: RecordTarget,
    adopt: bool,
    desired: &Desired,
) -> Option<(String, Stage, Action)> {
    if desired.stack.home_domain().is_some() {
        return None;
    }
    let wish = RecordWish { hostname: exposure.hostname.clone(), target, adopt };
    let action = Action::Records { names: vec![wish], cluster: desired.cluster_name().into() };
    Some((format!("{}/records", exposure.name), Stage::WriteRecords, action))
}

fn service_key(namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::new("v1", "Service", namespace, name)
}

fn service_is_there(observed: &Observed, namespace: &str, name: &str, port: u16) -> Result<(), Problem> {
    let missing = || {
        Problem::new(Code::ServiceMissing).arg("namespace", namespace).arg("service", name).arg("port", port)
    };
    let service = observed.object(&service_key(namespace, name)).ok_or_else(missing)?;
    let ports =
        service.pointer("/spec/ports").and_then(|ports| ports.as_array()).cloned().unwrap_or_default();
    ports.iter().any(|found| found["port"] == port).then_some(()).ok_or_else(missing)
}
