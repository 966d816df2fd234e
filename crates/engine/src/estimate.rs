//! How long a run still takes, from how long each stage took before.
//!
//! The longest chain of needs counts, since lanes run side by side. Before there is any experience, the
//! guesses below are used; they are replaced by what this person's machines really need.

use crate::store::Store;
use portico_domain::run::{Run, StepState};
use portico_domain::step::{Stage, Step};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Usual milliseconds per stage.
pub struct Experience(BTreeMap<Stage, i64>);

impl Experience {
    pub async fn load(store: &Store, steps: &[Step]) -> Self {
        let mut usual = BTreeMap::new();
        for step in steps {
            if let Entry::Vacant(entry) = usual.entry(step.stage) {
                let seen = store.usual_duration(step.stage).await.ok().flatten();
                entry.insert(seen.unwrap_or_else(|| guess(step.stage)));
            }
        }
        Self(usual)
    }

    /// Seconds until the last step of `run` is done. `now` is unix ms.
    pub fn seconds_left(&self, run: &Run, steps: &[Step], now: i64) -> u32 {
        let mut ends: BTreeMap<&str, i64> = BTreeMap::new();
        for (step, state) in steps.iter().zip(&run.steps) {
            let start =
                step.needs.iter().filter_map(|need| ends.get(need.as_str())).max().copied().unwrap_or(0);
            let usual = self.0.get(&step.stage).copied().unwrap_or(0);
            let left = match state.state {
                StepState::Waiting => usual,
                // A step that is late is expected to take a little longer still, not to have ended.
                StepState::Running => (usual - (now - state.started_at.unwrap_or(now))).max(1_000),
                StepState::Done | StepState::Skipped | StepState::Failed | StepState::NotRun => 0,
            };
            ends.insert(&step.id, start + left);
        }
        let longest = ends.values().max().copied().unwrap_or(0);
        u32::try_from((longest + 999) / 1_000).unwrap_or(u32::MAX)
    }
}

/// Milliseconds on a Raspberry Pi 4 with a wired network, roughly.
fn guess(stage: Stage) -> i64 {
    match stage {
        Stage::EnableMemoryCgroup => 50_000,
        Stage::CopyK3s => 12_000,
        Stage::Configure => 1_000,
        Stage::InstallServer | Stage::JoinServer | Stage::RestartServer => 30_000,
        Stage::JoinAgent => 15_000,
        Stage::FetchKubeconfig | Stage::LabelIngressNodes | Stage::TaintServers => 1_000,
        Stage::NodeReady => 15_000,
        Stage::InstallComponent => 60_000,
        Stage::DeployWorkload => 10_000,
        Stage::RouteHostname | Stage::WriteRecords | Stage::RouteTunnel | Stage::ProtectHostname => 1_000,
        Stage::MakeTunnel => 1_000,
        Stage::SealToken | Stage::MakeIssuer => 3_000,
        Stage::IssueCertificate => 60_000,
        Stage::RemoveComponent | Stage::RemoveService => 5_000,
        Stage::TryPath => 5_000,
    }
}
