//! What machines announce over mDNS / DNS-SD.
//!
//! SSH and workstation announcements are asked for at once, every other type as soon as somebody names it. Only
//! addresses inside the chosen subnets are passed on: machines also announce the addresses of their container
//! bridges, which are alike on all of them.

use super::{LanError, Scan};
use futures::{StreamExt, stream::SelectAll};
use mdns_sd::{IfKind, Receiver, ResolvedService, ServiceDaemon, ServiceEvent};
use portico_domain::host::Sighting;
use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

const TYPES: &str = "_services._dns-sd._udp.local.";
const FIRST: [&str; 3] = ["_ssh._tcp.local.", "_workstation._tcp.local.", TYPES];
/// Types followed at most, whoever names them.
const MOST_TYPES: usize = 64;
/// Two queries (the second a second later) and the answers to what they lead to.
const WINDOW: Duration = Duration::from_millis(3_200);

/// Listens for a few seconds and reports each announced service.
pub(super) async fn browse(scan: &Arc<Scan>) {
    if let Err(error) = try_browse(scan).await {
        scan.trouble(&LanError::Mdns(error.to_string()));
    }
}

async fn try_browse(scan: &Arc<Scan>) -> mdns_sd::Result<()> {
    let daemon = ServiceDaemon::new()?;
    let names: HashSet<&str> =
        scan.targets.iter().filter_map(|t| t.link.as_ref()).map(|l| l.name.as_str()).collect();
    daemon.disable_interface(IfKind::All)?;
    daemon.enable_interface(names.into_iter().map(IfKind::from).collect::<Vec<_>>())?;
    let mut events = SelectAll::new();
    let mut types: HashSet<String> = HashSet::new();
    for kind in FIRST {
        types.insert(kind.to_owned());
        events.push(follow(&daemon, kind)?);
    }
    let until = Instant::now() + WINDOW;
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = sleep_until(until) => break,
        };
        match event {
            Some(ServiceEvent::ServiceFound(of, name)) if of == TYPES => {
                if types.len() < MOST_TYPES && types.insert(name.clone()) {
                    // A name that is no service type is its sender's mistake.
                    events.extend(follow(&daemon, &name));
                }
            }
            Some(ServiceEvent::ServiceResolved(service)) => report(scan, &service),
            Some(_) => {}
            None => break,
        }
    }
    daemon.shutdown().map(drop)
}

fn follow(
    daemon: &ServiceDaemon,
    kind: &str,
) -> mdns_sd::Result<std::pin::Pin<Box<dyn futures::Stream<Item = ServiceEvent> + Send>>> {
    let events: Receiver<ServiceEvent> = daemon.browse(kind)?;
    Ok(Box::pin(futures::stream::unfold(events, |events| async move {
        let event = events.recv_async().await.ok()?;
        Some((event, events))
    })))
}

fn report(scan: &Arc<Scan>, service: &ResolvedService) {
    let ips: Vec<Ipv4Addr> =
        service.get_addresses_v4().into_iter().filter(|ip| scan.is_target(*ip)).collect();
    if ips.is_empty() {
        return;
    }
    let addresses = ips.iter().copied().map(IpAddr::V4).collect();
    scan.saw(sighting(addresses, &service.host, &service.ty_domain, &service.fullname, service.port));
    // Whether somebody is there is for the visit to find out.
    ips.into_iter().for_each(|ip| scan.found(ip.into()));
}

pub(crate) fn sighting(
    ips: Vec<IpAddr>,
    host: &str,
    ty_domain: &str,
    full_name: &str,
    port: u16,
) -> Sighting {
    let service = ty_domain.trim_end_matches('.').trim_end_matches(".local").to_owned();
    let instance = full_name.strip_suffix(&format!(".{ty_domain}")).unwrap_or(full_name).to_owned();
    Sighting::Mdns { ips, name: host.to_owned(), service, instance, port }
}
