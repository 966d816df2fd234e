//! The cable between a client and a machine's SSH server.
//!
//! Bytes are carried through a pipe in memory, so that the machine's power decides over the connection: it is cut
//! when the power goes or the machine reboots, and carries nothing while the machine hangs.

use crate::homelab::{Homelab, Power};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, split};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

const PIPE: usize = 256 * 1024;

/// The machine's end of the cable, and what carries the bytes until either end closes or the cable is cut.
pub fn cable(
    homelab: Arc<Homelab>,
    name: String,
    outside: TcpStream,
    cut: CancellationToken,
) -> (DuplexStream, impl Future<Output = ()>) {
    let (inside, near) = tokio::io::duplex(PIPE);
    let carried = async move {
        tokio::select! {
            () = carry(homelab, name, outside, near) => {}
            () = cut.cancelled() => {}
        }
    };
    (inside, carried)
}

async fn carry(homelab: Arc<Homelab>, name: String, outside: TcpStream, near: DuplexStream) {
    let _ = outside.set_nodelay(true);
    let (mut from_client, mut to_client) = outside.into_split();
    let (mut from_machine, mut to_machine) = split(near);
    let mut changes = homelab.watch();
    let look = || homelab.read(|state| state.machine(&name).map(|machine| (machine.power, machine.boots)));
    let Some((_, boots)) = look() else { return };
    let mut inward = vec![0; 64 * 1024];
    let mut outward = vec![0; 64 * 1024];
    loop {
        let Some((power, now)) = look() else { return };
        if power == Power::Off || now != boots {
            return;
        }
        let flows = power == Power::On;
        tokio::select! {
            read = from_client.read(&mut inward), if flows => match read {
                Ok(0) | Err(_) => break,
                Ok(count) => if to_machine.write_all(&inward[..count]).await.is_err() { break },
            },
            read = from_machine.read(&mut outward), if flows => match read {
                Ok(0) | Err(_) => break,
                Ok(count) => if to_client.write_all(&outward[..count]).await.is_err() { break },
            },
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
    // Whatever the machine still had to say (a disconnect message) goes out before the line closes.
    drop(to_machine);
    while let Ok(count @ 1..) = from_machine.read(&mut outward).await {
        if to_client.write_all(&outward[..count]).await.is_err() {
            return;
        }
    }
}
