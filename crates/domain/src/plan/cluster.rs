//! The plan that turns the machines of a document into a cluster with an ingress controller.
//!
//! Per machine: memory cgroup, copy, configure, install, ready. Agents go side by side; further servers
//! join one at a time, since each join changes etcd's membership. Labels and the taint come once the API
//! says that the nodes are Ready, the ingress controller after those, so that it lands on the workers.

use super::{Settings, ingress};
use crate::cluster::{ClusterDocument, Machine, Release, Role, SERVICELB_LABEL, config_yaml};
use crate::facts::MachineFacts;
use crate::observed::{Artefacts, Observed, Seen, Source};
use crate::preflight::{Findings, Inspection};
use crate::problem::{Code, Problem};
use crate::stack::{IngressController, Stack};
use crate::step::{Action, BINARY_PATH, IMAGES_DIRECTORY, INSTALLER_PATH, PlacedFile, Stage, Step};

pub fn sources(document: &ClusterDocument, observed: &Observed) -> Vec<Source> {
    let mut sources: Vec<Source> =
        document.machines.iter().map(|machine| Source::Machine(machine.name.clone())).collect();
    sources.push(Source::Kubeconfig);
    sources.push(Source::Nodes);
    let architectures =
        observed.machines.values().filter_map(Seen::value).filter_map(|facts| facts.arch.clone()).collect();
    if let Release::Version(version) = &document.k3s.release {
        sources.push(Source::Artefacts { version: version.to_string(), architectures });
    }
    let ingress = ingress::actions(controller(document), &Stack::default(), &Settings::default());
    sources.extend(ingress.iter().flat_map(|(_, _, action)| action.reads()));
    sources
}

pub fn steps(
    document: &ClusterDocument,
    stack: &Stack,
    observed: &Observed,
    settings: &Settings,
) -> Result<(Vec<Step>, Findings), Problem> {
    // A channel is resolved to a version before planning; what a plan names must not move under it.
    let Release::Version(release) = &document.k3s.release else {
        return Err(Problem::new(Code::VersionUnknown).arg("version", "").arg("known", ""));
    };
    let artefacts = match &observed.artefacts {
        Some(Seen::Seen { value, .. }) => value,
        Some(Seen::Unseen { why }) => return Err(why.clone()),
        None => return Err(Problem::new(Code::VersionUnknown).arg("version", release)),
    };
    let version = release.to_string();
    let readings = observed.readings();
    let findings = Inspection { document, version: release, readings: &readings }.findings();

    let mut steps = Vec::new();
    let mut server_ready: Option<String> = None;
    let first = document.first_server().ok_or_else(|| Problem::new(Code::NoServer))?;
    for machine in document.servers() {
        let lane = lane(
            document,
            machine,
            first,
            observed.facts(&machine.name),
            artefacts,
            &version,
            &server_ready,
        )?;
        let ready = lane.last().map(|step| step.id.clone()).unwrap_or_default();
        steps.extend(lane);
        if machine.name == first.name {
            steps.push(Step {
                id: "kubeconfig".into(),
                stage: Stage::FetchKubeconfig,
                machine: Some(machine.name.clone()),
                needs: vec![format!("{}/install", machine.name)],
                action: Action::FetchKubeconfig {
                    machine: machine.name.clone(),
                    address: machine.address.clone(),
                },
            });
        }
        steps.push(node_ready(machine, &version, vec![ready, "kubeconfig".into()]));
        server_ready = Some(format!("{}/ready", machine.name));
    }
    for machine in document.workers() {
        let after = Some(format!("{}/ready", first.name));
        let lane =
            lane(document, machine, first, observed.facts(&machine.name), artefacts, &version, &after)?;
        let joined = lane.last().map(|step| step.id.clone()).unwrap_or_default();
        steps.extend(lane);
        steps.push(node_ready(machine, &version, vec![joined]));
    }
    let mut needs = placement(document, &mut steps);
    for (id, stage, action) in ingress::actions(controller(document), stack, settings) {
        steps.push(Step { id: id.clone(), stage, machine: None, needs, action });
        needs = vec![id];
    }
    Ok((steps, findings))
}

fn controller(document: &ClusterDocument) -> IngressController {
    if document.options.traefik { IngressController::Traefik } else { IngressController::Nginx }
}

