//! The exact command behind each step, for those who want to see it before they press the button.
//!
//! What is shown is what runs: the script that goes to the machine, the manifest that is applied, the body
//! that is posted. Secrets are named, never shown.

use portico_domain::access::app_name;
use portico_domain::observed::Observed;
use portico_domain::step::{Action, CONTROL_PLANE_TAINT, cluster_token_key};
use portico_domain::tunnel::merged_all;
use portico_world::cloudflare::{batch, policy_body};
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
        Action::Chart { .. } | Action::Apply { .. } | Action::Cloudflared { .. } => {
            action.manifest(observed).map(|object| manifest(&object)).unwrap_or_default()
        }
        Action::Traefik { .. } => {
            "kubectl -n kube-system wait --for=condition=Available deployment/traefik".into()
        }
        Action::TryController { hostnames, addresses, .. } => {
            let pairs =
                hostnames.iter().flat_map(|name| addresses.iter().map(move |address| (name, address)));
            let lines = pairs.map(|(name, address)| {
                format!("curl --resolve {name}:$NODE_PORT:{address} http://{name}:$NODE_PORT/")
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Action::Delete { key } => {
            let namespace =
                if key.namespace.is_empty() { String::new() } else { format!("-n {} ", key.namespace) };
            format!("kubectl {namespace}delete {} {}", key.kind.to_lowercase(), key.name)
        }
        Action::SealToken => {
            let key = cluster_token_key();
            format!(
                "# the cluster's own token, from the keyring, sealed with the controller's certificate\n\
                 kubectl apply --server-side --field-manager=portico -f - # SealedSecret {}/{}",
                key.namespace, key.name
            )
        }
        Action::Tunnel { name } => {
            let body = serde_json::json!({"name": name, "config_src": "cloudflare"});
            format!("POST /accounts/ACCOUNT/cfd_tunnel\n{}", pretty(&body))
        }
        Action::TunnelSecret { tunnel } => format!(
            "GET /accounts/ACCOUNT/cfd_tunnel/{tunnel}/token\n\
             kubectl apply --server-side --field-manager=portico -f - # Secret cloudflared/tunnel-token, with that token"
        ),
        Action::DeleteTunnel { name } => format!("DELETE /accounts/ACCOUNT/cfd_tunnel/{name}"),
        Action::Routes { tunnel, routes } => {
            let config = observed.tunnel(tunnel).map_or(&Value::Null, |tunnel| &tunnel.config);
            let next = merged_all(config, routes).ok().flatten().unwrap_or_else(|| config.clone());
            let body = serde_json::json!({"config": next});
            format!("PUT /accounts/ACCOUNT/cfd_tunnel/{tunnel}/configurations\n{}", pretty(&body))
        }
        Action::Access { hostname, emails, cluster } => {
            let name = app_name(hostname, cluster);
            if emails.is_empty() {
                return format!("DELETE /accounts/ACCOUNT/access/apps # {name}");
            }
            let policy = pretty(&policy_body(&name, emails));
            format!(
                "POST /accounts/ACCOUNT/access/policies\n{policy}\nPOST /accounts/ACCOUNT/access/apps # {name}"
            )
        }
        Action::Records { cluster, .. } => {
            let zones = action.record_writes(observed).unwrap_or_default();
            let calls = zones.iter().map(|(zone, writes)| {
                format!("POST /zones/{zone}/dns_records/batch\n{}", pretty(&batch(writes, cluster)))
            });
            calls.collect::<Vec<_>>().join("\n")
        }
        Action::Certificate { namespace, name } => {
            format!("kubectl -n {namespace} wait --for=condition=Ready certificate/{name}")
        }
        Action::LanPath { hostname, addresses, tls, .. } => {
            let lines = addresses.iter().map(|address| match tls {
                true => format!("curl --resolve {hostname}:443:{address} https://{hostname}/"),
                false => format!("curl --resolve {hostname}:80:{address} http://{hostname}/"),
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Action::PublicPath { hostname, .. } => format!("curl https://{hostname}/"),
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
