//! Finding hosts by TCP connections: on every system, through routers, and on loopback.
//!
//! A refused connection shows a machine as well as an accepted one does, with two exceptions: loopback refuses
//! for every address, and some firewalls refuse for a whole subnet. Neither is allowed to invent machines.
//! How many connections are open at a time adapts to what this machine can hold.

use super::{
    Scan, Target,
    visit::{KNOCK, Knock, knock},
};
use futures::{StreamExt, future::join_all, stream::FuturesUnordered};
use portico_domain::host::subnet;
use std::{collections::VecDeque, net::Ipv4Addr, sync::Arc, time::Duration};

/// Addresses tried at a time: at first, at least and at most.
const START: f64 = 256.0;
const LEAST: f64 = 8.0;
const MOST: f64 = 1024.0;
/// The first try; its silence leads to a second one with [`KNOCK`] in subnets up to [`SMALL`].
const FIRST: Duration = Duration::from_millis(1_200);
const SMALL: u64 = 4_096;
/// So many refusals, and more than half of a subnet, come from a firewall.
const CROWD: u64 = 32;

/// Tries every address of the targets, one target after the other.
pub(super) async fn sweep(scan: &Arc<Scan>, targets: Vec<Target>) {
    for target in targets {
        let total = subnet::addresses(target.net);
        let mut refused = VecDeque::new();
        let own = |ip: &Ipv4Addr| scan.own.contains(ip) && !ip.is_loopback();
        let silent = pass(scan, target.net.hosts().filter(|ip| !own(ip)), FIRST, &mut refused).await;
        if total <= SMALL {
            pass(scan, silent.into_iter(), KNOCK, &mut refused).await;
        }
        scan.settled(total);
        let by_firewall = refused.len() as u64 > CROWD && refused.len() as u64 > total / 2;
        if !by_firewall && !target.net.network().is_loopback() {
            for (ip, knocks) in refused {
                scan.found_by(ip, knocks);
            }
        }
    }
}

type Knocks = Vec<(u16, Knock)>;

/// Tries each address once. Those with an open port are visited at once, those that only refuse are collected,
/// and those that are silent are returned.
async fn pass(
    scan: &Arc<Scan>,
    addresses: impl Iterator<Item = Ipv4Addr>,
    patience: Duration,
    refused: &mut VecDeque<(std::net::IpAddr, Knocks)>,
) -> Vec<Ipv4Addr> {
    let ports = scan.ports();
    let try_one = |ip: Ipv4Addr| {
        let ports = ports.clone();
        async move {
            let each =
                ports.into_iter().map(|port| async move { (port, knock(ip.into(), port, patience).await) });
            (ip, join_all(each).await)
        }
    };
    let mut addresses = addresses;
    let (mut again, mut silent) = (Vec::new(), Vec::new());
    let mut running = FuturesUnordered::new();
    let mut limit = START;
    loop {
        while running.len() < limit as usize {
            let Some(ip) = addresses.next().or_else(|| again.pop()) else { break };
            running.push(try_one(ip));
        }
        let Some((ip, knocks)) = running.next().await else { return silent };
        let any = |of: fn(&Knock) -> bool| knocks.iter().any(|(_, knock)| of(knock));
        if any(|knock| matches!(knock, Knock::Open(_))) {
            scan.found_by(ip.into(), knocks);
        } else if any(|knock| matches!(knock, Knock::Exhausted)) {
            limit = (limit / 2.0).max(LEAST);
            again.push(ip);
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        } else if any(|knock| matches!(knock, Knock::Closed)) {
            refused.push_back((ip.into(), knocks));
        } else {
            silent.push(ip);
        }
        limit = (limit + 1.0).min(MOST);
    }
}
