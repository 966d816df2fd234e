//! The document that practice keeps: machines, clusters, the account, the certificate authority, the ports.
//!
//! A field that comes later gets a default, so that documents of before still load; a fixture holds that to account.
//! Not kept is what only tests bring about: faults, counted calls, the audit, late lists.

use super::shared;
use crate::acme;
use crate::cloudflare;
use crate::homelab::{Homelab, Machine, Numbers};
use crate::kube::Cluster;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

const VERSION: u32 = 1;

/// Has every secret of the homelab.
#[derive(Serialize, Deserialize)]
pub(crate) struct Document {
    version: u32,
    pub(crate) seed: u64,
    pub(crate) ports: Numbers,
    pub(crate) machines: Vec<Machine>,
    clusters: Vec<Member>,
    pub(crate) account: cloudflare::Saved,
    pub(crate) internet: bool,
    #[serde(default)]
    pub(crate) router: BTreeMap<String, Vec<Ipv4Addr>>,
    /// Container images that no registry hands out.
    pub(crate) unpullable: BTreeSet<String>,
    pub(crate) authority: acme::Authority,
    pub(crate) conduct: acme::Conduct,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Member(#[serde(with = "shared")] Arc<Cluster>);

#[derive(Deserialize)]
struct Head {
    version: u32,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("it is no document: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("its version is {0}, and {VERSION} is the one that is known")]
    Version(u32),
}

impl Document {
    /// The homelab as it is now. Machines come first: what they refer to is there when it is looked at.
    pub(crate) fn of(homelab: &Homelab) -> Self {
        homelab.read(|state| Self {
            version: VERSION,
            seed: homelab.seed,
            ports: *homelab.ports,
            machines: state.machines.clone(),
            clusters: state.clusters.iter().cloned().map(Member).collect(),
            account: homelab.cloud.saved(),
            internet: state.internet,
            router: state.router.clone(),
            unpullable: state.unpullable.clone(),
            authority: homelab.authority.clone(),
            conduct: state.acme.clone(),
        })
    }

    pub(crate) fn parse(text: &[u8]) -> Result<Self, Unreadable> {
        let Head { version } = serde_json::from_slice(text)?;
        if version != VERSION {
            return Err(Unreadable::Version(version));
        }
        Ok(serde_json::from_slice(text)?)
    }

    pub(crate) fn clusters(&self) -> Vec<Arc<Cluster>> {
        self.clusters.iter().map(|Member(cluster)| Arc::clone(cluster)).collect()
    }
}
