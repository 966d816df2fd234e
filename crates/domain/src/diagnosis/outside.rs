//! From the visitor to the cluster's door: network, name, resolvers, and for public names Cloudflare's part.

use super::{Clues, Test, TestKind, Walk, seen, silence};
use crate::change::Desired;
use crate::cluster::Machine;
use crate::dns::{Answers, explain};
use crate::exposure::Reach;
use crate::flow::Health;
use crate::observed::{HttpAnswer, NameRecords, Observed, Seen};
use crate::problem::{Code, Problem};
use crate::tunnel::{Route, service_of};
use std::collections::BTreeSet;
use std::net::IpAddr;

impl Walk<'_> {
    pub(super) fn outside(&self) -> Vec<Test> {
        let mut tests = vec![self.record(), self.resolvers()];
        // At home there is no zone that anything could be wrong with.
        if self.desired.stack.home_domain().is_none() {
            tests.push(self.interference());
        }
        match self.exposure.reach {
            Reach::Lan => tests.push(self.network()),
            Reach::Public => {
                tests.extend([self.tunnel(), self.route(), self.public_answer()]);
                tests.extend((!self.exposure.access.is_empty()).then(|| self.access()));
            }
        }
        tests
    }

    fn hostname(&self) -> &str {
        self.exposure.hostname.as_str()
    }

    fn answers(&self) -> Result<&Answers, Option<&Problem>> {
        match self.exposure.reach {
            Reach::Lan => seen(self.observed.lan_paths.get(self.hostname())).map(|path| &path.answers),
            Reach::Public => seen(self.observed.public_paths.get(self.hostname())).map(|path| &path.answers),
        }
    }

    fn network(&self) -> Test {
        let (home, networks) = (home(self.desired, self.observed), self.clues.networks());
        let listed = join(&networks);
        if home.is_empty() || networks.is_empty() {
            return Test::unknown(TestKind::Network, listed, None);
        }
        let answers = seen(self.observed.lan_paths.get(self.hostname()))
            .is_ok_and(|path| path.http.values().any(Result::is_ok));
        // Behind a router they may be reached all the same.
        match away_from_home(self.desired, self.observed, self.clues).filter(|_| !answers) {
            None => Test::up(TestKind::Network, join(&home), listed),
            Some(problem) => Test::bad(TestKind::Network, join(&home), Health::Down, listed, problem),
        }
    }

    pub(crate) fn record(&self) -> Test {
        let answers = match self.answers() {
            Ok(answers) => answers,
            Err(why) => return Test::unknown(TestKind::Record, self.hostname(), why),
        };
        let found = match &answers.authoritative {
            Ok(found) => found,
            Err(why) => return Test::unknown(TestKind::Record, self.hostname(), Some(why)),
        };
        let evidence = join(found);
        let at_home = self.desired.stack.home_domain().is_some();
        if found.is_empty() && !at_home {
            let problem = Problem::new(Code::RecordMissing).arg("hostname", self.hostname());
            return Test::bad(TestKind::Record, self.hostname(), Health::Down, "", problem);
        }
        if self.exposure.reach == Reach::Public {
            return Test::up(TestKind::Record, self.hostname(), evidence);
        }
        let wanted: BTreeSet<IpAddr> = self.observed.lan_addresses().into_iter().collect();
        let found: BTreeSet<IpAddr> = found.iter().copied().collect();
        if wanted.is_empty() || found == wanted {
            return Test::up(TestKind::Record, self.hostname(), evidence);
        }
        let health = if found.is_disjoint(&wanted) { Health::Down } else { Health::Degraded };
        let problem = Problem::new(if at_home { Code::NameNotAtHome } else { Code::ResolveFailed })
            .arg("hostname", self.hostname())
            .arg("expected", join(wanted.iter()))
            .arg("found", &evidence);
        Test::bad(TestKind::Record, self.hostname(), health, evidence, problem)
    }

    fn resolvers(&self) -> Test {
        let silence = silence(self.observed).filter(|silence| silence.code != Code::NetworkSilent);
        if let Some(silence) = silence {
            return Test::bad(TestKind::Resolvers, self.hostname(), Health::Down, "", silence);
        }
        let answers = match self.answers() {
            Ok(answers) => answers,
            Err(why) => return Test::unknown(TestKind::Resolvers, self.hostname(), why),
        };
        let evidence = match &answers.system {
            Ok(found) => join(found),
            Err(why) => return Test::unknown(TestKind::Resolvers, self.hostname(), Some(why)),
        };
        match explain(&self.exposure.hostname, answers) {
            // Said of the record itself already.
            Some(problem) if problem.code == Code::RecordMissing => {
                Test::unknown(TestKind::Resolvers, self.hostname(), None)
            }
            Some(problem) => {
                // Cloudflare's edge has many addresses; any of them is right.
                let differs = problem.code == Code::ResolverDiffers && self.exposure.reach == Reach::Public;
                if differs {
                    return Test::up(TestKind::Resolvers, self.hostname(), evidence);
                }
                Test::bad(TestKind::Resolvers, self.hostname(), Health::Down, evidence, problem)
            }
            None => Test::up(TestKind::Resolvers, self.hostname(), evidence),
        }
    }

    fn interference(&self) -> Test {
        let name = self.hostname();
        if self.exposure.reach == Reach::Lan && self.clues.encrypted_hello {
            let problem = Problem::new(Code::EncryptedHello).arg("hostname", name);
            return Test::bad(TestKind::Interference, name, Health::Degraded, "ECH", problem);
        }
        match seen(self.observed.records.get(name)) {
            Err(why) => Test::unknown(TestKind::Interference, name, why),
            Ok(NameRecords { records, wildcards, .. }) => match wildcards.first() {
                Some(wildcard) if records.is_empty() => {
                    let problem =
                        Problem::new(Code::WildcardRecord).arg("name", &wildcard.name).arg("hosts", name);
                    Test::bad(TestKind::Interference, name, Health::Degraded, &wildcard.name, problem)
                }
                _ => Test::up(TestKind::Interference, name, ""),
            },
        }
    }

    fn tunnel_name(&self) -> &str {
        self.desired.stack.tunnel.as_deref().unwrap_or_default()
    }

    fn tunnel(&self) -> Test {
        let name = self.tunnel_name();
        let state = match seen(self.observed.tunnel_states.get(name)) {
            Ok(Some(state)) => state,
            Ok(None) => {
                let problem = Problem::new(Code::TunnelMissing).arg("tunnel", name);
                return Test::bad(TestKind::Tunnel, name, Health::Down, "", problem);
            }
            Err(why) => return Test::unknown(TestKind::Tunnel, name, why),
        };
        let evidence = format!("{}, {} × cloudflared", state.status, state.connectors);
        let health = match state.status.as_str() {
            "healthy" => return Test::up(TestKind::Tunnel, name, evidence),
            "degraded" => Health::Degraded,
            _ => Health::Down,
        };
        let problem = Problem::new(Code::TunnelDown).arg("tunnel", name).arg("status", &state.status);
        Test::bad(TestKind::Tunnel, name, health, evidence, problem)
    }

    fn route(&self) -> Test {
        let passthrough = self.exposure.tls == crate::exposure::Tls::Passthrough;
        let wanted = Route::to(&self.exposure.hostname, self.desired.ingress(), passthrough).service;
        let tunnel = match seen(self.observed.tunnels.get(self.tunnel_name())) {
            Ok(Some(tunnel)) => tunnel,
            Ok(None) => return Test::unknown(TestKind::Route, self.hostname(), None),
            Err(why) => return Test::unknown(TestKind::Route, self.hostname(), why),
        };
        match service_of(&tunnel.config, &self.exposure.hostname) {
            Some(found) if found == wanted => Test::up(TestKind::Route, self.hostname(), found),
            Some(found) => {
                let problem = Problem::new(Code::RouteElsewhere)
                    .arg("hostname", self.hostname())
                    .arg("found", found)
                    .arg("expected", &wanted);
                Test::bad(TestKind::Route, self.hostname(), Health::Down, found, problem)
            }
            None => {
                let problem = Problem::new(Code::RouteMissing)
                    .arg("hostname", self.hostname())
                    .arg("tunnel", self.tunnel_name());
                Test::bad(TestKind::Route, self.hostname(), Health::Down, "", problem)
            }
        }
    }

    /// Without the login that was asked for, everybody would be let in: that is worse than nobody.
    fn access(&self) -> Test {
        let state = match seen(self.observed.access.get(self.hostname())) {
            Ok(state) => state,
            Err(why) => return Test::unknown(TestKind::Access, self.hostname(), why),
        };
        match &state.app {
            Some(app) if app.lets_in(&self.exposure.access) => {
                Test::up(TestKind::Access, self.hostname(), app.emails.join(", "))
            }
            Some(app) => {
                let problem = Problem::new(Code::AccessDiffers)
                    .arg("hostname", self.hostname())
                    .arg("found", app.emails.join(", "));
                Test::bad(TestKind::Access, self.hostname(), Health::Degraded, app.emails.join(", "), problem)
            }
            None => {
                let problem = Problem::new(Code::AccessMissing).arg("hostname", self.hostname());
                Test::bad(TestKind::Access, self.hostname(), Health::Down, "", problem)
            }
        }
    }

    pub(super) fn public_answer(&self) -> Test {
        let url = format!("https://{}/", self.hostname());
        match seen(self.observed.public_paths.get(self.hostname())) {
            Err(why) => Test::unknown(TestKind::Answer, url, why),
            Ok(path) => self.judged(url, path.http.as_ref()),
        }
    }

    /// What a visitor got. Behind a login a redirect to it is the right answer.
    pub(super) fn judged(&self, url: String, answer: Result<&HttpAnswer, &Problem>) -> Test {
        let HttpAnswer { status, millis, location } = match answer {
            Ok(answer) => answer,
            Err(why) => return Test::bad(TestKind::Answer, url, Health::Down, "", why.clone()),
        };
        let evidence = format!("{status}, {millis} ms");
        let problem = |code| {
            Problem::new(code)
                .arg("hostname", self.hostname())
                .arg("status", status)
                .arg("service", &self.exposure.name)
                .arg("port", self.exposure.service().1)
        };
        let loops = self.exposure.reach == Reach::Public
            && (300..400).contains(status)
            && location.as_deref().is_some_and(|to| to.trim_end_matches('/') == url.trim_end_matches('/'));
        match status {
            _ if loops => {
                Test::bad(TestKind::Answer, url, Health::Down, evidence, problem(Code::RedirectLoop))
            }
            502..=504 | 520..=530 => {
                Test::bad(TestKind::Answer, url, Health::Down, evidence, problem(Code::BackendSilent))
            }
            500.. => Test::bad(TestKind::Answer, url, Health::Down, evidence, problem(Code::BackendFails)),
            _ => Test::up(TestKind::Answer, url, evidence),
        }
    }
}

