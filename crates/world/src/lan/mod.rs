//! Looking at the LAN: who is there, and what they say before anybody logs in.
//!
//! Every source runs at the same time and only reports [`Sighting`]s; what they add up to is the domain's
//! [`Inventory`]. On a link of this machine the kernel resolves each address (no privilege), or raw ARP asks
//! (with CAP_NET_RAW); behind routers, on loopback and on other systems TCP connections are tried. mDNS,
//! reverse DNS and the SSH servers' own words add to it. Nothing here logs in, and nothing trusts what it hears.

mod announce;
#[cfg(target_os = "linux")]
mod arp;
mod interfaces;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(target_os = "linux")]
mod neighbours;
mod reverse;
#[cfg(target_os = "linux")]
mod sockets;
mod ssh;
mod tcp;
mod visit;

#[cfg(feature = "fuzz")]
pub(crate) use announce::sighting as announced;
pub use interfaces::interfaces;
#[cfg(feature = "fuzz")]
pub(crate) use ssh::said;
pub use visit::is_there;

use futures::{FutureExt, Stream, StreamExt};
use interfaces::Target;
use ipnet::Ipv4Net;
use portico_domain::{
    host::{Host, Inventory, Sighting, subnet},
    problem::{Code, Problem},
};
use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A failed intent of this module.
#[derive(Debug, thiserror::Error)]
pub enum LanError {
    #[error("the kernel's neighbour events cannot be read")]
    Neighbours(#[source] std::io::Error),
    #[error("raw ARP on {interface}")]
    RawArp { interface: String, source: std::io::Error },
    #[error("no datagram can be sent")]
    Send(#[source] std::io::Error),
    #[error("mDNS cannot be browsed: {0}")]
    Mdns(String),
}

impl From<&LanError> for Problem {
    fn from(error: &LanError) -> Self {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Problem::new(Code::ScanSourceFailed).detail(format!("{error}{cause}"))
    }
}

/// How the hosts of an own link are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Raw ARP where it is allowed, else the kernel's resolution, else TCP.
    #[default]
    Auto,
    /// The kernel's resolution, without privileges (Linux).
    Kernel,
    /// Raw ARP; needs CAP_NET_RAW (Linux).
    Raw,
    /// TCP connections alone.
    Tcp,
}

/// What to look at, and how.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// Empty: the subnets of this machine's own interfaces that are not left out by default.
    pub subnets: Vec<Ipv4Net>,
    /// Allows a /16 and larger.
    pub allow_large: bool,
    /// Where SSH is expected.
    pub ssh_port: u16,
    /// Where the Kubernetes API is expected.
    pub api_port: u16,
    /// Further TCP ports to look at.
    pub ports: Vec<u16>,
    pub mdns: bool,
    pub reverse_dns: bool,
    /// Ask these resolvers for names rather than the system's.
    pub resolvers: Vec<SocketAddr>,
    pub method: Method,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            subnets: Vec::new(),
            allow_large: false,
            ssh_port: 22,
            api_port: 6443,
            ports: Vec::new(),
            mdns: true,
            reverse_dns: true,
            resolvers: Vec::new(),
            method: Method::Auto,
        }
    }
}

/// Something that happens during a scan. `Done` is the last one, whether it was cancelled or not.
#[derive(Debug, Clone)]
pub enum ScanEvent {
    Sighting(Sighting),
    /// Addresses with a verdict, of all addresses in the chosen subnets.
    Progress {
        done: u64,
        total: u64,
    },
    /// One source failed; the others go on.
    Problem(Problem),
    Done {
        elapsed: Duration,
    },
}

/// A scan as people follow it: machines rather than sightings.
#[derive(Debug, Clone)]
pub enum Discovery {
    /// A machine is new, or more is known of it. Rows named in its `formerly` are replaced by it.
    Host(Box<Host>),
    Progress {
        done: u64,
        total: u64,
    },
    Problem(Problem),
    /// The inventory is to be kept for the next scan, which then knows machines again.
    Done {
        elapsed: Duration,
        inventory: Box<Inventory>,
    },
}

