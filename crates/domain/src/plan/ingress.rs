//! The ingress controller, whichever it is: what makes it serve.

use super::Settings;
use crate::stack::{IngressController, Stack, StackComponent, ingress_class, traefik_config};
use crate::step::{Action, Claim, Stage};

/// The steps of the controller, each needing the one before.
pub fn actions(
    controller: IngressController,
    stack: &Stack,
    settings: &Settings,
) -> Vec<(String, Stage, Action)> {
    let component = controller.component();
    match controller {
        IngressController::Nginx => {
            let chart = component.chart(&stack.pin(component), settings.charts.as_deref());
            let action = chart.map(|chart| Action::Chart { chart, claim: Claim::Respect });
            let chart = action.map(|action| (component.name().into(), Stage::InstallComponent, action));
            std::iter::once(class()).chain(chart).collect()
        }
        IngressController::Traefik => {
            let config = Action::Apply { manifest: traefik_config("LoadBalancer"), claim: Claim::Respect };
            let ready = Action::Traefik { accepted: stack.pin(StackComponent::Traefik).version };
            vec![
                ("traefik/config".into(), Stage::InstallComponent, config),
                class(),
                ("traefik".into(), Stage::InstallComponent, ready),
            ]
        }
    }
}

/// The class that Ingresses name is ours and no chart's: it outlives a change of controllers.
fn class() -> (String, Stage, Action) {
    let action = Action::Apply { manifest: ingress_class(), claim: Claim::Respect };
    ("ingress-class".into(), Stage::InstallComponent, action)
}
