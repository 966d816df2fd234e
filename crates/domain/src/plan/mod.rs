//! From what is wanted and what was seen to the steps that lead there, one file per kind of change.
//!
//! Planning leaves no choices to performing: addresses, digests and whole files are fixed here. It is pure;
//! what has to be looked at first is said by [`sources`].

mod cluster;
mod expose;

use crate::change::{Change, Desired, Plan};
use crate::observed::{Observed, Source};
use crate::problem::Problem;
use std::collections::BTreeMap;

/// What planning needs besides the wish and the world.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where charts come from instead of their own repositories: the base URL of a mirror.
    pub charts: Option<String>,
    /// The revision of `Desired` that the plan starts from.
    pub base: i64,
}

impl Settings {
    fn repository(&self, chart: &str) -> Option<String> {
        self.charts.as_ref().map(|base| format!("{}/{chart}", base.trim_end_matches('/')))
    }
}

/// What has to be seen before `change` can be planned.
///
/// Looking happens in two rounds, since some questions follow from answers: which architectures the mirror
/// is asked for follows from the machines, which addresses are tried follows from the nodes.
pub fn sources(change: &Change, desired: &Desired, observed: &Observed) -> Vec<Source> {
    match change {
        Change::BuildCluster { document } => cluster::sources(document, observed),
        Change::Expose { exposure } => expose::sources(exposure, desired, observed),
    }
}

/// The plan for `change`; `desired` is the wish with the change applied.
pub fn plan(
    change: &Change,
    desired: &Desired,
    observed: &Observed,
    settings: &Settings,
) -> Result<Plan, Problem> {
    let (steps, findings) = match change {
        Change::BuildCluster { document } => cluster::steps(document, observed, settings)?,
        Change::Expose { exposure } => {
            (expose::steps(exposure, desired, observed, settings)?, BTreeMap::new())
        }
    };
    debug_assert!(well_ordered(&steps), "every need names an earlier step");
    Ok(Plan::judged(change.clone(), settings.base, steps, findings, observed))
}

fn well_ordered(steps: &[crate::step::Step]) -> bool {
    let position: BTreeMap<&str, usize> =
        steps.iter().enumerate().map(|(i, step)| (step.id.as_str(), i)).collect();
    position.len() == steps.len()
        && steps.iter().enumerate().all(|(i, step)| {
            step.needs.iter().all(|need| position.get(need.as_str()).is_some_and(|earlier| *earlier < i))
        })
}
