//! The steps of the watcher in the cluster: its objects, by what is exposed now.
//!
//! They are part of every plan that changes what it should ask, and come last there: a name is reachable, or gone, before
//! anybody watches it. Where no watcher is wanted there are none.

use super::Settings;
use crate::change::Desired;
use crate::observed::ObjectKey;
use crate::stack::StackComponent;
use crate::step::{Action, Claim, Stage};
use crate::watcher::watcher;

pub fn actions(desired: &Desired, settings: &Settings, claim: Claim) -> Vec<(String, Stage, Action)> {
    let component = StackComponent::Gatus;
    if !desired.stack.components.contains_key(&component) {
        return Vec::new();
    }
    let pin = desired.stack.pin(component);
    let image = match (&pin.image, settings.images.get(component.name())) {
        (None, Some(local)) => local.clone(),
        _ => component.image(&pin),
    };
    let step = |manifest| {
        (id(ObjectKey::of(&manifest).as_ref()), Stage::InstallComponent, Action::Apply { manifest, claim })
    };
    watcher(&image, desired).into_iter().map(step).collect()
}

/// The Deployment is the component itself; the others are what it needs.
fn id(key: Option<&ObjectKey>) -> String {
    let name = StackComponent::Gatus.name();
    match key.map(|key| key.kind.as_str()) {
        Some("Namespace") => format!("{name}/namespace"),
        Some("PersistentVolumeClaim") => format!("{name}/volume"),
        Some("ConfigMap") => format!("{name}/config"),
        Some("Service") => format!("{name}/service"),
        _ => name.to_owned(),
    }
}

/// What is removed has the id of its making, but for the pods.
pub fn removal() -> Vec<(String, Stage, Action)> {
    let step = |key: ObjectKey| {
        let id = match key.kind.as_str() {
            "Deployment" => format!("{}/deployment", StackComponent::Gatus.name()),
            _ => id(Some(&key)),
        };
        (id, Stage::RemoveComponent, Action::Delete { key })
    };
    crate::watcher::removal().map(step).into()
}