/// What all sources of one scan share.
struct Scan {
    options: ScanOptions,
    events: mpsc::UnboundedSender<ScanEvent>,
    cancel: CancellationToken,
    gateways: Vec<Ipv4Addr>,
    own: HashSet<Ipv4Addr>,
    targets: Vec<Target>,
    resolver: Option<reverse::Resolver>,
    visited: Mutex<HashSet<IpAddr>>,
    visits: TaskTracker,
    /// Bounds the machines visited at a time, and with them the open connections.
    seats: Arc<Semaphore>,
    done: AtomicU64,
    total: u64,
}

impl Scan {
    fn saw(&self, sighting: Sighting) {
        // The receiver is gone when nobody follows the scan any more; its guard has cancelled it then.
        _ = self.events.send(ScanEvent::Sighting(sighting));
    }

    fn trouble(&self, error: &LanError) {
        tracing::warn!(%error, "a source of the scan failed");
        _ = self.events.send(ScanEvent::Problem(error.into()));
    }

    fn settled(&self, addresses: u64) {
        self.done.fetch_add(addresses, Ordering::Relaxed);
    }

    fn is_target(&self, ip: Ipv4Addr) -> bool {
        self.targets.iter().any(|target| target.net.contains(&ip))
    }

    fn ports(&self) -> Vec<u16> {
        let mut ports = vec![self.options.ssh_port, self.options.api_port];
        ports.extend(self.options.ports.iter().filter(|port| **port != 0));
        let mut known = HashSet::new();
        ports.retain(|port| known.insert(*port));
        ports
    }
}

/// Looks at the chosen subnets. Must be called inside a Tokio runtime. Dropping the stream cancels the scan.
///
/// # Errors
/// The subnets are refused before anything is sent: see [`subnet::check`].
pub fn scan(
    options: ScanOptions,
    cancel: CancellationToken,
) -> Result<impl Stream<Item = ScanEvent> + Send + Unpin, Problem> {
    let started = Instant::now();
    let interfaces = interfaces();
    let mut options = options;
    if options.subnets.is_empty() {
        let chosen = interfaces.iter().filter(|interface| interface.left_out.is_none());
        options.subnets = chosen.flat_map(|interface| interface.subnets.clone()).collect();
        options.subnets.retain(|net| (17..=30).contains(&net.prefix_len()));
        options.subnets = Ipv4Net::aggregate(&options.subnets);
    }
    subnet::check(&options.subnets, options.allow_large)?;

    let cancel = cancel.child_token();
    let (events, mut received) = mpsc::unbounded_channel();
    let targets = interfaces::targets(&options.subnets, &interfaces);
    let scan = Arc::new(Scan {
        total: options.subnets.iter().copied().map(subnet::addresses).sum(),
        gateways: interfaces::gateways(),
        own: interfaces.iter().flat_map(|interface| interface.addresses.clone()).collect(),
        resolver: options.reverse_dns.then(|| reverse::resolver(&options.resolvers)).flatten(),
        options,
        events,
        cancel: cancel.clone(),
        targets,
        visited: Mutex::default(),
        visits: TaskTracker::new(),
        seats: Arc::new(Semaphore::new(128)),
        done: AtomicU64::new(0),
    });
    tokio::spawn(async move {
        let run = AssertUnwindSafe(run(scan.clone(), interfaces)).catch_unwind();
        if scan.cancel.run_until_cancelled(run).await.is_some_and(|run| run.is_err()) {
            _ = scan.events.send(ScanEvent::Problem(Problem::new(Code::Internal)));
        }
        scan.cancel.cancel();
        _ = scan.events.send(ScanEvent::Done { elapsed: started.elapsed() });
    });
    Ok(Box::pin(async_stream::stream! {
        let _guard = cancel.drop_guard();
        while let Some(event) = received.recv().await {
            let last = matches!(event, ScanEvent::Done { .. });
            yield event;
            if last {
                break;
            }
        }
    }))
}

