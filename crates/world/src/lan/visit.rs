//! One visit to each address that was found: its ports, its SSH server's words, its name in the DNS.
//!
//! Each visit is a task of its own, bounded in time and bytes: a machine that stalls, floods or makes a library
//! panic costs itself alone.

use super::{Scan, interfaces::Interface, ssh};
use futures::future::join_all;
use portico_domain::host::{PortState, Sighting, interface::InterfaceKind};
use std::{io, net::IpAddr, sync::Arc, time::Duration};
use tokio::{net::TcpStream, time::timeout};

/// Time for one connection: the system sends its request at once, and again after a second.
pub(super) const KNOCK: Duration = Duration::from_millis(2_200);

/// What became of one connection.
pub(super) enum Knock {
    Open(TcpStream),
    Closed,
    Silent,
    /// This machine is out of something (files, ports, buffers), which says nothing of the other.
    Exhausted,
}

/// Tries one connection.
pub(super) async fn knock(ip: IpAddr, port: u16, patience: Duration) -> Knock {
    match timeout(patience, TcpStream::connect((ip, port))).await {
        Ok(Ok(stream)) => {
            _ = stream.set_nodelay(true);
            Knock::Open(stream)
        }
        Ok(Err(error)) => match (error.kind(), error.raw_os_error()) {
            (io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset, _) => Knock::Closed,
            #[cfg(unix)]
            (_, Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM | libc::EAGAIN)) => {
                Knock::Exhausted
            }
            (io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse, _) => Knock::Exhausted,
            _ => Knock::Silent,
        },
        Err(_) => Knock::Silent,
    }
}

/// Whether a machine answers at all: by a connection, or by refusing one, which its own kernel does.
pub async fn is_there(ip: IpAddr, port: u16, patience: Duration) -> bool {
    // What this computer has run out of says nothing of the other.
    !matches!(knock(ip, port, patience).await, Knock::Silent)
}

impl Scan {
    /// An address that something answered from: visits it, once.
    pub(super) fn found(self: &Arc<Self>, ip: IpAddr) {
        self.visit(ip, Vec::new());
    }

    /// Like [`Self::found`], with what the sweep's own connections came to.
    pub(super) fn found_by(self: &Arc<Self>, ip: IpAddr, knocks: Vec<(u16, Knock)>) {
        self.visit(ip, knocks);
    }

    fn visit(self: &Arc<Self>, ip: IpAddr, knocks: Vec<(u16, Knock)>) {
        let first = self.visited.lock().is_ok_and(|mut visited| visited.insert(ip));
        if !first {
            return;
        }
        if self.gateways.iter().any(|gateway| ip == IpAddr::V4(*gateway)) {
            self.saw(Sighting::Gateway { ip });
        }
        let (scan, cancel) = (self.clone(), self.cancel.clone());
        self.visits.spawn(async move {
            cancel.run_until_cancelled(async { scan.look(ip, knocks).await }).await;
        });
    }

    async fn look(&self, ip: IpAddr, mut knocks: Vec<(u16, Knock)>) {
        // The semaphore is never closed.
        let Ok(_seat) = self.seats.acquire().await else { return };
        let ports = self.ports().into_iter().map(|port| {
            let at = knocks.iter().position(|(of, _)| *of == port);
            (port, at.map(|at| knocks.swap_remove(at).1))
        });
        let ports: Vec<_> = ports.collect();
        let ports = join_all(ports.into_iter().map(|(port, knock)| self.port(ip, port, knock)));
        let name = async {
            if let Some(resolver) = &self.resolver
                && let Some(name) = resolver.name_of(ip).await
            {
                self.saw(Sighting::ReverseDns { ip, name });
            }
        };
        tokio::join!(ports, name);
    }

    async fn port(&self, ip: IpAddr, port: u16, tried: Option<Knock>) {
        let mut result = match tried {
            Some(result) => result,
            None => knock(ip, port, KNOCK).await,
        };
        if matches!(result, Knock::Silent | Knock::Exhausted) {
            result = knock(ip, port, KNOCK).await;
        }
        let state = match &result {
            Knock::Open(_) => PortState::Open,
            Knock::Closed => PortState::Closed,
            Knock::Silent => PortState::Filtered,
            Knock::Exhausted => return,
        };
        self.saw(Sighting::Port { ip, port, state });
        if let Knock::Open(stream) = result
            && port == self.options.ssh_port
        {
            ssh::listen(ip, port, stream, |sighting| self.saw(sighting)).await;
        }
    }
}

/// This machine is on the LAN too, and may become a node.
pub(super) fn own(scan: &Arc<Scan>, interfaces: &[Interface]) {
    for interface in interfaces.iter().filter(|interface| interface.kind != InterfaceKind::Loopback) {
        for &address in interface.addresses.iter().filter(|address| scan.is_target(**address)) {
            scan.saw(Sighting::Own { ip: address.into(), mac: interface.mac });
            scan.found(address.into());
        }
    }
}
