//! What is asked of Portico in a case: changes drawn by chance, and what should stand after each of them.
//!
//! The wish is kept here in its own words, so that what is judged is not what the engine believes.

use super::chance::Chance;
use super::field::{TUNNEL, stack};
use super::hand::ZONE;
use portico_domain::catalogue::ECHO_IMAGE;
use portico_domain::change::{Change, ComponentAct};
use portico_domain::dns::Hostname;
use portico_domain::exposure::{Backend, Exposure, Reach, Tls};
use portico_domain::stack::{IngressController, Pin, StackComponent};

/// The echo apps of a case; `vault` is a Service of somebody else's that speaks TLS itself.
pub const NAMES: [&str; 3] = ["alpha", "beta", "vault"];

/// What a second Portico exposes.
pub const SECOND: &str = "zulu";

/// The Traefik that the practice release of K3s brings.
const TRAEFIK: &str = "3.7.13";

/// What is wanted at one moment.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pub exposures: Vec<Exposure>,
    /// Components that were taken away.
    pub without: Vec<StackComponent>,
    pub traefik: bool,
}

pub fn hostname(name: &str) -> String {
    format!("{name}.{ZONE}")
}

/// The two names that a service may have in a case.
pub fn hostnames(name: &str) -> [String; 2] {
    [hostname(name), hostname(&format!("{name}-two"))]
}

pub fn exposure(name: &str, reach: Reach, access: &[&str]) -> Exposure {
    let vault = name == "vault";
    Exposure {
        name: name.into(),
        hostname: Hostname::parse(&hostname(name)).expect("a hostname"),
        reach,
        tls: if vault { Tls::Passthrough } else { Tls::Terminated },
        access: access.iter().map(|email| (*email).to_owned()).collect(),
        backend: if vault {
            Backend::Service { namespace: "vault".into(), name: "vault".into(), port: 443 }
        } else {
            Backend::Echo { image: ECHO_IMAGE.into() }
        },
    }
}

pub fn expose(exposure: Exposure) -> Change {
    Change::Expose { exposure, adopt: false, accept_retired: true }
}

impl Wish {
    pub fn of(&self, name: &str) -> Option<&Exposure> {
        self.exposures.iter().find(|exposure| exposure.name == name)
    }

    /// The controller's Service, as routes name it.
    pub fn controller(&self) -> &'static str {
        if self.traefik { IngressController::Traefik } else { IngressController::Nginx }.service_host()
    }

    pub fn is_whole(&self) -> bool {
        self.without.is_empty() && !self.traefik
    }

    /// The next change.
    pub fn draw(&self, chance: &mut Chance) -> Change {
        if !self.without.is_empty() {
            return Change::SetUpStack { stack: stack() };
        }
        #[derive(Clone, Copy)]
        enum Kind {
            Expose,
            Hide,
            Reconcile,
            Stack,
            Component,
            Remove,
            Move,
        }
        let some = usize::from(!self.exposures.is_empty());
        let kind = chance.weighted(&[
            (60, Kind::Expose),
            (25 * some, Kind::Hide),
            (8 * some, Kind::Reconcile),
            (2, Kind::Stack),
            (5, Kind::Component),
            (3, Kind::Remove),
            (1, Kind::Move),
        ]);
        match kind {
            Kind::Expose => self.draw_exposure(chance),
            Kind::Hide => {
                let exposure = chance.pick(&self.exposures).clone();
                Change::Hide { exposure, uninstall: chance.one_in(2) }
            }
            Kind::Reconcile => Change::Reconcile,
            Kind::Stack => Change::SetUpStack { stack: stack() },
            Kind::Component => {
                let component = *chance.pick(&[
                    StackComponent::Cloudflared,
                    StackComponent::CertManager,
                    StackComponent::SealedSecrets,
                ]);
                let act = if chance.one_in(2) {
                    ComponentAct::Repair
                } else {
                    ComponentAct::Install { pin: Pin::default() }
                };
                Change::Component { component, act }
            }
            Kind::Remove => match self.removable(chance) {
                Some(component) => Change::Component { component, act: ComponentAct::Remove },
                None => Change::Reconcile,
            },
            Kind::Move => {
                let to = if self.traefik { IngressController::Nginx } else { IngressController::Traefik };
                let accept = (!self.traefik).then(|| TRAEFIK.to_owned());
                Change::MoveIngress { to, accept }
            }
        }
    }

    fn draw_exposure(&self, chance: &mut Chance) -> Change {
        let name = *chance.pick(&NAMES);
        let access: &[&str] = chance.weighted(&[
            (2, &[][..]),
            (1, &["me@example.test"][..]),
            (1, &["you@example.test", "me@example.test"][..]),
        ]);
        let reach = if chance.one_in(2) { Reach::Lan } else { Reach::Public };
        let access = if reach == Reach::Lan { &[][..] } else { access };
        let mut next = exposure(name, reach, access);
        let present = self.of(name).map_or(&next.hostname, |present| &present.hostname).clone();
        next.hostname = match chance.one_in(6) {
            true => Hostname::parse(chance.pick::<String>(&hostnames(name))).expect("a hostname"),
            false => present,
        };
        expose(next)
    }

    fn removable(&self, chance: &mut Chance) -> Option<StackComponent> {
        let public = self.exposures.iter().any(|exposure| exposure.reach == Reach::Public);
        let certified = self.exposures.iter().any(|exposure| exposure.certificate(Some("any")).is_some());
        let mut free = Vec::new();
        if !public {
            free.push(StackComponent::Cloudflared);
        }
        if !certified {
            free.push(StackComponent::CertManager);
        }
        (!free.is_empty()).then(|| *chance.pick(&free))
    }

    /// What is wanted once the change is done.
    pub fn after(&self, change: &Change) -> Self {
        let mut next = self.clone();
        match change {
            Change::Expose { exposure, .. } => {
                next.exposures.retain(|other| other.name != exposure.name);
                next.exposures.push(exposure.clone());
            }
            Change::Hide { exposure, .. } => next.exposures.retain(|other| other.name != exposure.name),
            Change::Component { component, act: ComponentAct::Remove } => next.without.push(*component),
            Change::SetUpStack { .. } => next.without.clear(),
            Change::MoveIngress { to, .. } => next.traefik = *to == IngressController::Traefik,
            Change::Component { .. } | Change::BuildCluster { .. } | Change::Reconcile => {}
        }
        next
    }
}

/// A few words for a change.
pub fn words(change: &Change) -> String {
    match change {
        Change::Expose { exposure, .. } => {
            let reach = if exposure.reach == Reach::Lan { "lan" } else { "public" };
            let access = if exposure.access.is_empty() { "" } else { " with a login" };
            format!("expose {} at {} {reach}{access}", exposure.name, exposure.hostname)
        }
        Change::Hide { exposure, .. } => format!("hide {}", exposure.name),
        Change::Component { component, act } => {
            let act = match act {
                ComponentAct::Install { .. } => "install",
                ComponentAct::Repair => "repair",
                ComponentAct::Remove => "remove",
            };
            format!("{act} {}", component.name())
        }
        Change::SetUpStack { stack } => {
            format!("set up the stack with {}", stack.tunnel.as_deref().unwrap_or(TUNNEL))
        }
        Change::MoveIngress { to, .. } => format!("move to {}", to.component().name()),
        Change::Reconcile => "reconcile".into(),
        Change::BuildCluster { .. } => "build".into(),
    }
}
