//! Predicates on machines and nodes.

use super::action::TAINT_TEXT;
use super::{
    BINARY_PATH, CONTROL_PLANE_TAINT, DiffLine, IMAGES_DIRECTORY, INSTALLER_PATH, Phrase, PlacedFile, Sign,
    Verdict, add, line, no_if, waiting,
};
use crate::facts::MachineFacts;
use crate::observed::{Observed, Seen};
use crate::problem::{Code, Problem};

pub(super) fn memory_cgroup(observed: &Observed, machine: &str) -> Verdict {
    with_facts(observed, machine, |facts| {
        if facts.cgroup_memory == Some(true) {
            Verdict::Yes
        } else {
            add("cgroup_memory=1 cgroup_enable=memory")
        }
    })
}

pub(super) fn copied(observed: &Observed, machine: &str, files: &[PlacedFile]) -> Verdict {
    with_facts(observed, machine, |facts| {
        let missing: Vec<_> = files.iter().filter(|file| !holds(facts, file)).collect();
        let text = |file: &&PlacedFile| line(Sign::Add, format!("{} ({}…)", file.path, &file.sha256[..12]));
        no_if(!missing.is_empty(), || missing.iter().map(text).collect())
    })
}

pub(super) fn configured(
    observed: &Observed,
    machine: &str,
    config: &str,
    config_sha256: &str,
    token_from: &Option<String>,
) -> Verdict {
    with_facts(observed, machine, |facts| {
        let diff = configuration(facts, observed, config, config_sha256, token_from);
        no_if(!diff.is_empty(), || diff)
    })
}

pub(super) fn installed(observed: &Observed, machine: &str, server: bool, config_sha256: &str) -> Verdict {
    with_facts(observed, machine, |facts| {
        let unit = if server { "k3s" } else { "k3s-agent" };
        let service = format!("{unit}.service");
        let found = facts.k3s.unit(unit);
        let runs = found.is_some_and(|unit| unit.active == "active" && unit.enabled == "enabled");
        let current = facts.k3s.started_with.as_deref() == Some(config_sha256)
            && facts.k3s.started_binary == facts.k3s.binary
            && facts.k3s.started_token == facts.k3s.token;
        if runs && current {
            Verdict::Yes
        } else if found.is_some() {
            waiting(Phrase::UnitRestarted.of(&[("unit", &service)]))
        } else {
            add(Phrase::UnitInstalled.of(&[("unit", &service)]))
        }
    })
}

pub(super) fn node_ready(observed: &Observed, node: &str, version: &str) -> Verdict {
    match observed.node(node) {
        Some(state) if state.ready && state.version == *version => Verdict::Yes,
        Some(state) => waiting(format!("{node}: {} {} -> Ready {version}", state.version, state.reason)),
        None => add(format!("{node}: Ready {version}")),
    }
}

pub(super) fn labelled(observed: &Observed, node: &str, label: &str, value: Option<&String>) -> Verdict {
    match (observed.node(node), value) {
        (Some(state), _) if state.labels.get(label) == value => Verdict::Yes,
        (_, Some(value)) => add(format!("{node}: {label}={value}")),
        (_, None) => Verdict::No { diff: vec![line(Sign::Remove, format!("{node}: {label}"))] },
    }
}

pub(super) fn tainted(observed: &Observed, node: &str, wanted: bool) -> Verdict {
    let is_it = |taint: &String| taint.starts_with(CONTROL_PLANE_TAINT) && taint.ends_with(":NoSchedule");
    match observed.node(node) {
        Some(state) if state.taints.iter().any(is_it) == wanted => Verdict::Yes,
        _ if wanted => add(format!("{node}: {TAINT_TEXT}")),
        _ => Verdict::No { diff: vec![line(Sign::Remove, format!("{node}: {TAINT_TEXT}"))] },
    }
}

fn with_facts(observed: &Observed, machine: &str, judge: impl Fn(&MachineFacts) -> Verdict) -> Verdict {
    match observed.machines.get(machine) {
        Some(Seen::Seen { value, .. }) => judge(value),
        Some(Seen::Unseen { why }) => Verdict::Blocked { problem: why.clone() },
        None => Verdict::Blocked { problem: Problem::new(Code::HostUnreachable).arg("machine", machine) },
    }
}

fn holds(facts: &MachineFacts, file: &PlacedFile) -> bool {
    let found = match file.path.as_str() {
        BINARY_PATH => facts.k3s.binary.as_deref(),
        INSTALLER_PATH => facts.k3s.installer.as_deref(),
        path => facts
            .k3s
            .images
            .iter()
            .find(|image| path.strip_prefix(IMAGES_DIRECTORY).is_some_and(|name| name[1..] == image.name))
            .map(|image| image.sha256.as_str()),
    };
    found == Some(file.sha256.as_str())
}

fn configuration(
    facts: &MachineFacts,
    observed: &Observed,
    config: &str,
    config_sha256: &str,
    token_from: &Option<String>,
) -> Vec<DiffLine> {
    let mut diff = Vec::new();
    if facts.k3s.config.as_deref() != Some(config_sha256) {
        let sign = if facts.k3s.config.is_some() { Sign::Change } else { Sign::Add };
        diff.push(line(sign, "/etc/rancher/k3s/config.yaml"));
        diff.extend(config.lines().map(|text| line(Sign::Add, format!("    {text}"))));
    }
    if let Some(server) = token_from {
        let wanted = observed.facts(server).and_then(|facts| facts.k3s.server_token.as_ref());
        if wanted.is_none() || facts.k3s.token.as_ref() != wanted {
            diff.push(line(Sign::Add, Phrase::JoinToken.of(&[("server", server)])));
        }
    }
    diff
}
