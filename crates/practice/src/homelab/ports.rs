//! The four high ports that all practice machines share, one for each protocol.
//!
//! A machine's own addresses come and go with its power, so the numbers are held by sockets on 127.77.0.1 that
//! are bound but never listen: two homelabs on one computer cannot pick the same number, and a scan of that
//! address is refused like any closed port. Below the ephemeral range, so that no outgoing connection takes them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpSocket;

const ANCHOR: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 77, 0, 1));
const FIRST: u16 = 20_000;
/// Where node ports begin: another homelab on this computer serves its own there.
const LAST: u16 = 30_000;

/// One port for each protocol, the same on every machine's address.
#[derive(Clone)]
pub struct Ports {
    pub ssh: u16,
    pub api: u16,
    pub http: u16,
    pub https: u16,
    _anchors: Arc<Vec<TcpSocket>>,
}

impl Ports {
    /// # Errors
    /// No free port was found, or 127.77.0.1 cannot be bound (other systems than Linux need the alias first).
    pub fn reserve() -> std::io::Result<Ports> {
        let mut anchors = Vec::new();
        let mut numbers = [0; 4];
        for number in &mut numbers {
            let (port, anchor) = free_port()?;
            *number = port;
            anchors.push(anchor);
        }
        let [ssh, api, http, https] = numbers;
        Ok(Ports { ssh, api, http, https, _anchors: Arc::new(anchors) })
    }
}

fn free_port() -> std::io::Result<(u16, TcpSocket)> {
    let mut last = std::io::Error::from(std::io::ErrorKind::AddrInUse);
    for _ in 0..200 {
        let port = rand::random_range(FIRST..LAST);
        let socket = TcpSocket::new_v4()?;
        match socket.bind(SocketAddr::new(ANCHOR, port)) {
            Ok(()) => return Ok((port, socket)),
            Err(error) => last = error,
        }
    }
    Err(last)
}
