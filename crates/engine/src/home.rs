//! A homelab that does without Cloudflare: what its owner tells the router and the devices at home.
//!
//! Names lead to the workers once the home's own resolver says so, and devices trust the homelab's authority once its
//! certificate is installed on them. Both are the owner's to do; here is what it takes.

use crate::Engine;
use portico_domain::dns::Hostname;
use portico_domain::observed::Source;
use portico_domain::problem::{Code, Problem};
use portico_domain::stack::{HOME_AUTHORITY, ISSUER_NAMESPACE};
use portico_world::probe;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::Path;
use ts_rs::TS;

/// What the router and the devices are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AtHome {
    /// Every service's name is below it.
    pub domain: Hostname,
    /// Where all the names should lead: the machines that run services.
    pub addresses: Vec<IpAddr>,
    pub hostnames: Vec<Hostname>,
    pub authority: Option<HomeAuthority>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HomeAuthority {
    pub certificate_pem: String,
    /// SHA-256 of the certificate, as browsers and systems show it.
    pub fingerprint: String,
    /// Unix ms.
    #[ts(type = "number")]
    pub not_after: i64,
}

impl Engine {
    /// `None` where Cloudflare answers for the names.
    pub async fn at_home(&self) -> Result<Option<AtHome>, Problem> {
        let desired = self.desired().await?;
        let Some(domain) = desired.stack.home_domain().cloned() else { return Ok(None) };
        let observed = self.observe(&[Source::Nodes], desired.cluster.as_ref()).await;
        Ok(Some(AtHome {
            domain,
            addresses: observed.lan_addresses(),
            hostnames: desired.exposures.into_iter().map(|exposure| exposure.hostname).collect(),
            authority: if desired.stack.issuer().is_some() { self.home_authority().await? } else { None },
        }))
    }

    /// Writes the authority's certificate where a person can take it to a device.
    pub async fn save_authority(&self, path: &Path) -> Result<(), Problem> {
        let missing = || Problem::new(Code::ComponentMissing).arg("component", HOME_AUTHORITY);
        let authority = self.home_authority().await?.ok_or_else(missing)?;
        tokio::fs::write(path, authority.certificate_pem).await.map_err(|error| {
            Problem::new(Code::LocalFileUnwritable).arg("path", path.display()).detail(error)
        })
    }

    async fn home_authority(&self) -> Result<Option<HomeAuthority>, Problem> {
        let kube = self.inner.outside.kube().await?;
        let pem = kube.certificate_in(ISSUER_NAMESPACE, HOME_AUTHORITY).await;
        let pem = pem.map_err(|error| Problem::from(&error))?;
        Ok(pem.and_then(|certificate_pem| {
            let (fingerprint, not_after) = probe::identity(&certificate_pem)?;
            Some(HomeAuthority { certificate_pem, fingerprint, not_after })
        }))
    }
}
