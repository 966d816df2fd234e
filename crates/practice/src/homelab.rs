//! The homelab itself: what its machines are, what lies on their disks, which of them run K3s.
//!
//! Everything that practice serves (SSH, the Kubernetes API, the LAN's data path) is a view of this one state,
//! so that what a script does on a machine is seen by every other protocol. State changes go through
//! [`Homelab::change`], which wakes whoever watches. Deliberately not here: any protocol, and the clusters'
//! objects, which live in each cluster's own store.

mod file;
mod machine;
mod mix;
mod ports;

pub use file::{File, sha256_hex};
pub use machine::{
    Firewall, Interface, JournalLine, K3s, Listening, Loaded, Machine, Os, Pace, Power, Role, Started, Sudo,
    UnitState, User,
};
pub use mix::{bare, default_machines, foreign_k3s, nas, nuc, raspberry_pi};
pub use ports::{Numbers, Ports};

use crate::acme;
use crate::clock::Clock;
use crate::cloudflare::Cloud;
use crate::fault::Faults;
use crate::keep::Document;
use crate::kube::Cluster;
use crate::mirror;
use portico_domain::situation::RehearsalLogin;
use russh::keys::PrivateKey;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// What a homelab is made of. The same seed and machines give the same keys, ids and addresses.
pub struct Options {
    pub seed: u64,
    pub machines: Vec<Machine>,
    pub pace: Pace,
    pub clock: Clock,
    pub faults: Faults,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            seed: 1,
            machines: default_machines(),
            pace: Pace::default(),
            clock: Clock::default(),
            faults: Faults::default(),
        }
    }
}

/// The parts of the homelab that change.
pub struct State {
    pub machines: Vec<Machine>,
    pub clusters: Vec<Arc<Cluster>>,
    /// Container images that no registry hands out: their pods end in `ImagePullBackOff`.
    pub unpullable: BTreeSet<String>,
    /// The versions of each Helm chart that can be had, oldest first.
    pub charts: BTreeMap<String, Vec<String>>,
    /// Whether the homelab reaches the Internet: without it tunnels break off and certificates do not come.
    pub internet: bool,
    /// What the router was told: the domains whose names all lead to these addresses.
    pub router: BTreeMap<String, Vec<Ipv4Addr>>,
    /// How the certificate authority behaves.
    pub acme: acme::Conduct,
}

impl State {
    /// Each machine with the user that a person logs in as: its first.
    pub fn logins(&self) -> impl Iterator<Item = (&Machine, &User)> {
        self.machines.iter().filter_map(|machine| Some((machine, machine.users.first()?)))
    }

    pub fn machine(&self, name: &str) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.name == name)
    }

    pub fn machine_mut(&mut self, name: &str) -> Option<&mut Machine> {
        self.machines.iter_mut().find(|machine| machine.name == name)
    }

    pub fn cluster(&self, id: usize) -> Option<Arc<Cluster>> {
        self.clusters.get(id).cloned()
    }
}

/// No machine of the homelab has this name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no machine is called {0}")]
pub struct UnknownMachine(pub String);

pub struct Homelab {
    pub seed: u64,
    pub clock: Clock,
    pub pace: Pace,
    pub ports: Ports,
    pub faults: Faults,
    /// The account that the clusters' programs talk to: cert-manager, cloudflared.
    pub cloud: Cloud,
    /// Who signs the certificates that cert-manager asks for.
    pub authority: acme::Authority,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

impl Homelab {
    /// Sets the machines up, powered on, and reserves the shared ports.
    ///
    /// # Errors
    /// No four free ports below the ephemeral range on 127.77.0.1.
    pub fn new(options: Options) -> std::io::Result<Arc<Homelab>> {
        let ports = Ports::reserve()?;
        let Options { seed, mut machines, pace, clock, faults } = options;
        for (index, machine) in machines.iter_mut().enumerate() {
            machine.settle(seed, index);
        }
        let cloud = Cloud::new(clock.clone());
        let authority = acme::Authority::new(clock.now()).map_err(std::io::Error::other)?;
        let state = State {
            machines,
            clusters: Vec::new(),
            unpullable: BTreeSet::new(),
            charts: mirror::charts(),
            internet: true,
            router: BTreeMap::new(),
            acme: acme::Conduct::default(),
        };
        let (state, changed) = (Mutex::new(state), watch::Sender::new(0));
        let homelab = Homelab { seed, clock, pace, ports, faults, cloud, authority, state, changed };
        let public = homelab.client_key().public_key().to_openssh().unwrap_or_default();
        homelab.change(|state| {
            for user in state.machines.iter_mut().flat_map(|machine| &mut machine.users) {
                user.authorized_keys.push(public.clone());
            }
        });
        Ok(Arc::new(homelab))
    }