/// All sources at once; ends when the last has ended.
async fn run(scan: Arc<Scan>, interfaces: Vec<interfaces::Interface>) {
    let sweeps = async {
        visit::own(&scan, &interfaces);
        sweep(&scan).await;
        scan.visits.close();
        scan.visits.wait().await;
    };
    let announcements = async {
        if scan.options.mdns && scan.targets.iter().any(|target| target.link.is_some()) {
            announce::browse(&scan).await;
        }
    };
    let progress = async {
        let mut told = 0;
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        loop {
            tick.tick().await;
            let done = scan.done.load(Ordering::Relaxed).min(scan.total);
            if done != told {
                told = done;
                _ = scan.events.send(ScanEvent::Progress { done, total: scan.total });
            }
        }
    };
    tokio::select! {
        _ = async { tokio::join!(sweeps, announcements) } => {}
        () = progress => {}
    }
    let (done, total) = (scan.total, scan.total);
    _ = scan.events.send(ScanEvent::Progress { done, total });
}

/// Asks every address, each subnet in the best way that is open.
#[cfg(target_os = "linux")]
async fn sweep(scan: &Arc<Scan>) {
    let (links, mut rest): (Vec<_>, Vec<_>) =
        scan.targets.clone().into_iter().partition(|target| target.link.is_some());
    let (mut raw, mut kernel) = (Vec::new(), Vec::new());
    for target in links {
        match scan.options.method {
            Method::Tcp => rest.push(target),
            Method::Kernel => kernel.push(target),
            Method::Auto | Method::Raw => match sockets::ArpSocket::open(&target) {
                Ok(socket) => raw.push((target, socket)),
                Err(error) => {
                    if scan.options.method == Method::Raw {
                        scan.trouble(&error);
                    }
                    kernel.push(target);
                }
            },
        }
    }
    let by_raw =
        futures::future::join_all(raw.into_iter().map(|(target, socket)| arp::sweep(scan, target, socket)));
    let by_kernel = async {
        if let Err(error) = kernel::sweep(scan, &kernel).await {
            scan.trouble(&error);
            tcp::sweep(scan, kernel).await;
        }
    };
    tokio::join!(by_raw, by_kernel, tcp::sweep(scan, rest));
}

/// Asks every address by TCP.
#[cfg(not(target_os = "linux"))]
async fn sweep(scan: &Arc<Scan>) {
    tcp::sweep(scan, scan.targets.clone()).await;
}

/// Like [`scan`], added up into machines: each is told whenever something about it changes.
///
/// `inventory` is an earlier scan's, or a new one for the same ports.
///
/// # Errors
/// As [`scan`].
pub fn discover(
    options: ScanOptions,
    mut inventory: Inventory,
    cancel: CancellationToken,
) -> Result<impl Stream<Item = Discovery> + Send + Unpin, Problem> {
    let mut events = scan(options, cancel)?;
    Ok(Box::pin(async_stream::stream! {
        inventory.begin(now());
        while let Some(event) = events.next().await {
            match event {
                ScanEvent::Sighting(sighting) => {
                    for id in inventory.take(sighting, now()) {
                        if let Some(host) = inventory.host(&id) {
                            yield Discovery::Host(Box::new(host.clone()));
                        }
                    }
                }
                ScanEvent::Progress { done, total } => yield Discovery::Progress { done, total },
                ScanEvent::Problem(problem) => yield Discovery::Problem(problem),
                ScanEvent::Done { elapsed } => {
                    for id in inventory.finish() {
                        if let Some(host) = inventory.host(&id) {
                            yield Discovery::Host(Box::new(host.clone()));
                        }
                    }
                    yield Discovery::Done { elapsed, inventory: Box::new(inventory) };
                    break;
                }
            }
        }
    }))
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
