//! One machine's spots, summed up as the [`Host`] that people see.

use super::{Flag, Host, HostId, HostKey, Mac, PortSeen, SshSeen, fit, grouping::MANY, spot::Spot};
use std::{collections::BTreeSet, net::IpAddr};

/// What the inventory knows beyond the spots themselves.
pub(super) struct Surroundings<'a> {
    /// The identity key shows on machines that are not this one.
    pub key_shared: bool,
    /// The address has another card answering for it in the same scan.
    pub duplicate: &'a dyn Fn(&Spot) -> bool,
    /// Addresses behind a card, beyond those that have a spot.
    pub beyond: &'a dyn Fn(Mac) -> usize,
    pub formerly: Vec<HostId>,
    /// The latest scan is over and did not see it.
    pub gone: bool,
    pub ssh: u16,
    pub api: u16,
}

/// The identity of a machine: host key, else machine id, else card, else its address as a stand-in.
pub(super) fn identity(spots: &[&Spot], key_shared: bool) -> HostId {
    let newest = newest(spots);
    let keys: Vec<HostKey> = newest.iter().flat_map(|spot| spot.all_keys().cloned()).collect();
    let keys =
        if keys.is_empty() { spots.iter().flat_map(|s| s.all_keys().cloned()).collect() } else { keys };
    let machine = || newest.iter().find_map(|spot| spot.machine.as_ref().map(|(id, _)| id));
    let card = || newest.iter().filter_map(|spot| spot.mac).min();
    match Host::identity_key(&keys) {
        Some(key) if !key_shared => HostId::from_key(&key.fingerprint),
        _ => match (machine(), card()) {
            (Some(id), _) if !key_shared => HostId::from_machine_id(id),
            (_, Some(mac)) => HostId::from_mac(mac),
            _ => HostId::stand_in(newest[0].ip),
        },
    }
}

/// Those of the latest scan that saw the machine. Never empty.
fn newest<'a>(spots: &[&'a Spot]) -> Vec<&'a Spot> {
    let round = spots.iter().map(|spot| spot.round).max();
    spots.iter().copied().filter(|spot| Some(spot.round) == round).collect()
}

pub(super) fn assemble(id: HostId, spots: &[&Spot], around: Surroundings<'_>) -> Host {
    let mut newest = newest(spots);
    newest.sort_by_key(|spot| spot.ip);
    let cards: BTreeSet<Mac> = newest.iter().filter_map(|spot| spot.mac).collect();
    let mut flags = BTreeSet::new();

    for card in &cards {
        let bare = |spot: &&Spot| spot.mac == Some(*card) && !spot.has_substance();
        // What was saved is anybody's to write: no number of it may end the window.
        let beyond = |own: usize| own.saturating_add((around.beyond)(*card));
        let count = beyond(newest.iter().filter(|spot| bare(spot)).count());
        let behind = newest.iter().all(|spot| spot.mac == Some(*card) && !spot.keys.is_empty());
        if count > MANY && !behind {
            let all = beyond(newest.iter().filter(|spot| spot.mac == Some(*card)).count());
            flags.insert(Flag::ProxyArp { addresses: u32::try_from(all).unwrap_or(u32::MAX) });
            let first = newest.iter().find(|spot| spot.mac == Some(*card)).map(|spot| spot.ip);
            let solid = newest.iter().any(|spot| spot.mac == Some(*card) && spot.has_substance());
            newest.retain(|spot| !bare(spot) || (!solid && Some(spot.ip) == first));
        }
    }
    for spot in &newest {
        if (around.duplicate)(spot) {
            flags.insert(Flag::DuplicateAddress { address: spot.ip });
        }
        if let Some(before) = spot.key_before.clone() {
            flags.insert(Flag::HostKeyChanged { before });
        }
        if spot.gateway {
            flags.insert(Flag::Gateway);
        }
        if spot.own {
            flags.insert(Flag::ThisMachine);
        }
    }
    let keys: Vec<HostKey> = newest.iter().flat_map(|spot| spot.all_keys().cloned()).collect();
    if around.key_shared
        && let Some(key) = Host::identity_key(&keys)
    {
        flags.insert(Flag::SharedHostKey { fingerprint: key.fingerprint.clone() });
    }

    let mut host = Host {
        id,
        formerly: around.formerly,
        addresses: newest.iter().map(|spot| spot.ip).collect::<BTreeSet<IpAddr>>().into_iter().collect(),
        vendor: cards.iter().find_map(Mac::vendor).map(str::to_owned),
        random_mac: !cards.is_empty() && cards.iter().all(Mac::is_random),
        macs: cards.into_iter().collect(),
        names: names(spots),
        ports: newest.iter().flat_map(|spot| ports(spot)).collect(),
        ssh: newest.iter().flat_map(|spot| ssh(spot)).collect(),
        services: newest
            .iter()
            .flat_map(|spot| spot.services.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        machine_id: newest.iter().find_map(|spot| spot.machine.as_ref().map(|(id, _)| id.clone())),
        flags: flags.into_iter().collect(),
        fit: fit::Fit::Fit,
        first_seen: spots.iter().map(|spot| spot.first_seen).min().unwrap_or_default(),
        last_seen: spots.iter().map(|spot| spot.last_seen).max().unwrap_or_default(),
        present: !around.gone,
    };
    host.fit = fit::judge(&host, around.ssh, around.api);
    host
}

fn names(spots: &[&Spot]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mdns = spots.iter().flat_map(|spot| &spot.mdns_names);
    for name in mdns.chain(spots.iter().flat_map(|spot| &spot.dns_names)) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn ports(spot: &Spot) -> impl Iterator<Item = PortSeen> {
    spot.ports.iter().map(|(&port, &(state, _))| PortSeen { address: spot.ip, port, state })
}

fn ssh(spot: &Spot) -> impl Iterator<Item = SshSeen> {
    let spoken: BTreeSet<u16> = spot.banners.keys().chain(spot.keys.keys()).copied().collect();
    spoken.into_iter().map(|port| SshSeen {
        address: spot.ip,
        port,
        banner: spot.banners.get(&port).cloned(),
        keys: spot.keys.get(&port).cloned().unwrap_or_default(),
    })
}