    /// The homelab of the document, after a power cut of everything: what was on starts again. Of the options only
    /// pace, clock and faults count.
    ///
    /// # Errors
    /// As for [`Homelab::new`].
    pub(crate) async fn restored(options: Options, document: Document) -> std::io::Result<Arc<Homelab>> {
        let Options { pace, clock, faults, .. } = options;
        let (seed, ports) = (document.seed, Ports::again(document.ports).await?);
        let clusters = document.clusters();
        let mut machines = document.machines;
        for machine in machines.iter_mut().filter(|machine| machine.power != Power::Off || machine.rebooting)
        {
            machine.boot(seed);
        }
        let state = State {
            machines,
            clusters,
            unpullable: document.unpullable,
            charts: mirror::charts(),
            internet: document.internet,
            router: document.router,
            acme: document.conduct,
        };
        faults.cut_off(!document.internet);
        let cloud = Cloud::restored(clock.clone(), document.account);
        let (authority, state, changed) = (document.authority, Mutex::new(state), watch::Sender::new(0));
        Ok(Arc::new(Homelab { seed, clock, pace, ports, faults, cloud, authority, state, changed }))
    }

    pub fn read<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// Changes the state and wakes every watcher.
    pub fn change<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        let result = act(&mut self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        self.changed.send_modify(|revision| *revision += 1);
        result
    }

    /// Changes one machine.
    ///
    /// # Errors
    /// No machine has that name.
    pub fn change_machine<R>(
        &self,
        name: &str,
        act: impl FnOnce(&mut Machine) -> R,
    ) -> Result<R, UnknownMachine> {
        self.change(|state| state.machine_mut(name).map(act)).ok_or_else(|| UnknownMachine(name.to_owned()))
    }

    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Waits until the state satisfies the condition.
    pub async fn until(&self, condition: impl Fn(&State) -> bool) {
        let mut changes = self.watch();
        while !self.read(&condition) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// The private key that every user of every machine has authorised.
    pub fn client_key(&self) -> PrivateKey {
        machine::private_key(&machine::derive(self.seed, "client key"))
    }

    /// The same key as an OpenSSH private key file's text.
    pub fn client_key_file(&self) -> String {
        self.client_key()
            .to_openssh(russh::keys::ssh_key::LineEnding::LF)
            .map(|text| text.to_string())
            .unwrap_or_default()
    }

    /// How a person signs in to each machine: as its first user.
    pub fn logins(&self) -> Vec<RehearsalLogin> {
        self.read(|state| {
            let logins = state.logins();
            logins
                .map(|(machine, user)| RehearsalLogin {
                    name: machine.name.clone(),
                    address: machine.address.to_string(),
                    user: user.name.clone(),
                    password: machine.password_login.then(|| user.password.clone()),
                    note: machine.note.clone(),
                })
                .collect()
        })
    }

    /// Pulls the plug: connections drop and nothing answers until [`Homelab::power_on`].
    ///
    /// # Errors
    /// No machine has that name (so for every hook below).
    pub fn cut_power(&self, name: &str) -> Result<(), UnknownMachine> {
        self.change_machine(name, Machine::lose_power)
    }

    pub fn power_on(&self, name: &str) -> Result<(), UnknownMachine> {
        let seed = self.seed;
        self.change_machine(name, |machine| machine.boot(seed))
    }

    /// The machine accepts connections and never says another word, until [`Homelab::unhang`].
    pub fn hang(&self, name: &str) -> Result<(), UnknownMachine> {
        self.change_machine(name, |machine| machine.power = Power::Hung)
    }

    pub fn unhang(&self, name: &str) -> Result<(), UnknownMachine> {
        self.change_machine(name, |machine| machine.power = Power::On)
    }

    /// Takes the homelab off the Internet, or puts it back.
    pub fn set_internet(&self, reachable: bool) {
        self.faults.cut_off(!reachable);
        self.change(|state| state.internet = reachable);
    }

    /// Tells the router that all names below `domain` lead to the machines that run services now, or to nowhere.
    pub fn tell_router(&self, domain: &str, known: bool) {
        self.change(|state| {
            let of = |role| {
                let runs = move |machine: &&Machine| machine.running().is_some_and(|k3s| k3s.role == role);
                state.machines.iter().filter(runs).map(|machine| machine.address).collect::<Vec<_>>()
            };
            let workers = Some(of(Role::Agent)).filter(|agents| !agents.is_empty());
            let workers = workers.unwrap_or_else(|| of(Role::Server));
            match known {
                true => state.router.insert(domain.to_owned(), workers),
                false => state.router.remove(domain),
            };
        });
    }

    /// What the certificate authority does from now on with those who ask.
    pub fn set_verdict(&self, verdict: acme::Verdict) {
        self.change(|state| state.acme.verdict = verdict);
    }

    /// Gives the machine another host key, as a reinstalled system or an impostor would have.
    pub fn swap_host_key(&self, name: &str) -> Result<(), UnknownMachine> {
        self.change_machine(name, |machine| {
            machine.host_key_seed = machine::derive(self.seed, &hex::encode(machine.host_key_seed));
        })
    }
}