/// What happens on one machine until its service runs. `after`: the node that has to be Ready before it joins.
fn lane(
    document: &ClusterDocument,
    machine: &Machine,
    first: &Machine,
    facts: Option<&MachineFacts>,
    artefacts: &Artefacts,
    version: &str,
    after: &Option<String>,
) -> Result<Vec<Step>, Problem> {
    let server = machine.role == Role::Server;
    let joins = machine.name != first.name;
    let name = &machine.name;
    let mut lane: Vec<Step> = Vec::new();
    let mut push = |id: &str, stage, mut needs: Vec<String>, action| {
        needs.extend(lane.last().map(|step: &Step| step.id.clone()));
        lane.push(Step { id: format!("{name}/{id}"), stage, machine: Some(name.clone()), needs, action });
    };
    if facts.is_some_and(|facts| facts.cgroup_memory == Some(false) && facts.cmdline_path.is_some()) {
        push(
            "cgroup",
            Stage::EnableMemoryCgroup,
            vec![],
            Action::EnableMemoryCgroup { machine: name.clone() },
        );
    }
    let arch = facts.and_then(|facts| facts.arch.clone()).unwrap_or_default();
    push(
        "copy",
        Stage::CopyK3s,
        vec![],
        Action::CopyK3s {
            machine: name.clone(),
            version: version.into(),
            files: files(artefacts, &arch),
            arch,
        },
    );
    // A joiner's token exists once the first server runs.
    let token_source = joins.then(|| format!("{}/install", first.name));
    let (configure, install) = service(document, machine, first, facts);
    push("configure", Stage::Configure, token_source.into_iter().collect(), configure);
    let stage = match (server, joins) {
        (true, false) => Stage::InstallServer,
        (true, true) => Stage::JoinServer,
        (false, _) => Stage::JoinAgent,
    };
    push("install", stage, after.iter().cloned().collect(), install);
    Ok(lane)
}

/// What K3s is told on a machine, and that it runs with it.
fn service(
    document: &ClusterDocument,
    machine: &Machine,
    first: &Machine,
    facts: Option<&MachineFacts>,
) -> (Action, Action) {
    let (name, server) = (machine.name.clone(), machine.role == Role::Server);
    let config = config_yaml(document, machine, facts.unwrap_or(&MachineFacts::default()));
    let config_sha256 = crate::digest::sha256(config.as_bytes());
    let install = Action::Install { machine: name.clone(), server, config_sha256: config_sha256.clone() };
    let token_from = (machine.name != first.name).then(|| first.name.clone());
    (Action::Configure { machine: name, server, config, config_sha256, token_from }, install)
}

/// A server of a running cluster takes the document's configuration and is Ready again.
pub fn restart(
    document: &ClusterDocument,
    machine: &Machine,
    facts: Option<&MachineFacts>,
) -> Vec<(String, Stage, Action)> {
    let (Some(first), Release::Version(version)) = (document.first_server(), &document.k3s.release) else {
        return Vec::new();
    };
    let (configure, install) = service(document, machine, first, facts);
    let ready = Action::NodeReady { node: machine.name.clone(), version: version.to_string() };
    let name = &machine.name;
    vec![
        (format!("{name}/configure"), Stage::Configure, configure),
        (format!("{name}/install"), Stage::RestartServer, install),
        (format!("{name}/ready"), Stage::NodeReady, ready),
    ]
}

fn files(artefacts: &Artefacts, arch: &str) -> Vec<PlacedFile> {
    let mut files = vec![PlacedFile {
        path: INSTALLER_PATH.into(),
        mode: "0755".into(),
        sha256: artefacts.installer.clone(),
        artefact: "install.sh".into(),
    }];
    files.extend(artefacts.binaries.get(arch).map(|sha256| PlacedFile {
        path: BINARY_PATH.into(),
        mode: "0755".into(),
        sha256: sha256.clone(),
        artefact: "k3s".into(),
    }));
    files.extend(artefacts.images.get(arch).into_iter().flatten().map(|(name, sha256)| PlacedFile {
        path: format!("{IMAGES_DIRECTORY}/{name}"),
        mode: "0644".into(),
        sha256: sha256.clone(),
        artefact: name.clone(),
    }));
    files
}

fn node_ready(machine: &Machine, version: &str, needs: Vec<String>) -> Step {
    Step {
        id: format!("{}/ready", machine.name),
        stage: Stage::NodeReady,
        machine: Some(machine.name.clone()),
        needs,
        action: Action::NodeReady { node: machine.name.clone(), version: version.into() },
    }
}

/// Labels and taints; returns the ids that have to be true before workloads are placed.
fn placement(document: &ClusterDocument, steps: &mut Vec<Step>) -> Vec<String> {
    let all_ready: Vec<String> =
        document.machines.iter().map(|machine| format!("{}/ready", machine.name)).collect();
    let mut placed = all_ready.clone();
    let taint = document.taint_wanted();
    for machine in document.servicelb_nodes() {
        let id = format!("{}/label", machine.name);
        let (label, value) = SERVICELB_LABEL;
        steps.push(Step {
            id: id.clone(),
            stage: Stage::LabelIngressNodes,
            machine: Some(machine.name.clone()),
            needs: vec![format!("{}/ready", machine.name)],
            action: Action::LabelNode {
                node: machine.name.clone(),
                label: label.into(),
                value: Some(value.into()),
            },
        });
        placed.push(id);
    }
    for machine in document.servers() {
        let id = format!("{}/taint", machine.name);
        // The taint waits for a worker: without one, nothing could run any more.
        let mut needs = vec![format!("{}/ready", machine.name)];
        needs
            .extend(document.workers().next().filter(|_| taint).map(|agent| format!("{}/ready", agent.name)));
        steps.push(Step {
            id: id.clone(),
            stage: Stage::TaintServers,
            machine: Some(machine.name.clone()),
            needs,
            action: Action::Taint { node: machine.name.clone(), wanted: taint },
        });
        placed.push(id);
    }
    placed
}
