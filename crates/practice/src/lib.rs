//! A homelab in a process: SSH machines, the Kubernetes API, the Cloudflare API and edge, DNS, a K3s mirror, and where alerts
//! arrive.
//!
//! It speaks the real protocols on loopback, keeps state, and refuses what the real thing refuses. It never
//! uses the clients of `world`: a double that shares the code of the client agrees with its bugs.

pub mod acme;
pub mod clock;
pub mod cloudflare;
mod control;
pub mod dns;
pub mod edge;
pub mod fault;
pub mod homelab;
pub mod http;
pub mod ingress;
pub mod keep;
pub mod kube;
pub mod machines;
pub mod mirror;
mod pem;
pub mod post;
mod signer;
pub mod situations;

use cloudflare::Cloud;
use control::Control;
use dns::{DnsServer, Role};
use fault::{Faults, Service};
use homelab::{Homelab, Sudo};
use http::HttpServer;
use keep::{Keeper, Place};
use mirror::Mirror;
use post::Post;
use serde_json::{Value, json};
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::{NamedTempFile, TempPath};
use tokio::net::TcpListener;

/// What a practice homelab is made of.
pub struct PracticeOptions {
    /// The machines, and the clock and the faults that every server shares with them.
    pub homelab: homelab::Options,
    /// Bytes of a stand-in K3s binary; small, so that copying it is quick.
    pub binary_size: usize,
    /// The file that its state is read from and kept in, for the next start; the machines of `homelab` are then those
    /// of the first start alone. Without one everything is gone when it ends.
    pub keep: Option<PathBuf>,
}

impl Default for PracticeOptions {
    fn default() -> Self {
        Self { homelab: homelab::Options::default(), binary_size: 4 << 20, keep: None }
    }
}

/// A running practice homelab. Dropping it ends every server, and keeps the state if that is asked for.
pub struct Practice {
    // Goes first, so that what it keeps is as it was.
    _keeper: Option<Keeper>,
    pub homelab: Arc<Homelab>,
    pub cloud: Cloud,
    pub faults: Faults,
    pub mirror: Mirror,
    pub authoritative: DnsServer,
    pub public: Arc<DnsServer>,
    pub system: Arc<DnsServer>,
    /// Where alerts arrive.
    pub post: Arc<Post>,
    api: HttpServer,
    edge: HttpServer,
    control: HttpServer,
    /// The private key that every machine knows, as a file for clients that want a path.
    key: PathBuf,
    /// Removes that file where nothing is kept.
    _key: Option<TempPath>,
    _machines: machines::Handle,
    _clusters: machines::Handle,
    _ingress: machines::Handle,
}

impl Practice {
    /// Starts everything on loopback, on free ports or on those of the last time.
    ///
    /// # Errors
    /// When an address or port cannot be had, or another homelab keeps its state in the same file.
    pub async fn start(options: PracticeOptions) -> std::io::Result<Self> {
        let faults = options.homelab.faults.clone();
        let place = options.keep.as_deref().map(Place::hold).transpose()?;
        let homelab = match place.as_ref().map(Place::read).transpose()?.flatten() {
            Some(document) => Homelab::restored(options.homelab, document).await?,
            None => Homelab::new(options.homelab)?,
        };
        let cloud = homelab.cloud.clone();
        let machines = machines::serve(homelab.clone()).await?;
        let clusters = kube::serve(homelab.clone());
        let ingress = ingress::serve(homelab.clone()).map_err(std::io::Error::other)?;
        let (mut file, key, temporary) = match &options.keep {
            // Clients remember the path as they remember the ports.
            Some(keep) => {
                let path = keep.with_extension("key");
                (keep::private(&path)?, path, None)
            }
            None => {
                let (file, path) = NamedTempFile::new()?.into_parts();
                (file, path.to_path_buf(), Some(path))
            }
        };
        file.write_all(homelab.client_key_file().as_bytes())?;
        let name_server = |role, hosts| DnsServer::start(role, cloud.clone(), faults.clone(), hosts);
        let authoritative = name_server(Role::Authoritative, Box::new(Vec::new)).await?;
        let router = homelab.clone();
        let at_home = Box::new(move || names(&router));
        let public = Arc::new(name_server(Role::Public, Box::new(Vec::new)).await?);
        let system = Arc::new(name_server(Role::System, at_home).await?);
        let mirror = Mirror::on(at(homelab.ports.mirror).await?, options.binary_size, faults.clone())?;
        let api = http::serve(loopback().await?, Service::Cloudflare, faults.clone(), cloud.router())?;
        let edge = edge::serve(loopback().await?, cloud.clone(), homelab.clone(), faults.clone())?;
        let (mail, web) = (at(homelab.ports.mail).await?, at(homelab.ports.web).await?);
        let post = Arc::new(Post::start(mail, web, faults.clone()).await?);
        // The control door has rules of its own: a fault must not lock the test out that set it.
        let door = Control {
            homelab: homelab.clone(),
            cloud: cloud.clone(),
            faults: faults.clone(),
            public: public.clone(),
            system: system.clone(),
            post: post.clone(),
        };
        let control =
            http::serve(loopback().await?, Service::Cloudflare, Faults::default(), control::router(door))?;
        let keeper = place.map(|place| Keeper::start(homelab.clone(), place));
        Ok(Self {
            _keeper: keeper,
            homelab,
            cloud,
            faults,
            mirror,
            authoritative,
            public,
            system,
            post,
            api,
            edge,
            control,
            key,
            _key: temporary,
            _machines: machines,
            _clusters: clusters,
            _ingress: ingress,
        })
    }

