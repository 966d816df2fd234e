//! The plan that makes a service reachable under a name on the LAN.
//!
//! Workload, Ingress, records, then the path is tried as a visitor would. The record is written after the
//! Ingress exists, so that the name never leads to a controller that does not know it.

use super::{Settings, cluster};
use crate::change::Desired;
use crate::exposure::{Backend, Exposure};
use crate::observed::{ObjectKey, Observed, Seen, Source};
use crate::problem::{Code, Problem};
use crate::stack::StackComponent;
use crate::step::{Action, Stage, Step};

pub fn sources(exposure: &Exposure, desired: &Desired, observed: &Observed) -> Vec<Source> {
    let mut sources = vec![Source::Kubeconfig, Source::Nodes];
    sources.extend(cluster::ingress_controller(None).reads());
    sources.extend(
        actions(exposure, desired, observed, None).into_iter().flat_map(|(_, _, action)| action.reads()),
    );
    if let Backend::Service { namespace, name, .. } = &exposure.backend {
        sources.push(Source::Object(service_key(namespace, name)));
    }
    sources
}

pub fn steps(
    exposure: &Exposure,
    desired: &Desired,
    observed: &Observed,
    settings: &Settings,
) -> Result<Vec<Step>, Problem> {
    // Nodes that could not be looked at are no sign that there are none.
    if let Some(Seen::Unseen { why }) = &observed.nodes {
        return Err(why.clone());
    }
    if observed.lan_addresses().is_empty() {
        return Err(Problem::new(Code::NoReadyWorker));
    }
    if let Backend::Service { namespace, name, port } = &exposure.backend {
        service_is_there(observed, namespace, name, *port)?;
    }
    let repository = settings.repository(StackComponent::IngressNginx.name());
    let mut steps: Vec<Step> = Vec::new();
    for (id, stage, action) in actions(exposure, desired, observed, repository) {
        let needs = steps.last().map(|step| step.id.clone()).into_iter().collect();
        steps.push(Step { id, stage, machine: None, needs, action });
    }
    Ok(steps)
}

fn actions(
    exposure: &Exposure,
    desired: &Desired,
    observed: &Observed,
    repository: Option<String>,
) -> Vec<(String, Stage, Action)> {
    let name = &exposure.name;
    let addresses = observed.lan_addresses();
    let cluster = desired.cluster.as_ref().map(|cluster| cluster.name.clone()).unwrap_or_default();
    let hostname = exposure.hostname.clone();
    let mut actions = vec![(
        StackComponent::IngressNginx.name().to_owned(),
        Stage::InstallComponent,
        cluster::ingress_controller(repository),
    )];
    actions.extend(exposure.workload().into_iter().map(|manifest| {
        let kind = manifest["kind"].as_str().unwrap_or_default().to_lowercase();
        (format!("{name}/{kind}"), Stage::DeployWorkload, Action::Apply { manifest })
    }));
    actions.push((
        format!("{name}/ingress"),
        Stage::RouteHostname,
        Action::Apply { manifest: exposure.ingress() },
    ));
    actions.push((
        format!("{name}/records"),
        Stage::WriteRecords,
        Action::LanRecords { hostname: hostname.clone(), addresses: addresses.clone(), cluster },
    ));
    actions.push((format!("{name}/path"), Stage::TryPath, Action::LanPath { hostname, addresses }));
    actions
}

fn service_key(namespace: &str, name: &str) -> ObjectKey {
    ObjectKey {
        api_version: "v1".into(),
        kind: "Service".into(),
        namespace: namespace.into(),
        name: name.into(),
    }
}

fn service_is_there(observed: &Observed, namespace: &str, name: &str, port: u16) -> Result<(), Problem> {
    let missing = || {
        Problem::new(Code::ServiceMissing).arg("namespace", namespace).arg("service", name).arg("port", port)
    };
    let service = observed
        .objects
        .get(&service_key(namespace, name))
        .and_then(|seen| seen.value())
        .and_then(Option::as_ref)
        .ok_or_else(missing)?;
    let ports =
        service.pointer("/spec/ports").and_then(|ports| ports.as_array()).cloned().unwrap_or_default();
    ports.iter().any(|found| found["port"] == port).then_some(()).ok_or_else(missing)
}
