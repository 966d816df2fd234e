//! The plan for the components beside the ingress controller, and for one of them alone.
//!
//! Charts do not wait for one another. What needs a component waits for it: the sealed token for the controller
//! that opens it, issuers for cert-manager and the token, cloudflared for its tunnel.

use super::{Settings, ingress, watcher};
use crate::change::{ComponentAct, Desired};
use crate::observed::{ObjectKey, Observed};
use crate::problem::{Code, Problem};
use crate::stack::{
    CLOUDFLARED_NAMESPACE, CLUSTER_TOKEN, HOME_AUTHORITY, ISSUER_NAMESPACE, StackComponent, TUNNEL_SECRET,
    cloudflared, home_authority, home_authority_keys,
};
use crate::step::{Action, Claim, Stage, Step, Verdict};

type Planned = Vec<(String, Stage, Action)>;

/// Everything that the stack wants.
pub fn steps(desired: &Desired, observed: &Observed, settings: &Settings) -> Result<Vec<Step>, Problem> {
    let mut steps = super::chain(ingress::actions(desired.ingress(), &desired.stack, settings));
    for component in [
        StackComponent::SealedSecrets,
        StackComponent::CertManager,
        StackComponent::Cloudflared,
        StackComponent::Gatus,
    ] {
        if desired.stack.components.contains_key(&component) {
            let more = component_steps(component, Claim::Respect, desired, observed, settings)?;
            let fresh: Vec<Step> =
                more.into_iter().filter(|step| steps.iter().all(|known| known.id != step.id)).collect();
            steps.extend(fresh);
        }
    }
    let is_there = |action: &Action| matches!(action.verdict(observed), Verdict::No { .. });
    let left = left_behind(desired, settings).into_iter().filter(|(_, _, action)| is_there(action));
    steps.extend(super::chain(left.collect()));
    Ok(steps)
}

/// What a homelab that does without Cloudflare may still have of it: what held the tunnel open, and the cluster's token.
pub fn left_behind(desired: &Desired, settings: &Settings) -> Planned {
    if desired.stack.home_domain().is_none() {
        return Vec::new();
    }
    let mut planned = through_acme();
    if settings.last_tunnel.is_some() {
        planned.extend(removal(StackComponent::Cloudflared, desired, settings));
    }
    planned
}

/// The issuers that ask an ACME authority, and the token that they prove names with.
fn through_acme() -> Planned {
    let issuers = ["letsencrypt-staging", "letsencrypt-production", "acme"].into_iter().map(|issuer| {
        let key = ObjectKey::new("cert-manager.io/v1", "ClusterIssuer", "", issuer);
        delete(format!("issuer/{issuer}"), key)
    });
    let token = ObjectKey::new("bitnami.com/v1alpha1", "SealedSecret", ISSUER_NAMESPACE, CLUSTER_TOKEN);
    issuers.chain([delete("cluster-token".into(), token)]).collect()
}

fn delete(id: String, key: ObjectKey) -> (String, Stage, Action) {
    (id, Stage::RemoveComponent, Action::Delete { key })
}

pub fn component(
    component: StackComponent,
    act: &ComponentAct,
    desired: &Desired,
    observed: &Observed,
    settings: &Settings,
) -> Result<Vec<Step>, Problem> {
    let mut steps = match act {
        ComponentAct::Install { .. } => {
            component_steps(component, Claim::Respect, desired, observed, settings)?
        }
        ComponentAct::Repair => component_steps(component, Claim::Repair, desired, observed, settings)?,
        ComponentAct::Remove => super::chain(removal(component, desired, settings)),
    };
    if component == StackComponent::CertManager {
        // Whether names have certificates is how they are asked.
        steps.extend(super::chain(watcher::actions(desired, settings, Claim::Respect)));
    }
    Ok(steps)
}

