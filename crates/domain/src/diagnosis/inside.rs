//! From the cluster's door to the pod: workers, controller, rule, certificate, pods.

use super::outside::join;
use super::{Test, TestKind, Walk, seen};
use crate::certificate::CertificateChain;
use crate::clock::wrong_clocks;
use crate::exposure::{Reach, Tls};
use crate::flow::{Health, endpoints_key};
use crate::observed::{IngressHost, NodeState, ObjectKey, TlsAnswer};
use crate::problem::{Code, Problem};
use crate::step::is_serving;
use std::net::IpAddr;

const DAY: i64 = 86_400_000;

/// cert-manager renews a certificate of 90 days 30 days before its end; one that is nearer than this was not renewed.
const LATE: i64 = 14 * DAY;

impl Walk<'_> {
    pub(super) fn inside(&self) -> Vec<Test> {
        let mut tests = vec![self.controller(), self.ingress(), self.clock(), self.pods()];
        tests.extend(self.nodes());
        if self.exposure.reach == Reach::Lan {
            tests.extend(self.lan_answers());
        }
        tests.extend(self.certificate());
        tests
    }

    /// What a visitor gets in the end, by the best of several ways.
    pub(crate) fn answer(&self) -> Option<Test> {
        match self.exposure.reach {
            Reach::Public => Some(self.public_answer()),
            Reach::Lan => {
                let answers = self.lan_answers().into_iter().filter(|test| test.kind == TestKind::Answer);
                answers.min_by_key(|test| test.health)
            }
        }
    }

    fn clock(&self) -> Test {
        let asked = match seen(self.observed.clocks.as_ref()) {
            Ok(clocks) => join(clocks.keys()),
            Err(why) => return Test::unknown(TestKind::Clock, "", why),
        };
        match wrong_clocks(self.observed).into_iter().next() {
            None => Test::up(TestKind::Clock, asked, ""),
            Some(problem) => {
                // By a wrong clock of its own, this computer judges everything else.
                let own = problem.code == Code::OwnClockSkewed;
                let health = if own { Health::Down } else { Health::Degraded };
                Test::bad(TestKind::Clock, asked, health, "", problem)
            }
        }
    }

    /// Machines that could carry the name and are away.
    fn nodes(&self) -> Vec<Test> {
        let nodes = match seen(self.observed.nodes.as_ref()) {
            Ok(nodes) => nodes,
            Err(why) => return vec![Test::unknown(TestKind::Worker, "", why)],
        };
        let others = nodes.iter().any(NodeState::is_control_plane)
            && nodes.iter().any(|node| !node.is_control_plane());
        let carries = |node: &&NodeState| !others || !node.is_control_plane();
        let some_ready = nodes.iter().filter(carries).any(|node| node.ready);
        let judged = nodes.iter().filter(carries).filter(|node| !node.ready).map(|node| {
            // As long as another one carries the name, it is only less safe.
            let health = if some_ready { Health::Degraded } else { Health::Down };
            Test::bad(TestKind::Worker, &node.name, health, &node.reason, node.problem())
        });
        judged.collect()
    }

    /// Every address that the name should lead to, asked as a visitor would.
    fn lan_answers(&self) -> Vec<Test> {
        let path = match seen(self.observed.lan_paths.get(self.exposure.hostname.as_str())) {
            Ok(path) => path,
            Err(why) => return vec![Test::unknown(TestKind::Answer, &self.exposure.hostname, why)],
        };
        // Which addresses to ask follows from the nodes.
        if let (true, Err(why)) = (path.http.is_empty(), seen(self.observed.nodes.as_ref())) {
            return vec![Test::unknown(TestKind::Answer, &self.exposure.hostname, why)];
        }
        let some_answer = path.http.values().any(Result::is_ok);
        let mut tests = Vec::new();
        for (address, answer) in &path.http {
            match answer {
                Ok(answer) => {
                    tests.push(Test::up(TestKind::Worker, address, format!("{} ms", answer.millis)));
                    let url = format!("http://{}/ ({address})", self.exposure.hostname);
                    tests.push(self.judged(url, Ok(answer)));
                }
                Err(why) => {
                    let health = if some_answer { Health::Degraded } else { Health::Down };
                    let own = self.observed.nodes().iter().find(|node| node.address == Some(*address));
                    let problem = own.map_or_else(|| why.clone(), |node| node.why_silent(why));
                    tests.push(Test::bad(TestKind::Worker, address, health, "", problem));
                }
            }
        }
        if !some_answer {
            let problem = path.http.values().find_map(|answer| answer.as_ref().err()).cloned();
            let problem = problem.unwrap_or_else(|| Problem::new(Code::NoReadyWorker));
            tests.push(Test::bad(TestKind::Answer, &self.exposure.hostname, Health::Down, "", problem));
        }
        tests
    }

    fn controller(&self) -> Test {
        let component = self.desired.ingress().component();
        let keys = component.health();
        let Some(key) = keys.first() else {
            return Test::unknown(TestKind::Controller, component.name(), None);
        };
        match seen(self.observed.objects.get(key)) {
            Ok(Some(live)) if is_serving(live) => Test::up(TestKind::Controller, component.name(), ""),
            Ok(_) => {
                let own = || Problem::new(Code::WorkloadNotReady).arg("workload", &key.name);
                let fault = self.observed.machines_fault(&self.desired.ingress().service_key());
                let problem = fault.unwrap_or_else(own);
                Test::bad(TestKind::Controller, component.name(), Health::Down, "", problem)
            }
            Err(why) => Test::unknown(TestKind::Controller, component.name(), why),
        }
    }

    /// The key of the Ingress, to be observed for this test.
    pub(super) fn ingress_key(&self) -> ObjectKey {
        ingress_key(self.exposure)
    }

    /// That no rule leads to the name, by all the rules that there are.
    pub(crate) fn no_rule(&self) -> Option<Test> {
        let hosts = seen(self.observed.ingress_hosts.as_ref()).ok()?;
        let is_own = |host: &IngressHost| {
            host.hostname == self.exposure.hostname && host.namespace == self.exposure.namespace()
        };
        (!hosts.iter().any(is_own)).then(|| self.rule_missing(""))
    }

    fn rule_missing(&self, evidence: &str) -> Test {
        let problem = Problem::new(Code::IngressMissing).arg("hostname", &self.exposure.hostname);
        Test::bad(TestKind::Ingress, self.ingress_key().title(), Health::Down, evidence, problem)
    }

    fn ingress(&self) -> Test {
        if let Some(missing) = self.no_rule() {
            return missing;
        }
        let key = self.ingress_key();
        let subject = key.title();
        let live = match seen(self.observed.objects.get(&key)) {
            Ok(live) => live,
            Err(why) => return Test::unknown(TestKind::Ingress, subject, why),
        };
        let hostname = self.exposure.hostname.as_str();
        let Some(live) = live else { return self.rule_missing("") };
        let class = live["spec"]["ingressClassName"].as_str().unwrap_or_default();
        if class != "nginx" {
            let problem =
                Problem::new(Code::IngressClassDiffers).arg("hostname", hostname).arg("found", class);
            return Test::bad(TestKind::Ingress, subject, Health::Down, class, problem);
        }
        let hosts = live["spec"]["rules"].as_array().into_iter().flatten();
        if !hosts.into_iter().any(|rule| rule["host"] == hostname) {
            return self.rule_missing(class);
        }
        Test::up(TestKind::Ingress, subject, class)
    }

    pub(crate) fn pods(&self) -> Test {
        let key = endpoints_key(self.exposure);
        let endpoints = match seen(self.observed.endpoints.get(&key)) {
            Ok(endpoints) => endpoints,
            Err(why) => return Test::unknown(TestKind::Pods, key, why),
        };
        let ready = endpoints.iter().filter(|endpoint| endpoint.ready).count();
        let evidence = format!("{ready}/{}", endpoints.len());
        if ready > 0 {
            return Test::up(TestKind::Pods, key, evidence);
        }
        if let Some(fault) = self.observed.machines_fault(&key) {
            return Test::bad(TestKind::Pods, key, Health::Down, evidence, fault);
        }
        let mut problem = Problem::new(Code::WorkloadNotReady).arg("workload", &self.exposure.name);
        if let Some(known) = &self.clues.trouble {
            problem = problem.arg("cause", known.code.word());
            problem.args.extend(known.args.clone());
        }
        problem.detail = (!self.clues.troubles.is_empty()).then(|| self.clues.troubles.join("\n"));
        let evidence = self.clues.troubles.first().cloned().unwrap_or(evidence);
        Test::bad(TestKind::Pods, key, Health::Down, evidence, problem)
    }

    /// The chain that leads to it, and what each worker shows.
    pub(crate) fn certificate(&self) -> Vec<Test> {
        let Some(secret) = self.exposure.certificate(self.desired.stack.issuer()) else { return Vec::new() };
        let key = format!("{}/{secret}", self.exposure.namespace());
        let chain = seen(self.observed.certificates.get(&key));
        let renewal = chain.ok().and_then(CertificateChain::refusal);
        let chain = match chain {
            Err(why) => Test::unknown(TestKind::Certificate, &key, why),
            Ok(chain) => match chain.problem() {
                Some(problem) => Test::bad(TestKind::Certificate, &key, Health::Down, "", problem),
                None => Test::up(TestKind::Certificate, &key, chain.not_after.as_deref().unwrap_or_default()),
            },
        };
        if self.exposure.tls == Tls::Passthrough {
            return vec![chain];
        }
        let path = seen(self.observed.lan_paths.get(self.exposure.hostname.as_str())).ok();
        let mut shown = path.into_iter().flat_map(|path| &path.tls).filter_map(|(address, shown)| {
            Some(self.shown(address, shown.as_ref().ok()?, renewal.as_deref()))
        });
        if chain.health == Health::Up {
            return std::iter::once(chain).chain(shown).collect();
        }
        // Until there is one, what the workers show says nothing more; one that has ended is worse than that the next one waits.
        let has_ended =
            |test: &Test| test.problem.as_ref().is_some_and(|why| why.code == Code::CertificateExpired);
        shown.find(has_ended).into_iter().chain([chain]).collect()
    }

    /// `renewal`: why the next certificate does not come.
    fn shown(&self, address: &IpAddr, shown: &TlsAnswer, renewal: Option<&str>) -> Test {
        let subject = join([address]);
        let evidence = shown.names.join(", ");
        let problem = |code| Problem {
            detail: renewal.map(str::to_owned),
            ..Problem::new(code)
                .arg("hostname", &self.exposure.hostname)
                .arg("address", address)
                .arg("found", &evidence)
        };
        let (health, code) = if shown.is_placeholder() || !shown.is_for(&self.exposure.hostname) {
            (Health::Down, Code::CertificateDiffers)
        } else if shown.not_after <= self.now {
            (Health::Down, Code::CertificateExpired)
        } else if shown.not_after - self.now < LATE {
            (Health::Degraded, Code::CertificateExpiring)
        } else {
            return Test::up(TestKind::Certificate, subject, evidence);
        };
        Test::bad(TestKind::Certificate, subject, health, &evidence, problem(code))
    }
}

/// The Ingress of an exposure.
pub fn ingress_key(exposure: &crate::exposure::Exposure) -> ObjectKey {
    ObjectKey::new("networking.k8s.io/v1", "Ingress", exposure.namespace(), &exposure.name)
}