pub(super) fn join<'a, T: ToString + 'a>(all: impl IntoIterator<Item = &'a T>) -> String {
    all.into_iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

/// A laptop elsewhere reaches neither the cluster nor a name that leads to addresses of the LAN, and nothing is broken.
pub fn away_from_home(desired: &Desired, observed: &Observed, clues: &Clues) -> Option<Problem> {
    let (home, networks, shared) = (home(desired, observed), clues.networks(), clues.shared_networks());
    let is_near = |address: &IpAddr| match address {
        IpAddr::V4(v4) => v4.is_loopback() || networks.iter().any(|network| network.contains(v4)),
        IpAddr::V6(_) => false,
    };
    // Without a network nobody is anywhere; and in one from which the cluster answered before, its silence is no matter
    // of the network.
    let is_away = !home.is_empty()
        && !shared.is_empty()
        && !home.iter().any(is_near)
        && !shared.iter().any(|network| clues.home.contains(network));
    is_away
        .then(|| Problem::new(Code::AwayFromHome).arg("networks", join(&shared)).arg("workers", join(&home)))
}

/// Where LAN names lead; while the cluster cannot be asked, where its machines are by its document.
fn home(desired: &Desired, observed: &Observed) -> Vec<IpAddr> {
    match (&observed.nodes, &desired.cluster) {
        (Some(Seen::Unseen { .. }), Some(document)) => {
            document.machines.iter().filter_map(Machine::ip).filter(IpAddr::is_ipv4).collect()
        }
        _ => observed.lan_addresses(),
    }
}
