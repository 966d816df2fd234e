//! Scanning the LAN: the engine keeps the inventory, so that a machine is known again in the next scan.

use crate::Engine;
use futures::StreamExt;
use portico_domain::event::Happening;
use portico_domain::host::{Host, Inventory, subnet};
use portico_domain::problem::Problem;
use portico_world::lan::{Discovery, ScanOptions, discover};
use tokio_util::sync::CancellationToken;

/// What to scan; empty means this computer's own networks.
#[derive(Debug, Clone, Default)]
pub struct ScanRequest {
    pub subnets: Vec<String>,
    /// A /16 and larger, which takes minutes.
    pub allow_large: bool,
    /// Further TCP ports to look at.
    pub ports: Vec<u16>,
}

impl Engine {
    /// Starts a scan and returns its id; machines come as events while they are found.
    pub async fn start_scan(&self, request: ScanRequest) -> Result<String, Problem> {
        let endpoints = self.endpoints();
        let named = if request.subnets.is_empty() { &endpoints.scan.subnets } else { &request.subnets };
        let subnets = named.iter().map(|text| subnet::parse(text)).collect::<Result<_, _>>()?;
        let options = ScanOptions {
            subnets,
            allow_large: request.allow_large,
            ssh_port: endpoints.ports.ssh,
            api_port: endpoints.ports.api,
            ports: request.ports,
            mdns: endpoints.scan.mdns,
            resolvers: endpoints.resolvers.system.clone(),
            ..ScanOptions::default()
        };
        let known = self.inner.store.inventory().await?;
        let inventory = known.unwrap_or_else(|| Inventory::new(options.ssh_port, options.api_port));
        let cancel = CancellationToken::new();
        let events = discover(options, inventory, cancel.clone())?;
        let id = uuid::Uuid::now_v7().simple().to_string()[..12].to_owned();
        self.scans().insert(id.clone(), cancel.clone());
        tokio::spawn(self.clone().follow(id.clone(), events, cancel));
        Ok(id)
    }

    pub fn cancel_scan(&self, id: &str) {
        if let Some(token) = self.scans().get(id) {
            token.cancel();
        }
    }

    /// The machines that scans have seen, the present ones first.
    pub async fn hosts(&self) -> Result<Vec<Host>, Problem> {
        let inventory = self.inner.store.inventory().await?;
        let mut hosts: Vec<Host> = inventory.iter().flat_map(Inventory::hosts).cloned().collect();
        hosts.sort_by_key(|host| (!host.present, host.addresses.first().copied()));
        Ok(hosts)
    }

    async fn follow(
        self,
        id: String,
        mut events: impl futures::Stream<Item = Discovery> + Send + Unpin,
        cancel: CancellationToken,
    ) {
        while let Some(discovery) = events.next().await {
            let told = match discovery {
                Discovery::Host(host) => Happening::Host { host },
                Discovery::Progress { done, total } => {
                    Happening::ScanProgress { scan: id.clone(), done, total }
                }
                Discovery::Problem(problem) => Happening::ScanProblem { scan: id.clone(), problem },
                Discovery::Done { inventory, .. } => {
                    if let Err(problem) = self.inner.store.set_inventory(&inventory).await {
                        self.inner.events.tell(Happening::ScanProblem { scan: id.clone(), problem });
                    }
                    Happening::ScanDone { scan: id.clone(), cancelled: cancel.is_cancelled() }
                }
            };
            self.inner.events.tell(told);
        }
        self.scans().remove(&id);
    }

    fn scans(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<String, CancellationToken>> {
        self.inner.scans.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
