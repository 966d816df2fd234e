//! The picture of how traffic flows: built here from what is wanted and what was seen, drawn elsewhere.
//!
//! Columns are fixed by kind of hop; positions are the client's. Unknown is a value of its own and never
//! passes for healthy: evidence that is older than [`STALE_AFTER_MS`] says nothing about now. What a hop's health is
//! says `judge`, in the diagnosis' words wherever it has any; which hop explains which says `causes`.

mod build;
mod causes;
mod judge;
#[cfg(test)]
mod tests;

use crate::change::Desired;
use crate::exposure::{Exposure, Reach};
use crate::observed::Observed;
use crate::problem::Problem;
use crate::traffic::Rate;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Evidence older than this decays to Unknown.
pub const STALE_AFTER_MS: i64 = 60_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    Up,
    Degraded,
    Unknown,
    Down,
}

/// Who asks, by which name, on which way in, through the ingress, under which certificate, to which service, to which
/// of its pods, on which machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    Who,
    Name,
    WayIn,
    Ingress,
    Certificate,
    Service,
    Pods,
    RunsOn,
}

/// What a hop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum HopKind {
    Internet,
    Lan,
    /// The record of a name that the internet can reach.
    PublicRecord,
    /// The records of a name that leads to the workers.
    LanRecord,
    /// Cloudflare's edge, where TLS ends for public names.
    Edge,
    Tunnel,
    /// The pods that hold the tunnel open.
    Cloudflared,
    /// A machine as the address that LAN names lead to.
    Worker,
    Controller,
    /// With which TLS ends at the controller.
    Certificate,
    Service,
    Pods,
    /// A machine as what pods run on.
    Machine,
}

impl HopKind {
    pub fn column(self) -> Column {
        match self {
            Self::Internet | Self::Lan => Column::Who,
            Self::PublicRecord | Self::LanRecord => Column::Name,
            Self::Edge | Self::Tunnel | Self::Cloudflared | Self::Worker => Column::WayIn,
            Self::Controller => Column::Ingress,
            Self::Certificate => Column::Certificate,
            Self::Service => Column::Service,
            Self::Pods => Column::Pods,
            Self::Machine => Column::RunsOn,
        }
    }
}

/// One of those that a hop stands for, such as a pod.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub label: String,
    /// Where it is.
    pub detail: String,
    pub health: Health,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Hop {
    /// Stays the same for as long as the hop is the same: history is kept by it.
    pub id: String,
    pub kind: HopKind,
    pub column: Column,
    pub label: String,
    /// What is said below the label: an address, a count, `READY/ALL`, a day; plain data, not a sentence.
    pub detail: String,
    /// By what its health was judged; plain data.
    pub evidence: String,
    pub health: Health,
    /// Why it is not up.
    pub reason: Option<Problem>,
    /// The hop that explains why this one is down, which then is no cause of its own.
    pub because: Option<String>,
    /// When the evidence was seen, unix ms; none where there is none.
    #[ts(type = "number | null")]
    pub seen_at: Option<i64>,
    /// What goes through it, where that is counted.
    pub rate: Option<Rate>,
    /// What it stands for, where there are several.
    pub members: Vec<Member>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub health: Health,
    pub latency_ms: Option<u32>,
    /// What goes over it, where that is counted.
    pub rate: Option<Rate>,
}

/// The hops of one service in the order in which a visitor passes them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Path {
    pub service: String,
    pub hostname: String,
    pub reach: Reach,
    pub hops: Vec<String>,
    pub health: Health,
    /// What is worth knowing about it besides its hops: a certificate on its way, resolvers that disagree.
    pub notes: Vec<Problem>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowGraph {
    pub hops: Vec<Hop>,
    pub edges: Vec<Edge>,
    pub paths: Vec<Path>,
    /// What is worth knowing about all of it, for as long as it is so.
    pub conditions: Vec<Problem>,
    #[ts(type = "number")]
    pub seen_at: i64,
}

impl FlowGraph {
    /// The worst hop of a path that no other hop explains.
    pub fn cause(&self, path: &Path) -> Option<&Hop> {
        let hops = self.hops.iter().filter(|hop| hop.because.is_none() && path.hops.contains(&hop.id));
        hops.max_by_key(|hop| hop.health)
    }
}

/// Draws the path of every exposure. `now` is unix ms.
pub fn flow(desired: &Desired, observed: &Observed, now: i64) -> FlowGraph {
    let mut graph = match desired.cluster {
        Some(_) => build::build(desired, observed, now),
        None => FlowGraph { seen_at: observed.at, ..FlowGraph::default() },
    };
    causes::explain(&mut graph);
    graph
}

/// The Service whose endpoints an exposure leads to, as `namespace/name`.
pub fn endpoints_key(exposure: &Exposure) -> String {
    let (service, _) = exposure.service();
    format!("{}/{service}", exposure.namespace())
}
