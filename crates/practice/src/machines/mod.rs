//! The machines' SSH side: one real SSH server for each address, and what the machines do when told to.
//!
//! Logins, sudo and host keys behave as sshd and sudo do; scripts are recognised by their first line and acted out
//! on the homelab's model ([`scripts`]). Deliberately not here: a shell. What is neither one of the product's
//! scripts nor one of a few plain commands is answered with 127.

mod command;
mod exec;
mod login;
mod plain;
mod scripts;
mod service;
mod stdin;
mod wire;

use crate::homelab::{Homelab, Power};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// Keeps a part of the homelab running; dropping it stops that part and everything that it started.
pub struct Handle {
    _task: AbortOnDropHandle<()>,
}

impl Handle {
    pub(crate) fn of(task: impl Future<Output = ()> + Send + 'static) -> Handle {
        Handle { _task: AbortOnDropHandle::new(tokio::spawn(task)) }
    }
}

/// Starts the SSH servers of all machines at `homelab.ports.ssh`, and their K3s services.
///
/// # Errors
/// An address cannot be bound.
pub async fn serve(homelab: Arc<Homelab>) -> std::io::Result<Handle> {
    let machines: Vec<_> = homelab
        .read(|state| state.machines.iter().map(|machine| (machine.name.clone(), machine.address)).collect());
    let mut tasks = JoinSet::new();
    for (name, address) in machines {
        let at = SocketAddr::from((address, homelab.ports.ssh));
        let first = TcpListener::bind(at).await?;
        tasks.spawn(listen(Arc::clone(&homelab), name, at, Some(first)));
    }
    tasks.spawn(service::run(Arc::clone(&homelab)));
    Ok(Handle::of(async move { while tasks.join_next().await.is_some() {} }))
}

/// Listens while the machine has power. Without power the port is closed, as every connection to it is.
async fn listen(homelab: Arc<Homelab>, name: String, at: SocketAddr, mut first: Option<TcpListener>) {
    let power = |homelab: &Homelab| {
        homelab.read(|state| state.machine(&name).map(|machine| (machine.power, machine.boots)))
    };
    let mut changes = homelab.watch();
    loop {
        let Some((now, boots)) = power(&homelab) else { return };
        if now == Power::Off {
            first = None;
            if changes.changed().await.is_err() {
                return;
            }
            continue;
        }
        let listener = match first.take() {
            Some(listener) => listener,
            None => match TcpListener::bind(at).await {
                Ok(listener) => listener,
                Err(error) => {
                    tracing::warn!(%at, %error, "cannot listen, trying again");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let mut connections = JoinSet::new();
        while matches!(power(&homelab), Some((now, same)) if now != Power::Off && same == boots) {
            tokio::select! {
                accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                    connections.spawn(login::greet(Arc::clone(&homelab), name.clone(), stream));
                },
                changed = changes.changed() => if changed.is_err() { return },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}
