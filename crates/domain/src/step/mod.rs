//! A step: a predicate and an action.
//!
//! The same predicate runs at preview (is it needed?), right before performing (still?) and after (is it
//! true now?). Idempotence, the dry run, verification and resuming all follow from it. Performing an
//! action is `engine`'s business; deciding whether it is needed never touches the outside.

mod action;
mod machines;
mod names;
mod objects;
#[cfg(test)]
mod tests;
mod words;

pub use action::{
    Action, BINARY_PATH, CONTROL_PLANE_TAINT, Claim, IMAGES_DIRECTORY, INSTALLER_PATH, PlacedFile,
    RecordTarget, RecordWish, cluster_token_key, tunnel_secret_key,
};
pub use objects::{is_serving, last_applied, stamped};
pub use words::{Phrase, Said, Words};

use crate::observed::Observed;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Whether a step is still to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Verdict {
    /// It is true already.
    Yes,
    /// It is not; the lines say what would change.
    No { diff: Vec<DiffLine> },
    /// It must not be done.
    Blocked { problem: Problem },
}

impl Verdict {
    /// Why it must not be done.
    pub fn blocked(self) -> Option<Problem> {
        match self {
            Self::Blocked { problem } => Some(problem),
            Self::Yes | Self::No { .. } => None,
        }
    }
}

/// One line of a preview: `+` comes, `-` goes, `~` is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DiffLine {
    pub sign: Sign,
    /// In English.
    pub text: String,
    /// What the text is made of, for other languages; nothing where it has no words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub said: Option<Said>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    Add,
    Remove,
    Change,
}

/// What a step may cost beyond its purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Danger {
    None,
    /// Something that runs is interrupted.
    Disruptive,
    /// What is removed cannot be had back from Portico.
    DataLoss,
}

/// The stage a step belongs to; its name in the interface and the key of its usual duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    EnableMemoryCgroup,
    CopyK3s,
    Configure,
    InstallServer,
    JoinServer,
    JoinAgent,
    RestartServer,
    FetchKubeconfig,
    NodeReady,
    LabelIngressNodes,
    TaintServers,
    InstallComponent,
    SealToken,
    MakeIssuer,
    MakeTunnel,
    DeployWorkload,
    RouteHostname,
    IssueCertificate,
    RouteTunnel,
    ProtectHostname,
    WriteRecords,
    TryPath,
    RemoveComponent,
    RemoveService,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Stable within a change: `MACHINE/STAGE`, or the stage with its subject.
    pub id: String,
    pub stage: Stage,
    /// The machine it happens on; steps of one machine run one at a time.
    pub machine: Option<String>,
    /// Ids of the steps that must be true first.
    pub needs: Vec<String>,
    pub action: Action,
}

impl Step {
    pub fn verdict(&self, observed: &Observed) -> Verdict {
        self.action.verdict(observed)
    }

    pub fn danger(&self) -> Danger {
        match self.stage {
            // The API, and on a single server every new pod, is away for that long.
            Stage::RestartServer => Danger::Disruptive,
            _ => self.action.danger(),
        }
    }
}

pub(crate) fn line(sign: Sign, words: impl Into<Words>) -> DiffLine {
    let Words { text, said } = words.into();
    DiffLine { sign, text, said }
}

fn add(words: impl Into<Words>) -> Verdict {
    Verdict::No { diff: vec![line(Sign::Add, words)] }
}

fn waiting(words: impl Into<Words>) -> Verdict {
    Verdict::No { diff: vec![line(Sign::Change, words)] }
}

fn no_if(needed: bool, diff: impl FnOnce() -> Vec<DiffLine>) -> Verdict {
    if needed { Verdict::No { diff: diff() } } else { Verdict::Yes }
}
