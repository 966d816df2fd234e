//! What strangers say, handed to the code that reads it, without a connection in between: for fuzzing alone.
//!
//! Each function is the way of the bytes in a client, from the socket on. Nothing is read here that is not read there,
//! and nothing is judged. No product calls it.

use crate::{cloudflare, kube, lan};
use portico_domain::certificate::CertificateChain;
use portico_domain::host::Sighting;
use portico_domain::observed::{EndpointState, NodeState};
use portico_domain::problem::Problem;
use serde_json::Value;
use std::net::{IpAddr, UdpSocket};
use std::time::Duration;

pub use cloudflare::fuzz::{Answer, Question};

/// A body that came with this HTTP status, as the answer to a question.
pub fn cloudflare(question: Question, status: u16, body: &[u8]) -> Result<Answer, Problem> {
    cloudflare::fuzz::read(question, status, body).map_err(|error| Problem::from(&error))
}

/// The body of a list of Nodes.
pub fn nodes(body: &[u8]) -> Option<Vec<NodeState>> {
    kube::fuzz::nodes(body)
}

/// The body of a list of EndpointSlices: the pods behind one Service.
pub fn endpoints(body: &[u8]) -> Option<Vec<EndpointState>> {
    kube::fuzz::endpoints(body)
}

/// The body of a list of Services.
pub fn services(body: &[u8]) -> Option<Vec<kube::ServicePorts>> {
    kube::fuzz::services(body)
}

/// The bodies of a list of pods and one of events: a line for each trouble.
pub fn troubles(pods: &[u8], events: &[u8]) -> Option<Vec<String>> {
    kube::fuzz::troubles(pods, events)
}

/// An object, as it is seen.
pub fn object(body: &[u8]) -> Option<Value> {
    kube::fuzz::object(body)
}

/// A Certificate and what leads to it.
pub fn certificate(objects: &[Value]) -> CertificateChain {
    kube::fuzz::certificate(objects)
}

/// A kubeconfig, up to the first request. Must be called inside a Tokio runtime.
pub async fn kubeconfig(text: &str) {
    use portico_domain::credential::Secret;
    if let Ok(moved) = kube::with_server(&Secret::new(text.to_owned()), "https://127.0.0.1:1") {
        _ = kube::Kube::connect(&moved, crate::pace::Pace::default()).await;
    }
    _ = kube::Kube::connect(&Secret::new(text.to_owned()), crate::pace::Pace::default()).await;
}

/// What an SSH server said first: its identification, and the kinds of keys in its offer.
pub fn ssh(ip: IpAddr, said: &[u8]) -> (Sighting, Vec<String>) {
    lan::said(ip, said)
}

/// A reader that is busy answers by then.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whoever reads mDNS packets, on loopback and a port of its own.
pub struct Announcements {
    daemon: mdns_sd::ServiceDaemon,
    resolved: mdns_sd::Receiver<mdns_sd::ServiceEvent>,
    socket: UdpSocket,
}

impl Announcements {
    /// # Errors
    /// No port can be had.
    pub fn listen() -> Result<Self, Box<dyn std::error::Error>> {
        let port = UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port();
        let daemon = mdns_sd::ServiceDaemon::new_with_port(port)?;
        daemon.disable_interface(mdns_sd::IfKind::All)?;
        daemon.enable_interface(mdns_sd::IfKind::LoopbackV4)?;
        let resolved = daemon.browse("_ssh._tcp.local.")?;
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(("127.0.0.1", port))?;
        Ok(Self { daemon, resolved, socket })
    }

    /// What a packet leads to, where it is told at once.
    ///
    /// # Panics
    /// When the library that reads packets does not live any more.
    pub fn hear(&self, packet: &[u8]) -> Vec<Sighting> {
        // What no packet can be is not sent.
        _ = self.socket.send(packet);
        let alive = self.daemon.get_metrics().is_ok_and(|metrics| metrics.recv_timeout(PATIENCE).is_ok());
        assert!(alive, "the reader of mDNS packets is gone");
        let resolved = self.resolved.try_iter().filter_map(|event| match event {
            mdns_sd::ServiceEvent::ServiceResolved(service) => {
                let ips = service.get_addresses_v4().into_iter().map(IpAddr::V4).collect();
                Some(announced(ips, &service.host, &service.ty_domain, &service.fullname, service.port))
            }
            _ => None,
        });
        resolved.collect()
    }
}

/// A service as it is told by whoever reads those packets.
pub fn announced(ips: Vec<IpAddr>, host: &str, kind: &str, full_name: &str, port: u16) -> Sighting {
    lan::announced(ips, host, kind, full_name, port)
}
