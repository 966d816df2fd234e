//! The high ports that all practice machines share, one for each protocol, and those of the mirror and of where alerts
//! arrive.
//!
//! A machine's own addresses come and go with its power, so the numbers are held by sockets on 127.77.0.1 that
//! are bound but never listen: two homelabs on one computer cannot pick the same number, and a scan of that
//! address is refused like any closed port. Below the ephemeral range, so that no outgoing connection takes them.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::time::Instant;

const ANCHOR: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 77, 0, 1));
const FIRST: u16 = 20_000;
/// Where node ports begin: another homelab on this computer serves its own there.
const LAST: u16 = 30_000;
/// How long a homelab that has just ended may take to let go of its ports.
const LEAVING: Duration = Duration::from_secs(3);

/// One port for each protocol, the same on every machine's address. Clients' pinned host keys and kubeconfigs name
/// them, and installed charts the mirror's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    pub ssh: u16,
    pub api: u16,
    pub http: u16,
    pub https: u16,
    pub mirror: u16,
    /// Absent in what was kept before there was one; so is the next.
    #[serde(default)]
    pub mail: u16,
    /// Of what is like ntfy, and of the webhook.
    #[serde(default)]
    pub web: u16,
}

/// The numbers, held for as long as this value or a copy of it lives.
#[derive(Clone)]
pub struct Ports {
    numbers: Numbers,
    _anchors: Arc<[TcpSocket; 7]>,
}

impl Deref for Ports {
    type Target = Numbers;

    fn deref(&self) -> &Numbers {
        &self.numbers
    }
}

impl Ports {
    /// # Errors
    /// No free port was found, or 127.77.0.1 cannot be bound (other systems than Linux need the alias first).
    pub fn reserve() -> std::io::Result<Ports> {
        let free = free_port;
        Ok(Ports::of([free()?, free()?, free()?, free()?, free()?, free()?, free()?]))
    }

    /// The same numbers again. Where somebody else has come to use one, it is another one.
    ///
    /// # Errors
    /// As for [`Ports::reserve`].
    pub async fn again(
        Numbers { ssh, api, http, https, mirror, mail, web }: Numbers,
    ) -> std::io::Result<Ports> {
        let patience = Instant::now() + LEAVING;
        let again = async |port| loop {
            if port == 0 {
                return free_port();
            }
            match anchor(port) {
                Ok(anchor) => return Ok((port, anchor)),
                Err(_) if Instant::now() < patience => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(error) => {
                    tracing::warn!(port, %error, "somebody else uses a port of the practice homelab");
                    return free_port();
                }
            }
        };
        let found = [
            again(ssh).await?,
            again(api).await?,
            again(http).await?,
            again(https).await?,
            again(mirror).await?,
            again(mail).await?,
            again(web).await?,
        ];
        Ok(Ports::of(found))
    }

    fn of(found: [(u16, TcpSocket); 7]) -> Ports {
        let [ssh, api, http, https, mirror, mail, web] = found.each_ref().map(|(port, _)| *port);
        let numbers = Numbers { ssh, api, http, https, mirror, mail, web };
        Ports { numbers, _anchors: Arc::new(found.map(|(_, anchor)| anchor)) }
    }
}

fn anchor(port: u16) -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(ANCHOR, port))?;
    Ok(socket)
}

fn free_port() -> std::io::Result<(u16, TcpSocket)> {
    let mut last = std::io::Error::from(std::io::ErrorKind::AddrInUse);
    for _ in 0..200 {
        let port = rand::random_range(FIRST..LAST);
        match anchor(port) {
            Ok(anchor) => return Ok((port, anchor)),
            Err(error) => last = error,
        }
    }
    Err(last)
}
