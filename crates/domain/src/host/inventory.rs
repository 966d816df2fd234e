//! All machines of the LAN, added up from sightings.
//!
//! The inventory outlives a scan: [`Inventory::begin`] opens the next one, so that a machine is known again at a
//! new address, and an address that went to another machine does not carry the old one's identity along.
//! Work per sighting is bounded by the sightings it is connected with, and connections that a hostile network
//! can multiply (one card for a whole subnet, one key on thousands of cards) stop counting as connections.

use super::{
    Host, HostId, Mac, PortState, Sighting,
    assemble::{Surroundings, assemble, identity},
    grouping::partition,
    spot::Spot,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
};

/// A card or key that connects more spots than this says nothing about identity.
const CROWD: usize = 64;
/// Spots not heard from for so long are forgotten, in milliseconds: 90 days.
const FORGET: i64 = 90 * 24 * 3600 * 1000;

/// The machines seen so far, and the sightings behind them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Inventory {
    ssh: u16,
    api: u16,
    round: u32,
    over: bool,
    spots: Vec<Option<Spot>>,
    /// The spot that evidence about an address goes to.
    main: HashMap<IpAddr, usize>,
    by_ip: HashMap<IpAddr, Vec<usize>>,
    /// What was said of addresses that nothing has answered from yet, in this scan.
    hearsay: HashMap<IpAddr, Vec<Sighting>>,
    by_link: HashMap<Link, BTreeSet<usize>>,
    /// Addresses of a crowded card that got no spot of their own.
    beyond: HashMap<IpAddr, Mac>,
    beyond_count: BTreeMap<Mac, usize>,
    /// Pairs of cards that showed one host key while both were up.
    met: BTreeSet<(Mac, Mac)>,
    owner: HashMap<usize, HostId>,
    members: BTreeMap<HostId, Vec<usize>>,
    hosts: BTreeMap<HostId, Host>,
}

/// What connects spots.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Link {
    Card(Mac),
    Key(String),
    Boot(String),
}

impl Inventory {
    /// An empty one. `ssh` and `api` are the ports that fitness is judged by, 22 and 6443 in the real world.
    pub fn new(ssh: u16, api: u16) -> Self {
        Self { ssh, api, ..Self::default() }
    }

    /// Opens the next scan. Sightings from here on belong to it.
    pub fn begin(&mut self, at: i64) {
        // What is kept may be damaged.
        self.round = self.round.saturating_add(1);
        self.over = false;
        self.hearsay.clear();
        self.beyond.clear();
        self.beyond_count.clear();
        let old = |spot: &Spot| spot.last_seen < at - FORGET;
        if self.spots.iter().flatten().any(old) {
            let spots =
                std::mem::take(&mut self.spots).into_iter().flatten().filter(|spot| !old(spot)).collect();
            *self = Self::from(Saved { spots, ..Saved::from(self.clone()) });
        }
    }

    /// Closes the scan and returns the machines that this changed: those that it did not see, now marked as gone,
    /// and routers whose count of proxied addresses is final now.
    pub fn finish(&mut self) -> Vec<HostId> {
        self.over = true;
        let open: Vec<HostId> = self
            .hosts
            .iter()
            .filter(|(id, host)| {
                let spots = self.members[*id].iter().filter_map(|&ix| self.spots[ix].as_ref());
                let unseen = host.present && spots.map(|spot| spot.round).max() < Some(self.round);
                unseen || host.macs.iter().any(|mac| self.beyond_count.contains_key(mac))
            })
            .map(|(id, _)| id.clone())
            .collect();
        open.into_iter().filter(|id| self.refresh(id, Vec::new())).collect()
    }

    /// Adds one piece of evidence, heard at `at` (Unix milliseconds), and returns the machines that it changed:
    /// mostly one, none when it says nothing new, several when machines turn out to be one or to be two.
    pub fn take(&mut self, sighting: Sighting, at: i64) -> Vec<HostId> {
        let sighting = sighting.tamed();
        if let Sighting::Mdns { ips, name, service, instance, port } = &sighting {
            let mut changed = Vec::new();
            for &ip in ips {
                let mut ips = ips.clone();
                ips.retain(|other| *other != ip);
                ips.insert(0, ip);
                let (name, service, instance) = (name.clone(), service.clone(), instance.clone());
                let one = Sighting::Mdns { ips, name, service, instance, port: *port };
                changed.extend(self.take_at(ip, &one, at));
            }
            return changed;
        }
        match sighting.ip() {
            Some(ip) => self.take_at(ip, &sighting, at),
            None => Vec::new(),
        }
    }

