//! What is known at one address behind one network card: the atom that hosts are put together from.
//!
//! A spot only collects. Which spots are one machine is decided in `grouping`.

use super::{Host, HostKey, Mac, PortState, Service, Sighting};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// No machine is allowed to fill the memory with names and services.
const MOST: usize = 32;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Spot {
    pub ip: IpAddr,
    pub mac: Option<Mac>,
    /// The latest scan in which anything was heard from here.
    pub round: u32,
    /// The latest scan in which the network card itself answered.
    pub card_round: Option<u32>,
    pub first_seen: i64,
    pub last_seen: i64,
    /// With the scan that each answer is from.
    pub ports: BTreeMap<u16, (PortState, u32)>,
    pub banners: BTreeMap<u16, String>,
    pub keys: BTreeMap<u16, Vec<HostKey>>,
    /// The identity key that this card showed in an earlier scan, when it shows another one now.
    pub key_before: Option<String>,
    pub mdns_names: BTreeSet<String>,
    pub dns_names: BTreeSet<String>,
    pub services: BTreeSet<Service>,
    /// Addresses that one announcement named together with this one.
    pub announced_with: BTreeSet<IpAddr>,
    /// Machine id and boot id.
    pub machine: Option<(String, String)>,
    pub gateway: bool,
    pub own: bool,
}

impl Spot {
    pub fn new(ip: IpAddr, round: u32, at: i64) -> Self {
        Self {
            ip,
            mac: None,
            round,
            card_round: None,
            first_seen: at,
            last_seen: at,
            ports: BTreeMap::new(),
            banners: BTreeMap::new(),
            keys: BTreeMap::new(),
            key_before: None,
            mdns_names: BTreeSet::new(),
            dns_names: BTreeSet::new(),
            services: BTreeSet::new(),
            announced_with: BTreeSet::new(),
            machine: None,
            gateway: false,
            own: false,
        }
    }

    /// Adds what a sighting says of this spot. `round` is the running scan.
    pub fn absorb(&mut self, sighting: &Sighting, round: u32, at: i64) {
        self.round = round;
        self.last_seen = self.last_seen.max(at);
        match sighting {
            Sighting::Neighbour { mac, .. } => {
                self.mac = Some(*mac);
                self.card_round = Some(round);
            }
            Sighting::Own { mac, .. } => {
                self.own = true;
                if mac.is_some() {
                    self.mac = *mac;
                    self.card_round = Some(round);
                }
            }
            Sighting::Port { port, state, .. } => {
                // Of several tries in one scan the friendliest answer counts: a loss looks like a filter.
                let earlier = self.ports.get(port).filter(|(_, of)| *of == round);
                let best = earlier.map_or(*state, |(old, _)| *old.min(state));
                if self.ports.len() < MOST || self.ports.contains_key(port) {
                    self.ports.insert(*port, (best, round));
                }
            }
            Sighting::Mdns { ips, name, service, instance, port } => {
                insert(&mut self.mdns_names, name);
                if self.services.len() < MOST {
                    let (kind, instance) = (service.clone(), instance.clone());
                    self.services.insert(Service { kind, instance, port: *port });
                }
                self.announced_with.extend(ips.iter().filter(|ip| **ip != self.ip).take(MOST));
            }
            Sighting::ReverseDns { name, .. } => insert(&mut self.dns_names, name),
            Sighting::SshBanner { port, banner, .. } if self.banners.len() < MOST => {
                self.banners.insert(*port, banner.clone());
            }
            Sighting::SshHostKeys { port, keys, .. } if self.keys.len() < MOST => {
                self.absorb_keys(*port, keys)
            }
            Sighting::Machine { machine_id, boot_id, .. } => {
                self.machine = Some((machine_id.clone(), boot_id.clone()));
            }
            Sighting::Gateway { .. } => self.gateway = true,
            Sighting::SshBanner { .. } | Sighting::SshHostKeys { .. } => {}
        }
    }

    fn absorb_keys(&mut self, port: u16, keys: &[HostKey]) {
        let known = self.keys.entry(port).or_default();
        if contradict(known, keys) {
            self.key_before = Host::identity_key(known).map(|key| key.fingerprint.clone());
            known.clear();
        }
        for key in keys {
            if !known.contains(key) && known.len() < MOST {
                known.push(key.clone());
            }
        }
        known.sort();
    }

    /// Takes over what `old` knew of the same machine at the same address in an earlier scan.
    pub fn inherit(&mut self, old: Spot) {
        self.first_seen = self.first_seen.min(old.first_seen);
        self.mac = self.mac.or(old.mac);
        self.card_round = self.card_round.max(old.card_round);
        for (port, state) in old.ports {
            self.ports.entry(port).or_insert(state);
        }
        for (port, banner) in old.banners {
            self.banners.entry(port).or_insert(banner);
        }
        for (port, old_keys) in old.keys {
            let new_keys = self.keys.remove(&port).unwrap_or_default();
            self.keys.insert(port, old_keys);
            self.absorb_keys(port, &new_keys);
        }
        self.key_before = self.key_before.take().or(old.key_before);
        self.mdns_names.extend(old.mdns_names);
        self.dns_names.extend(old.dns_names);
        self.services.extend(old.services);
        self.announced_with.extend(old.announced_with);
        self.machine = self.machine.take().or(old.machine);
        self.gateway |= old.gateway;
        self.own |= old.own;
    }

    pub fn all_keys(&self) -> impl Iterator<Item = &HostKey> {
        self.keys.values().flatten()
    }

    pub fn shares_key(&self, other: &Spot) -> bool {
        self.all_keys().any(|key| other.all_keys().any(|theirs| theirs == key))
    }

    /// Both show a key of one kind on one port, and it differs: they cannot be one SSH server.
    pub fn contradicts(&self, other: &Spot) -> bool {
        self.keys
            .iter()
            .any(|(port, keys)| other.keys.get(port).is_some_and(|theirs| contradict(keys, theirs)))
    }

    /// Anything beyond "a network card answers for this address".
    pub fn has_substance(&self) -> bool {
        self.gateway
            || self.own
            || !self.keys.is_empty()
            || !self.mdns_names.is_empty()
            || self.machine.is_some()
            || self.ports.values().any(|(state, _)| *state == PortState::Open)
    }
}

fn insert(names: &mut BTreeSet<String>, name: &str) {
    if !name.is_empty() && names.len() < MOST {
        names.insert(name.to_owned());
    }
}

fn contradict(some: &[HostKey], others: &[HostKey]) -> bool {
    some.iter()
        .any(|key| others.iter().any(|other| other.kind == key.kind && other.fingerprint != key.fingerprint))
}
