//! The exact command behind each step, for those who want to see it before they press the button.
//!
//! What is shown is what runs: the script that goes to the machine, the manifest that is applied, the body
//! that is posted. Secrets are named, never shown.

use portico_domain::dns::{RecordWrites, lan_writes};
use portico_domain::observed::{Observed, Seen};
use portico_domain::step::{Action, CONTROL_PLANE_TAINT};
use portico_world::cloudflare::lan_batch;
use portico_world::k3s::scripts;
use portico_world::ssh::Script;
use serde_json::Value;

/// The command of an action as text, with the values that it gets.
pub fn command(action: &Action, observed: &Observed) -> String {
    match action {
        Action::EnableMemoryCgroup { machine } => {
            format!(
                "{}\n\n{}",
                script(machine, &scripts::CGROUP_FIX, ""),
                script(machine, &scripts::REBOOT, "")
            )
        }
        Action::CopyK3s { machine, files, .. } => files
            .iter()
            .map(|file| {
                let values =
                    format!("{} {} sha256 {} < {}", file.path, file.mode, file.sha256, file.artefact);
                format!("# {machine}: place-file {values}")
            })
            .chain([scripts::PLACE_FILE.text.to_owned()])
            .collect::<Vec<_>>()
            .join("\n"),
        Action::Configure { machine, config, token_from, .. } => {
            let token = token_from
                .as_ref()
                .map(|server| format!("\n# join-token: read from {server}, sent on stdin"));
            let values = format!("# config.yaml:\n{config}{}", token.unwrap_or_default());
            script(machine, &scripts::CONFIGURE, &values)
        }
        Action::Install { machine, .. } => script(machine, &scripts::INSTALL, ""),
        Action::FetchKubeconfig { machine, .. } => script(machine, &scripts::KUBECONFIG, ""),
        Action::NodeReady { node, .. } => format!("kubectl wait --for=condition=Ready node/{node}"),
        Action::LabelNode { node, label, value: Some(value) } => {
            format!("kubectl label node {node} {label}={value}")
        }
        Action::LabelNode { node, label, value: None } => format!("kubectl label node {node} {label}-"),
        Action::Taint { node, wanted } => {
            let remove = if *wanted { "" } else { "-" };
            format!("kubectl taint node {node} {CONTROL_PLANE_TAINT}=true:NoSchedule{remove}")
        }
        Action::InstallComponent { component, repository } => {
            manifest(&component.helm_chart(repository.as_deref()))
        }
        Action::Apply { manifest: object } => manifest(object),
        Action::LanRecords { hostname, addresses, cluster } => {
            let found = observed.records.get(hostname.as_str()).and_then(Seen::value);
            let zone = found.map_or("ZONE", |found| &found.zone_id);
            let writes = found
                .and_then(|found| lan_writes(hostname, addresses, &found.records, cluster).ok())
                .unwrap_or_else(|| RecordWrites { deletes: Vec::new(), creates: addresses.clone() });
            let body = pretty(&lan_batch(hostname, &writes, cluster));
            format!("POST /zones/{zone}/dns_records/batch\n{body}")
        }
        Action::LanPath { hostname, addresses } => addresses
            .iter()
            .map(|address| format!("curl --resolve {hostname}:80:{address} http://{hostname}/"))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn script(machine: &str, script: &Script, values: &str) -> String {
    let values = if values.is_empty() { String::new() } else { format!("{values}\n") };
    format!("# {machine}: over SSH, as root\n{values}{}", script.text)
}

fn manifest(object: &Value) -> String {
    format!("kubectl apply --server-side --field-manager=portico -f - <<'EOF'\n{}\nEOF", pretty(object))
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