    /// Every machine, ordered by identity.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.values()
    }

    pub fn host(&self, id: &HostId) -> Option<&Host> {
        self.hosts.get(id)
    }

    fn take_at(&mut self, ip: IpAddr, sighting: &Sighting, at: i64) -> Vec<HostId> {
        let Some(ix) = self.spot_for(ip, sighting, at) else {
            self.keep_hearsay(ip, sighting);
            return Vec::new();
        };
        if let Some(spot) = &mut self.spots[ix] {
            spot.absorb(sighting, self.round, at);
            for said in self.hearsay.remove(&ip).unwrap_or_default() {
                spot.absorb(&said, self.round, at);
            }
        }
        let (mut affected, owners) = self.fold_older(ix);
        self.link(ix);
        if matches!(
            sighting,
            Sighting::Neighbour { .. } | Sighting::Own { .. } | Sighting::SshHostKeys { .. }
        ) {
            self.note_meetings(ix);
        }
        // Those at the same address learn that they are not alone there.
        affected.extend(self.by_ip.get(&ip).into_iter().flatten());
        self.regroup(&affected, (ix, &owners))
    }

    /// An announcement, a name or a route proves no machine; it waits until something answers.
    fn keep_hearsay(&mut self, ip: IpAddr, sighting: &Sighting) {
        if sighting.is_hearsay() && (self.hearsay.len() < 64 * CROWD || self.hearsay.contains_key(&ip)) {
            let said = self.hearsay.entry(ip).or_default();
            if said.len() < CROWD && !said.contains(sighting) {
                said.push(sighting.clone());
            }
        }
    }

    /// Finds or makes the spot that a sighting is about. None: it says nothing beyond what is counted already.
    fn spot_for(&mut self, ip: IpAddr, sighting: &Sighting, at: i64) -> Option<usize> {
        let current = |spot: &Spot| spot.round == self.round;
        let main = self.main.get(&ip).copied().filter(|&ix| self.spots[ix].as_ref().is_some_and(current));
        match sighting {
            Sighting::Neighbour { mac, .. } | Sighting::Own { mac: Some(mac), .. } => {
                if !mac.is_card() {
                    return None;
                }
                let mut here = self.by_ip.get(&ip).into_iter().flatten().copied();
                let known =
                    here.find(|&ix| self.spots[ix].as_ref().is_some_and(|spot| spot.mac == Some(*mac)));
                let unclaimed =
                    main.filter(|&ix| self.spots[ix].as_ref().is_some_and(|spot| spot.mac.is_none()));
                if let Some(ix) = unclaimed.or(known) {
                    self.main
                        .entry(ip)
                        .and_modify(|at| {
                            if main.is_none() {
                                *at = ix
                            }
                        })
                        .or_insert(ix);
                    return Some(ix);
                }
                let card = self.linked(&Link::Card(*mac)).len();
                if card >= CROWD {
                    if self.beyond.insert(ip, *mac).is_none() {
                        let count = self.beyond_count.entry(*mac).or_default();
                        *count = count.saturating_add(1);
                    }
                    return None;
                }
                Some(self.add_spot(ip, main.is_none(), at))
            }
            // A card that answers for everything makes its firewall's answers look like machines.
            Sighting::Port { state: PortState::Closed, .. }
                if main.is_none() && self.beyond.contains_key(&ip) =>
            {
                None
            }
            // Silence is no machine.
            Sighting::Port { state: PortState::Filtered, .. } => main,
            _ if sighting.is_hearsay() => main,
            _ => Some(main.unwrap_or_else(|| self.add_spot(ip, true, at))),
        }
    }

    fn add_spot(&mut self, ip: IpAddr, is_main: bool, at: i64) -> usize {
        let ix = self.spots.len();
        self.spots.push(Some(Spot::new(ip, self.round, at)));
        self.by_ip.entry(ip).or_default().push(ix);
        if is_main {
            self.main.insert(ip, ix);
        }
        ix
    }

    /// Folds spots of earlier scans at the same address into `ix` when they are the same machine. Returns the
    /// spots whose hosts lost a member, and those hosts.
    fn fold_older(&mut self, ix: usize) -> (Vec<usize>, Vec<HostId>) {
        let (mut left, mut owners) = (Vec::new(), Vec::new());
        let Some(spot) = &self.spots[ix] else { return (left, owners) };
        let same = |old: &Spot| match (spot.mac, old.mac) {
            (Some(new), Some(old)) => new == old,
            _ => old.shares_key(spot) || (spot.mac, old.mac) == (None, None) && !old.contradicts(spot),
        };
        let ip = spot.ip;
        let older: Vec<usize> = self.by_ip[&ip]
            .iter()
            .copied()
            .filter(|&o| {
                o != ix && self.spots[o].as_ref().is_some_and(|old| old.round < self.round && same(old))
            })
            .collect();
        for other in older {
            for link in self.links(other) {
                self.by_link.entry(link).and_modify(|list| _ = list.remove(&other));
            }
            self.by_ip.entry(ip).and_modify(|list| list.retain(|&i| i != other));
            if let (Some(old), Some(spot)) = (self.spots[other].take(), &mut self.spots[ix]) {
                spot.inherit(old);
            }
            if let Some(id) = self.owner.remove(&other) {
                if let Some(members) = self.members.get_mut(&id) {
                    members.retain(|&i| i != other);
                    left.extend(members.first().copied());
                }
                owners.push(id);
            }
        }
        (left, owners)
    }

    fn link(&mut self, ix: usize) {
        for link in self.links(ix) {
            self.by_link.entry(link).or_default().insert(ix);
        }
    }

    fn linked(&self, link: &Link) -> &BTreeSet<usize> {
        static NONE: BTreeSet<usize> = BTreeSet::new();
        self.by_link.get(link).unwrap_or(&NONE)
    }

    fn links(&self, ix: usize) -> Vec<Link> {
        let Some(spot) = &self.spots[ix] else { return Vec::new() };
        let keys = spot.all_keys().map(|key| Link::Key(key.fingerprint.clone()));
        let boot = spot.machine.iter().map(|(_, boot)| Link::Boot(boot.clone()));
        spot.mac.map(Link::Card).into_iter().chain(keys).chain(boot).collect()
    }

    /// Remembers cards that show one key in one scan, so that a later scan does not merge them while only one of
    /// them has been seen yet.
    fn note_meetings(&mut self, ix: usize) {
        let Some(spot) = &self.spots[ix] else { return };
        let (Some(mac), Some(round)) = (spot.mac, spot.card_round) else { return };
        let mut pairs = Vec::new();
        for key in spot.all_keys() {
            let list = self.linked(&Link::Key(key.fingerprint.clone()));
            let met = if list.len() <= CROWD { CROWD } else { 0 };
            for other in list.iter().take(met).filter_map(|&other| self.spots[other].as_ref()) {
                if other.card_round == Some(round)
                    && let Some(theirs) = other.mac.filter(|theirs| *theirs != mac)
                {
                    pairs.push((mac.min(theirs), mac.max(theirs)));
                }
            }
        }
        self.met.extend(pairs);
    }

    /// Splits everything connected with `affected` into machines again. `folded` names the spot that took over
    /// others, and the hosts that those belonged to.
    fn regroup(&mut self, affected: &[usize], folded: (usize, &[HostId])) -> Vec<HostId> {
        let component = self.component(affected);
        let spots: Vec<&Spot> = component.iter().filter_map(|&ix| self.spots[ix].as_ref()).collect();
        let met = |a: Mac, b: Mac| self.met.contains(&(a.min(b), a.max(b)));
        let mut claimed: BTreeMap<HostId, Vec<usize>> = BTreeMap::new();
        for part in partition(&spots, met) {
            let members: Vec<usize> = part.iter().map(|&i| component[i]).collect();
            let own: Vec<&Spot> = part.iter().map(|&i| spots[i]).collect();
            claimed.entry(identity(&own, self.key_shared(&members))).or_default().extend(members);
        }

        let owners = component.iter().filter_map(|ix| self.owner.get(ix));
        let before: BTreeSet<HostId> = owners.chain(folded.1).cloned().collect();
        let vanished: BTreeMap<HostId, Host> = before
            .iter()
            .filter(|old| !claimed.contains_key(*old))
            .filter_map(|old| self.members.remove(old).and(self.hosts.remove_entry(old)))
            .collect();
        let mut lineage: BTreeMap<HostId, Vec<HostId>> = BTreeMap::new();
        for (id, members) in &claimed {
            let mut former: Vec<&HostId> = members.iter().filter_map(|ix| self.owner.get(ix)).collect();
            former.extend(folded.1.iter().filter(|_| members.contains(&folded.0)));
            for (old, host) in former.into_iter().filter_map(|old| vanished.get_key_value(old)) {
                lineage.entry(id.clone()).or_default().extend(host.formerly.iter().chain([old]).cloned());
            }
        }
        for (id, members) in &mut claimed {
            // A crowd's members outside the component stay where they are.
            let elsewhere = self.members.remove(id).unwrap_or_default();
            members.extend(
                elsewhere
                    .into_iter()
                    .filter(|ix| component.binary_search(ix).is_err() && self.owner.get(ix) == Some(id)),
            );
            for &ix in members.iter() {
                self.owner.insert(ix, id.clone());
            }
            self.members.insert(id.clone(), members.clone());
        }
        let refreshed = claimed.into_keys().filter(|id| {
            let formerly = lineage.remove(id).unwrap_or_default();
            self.refresh(id, formerly)
        });
        refreshed.collect()
    }

    /// Every spot that card, key or boot id lead to from `start`, short of crowds. Ascending.
    fn component(&self, start: &[usize]) -> Vec<usize> {
        let mut reached: BTreeSet<usize> = BTreeSet::new();
        let mut open: Vec<usize> = start.to_vec();
        while let Some(ix) = open.pop() {
            if self.spots[ix].is_none() || reached.len() >= 4 * CROWD || !reached.insert(ix) {
                continue;
            }
            for link in self.links(ix) {
                let list = self.linked(&link);
                if list.len() <= CROWD {
                    open.extend(list);
                }
            }
        }
        reached.into_iter().collect()
    }

    /// Whether the identity key of these spots shows elsewhere, on cards that are not theirs.
    fn key_shared(&self, members: &[usize]) -> bool {
        let keys: Vec<_> = members
            .iter()
            .filter_map(|&ix| self.spots[ix].as_ref())
            .flat_map(|s| s.all_keys().cloned())
            .collect();
        Host::identity_key(&keys).is_some_and(|key| {
            self.linked(&Link::Key(key.fingerprint.clone())).iter().any(|ix| !members.contains(ix))
        })
    }

    /// Assembles the host anew. Returns whether anything that can be seen changed.
    fn refresh(&mut self, id: &HostId, more_formerly: Vec<HostId>) -> bool {
        let Some(members) = self.members.get(id) else { return false };
        let spots: Vec<&Spot> = members.iter().filter_map(|&ix| self.spots[ix].as_ref()).collect();
        if spots.is_empty() {
            return false;
        }
        let old = self.hosts.get(id);
        let mut formerly: Vec<HostId> = old.map(|host| host.formerly.clone()).unwrap_or_default();
        formerly.extend(more_formerly);
        // An id that came back to life names another machine now.
        formerly.retain(|former| !self.members.contains_key(former));
        formerly.sort();
        formerly.dedup();
        formerly.truncate(CROWD);
        let duplicate = |spot: &Spot| {
            self.by_ip.get(&spot.ip).into_iter().flatten().filter_map(|&ix| self.spots[ix].as_ref()).any(
                |other| {
                    other.mac.is_some()
                        && spot.mac.is_some()
                        && other.mac != spot.mac
                        && other.card_round == spot.card_round
                },
            )
        };
        let beyond = |mac: Mac| self.beyond_count.get(&mac).copied().unwrap_or_default();
        let gone = self.over && spots.iter().all(|spot| spot.round < self.round);
        let around = Surroundings {
            key_shared: self.key_shared(members),
            duplicate: &duplicate,
            beyond: &beyond,
            formerly,
            gone,
            ssh: self.ssh,
            api: self.api,
        };
        let host = assemble(id.clone(), &spots, around);
        let changed = old.is_none_or(|old| {
            Host { first_seen: 0, last_seen: 0, ..old.clone() }
                != Host { first_seen: 0, last_seen: 0, ..host.clone() }
        });
        self.hosts.insert(id.clone(), host);
        changed
    }
}

