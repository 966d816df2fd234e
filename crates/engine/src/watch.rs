//! Watching: looking at every path again and again, and telling the picture when it changes.
//!
//! Only while somebody wants the picture. A look that fails shows as Unknown; it never stops the watch.

use crate::Engine;
use portico_domain::change::Desired;
use portico_domain::event::Happening;
use portico_domain::exposure::{Exposure, Reach, Tls};
use portico_domain::flow::{FlowGraph, endpoints_key, flow};
use portico_domain::observed::Source;
use portico_domain::problem::Problem;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Lives as long as somebody wants the picture.
pub struct Watch {
    _looking: AbortOnDropHandle<()>,
}

impl Engine {
    /// The picture as of now.
    pub async fn flow(&self) -> Result<FlowGraph, Problem> {
        let (_, desired) = self.inner.store.desired().await?;
        if desired.cluster.is_none() {
            return Ok(flow(&desired, &Default::default(), self.now()));
        }
        let mut observed = self.observe(&standing(&desired), desired.cluster.as_ref()).await;
        // Which addresses to try follows from the nodes.
        let addresses = observed.lan_addresses();
        let issuer = desired.stack.issuer();
        let path = |exposure: &Exposure| {
            let hostname = exposure.hostname.to_string();
            match exposure.reach {
                Reach::Public => Source::PublicPath { hostname },
                Reach::Lan => {
                    let tls = exposure.tls == Tls::Passthrough || exposure.certificate(issuer).is_some();
                    Source::LanPath { hostname, addresses: addresses.clone(), tls }
                }
            }
        };
        let paths: Vec<Source> = desired.exposures.iter().map(path).collect();
        observed.update(self.observe(&paths, desired.cluster.as_ref()).await);
        Ok(flow(&desired, &observed, self.now()))
    }

    /// Looks until the returned watch is dropped; each picture is told as an event. Must be called inside
    /// a Tokio runtime.
    pub fn watch(&self) -> Watch {
        let engine = self.clone();
        let looking = tokio::spawn(async move {
            loop {
                match engine.flow().await {
                    Ok(flow) => engine.inner.events.tell(Happening::Flow { flow: Box::new(flow) }),
                    Err(problem) => tracing::warn!(%problem, "the flow could not be looked at"),
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
        Watch { _looking: AbortOnDropHandle::new(looking) }
    }

    /// The cluster's Services that could be exposed: namespace, name, TCP ports.
    pub async fn cluster_services(&self) -> Result<Vec<(String, String, Vec<u16>)>, Problem> {
        let kube = self.inner.outside.kube().await?;
        kube.services().await.map_err(|error| Problem::from(&error))
    }

    pub async fn desired(&self) -> Result<Desired, Problem> {
        self.inner.store.desired().await.map(|(_, desired)| desired)
    }
}

fn standing(desired: &Desired) -> Vec<Source> {
    let mut sources = vec![Source::Nodes];
    sources.extend(desired.ingress().component().health().into_iter().take(1).map(Source::Object));
    sources.extend(desired.exposures.iter().map(|exposure| Source::Endpoints(endpoints_key(exposure))));
    let issuer = desired.stack.issuer();
    sources.extend(desired.exposures.iter().filter_map(|exposure| {
        let name = exposure.certificate(issuer)?;
        Some(Source::Certificate { namespace: exposure.namespace().into(), name })
    }));
    if desired.exposures.iter().any(|exposure| exposure.reach == Reach::Public) {
        sources.extend(desired.stack.tunnel.clone().map(Source::TunnelState));
    }
    sources
}
