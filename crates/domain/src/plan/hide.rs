//! The plan that takes a name away: the record first, so that nobody is led to what is being taken apart.

use super::expose::{not_public, records};
use super::{Settings, watcher};
use crate::change::Desired;
use crate::exposure::{Backend, Exposure};
use crate::observed::ObjectKey;
use crate::step::{Action, Claim, RecordTarget, Stage};

pub fn actions(
    exposure: &Exposure,
    uninstall: bool,
    desired: &Desired,
    settings: &Settings,
) -> Vec<(String, Stage, Action)> {
    let name = &exposure.name;
    let mut actions: Vec<_> = records(exposure, RecordTarget::Nothing, false, desired).into_iter().collect();
    actions.extend(not_public(exposure, desired));
    let mut delete = |id: &str, key: ObjectKey| {
        actions.push((format!("{name}/{id}"), Stage::RemoveService, Action::Delete { key }));
    };
    if let Some(key) = ObjectKey::of(&exposure.ingress(None)) {
        delete("ingress", key);
    }
    // Namespaces stay: others may live there.
    let workload = exposure.workload().iter().rev().filter_map(ObjectKey::of).collect::<Vec<_>>();
    for key in workload.into_iter().filter(|key| key.kind != "Namespace") {
        delete(&key.kind.to_lowercase(), key);
    }
    if let (Backend::App { app }, true) = (&exposure.backend, uninstall) {
        delete("chart", app.chart(&exposure.hostname, settings.charts.as_deref()).key());
    }
    actions.extend(watcher::actions(desired, settings, Claim::Respect));
    actions
}