    /// The base URL of the Cloudflare API, without a trailing slash.
    pub fn cloudflare(&self) -> String {
        format!("http://{}/client/v4", self.api.address)
    }

    /// The base URL at which a visitor from the Internet is played, by the `Host` header.
    pub fn edge(&self) -> String {
        format!("http://{}", self.edge.address)
    }

    /// The base URL of practice's own door.
    pub fn control(&self) -> String {
        format!("http://{}/practice", self.control.address)
    }

    /// The addresses that Portico is pointed at, in the form that `portico --endpoints FILE` reads.
    pub fn endpoints(&self) -> Value {
        let mirror = self.mirror.base();
        let ports = &self.homelab.ports;
        json!({
            "version": 1,
            "cloudflare": self.cloudflare(),
            "edge": self.edge(),
            "k3s": {
                "releases": format!("{mirror}/releases"),
                "install": format!("{mirror}/install"),
                "channels": format!("{mirror}/channels"),
            },
            "charts": format!("{mirror}/charts"),
            "images": {"echo": "portico.local/echo:1"},
            "resolvers": {
                "authoritative": [self.authoritative.address],
                "public": [self.public.address],
                "system": [self.system.address],
            },
            "ports": {"ssh": ports.ssh, "api": ports.api, "http": ports.http, "https": ports.https},
            "scan": {"subnets": ["127.77.0.0/24"], "mdns": false},
            "practice": self.control(),
        })
    }

    /// How a person logs in to each machine: its first user, by password or key.
    fn machines(&self) -> Vec<Value> {
        self.homelab.read(|state| {
            let logins = state.logins();
            logins
                .map(|(machine, user)| {
                    json!({
                        "name": machine.name,
                        "address": machine.address,
                        "user": user.name,
                        "password": machine.password_login.then_some(&user.password),
                        "keyFile": self.key,
                        "sudo": match user.sudo {
                            Sudo::Root => "none",
                            Sudo::NoPassword => "nopasswd",
                            Sudo::Password => "password",
                            Sudo::None => "refused",
                        },
                        "note": machine.note,
                    })
                })
                .collect()
        })
    }

    /// All that a client could have changed, to be compared with a later look: each machine's files, boots and K3s,
    /// and how many changes Cloudflare saw.
    pub fn footprint(&self) -> Value {
        let machines: Vec<Value> = self.homelab.read(|state| {
            let machines = state.machines.iter();
            machines
                .map(|machine| {
                    let files: Vec<_> =
                        machine.files.iter().map(|(path, file)| format!("{path} {}", file.sha256)).collect();
                    json!([
                        machine.name,
                        files,
                        machine.boots,
                        machine.k3s.as_ref().map(|k3s| k3s.generation)
                    ])
                })
                .collect()
        });
        let cloud = &self.cloud;
        json!([machines, cloud.audit().len(), cloud.tunnel_audit().len(), cloud.access_audit().len()])
    }

    /// What `portico practice serve --json` prints: endpoints, machines, a token, a zone, and the door for tests.
    pub fn describe(&self) -> Value {
        json!({
            "endpoints": self.endpoints(),
            "machines": self.machines(),
            "cloudflareToken": cloudflare::PORTICO_TOKEN,
            "clusterToken": cloudflare::CLUSTER_TOKEN,
            "zone": "example.test",
            "control": self.control(),
            "post": self.post.shown(),
        })
    }
}

/// Each machine's name on the LAN, as a router's DNS would have learnt it.
fn names(homelab: &Homelab) -> Vec<(Ipv4Addr, String)> {
    homelab.read(|state| {
        let machines =
            state.machines.iter().map(|machine| (machine.address, format!("{}.lan", machine.name)));
        let told = state.router.iter().flat_map(|(domain, addresses)| {
            addresses.iter().map(move |address| (*address, format!("*.{domain}")))
        });
        machines.chain(told).collect()
    })
}

/// At the port of the last time, or where somebody else has it, at another.
async fn at(port: u16) -> std::io::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => Ok(listener),
        Err(_) => loopback().await,
    }
}

async fn loopback() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}
