//! The changes a person can ask for, and the plan that one leads to.
//!
//! `Change::apply` says what is wanted afterwards; `plan` (one file per kind of change) says which steps
//! lead there from what was seen. A plan is plain data: it can be shown, stored and compared.

use crate::cluster::ClusterDocument;
use crate::exposure::Exposure;
use crate::observed::Observed;
use crate::preflight::{CheckCode, Finding, Findings, Severity};
use crate::problem::{Code, Problem};
use crate::step::{Step, Verdict};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Change {
    /// Build the cluster of the document, or bring it to what the document says.
    BuildCluster { document: ClusterDocument },
    /// Make a service reachable under a name.
    Expose { exposure: Exposure },
}

/// Everything that is wanted, one immutable document per revision.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Desired {
    pub version: u32,
    pub cluster: Option<ClusterDocument>,
    pub exposures: Vec<Exposure>,
}

impl Change {
    /// What is wanted once this change is done. Pure; refuses what contradicts the present wish.
    pub fn apply(&self, desired: &Desired) -> Result<Desired, Problem> {
        let mut next = Desired { version: 1, ..desired.clone() };
        match self {
            Self::BuildCluster { document } => {
                if let Some(present) = &desired.cluster {
                    if present.name != document.name {
                        return Err(Problem::new(Code::AnotherCluster)
                            .arg("present", &present.name)
                            .arg("asked", &document.name));
                    }
                    let gone =
                        present.machines.iter().find(|m| document.machines.iter().all(|n| n.name != m.name));
                    if let Some(machine) = gone {
                        return Err(Problem::new(Code::MachineLeft).arg("machine", &machine.name));
                    }
                }
                next.cluster = Some(document.clone());
            }
            Self::Expose { exposure } => {
                if desired.cluster.is_none() {
                    return Err(Problem::new(Code::NoCluster));
                }
                let taken = desired
                    .exposures
                    .iter()
                    .find(|other| other.hostname == exposure.hostname && other.name != exposure.name);
                if let Some(other) = taken {
                    return Err(Problem::new(Code::HostnameTaken)
                        .arg("hostname", &exposure.hostname)
                        .arg("service", &other.name));
                }
                next.exposures.retain(|other| other.name != exposure.name);
                next.exposures.push(exposure.clone());
            }
        }
        Ok(next)
    }
}

/// The steps of a change, judged against what was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub change: Change,
    /// The revision of `Desired` that it starts from.
    pub base: i64,
    pub observed_at: i64,
    pub steps: Vec<PlannedStep>,
    /// What preflight found per machine, the hindrances among it included.
    pub findings: Findings,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedStep {
    #[serde(flatten)]
    pub step: Step,
    pub verdict: Verdict,
}

impl Plan {
    pub fn judged(
        change: Change,
        base: i64,
        steps: Vec<Step>,
        findings: Findings,
        observed: &Observed,
    ) -> Self {
        let steps =
            steps.into_iter().map(|step| PlannedStep { verdict: step.verdict(observed), step }).collect();
        Self { change, base, observed_at: observed.at, steps, findings }
    }

    /// The steps that are still to be done.
    pub fn needed(&self) -> impl Iterator<Item = &PlannedStep> {
        self.steps.iter().filter(|planned| planned.verdict != Verdict::Yes)
    }

    /// The first reason why this plan cannot be applied. A joining machine that does not answer is none: its own
    /// steps fail with that reason, and the others need not wait for it.
    pub fn hindrance(&self) -> Option<Problem> {
        let stops = self.findings.iter().find_map(|(machine, findings)| {
            // The memory cgroup is switched on by a step of this very plan.
            let mended = |finding: &Finding| {
                finding.check == CheckCode::CgroupMemoryOff
                    && self.steps.iter().any(|planned| planned.step.id == format!("{machine}/cgroup"))
            };
            findings.iter().find(|finding| finding.severity == Severity::Stop && !mended(finding)).map(
                |finding| {
                    Problem::new(Code::MachineUnfit).arg("machine", machine).arg("check", word(finding.check))
                },
            )
        });
        stops.or_else(|| {
            self.steps.iter().find_map(|planned| match &planned.verdict {
                Verdict::Blocked { problem } if !(problem.is_silence() && self.joins(&planned.step)) => {
                    Some(problem.clone())
                }
                _ => None,
            })
        })
    }

    /// Whether the step is on a machine that joins others, which do without it.
    fn joins(&self, step: &Step) -> bool {
        let Change::BuildCluster { document } = &self.change else { return false };
        step.machine.is_some() && step.machine.as_ref() != document.first_server().map(|first| &first.name)
    }
}

/// The check's name as it travels.
fn word(check: CheckCode) -> String {
    serde_json::to_value(check).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
