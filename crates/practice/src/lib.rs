//! A homelab in a process: SSH machines, the Kubernetes API, the Cloudflare API, DNS, a K3s mirror.
//!
//! It speaks the real protocols on loopback, keeps state, and refuses what the real thing refuses. It never
//! uses the clients of `world`: a double that shares the code of the client agrees with its bugs.

pub mod clock;
pub mod cloudflare;
mod control;
pub mod dns;
pub mod fault;
pub mod homelab;
pub mod http;
pub mod kube;
pub mod machines;
pub mod mirror;

use clock::Clock;
use cloudflare::Cloud;
use control::Control;
use dns::{DnsServer, Role};
use fault::{Faults, Service};
use http::HttpServer;
use mirror::Mirror;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// What a practice homelab is made of.
pub struct PracticeOptions {
    /// Bytes of a stand-in K3s binary; small, so that copying it is quick.
    pub binary_size: usize,
    /// The time of the Cloudflare API and of the DNS caches.
    pub clock: Clock,
}

impl Default for PracticeOptions {
    fn default() -> Self {
        Self { binary_size: 4 << 20, clock: Clock::default() }
    }
}

/// A running practice homelab. Dropping it ends every server; nothing is left on disk.
pub struct Practice {
    pub cloud: Cloud,
    pub faults: Faults,
    pub mirror: Mirror,
    pub authoritative: DnsServer,
    pub public: Arc<DnsServer>,
    pub system: Arc<DnsServer>,
    api: HttpServer,
    control: HttpServer,
}

impl Practice {
    /// Starts everything on loopback, on free ports.
    ///
    /// # Errors
    /// When an address or port cannot be had.
    pub async fn start(options: PracticeOptions) -> std::io::Result<Self> {
        let faults = Faults::default();
        let cloud = Cloud::new(options.clock);
        let name_server = |role, hosts| DnsServer::start(role, cloud.clone(), faults.clone(), hosts);
        let authoritative = name_server(Role::Authoritative, Vec::new()).await?;
        let public = Arc::new(name_server(Role::Public, Vec::new()).await?);
        let system = Arc::new(name_server(Role::System, Vec::new()).await?);
        let mirror = Mirror::start(options.binary_size, faults.clone()).await?;
        let api = http::serve(loopback().await?, Service::Cloudflare, faults.clone(), cloud.router())?;
        // The control door has rules of its own: a fault must not lock the test out that set it.
        let door = Control {
            cloud: cloud.clone(),
            faults: faults.clone(),
            public: public.clone(),
            system: system.clone(),
        };
        let control =
            http::serve(loopback().await?, Service::Cloudflare, Faults::default(), control::router(door))?;
        Ok(Self { cloud, faults, mirror, authoritative, public, system, api, control })
    }

    /// The base URL of the Cloudflare API, without a trailing slash.
    pub fn cloudflare(&self) -> String {
        format!("http://{}/client/v4", self.api.address)
    }

    /// The base URL of practice's own door.
    pub fn control(&self) -> String {
        format!("http://{}/practice", self.control.address)
    }

    /// The addresses that Portico is pointed at, in the form that `portico --endpoints FILE` reads.
    pub fn endpoints(&self) -> Value {
        let mirror = self.mirror.base();
        json!({
            "version": 1,
            "cloudflare": self.cloudflare(),
            "k3s": {
                "releases": format!("{mirror}/releases"),
                "install": format!("{mirror}/install"),
                "channels": format!("{mirror}/channels"),
            },
            "charts": format!("{mirror}/charts"),
            "resolvers": {
                "authoritative": [self.authoritative.address],
                "public": [self.public.address],
                "system": [self.system.address],
            },
        })
    }

    /// What `portico practice serve --json` prints: endpoints, machines, a token, a zone, and the door for tests.
    pub fn describe(&self) -> Value {
        json!({
            "endpoints": self.endpoints(),
            "machines": [],
            "cloudflareToken": cloudflare::PORTICO_TOKEN,
            "zone": "example.test",
            "control": self.control(),
        })
    }
}

async fn loopback() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}