fn component_steps(
    component: StackComponent,
    claim: Claim,
    desired: &Desired,
    observed: &Observed,
    settings: &Settings,
) -> Result<Vec<Step>, Problem> {
    let mut planned: Planned = match component {
        StackComponent::IngressNginx | StackComponent::Traefik => {
            if component != desired.ingress().component() {
                return Err(Problem::new(Code::ComponentMissing).arg("component", component.name()));
            }
            ingress::actions(desired.ingress(), &desired.stack, settings)
        }
        StackComponent::Cloudflared => {
            if desired.stack.tunnel.is_none() {
                return Err(Problem::new(Code::NoTunnel).arg("hostname", ""));
            }
            tunnel(desired, observed, settings, claim)
        }
        StackComponent::Gatus => watcher::actions(desired, settings, claim),
        StackComponent::SealedSecrets | StackComponent::CertManager => {
            let chart = component.chart(&desired.stack.pin(component), settings.charts.as_deref());
            let chart = chart.map(|chart| Action::Chart { chart, claim });
            chart
                .map(|action| (component.name().into(), Stage::InstallComponent, action))
                .into_iter()
                .collect()
        }
    };
    for (_, _, action) in &mut planned {
        if let Action::Chart { claim: own, .. } | Action::Apply { claim: own, .. } = action {
            *own = claim;
        }
    }
    let mut steps = super::chain(planned);
    if let (StackComponent::CertManager, Some(acme)) = (component, &desired.stack.acme) {
        // The token can be sealed once there is who opens it; the issuer is of use once it has the token.
        let opener = StackComponent::SealedSecrets;
        let mut needs = vec![StackComponent::CertManager.name().to_owned()];
        if desired.stack.components.contains_key(&opener) {
            needs.push(opener.name().to_owned());
        }
        if !steps.iter().any(|step| step.id == opener.name())
            && desired.stack.components.contains_key(&opener)
        {
            let chart = opener.chart(&desired.stack.pin(opener), settings.charts.as_deref());
            let action = chart.map(|chart| Action::Chart { chart, claim: Claim::Respect });
            let step = action.map(|action| step(opener.name(), Stage::InstallComponent, vec![], action));
            steps.extend(step);
        }
        steps.push(step("cluster-token", Stage::SealToken, needs, Action::SealToken));
        let issuer = Action::Apply { manifest: acme.cluster_issuer(), claim };
        let id = format!("issuer/{}", acme.authority.issuer());
        steps.push(step(&id, Stage::MakeIssuer, vec!["cluster-token".into()], issuer));
    }
    if let (StackComponent::CertManager, Some(domain)) = (component, desired.stack.home_domain()) {
        let [signer, authority, issuer] = home_authority(desired.cluster_name(), domain);
        let apply = |manifest| Action::Apply { manifest, claim };
        let made = Action::Certificate { namespace: ISSUER_NAMESPACE.into(), name: HOME_AUTHORITY.into() };
        let mut needs = StackComponent::CertManager.name().to_owned();
        for (id, stage, action) in [
            ("authority/signer", Stage::MakeIssuer, apply(signer)),
            ("authority", Stage::MakeIssuer, apply(authority)),
            ("authority/certificate", Stage::IssueCertificate, made),
            ("authority/issuer", Stage::MakeIssuer, apply(issuer)),
        ] {
            steps.push(step(id, stage, vec![std::mem::replace(&mut needs, id.to_owned())], action));
        }
    }
    Ok(steps)
}

fn step(id: &str, stage: Stage, needs: Vec<String>, action: Action) -> Step {
    Step { id: id.into(), stage, machine: None, needs, action }
}

/// The tunnel and the pods that hold it open; nothing where none is wanted.
pub fn tunnel(desired: &Desired, observed: &Observed, settings: &Settings, claim: Claim) -> Planned {
    let Some(tunnel) = desired.stack.tunnel.clone() else { return Vec::new() };
    let component = StackComponent::Cloudflared;
    let pin = desired.stack.pin(component);
    let image = match (&pin.image, settings.images.get(component.name())) {
        (None, Some(local)) => local.clone(),
        _ => component.image(&pin),
    };
    // One machine carries one replica; a second one would only fall with it.
    let replicas = if observed.nodes().len() > 1 { 2 } else { 1 };
    let namespace = cloudflared(&image, replicas, "").swap_remove(0);
    vec![
        ("tunnel".into(), Stage::MakeTunnel, Action::Tunnel { name: tunnel.clone() }),
        (
            "cloudflared/namespace".into(),
            Stage::InstallComponent,
            Action::Apply { manifest: namespace, claim },
        ),
        (
            "cloudflared/token".into(),
            Stage::InstallComponent,
            Action::TunnelSecret { tunnel: tunnel.clone() },
        ),
        (
            "cloudflared".into(),
            Stage::InstallComponent,
            Action::Cloudflared { tunnel, image, replicas, claim },
        ),
    ]
}

/// From the outside in: who uses something goes before it.
fn removal(component: StackComponent, desired: &Desired, settings: &Settings) -> Planned {
    let name = component.name();
    match component {
        StackComponent::Cloudflared => {
            let object = |api, kind, name| ObjectKey::new(api, kind, CLOUDFLARED_NAMESPACE, name);
            let mut planned = vec![
                delete(format!("{name}/deployment"), object("apps/v1", "Deployment", "cloudflared")),
                delete(format!("{name}/token"), object("v1", "Secret", TUNNEL_SECRET)),
            ];
            let tunnel = desired.stack.tunnel.clone().or_else(|| settings.last_tunnel.clone());
            planned.extend(tunnel.map(|tunnel| {
                let action = Action::DeleteTunnel { name: tunnel };
                ("tunnel".to_owned(), Stage::RemoveComponent, action)
            }));
            planned
        }
        StackComponent::CertManager => {
            let mut planned = through_acme();
            planned.extend(home_authority_keys().map(|key| {
                let id = format!("authority/{}/{}", key.kind.to_lowercase(), key.name);
                delete(id, key)
            }));
            planned.extend(chart(component, desired, settings).map(|key| delete(name.into(), key)));
            planned
        }
        StackComponent::Gatus => watcher::removal(),
        _ => chart(component, desired, settings).map(|key| delete(name.into(), key)).into_iter().collect(),
    }
}

fn chart(component: StackComponent, desired: &Desired, settings: &Settings) -> Option<ObjectKey> {
    component.chart(&desired.stack.pin(component), settings.charts.as_deref()).map(|chart| chart.key())
}