/// What is kept of an inventory: the evidence. Everything else follows from it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    ssh: u16,
    api: u16,
    round: u32,
    over: bool,
    spots: Vec<Spot>,
    met: BTreeSet<(Mac, Mac)>,
    beyond_count: BTreeMap<Mac, usize>,
}

impl From<Inventory> for Saved {
    fn from(inventory: Inventory) -> Self {
        let Inventory { ssh, api, round, over, spots, met, beyond_count, .. } = inventory;
        Self { ssh, api, round, over, spots: spots.into_iter().flatten().collect(), met, beyond_count }
    }
}

impl From<Saved> for Inventory {
    fn from(saved: Saved) -> Self {
        let Saved { ssh, api, round, over, spots, met, beyond_count } = saved;
        let mut inventory = Self { ssh, api, round, over, met, beyond_count, ..Self::default() };
        for (ix, spot) in spots.iter().enumerate() {
            inventory.by_ip.entry(spot.ip).or_default().push(ix);
            inventory.main.insert(spot.ip, ix);
        }
        let count = spots.len();
        inventory.spots = spots.into_iter().map(Some).collect();
        (0..count).for_each(|ix| inventory.link(ix));
        for ix in 0..count {
            if !inventory.owner.contains_key(&ix) {
                inventory.regroup(&[ix], (ix, &[]));
            }
        }
        inventory
    }
}
