//! From what is wanted and what was seen to the steps that lead there, one file per kind of change.
//!
//! Planning leaves no choices to performing: addresses, digests and whole files are fixed here. It is pure;
//! what has to be looked at first is said by [`sources`].

mod cluster;
mod expose;
mod hide;
mod ingress;
mod move_ingress;
mod reconcile;
mod stack;
mod watcher;

use crate::change::{Change, Desired, Plan};
use crate::dns::Hostname;
use crate::observed::{Observed, Source};
use crate::preflight::Findings;
use crate::problem::Problem;
use crate::step::{Action, Stage, Step};
use std::collections::BTreeMap;

/// What planning needs besides the wish and the world.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where charts come from instead of their own repositories: the base URL of a mirror.
    pub charts: Option<String>,
    /// Images that replace a component's own, by the component's name.
    pub images: BTreeMap<String, String>,
    /// The revision of `Desired` that the plan starts from.
    pub base: i64,
    /// The tunnel that was wanted last, though it may be wanted no more.
    pub last_tunnel: Option<String>,
    /// Hostnames that the exposure of this change had once and that none has now.
    pub former: Vec<Hostname>,
}

/// What has to be seen before `change` can be planned; `desired` is the wish with the change applied.
///
/// Looking happens in rounds, since some questions follow from answers: which architectures the mirror
/// is asked for follows from the machines, which addresses are tried follows from the nodes.
pub fn sources(change: &Change, desired: &Desired, observed: &Observed, settings: &Settings) -> Vec<Source> {
    let mut sources = match change {
        Change::BuildCluster { document } => return cluster::sources(document, observed),
        Change::Expose { exposure, adopt, .. } => {
            expose::sources(exposure, *adopt, desired, observed, settings)
        }
        Change::Hide { exposure, uninstall } => {
            let mut actions = hide::actions(exposure, *uninstall, desired, settings);
            actions.extend(expose::former(exposure, desired, settings));
            reads(actions)
        }
        Change::Reconcile => reads(reconcile::actions(desired, observed)),
        Change::MoveIngress { to, .. } => move_ingress::sources(*to, desired, observed, settings),
        // A plan that is refused has nothing to look at; the refusal comes with the planning itself.
        Change::SetUpStack { .. } => {
            let mut sources = step_reads(stack::steps(desired, observed, settings));
            sources.extend(reads(stack::left_behind(desired, settings)));
            sources
        }
        Change::Component { component, act } => {
            step_reads(stack::component(*component, act, desired, observed, settings))
        }
    };
    sources.extend([Source::Kubeconfig, Source::Nodes]);
    sources.sort();
    sources.dedup();
    sources
}

fn reads(actions: Vec<(String, Stage, Action)>) -> Vec<Source> {
    actions.into_iter().flat_map(|(_, _, action)| action.reads()).collect()
}

fn step_reads(steps: Result<Vec<Step>, Problem>) -> Vec<Source> {
    steps.into_iter().flatten().flat_map(|step| step.action.reads()).collect()
}

/// The plan for `change`; `desired` is the wish with the change applied.
pub fn plan(
    change: &Change,
    desired: &Desired,
    observed: &Observed,
    settings: &Settings,
) -> Result<Plan, Problem> {
    let mut findings = Findings::new();
    let steps = match change {
        Change::BuildCluster { document } => {
            let (steps, found) = cluster::steps(document, &desired.stack, observed, settings)?;
            findings = found;
            steps
        }
        Change::Expose { exposure, adopt, .. } => {
            expose::steps(exposure, *adopt, desired, observed, settings)?
        }
        Change::Hide { exposure, uninstall } => {
            let mut actions = hide::actions(exposure, *uninstall, desired, settings);
            actions.extend(expose::former_left(exposure, desired, observed, settings));
            chain(actions)
        }
        Change::Reconcile => {
            reconcile::possible(desired, observed)?;
            chain(reconcile::actions(desired, observed))
        }
        Change::SetUpStack { .. } => stack::steps(desired, observed, settings)?,
        Change::Component { component, act } => {
            stack::component(*component, act, desired, observed, settings)?
        }
        Change::MoveIngress { to, .. } => move_ingress::steps(*to, desired, observed, settings)?,
    };
    debug_assert!(well_ordered(&steps), "every need names an earlier step");
    Ok(Plan::judged(change.clone(), settings.base, steps, findings, observed))
}

/// Steps that need one another in this order.
fn chain(actions: Vec<(String, Stage, Action)>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (id, stage, action) in actions {
        let needs = steps.last().map(|step| step.id.clone()).into_iter().collect();
        let machine = action.machine().map(str::to_owned);
        steps.push(Step { id, stage, machine, needs, action });
    }
    steps
}

fn well_ordered(steps: &[crate::step::Step]) -> bool {
    let position: BTreeMap<&str, usize> =
        steps.iter().enumerate().map(|(i, step)| (step.id.as_str(), i)).collect();
    position.len() == steps.len()
        && steps.iter().enumerate().all(|(i, step)| {
            step.needs.iter().all(|need| position.get(need.as_str()).is_some_and(|earlier| *earlier < i))
        })
}
